"""The lab's signatures, judged by somebody else's validator."""

import functools

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
import pytest

from esashell.clock import SECOND, FixedClock
from esashell.resolver.names import Name
from esashell.resolver.rdata import key_tag, rrsig
from esashell.worlds.lab.faults import FaultSpec
from esashell.worlds.lab.scenario import DsState
from esashell.worlds.lab.world import Lab
from esashell.worlds.lab.zonefile import zone_lines
from tests.worlds.lab.shared_lab import NOON, ask, lab

DAY = 86_400 * SECOND


# Zones with TLSA records that are malformed on purpose, which dnspython refuses to read.
MALFORMED = ("all-unusable.lab", "one-malformed.lab")


def signed_zones() -> list[Name]:
    return [
        apex
        for apex, spec in lab().catalogue.scenario.zones.items()
        if spec.signed and spec.fault == FaultSpec() and str(apex) not in ("bulk.lab", *MALFORMED)
    ]


@functools.cache
def parsed(apex: Name) -> dns.zone.Zone:
    zone = lab().catalogue.zone(apex)
    assert zone is not None
    return dns.zone.from_text(
        "\n".join(zone_lines(zone)), origin=f"{apex}.".replace("..", "."), relativize=False
    )


def verified(zone: dns.zone.Zone) -> int:
    """How many RRsets dnspython finds properly signed; anything else raises."""
    origin = zone.origin
    keys = {origin: zone.find_rdataset(origin, "DNSKEY")}
    count = 0
    for name, node in zone.items():
        for rdataset in node:
            if rdataset.rdtype == dns.rdatatype.RRSIG:
                continue
            signatures = node.get_rdataset(zone.rdclass, dns.rdatatype.RRSIG, rdataset.rdtype)
            if signatures is None:
                # Only what belongs to a zone below goes without: its NS, and glue.
                assert rdataset.rdtype in (dns.rdatatype.NS, dns.rdatatype.A)
                continue
            dns.dnssec.validate((name, rdataset), (name, signatures), keys, now=NOON // SECOND)
            count += 1
    return count


@pytest.mark.parametrize("apex", signed_zones(), ids=str)
def test_every_signature_of_a_sound_zone_verifies(apex: Name) -> None:
    assert verified(parsed(apex)) >= 4


def test_nothing_but_delegations_and_glue_goes_unsigned() -> None:
    for apex in signed_zones():
        zone = parsed(apex)
        cuts = [each for each in zone if each != zone.origin and zone.get_rdataset(each, "NS")]
        for name, node in zone.items():
            signed = {each.covers for each in node if each.rdtype == dns.rdatatype.RRSIG}
            for rdataset in node:
                if rdataset.rdtype not in (*signed, dns.rdatatype.RRSIG):
                    assert any(name.is_subdomain(cut) for cut in cuts), f"{name} {rdataset}"


def test_ds_records_fit_the_keys_of_the_zone_below() -> None:
    for apex in signed_zones():
        if lab().catalogue.spec(apex).ds is DsState.RIGHT:
            origin = parsed(apex).origin
            keys = parsed(apex).find_rdataset(origin, "DNSKEY")
            made = [dns.dnssec.make_ds(origin, key, "SHA256").to_wire() for key in keys]
            assert set(lab().catalogue.ds(apex)) <= set(made)


@pytest.mark.parametrize(
    ("domain", "algorithm"), [("dane.lab", 13), ("ed25519.lab", 15), ("rsa.lab", 8)]
)
def test_zones_are_signed_with_the_algorithm_they_name(domain: str, algorithm: int) -> None:
    reply = ask("192.0.2.11", domain, "MX")
    assert [rrsig(each).algorithm for each in reply.answer[0].signatures] == [algorithm]


def test_two_labs_on_one_day_say_the_same_bytes() -> None:
    other = Lab(FixedClock(NOON + 3 * 3600 * SECOND))
    for qname, rdtype in (("ietf.org", "MX"), ("rsa.lab", "DNSKEY"), ("nope.org", "A")):
        assert ask("194.191.40.83", qname, rdtype, other) == ask("194.191.40.83", qname, rdtype)
    assert other.anchor == lab().anchor


def test_another_seed_is_another_internet() -> None:
    assert Lab(FixedClock(NOON), seed=b"another").anchor != lab().anchor


def test_signatures_are_made_again_when_the_day_is_over() -> None:
    clock = FixedClock(NOON)
    world = Lab(clock)
    first = rrsig(ask("192.0.2.11", "dane.lab", "MX", world).answer[0].signatures[0])
    clock.advance(30 * DAY)
    later = rrsig(ask("192.0.2.11", "dane.lab", "MX", world).answer[0].signatures[0])
    assert later.inception - first.inception == 30 * 86_400
    assert later.inception < clock.now() // SECOND < later.expiration
    assert later.key_tag == first.key_tag


def test_the_anchor_is_the_key_that_signs_the_roots_keys() -> None:
    reply = ask("192.0.2.1", ".", "DNSKEY")
    (anchor,) = lab().anchor.dnskeys
    assert anchor in reply.answer[0].rdatas
    assert [rrsig(each).key_tag for each in reply.answer[0].signatures] == [key_tag(anchor)]
