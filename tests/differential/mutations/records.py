"""Mutations of what a message says: its records, where they stand, and the code."""

from random import Random

from msgspec import structs

from esashell.resolver.rrtypes import RRType
from tests.differential.mutations.draft import (
    Draft,
    Signer,
    flipped,
    mutation,
    one,
    put,
)


@mutation
def drop_a_record(dice: Random, draft: Draft, signer: Signer) -> bool:
    places = [(each, at) for each, at in draft.places() if len(each[at].rdatas) > 1]
    if not places:
        return False
    section, at = dice.choice(places)
    gone = dice.choice(section[at].rdatas)
    left = tuple(each for each in section[at].rdatas if each != gone)
    section[at] = structs.replace(section[at], rdatas=left)
    return True


@mutation
def drop_an_rrset(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, signed=False)
    return old is not None and put(draft, old)


@mutation
def flip_a_bit_of_a_record(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, signed=False)
    if old is None:
        return False
    at = dice.randrange(len(old.rdatas))
    if not old.rdatas[at]:
        return False
    rdatas = list(old.rdatas)
    rdatas[at] = flipped(dice, rdatas[at])
    return put(draft, old, structs.replace(old, rdatas=tuple(rdatas)))


@mutation
def flip_the_rcode(dice: Random, draft: Draft, signer: Signer) -> bool:
    draft.rcode = 0 if draft.rcode == 3 else 3
    return True


@mutation
def swap_sections(dice: Random, draft: Draft, signer: Signer) -> bool:
    places = draft.places()
    if not places:
        return False
    section, at = dice.choice(places)
    other = draft.authority if section is draft.answer else draft.answer
    other.append(section.pop(at))
    return True


@mutation
def swap_the_order(dice: Random, draft: Draft, signer: Signer) -> bool:
    dice.shuffle(draft.answer)
    dice.shuffle(draft.authority)
    for section, at in draft.places():
        rdatas = dice.sample(section[at].rdatas, len(section[at].rdatas))
        section[at] = structs.replace(section[at], rdatas=tuple(rdatas))
    return bool(draft.places())


@mutation
def swap_the_owner(dice: Random, draft: Draft, signer: Signer) -> bool:
    """The RRset under another name, the parent's or one below."""
    old = one(dice, draft)
    if old is None or len(old.owner) == 1:
        return False
    choices = [old.owner.parent, old.owner.prepend(b"x"), draft.qname]
    return put(draft, old, structs.replace(old, owner=dice.choice(choices)))


@mutation
def answer_with_nothing(dice: Random, draft: Draft, signer: Signer) -> bool:
    had = bool(draft.answer)
    draft.answer = []
    return had


@mutation
def wrong_ttl(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    return put(draft, old, structs.replace(old, ttl=dice.choice((0, 1, 86400 * 7, 0x80000001))))


@mutation
def resigned_with_other_records(dice: Random, draft: Draft, signer: Signer) -> bool:
    """A second CNAME, DNAME, SOA or address, signed along with the first."""
    types = (RRType.CNAME, RRType.DNAME, RRType.SOA, RRType.A)
    old = one(dice, draft, *types)
    if old is None:
        return False
    more = b"\x05other" + old.rdatas[0] if old.rdtype != RRType.A else bytes(4)
    return put(draft, old, signer.resigned(structs.replace(old, rdatas=(*old.rdatas, more))))
