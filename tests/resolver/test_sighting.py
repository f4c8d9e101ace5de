"""A trust point's keys looked at with real signatures, and asked for over a real exchange."""

import copy

from esashell.clock import SECOND, FixedClock
from esashell.errors import TimedOut
from esashell.resolver import wire
from esashell.resolver.algorithms import Policy
from esashell.resolver.anchors import ROOT_ANCHOR, Anchor, anchors_from_text
from esashell.resolver.answer import Ede
from esashell.resolver.budget import Budget, Effort, Work
from esashell.resolver.forward import Forwarder, Server
from esashell.resolver.names import ROOT
from esashell.resolver.rollover import (
    KeyState,
    Sighting,
    TrustPoint,
    anchor_of,
    retry_time,
    trust_point,
)
from esashell.resolver.rrtypes import RRType
from esashell.resolver.sighting import Refreshed, named, refresh, sighting
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Exchange, run
from tests.resolver.signer import DAY, NOW, TTL, SignedZone, SigningKey, n, rrsig
from tests.resolver.test_anchors import KSK_2017

OLD, NEW, THIRD = SigningKey(), SigningKey(8), SigningKey(15)
ZSK = SigningKey(flags=256)


def revoked(key: SigningKey) -> SigningKey:
    """The same key pair with its REVOKE bit set, and so another tag."""
    made = copy.copy(key)
    made.rdata = (int.from_bytes(key.rdata[:2], "big") | 0x80).to_bytes(2, "big") + key.rdata[2:]
    return made


def keys_of(*keys: SigningKey, by: tuple[SigningKey, ...] = (), **how: int) -> Rrset:
    """A DNSKEY RRset with these keys, signed by some of them."""
    rdatas = tuple(each.rdata for each in keys)
    made = tuple(rrsig(each, ROOT, ROOT, 48, rdatas, **how) for each in by)
    return Rrset(ROOT, RRType.DNSKEY, TTL, rdatas, made)


def trusting(*keys: SigningKey) -> TrustPoint:
    return trust_point(Anchor(ROOT, dnskeys=tuple(each.rdata for each in keys)), NOW)


def seen(point: TrustPoint, rrset: Rrset, now: int = NOW, **limits: int) -> Sighting:
    return sighting(point, rrset, now, Work(Budget(**limits), Effort()), Policy())


def test_a_set_signed_by_a_believed_key() -> None:
    found = seen(trusting(OLD), keys_of(OLD, NEW, ZSK, by=(OLD, ZSK), expiration=NOW + 7 * DAY))
    assert set(found.keys) == {OLD.rdata, NEW.rdata}
    assert found.signers == (OLD.rdata,)
    assert (found.ttl, found.life, found.revoked) == (TTL, 7 * DAY, ())


def test_the_signature_that_ends_first_says_how_long() -> None:
    rdatas = (OLD.rdata, NEW.rdata)
    made = (
        rrsig(OLD, ROOT, ROOT, 48, rdatas, expiration=NOW + 9 * DAY),
        rrsig(NEW, ROOT, ROOT, 48, rdatas, expiration=NOW + 5 * DAY),
    )
    rrset = Rrset(ROOT, RRType.DNSKEY, TTL, rdatas, made)
    found = seen(trusting(OLD, NEW), rrset)
    assert (set(found.signers), found.life) == (set(rdatas), 5 * DAY)


def test_a_new_key_does_not_vouch_for_itself() -> None:
    assert seen(trusting(OLD), keys_of(OLD, NEW, by=(NEW,))).signers == ()


def test_signatures_that_do_not_hold_vouch_for_nothing() -> None:
    good = keys_of(OLD, NEW, by=(OLD,))
    (made,) = good.signatures
    bad = made[:-1] + bytes((made[-1] ^ 1,))
    for signatures in ((), (bad,), (made[:30],), (b"",)):
        rrset = Rrset(ROOT, RRType.DNSKEY, TTL, good.rdatas, signatures)
        assert seen(trusting(OLD), rrset).signers == ()
    assert seen(trusting(OLD), good, NOW + 31 * DAY).signers == ()
    assert seen(trusting(OLD), good, NOW - 2 * DAY).signers == ()
    # One that does not hold beside one that does harms nothing.
    rrset = Rrset(ROOT, RRType.DNSKEY, TTL, good.rdatas, (bad, made))
    assert seen(trusting(OLD), rrset).signers == (OLD.rdata,)


def test_an_added_or_missing_key_breaks_the_signature() -> None:
    good = keys_of(OLD, NEW, by=(OLD,))
    for rdatas in ((OLD.rdata,), (*good.rdatas, THIRD.rdata)):
        rrset = Rrset(ROOT, RRType.DNSKEY, TTL, rdatas, good.signatures)
        assert seen(trusting(OLD), rrset).signers == ()


def test_a_key_is_revoked_by_its_own_signature_only() -> None:
    gone = revoked(OLD)
    point = trusting(OLD, NEW)
    assert seen(point, keys_of(gone, NEW, by=(gone, NEW))).revoked == (OLD.rdata,)
    # Somebody else's word, or the same key's signature under its old tag, is not enough.
    assert seen(point, keys_of(gone, NEW, by=(NEW,))).revoked == ()
    unmarked = keys_of(gone, NEW, by=(NEW,))
    forged = rrsig(OLD, ROOT, ROOT, 48, unmarked.rdatas)
    rrset = Rrset(ROOT, RRType.DNSKEY, TTL, unmarked.rdatas, (*unmarked.signatures, forged))
    assert seen(point, rrset).revoked == ()


def test_a_revoked_key_signs_for_nobody_else() -> None:
    gone = revoked(OLD)
    found = seen(trusting(OLD), keys_of(gone, NEW, by=(gone,)))
    assert (found.signers, found.revoked) == ((), (OLD.rdata,))


def test_keys_that_are_no_secure_entry_points_are_not_followed() -> None:
    strangers = [SigningKey(flags=flags) for flags in (0, 1, 256)]
    strangers.append(SigningKey(protocol=2))
    found = seen(trusting(OLD), keys_of(OLD, *strangers, by=(OLD,)))
    assert found.keys == (OLD.rdata,)
    short = Rrset(ROOT, RRType.DNSKEY, TTL, (b"", b"\x01", b"\x01\x01\x03\x08"), ())
    assert seen(trusting(OLD), short).keys == ()


def test_the_digest_of_an_anchor_becomes_the_key_it_fits() -> None:
    zone = SignedZone(".")
    anchor = Anchor(ROOT, ds=(zone.ds(), zone.ds(4)))
    point = trust_point(anchor, NOW)
    assert named(point, (OLD.rdata,), Policy()) == point
    found = named(point, (OLD.rdata, zone.key.rdata), Policy())
    assert [(each.rdata, each.state) for each in found.keys] == [(zone.key.rdata, KeyState.VALID)]
    # The digest is that of the key before it was revoked (RFC 5011 2.1).
    assert named(point, (revoked(zone.key).rdata,), Policy()).keys == found.keys
    wrong = zone.ds()[:-1] + bytes((zone.ds()[-1] ^ 1,))
    other = trust_point(Anchor(ROOT, ds=(wrong, b"\x00", zone.ds()[:3] + b"\xf0xyz")), NOW)
    assert named(other, (zone.key.rdata,), Policy()) == other


def test_the_internet_s_root_key_is_the_one_that_is_built_in() -> None:
    (published,) = anchors_from_text(KSK_2017)
    found = named(trust_point(ROOT_ANCHOR, NOW), published.dnskeys, Policy())
    assert [(each.rdtype, each.tag) for each in found.keys] == [(48, 20326), (43, 38696)]


class Root:
    """A recursive resolver that knows one RRset, or an empty answer, or keeps silent."""

    def __init__(self, rrset: Rrset | None = None, silent: bool = False, rcode: int = 0) -> None:
        self.rrset, self.silent, self.rcode = rrset, silent, rcode
        self.queries = 0

    def perform(self, request: Exchange) -> bytes:
        self.queries += 1
        if self.silent:
            raise TimedOut
        answer = (self.rrset,) if self.rrset else ()
        asked = wire.parse(request.message).question
        assert asked == ((ROOT, RRType.DNSKEY),)
        flags = wire.QR | wire.RD | wire.RA
        return wire.encode(Message(0, flags, self.rcode, asked, answer, payload=1232), 65535)


def refreshed(point: TrustPoint, root: Root, now: int = NOW, **limits: int) -> Refreshed:
    clock = FixedClock(now * SECOND)
    source = Forwarder([Server("192.0.2.53")], clock)
    work = Work(Budget(**limits), Effort())
    return run(refresh(point, source, clock, work, Policy()), root)


def test_a_refresh_costs_one_question_and_learns_the_keys() -> None:
    root = Root(keys_of(OLD, NEW, by=(OLD,)))
    found = refreshed(trusting(OLD), root)
    assert root.queries == 1
    assert {each.rdata: each.state for each in found.point.keys} == {
        OLD.rdata: KeyState.VALID,
        NEW.rdata: KeyState.PENDING,
    }
    assert (found.reason, found.point.asked, found.point.seen) == (None, NOW, NOW)
    assert found.point.due == NOW + 3600


def test_a_refresh_that_fails_changes_no_key_and_says_why() -> None:
    point = trusting(OLD)
    forged = keys_of(OLD, NEW, by=(NEW,))
    for root, code in (
        (Root(silent=True), Ede.NETWORK_ERROR),
        (Root(rcode=2), Ede.NO_REACHABLE_AUTHORITY),
        (Root(None), Ede.DNSKEY_MISSING),
        (Root(forged), Ede.DNSKEY_MISSING),
    ):
        found = refreshed(point, root)
        assert found.point.keys == point.keys
        assert (found.point.asked, found.point.seen) == (NOW, 0)
        assert found.point.due == NOW + retry_time(0, 0)
        assert found.reason is not None
        assert found.reason.code == code


def test_too_much_work_changes_no_key_and_names_the_limit() -> None:
    point = trusting(OLD)
    good = keys_of(OLD, NEW, by=(OLD,))
    (made,) = good.signatures
    junk = tuple(made[:-2] + bytes((each, 1)) for each in range(40))
    rrset = Rrset(ROOT, RRType.DNSKEY, TTL, good.rdatas, (*junk, made))
    found = refreshed(point, Root(rrset))
    assert found.point.keys == point.keys
    assert found.reason is not None
    assert "limit" in found.reason.text


def test_a_whole_roll_with_real_signatures() -> None:
    zone = SignedZone(".")
    old, gone = zone.key, revoked(zone.key)
    point = trust_point(Anchor(ROOT, ds=(zone.ds(),)), NOW)
    ways = {
        1: ((old, ZSK), (old,)),
        5: ((old, NEW, ZSK), (old,)),
        36: ((old, NEW, ZSK), (old, NEW)),
        40: ((gone, NEW, ZSK), (gone, NEW)),
        75: ((NEW, ZSK), (NEW,)),
    }
    tags = []
    for day, (keys, signers) in ways.items():
        rrset = keys_of(*keys, by=signers, expiration=NOW + (day + 10) * DAY)
        found = refreshed(point, Root(rrset), NOW + day * DAY)
        assert found.reason is None
        point = found.point
        tags.append({each.tag for each in point.believed})
    assert tags == [{old.tag}, {old.tag}, {old.tag, NEW.tag}, {NEW.tag}, {NEW.tag}]
    assert {each.rdata: each.state for each in point.keys}[old.rdata] is KeyState.REMOVED
    assert anchor_of(point).dnskeys == (NEW.rdata,)


def test_only_the_trust_points_own_zone_is_asked_about() -> None:
    other = Rrset(n("test"), RRType.DNSKEY, TTL, (OLD.rdata,), ())
    found = refreshed(trusting(OLD), Root(other))
    assert found.point.seen == 0
