"""Mutations of who vouches for a record: signatures left out, spoilt, dated or signed wrongly."""

from random import Random

from msgspec import structs

from esashell.resolver.names import ROOT, Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.signatures import label_count
from tests.differential.mutations.draft import (
    DAY,
    NOW,
    Draft,
    Signer,
    flipped,
    mutation,
    one,
    put,
)


@mutation
def drop_one_signature(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    return old is not None and put(draft, old, structs.replace(old, signatures=()))


@mutation
def drop_every_signature(dice: Random, draft: Draft, signer: Signer) -> bool:
    places = draft.places(signed=True)
    for section, at in places:
        section[at] = structs.replace(section[at], signatures=())
    return bool(places)


@mutation
def flip_a_bit_of_a_signature(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    first = 18 + len(signer.zone_of(old))
    spoilt = flipped(dice, old.signatures[0], min(first, len(old.signatures[0]) - 1))
    return put(draft, old, structs.replace(old, signatures=(spoilt,)))


@mutation
def flip_a_bit_of_a_signature_head(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    raw = old.signatures[0]
    return put(draft, old, structs.replace(old, signatures=(flipped(dice, raw[:18]) + raw[18:],)))


@mutation
def swap_two_signatures(dice: Random, draft: Draft, signer: Signer) -> bool:
    places = draft.places(signed=True)
    if len(places) < 2:
        return False
    (one, at), (other, there) = dice.sample(places, 2)
    mine, theirs = one[at].signatures, other[there].signatures
    one[at] = structs.replace(one[at], signatures=theirs)
    other[there] = structs.replace(other[there], signatures=mine)
    return True


@mutation
def redate(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    since, until = dice.choice(
        (
            (NOW - 30 * DAY, NOW - DAY),
            (NOW + DAY, NOW + 9 * DAY),
            (NOW + DAY, NOW - DAY),
            (NOW - 30 * DAY, NOW - 1),
            (NOW - DAY, NOW),
            (NOW, NOW + DAY),
            (NOW + 1, NOW + DAY),
            (NOW, NOW),
            (NOW - 0x80000000 + 5, NOW + 5),
            ((NOW - 0x7FFFFFF0) & 0xFFFFFFFF, (NOW + 100) & 0xFFFFFFFF),
        )
    )
    new = signer.signature(old, inception=since & 0xFFFFFFFF, expiration=until & 0xFFFFFFFF)
    return put(draft, old, structs.replace(old, signatures=(new,)))


@mutation
def wrong_signer(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    zone = signer.zone_of(old)
    parent, child = signer.parent(zone), signer.child(zone)
    new = dice.choice(
        [
            lambda: signer.signature(old, parent),
            lambda: signer.signature(old, ROOT),
            lambda: signer.signature(old, parent, signer=zone),
            lambda: signer.signature(old, signer=parent),
            lambda: signer.signature(old, signer=old.owner),
            lambda: signer.signature(old, child or parent),
            lambda: signer.signature(old, parted=True),
        ]
    )()
    return put(draft, old, structs.replace(old, signatures=(new,)))


@mutation
def everything_signed_by_the_parent(dice: Random, draft: Draft, signer: Signer) -> bool:
    """As a zone does that was merged with its parent, and whose old DS record was forgotten."""
    places = draft.places(signed=True)
    for section, at in places:
        parent = signer.parent(signer.zone_of(section[at]))
        new = signer.signature(section[at], parent)
        section[at] = structs.replace(section[at], signatures=(new,))
    return bool(places)


@mutation
def two_signatures_of_which_one_is_wrong(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    zone = signer.zone_of(old)
    changes: dict[str, int | Name] = dice.choice(
        (
            {"algorithm": 240},
            {"key_tag": 1},
            {"expiration": NOW - DAY},
            {"signer": signer.parent(zone)},
            {"type_covered": RRType.TXT},
            {"labels": 9},
        )
    )
    extra = signer.signature(old, **changes)
    both = (*old.signatures, extra)
    if dice.random() < 0.5:
        both = both[::-1]
    return put(draft, old, structs.replace(old, signatures=both))


@mutation
def many_bad_signatures(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    good = signer.signature(old)
    bad = [good[:-3] + bytes((at, at, at)) for at in range(dice.choice((1, 2, 3)))]
    every = [*bad, good]
    dice.shuffle(every)
    return put(draft, old, structs.replace(old, signatures=tuple(every)))


@mutation
def wrong_algorithm(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    new = signer.signature(old, algorithm=dice.choice((1, 5, 8, 12, 13, 14, 15, 253, 240)))
    return put(draft, old, structs.replace(old, signatures=(new,)))


@mutation
def wrong_labels(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft)
    if old is None:
        return False
    labels = dice.randrange(0, label_count(old.owner) + 2)
    new = signer.signature(old, labels=labels)
    return put(draft, old, structs.replace(old, signatures=(new,)))
