"""Proofs that a name or a type does not exist, from NSEC3 records (RFC 5155 section 8).

Like NSEC, but the ring runs through the *hashes* of the zone's names. A hash that is absent says
nothing about the name's ancestors, so most proofs begin with the closest encloser: the longest
ancestor whose hash is there, and the name one label below it, the "next closer", whose hash is
covered.

Each function here answers one question and is named for it. All of them assume that the records
passed in are already verified, were not made from a wildcard, and come from one zone; none of them
verifies signatures, looks at the clock, or knows why it is asked. They return a `Proof` or a
`Shortfall` as in `nsec`.

Hashing is the expensive part and an attacker's lever (CVE-2023-50868): every hash is drawn from
the look-up's budget, and a name is hashed once for each parameter set. An opt-out span proves the
absence of a *signed* name and nothing else (8.6, 9.2): such proofs say so in `opt_out`, and make
an answer insecure, never secure.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence

from msgspec import Struct

from esashell.resolver import rdata as rd
from esashell.resolver.budget import Work
from esashell.resolver.names import Name
from esashell.resolver.nsec import Proof, Shortfall, lacks, lacks_ds
from esashell.resolver.rrtypes import RRType

SHA1 = 1
OPT_OUT = 0x01


class Nsec3(Struct, frozen=True, gc=False):
    """One NSEC3 record; `hashed` is its own hash, `following` the next one of the ring."""

    owner: Name
    hashed: bytes
    following: bytes
    algorithm: int
    flags: int
    iterations: int
    salt: bytes
    types: frozenset[int]

    @property
    def parameters(self) -> tuple[int, bytes]:
        return self.iterations, self.salt


def nsec3(owner: Name, rdata: bytes) -> Nsec3:
    """The record in these bytes; `BadRdata` when they, or its owner, hold none."""
    if len(rdata) < 5 or len(rdata) < 6 + rdata[4]:
        raise rd.BadRdata("an NSEC3 record that is cut off")
    salt_end = 5 + rdata[4]
    next_end = salt_end + 1 + rdata[salt_end]
    following = rdata[salt_end + 1 : next_end]
    if next_end > len(rdata) or not following:
        raise rd.BadRdata("an NSEC3 record that is cut off")
    try:
        hashed = base64.b32hexdecode(owner[1 : 1 + owner[0]].upper())
    except (binascii.Error, ValueError):
        raise rd.BadRdata("the owner of an NSEC3 record is no hash") from None
    if len(hashed) != len(following):
        raise rd.BadRdata("the hashes of an NSEC3 record differ in length")
    return Nsec3(
        owner,
        hashed,
        following,
        rdata[0],
        rdata[1],
        int.from_bytes(rdata[2:4], "big"),
        rdata[5:salt_end],
        rd.types_in_bitmap(rdata[next_end:]),
    )


def understood(record: Nsec3) -> bool:
    """Whether the record is to be used at all (RFC 5155 8.1, 8.2)."""
    return record.algorithm == SHA1 and record.flags in (0, OPT_OUT)


def name_hash(name: bytes, iterations: int, salt: bytes) -> bytes:
    """The hash of a name (RFC 5155 5)."""
    sha1 = hashlib.sha1
    value = sha1(name + salt, usedforsecurity=False).digest()
    for _ in range(iterations):
        value = sha1(value + salt, usedforsecurity=False).digest()
    return value


class Ring:
    """The NSEC3 records of one zone with one set of parameters, and the hashes already made."""

    def __init__(self, records: Sequence[Nsec3], zone: Name, work: Work) -> None:
        self.records = records
        self.zone = zone
        self.iterations, self.salt = records[0].parameters
        self._work = work
        self._hashes: dict[Name, bytes] = {}

    def hash(self, name: Name) -> bytes:
        known = self._hashes.get(name)
        if known is None:
            self._work.hash(name)
            known = self._hashes[name] = name_hash(name, self.iterations, self.salt)
        return known

    def matching(self, name: Name) -> Nsec3 | None:
        """The record of the name itself."""
        wanted = self.hash(name)
        return next((each for each in self.records if each.hashed == wanted), None)

    def covering(self, name: Name) -> Nsec3 | None:
        """A record that shows that the name's hash is not in the zone."""
        wanted = self.hash(name)
        return next((each for each in self.records if _covers(each, wanted)), None)


def _covers(record: Nsec3, wanted: bytes) -> bool:
    if record.hashed < record.following:
        return record.hashed < wanted < record.following
    # The last record of the ring; in a zone of one name it covers all but its own hash.
    return record.hashed < wanted or wanted < record.following


class Encloser(Struct, frozen=True, gc=False):
    """The closest encloser proof (RFC 5155 7.2.1): `name` exists and `next_closer` does not."""

    name: Name
    next_closer: Name
    owners: tuple[Name, ...]
    opt_out: bool


def closest_encloser(ring: Ring, name: Name) -> Encloser | Shortfall:
    """The closest existing ancestor of a name that does not exist itself (RFC 5155 8.3)."""
    next_closer = name
    candidate = name
    while len(candidate) > len(ring.zone):
        candidate = candidate.parent
        match = ring.matching(candidate)
        if match is None:
            next_closer = candidate
            continue
        # RFC 5155 8.3: a record at a DNAME or at a cut says nothing about what lies below.
        if RRType.DNAME in match.types or (
            RRType.NS in match.types and RRType.SOA not in match.types
        ):
            return Shortfall(f"the closest encloser {candidate.dotted} is a zone cut or a DNAME")
        cover = ring.covering(next_closer)
        if cover is None:
            return Shortfall(f"no NSEC3 record covers the next closer name {next_closer.dotted}")
        opt_out = bool(cover.flags & OPT_OUT)
        owners = tuple(dict.fromkeys((match.owner, cover.owner)))
        return Encloser(candidate, next_closer, owners, opt_out)
    return Shortfall(f"no NSEC3 record matches an ancestor of {name.dotted} in {ring.zone.dotted}")


def proves_name_error(ring: Ring, name: Name) -> Proof | Shortfall:
    """Neither the name nor a wildcard that could stand for it exists (RFC 5155 8.4)."""
    if ring.matching(name) is not None:
        return Shortfall(f"an NSEC3 record matches {name.dotted}, so it exists")
    encloser = closest_encloser(ring, name)
    if isinstance(encloser, Shortfall):
        return encloser
    wildcard = Name(b"\x01*" + encloser.name)
    other = ring.covering(wildcard)
    if other is None:
        return Shortfall(f"no NSEC3 record covers the wildcard {wildcard.dotted}")
    owners = tuple(dict.fromkeys((*encloser.owners, other.owner)))
    return Proof(
        f"{name.dotted} and {wildcard.dotted} do not exist", owners, opt_out=encloser.opt_out
    )


def proves_no_data(ring: Ring, name: Name, rdtype: int) -> Proof | Shortfall:
    """The name exists, itself or by a wildcard, and has no such record (RFC 5155 8.5 to 8.7).

    An opt-out span is refused here for every type but DS; see `lies_in_opt_out_span`.
    """
    match = ring.matching(name)
    if match is not None:
        return lacks("NSEC3", match, name, rdtype)
    encloser = closest_encloser(ring, name)
    if isinstance(encloser, Shortfall):
        return encloser
    wildcard = Name(b"\x01*" + encloser.name)
    match = ring.matching(wildcard)
    if match is not None:
        lack = lacks("NSEC3", match, wildcard, rdtype)
        if isinstance(lack, Shortfall):
            return lack
        owners = tuple(dict.fromkeys((*encloser.owners, match.owner)))
        return Proof(lack.text, owners, opt_out=encloser.opt_out)
    if rdtype == RRType.DS and encloser.opt_out:
        text = f"{encloser.next_closer.dotted} lies in an opt-out span, so it has no DS record"
        return Proof(text, encloser.owners, opt_out=True)
    return Shortfall(f"no NSEC3 record matches {name.dotted} or the wildcard {wildcard.dotted}")


def lies_in_opt_out_span(ring: Ring, name: Name, rdtype: int) -> Proof | Shortfall:
    """The name, or one above it, can only exist unsigned (RFC 5155 6, 9.2).

    This is no proof of absence. It shows that whatever is said about the name is insecure:
    signed names are never left out of the ring, so none can be hidden in the span.
    """
    if ring.matching(name) is not None:
        return Shortfall(f"an NSEC3 record matches {name.dotted}")
    encloser = closest_encloser(ring, name)
    if isinstance(encloser, Shortfall):
        return encloser
    if not encloser.opt_out:
        return Shortfall(
            f"the NSEC3 record that covers {encloser.next_closer.dotted} has no opt-out"
        )
    wildcard = Name(b"\x01*" + encloser.name)
    match = ring.matching(wildcard)
    if match is not None:
        # Whoever shows the wildcard speaks of it, and it must lack the type.
        lack = lacks("NSEC3", match, wildcard, rdtype)
        if isinstance(lack, Shortfall):
            return lack
    return Proof(
        f"{encloser.next_closer.dotted} lies in an opt-out span", encloser.owners, opt_out=True
    )


def proves_no_ds(ring: Ring, name: Name) -> Proof | Shortfall:
    """There is no DS record at the name (RFC 5155 8.6, 8.9); `delegation` tells of a zone cut."""
    match = ring.matching(name)
    if match is not None:
        return lacks_ds("NSEC3", match, name)
    encloser = closest_encloser(ring, name)
    if isinstance(encloser, Shortfall):
        return encloser
    if encloser.opt_out:
        text = f"{encloser.next_closer.dotted} lies in an opt-out span: what is there is not signed"
        return Proof(text, encloser.owners, opt_out=True)
    return Proof(f"there is no zone cut at {name.dotted}", encloser.owners)


def proves_expansion(ring: Ring, name: Name, encloser: Name) -> Proof | Shortfall:
    """No name closer than the wildcard under `encloser` exists (RFC 5155 8.8)."""
    next_closer = name
    while len(next_closer.parent) > len(encloser):
        next_closer = next_closer.parent
    cover = ring.covering(next_closer)
    if cover is None:
        return Shortfall(f"no NSEC3 record covers the next closer name {next_closer.dotted}")
    text = f"{next_closer.dotted} does not exist, so the wildcard stands for {name.dotted}"
    return Proof(text, (cover.owner,), opt_out=bool(cover.flags & OPT_OUT))
