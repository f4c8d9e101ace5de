"""Mutations of what is proved to be absent: the NSEC and NSEC3 records, and the SOA beside them."""

import base64
from random import Random

from msgspec import structs

from esashell.resolver import rdata as rd
from esashell.resolver.names import BadName
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from tests.differential.mutations.draft import (
    PROOFS,
    Draft,
    Signer,
    flipped,
    mutation,
    one,
    put,
)
from tests.differential.mutations.signatures import drop_every_signature


@mutation
def drop_a_proof(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, *PROOFS, signed=False)
    return old is not None and put(draft, old)


@mutation
def drop_every_proof(dice: Random, draft: Draft, signer: Signer) -> bool:
    before = len(draft.authority)
    draft.authority = [each for each in draft.authority if each.rdtype not in PROOFS]
    return len(draft.authority) < before


@mutation
def drop_the_soa(dice: Random, draft: Draft, signer: Signer) -> bool:
    before = len(draft.authority)
    draft.authority = [each for each in draft.authority if each.rdtype != RRType.SOA]
    return len(draft.authority) < before


@mutation
def strip_all_of_dnssec(dice: Random, draft: Draft, signer: Signer) -> bool:
    return drop_every_signature(dice, draft, signer) | drop_every_proof(dice, draft, signer)


@mutation
def swap_a_proof_for_another_of_the_zone(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, *PROOFS)
    if old is None:
        return False
    others = [e for e in signer.proofs(signer.zone_of(old)) if e.owner != old.owner]
    return bool(others) and put(draft, old, dice.choice(others))


@mutation
def swap_a_proof_for_one_of_the_parent(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, *PROOFS)
    if old is None:
        return False
    others = signer.proofs(signer.parent(signer.zone_of(old)))
    return bool(others) and put(draft, old, dice.choice(others))


@mutation
def swap_all_proofs_for_those_of_the_whole_zone(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, *PROOFS)
    every = signer.proofs(signer.zone_of(old)) if old is not None else []
    if not every or len(every) > 12:
        return False
    draft.authority = [e for e in draft.authority if e.rdtype not in PROOFS] + every
    return True


def _bitmap_of(rrset: Rrset) -> tuple[bytes, frozenset[int]]:
    """What stands before the bitmap of an NSEC or NSEC3 record, and the bitmap."""
    raw = rrset.rdatas[0]
    if rrset.rdtype == RRType.NSEC:
        at = rd.name_at(raw, 0)[1]
    else:
        at = 5 + raw[4]
        at += 1 + raw[at]
    return raw[:at], rd.types_in_bitmap(raw[at:])


# Types whose presence in a bitmap decides what the record proves.
_TELLING = (
    *(RRType.CNAME, RRType.NS, RRType.SOA, RRType.DS),
    *(RRType.DNAME, RRType.A, RRType.NSEC, RRType.RRSIG),
)


@mutation
def wrong_type_bitmap(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, *PROOFS)
    if old is None:
        return False
    head, types = _bitmap_of(old)
    changed = {
        dice.choice((draft.rdtype, draft.rdtype, *_TELLING)) for _ in range(dice.choice((1, 1, 2)))
    }
    new = structs.replace(old, rdatas=(head + rd.bitmap_of(frozenset(types ^ changed)),))
    return put(draft, old, signer.resigned(new))


@mutation
def wrong_next_name(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, *PROOFS)
    if old is None:
        return False
    head, types = _bitmap_of(old)
    zone = signer.zone_of(old)
    if old.rdtype == RRType.NSEC:
        try:
            choices = [zone, old.owner, draft.qname, draft.qname.prepend(b"x"), zone.parent]
        except (BadName, IndexError):
            return False
        head = dice.choice(choices)
    else:
        salt_end = 5 + head[4]
        own = base64.b32hexdecode(old.owner[1 : 1 + old.owner[0]].upper())
        choices3 = [own, bytes(20), b"\xff" * 20, own[:10], flipped(dice, head[salt_end + 1 :])]
        following = dice.choice(choices3)
        head = head[:salt_end] + bytes((len(following),)) + following
    new = structs.replace(old, rdatas=(head + rd.bitmap_of(types),))
    return put(draft, old, signer.resigned(new))


@mutation
def wrong_nsec3_parameters(dice: Random, draft: Draft, signer: Signer) -> bool:
    places = draft.places(RRType.NSEC3, signed=True)
    if not places:
        return False
    if dice.random() < 0.4:
        places = [dice.choice(places)]
    kind, number = dice.choice(
        [("flags", each) for each in (1, 1, 2, 3)]
        + [("iterations", each) for each in (1, 151, 2500)]
        + [("hash", 2), ("salt", 1)]
    )
    for section, at in places:
        raw = section[at].rdatas[0]
        match kind:
            case "flags":
                raw = raw[:1] + bytes((raw[1] ^ number,)) + raw[2:]
            case "hash":
                raw = bytes((number,)) + raw[1:]
            case "iterations":
                raw = raw[:2] + number.to_bytes(2, "big") + raw[4:]
            case "salt":
                raw = raw[:4] + b"\x02\xab\xce" + raw[5 + raw[4] :]
        section[at] = signer.resigned(structs.replace(section[at], rdatas=(raw,)))
    return True
