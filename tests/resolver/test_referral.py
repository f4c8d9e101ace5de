"""What one message of a zone's server says, and what is remembered of it."""

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.resolver import wire
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.referral import Delegation, in_bailiwick, lame, referral
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from tests.resolver.signer import NOW, SigningKey, n, rrsig

NAME = n("www.a.test")
ONE, TWO, SIX = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)), bytes(15) + b"\x01"
KEY = SigningKey()


def rrset(owner: str, rdtype: RRType, *rdatas: bytes, ttl: int = 600, signed_by: str = "") -> Rrset:
    signatures = ()
    if signed_by:
        signatures = (rrsig(KEY, n(signed_by), n(owner), int(rdtype), rdatas, ttl=ttl),)
    return Rrset(n(owner), int(rdtype), ttl, rdatas, signatures)


def message(**sections) -> Message:
    return Message(flags=wire.QR, question=((NAME, RRType.A),), **sections)


def read(answer: Message, zone: str = "test"):
    return referral(answer, n(zone), NAME, RRType.A, "192.0.2.9")


REFERRAL = message(
    authority=(
        rrset("a.test", RRType.NS, n("ns.a.test"), n("ns.b.test"), n("ns.c.test"), ttl=500),
        rrset("a.test", RRType.DS, bytes(36), ttl=400, signed_by="test"),
    ),
    additional=(
        rrset("ns.a.test", RRType.AAAA, SIX, ttl=300),
        rrset("ns.a.test", RRType.A, ONE, b"short"),
        rrset("ns.b.test", RRType.A, TWO),
        rrset("stranger.test", RRType.A, bytes(4)),
    ),
)


def test_a_referral_names_servers_their_addresses_and_the_least_ttl():
    found = read(REFERRAL)
    assert found.delegation == Delegation(
        n("a.test"),
        ("192.0.2.1", "192.0.2.2", "::1"),
        (n("ns.c.test"),),
        "192.0.2.9",
        (n("ns.a.test"), n("ns.b.test")),
    )
    assert found.ttl == 300
    assert [each.owner for each in found.ds.answer] == [n("a.test")]


@pytest.mark.parametrize("owner", ["test", ".", "b.test", "x.www.a.test"])
def test_no_other_way_than_down_and_towards_the_name_is_one(owner):
    answer = message(authority=(rrset(owner, RRType.NS, n("ns.x")),))
    assert read(answer) is None
    kept = in_bailiwick(answer, n("test"), NAME, RRType.A, referred=True)
    assert lame(answer, kept, n("test"), NAME, RRType.A)


def test_an_answer_or_an_absence_refers_nowhere():
    ns = rrset("a.test", RRType.NS, n("ns.a.test"))
    soa = rrset("a.test", RRType.SOA, n("ns") + n("h") + bytes(20))
    for sections in (
        {"answer": (rrset("www.a.test", RRType.A, ONE),), "authority": (ns,)},
        {"authority": (ns, soa)},
        {"authority": (ns,), "rcode": 3},
    ):
        answer = message(**sections)
        assert read(answer) is None
        assert not lame(answer, answer, n("test"), NAME, RRType.A)


def test_the_name_error_of_an_alias_s_target_elsewhere_is_not_the_zone_s_to_say():
    alias = rrset("www.a.test", RRType.CNAME, n("www.b.test"))
    inside, outside = (
        in_bailiwick(message(answer=(alias,), rcode=3), n(zone), NAME, RRType.A, referred=True)
        for zone in ("test", "a.test")
    )
    assert (inside.rcode, outside.rcode) == (3, 0)


def test_signatures_from_above_the_cut_are_dropped_below_a_referral_only():
    answer = message(answer=(rrset("www.a.test", RRType.A, ONE, signed_by="test"),))
    for zone, referred, left in (("a.test", True, 0), ("a.test", False, 1), ("test", True, 1)):
        kept = in_bailiwick(answer, n(zone), NAME, RRType.A, referred=referred)
        assert len(kept.answer[0].signatures) == left


@pytest.fixture
def iterator() -> Iterator:
    return Iterator(root_servers(["192.0.2.9"]), FixedClock(NOW * SECOND))


def test_what_is_distrusted_is_forgotten_with_all_that_came_along(iterator):
    iterator.learn(read(REFERRAL))
    assert iterator.closest(NAME).zone == n("a.test")
    assert iterator.glue(n("ns.b.test")) == ["192.0.2.2"]
    assert iterator.kept_ds(n("a.test")) is not None
    assert iterator.glue(n("stranger.test")) == []
    iterator.distrust(n("a.test"))
    assert iterator.closest(NAME).zone == n(".")
    assert iterator.glue(n("ns.b.test")) == []
    assert iterator.kept_ds(n("a.test")) is None


def test_ds_records_that_cannot_be_valid_any_more_are_not_kept(iterator):
    iterator.clock.advance(31 * 86_400 * SECOND)
    iterator.learn(read(REFERRAL))
    assert iterator.closest(NAME).zone == n("a.test")
    assert iterator.kept_ds(n("a.test")) is None
