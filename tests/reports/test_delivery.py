"""What `explain` says of mail to a domain by the running configuration."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from esashell.config.model.bounce import BounceProfile
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    TlsSetting,
)
from esashell.config.model.routes import SmtpRoute
from esashell.shell.options import Options, read
from esashell.shell.output import Output
from esashell.shell.session import Session
from esashell.worlds.lab.world import Lab
from tests.shell import play

CONTROLS = DestinationControls(
    DefaultControl(tls=TlsSetting.PREFERRED, dane=DaneSetting.OPPORTUNISTIC),
    entries=(
        DestinationControl("no-tlsa.lab", dane=DaneSetting.MANDATORY),
        DestinationControl("mismatch.lab", dane=DaneSetting.NONE),
        DestinationControl("wrong-name.lab", tls=TlsSetting.REQUIRED_VERIFY, dane=DaneSetting.NONE),
        DestinationControl("plain.dane.lab", tls=TlsSetting.NO),
    ),
)
ROUTES = (
    SmtpRoute("route-to-host.lab", ("198.51.100.10",)),
    SmtpRoute("route-usedns.lab", ("USEDNS",)),
    SmtpRoute("null-mx.lab", ("/dev/null",)),
)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    made = play.session(tmp_path_factory.mktemp("explain"))
    made.stage(replace(made.config, destinations=CONTROLS, smtp_routes=ROUTES))
    made.commit("controls")
    return made


def explained(session: Session, domain: str) -> tuple[str, dict[str, Any]]:
    """The section, its line breaks taken out, and the same for machines."""
    shown: list[Any] = []
    session.output.show = shown.append  # type: ignore[method-assign]
    session.left = False
    screen = play.scripted(session, [f"explain {domain}"]).transcript
    assert max(map(len, screen.splitlines())) < 81
    section = screen[screen.index(f"mail to {domain}, by the running configuration") :]
    json.dumps(shown)
    return " ".join(section.split()), shown[0]["delivery"]


SAID = [
    ("dane.lab", "delivered to mail.dane.lab 2001:db8:25::10 with DANE rule row 1 of the decision"),
    ("no-tlsa.lab", "DANE Mandatory (destination control no-tlsa.lab)"),
    ("no-tlsa.lab", "not delivered, kept in the queue: 4.7.5 DANE is mandatory for this"),
    ("no-tlsa.lab", "whose ours by configuration"),
    (
        "mismatch.lab",
        "TLS Preferred (destination control Default) DANE None (destination control m",
    ),
    ("mismatch.lab", "over TLS, not authenticated rule TLS Preferred (AG, Preferred)"),
    ("wrong-name.lab", "kept in the queue: 4.7.5 the certificate is for www.example.net, not for"),
    ("wrong-name.lab", "rule TLS Required - Verify (AG, Required (V))"),
    ("route-to-host.lab", "rule row 18 of the decision table (TN 6) whose ours by configuration"),
    ("route-to-host.lab", "cure give the domain a destination control with DANE No, or its SMTP"),
    ("route-usedns.lab", "route USEDNS (SMTP route for route-usedns.lab) outcome delivered"),
    ("null-mx.lab", "outcome discarded: an SMTP route discards the mail rule SMTP route"),
    ("second-mx.lab", "tried mx1.second-mx.lab 198.51.100.115: 4.7.5 the TLSA record does not"),
    ("second-mx.lab", "ACCEPT mail accepted under a policy with behavior ACCEPT is not subject to"),
    ("mx-bogus.lab", "rule row 15 of the decision table (TN 1, TM, PF)"),
    ("plain.dane.lab", "DANE Opportunistic (destination control Default): not in force, as TLS is"),
    ("no-such-domain.lab", "returned to the sender (hard bounce): 5.1.2"),
]


@pytest.mark.parametrize(("domain", "words"), SAID)
def test_the_deciding_setting_and_rule_are_named(session: Session, domain: str, words: str) -> None:
    assert words in explained(session, domain)[0]


def test_machines_get_the_same(session: Session) -> None:
    _, it = explained(session, "second-mx.lab")
    assert it["settings"]["dane"] == {
        "value": "Opportunistic",
        "entry": "Default",
        "in_force": "Opportunistic",
    }
    assert it["outcome"]["rule"] == {"name": "row 1", "source": "TN, TM, PF"}
    assert [each["host"] for each in it["outcome"]["tries"]] == ["mx1.second-mx.lab"]
    assert it["accepted"]["protection"] == "TLS, not authenticated"
    assert explained(session, "route-to-host.lab")[1]["settings"]["route"] == {
        "entry": "route-to-host.lab",
        "destinations": ["198.51.100.10"],
    }


def test_a_resolver_that_fails_on_everything_is_told_from_a_destination_that_does(
    tmp_path: Path,
) -> None:
    """The same SERVFAIL, and another culprit: of whom nobody gets anything, is ours to mend."""
    session = play.session(tmp_path)
    failing = [each for each, spec in session.world.resolvers.items() if "SERVFAIL" in spec.shows]  # type: ignore[attr-defined]
    typed = [
        f"dnsconfig parent new {failing[0]} 0",
        "dnsconfig parent delete 194.191.40.83",
        "dnsconfig parent delete 194.191.40.84",
        "commit failing",
        "explain ietf.org",
    ]
    screen = " ".join(play.scripted(session, typed).transcript.split())
    assert "whose ours by configuration" in screen
    assert failing[0] in screen


def test_a_replay_decides_by_the_settings_that_were_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Controls and routes too, since they say where one connects; what they name besides, not."""
    options = Options()
    options.record = str(tmp_path / "t")
    first = Session(options, str(tmp_path / "a"), Output(json=False))
    bounces = first.config.bounces
    profiles = (*bounces.profiles, BounceProfile("Own", maximum_retries=7))
    entries = (
        *CONTROLS.entries,
        DestinationControl("dane.lab", bounce_profile="Own", concurrency=7),
    )
    first.stage(
        replace(
            first.config,
            destinations=replace(CONTROLS, entries=entries),
            smtp_routes=ROUTES,
            bounces=replace(bounces, profiles=profiles),
        )
    )
    first.commit("controls")
    before = [explained(first, domain) for domain, _ in SAID]
    first.close()
    monkeypatch.setattr(Lab, "__init__", lambda *_: pytest.fail("a replay asks nobody"))
    again = Session(
        read(["--world", f"replay:{tmp_path / 't'}"]), str(tmp_path / "b"), Output(json=False)
    )
    assert [explained(again, domain) for domain, _ in SAID] == before
    assert again.running.destinations.entries[-1] == DestinationControl("dane.lab")
