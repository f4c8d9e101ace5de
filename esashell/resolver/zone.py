"""What is known of one zone: whether anything vouches for its keys, and which they are.

Here the DNSKEY RRset of a zone meets what vouches for it, the DS records at its parent or an
anchor (RFC 4035 5.2): one of its keys must be named there, and one so named must have signed the
whole set. Nothing is asked here; `zonekeys` walks from zone to zone and does the asking.
"""

from collections.abc import Sequence

from msgspec import Struct

from esashell.clock import SECOND
from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import Key, Policy, algorithm_text, digest, zone_key
from esashell.resolver.answer import BOGUS, INDETERMINATE, INSECURE, SECURE, Link, Reason, Security
from esashell.resolver.budget import Work
from esashell.resolver.cache import BOGUS_SECONDS, FAILURE_SECONDS, LONGEST
from esashell.resolver.names import ROOT, Name
from esashell.resolver.reasons import Why, because
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.signatures import Keyring, Verdict, judging, keyring, unexpanded
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Steps


class Zone(Struct, frozen=True, gc=False):
    """A zone and what is known of its keys.

    SECURE: `keys` are its keys. INSECURE: it is proved that nothing vouches for it. BOGUS and
    INDETERMINATE: `reason` says which link of `chain` failed. `until` is in microseconds.
    `cut` means that a zone is known to begin at the name: by DS records, by the proof of a
    delegation without any, or by keys that fit an anchor. Otherwise it may begin further up.
    """

    name: Name
    security: Security
    keys: Keyring
    chain: tuple[Link, ...]
    until: int
    reason: Reason | None = None
    cut: bool = False


class Voucher(Struct, frozen=True, gc=False):
    """What vouches for a zone's keys: DS records at the `parent`, or an anchor's records."""

    digests: tuple[rd.Ds, ...]
    keys: tuple[bytes, ...]
    ttl: int
    parent: Name | None = None
    note: str = ""


def unanchored(target: Name, now: int) -> Zone:
    """The zone of a name that no anchor is above of."""
    reason = because(Why.NO_ANCHOR, ROOT, target.dotted)
    link = Link(ROOT, "anchor", INSECURE, reason.finding)
    return Zone(ROOT, INSECURE, Keyring(ROOT), (link,), now + LONGEST * SECOND, reason)


def keyless(
    name: Name, security: Security, chain: tuple[Link, ...], reason: Reason | None, now: int
) -> Zone:
    """A zone without keys; how long it is remembered depends on what is wrong with it."""
    seconds = {BOGUS: BOGUS_SECONDS, INDETERMINATE: FAILURE_SECONDS}
    until = now + seconds.get(security, LONGEST) * SECOND
    return Zone(name, security, Keyring(name), chain, until, reason)


def rrset_link(zone: Name, rrset: Rrset, verdict: Verdict) -> Link:
    """The link of the chain that an RRset of the zone makes."""
    finding = verdict.reason.finding if verdict.reason is not None else ""
    what = type_text(rrset.rdtype)
    return Link(zone, what, verdict.security, finding, (), verdict.trials, rrset)


def ds_records(rdatas: Sequence[bytes]) -> tuple[rd.Ds, ...]:
    """Those that can be read; a DS that cannot is as one with an unknown digest."""
    found = []
    for each in rdatas:
        try:
            found.append(rd.ds(each))
        except rd.BadRdata:
            continue
    return tuple(found)


def unsupported(parent: Name, name: Name, records: Sequence[rd.Ds], policy: Policy) -> Reason:
    """Why none of these DS records can authenticate a key."""
    about, child = f"{name.dotted} DS", name.dotted
    if any(policy.supports(each.algorithm) for each in records):
        return because(Why.UNSUPPORTED_DIGEST, parent, about, child=child)
    named = ", ".join(sorted({algorithm_text(each.algorithm) for each in records}))
    named = named or "nothing that can be read"
    return because(Why.UNSUPPORTED_ALGORITHM, parent, about, child=child, named=named)


def by_keys(
    name: Name,
    voucher: Voucher,
    chain: tuple[Link, ...],
    message: Message,
    *,
    now: int,
    work: Work,
    policy: Policy,
) -> Steps[Zone]:
    """What the answer to the DNSKEY question makes of the zone; `now` is in microseconds."""
    found = next((e for e in message.answer if e.owner == name and e.rdtype == RRType.DNSKEY), None)
    if found is None:
        reason = _no_keys(name, voucher)
        link = Link(name, "DNSKEY", BOGUS, reason.finding)
        return keyless(name, BOGUS, (*chain, link), reason, now)
    keys = [key for key in map(zone_key, sorted(found.rdatas)) if key is not None]
    vouched = _vouched(name, keys, voucher, work)
    if not vouched:
        reason = _no_match(name, found.rdatas, voucher)
        records = tuple(rd.text(RRType.DNSKEY, each) for each in found.rdatas)
        link = Link(name, "DNSKEY", BOGUS, reason.finding, records)
        return keyless(name, BOGUS, (*chain, link), reason, now)
    ring = keyring(name, vouched)
    verdict = yield from judging(found, ring, now // SECOND, work, policy)
    verdict = unexpanded(verdict, found, name)
    link = rrset_link(name, found, verdict)
    if verdict.security is not SECURE:
        return keyless(name, BOGUS, (*chain, link), verdict.reason, now)
    usable = [key for key in keys if policy.supports(key.algorithm)]
    until = now + min(verdict.ttl, voucher.ttl, LONGEST) * SECOND
    return Zone(name, SECURE, keyring(name, usable), (*chain, link), until)


def _vouched(name: Name, keys: Sequence[Key], voucher: Voucher, work: Work) -> list[Key]:
    """The keys that a DS record or an anchor names (RFC 4035 5.2)."""
    found = [key for key in keys if key.rdata in voucher.keys]
    compared = 0
    for each in sorted(voucher.digests, key=lambda ds: (ds.key_tag, ds.algorithm, ds.digest)):
        for key in keys:
            if key.tag != each.key_tag or key.algorithm != each.algorithm or key in found:
                continue
            if compared >= work.budget.digests:
                raise work.out("digests", name, RRType.DS)
            compared += 1
            if digest(name, key.rdata, each.digest_type) == each.digest:
                found.append(key)
    return found


def _no_keys(name: Name, voucher: Voucher) -> Reason:
    parent = voucher.parent
    kind = "DS record" if parent else "trust anchor"
    at = f" at {parent.dotted}" if parent else ""
    return because(
        Why.NO_DNSKEY,
        name,
        f"{name.dotted} DNSKEY",
        vouched=f"{name.dotted} has a {kind}{at}",
        holder=parent.dotted if parent else "the operator here",
        kind=kind,
    )


def _no_match(name: Name, rdatas: Sequence[bytes], voucher: Voucher) -> Reason:
    tags = sorted({each.key_tag for each in voucher.digests} | set(map(rd.key_tag, voucher.keys)))
    published = sorted({rd.key_tag(each) for each in rdatas if len(each) > 4})
    missing = [tag for tag in tags if tag not in published]
    wanted = ", ".join(map(str, missing or tags))
    about = f"{name.dotted} DNSKEY"
    shown = ", ".join(map(str, published)) or "none"
    if voucher.parent is not None:
        why, parent = Why.STALE_DS if missing else Why.WRONG_DS, voucher.parent.dotted
        return because(why, name, about, parent=parent, tags=wanted, published=shown)
    if missing:
        fault = f"points to key {wanted}, which {name.dotted} does not publish"
    else:
        fault = f"has the tag of key {wanted} but does not fit that key"
    note = voucher.note or "bring the trust anchor up to date; or the answer was forged"
    return because(Why.STALE_ANCHOR, name, about, fault=fault, published=shown, note=note)
