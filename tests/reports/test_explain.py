"""`explain`: the way to the verdict, in words, at 80 columns."""

import hashlib
import re

import dns.zonefile
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from esashell.dane.table import Verified
from esashell.delivery.evidence import Evidence
from esashell.delivery.presented import presented
from esashell.delivery.verification import Sender, verify_domain
from esashell.reports.cure import cures
from esashell.reports.explain import lines
from esashell.reports.screen import PLAIN, WIDTH, Screen, screen_of
from esashell.resolver.names import Name, name_from_text
from esashell.steps import run
from tests.delivery.labwork import Bench

BENCH = Bench()


def text(domain: str) -> str:
    return "\n".join(lines(BENCH.verify(domain)[0]))


def flowing(domain: str) -> str:
    """The same with its line breaks taken out, to look for sentences."""
    return " ".join(text(domain).split())


@pytest.mark.parametrize("domain", [each.domain for each in BENCH.lab.domains()])
def test_every_lab_domain_is_explained_within_the_width(domain: str) -> None:
    shown = lines(BENCH.verify(domain.replace("{n}", "7"))[0])
    assert any(line.startswith("verdict   DANE ") for line in shown)
    assert max(map(len, shown)) <= WIDTH
    assert all(line.isprintable() for line in shown)


def test_the_deciding_rule_and_its_sources_are_named() -> None:
    shown = flowing("mismatch.lab")
    assert "row 2 of the decision table: Mandatory: DANE fail; Opportunistic: DANE fail" in shown
    assert "(RFC 7671 5.1, validation-failure)" in shown
    assert "whose theirs" in shown


def explained(domain: str, screen: Screen = PLAIN, bench: Bench = BENCH) -> list[str]:
    """What `explain` shows, a look at the mail host included."""
    evidence, chains = conversed(domain, bench)
    return lines(evidence, chains, screen)


def conversed(domain: str, bench: Bench = BENCH) -> tuple[Evidence, dict[Name, tuple[bytes, ...]]]:
    sender = Sender(bench.resolver, bench.clock)
    with bench.lab.session() as session:
        evidence = run(verify_domain(name_from_text(domain), sender), session)
        return evidence, run(presented(evidence, sender), session)


DOMAINS = [each.domain.replace("{n}", "7") for each in BENCH.lab.domains()]


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_failure_has_a_cure_and_a_record_is_that_of_the_server_s_key(domain: str) -> None:
    evidence, chains = conversed(domain)
    found = list(cures(evidence, chains))
    assert bool(found) == (evidence.verdict is Verified.FAILED)
    seen = {chain[0] for chain in chains.values()}
    for host in evidence.hosts:
        seen |= {each.smtp.peer.chain[0] for each in host.attempts if each.smtp and each.smtp.peer}
    for cure in found:
        if cure.record:
            owner, _, kind, *data = cure.record.split(" ")
            assert owner.startswith("_25._tcp.")
            assert owner.endswith(".")
            assert kind == "TLSA"
            keys = {
                hashlib.sha256(
                    x509.load_der_x509_certificate(each)
                    .public_key()
                    .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
                ).hexdigest()
                for each in seen
            }
            assert data[:3] == ["3", "1", "1"]
            assert data[3] in keys


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("columns", [80, 120])
def test_the_screen_is_never_overrun_and_colour_adds_no_text(domain: str, columns: int) -> None:
    plain = explained(domain, screen_of(columns, colour=False))
    coloured = explained(domain, screen_of(columns, colour=True))
    assert max(map(len, plain)) < columns
    assert [re.sub("\x1b\\[[0-9]*m", "", each) for each in coloured] == plain
    assert any("\x1b[" in each for each in coloured)
    assert all(each.count("\x1b[") % 2 == 0 for each in coloured)


def test_the_record_to_publish_stands_on_lines_that_a_zone_file_takes() -> None:
    for columns in (80, 120):
        shown = explained("mismatch.lab", screen_of(columns, colour=False))
        at = next(
            n for n, each in enumerate(shown) if "_25._tcp.mail.mismatch.lab. IN TLSA" in each
        )
        (rdata,) = dns.zonefile.read_rrsets(
            "\n".join(x.strip() for x in shown[at:]), rdclass=None, default_ttl=3600
        )[0]
        assert (rdata.usage, rdata.selector, rdata.mtype) == (3, 1, 1)
        assert len(rdata.cert) == 32
    assert at == len(shown) - 1


@pytest.mark.parametrize(
    ("domain", "cure"),
    [
        ("unsigned.lab", "its owner must sign it and have lab. publish its DS"),
        ("stale-ds.lab", "the parent must be given the DS of a key that is published"),
        ("signature-expired.lab", "the zone must be signed again"),
        ("no-starttls.lab", "let the server offer STARTTLS"),
        ("refused.lab", "let the host accept connections on port 25"),
    ],
)
def test_where_no_record_helps_the_cure_is_another(domain: str, cure: str) -> None:
    shown = " ".join(" ".join(explained(domain)).split())
    assert cure in shown
    assert ("TLSA 3 1 1" in shown) == (domain == "unsigned.lab")


@pytest.mark.parametrize("resolver", ["192.0.2.53", "192.0.2.54"])
def test_a_resolver_that_cannot_do_it_is_our_own_fault(resolver: str) -> None:
    shown = " ".join(" ".join(explained("ietf.org", bench=Bench(resolver))).split())
    assert "whose ours by configuration" in shown
    assert "have the appliance ask resolvers that carry DNSSEC" in shown
    assert "IN TLSA" not in shown


def test_a_domain_without_dane_is_nobody_s_fault() -> None:
    assert "whose nobody's" in flowing("cisco.com")


def test_a_bogus_answer_names_the_signature_and_the_cure_once() -> None:
    shown = flowing("signature-expired.lab")
    assert "the zone must be signed again" in shown
    assert "expired (" not in shown
    assert shown.count("row 15 of the decision table") == 1


def test_what_an_alias_leads_to_is_said_with_its_security() -> None:
    assert (
        "mail.mx-alias-insecure.lab is an alias of mail.unsigned-hosting.lab (SECURE)"
        in flowing("mx-alias-insecure.lab")
    )
