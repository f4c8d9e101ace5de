"""dig and delv, as anybody types them, at the lab on loopback.

dig takes the served answers apart with BIND's own eyes: what it prints are the records and
signatures that the lab in memory has, section by section, over UDP and over TCP. delv goes further
and validates them itself, from the lab's trust anchor, and is of one mind with our resolver about
every domain that the lab has.
"""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.message
import dns.rrset
import pytest
from msgspec import Struct

from esashell.clock import SystemClock
from esashell.resolver import wire
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from tests.conftest import need
from tests.differential.servers import dns_port, here, lab_served

pytestmark = [
    pytest.mark.differential,
    pytest.mark.slow,
    pytest.mark.xdist_group("dig"),
]

ROOT, TOP_LEVEL, HOSTING, RECURSOR, OLD_RECURSOR = (
    "192.0.2.1",
    "192.0.2.5",
    "192.0.2.11",
    "194.191.40.83",
    "192.0.2.53",
)
SECTIONS = ("ANSWER", "AUTHORITY", "ADDITIONAL")
MANY = ("_25._tcp.mail.many-tlsa.lab", "TLSA")

# Where delv and we differ on purpose, and why.
DIFFERENT = {
    "_25._tcp.mail.opt-out.lab": "delv calls the denial validated; what an NSEC3 record with the "
    "opt-out flag covers may yet exist, unsigned, so to us it proves nothing (RFC 5155 9.2)",
}

NOTHING = "nothing.ietf.org"
NOT_IN_THE_LAB = "example.com"

Records = dict[str, set[str]]


class Said(Struct, frozen=True):
    """What dig has printed: status, flags, records of each section, and all of it as it was."""

    status: str
    flags: frozenset[str]
    records: Records
    text: str


class Served:
    """A served lab, and the programs that ask it."""

    def __init__(self, lab: Lab, doors: list[list[str]], folder: Path) -> None:
        self.lab = lab
        self.port = dns_port(doors)
        self.anchors = folder / "bind.keys"
        self.anchors.write_text(f"trust-anchors {{\n{_anchors(lab)}}};\n")
        self._doors = {door[3]: door[1] for door in doors if door[0] == "dns"}

    def _run(self, *words: str | Path) -> str:
        done = subprocess.run(
            list(map(str, words)), capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    def dig(self, server: str, name: str, rdtype: str, *options: str) -> Said:
        at = (f"@{self._doors[server]}", "-p", str(self.port))
        text = self._run(need("dig"), *at, name, rdtype, "+tries=1", *options)
        return _said(text)

    def delv(self, name: str, rdtype: str) -> str:
        at = (f"@{self._doors[RECURSOR]}", "-p", str(self.port))
        return self._run(need("delv"), *at, "-a", self.anchors, "+root=.", name, rdtype)

    def lab_has(self, server: str, name: str, rdtype: RRType) -> Records:
        """The same question put to the lab in memory, without any socket."""
        query = wire.query(name_from_text(name), rdtype)
        message = dns.message.from_wire(self.lab.ask(server, query, True))
        sections = (message.answer, message.authority, message.additional)
        return {each: _lines(rrsets) for each, rrsets in zip(SECTIONS, sections, strict=True)}


def _anchors(lab: Lab) -> str:
    """The lab's trust anchor in the words of BIND's configuration."""
    fields = [line.split() for line in anchor_text(lab.anchor).splitlines()]
    return "".join(
        f'"{owner}" static-ds {" ".join(numbers)} "{digest}";\n'
        for owner, _, rdtype, *numbers, digest in fields
        if rdtype == "DS"
    )


def _lines(rrsets: list[dns.rrset.RRset]) -> set[str]:
    return {line for each in rrsets for line in each.to_text().splitlines()}


def _rrset(line: str) -> dns.rrset.RRset:
    owner, ttl, rdclass, rdtype, rdata = line.split(None, 4)
    return dns.rrset.from_text(owner, int(ttl), rdclass, rdtype, rdata)


def _said(text: str) -> Said:
    header = next((line for line in text.splitlines() if "->>HEADER<<-" in line), "")
    flags = next((line for line in text.splitlines() if line.startswith(";; flags:")), ";")
    records: Records = {each: set() for each in SECTIONS}
    for each in SECTIONS:
        _, _, after = text.partition(f";; {each} SECTION:\n")
        lines = after.partition("\n\n")[0].splitlines()
        records[each] = _lines([_rrset(line) for line in lines])
    return Said(
        header.partition("status: ")[2].partition(",")[0],
        frozenset(flags.partition("flags:")[2].partition(";")[0].split()),
        records,
        text,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    need("dig")
    folder = tmp_path_factory.mktemp("dig")
    with lab_served(here, folder) as doors:
        yield Served(Lab(SystemClock()), doors, folder)


@pytest.mark.parametrize("tcp", [False, True], ids=["UDP", "TCP"])
@pytest.mark.parametrize(
    ("server", "name", "rdtype"),
    [
        (HOSTING, "ietf.org", RRType.MX),
        (HOSTING, "_25._tcp.mail.ietf.org", RRType.TLSA),
        (HOSTING, "ietf.org", RRType.DNSKEY),
        (HOSTING, "ietf.org", RRType.TLSA),
        (HOSTING, NOTHING, RRType.A),
        (HOSTING, "null-mx.lab", RRType.MX),
        (ROOT, ".", RRType.NS),
        (ROOT, ".", RRType.DNSKEY),
        (TOP_LEVEL, "cisco.com", RRType.DS),
        (RECURSOR, "ietf.org", RRType.MX),
    ],
)
def test_dig_shows_the_records_and_signatures_that_the_lab_has(
    served: Served, server: str, name: str, rdtype: RRType, tcp: bool
) -> None:
    said = served.dig(server, name, rdtype.name, "+dnssec", "+tcp" if tcp else "+notcp")
    assert said.status == ("NXDOMAIN" if name == NOTHING else "NOERROR"), said.text
    assert said.records == served.lab_has(server, name, rdtype)
    assert any(" RRSIG " in line for lines in said.records.values() for line in lines)
    assert f"({'TCP' if tcp else 'UDP'})" in said.text
    assert ("aa" in said.flags) == (server != RECURSOR)
    assert ("ra" in said.flags) == (server == RECURSOR)


def test_without_dnssec_no_signature_is_shown(served: Served) -> None:
    said = served.dig(HOSTING, "ietf.org", "MX")
    assert said.records["ANSWER"] == {"ietf.org. 1800 IN MX 0 mail.ietf.org."}


@pytest.mark.parametrize(
    ("server", "name", "cut", "proof"),
    [
        (ROOT, "ietf.org", "org.", "DS"),
        (TOP_LEVEL, "ietf.org", "ietf.org.", "DS"),
        (TOP_LEVEL, "cisco.com", "cisco.com.", "NSEC3"),
    ],
)
def test_dig_is_referred_downwards_with_the_link_of_the_chain_of_trust(
    served: Served, server: str, name: str, cut: str, proof: str
) -> None:
    said = served.dig(server, name, "MX", "+dnssec", "+norecurse")
    assert said.status == "NOERROR"
    assert "aa" not in said.flags
    assert said.records == served.lab_has(server, name, RRType.MX)
    assert not said.records["ANSWER"]
    fields = [line.split() for line in said.records["AUTHORITY"]]
    assert {each[0] for each in fields if each[3] == "NS"} == {cut}
    assert {each[3] for each in fields} == {"NS", proof, "RRSIG"}


def test_a_large_tlsa_set_is_cut_short_over_udp(served: Served) -> None:
    for size in ("512", "1232"):
        said = served.dig(HOSTING, *MANY, "+dnssec", "+ignore", f"+bufsize={size}")
        assert "tc" in said.flags, size
        assert "(UDP)" in said.text
        assert not said.records["ANSWER"]


def test_dig_then_fetches_the_whole_set_over_tcp(served: Served) -> None:
    said = served.dig(HOSTING, *MANY, "+dnssec", "+bufsize=1232")
    assert "Truncated, retrying in TCP mode" in said.text
    assert "(TCP)" in said.text
    assert "tc" not in said.flags
    assert said.records == served.lab_has(HOSTING, MANY[0], RRType.TLSA)
    assert len(said.records["ANSWER"]) == 5


def test_a_client_with_a_larger_buffer_gets_the_whole_set_in_one_datagram(served: Served) -> None:
    said = served.dig(HOSTING, *MANY, "+dnssec", "+ignore", "+bufsize=4096")
    assert "(UDP)" in said.text
    assert "tc" not in said.flags
    assert len(said.records["ANSWER"]) == 5


def test_the_old_recursor_hands_out_no_signature_whatever_dig_asks_for(served: Served) -> None:
    said = served.dig(OLD_RECURSOR, "ietf.org", "MX", "+dnssec")
    assert said.records["ANSWER"] == {"ietf.org. 1800 IN MX 0 mail.ietf.org."}
    assert "EDNS" not in said.text


def test_a_server_refuses_what_is_not_its_own_and_does_not_implement_a_notify(
    served: Served,
) -> None:
    assert served.dig(HOSTING, NOT_IN_THE_LAB, "A").status == "REFUSED"
    assert served.dig(HOSTING, "ietf.org", "SOA", "+opcode=notify").status == "NOTIMP"


# -- delv


def verdict(said: str) -> Security | None:
    """What delv has found; None for what it could not find out or not believe."""
    # It says so of each record set, and an alias leads to no more than its end does.
    if "unsigned answer" in said:
        return Security.INSECURE
    if "fully validated" in said:
        return Security.SECURE
    assert "resolution failed" in said, said
    return None


def test_delv_validates_ietf_org_and_finds_cisco_com_unsigned(served: Served) -> None:
    assert "; fully validated\nietf.org." in served.delv("ietf.org", "MX")
    assert "; unsigned answer\ncisco.com." in served.delv("cisco.com", "MX")
    assert "; negative response, fully validated" in served.delv("no-such-domain.lab", "MX")
    assert "RRSIG failed to verify" in served.delv("mx-bogus.lab", "MX")


def test_delv_believes_nothing_with_another_trust_anchor(served: Served) -> None:
    text = served.anchors.read_text()
    digest = text.split('"')[3]
    turned = f"{int(digest[0], 16) ^ 1:X}{digest[1:]}"
    try:
        served.anchors.write_text(text.replace(digest, turned))
        assert verdict(served.delv("ietf.org", "MX")) is None
    finally:
        served.anchors.write_text(text)


@pytest.mark.parametrize(("prefix", "rdtype"), [("", RRType.MX), ("_25._tcp.mail.", RRType.TLSA)])
def test_delv_agrees_with_us_about_every_lab_domain(
    served: Served, prefix: str, rdtype: RRType
) -> None:
    need("delv")
    names = [prefix + each.domain.replace("{n}", "1") for each in served.lab.domains()]
    with ThreadPoolExecutor(4) as pool:
        theirs = dict(
            zip(names, pool.map(lambda each: served.delv(each, rdtype.name), names), strict=True)
        )
    resolver = Resolver((Server(RECURSOR),), (served.lab.anchor,), SystemClock())
    ours = {}
    for name in names:
        with served.lab.session() as session:
            answer = run(resolver.look_up(name_from_text(name), rdtype), session)
        believed = answer.security in (Security.SECURE, Security.INSECURE)
        ours[name] = answer.security if believed else None
    differ = {name for name in names if verdict(theirs[name]) != ours[name]}
    assert differ == {name for name in names if name in DIFFERENT}, "\n".join(
        f"{name}: we say {ours[name]}, delv:\n{theirs[name]}" for name in differ - set(DIFFERENT)
    )
    assert set(ours.values()) == {Security.SECURE, Security.INSECURE, None}
