"""`tlsverify`: what its answers mean, whose authorities count, and that a recording has it all."""

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.clock import FixedClock, SystemClock
from esashell.commands.registry import find
from esashell.commands.tlsverify import PLACE
from esashell.config.model.certificates import AuthoritySettings
from esashell.config.model.routes import RouteHost
from esashell.errors import BadAnswer
from esashell.pki.roots import Roots
from esashell.resolver.anchors import anchor_text
from esashell.shell.complete import complete
from esashell.shell.names import KnownNames
from esashell.shell.options import Options, read
from esashell.shell.output import Output
from esashell.shell.session import Session
from esashell.worlds.lab.certs import CertificateMaker, Issuer
from esashell.worlds.lab.hosts import HostSpec, LabHosts
from esashell.worlds.lab.world import SEED, Lab
from esashell.worlds.live import Live
from esashell.worlds.replay import NotRecorded
from tests.shell import play
from tests.shell.test_transcripts import FILES, Transcript
from tests.worlds.loopback import mail_host, tcp_server

GOOD = "tlsverify dane.lab mail.dane.lab"


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("Mail.Example.com", RouteHost("mail.example.com")),
        ("mail.example.com.:2525", RouteHost("mail.example.com", 2525)),
        ("192.0.2.1:26", RouteHost("192.0.2.1", 26)),
        ("2001:db8::1", RouteHost("2001:db8::1")),
        ("[2001:db8::1]:26", RouteHost("2001:db8::1", 26)),
    ],
)
def test_a_host_and_perhaps_a_port(typed: str, place: RouteHost) -> None:
    assert PLACE.parse(typed) == place


@pytest.mark.parametrize(
    "typed",
    ["", "a b", "a..b", "host:0", "host:65536", "host/pri=1", "USEDNS:x", "/dev/null", "::"],
)
def test_what_is_no_host_is_refused(typed: str) -> None:
    if typed == "::":
        assert PLACE.parse(typed).is_address
        return
    with pytest.raises(BadAnswer):
        PLACE.parse(typed)


@given(st.text())
def test_any_text_is_a_place_or_refused_in_a_line(text: str) -> None:
    with suppress(BadAnswer):
        place = PLACE.parse(text)
        assert place.host.isprintable()
        assert 0 < place.port < 65536


def documents(session: Session, *lines: str) -> list[Any]:
    shown: list[Any] = []
    session.output.show = shown.append  # type: ignore[method-assign]
    session.left = False  # a script ends its session
    play.scripted(session, lines)
    return shown


def test_the_result_is_for_machines_too(tmp_path: Path) -> None:
    good, bad = documents(play.session(tmp_path), GOOD, "tlsverify a.example mail.wrong-name.lab")
    assert (good["schema"], good["verified"], good["port"]) == ("esashell.tlsverify", True, 25)
    (address,) = good["addresses"]
    assert address["certificate"]["match"] == "mail.dane.lab"
    assert address["certificate"]["path"] == ["CN=mail.dane.lab", "CN=Lab Public Issuing CA",
                                              "CN=Lab Public Root"]  # fmt: skip
    assert address["tls"]["server_name"] == "mail.dane.lab"
    assert bad["verified"] is False
    assert bad["addresses"][0]["certificate"]["accepted"] == ["mail.wrong-name.lab", "a.example"]


def test_the_lists_of_certconfig_decide_who_is_believed(tmp_path: Path) -> None:
    import ssl

    der = CertificateMaker(SEED, play.NINE).authority(Issuer.PRIVATE)
    pem = ssl.DER_cert_to_PEM_cert(der)
    fingerprint = hashlib.sha256(pem.encode()).hexdigest()
    session = play.session(tmp_path)
    private = "tlsverify domain-name-ta.lab mail.domain-name-ta.lab"
    lines = (GOOD, private)
    for system, custom, expected in [
        (True, False, [True, False]),
        (True, True, [True, True]),
        (False, True, [False, True]),
        (False, False, [False, False]),
    ]:
        session.keep_pem(fingerprint, pem)
        authorities = AuthoritySettings(system, custom, fingerprint)
        session.stage(replace(session.config, authorities=authorities))
        if session.dirty:
            session.commit("lists")
        assert [each["verified"] for each in documents(session, *lines)] == expected


@pytest.mark.parametrize("custom", [False, True])
def test_a_recording_has_the_authorities_that_were_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, custom: bool
) -> None:
    lines = [GOOD, "tlsverify self-signed.lab mail.self-signed.lab", "explain dane.lab"]
    options = Options()
    options.record = str(tmp_path / "t")
    first = Session(options, str(tmp_path / "a"), Output(json=False), clock=None)
    if custom:
        import ssl

        maker = CertificateMaker(SEED, first.clock.now())
        pem = ssl.DER_cert_to_PEM_cert(maker.authority(Issuer.PRIVATE))
        first.keep_pem(fingerprint := hashlib.sha256(pem.encode()).hexdigest(), pem)
        settings = AuthoritySettings(custom=True, custom_list=fingerprint)
        first.stage(replace(first.config, authorities=settings))
        first.commit("lists")
        lines.append("tlsverify domain-name-ta.lab mail.domain-name-ta.lab")
    before = documents(first, *lines)
    first.close()
    assert [each["verified"] for each in before if "verified" in each] == [
        True, False, *([True] if custom else [])
    ]  # fmt: skip
    monkeypatch.setattr(Lab, "__init__", lambda *_: pytest.fail("a replay asks nobody"))
    again = Session(
        read(["--world", f"replay:{tmp_path / 't'}"]), str(tmp_path / "b"), Output(json=False)
    )
    assert documents(again, *lines) == before


def test_an_authority_that_was_not_asked_for_is_no_finding_of_a_replay(tmp_path: Path) -> None:
    from esashell.steps import Authorities
    from esashell.worlds.replay import Replay
    from esashell.worlds.tapefile import read_tape

    options = Options()
    options.record = str(tmp_path / "t")
    session = Session(options, str(tmp_path / "a"), Output(json=False))
    documents(session, GOOD)
    session.close()
    with (
        Replay(read_tape(str(tmp_path / "t"))).session() as replay,
        pytest.raises(NotRecorded, match="holds no list of the authorities"),
    ):
        replay.perform(Authorities(("CN=nobody",)))


def test_tab_offers_names_at_both_places(tmp_path: Path) -> None:
    session = play.session(tmp_path)
    names = KnownNames(session)
    for line in ("tlsverify dane.la", "tlsverify a.example dane.la"):
        assert "dane.lab" in [each.text.strip() for each in complete(line, session, names)]


@pytest.mark.parametrize("junk", ["\x1b[2J", "\ud800", "x" * 5000, "a..b"], ids=ascii)
def test_junk_at_each_question_is_refused_and_asked_again(tmp_path: Path, junk: str) -> None:
    typed = ["tlsverify", junk, "dane.lab", junk, "mail.dane.lab"]
    screen = play.scripted(play.session(tmp_path), typed).transcript
    assert screen.count("Error: ") + screen.count("The name") >= 2
    assert "TLS successfully connected to mail.dane.lab." in screen
    assert find("tlsverify") is not None


def test_over_real_sockets_the_machine_s_own_store_decides(tmp_path: Path) -> None:
    """A host on loopback, by its address, so that nobody has to be asked where it is."""
    maker = CertificateMaker(SEED, SystemClock().now())
    spec = HostSpec("mx.example", ("127.0.0.1",))
    hosts = LabHosts({"127.0.0.1": spec}.get, maker)
    (tmp_path / "anchor").write_text(f"{anchor_text(Lab(FixedClock(play.NINE)).anchor)}\n")
    for roots, verified in [(maker.roots(), True), ((), False)]:
        options = read(["--world", "live", "--anchor", str(tmp_path / "anchor")])
        live = Live()
        live.roots = Roots(roots)
        session = Session(
            options,
            str(tmp_path / str(verified)),
            Output(json=False),
            make_world=lambda *_, live=live: live,
        )
        with tcp_server(mail_host(hosts.accept("127.0.0.1"))) as port:
            (found,) = documents(session, f"tlsverify mx.example 127.0.0.1:{port}")
        assert found["verified"] is verified
        assert found["addresses"][0]["certificate"]["reason"] == (
            None if verified else "unable to get local issuer certificate"
        )


@pytest.mark.parametrize(
    "path", [each for each in FILES if each.stem.startswith("tlsverify_")], ids=lambda it: it.stem
)
def test_both_forms_say_every_line(path: Path, tmp_path: Path) -> None:
    transcript = Transcript(path)
    said = play.scripted(play.session(tmp_path / "a"), transcript.typed).said
    if transcript.one_line:
        assert play.scripted(play.session(tmp_path / "b"), transcript.one_line).said == said
    assert said[-1].splitlines()[-1] == "TLS verification completed."


def test_a_host_without_a_dot_is_sought_in_the_domains_of_the_search_list(tmp_path: Path) -> None:
    session = play.session(tmp_path)
    lines = ["dnsconfig search no-such.lab,ietf.org", "commit x y", "tlsverify ietf.org mail"]
    shown = play.scripted(session, lines).transcript
    assert "TLS certificate match mail.ietf.org" in shown
    assert "TLS successfully connected to mail.ietf.org." in shown
    session.left = False
    assert "nowhere has no address." in play.scripted(session, ["tlsverify a nowhere"]).transcript
