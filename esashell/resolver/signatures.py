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
from esashell.resolver.answer import Ede, Reason, Security, Trial
from esashell.resolver.budget import Work
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import type_text
from esashell.resolver.wire import Rrset

HALF = 0x80000000
_LENGTH = struct.Struct("!H")


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
    """The verdict on an RRset that is said to be the ring's zone's, at `now` in seconds."""
    zone = ring.zone
    trials: list[Trial] = []
    if not rrset.signatures:
        return Verdict(Security.BOGUS, (), _unsigned(rrset, zone))
    # In a fixed order, so that the order of records in the message never matters.
    tried = 0
    for raw in sorted(rrset.signatures) if len(rrset.signatures) > 1 else rrset.signatures:
        try:
            signature = rd.rrsig(raw)
        except rd.BadRdata as error:
            trials.append(Trial("", 0, 0, f"malformed: {error}"))
            continue
        fault = _fault(signature, rrset, zone, now, policy)
        candidates: Sequence[Key] = ()
        if not fault:
            candidates = ring.keys.get((signature.algorithm, signature.key_tag), ())
            fault = "" if candidates else "no such key in the zone"
        if not fault and tried >= work.budget.signatures:
            fault = f"not tried: more than {work.budget.signatures} signatures on one RRset"
        if fault:
            trials.append(_trial(signature, fault))
            continue
        tried += 1
        good, result = _try_keys(rrset, raw, signature, candidates, work)
        trials.append(_trial(signature, result))
        if good:
            left = (signature.expiration - now) & 0xFFFFFFFF
            # RFC 4035 5.3.3: the least of what was received, what was signed, and what is left.
            ttl = min(rrset.ttl, signature.original_ttl, left)
            encloser = _encloser(rrset.owner, signature.labels)
            return Verdict(Security.SECURE, tuple(trials), None, ttl, now + left, encloser)
    return Verdict(Security.BOGUS, tuple(trials), _why(rrset, zone, trials))


def unexpanded(verdict: Verdict, rrset: Rrset) -> Verdict:
    """The verdict on an RRset that no wildcard can stand for, whoever signed it.

    A DS, DNSKEY or SOA record says something about the name it is at (RFC 4592 4.1, 4.6).
    """
    if verdict.encloser is None:
        return verdict
    what = f"{rrset.owner.dotted} {type_text(rrset.rdtype)}"
    wildcard = "*." + verdict.encloser.dotted.lstrip(".")
    text = (
        f"by its signature {what} was made from the wildcard {wildcard}, which cannot "
        "stand for such a record (RFC 4592): it was signed wrongly, or copied to another name"
    )
    reason = Reason(Ede.DNSSEC_BOGUS, text, what)
    return Verdict(Security.BOGUS, verdict.trials, reason)


def _trial(signature: rd.Rrsig, result: str) -> Trial:
    return Trial(str(signature.signer), signature.key_tag, signature.algorithm, result)


def _fault(it: rd.Rrsig, rrset: Rrset, zone: Name, now: int, policy: Policy) -> str:
    """Why this signature cannot count, whatever the keys are (RFC 4035 5.3.1); empty if it may."""
    if it.type_covered != rrset.rdtype:
        return "covers another type"
    if it.signer != zone:
        return f"signer is not the zone {zone.dotted}"
    if it.labels > label_count(rrset.owner):
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
    count = at = 0
    while length := owner[at]:
        at += length + 1
        count += 1
    return count - owner.is_wildcard


def _encloser(owner: Name, labels: int) -> Name | None:
    """The name above the wildcard that the owner was made from; None when it was not."""
    surplus = label_count(owner) - labels
    if surplus == 0:
        return None
    name = owner
    for _ in range(surplus + owner.is_wildcard):
        name = name.parent
    return name


def _try_keys(
    rrset: Rrset, raw: bytes, it: rd.Rrsig, candidates: Sequence[Key], work: Work
) -> tuple[bool, str]:
    data = signed_data(rrset, raw, it)
    results = []
    if len(candidates) > work.budget.keys:
        candidates = sorted(candidates, key=lambda key: key.rdata)[: work.budget.keys]
        results.append(f"only {work.budget.keys} of the keys with this tag were tried")
    for key in candidates:
        if key.fault:
            results.append(f"unusable key: {key.fault}")
            continue
        work.verification(rrset.owner, rrset.rdtype)
        if key.verifies(it.signature, data):
            return True, "verified"
        work.failure(rrset.owner, rrset.rdtype)
        results.append("bad signature")
    return False, "; ".join(dict.fromkeys(results))


def signed_data(rrset: Rrset, raw: bytes, it: rd.Rrsig) -> bytes:
    """The octets that the signature is over (RFC 4034 3.1.8.1)."""
    encloser = _encloser(rrset.owner, it.labels)
    owner = rrset.owner if encloser is None else b"\x01*" + encloser
    # The RRSIG's own fields already stand in the order wanted: type, class, original TTL.
    head = owner + raw[:2] + b"\x00\x01" + raw[4:8]
    pack = _LENGTH.pack
    parts = [raw[: len(raw) - len(it.signature)]]
    for each in sorted(rrset.rdatas):
        parts.append(head)
        parts.append(pack(len(each)))
        parts.append(each)
    return b"".join(parts)


def _unsigned(rrset: Rrset, zone: Name) -> Reason:
    what = f"{rrset.owner.dotted} {type_text(rrset.rdtype)}"
    return Reason(
        Ede.RRSIGS_MISSING,
        f"{what} has no RRSIG although the zone {zone.dotted} is signed: the zone, or a resolver "
        "on the way that does not carry DNSSEC, left it out",
        what,
    )


# What is said first when several signatures failed in several ways.
_CODES = (
    ("bad signature", Ede.DNSSEC_BOGUS),
    ("unusable key", Ede.DNSSEC_BOGUS),
    ("expired", Ede.SIGNATURE_EXPIRED),
    ("not yet valid", Ede.SIGNATURE_NOT_YET_VALID),
    ("expires before it begins", Ede.SIGNATURE_EXPIRED_BEFORE_VALID),
    ("no such key", Ede.DNSKEY_MISSING),
    ("not tried", Ede.DNSSEC_BOGUS),
    ("more labels", Ede.DNSSEC_BOGUS),
    ("signer is not", Ede.DNSSEC_BOGUS),
    ("malformed", Ede.DNSSEC_BOGUS),
)

_CURES = {
    Ede.SIGNATURE_EXPIRED: "the zone must be signed again",
    Ede.SIGNATURE_NOT_YET_VALID: "the signer's clock, or ours, is wrong",
    Ede.SIGNATURE_EXPIRED_BEFORE_VALID: "the zone must be signed again",
    Ede.DNSKEY_MISSING: "the zone must publish the key that signs, or sign with one it publishes",
    Ede.DNSSEC_BOGUS: "the records were changed after they were signed, or signed wrongly",
    Ede.RRSIGS_MISSING: "the zone must sign with an algorithm that its DS records announce",
}


def _why(rrset: Rrset, zone: Name, trials: Sequence[Trial]) -> Reason:
    what = f"{rrset.owner.dotted} {type_text(rrset.rdtype)}"
    code, shown = Ede.RRSIGS_MISSING, trials[0]
    for word, each_code in _CODES:
        hit = next((each for each in trials if word in each.result), None)
        if hit:
            code, shown = each_code, hit
            break
    if "signer is not" in shown.result:
        signer = shown.signer.rstrip(".") + "."
        text = (
            f"the signature over {what} is by {signer}, but the zone that holds it is "
            f"{zone.dotted} or one below (RFC 4035 5.3.1): a zone must sign its records itself"
        )
        return Reason(code, text, what)
    return Reason(
        code,
        f"the signature over {what} by key {shown.key_tag} of {zone.dotted} does not hold "
        f"({shown.result}): {_CURES[code]}",
        what,
    )
