"""A message on its way to being another, and the keys to sign what is changed in it."""

import struct
from collections.abc import Callable
from random import Random

from msgspec import structs

from esashell.resolver import rdata as rd
from esashell.resolver.names import ROOT, Name
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
FOUND: dict[str, Mutation] = {}


def mutation(function: Mutation) -> Mutation:
    """The function's name, in words, goes into the table."""
    FOUND[function.__name__.replace("_", " ")] = function
    return function


def one(dice: Random, draft: Draft, *types: int, signed: bool = True) -> Rrset | None:
    """An RRset of these types; the change to it is made with `put`."""
    places = draft.places(*types, signed=signed)
    if not places:
        return None
    section, at = dice.choice(places)
    return section[at]


def put(draft: Draft, old: Rrset, *new: Rrset) -> bool:
    for section in (draft.answer, draft.authority):
        if old in section:
            at = section.index(old)
            section[at : at + 1] = new
            return True
    raise AssertionError("the RRset comes from the draft")


def flipped(dice: Random, octets: bytes, first: int = 0) -> bytes:
    at = dice.randrange(first, len(octets))
    return octets[:at] + bytes((octets[at] ^ (1 << dice.randrange(8)),)) + octets[at + 1 :]
