"""Mutations of a chain of trust: the DS records of a parent, and the keys that they name."""

import struct
from random import Random

from msgspec import structs

from esashell.resolver import rdata as rd
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
def stale_ds(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = one(dice, draft, RRType.DS)
    if old is None:
        return False
    tag, algorithm, kind, digest = structs.astuple(rd.ds(old.rdatas[0]))

    def ds(tag: int, algorithm: int, kind: int, digest: bytes) -> bytes:
        return struct.pack("!HBB", tag, algorithm, kind) + digest

    right = ds(tag, algorithm, kind, digest)
    new: tuple[bytes, ...] = dice.choice(
        (
            (ds(tag ^ 1, algorithm, kind, digest),),
            (ds(tag, algorithm, kind, flipped(dice, digest)),),
            (ds(tag, 14 if algorithm == 13 else 13, kind, digest),),
            (ds(tag, 240, kind, digest),),
            (ds(tag, 5, kind, digest),),
            (ds(tag, algorithm, 240, digest),),
            (ds(tag, algorithm, 1, digest[:20]),),
            (ds(tag, algorithm, 4, digest),),
            (ds(tag, algorithm, kind, digest[:-1]),),
            (ds(tag, algorithm, kind, b""),),
            (right[:3],),
            (right, ds(tag, algorithm, 1, digest[:20])),
            (right, ds(tag ^ 1, algorithm, kind, digest)),
            (right, ds(tag, 240, kind, digest)),
            (right, ds(tag, algorithm, 240, digest)),
            (right, ds(tag, algorithm, 4, digest + bytes(16))),
            (ds(tag, 240, kind, digest), ds(tag ^ 1, algorithm, kind, digest)),
        )
    )
    return put(draft, old, signer.resigned(structs.replace(old, rdatas=new)))


@mutation
def wrong_keys(dice: Random, draft: Draft, signer: Signer) -> bool:
    """Other DNSKEY records, signed by the key that the DS record names."""
    old = one(dice, draft, RRType.DNSKEY)
    if old is None:
        return False
    first, *others = old.rdatas
    flags = int.from_bytes(first[:2], "big")
    match dice.randrange(8):
        case 0:
            first = (flags ^ 0x0100).to_bytes(2, "big") + first[2:]
        case 1:
            first = (flags ^ 0x0080).to_bytes(2, "big") + first[2:]
        case 2:
            first = (flags ^ 0x0001).to_bytes(2, "big") + first[2:]
        case 3:
            first = first[:2] + b"\x02" + first[3:]
        case 4:
            first = first[:3] + bytes((dice.choice((8, 14, 16, 240)),)) + first[4:]
        case 5:
            first = first[:-1]
        case 6:
            others.append(first[:-4] + b"\1\2\3\4")
        case 7:
            others += [first[:3] + b"\x08" + first[4:], b"\x01\x01\x03"]
    new = structs.replace(old, rdatas=(first, *others))
    if dice.random() < 0.7:
        new = signer.resigned(new)
    return put(draft, old, new)
