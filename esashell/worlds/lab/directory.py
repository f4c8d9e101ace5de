"""Which mail host answers at an address, and what the scenario says of it.

Every address that a zone's records give is a mail host. The index from addresses to owners is made
when somebody first connects; a pattern's addresses are worked out backwards (`100.64.0.0+{n}` at
100.64.0.9 is the ninth), so none of its domains is made for it.
"""

from collections.abc import Iterator
from functools import cached_property

import msgspec

from esashell.errors import BadConfiguration
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType
from esashell.worlds.lab.faults import owner_from_text
from esashell.worlds.lab.hosts import HostSpec
from esashell.worlds.lab.records import address_from_text, address_text, lines_of
from esashell.worlds.lab.scenario import Bulk
from esashell.worlds.lab.zones import Catalogue, Zone

_SIZES = {RRType.A: 4, RRType.AAAA: 16}
_KEPT = 4096


class Directory:
    """The mail hosts of a lab, by address and by name."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._found: dict[tuple[Name, str], HostSpec] = {}

    def at(self, address: str) -> HostSpec | None:
        """The host at an address, or None."""
        place = self._place(address)
        return self._spec(*place, address) if place else None

    def named(self, name: Name) -> HostSpec:
        """The host of this name; one without an address has a certificate all the same."""
        zone = self._catalogue.zone(self._catalogue.apex_for(name))
        assert zone is not None
        return self._spec(zone, name, "")

    def addresses(self) -> tuple[str, ...]:
        """Every address that is written down, in the order of the files; no pattern's."""
        return tuple(self._written)

    def addresses_in(self, apex: Name) -> Iterator[str]:
        """Every address that the zone gives somebody."""
        zone = self._catalogue.zone(apex)
        for _, packed in _addresses(zone) if zone else ():
            yield address_text(packed)

    def forget(self) -> None:
        """The zones were altered: what they say of hosts is read again."""
        self._found.clear()
        self.__dict__.pop("_written", None)

    def _place(self, address: str) -> tuple[Zone, Name] | None:
        """The zone and the owner that have this address."""
        try:
            packed = address_from_text(address, 16 if ":" in address else 4)
        except ValueError:
            return None
        written = self._written.get(address_text(packed))
        if written:
            zone = self._catalogue.zone(written[0])
            return (zone, written[1]) if zone else None
        for bulk, base in self._patterns:
            number = int.from_bytes(packed, "big") - int.from_bytes(base, "big")
            if len(packed) == len(base) and 0 <= number < bulk.spec.count:
                zone = self._catalogue.zone(bulk.parent.prepend(bulk.label(number)))
                for owner, found in _addresses(zone) if zone else ():
                    if found == packed:
                        assert zone is not None
                        return zone, owner
        return None

    @cached_property
    def _written(self) -> dict[str, tuple[Name, Name]]:
        index: dict[str, tuple[Name, Name]] = {}
        for apex, spec in self._catalogue.scenario.zones.items():
            for line in lines_of(spec.records, apex):
                size = _SIZES.get(line.rdtype)  # type: ignore[call-overload]
                if size:
                    text = address_text(address_from_text(line.data, size))
                    # The first to have an address is the host there.
                    index.setdefault(text, (apex, line.owner))
        return index

    @cached_property
    def _patterns(self) -> list[tuple[Bulk, bytes]]:
        return [
            (bulk, address_from_text(line.data.partition("+")[0], _SIZES[RRType(line.rdtype)]))
            for bulk in self._catalogue.scenario.bulks
            for line in lines_of(bulk.spec.records, bulk.parent)
            if line.rdtype in _SIZES
        ]

    def _spec(self, zone: Zone, owner: Name, address: str) -> HostSpec:
        known = self._found.get((owner, address))
        if known is None:
            if len(self._found) >= _KEPT:
                del self._found[next(iter(self._found))]
            known = self._found[owner, address] = _host(zone, owner, address)
        return known


def _addresses(zone: Zone) -> list[tuple[Name, bytes]]:
    return [
        (owner, rdata)
        for owner in zone.written_owners()
        for rdtype in _SIZES
        if (rrset := zone.unsigned(owner, rdtype))
        for rdata in rrset.rdatas
    ]


def _host(zone: Zone, owner: Name, address: str) -> HostSpec:
    """What the zone's `hosts` say: of the name, and over it of the one address."""
    fields: dict[str, object] = {
        "name": str(owner),
        "addresses": tuple(address_text(each) for name, each in _addresses(zone) if name == owner),
    }
    for key, table in zone.spec.hosts.items():
        if key == address or (not _is_address(key) and owner_from_text(key, zone.apex) == owner):
            fields |= table
    try:
        return msgspec.convert(fields, HostSpec)
    except msgspec.ValidationError as error:
        raise BadConfiguration(f'{zone.apex}: hosts."{owner}": {error}') from error


def _is_address(text: str) -> bool:
    return ":" in text or text.replace(".", "").isdigit()
