"""Looking at a trust point's keys: one question, and the signatures over what comes back.

Here a DNSKEY RRset becomes a `Sighting` that the state table of `rollover` can act on. Unlike an
ordinary validation, where any good signature is enough, each key is asked for its own: who vouches
for a new key, and which keys revoke themselves, are different questions with different answers.
The question goes the way of every other, over whatever source the look-ups use.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from esashell.clock import SECOND, Clock
from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import REVOKED, ZONE_KEY, Key, Policy, digest
from esashell.resolver.answer import Asked, Reason, Security
from esashell.resolver.budget import OutOfBudget, Work
from esashell.resolver.exchange import Source
from esashell.resolver.reasons import Why, because, stopped
from esashell.resolver.rollover import (
    Change,
    Sighting,
    TrackedKey,
    TrustPoint,
    followed,
    unseen,
    without_revoke_bit,
)
from esashell.resolver.rrtypes import RRType
from esashell.resolver.signatures import keyring, rrset_verdict
from esashell.resolver.wire import Rrset
from esashell.steps import Steps

SECURE_ENTRY = 0x0001
_LONGEST_TTL = 0x7FFFFFFF


class Refreshed(Struct, frozen=True):
    """What came of asking: the trust point from now on, and why nothing valid was had, if so."""

    point: TrustPoint
    changes: tuple[Change, ...] = ()
    reason: Reason | None = None


def refresh(
    point: TrustPoint, source: Source, clock: Clock, work: Work, policy: Policy
) -> Steps[Refreshed]:
    """Ask for the trust point's DNSKEY RRset, and follow it. Whether it is time is not asked."""
    about = f"{point.zone.dotted} DNSKEY"
    asked: list[Asked] = []
    try:
        reply = yield from source.source(work, asked)(point.zone, RRType.DNSKEY)
        now = clock.now() // SECOND
        if reply.message is None:
            return Refreshed(unseen(point, now), (), reply.reason)
        rrset = next(
            (
                each
                for each in reply.message.answer
                if each.owner == point.zone and each.rdtype == RRType.DNSKEY
            ),
            Rrset(point.zone, RRType.DNSKEY, 0, ()),
        )
        point = named(point, rrset.rdatas, policy)
        seen = sighting(point, rrset, now, work, policy)
    except OutOfBudget as error:
        reason = stopped(error.strike, point.zone)
        return Refreshed(unseen(point, clock.now() // SECOND), (), reason)
    after, changes = followed(point, seen, now)
    if after.seen == now:
        return Refreshed(after, changes)
    return Refreshed(after, changes, because(Why.NOT_BY_A_TRUSTED_KEY, point.zone, about))


def named(point: TrustPoint, rdatas: Iterable[bytes], policy: Policy) -> TrustPoint:
    """The trust point with each DS replaced by the key that it is the digest of, where seen.

    The digest is proof enough: nothing here depends on who signed. A DS of an unsupported kind
    stays as it is.
    """
    keys = {
        rdata if not key.flags & REVOKED else without_revoke_bit(rdata): None
        for rdata in rdatas
        if (key := entry_key(rdata)) is not None
    }
    found: dict[bytes, TrackedKey] = {
        each.rdata: each for each in point.keys if each.rdtype == RRType.DNSKEY
    }
    for each in point.keys:
        if each.rdtype != RRType.DNSKEY:
            rdata = _fitting(point, each.rdata, keys, policy)
            if rdata is None:
                found[each.rdata] = each
            else:
                found.setdefault(
                    rdata, structs.replace(each, rdtype=RRType.DNSKEY.value, rdata=rdata)
                )
    return structs.replace(point, keys=tuple(found.values()))


def _fitting(point: TrustPoint, ds: bytes, keys: Iterable[bytes], policy: Policy) -> bytes | None:
    try:
        record = rd.ds(ds)
    except rd.BadRdata:
        return None
    if not policy.usable((record,)):
        return None
    for each in keys:
        likely = rd.key_tag(each) == record.key_tag and each[3] == record.algorithm
        if likely and digest(point.zone, each, record.digest_type) == record.digest:
            return each
    return None


def entry_key(rdata: bytes) -> Key | None:
    """The key, revoked or not, if it is a secure entry point: no other is followed (RFC 5011 2)."""
    try:
        record = rd.dnskey(rdata)
    except rd.BadRdata:
        return None
    wanted = ZONE_KEY | SECURE_ENTRY
    if record.protocol != 3 or record.flags & wanted != wanted or not record.public_key:
        return None
    return Key(rdata)


def sighting(point: TrustPoint, rrset: Rrset, now: int, work: Work, policy: Policy) -> Sighting:
    """The RRset judged for this trust point, at `now` in seconds; may raise `OutOfBudget`.

    Only the signatures of keys that are believed, and of those that revoke themselves, are looked
    at: the others' decide nothing.
    """
    believed = {each.rdata for each in point.believed}
    keys: list[bytes] = []
    revoked: list[bytes] = []
    signers: list[bytes] = []
    by: list[rd.Rrsig] = []
    for key in map(entry_key, sorted(rrset.rdatas)):
        if key is None:
            continue
        if key.flags & REVOKED:
            if any(_signatures(rrset, key, now, work, policy)):
                revoked.append(without_revoke_bit(key.rdata))
            continue
        keys.append(key.rdata)
        if key.rdata in believed:
            made = list(_signatures(rrset, key, now, work, policy))
            by += made
            signers += [key.rdata] if made else []
    # RFC 2181 8: a TTL with its first bit set is zero.
    ttls = [each.original_ttl for each in by if each.original_ttl <= _LONGEST_TTL]
    return Sighting(
        keys=tuple(keys),
        revoked=tuple(revoked),
        signers=tuple(signers),
        ttl=max(ttls, default=0),
        life=min(((each.expiration - now) & 0xFFFFFFFF for each in by), default=0),
    )


def _signatures(rrset: Rrset, key: Key, now: int, work: Work, policy: Policy) -> Iterator[rd.Rrsig]:
    """The signatures over the RRset that hold by this very key."""
    ring = keyring(rrset.owner, [key])
    for raw in sorted(rrset.signatures):
        alone = structs.replace(rrset, signatures=(raw,))
        verdict = rrset_verdict(alone, ring, now, work, policy)
        if verdict.security is Security.SECURE and verdict.encloser is None:
            yield rd.rrsig(raw)
