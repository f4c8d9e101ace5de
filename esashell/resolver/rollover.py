"""Trust anchors that change: a zone's keys followed as RFC 5011 says.

An anchor that is built in is right on the day it is built in. The root changes its keys, and who
then believes only the old one can validate nothing at all. So the anchors vouch for their own
successors. A new key that stands in the zone's DNSKEY RRset, under the signature of a key that is
believed, is waited for: only when it has been in every such RRset for thirty days is it believed
too. Whoever steals a key can put his own beside it, but for those thirty days its owner has time
to notice and to revoke (2.2). Revoking takes no time: a key that says of itself, with its REVOKE
bit and its own signature, that it is not to be trusted any more is believed at once and for good
(2.1). A key that merely goes missing stays believed; only its owner can take it back.

What is known of a zone's keys is a `TrustPoint`, what was seen of them a `Sighting`, and `followed`
makes the next trust point of the two. It is a table (`TRANSITIONS`, section 4) and little more.
Times are seconds since 1970, handed in; whoever hands in a wrong one shortens the wait. How a
sighting comes about is `sighting`'s affair.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct, structs

from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import REVOKED, SHA256, digest
from esashell.resolver.anchors import Anchor
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType

HOUR, DAY = 3600, 86_400
ADD_HOLD_DOWN = 30 * DAY  # 2.4.1
REMOVE_HOLD_DOWN = 30 * DAY  # 2.4.2
# 2.4.3 wants room for five keys. More than this many at once are nobody's successors, but somebody
# who has a key and wants our memory.
MOST_PENDING = 16


class KeyState(StrEnum):
    """Where a key stands (section 4.2); VALID and MISSING ones are believed."""

    START = "start"
    PENDING = "pending"
    VALID = "valid"
    MISSING = "missing"
    REVOKED = "revoked"
    REMOVED = "removed"


class KeyEvent(StrEnum):
    """What can happen to a key (section 4.1)."""

    NEW_KEY = "NewKey"
    KEY_PRESENT = "KeyPres"
    KEY_REMOVED = "KeyRem"
    ADD_TIME = "AddTime"
    REVOKE_BIT = "RevBit"
    REMOVE_TIME = "RemTime"


# Section 4, row by row. What is not here does not happen: REMOVED has no way out.
TRANSITIONS: Mapping[tuple[KeyState, KeyEvent], KeyState] = {
    (KeyState.START, KeyEvent.NEW_KEY): KeyState.PENDING,
    (KeyState.PENDING, KeyEvent.KEY_REMOVED): KeyState.START,
    (KeyState.PENDING, KeyEvent.ADD_TIME): KeyState.VALID,
    (KeyState.VALID, KeyEvent.KEY_REMOVED): KeyState.MISSING,
    (KeyState.VALID, KeyEvent.REVOKE_BIT): KeyState.REVOKED,
    (KeyState.MISSING, KeyEvent.KEY_PRESENT): KeyState.VALID,
    (KeyState.MISSING, KeyEvent.REVOKE_BIT): KeyState.REVOKED,
    (KeyState.REVOKED, KeyEvent.REMOVE_TIME): KeyState.REMOVED,
}

_SAID = {
    (KeyState.START, KeyEvent.NEW_KEY): "is new, and will be trusted if it stays",
    (KeyState.PENDING, KeyEvent.KEY_REMOVED): "did not stay and will not be trusted",
    (KeyState.PENDING, KeyEvent.ADD_TIME): "has stayed long enough and is trusted from now on",
    (KeyState.VALID, KeyEvent.KEY_REMOVED): "is not published; it stays trusted, not being revoked",
    (KeyState.VALID, KeyEvent.REVOKE_BIT): "has been revoked and is never trusted again",
    (KeyState.MISSING, KeyEvent.KEY_PRESENT): "is published again",
    (KeyState.MISSING, KeyEvent.REVOKE_BIT): "has been revoked and is never trusted again",
    (KeyState.REVOKED, KeyEvent.REMOVE_TIME): "was revoked long ago and is gone",
}


class TrackedKey(Struct, frozen=True):
    """One key of a trust point: a DNSKEY rdata without REVOKE bit, or a DS that no key fits yet.

    `since` is when it entered its state, `seen` when it was last in a valid RRset (0: never). Of a
    pending key, `hold` is how many seconds it has to stay, and `signers` are the fingerprints of
    the keys that signed the RRset in which it first was.
    """

    rdtype: int
    rdata: bytes
    state: KeyState
    since: int
    seen: int = 0
    hold: int = 0
    signers: tuple[bytes, ...] = ()

    @property
    def believed(self) -> bool:
        return self.state in (KeyState.VALID, KeyState.MISSING)

    @property
    def tag(self) -> int:
        if self.rdtype == RRType.DS:
            return int.from_bytes(self.rdata[:2], "big")
        return rd.key_tag(self.rdata)


class TrustPoint(Struct, frozen=True):
    """A zone whose keys are followed.

    `asked` is when its keys were last asked for, `seen` when they were last had and were valid,
    `due` when to ask again. `ttl` and `life` (until the signature ends) are as last seen.
    """

    zone: Name
    keys: tuple[TrackedKey, ...]
    asked: int = 0
    seen: int = 0
    due: int = 0
    ttl: int = 0
    life: int = 0

    @property
    def believed(self) -> tuple[TrackedKey, ...]:
        return tuple(each for each in self.keys if each.believed)


class Sighting(Struct, frozen=True):
    """A zone's DNSKEY RRset once its signatures have been judged.

    `keys` are its secure entry points without REVOKE bit. `revoked` are those that are in it with
    that bit and have signed it themselves, written without the bit. `signers` are the `keys` that
    the trust point believes and whose signature over the RRset holds; `ttl` is the original TTL
    and `life` the seconds that are left of these signatures.
    """

    keys: tuple[bytes, ...]
    revoked: tuple[bytes, ...] = ()
    signers: tuple[bytes, ...] = ()
    ttl: int = 0
    life: int = 0


class Change(Struct, frozen=True):
    """A key that went from one state to another, and a sentence about it."""

    key_tag: int
    event: KeyEvent
    before: KeyState
    after: KeyState
    text: str


def trust_point(anchor: Anchor, now: int) -> TrustPoint:
    """The beginning: what is configured is believed without any wait."""
    keys = [TrackedKey(RRType.DNSKEY, each, KeyState.VALID, now) for each in anchor.dnskeys]
    keys += [TrackedKey(RRType.DS, each, KeyState.VALID, now) for each in anchor.ds]
    return TrustPoint(anchor.zone, tuple(keys))


def anchor_of(point: TrustPoint, note: str = "") -> Anchor:
    """What is believed of the zone now, as a look-up wants it.

    Without any record when every key was revoked: the zone then counts as if no anchor had ever
    been configured for it, and what is below it is insecure (section 5). That is right where no
    other anchor stands above, as with the root's.
    """
    dnskeys = tuple(each.rdata for each in point.believed if each.rdtype == RRType.DNSKEY)
    ds = tuple(each.rdata for each in point.believed if each.rdtype == RRType.DS)
    return Anchor(point.zone, ds, dnskeys, note)


def is_due(point: TrustPoint, now: int) -> bool:
    """Whether it is time to ask for the keys; also after the clock has been set back."""
    return bool(point.believed) and not point.asked <= now < point.due


def query_interval(ttl: int, life: int) -> int:
    """How long to wait after an RRset that was valid (2.3)."""
    return max(HOUR, min(15 * DAY, ttl // 2, life // 2))


def retry_time(ttl: int, life: int) -> int:
    """How long to wait after one that was not, or did not come (2.3)."""
    return max(HOUR, min(DAY, ttl // 10, life // 10))


def fingerprint(zone: Name, dnskey: bytes) -> bytes:
    """What tells one key of a zone from all others: the digest of its DS record."""
    return digest(zone, dnskey, SHA256)


def without_revoke_bit(dnskey: bytes) -> bytes:
    """The rdata by which a key goes on being known once it is revoked: the bit moves the tag."""
    return bytes((dnskey[0], dnskey[1] & ~REVOKED)) + dnskey[2:]


def unseen(point: TrustPoint, now: int) -> TrustPoint:
    """The trust point after an attempt that brought nothing valid: no key changes."""
    return structs.replace(point, asked=now, due=now + retry_time(point.ttl, point.life))


def followed(point: TrustPoint, seen: Sighting, now: int) -> tuple[TrustPoint, tuple[Change, ...]]:
    """The trust point after a sighting, and what has changed for which key.

    Revocations come first, and count even in an RRset that is not valid otherwise: their own
    signature is all they need (2.1). An RRset that no key signed which is *still* believed then
    changes nothing else.
    """
    step = _Step(point, seen, now)
    point = structs.replace(point, keys=tuple(step.revocations()))
    believed = {each.rdata for each in point.believed}
    signers = [each for each in seen.signers if each in believed]
    if not signers:
        return unseen(point, now), tuple(step.changes)
    keys = [*step.others(point.keys)]
    keys += step.new_keys(keys, signers)
    after = TrustPoint(
        point.zone,
        tuple(keys),
        asked=now,
        seen=now,
        due=now + query_interval(seen.ttl, seen.life),
        ttl=seen.ttl,
        life=seen.life,
    )
    return after, tuple(step.changes)


class _Step:
    """The way of every key through one sighting."""

    def __init__(self, point: TrustPoint, seen: Sighting, now: int) -> None:
        self.zone = point.zone
        self.seen = seen
        self.now = now
        self.changes: list[Change] = []
        self._before = point.keys

    def revocations(self) -> Iterator[TrackedKey]:
        """All keys, those revoked that the sighting revokes. Only a believed key can be."""
        for key in self._before:
            event = KeyEvent.REVOKE_BIT if key.rdata in self.seen.revoked else None
            yield self._moved(key, event if key.believed else None)

    def others(self, keys: tuple[TrackedKey, ...]) -> Iterator[TrackedKey]:
        """The keys after everything else that a valid RRset does; those back at START are out."""
        revoked = {
            fingerprint(self.zone, each.rdata)
            for each in keys
            if each.rdtype == RRType.DNSKEY and not each.believed and each.state != KeyState.PENDING
        }
        for key in keys:
            # A time in the future was written by a clock that was wrong: the wait begins anew.
            key = structs.replace(key, since=min(key.since, self.now))
            # 2.2: a key introduced only by keys that were revoked since is not waited for.
            orphaned = key.state is KeyState.PENDING and revoked.issuperset(key.signers)
            moved = self._moved(key, self._event(key, orphaned))
            if key.rdata in self.seen.keys or key.rdata in self.seen.revoked:
                moved = structs.replace(moved, seen=self.now)
            if moved.state is not KeyState.START:
                yield moved

    def _event(self, key: TrackedKey, orphaned: bool) -> KeyEvent | None:
        revoked = key.rdata in self.seen.revoked
        present = key.rdata in self.seen.keys
        match key.state:
            case KeyState.PENDING:
                if revoked or orphaned or not present:
                    return KeyEvent.KEY_REMOVED
                return KeyEvent.ADD_TIME if self.now - key.since >= key.hold else None
            case KeyState.VALID:
                return None if present else KeyEvent.KEY_REMOVED
            case KeyState.MISSING:
                return KeyEvent.KEY_PRESENT if present else None
            case KeyState.REVOKED:
                gone = self.now - max(key.since, key.seen)
                missing = not (revoked or present)
                return KeyEvent.REMOVE_TIME if missing and gone >= REMOVE_HOLD_DOWN else None
        return None

    def new_keys(self, keys: list[TrackedKey], signers: list[bytes]) -> Iterator[TrackedKey]:
        """Keys never met before, or met again after they had gone before their time."""
        known = {each.rdata for each in keys}
        room = MOST_PENDING - sum(each.state is KeyState.PENDING for each in keys)
        # 2.4.1: thirty days or the TTL, so that the key is seen twice in any case.
        hold = max(ADD_HOLD_DOWN, self.seen.ttl)
        by = tuple(sorted(fingerprint(self.zone, each) for each in signers))
        fresh = [e for e in self.seen.keys if e not in known and e not in self.seen.revoked]
        for rdata in fresh[: max(room, 0)]:
            start = TrackedKey(RRType.DNSKEY, rdata, KeyState.START, self.now, self.now, hold, by)
            yield self._moved(start, KeyEvent.NEW_KEY)

    def _moved(self, key: TrackedKey, event: KeyEvent | None) -> TrackedKey:
        if event is None:
            return key
        after = TRANSITIONS[key.state, event]
        text = f"key {key.tag} of {self.zone.dotted} {_SAID[key.state, event]}"
        self.changes.append(Change(key.tag, event, key.state, after, text))
        if after is KeyState.PENDING:
            return structs.replace(key, state=after, since=self.now)
        return structs.replace(key, state=after, since=self.now, hold=0, signers=())
