"""How the lab's zones prove that something is not there (RFC 4035 3.1.3, RFC 5155 7.2).

A chain is all NSEC or NSEC3 records of a zone in their order. Only the order is worked out, and
only when absence is first to be proved; a record is made and signed when it is first sent. A chain
of a hundred thousand names is put in order once a day, in a fraction of a second.

Each question has a method, and answers with the RRsets that go into the authority section.
"""

import base64
import hashlib
from bisect import bisect_right
from typing import Protocol

from esashell.resolver.names import Name
from esashell.resolver.rdata import bitmap_of
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from esashell.worlds.lab.scenario import Denial
from esashell.worlds.lab.zones import Zone

_OPT_OUT = 1


class Chain(Protocol):
    """The proofs of absence that a zone can give."""

    def no_data(self, name: Name) -> list[Rrset]:
        """The name exists, the type asked for does not; also that a delegation has no DS."""

    def name_error(self, name: Name) -> list[Rrset]:
        """Neither the name exists nor a wildcard that would stand in for it."""

    def wildcard(self, name: Name) -> list[Rrset]:
        """The name itself does not exist, so that the wildcard's answer was right."""

    def wildcard_no_data(self, name: Name) -> list[Rrset]:
        """A wildcard stands in for the name but lacks the type."""

    def all(self) -> list[Rrset]:
        """Every record of the chain, for the whole zone in text."""


def _distinct(*rrsets: Rrset) -> list[Rrset]:
    return list(dict.fromkeys(rrsets))


class NsecChain:
    """A chain of NSEC records.

    The labels of patterns are kept apart from the other names and as bare octets, which sort many
    times faster; the order of both together is found when a record is asked for.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._names = sorted(zone.single_owners(), key=lambda name: name.order)
        self._order = [name.order for name in self._names]
        self._labels = sorted(zone.catalogue.pattern_labels(zone.apex))

    def no_data(self, name: Name) -> list[Rrset]:
        # For an empty name between others this is the record that leads over it (RFC 4035 3.1.3.2
        # has it as any NODATA): the next name lies below, which shows that this one exists.
        return [self._at_or_before(name)]

    def name_error(self, name: Name) -> list[Rrset]:
        wildcard = self._zone.closest_encloser(name).prepend(b"*")
        return _distinct(self._at_or_before(name), self._at_or_before(wildcard))

    def wildcard(self, name: Name) -> list[Rrset]:
        return [self._at_or_before(name)]

    def wildcard_no_data(self, name: Name) -> list[Rrset]:
        wildcard = self._zone.closest_encloser(name).prepend(b"*")
        return _distinct(self._at_or_before(name), self._at_or_before(wildcard))

    def all(self) -> list[Rrset]:
        names = [self._zone.apex]
        while (following := self._after(names[-1])) != self._zone.apex:
            names.append(following)
        return [self._record(each) for each in names]

    def _at_or_before(self, name: Name) -> Rrset:
        """The record whose owner is this name, or which leads over it."""
        # The apex is before every name of the zone, so there always is one.
        before = self._names[bisect_right(self._order, name.order) - 1]
        at = bisect_right(self._labels, self._top(name))
        if at:
            labelled = self._below(self._labels[at - 1])
            before = max(before, labelled, key=lambda each: each.order)
        return self._record(before)

    def _after(self, name: Name) -> Name:
        """The name that follows in the chain; the apex follows the last."""
        found = []
        at = bisect_right(self._order, name.order)
        if at < len(self._names):
            found.append(self._names[at])
        at = bisect_right(self._labels, self._top(name))
        if at < len(self._labels):
            found.append(self._below(self._labels[at]))
        return min(found, key=lambda each: each.order, default=self._zone.apex)

    def _top(self, name: Name) -> bytes:
        """The label right below the apex on the way to a name; empty for the apex itself."""
        depth = len(self._zone.apex.labels())
        labels = name.labels()
        return labels[-depth - 1] if len(labels) > depth else b""

    def _below(self, label: bytes) -> Name:
        return Name(bytes((len(label),)) + label + self._zone.apex)

    def _record(self, owner: Name) -> Rrset:
        types = self._zone.types(owner) | {RRType.NSEC, RRType.RRSIG}
        rdata = self._after(owner) + bitmap_of(types)
        return self._zone.kept(Rrset(owner, RRType.NSEC, self._zone.negative_ttl, (rdata,)))


class Nsec3Chain:
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._opt_out = zone.spec.denial is Denial.OPT_OUT
        self._salt = bytes.fromhex(zone.spec.salt)
        names: dict[Name, None] = {}
        for owner in zone.owners():
            # RFC 5155 7.1: where spans opt out, insecure delegations are left out, and empty
            # names that only lead to such.
            if self._opt_out and owner != zone.apex and zone.types(owner) == {RRType.NS}:
                continue
            for each in owner.ancestors():
                if each in names:
                    break
                names[each] = None
                if each == zone.apex:
                    break
        self._owners = {self._hash(each): each for each in names}
        self._hashes = sorted(self._owners)

    def no_data(self, name: Name) -> list[Rrset]:
        at = self._position(name)
        if self._hashes[at] == self._hash(name):
            return [self._record(at)]
        # Under an opt-out span: the closest name with a record, and the span (RFC 5155 7.2.4).
        return self._encloser_proof(name)

    def name_error(self, name: Name) -> list[Rrset]:
        wildcard = self._zone.closest_encloser(name).prepend(b"*")
        return _distinct(*self._encloser_proof(name), self._record(self._position(wildcard)))

    def wildcard(self, name: Name) -> list[Rrset]:
        # The labels count of the signature already tells the closest encloser (RFC 5155 7.2.6).
        return self._encloser_proof(name)[1:]

    def wildcard_no_data(self, name: Name) -> list[Rrset]:
        return self.name_error(name)

    def all(self) -> list[Rrset]:
        return [self._record(at) for at in range(len(self._hashes))]

    def _encloser_proof(self, name: Name) -> list[Rrset]:
        """The closest name that has a record, and what covers the next name towards this one."""
        next_closer = name
        for each in name.parent.ancestors():
            if self._hash(each) in self._owners:
                break
            next_closer = each
        encloser = next_closer.parent
        return [
            self._record(self._position(encloser)),
            self._record(self._position(next_closer)),
        ]

    def _position(self, name: Name) -> int:
        """Where the record stands that matches this name, or covers it."""
        return bisect_right(self._hashes, self._hash(name)) - 1

    def _record(self, at: int) -> Rrset:
        zone = self._zone
        hashed = self._hashes[at]
        following = self._hashes[(at + 1) % len(self._hashes)]
        types = zone.types(self._owners[hashed])
        # RFC 5155 7.1: RRSIG is listed where something is signed, so not at an insecure
        # delegation and not at an empty name.
        if types - {RRType.NS} or self._owners[hashed] == zone.apex:
            types |= {RRType.RRSIG}
        label = base64.b32hexencode(hashed).lower()
        rdata = (
            zone.nsec3_parameters(_OPT_OUT if self._opt_out else 0)
            + bytes((len(following),))
            + following
            + bitmap_of(types)
        )
        owner = zone.apex.prepend(label)
        return zone.kept(Rrset(owner, RRType.NSEC3, zone.negative_ttl, (rdata,)))

    def _hash(self, name: Name) -> bytes:
        """RFC 5155 5."""
        digest = hashlib.sha1(name + self._salt, usedforsecurity=False).digest()
        for _ in range(self._zone.spec.iterations):
            digest = hashlib.sha1(digest + self._salt, usedforsecurity=False).digest()
        return digest
