"""What a message proves to be absent, by the NSEC and NSEC3 records of one zone.

The records of the authority section are verified first; what does not verify, was made from a
wildcard, or belongs to another zone proves nothing and is left aside. Then the proof that the case
demands is sought, with NSEC and with each NSEC3 parameter set that is there (RFC 5155 8.2).

Three things are weaker than a proof and stronger than a lie, and make the answer INSECURE: a
name in an opt-out span (RFC 5155 9.2), and an iteration count above the limit (RFC 9276 3.2), which
is believed only after the record's signature was checked; the third, a zone that is not signed,
never comes here.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from esashell.resolver import nsec, nsec3
from esashell.resolver import rdata as rd
from esashell.resolver.answer import (
    BOGUS,
    FOUND,
    INSECURE,
    NO_DATA,
    NX_DOMAIN,
    SECURE,
    Existence,
    Link,
    Reason,
    Security,
    Trial,
)
from esashell.resolver.budget import OutOfBudget, Work
from esashell.resolver.names import Name
from esashell.resolver.nsec import Proof, Shortfall
from esashell.resolver.reasons import Why, because
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.signatures import Verdict, unexpanded
from esashell.resolver.wire import Message, Rrset

Judge = Callable[[Rrset], Verdict]
Found = Proof | Shortfall


class Denial(Struct, frozen=True, gc=False):
    """Whether the absence is proved. `ttl` and `until` are in seconds, 0 when BOGUS.

    `delegation`: a zone cut without DS was shown, which only `no_ds` asks about.
    """

    security: Security
    existence: Existence | None
    link: Link
    reason: Reason | None = None
    ttl: int = 0
    until: int = 0
    delegation: bool = False


class Records(Struct, frozen=True, gc=False):
    """The verified denial records of one message, and what was wrong with the others."""

    zone: Name
    nsecs: tuple[nsec.Nsec, ...]
    rings: tuple[nsec3.Ring, ...]
    costly: int  # the highest iteration count above `most`; 0 when there is none
    shown: tuple[tuple[Name, str], ...]
    trials: tuple[Trial, ...]
    faults: tuple[Reason, ...]
    ttl: int
    until: int
    seen: int
    most: int


def verified_records(
    message: Message, zone: Name, judge: Judge, work: Work, iterations: int
) -> Records:
    """The denial records that the zone has signed, out of a message's authority section.

    NSEC3 records with more than so many iterations are not hashed for.
    """
    nsecs: list[nsec.Nsec] = []
    hashed: dict[tuple[int, bytes], list[nsec3.Nsec3]] = {}
    shown: list[tuple[Name, str]] = []
    trials: list[Trial] = []
    faults: list[Reason] = []
    ttls: list[int] = []
    untils: list[int] = []
    sets = _denials(message, zone, work)
    for rrset in sets:
        parsed = _parsed(rrset, zone)
        if not parsed:
            continue
        try:
            verdict = judge(rrset)
        except OutOfBudget as error:
            error.trials = (*trials, *error.trials)
            raise
        trials.extend(verdict.trials)
        if verdict.security is not SECURE:
            if verdict.reason:
                faults.append(verdict.reason)
            continue
        # An NSEC or NSEC3 that a wildcard stands for was made up by somebody (RFC 4592 4.7).
        if verdict.encloser is not None:
            continue
        ttls.append(verdict.ttl)
        untils.append(verdict.until)
        kind = type_text(rrset.rdtype)
        shown.extend((rrset.owner, f"{kind} {rd.text(rrset.rdtype, e)}") for e in rrset.rdatas)
        for record in parsed:
            if isinstance(record, nsec.Nsec):
                nsecs.append(record)
            else:
                hashed.setdefault(record.parameters, []).append(record)
    return Records(
        zone=zone,
        nsecs=tuple(nsecs),
        rings=tuple(
            nsec3.Ring(records, zone, work)
            for (count, _), records in hashed.items()
            if count <= iterations
        ),
        costly=max((count for count, _ in hashed if count > iterations), default=0),
        shown=tuple(shown),
        trials=tuple(trials),
        faults=tuple(faults),
        ttl=min(ttls, default=0),
        until=min(untils, default=0),
        seen=len(sets),
        most=iterations,
    )


def _denials(message: Message, zone: Name, work: Work) -> list[Rrset]:
    """The zone's denial records, in a fixed order: that of the message never matters."""
    sets = [
        each
        for each in message.authority
        if each.rdtype in (RRType.NSEC, RRType.NSEC3) and each.owner.is_under(zone)
    ]
    sets.sort(key=lambda each: (each.rdtype, each.owner))
    if len(sets) > work.budget.denials:
        # What is left out could contradict what is not, or show the zone to be costly.
        raise work.out("denials", zone, sets[0].rdtype)
    return sets


def _parsed(rrset: Rrset, zone: Name) -> list[nsec.Nsec | nsec3.Nsec3]:
    found: list[nsec.Nsec | nsec3.Nsec3] = []
    for each in rrset.rdatas:
        try:
            if rrset.rdtype == RRType.NSEC:
                link = nsec.nsec(rrset.owner, each)
                # RFC 4034 4.1.1: the next name lies further on in the zone, or is its apex again.
                if link.following == zone or (
                    link.following.is_under(zone) and link.owner.order < link.following.order
                ):
                    found.append(link)
            # RFC 5155 3: the owner is the hash, one label, under the zone's own name.
            elif len(rrset.owner) > 1 and rrset.owner.parent == zone:
                record = nsec3.nsec3(rrset.owner, each)
                if nsec3.understood(record):
                    found.append(record)
        except rd.BadRdata:
            continue
    return found


def no_ds(records: Records, name: Name) -> Denial:
    """Whether the zone proves that there is no DS record at a name below its apex.

    INSECURE means that an opt-out span is all there is; BOGUS that the proof is not complete.
    """
    found = _first(
        records,
        lambda nsecs: nsec.proves_no_ds(nsecs, name),
        lambda ring: nsec3.proves_no_ds(ring, name),
    )
    claim = _Claim("no DS", NO_DATA, records.ttl, f"{name.dotted} DS")
    return _denial(records, found, claim)


def expansion(records: Records, name: Name, encloser: Name) -> Denial:
    """Whether the zone proves that no name closer than the wildcard exists (RFC 4035 5.3.4)."""
    found = _first(
        records,
        lambda nsecs: nsec.proves_expansion(nsecs, name, encloser),
        lambda ring: nsec3.proves_expansion(ring, name, encloser),
    )
    claim = _Claim("wildcard", FOUND, records.ttl, name.dotted)
    return _denial(records, found, claim)


def absence(records: Records, message: Message, judge: Judge, name: Name, rdtype: int) -> Denial:
    """Whether the zone proves what a negative answer says: no such name, or no such type."""
    zone, ttl = records.zone, records.ttl
    soa = next((e for e in message.authority if e.rdtype == RRType.SOA and e.owner == zone), None)
    if soa is not None:
        verdict = unexpanded(judge(soa), soa, zone)
        if verdict.security is not SECURE:
            # The SOA says how long the answer may be kept (RFC 2308 5); it must not be forged.
            text = "its SOA record does not verify"
            trials = (*records.trials, *verdict.trials)
            link = Link(zone, "no such record", BOGUS, text, (), trials)
            return Denial(BOGUS, None, link, verdict.reason)
        ttl = min(ttl, verdict.ttl, negative_ttl(soa))
    existence = NO_DATA
    found: Found = Shortfall("")
    if message.rcode == 3:
        found = _first(
            records,
            lambda nsecs: nsec.proves_name_error(nsecs, name),
            lambda ring: nsec3.proves_name_error(ring, name),
        )
        existence = NX_DOMAIN
    # A name error that turns out to be a mere lack of the type is taken for what is proved, with
    # NSEC, whose early servers got the code wrong; NSEC3 came later and did not.
    if isinstance(found, Shortfall) and (message.rcode != 3 or not records.rings):
        other = _no_data(records, name, rdtype, spans=message.rcode != 3)
        if isinstance(other, Proof) or message.rcode != 3:
            found, existence = other, NO_DATA
    kind = type_text(rdtype)
    claim = _Claim(f"no {kind}", existence, ttl, f"{name.dotted} {kind}")
    return _denial(records, found, claim)


def _no_data(records: Records, name: Name, rdtype: int, *, spans: bool) -> Found:
    found = _first(
        records,
        lambda nsecs: nsec.proves_no_data(nsecs, name, rdtype),
        lambda ring: nsec3.proves_no_data(ring, name, rdtype),
    )
    if isinstance(found, Proof) or not spans:
        return found
    # What lies in an opt-out span is unsigned, whatever is said about it (RFC 5155 9.2); an
    # empty non-terminal above unsigned delegations has no NSEC3 record of its own.
    for ring in records.rings:
        span = nsec3.lies_in_opt_out_span(ring, name, rdtype)
        if isinstance(span, Proof):
            return span
    return found


def negative_ttl(soa: Rrset) -> int:
    """How long absence may be remembered (RFC 2308 5): the SOA's TTL or its minimum field."""
    try:
        return min((soa.ttl, *(rd.soa(each).minimum for each in soa.rdatas)))
    except rd.BadRdata:
        return 0


def _first(
    records: Records,
    by_nsec: Callable[[Sequence[nsec.Nsec]], Found],
    by_nsec3: Callable[[nsec3.Ring], Found],
) -> Found:
    """The first proof that succeeds, or else the first shortfall."""
    missing: Shortfall | None = None
    if records.nsecs:
        found = by_nsec(records.nsecs)
        if isinstance(found, Proof):
            return found
        missing = found
    for ring in records.rings:
        found = by_nsec3(ring)
        if isinstance(found, Proof):
            return found
        missing = missing or found
    return missing or Shortfall("")


class _Claim(Struct, frozen=True, gc=False):
    """What would be true if the proof held."""

    what: str
    existence: Existence
    ttl: int
    about: str


def _denial(records: Records, found: Found, claim: _Claim) -> Denial:
    what, existence, ttl = claim.what, claim.existence, claim.ttl
    shown = dict.fromkeys(f"{owner.dotted} {text}" for owner, text in records.shown)
    if isinstance(found, Proof):
        used = dict.fromkeys(
            f"{owner.dotted} {text}" for owner, text in records.shown if owner in found.owners
        )
        security = INSECURE if found.opt_out else SECURE
        reason = None
        if found.opt_out:
            reason = because(Why.OPT_OUT, records.zone, claim.about, detail=found.text)
        link = Link(records.zone, what, security, found.text, tuple(used), records.trials)
        return Denial(
            security, existence, link, reason, ttl, records.until, delegation=found.delegation
        )
    # The count is believed only where everything said along with it holds: one costly record of
    # the zone, played back among forged ones, must not make them pass.
    if records.costly and not records.faults:
        count, limit = records.costly, records.most
        reason = because(Why.COSTLY_DENIAL, records.zone, claim.about, count=count, limit=limit)
        text = reason.finding
        link = Link(records.zone, what, INSECURE, text, tuple(shown), records.trials)
        return Denial(INSECURE, existence, link, reason, ttl, records.until)
    reason = _missing(records, found, claim)
    link = Link(records.zone, what, BOGUS, reason.finding, tuple(shown), records.trials)
    return Denial(BOGUS, None, link, reason)


def _missing(records: Records, found: Shortfall, claim: _Claim) -> Reason:
    if records.faults:
        return records.faults[0]
    if not records.seen:
        return because(Why.NO_DENIAL, records.zone, claim.about, what=claim.what)
    detail = found.text or "no record of the answer can be used"
    return because(Why.DENIAL_INCOMPLETE, records.zone, claim.about, what=claim.what, detail=detail)
