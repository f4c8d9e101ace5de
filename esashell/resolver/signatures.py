"""One RRset, one zone's keys, one moment: is there a signature that holds (RFC 4035 5.3)?

Any single good signature is enough (RFC 6840 5.4); one by an unknown key, or with an algorithm that
is not supported, counts for nothing and hurts nothing (RFC 6840 5.12). Every signature that was
looked at leaves a `Trial` with its result, so that a report can say *why* and not only *no*.

What is signed is rebuilt here from the canonical bytes that parsing left: the RRSIG without its
signature, then each record with the original TTL, sorted as octet strings (RFC 4034 3.1.8.1, 6.3).
Where the label count says that the owner was made from a wildcard, the wildcard's own name is
signed; such a verdict carries the `encloser`, and whoever asked owes the proof that no closer
name exists (RFC 4035 5.3.4). It is not a finished answer.
"""

import struct
from collections.abc import Mapping, Sequence

from msgspec import Struct

from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import Key, Policy, algorithm_text
from esashell.resolver.answer import BOGUS, SECURE, Reason, Security, Trial
from esashell.resolver.budget import OutOfBudget, Work
from esashell.resolver.names import Name
from esashell.resolver.reasons import Why, because
from esashell.resolver.rrtypes import RRType, type_text
from esashell.resolver.wire import Rrset
from esashell.steps import Steps, Verify

HALF = 0x80000000
# What comes along with every absence in a zone, again and again the same.
_OF_DENIALS = frozenset((RRType.NSEC.value, RRType.NSEC3.value, RRType.SOA.value))
_LENGTH = struct.Struct("!H")
_GOOD = "verified"


class Keyring(Struct, frozen=True, gc=False):
    """A zone's keys by algorithm and tag; several may share both (RFC 4035 5.3.1)."""

    zone: Name
    keys: Mapping[tuple[int, int], Sequence[Key]] = {}


class Verdict(Struct, frozen=True, gc=False):
    """Whether the RRset is the zone's own: SECURE or BOGUS, never anything else.

    `until` is when the signature ends and `ttl` what is left for a cache, both in seconds and
    both 0 when BOGUS. `encloser` is set when the owner was expanded from the wildcard below it.
    """

    security: Security
    trials: tuple[Trial, ...]
    reason: Reason | None = None
    ttl: int = 0
    until: int = 0
    encloser: Name | None = None


def keyring(zone: Name, keys: Sequence[Key]) -> Keyring:
    """These keys of the zone, ready to be looked up by what a signature says of its key."""
    ring: dict[tuple[int, int], list[Key]] = {}
    for key in keys:
        ring.setdefault((key.algorithm, key.tag), []).append(key)
    return Keyring(zone, ring)


def rrset_verdict(rrset: Rrset, ring: Keyring, now: int, work: Work, policy: Policy) -> Verdict:
    """The verdict that `judging` comes to, every signature being verified on the spot."""
    steps = judging(rrset, ring, now, work, policy)
    reply = None
    while True:
        try:
            reply = steps.send(reply).holds()
        except StopIteration as stop:
            verdict: Verdict = stop.value
            return verdict


def judging(rrset: Rrset, ring: Keyring, now: int, work: Work, policy: Policy) -> Steps[Verdict]:
    """The verdict on an RRset that is said to be the ring's zone's, at `now` in seconds."""
    zone = ring.zone
    trials: list[Trial] = []
    if not rrset.signatures:
        return Verdict(BOGUS, (), _unsigned(rrset, zone))
    # In a fixed order, so that the order of records in the message never matters.
    tried, spent = 0, False
    labels = label_count(rrset.owner)
    for raw in sorted(rrset.signatures) if len(rrset.signatures) > 1 else rrset.signatures:
        try:
            signature = rd.rrsig(raw, zone)
        except rd.BadRdata as error:
            trials.append(Trial(None, 0, 0, f"malformed: {error}"))
            continue
        fault = _fault(signature, rrset.rdtype, labels, zone, now=now, policy=policy)
        candidates: Sequence[Key] = ()
        if not fault:
            candidates = ring.keys.get((signature.algorithm, signature.key_tag), ())
            fault = "" if candidates else "no such key in the zone"
        if not fault and tried >= work.budget.signatures:
            fault, spent = "not tried", True
        if fault:
            trials.append(_trial(signature, fault))
            continue
        tried += 1
        encloser = _encloser(rrset.owner, labels, signature.labels)
        try:
            data = _signed(rrset, raw, signature, encloser)
            result = yield from _try_keys(rrset, data, signature.signature, candidates, work)
        except OutOfBudget as error:
            error.trials = (*trials, _trial(signature, f"not tried to its end: {error}"))
            raise
        trials.append(_trial(signature, result))
        if result is _GOOD:
            left = (signature.expiration - now) & 0xFFFFFFFF
            # RFC 4035 5.3.3: the least of what was received, what was signed, and what is left.
            ttl = min(rrset.ttl, signature.original_ttl, left)
            return Verdict(SECURE, tuple(trials), None, ttl, now + left, encloser)
    if spent:
        # One of the others may hold, so nothing is known of the RRset.
        out = work.out("signatures", rrset.owner, rrset.rdtype)
        out.trials = tuple(trials)
        raise out
    return Verdict(BOGUS, tuple(trials), _why(rrset, zone, trials))


def unexpanded(verdict: Verdict, rrset: Rrset, zone: Name) -> Verdict:
    """The verdict on an RRset that no wildcard can stand for, whoever signed it.

    A DS, DNSKEY or SOA record says something about the name it is at (RFC 4592 4.1, 4.6).
    """
    if verdict.encloser is None:
        return verdict
    what = f"{rrset.owner.dotted} {type_text(rrset.rdtype)}"
    wildcard = "*." + verdict.encloser.dotted.lstrip(".")
    reason = because(Why.NOT_OF_A_WILDCARD, zone, what, wildcard=wildcard)
    return Verdict(BOGUS, verdict.trials, reason)


def _trial(signature: rd.Rrsig, result: str) -> Trial:
    return Trial(signature.signer, signature.key_tag, signature.algorithm, result)


def _fault(it: rd.Rrsig, rdtype: int, labels: int, zone: Name, *, now: int, policy: Policy) -> str:
    """Why this signature cannot count, whatever the keys are (RFC 4035 5.3.1); empty if it may."""
    if it.type_covered != rdtype:
        return "covers another type"
    if it.signer != zone:
        return f"signer is not the zone {zone.dotted}"
    if it.labels > labels:
        return "more labels than the owner has"
    if not policy.supports(it.algorithm):
        return f"{algorithm_text(it.algorithm)} is not supported"
    # Times are compared by serial arithmetic (RFC 4034 3.1.5).
    stamp = now & 0xFFFFFFFF
    # Those that lie half the circle apart are in no order at all (RFC 1982 3.2), and prove nothing.
    if (it.expiration - it.inception) & 0xFFFFFFFF >= HALF:
        return "expires before it begins"
    if (it.expiration - stamp) & 0xFFFFFFFF >= HALF:
        return "expired"
    if (stamp - it.inception) & 0xFFFFFFFF >= HALF:
        return "not yet valid"
    return ""


def label_count(owner: Name) -> int:
    """Labels without the root's and without a leading asterisk (RFC 4034 3.1.3)."""
    count = len(owner.ancestors()) - 1
    return count - 1 if owner.startswith(b"\x01*") else count


def _encloser(owner: Name, labels: int, signed: int) -> Name | None:
    """The name above the wildcard that the owner was made from; None when it was not.

    The owner has so many `labels`, and so many were signed.
    """
    surplus = labels - signed
    if surplus == 0:
        return None
    name = owner
    for _ in range(surplus + owner.is_wildcard):
        name = name.parent
    return name


def _try_keys(
    rrset: Rrset, data: bytes, signature: bytes, candidates: Sequence[Key], work: Work
) -> Steps[str]:
    """`_GOOD` when one of the keys has made the signature, or how it went with each."""
    results = []
    most = work.budget.keys
    many = len(candidates) > most
    denies = rrset.rdtype in _OF_DENIALS
    for key in sorted(candidates, key=lambda key: key.rdata)[:most] if many else candidates:
        if key.fault:
            results.append(f"unusable key: {key.fault}")
            continue
        if denies and key.remembers(signature, data):
            return _GOOD
        work.verification(rrset.owner, rrset.rdtype)
        if (yield Verify(key, signature, data)):
            if denies:
                key.remember(signature, data)
            return _GOOD
        work.failure(rrset.owner, rrset.rdtype)
        results.append("bad signature")
    if many:
        raise work.out("keys", rrset.owner, rrset.rdtype)
    return "; ".join(dict.fromkeys(results))


def signed_data(rrset: Rrset, raw: bytes, it: rd.Rrsig) -> bytes:
    """The octets that the signature is over (RFC 4034 3.1.8.1)."""
    return _signed(rrset, raw, it, _encloser(rrset.owner, label_count(rrset.owner), it.labels))


def _signed(rrset: Rrset, raw: bytes, it: rd.Rrsig, encloser: Name | None) -> bytes:
    owner = rrset.owner if encloser is None else b"\x01*" + encloser
    # The RRSIG's own fields already stand in the order wanted: type, class, original TTL.
    head = b"%b%b\x00\x01%b" % (owner, raw[:2], raw[4:8])
    fields = raw[: len(raw) - len(it.signature)]
    pack = _LENGTH.pack
    if len(rrset.rdatas) == 1:
        (only,) = rrset.rdatas
        return b"".join((fields, head, pack(len(only)), only))
    return fields + b"".join(
        [part for each in sorted(rrset.rdatas) for part in (head, pack(len(each)), each)]
    )


def _unsigned(rrset: Rrset, zone: Name) -> Reason:
    return because(Why.NOT_SIGNED, zone, f"{rrset.owner.dotted} {type_text(rrset.rdtype)}")


# What is said first when several signatures failed in several ways.
_SITUATIONS = (
    ("bad signature", Why.BAD_SIGNATURE),
    ("unusable key", Why.BAD_SIGNATURE),
    ("expired", Why.EXPIRED),
    ("not yet valid", Why.NOT_YET_VALID),
    ("expires before it begins", Why.ENDS_BEFORE_IT_BEGINS),
    ("no such key", Why.NO_SUCH_KEY),
    ("more labels", Why.BAD_SIGNATURE),
    ("signer is not", Why.WRONG_SIGNER),
    ("malformed", Why.BAD_SIGNATURE),
    ("covers another type", Why.BAD_SIGNATURE),
)


def _why(rrset: Rrset, zone: Name, trials: Sequence[Trial]) -> Reason:
    why, shown = Why.UNSUPPORTED_SIGNATURE, trials[0]
    for word, each_why in _SITUATIONS:
        hit = next((each for each in trials if word in each.result), None)
        if hit:
            why, shown = each_why, hit
            break
    return because(
        why,
        zone,
        f"{rrset.owner.dotted} {type_text(rrset.rdtype)}",
        tag=shown.key_tag,
        result=shown.result,
        signer=shown.signer.rstrip(".") + ".",
    )
