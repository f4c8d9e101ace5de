"""Proofs that a name or a type does not exist, from NSEC records (RFC 4035 5.4, RFC 6840 4).

The NSEC records of a zone form a ring through all of its names in canonical order; each lists the
types at its own name and points to the next. One record therefore proves which types a name has
not, and that nothing stands between the two names.

Each function here answers one question and is named for it. All of them assume that the records
passed in are verified, were not made from a wildcard, and come from one zone; none of them looks at
signatures or at the clock. They return a `Proof` holding the records that were used, or a
`Shortfall` that says which record is missing, so a report can tell the zone's owner.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from esashell.resolver import rdata as rd
from esashell.resolver.names import Name, common_ancestor
from esashell.resolver.rrtypes import RRType, type_text

# What stands at a name for the sake of its denial alone.
_OF_DENIAL = frozenset((RRType.RRSIG.value, RRType.NSEC.value))


class Proof(Struct, frozen=True, gc=False):
    """What was shown, in words, and the owners of the records that show it.

    `opt_out`: the proof rests on an opt-out span, so the name may exist unsigned (RFC 5155 9.2).
    `delegation`: there is a zone cut at the name, without a DS record.
    """

    text: str
    owners: tuple[Name, ...]
    opt_out: bool = False
    delegation: bool = False


class Shortfall(Struct, frozen=True, gc=False):
    """The first link that is missing from a proof."""

    text: str


class Bitmap(Protocol):
    """Either kind of denial record, as far as both say which types there are at a name."""

    @property
    def owner(self) -> Name: ...

    @property
    def types(self) -> frozenset[int]: ...


class Nsec(Struct, frozen=True, gc=False):
    """One NSEC record: nothing exists between `owner` and `following`."""

    owner: Name
    following: Name
    types: frozenset[int]


def nsec(owner: Name, rdata: bytes) -> Nsec:
    """The record in these bytes; `BadRdata` when they hold none."""
    following, at = rd.name_at(rdata, 0)
    return Nsec(owner, following, rd.types_in_bitmap(rdata[at:]))


def covers(record: Nsec, name: Name) -> bool:
    """Whether the record shows that nothing is at `name`, which lies in the same zone.

    A record at a zone cut, or at a DNAME, speaks for the parent's side only, and never for
    what lies below it (RFC 6840 4.1).
    """
    if record.owner == name or (name.is_under(record.owner) and _ends_authority(record.types)):
        return False
    first, wanted, last = record.owner.order, name.order, record.following.order
    if first < last:
        return first < wanted < last
    # The last record of the ring points back to the apex.
    return first < wanted or wanted < last


def _ends_authority(types: frozenset[int]) -> bool:
    return RRType.DNAME in types or (RRType.NS in types and RRType.SOA not in types)


def _at(records: Sequence[Nsec], name: Name) -> Nsec | None:
    return next((each for each in records if each.owner == name), None)


def _covering(records: Sequence[Nsec], name: Name) -> Nsec | None:
    return next((each for each in records if covers(each, name)), None)


def closest_encloser(record: Nsec, name: Name) -> Name:
    """The closest existing ancestor of a name, by the record that covers it."""
    one = common_ancestor(name, record.owner)
    other = common_ancestor(name, record.following)
    return max(one, other, key=len)


def proves_name_error(records: Sequence[Nsec], name: Name) -> Proof | Shortfall:
    """Neither the name nor a wildcard that could stand for it exists (RFC 4035 5.4)."""
    cover = _covering(records, name)
    if cover is None:
        return Shortfall(f"no NSEC record covers {name.dotted}")
    # Any record that begins or ends at the name, or below it, shows that it exists.
    if any(end.is_under(name) for each in records for end in (each.owner, each.following)):
        return Shortfall(f"{name.dotted} exists, if only as an empty non-terminal")
    encloser = closest_encloser(cover, name)
    wildcard = Name(b"\x01*" + encloser)
    other = _covering(records, wildcard)
    if other is None or other.following.is_under(wildcard):
        return Shortfall(f"no NSEC record denies the wildcard {wildcard.dotted}")
    owners = tuple(dict.fromkeys((cover.owner, other.owner)))
    return Proof(f"{name.dotted} and {wildcard.dotted} do not exist", owners)


def proves_no_data(records: Sequence[Nsec], name: Name, rdtype: int) -> Proof | Shortfall:
    """The name exists, itself or by a wildcard, and has no record of the type nor an alias."""
    match = _at(records, name)
    if match is not None:
        return lacks("NSEC", match, name, rdtype)
    over = next((e for e in records if covers(e, name) and e.following.is_under(name)), None)
    if over is not None:
        return Proof(f"{name.dotted} is an empty non-terminal", (over.owner,))
    cover = _covering(records, name)
    if cover is None:
        return Shortfall(f"no NSEC record matches or covers {name.dotted}")
    wildcard = Name(b"\x01*" + closest_encloser(cover, name))
    match = _at(records, wildcard)
    if match is not None:
        lack = lacks("NSEC", match, wildcard, rdtype)
        if isinstance(lack, Shortfall):
            return lack
        return Proof(lack.text, tuple(dict.fromkeys((cover.owner, match.owner))))
    other = _covering(records, wildcard)
    if other is not None and other.following.is_under(wildcard):
        owners = tuple(dict.fromkeys((cover.owner, other.owner)))
        return Proof(f"{wildcard.dotted} is an empty non-terminal", owners)
    return Shortfall(f"{name.dotted} does not exist, and no NSEC record matches {wildcard.dotted}")


def lacks(record: str, match: Bitmap, name: Name, rdtype: int) -> Proof | Shortfall:
    """A name has no record of the type, by the bitmap of the record that matches it.

    The same rule for both kinds of denial (`record` names which): the type is not listed, no
    alias is either, and the bitmap is from the side of the cut that may speak for the type.
    """
    types = match.types
    if rdtype == RRType.ANY and types - _OF_DENIAL:
        # Whatever there is answers such a question (RFC 1035 3.2.3), so that none may be listed.
        listed = type_text(min(types - _OF_DENIAL))
        return Shortfall(f"the {record} record of {name.dotted} lists {listed}")
    if rdtype in types:
        return Shortfall(f"the {record} record of {name.dotted} lists {type_text(rdtype)}")
    if RRType.CNAME in types:
        # RFC 6840 4.3: an alias would have answered the question.
        return Shortfall(f"the {record} record of {name.dotted} lists CNAME")
    if rdtype == RRType.DS:
        # RFC 6840 4.4: a bitmap with SOA is the child's own, and says nothing of its parent's DS.
        if RRType.SOA in types and len(name) > 1:
            return Shortfall(
                f"the {record} record of {name.dotted} is the child's, not the parent's"
            )
    elif RRType.NS in types and RRType.SOA not in types:
        # RFC 6840 4.1: the parent's side of a cut says nothing about the child's data.
        return Shortfall(
            f"the {record} record of {name.dotted} is from the parent's side of a zone cut"
        )
    return Proof(f"{name.dotted} has no {type_text(rdtype)} record", (match.owner,))


def lacks_ds(record: str, match: Bitmap, name: Name) -> Proof | Shortfall:
    """A name has no DS record, by the bitmap of the record that matches it; is it a zone cut?

    RFC 6840 4.4: an insecure delegation has NS in its bitmap, and neither DS nor SOA.
    """
    if RRType.CNAME in match.types and RRType.DS not in match.types:
        # Where an alias stands there is no cut (RFC 2181 10.1, RFC 4035 2.5).
        return Proof(f"{name.dotted} is an alias, not a zone", (match.owner,))
    lack = lacks(record, match, name, RRType.DS)
    if isinstance(lack, Shortfall) or RRType.NS not in match.types:
        return lack
    text = f"{name.dotted} is delegated and has no DS record"
    return Proof(text, lack.owners, delegation=True)


def proves_no_ds(records: Sequence[Nsec], name: Name) -> Proof | Shortfall:
    """There is no DS record at the name; `delegation` tells whether there is a zone cut."""
    match = _at(records, name)
    if match is not None:
        return lacks_ds("NSEC", match, name)
    cover = _covering(records, name)
    if cover is None:
        return Shortfall(f"no NSEC record matches or covers {name.dotted}")
    return Proof(f"there is no zone cut at {name.dotted}", (cover.owner,))


def proves_expansion(records: Sequence[Nsec], name: Name, encloser: Name) -> Proof | Shortfall:
    """No name closer than the wildcard under `encloser` exists (RFC 4035 5.3.4)."""
    cover = _covering(records, name)
    if cover is None or cover.following.is_under(name):
        return Shortfall(f"no NSEC record shows that {name.dotted} does not exist itself")
    if closest_encloser(cover, name) != encloser:
        wildcard = Name(b"\x01*" + encloser).dotted
        return Shortfall(f"a name closer to {name.dotted} than {wildcard} exists")
    return Proof(f"{name.dotted} does not exist, so the wildcard stands for it", (cover.owner,))
