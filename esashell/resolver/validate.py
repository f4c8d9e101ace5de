"""Is this answer the zone's own? Each part of it is judged by itself (RFC 4035 4.3, 5).

A positive RRset is SECURE when the zone that holds it is, and one of its signatures holds; when
the owner was made from a wildcard, the proof that no closer name exists is owed as well. Absence
is SECURE when the zone proves it. An RRset or an absence in a zone that is proved to be unsigned
is INSECURE. Everything else is BOGUS, with the link of the chain that failed.

The zone is found by the signer's name, which costs no question that would not be asked anyhow, and
only where there is no signature by walking down to the name itself: an answer without
signatures may come from an unsigned zone, or from a resolver that left them out, and only the
parents can tell the two apart. Who names a signer that is secure must then prove what is said: a
broken signature is BOGUS, even where a look further down might have found a zone that is unsigned.

RFC 4035 5.3.1 wants the signer to be the very zone that holds the RRset; a parent may have signed
what has been delegated since, or serve it by mistake. Where a zone is known to begin below the
signer, from an earlier walk, the signature does not count, and the answer is judged by that zone.
Where the root or a top-level domain has signed records below itself, a cut is looked for: their
zones are made of delegations, and those below are other people's. Other signers are believed where
nothing is known of a cut. They could as well replace the child's DS record, so that nobody wins
anything by it, and to look for the cut would cost a question for each label of every name.
"""

from msgspec import Struct

from esashell.resolver import rdata as rd
from esashell.resolver.answer import (
    BOGUS,
    FOUND,
    INDETERMINATE,
    INSECURE,
    NO_DATA,
    NX_DOMAIN,
    SECURE,
    Existence,
    Link,
    Reason,
    Security,
)
from esashell.resolver.denial import absence, expansion, negative_ttl
from esashell.resolver.names import Name
from esashell.resolver.reasons import Why, because
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.resolver.zone import Zone, rrset_link
from esashell.resolver.zonekeys import Walk
from esashell.steps import Steps

_RRSIG, _DS = RRType.RRSIG.value, RRType.DS.value
_OF_DENIALS = frozenset((RRType.NSEC.value, RRType.NSEC3.value, RRType.SOA.value))


class Judged(Struct, frozen=True, gc=False):
    """The verdict on one RRset, or on one absence; `ttl` and `until` (0: unsigned) in seconds."""

    security: Security
    reason: Reason | None
    chain: tuple[Link, ...]
    ttl: int
    until: int = 0
    existence: Existence | None = FOUND


def rrset_judged(walk: Walk, rrset: Rrset, message: Message) -> Steps[Judged]:
    """The verdict on an RRset of the answer section; the message may hold the wildcard proof."""
    if rrset.rdtype == _RRSIG:
        return _signatures_judged(rrset)
    holder = _holder(rrset)
    zone = yield from walk.zone_holding(holder, _deepest_signer(rrset, holder))
    if zone.security is not SECURE:
        return _inherited(zone, rrset)
    verdict = yield from walk.judged(rrset, zone)
    if _of_delegations(zone.name) and verdict.security is SECURE and holder != zone.name:
        zone = yield from walk.zone_of(holder)
        if zone.security is not SECURE:
            return _inherited(zone, rrset)
        verdict = yield from walk.judged(rrset, zone)
    chain = (*zone.chain, rrset_link(zone.name, rrset, verdict))
    if verdict.security is not SECURE:
        return Judged(BOGUS, verdict.reason, chain, 0)
    if verdict.encloser is None:
        return Judged(SECURE, None, chain, verdict.ttl, verdict.until)
    records = walk.denials(message, zone)
    proof = expansion(records, rrset.owner, verdict.encloser)
    ttl, until = min(verdict.ttl, proof.ttl), min(verdict.until, proof.until)
    return Judged(proof.security, proof.reason, (*chain, proof.link), ttl, until)


def absence_judged(walk: Walk, message: Message, name: Name, rdtype: int) -> Steps[Judged]:
    """The verdict on a message that says: no such name, or no such type at this name."""
    holder = name.parent if rdtype == RRType.DS and len(name) > 1 else name
    zone = yield from walk.zone_holding(holder, _deepest_denier(message, holder))
    if zone.security is SECURE:
        records = walk.denials(message, zone)
        denial = absence(records, message, walk.verdict_by(zone), name, rdtype)
        chain = (*zone.chain, denial.link)
        return Judged(
            denial.security, denial.reason, chain, denial.ttl, denial.until, denial.existence
        )
    existence = NX_DOMAIN if message.rcode == 3 else NO_DATA
    if zone.security in (BOGUS, INDETERMINATE):
        return Judged(zone.security, zone.reason, zone.chain, 0, 0, None)
    soa = next((each for each in message.authority if each.rdtype == RRType.SOA), None)
    ttl = negative_ttl(soa) if soa is not None else 0
    return Judged(INSECURE, zone.reason, zone.chain, ttl, 0, existence)


def _of_delegations(zone: Name) -> bool:
    """Whether it is the root or a top-level domain."""
    return len(zone) == zone[0] + (2 if len(zone) > 1 else 1)


def _inherited(zone: Zone, rrset: Rrset) -> Judged:
    """An RRset that no key can judge shares the fate of its zone."""
    existence = FOUND if zone.security is INSECURE else None
    ttl = rrset.ttl if zone.security is INSECURE else 0
    return Judged(zone.security, zone.reason, zone.chain, ttl, 0, existence)


def _signatures_judged(rrset: Rrset) -> Judged:
    """RRSIG records are never signed themselves (RFC 4035 2.2), so there is nothing to judge: not
    SECURE, and not BOGUS either, however broken the zone. Nothing but a person reads them as such.
    """
    zone = next((rd.rrsig(raw).signer for raw in rrset.rdatas if _readable(raw)), rrset.owner)
    reason = because(Why.SIGNATURES_THEMSELVES, zone, f"{rrset.owner.dotted} RRSIG")
    link = Link(zone, "RRSIG", INSECURE, reason.finding)
    return Judged(INSECURE, reason, (link,), rrset.ttl)


def _readable(raw: bytes) -> bool:
    try:
        rd.rrsig(raw)
    except rd.BadRdata:
        return False
    return True


def _holder(rrset: Rrset) -> Name:
    """A name in the zone that holds the RRset: DS records live above the cut (RFC 4034 5)."""
    if rrset.rdtype == _DS and len(rrset.owner) > 1:
        return rrset.owner.parent
    return rrset.owner


def _deepest_signer(rrset: Rrset, holder: Name) -> Name | None:
    """The lowest zone that claims to have signed the RRset and could hold the name; None if none.

    The lowest, because walking to it passes all of the others.
    """
    deepest = None
    for raw in rrset.signatures:
        signer = rd.signer_above(raw, holder)
        if signer is not None and (deepest is None or len(signer) > len(deepest)):
            deepest = signer
    return deepest


def _deepest_denier(message: Message, holder: Name) -> Name | None:
    """The lowest zone that claims to have signed denial records and could hold the name."""
    found = [
        signer
        for rrset in message.authority
        if rrset.rdtype in _OF_DENIALS and (signer := _deepest_signer(rrset, holder)) is not None
    ]
    return max(found, key=len, default=None)
