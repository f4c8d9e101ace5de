"""What may be wrong with a message about a signed zone: one function for each way, and their table.

A mutation takes a message apart, changes something that the dice choose, and says whether it
found anything to change. Where a mistaken zone would have signed what it says, the change is signed
again with the zone's own keys, so that nothing but the fault itself gives it away.
"""

import base64
import struct
from collections.abc import Callable
from random import Random

from msgspec import structs

from esashell.resolver import rdata as rd
from esashell.resolver.names import ROOT, BadName, Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.signatures import label_count, signed_data
from esashell.resolver.wire import Message, Rrset
from esashell.worlds.lab.world import Lab

NOW = 1_777_636_800  # 2026-05-01 12:00 UTC
DAY = 86_400
PROOFS = (RRType.NSEC, RRType.NSEC3)


class Draft:
    """A message on its way to being another."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self.qname, self.rdtype = message.question[0]
        self.rcode = message.rcode
        self.answer = list(message.answer)
        self.authority = list(message.authority)

    def message(self) -> Message:
        return structs.replace(
            self._message,
            rcode=self.rcode,
            answer=tuple(self.answer),
            authority=tuple(self.authority),
        )

    def places(self, *types: int, signed: bool = False) -> list[tuple[list[Rrset], int]]:
        """Where RRsets stand: of these types or any, signed or not."""
        return [
            (section, at)
            for section in (self.answer, self.authority)
            for at, each in enumerate(section)
            if (not types or each.rdtype in types) and (each.signatures or not signed)
        ]


class Signer:
    """The keys of the lab's zones, for a zone that signs what it should not."""

    def __init__(self, lab: Lab) -> None:
        self._catalogue = lab.catalogue

    def zone_of(self, rrset: Rrset) -> Name:
        """The zone whose signature the RRset has, or should have."""
        if rrset.signatures and len(rrset.signatures[0]) > 18:
            signer = rd.rrsig(rrset.signatures[0]).signer
            if self._catalogue.spec(signer) is not None:
                return signer
        above = rrset.rdtype == RRType.DS and rrset.owner != ROOT
        return self._catalogue.apex_for(rrset.owner.parent if above else rrset.owner)

    def parent(self, zone: Name) -> Name:
        return self._catalogue.apex_for(zone.parent) if zone != ROOT else zone

    def child(self, zone: Name) -> Name | None:
        return next(iter(self._catalogue.written_children(zone)), None)

    def proofs(self, zone: Name) -> list[Rrset]:
        """Every NSEC or NSEC3 record of a small zone."""
        found = self._catalogue.zone(zone)
        if found is None or not found.spec.signed or len(zone.labels()) < 2:
            return []
        return [each for each in found.denial.all() if each is not None]

    def signature(
        self, rrset: Rrset, by: Name | None = None, *, parted: bool = False, **changes: int | Name
    ) -> bytes:
        """An RRSIG over the RRset as it stands, like the one it has but for the changes.

        `by` is the zone whose key signs; it is also the signer's name unless that is changed.
        """
        zone = by or self.zone_of(rrset)
        spec = self._catalogue.spec(zone)
        assert spec is not None
        keys = self._catalogue.keys(zone, spec)
        key = keys.entry if (rrset.rdtype == RRType.DNSKEY) != parted else keys.signing
        old = rd.rrsig(rrset.signatures[0]) if rrset.signatures else None
        new = rd.Rrsig(
            type_covered=int(rrset.rdtype),
            algorithm=key.algorithm,
            labels=old.labels if old else label_count(rrset.owner),
            original_ttl=old.original_ttl if old else rrset.ttl,
            expiration=NOW + 14 * DAY,
            inception=NOW - DAY,
            key_tag=key.tag,
            signer=zone,
            signature=b"",
        )
        new = structs.replace(new, **changes)
        *numbers, signer, _ = structs.astuple(new)
        head = struct.pack("!HBBIIIH", *numbers) + signer
        return head + key._sign(signed_data(rrset, head, new))

    def resigned(self, rrset: Rrset) -> Rrset:
        return structs.replace(rrset, signatures=(self.signature(rrset),))


Mutation = Callable[[Random, Draft, Signer], bool]
MUTATIONS: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    MUTATIONS[function.__name__.replace("_", " ")] = function
    return function


def _one(dice: Random, draft: Draft, *types: int, signed: bool = True) -> Rrset | None:
    """An RRset of these types; the change to it is made with `_put`."""
    places = draft.places(*types, signed=signed)
    if not places:
        return None
    section, at = dice.choice(places)
    return section[at]


def _put(draft: Draft, old: Rrset, *new: Rrset) -> bool:
    for section in (draft.answer, draft.authority):
        if old in section:
            at = section.index(old)
            section[at : at + 1] = new
            return True
    raise AssertionError("the RRset comes from the draft")


def _flipped(dice: Random, octets: bytes, first: int = 0) -> bytes:
    at = dice.randrange(first, len(octets))
    return octets[:at] + bytes((octets[at] ^ (1 << dice.randrange(8)),)) + octets[at + 1 :]


# -- drop


@mutation
def drop_one_signature(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    return old is not None and _put(draft, old, structs.replace(old, signatures=()))


@mutation
def drop_every_signature(dice: Random, draft: Draft, signer: Signer) -> bool:
    places = draft.places(signed=True)
    for section, at in places:
        section[at] = structs.replace(section[at], signatures=())
    return bool(places)


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
    old = _one(dice, draft, signed=False)
    return old is not None and _put(draft, old)


@mutation
def drop_a_proof(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, *PROOFS, signed=False)
    return old is not None and _put(draft, old)


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


# -- flip


@mutation
def flip_a_bit_of_a_record(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, signed=False)
    if old is None:
        return False
    at = dice.randrange(len(old.rdatas))
    if not old.rdatas[at]:
        return False
    rdatas = list(old.rdatas)
    rdatas[at] = _flipped(dice, rdatas[at])
    return _put(draft, old, structs.replace(old, rdatas=tuple(rdatas)))


@mutation
def flip_a_bit_of_a_signature(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    if old is None:
        return False
    first = 18 + len(signer.zone_of(old))
    flipped = _flipped(dice, old.signatures[0], min(first, len(old.signatures[0]) - 1))
    return _put(draft, old, structs.replace(old, signatures=(flipped,)))


@mutation
def flip_a_bit_of_a_signature_head(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    if old is None:
        return False
    raw = old.signatures[0]
    return _put(draft, old, structs.replace(old, signatures=(_flipped(dice, raw[:18]) + raw[18:],)))


@mutation
def flip_the_rcode(dice: Random, draft: Draft, signer: Signer) -> bool:
    draft.rcode = 0 if draft.rcode == 3 else 3
    return True


# -- swap


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
def swap_a_proof_for_another_of_the_zone(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, *PROOFS)
    if old is None:
        return False
    others = [e for e in signer.proofs(signer.zone_of(old)) if e.owner != old.owner]
    return bool(others) and _put(draft, old, dice.choice(others))


@mutation
def swap_a_proof_for_one_of_the_parent(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, *PROOFS)
    if old is None:
        return False
    others = signer.proofs(signer.parent(signer.zone_of(old)))
    return bool(others) and _put(draft, old, dice.choice(others))


@mutation
def swap_all_proofs_for_those_of_the_whole_zone(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, *PROOFS)
    every = signer.proofs(signer.zone_of(old)) if old is not None else []
    if not every or len(every) > 12:
        return False
    draft.authority = [e for e in draft.authority if e.rdtype not in PROOFS] + every
    return True


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
def swap_the_owner(dice: Random, draft: Draft, signer: Signer) -> bool:
    """The RRset under another name, the parent's or one below."""
    old = _one(dice, draft)
    if old is None or len(old.owner) == 1:
        return False
    choices = [old.owner.parent, old.owner.prepend(b"x"), draft.qname]
    return _put(draft, old, structs.replace(old, owner=dice.choice(choices)))


@mutation
def answer_with_nothing(dice: Random, draft: Draft, signer: Signer) -> bool:
    had = bool(draft.answer)
    draft.answer = []
    return had


# -- re-date


@mutation
def redate(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
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
    return _put(draft, old, structs.replace(old, signatures=(new,)))


# -- who signs, and how


@mutation
def wrong_signer(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
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
    return _put(draft, old, structs.replace(old, signatures=(new,)))


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
    old = _one(dice, draft)
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
    return _put(draft, old, structs.replace(old, signatures=both))


@mutation
def many_bad_signatures(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    if old is None:
        return False
    good = signer.signature(old)
    bad = [good[:-3] + bytes((at, at, at)) for at in range(dice.choice((1, 2, 3)))]
    every = [*bad, good]
    dice.shuffle(every)
    return _put(draft, old, structs.replace(old, signatures=tuple(every)))


@mutation
def wrong_algorithm(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    if old is None:
        return False
    new = signer.signature(old, algorithm=dice.choice((1, 5, 8, 12, 13, 14, 15, 253, 240)))
    return _put(draft, old, structs.replace(old, signatures=(new,)))


@mutation
def wrong_labels(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    if old is None:
        return False
    labels = dice.randrange(0, label_count(old.owner) + 2)
    new = signer.signature(old, labels=labels)
    return _put(draft, old, structs.replace(old, signatures=(new,)))


@mutation
def wrong_ttl(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft)
    if old is None:
        return False
    return _put(draft, old, structs.replace(old, ttl=dice.choice((0, 1, 86400 * 7, 0x80000001))))


@mutation
def resigned_with_other_records(dice: Random, draft: Draft, signer: Signer) -> bool:
    """A second CNAME, DNAME, SOA or address, signed along with the first."""
    types = (RRType.CNAME, RRType.DNAME, RRType.SOA, RRType.A)
    old = _one(dice, draft, *types)
    if old is None:
        return False
    more = b"\x05other" + old.rdatas[0] if old.rdtype != RRType.A else bytes(4)
    return _put(draft, old, signer.resigned(structs.replace(old, rdatas=(*old.rdatas, more))))


# -- proofs that a mistaken zone has signed


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
    old = _one(dice, draft, *PROOFS)
    if old is None:
        return False
    head, types = _bitmap_of(old)
    changed = {
        dice.choice((draft.rdtype, draft.rdtype, *_TELLING)) for _ in range(dice.choice((1, 1, 2)))
    }
    new = structs.replace(old, rdatas=(head + rd.bitmap_of(frozenset(types ^ changed)),))
    return _put(draft, old, signer.resigned(new))


@mutation
def wrong_next_name(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, *PROOFS)
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
        choices3 = [own, bytes(20), b"\xff" * 20, own[:10], _flipped(dice, head[salt_end + 1 :])]
        following = dice.choice(choices3)
        head = head[:salt_end] + bytes((len(following),)) + following
    new = structs.replace(old, rdatas=(head + rd.bitmap_of(types),))
    return _put(draft, old, signer.resigned(new))


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


# -- keys and their digests


@mutation
def stale_ds(dice: Random, draft: Draft, signer: Signer) -> bool:
    old = _one(dice, draft, RRType.DS)
    if old is None:
        return False
    tag, algorithm, kind, digest = structs.astuple(rd.ds(old.rdatas[0]))

    def ds(tag: int, algorithm: int, kind: int, digest: bytes) -> bytes:
        return struct.pack("!HBB", tag, algorithm, kind) + digest

    right = ds(tag, algorithm, kind, digest)
    new: tuple[bytes, ...] = dice.choice(
        (
            (ds(tag ^ 1, algorithm, kind, digest),),
            (ds(tag, algorithm, kind, _flipped(dice, digest)),),
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
    return _put(draft, old, signer.resigned(structs.replace(old, rdatas=new)))


@mutation
def wrong_keys(dice: Random, draft: Draft, signer: Signer) -> bool:
    """Other DNSKEY records, signed by the key that the DS record names."""
    old = _one(dice, draft, RRType.DNSKEY)
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
    return _put(draft, old, new)
