"""The zones of the lab internet, made when they are first looked into.

The catalogue knows which zones there are and nothing more: a zone's records are read, its keys
derived and its RRsets signed on the day somebody asks. So a hundred thousand domains cost at start
what their pattern costs to read. Whatever depends on the date (signatures, serial numbers, the
digests of renewed certificates) is thrown away when the clock enters another UTC day.

A zone answers questions about its contents only; what goes into a response is `authority`, and how
absence is proved is `denial`.
"""

import struct
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from esashell.clock import Clock
from esashell.resolver.names import ROOT, Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from esashell.worlds.lab.faults import Faults
from esashell.worlds.lab.records import Line, TlsaOf, address_from_text, lines_of, rdata_of
from esashell.worlds.lab.roll import Stage, stages
from esashell.worlds.lab.scenario import Bulk, Denial, DsState, Scenario, ZoneSpec, counted
from esashell.worlds.lab.signing import UNROLLED, Day, KeySet, ZoneKey, day_of

if TYPE_CHECKING:
    from esashell.worlds.lab.denial import Chain

KEPT = 4096  # zones, and key sets, held in memory; beyond that the oldest is made again
_NEGATIVE_TTL = 3600


class Catalogue:
    """Every zone there is, by name. `signatures` and `made` count what has been done so far."""

    def __init__(self, scenario: Scenario, clock: Clock, seed: bytes, tlsa_of: TlsaOf) -> None:
        self.scenario = scenario
        self.tlsa_of = tlsa_of
        self.signatures = 0
        self.made = 0
        self._clock = clock
        self._seed = seed
        self._zones: dict[Name, Zone] = {}
        self._keys: dict[tuple[Name, tuple[Stage, ...], int], KeySet] = {}
        self._day = day_of(clock.now())
        self._bulks: dict[Name, list[Bulk]] = {}
        for bulk in scenario.bulks:
            self._bulks.setdefault(bulk.parent, []).append(bulk)

    @property
    def today(self) -> Day:
        """The day of the lab's clock; what was made on another is forgotten here."""
        day = day_of(self._clock.now())
        if day != self._day:
            self._day = day
            self._zones.clear()
        return self._day

    def spec(self, apex: Name) -> ZoneSpec | None:
        """What the scenario says of the zone with this apex; None when there is no such zone.

        For a zone of a pattern this is the pattern's, its `{n}` not filled in.
        """
        return self.scenario.zones.get(apex) or self._of_pattern(apex)[0]

    def _of_pattern(self, apex: Name) -> tuple[ZoneSpec | None, int]:
        if len(apex) > 1:
            label = apex[1 : 1 + apex[0]]
            for bulk in self._bulks.get(apex.parent, ()):
                if (number := bulk.number(label)) is not None:
                    return bulk.spec, number
        return None, 0

    def zone(self, apex: Name) -> "Zone | None":
        day = self.today
        known = self._zones.get(apex)
        if known is None and (spec := self.spec(apex)) is not None:
            _make_room(self._zones)
            self.made += 1
            records = counted(spec.records, self._of_pattern(apex)[1])
            today = Day(day.start, spec.signed_until)
            known = self._zones[apex] = Zone(apex, spec, records, self, today)
        return known

    def apex_for(self, name: Name) -> Name:
        """The apex of the deepest zone that this name is in."""
        return next((each for each in name.ancestors() if self.spec(each) is not None), ROOT)

    def alter(self, apex: Name, spec: ZoneSpec) -> None:
        """From now on the zone is as `spec` has it; one of a pattern becomes a zone of its own."""
        self.scenario.zones[apex] = spec
        # What others say of it (its DS, a glue address) may be other than it was.
        self._zones.clear()

    def written(self, apex: Name) -> ZoneSpec:
        """The zone as it is written, `{n}` filled in; raises `LookupError` where there is none."""
        spec, number = self._of_pattern(apex)
        if apex in self.scenario.zones:
            return self.scenario.zones[apex]
        if spec is None:
            raise LookupError(f"the lab has no zone {apex}")
        fields = {each: getattr(spec, each) for each in ZoneSpec.__struct_fields__}
        return ZoneSpec(**fields | {"records": counted(spec.records, number)})

    def keys(self, apex: Name, spec: ZoneSpec) -> KeySet:
        """The zone's keys today."""
        return self._key_set(apex, spec, spec.generation)

    def _key_set(self, apex: Name, spec: ZoneSpec, generation: int) -> KeySet:
        now = stages(spec.roll, self.today.start) if spec.roll else UNROLLED
        known = self._keys.get((apex, now, generation))
        if known is None:
            _make_room(self._keys)
            known = KeySet(
                apex, spec.algorithm, spec.split_keys, self._seed, now, generation=generation
            )
            self._keys[apex, now, generation] = known
        return known

    def ds(self, apex: Name) -> tuple[bytes, ...]:
        """The DS rdatas that the zone above publishes for this one."""
        spec = self.spec(apex)
        if spec is None or not publishes_ds(spec):
            return ()
        if spec.ds is DsState.STALE:
            return (ZoneKey(apex, "CSK", 0x0101, spec.algorithm, self._seed, generation=1).ds(),)
        # Whoever rolls a key and says nothing leaves the digest of the first one here.
        ds = self._key_set(apex, spec, 0).entry.ds()
        match spec.ds:
            case DsState.WRONG_DIGEST:
                return (ds[:4] + bytes((ds[4] ^ 1,)) + ds[5:],)
            case DsState.UNKNOWN_DIGEST:
                return (ds[:3] + b"\xf0" + ds[4:],)
            case DsState.UNKNOWN_ALGORITHM:
                return (ds[:2] + b"\xf0" + ds[3:],)
        return (ds,)

    @cached_property
    def server_names(self) -> dict[Name, str]:
        """The address of every authoritative server, by name."""
        groups = self.scenario.servers.values()
        return {name: address for group in groups for name, address in group.items()}

    def servers_of(self, spec: ZoneSpec) -> tuple[Name, ...]:
        return tuple(self.scenario.servers[spec.servers])

    @cached_property
    def _children(self) -> dict[Name, list[Name]]:
        found: dict[Name, list[Name]] = {}
        for apex in self.scenario.zones:
            if apex != ROOT:
                found.setdefault(self.apex_for(apex.parent), []).append(apex)
        return found

    def written_children(self, apex: Name) -> list[Name]:
        """The zones right below this one, without those of patterns."""
        return self._children.get(apex, [])

    def pattern_labels(self, apex: Name) -> Iterator[bytes]:
        """The labels that patterns put right below this apex: perhaps very many."""
        for bulk in self._bulks.get(apex, ()):
            yield from map(bulk.label, range(bulk.spec.count))


def publishes_ds(spec: ZoneSpec) -> bool:
    """Whether there is a DS for this zone. An unsigned zone has one only by a named fault."""
    if spec.ds is DsState.RIGHT:
        return spec.signed
    return spec.ds is not DsState.MISSING


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]


class Zone:
    """One zone on one day: which names it has, and its RRsets with their signatures."""

    def __init__(
        self, apex: Name, spec: ZoneSpec, records: str, catalogue: Catalogue, day: Day
    ) -> None:
        self.apex = apex
        self.spec = spec
        self.faults = Faults(apex, spec.fault)
        self.catalogue = catalogue
        self.day = day
        self.negative_ttl = min(spec.ttl, _NEGATIVE_TTL)
        self._rrsets: dict[tuple[Name, int], Rrset | None] = {}
        self._lines: dict[Name, dict[int, list[Line]]] = {apex: {}}
        for line in lines_of(records, apex):
            self._lines.setdefault(line.owner, {}).setdefault(line.rdtype, []).append(line)
        for name, address in catalogue.server_names.items():
            if catalogue.apex_for(name) == apex:
                line = Line(name, RRType.A, None, address)
                self._lines.setdefault(name, {})[RRType.A] = [line]
        self._has_dname = any(RRType.DNAME in each for each in self._lines.values())
        # Every name that exists, with the empty ones between an owner and the apex (RFC 8020).
        self._existing = {
            each
            for owner in (*self._lines, *catalogue.written_children(apex))
            for each in owner.ancestors()
            if each.is_under(apex)
        }

    def cut_above(self, name: Name) -> Name | None:
        """The highest delegation at or above this name, within the zone."""
        found = None
        for each in name.ancestors():
            if each == self.apex:
                return found
            if self._is_cut(each):
                found = each
        raise ValueError(f"{name} is not in the zone {self.apex}")

    def _is_cut(self, name: Name) -> bool:
        return self.catalogue.spec(name) is not None or RRType.NS in self._lines.get(name, ())

    def dname_above(self, name: Name) -> Rrset | None:
        """The DNAME that stands for all that lies below its owner, this name included."""
        if not self._has_dname:
            return None
        found = None
        for each in name.ancestors():
            if each != name and RRType.DNAME in self._lines.get(each, ()):
                found = self.rrset(each, RRType.DNAME)
            if each == self.apex:
                break
        return found

    def exists(self, name: Name) -> bool:
        return name in self._existing or self.catalogue.spec(name) is not None

    def types(self, name: Name) -> frozenset[int]:
        """The types for which this zone has an RRset here, without RRSIG, NSEC and NSEC3.

        Empty for a name that exists only because others lie below it.
        """
        written = frozenset(self._lines.get(name, ()))
        if name == self.apex:
            own = {RRType.SOA, RRType.NS}
            if self.spec.signed:
                own.add(RRType.DNSKEY)
                if self.spec.denial is not Denial.NSEC:
                    own.add(RRType.NSEC3PARAM)
            return written | own
        child = self.catalogue.spec(name)
        if child is not None:
            # At a cut the zone speaks of NS and DS only (RFC 4035 2.3).
            return frozenset((RRType.NS, RRType.DS) if publishes_ds(child) else (RRType.NS,))
        return written

    def single_owners(self) -> Iterator[Name]:
        """The names that own an RRset here, without those that patterns make.

        What lies below a cut does not count.
        """
        for name in self._lines:
            cut = self.cut_above(name)
            # A child's own apex comes with the children.
            if cut is None or (cut == name and self.catalogue.spec(name) is None):
                yield name
        yield from self.catalogue.written_children(self.apex)

    def owners(self) -> Iterator[Name]:
        """Every name that owns an RRset here, those of patterns too: this may take a while."""
        yield from self.single_owners()
        for label in self.catalogue.pattern_labels(self.apex):
            yield Name(bytes((len(label),)) + label + self.apex)

    def closest_encloser(self, name: Name) -> Name:
        """The longest existing name that a name which does not exist lies under."""
        return next(each for each in name.ancestors() if self.exists(each))

    def written_owners(self) -> tuple[Name, ...]:
        """The owners of the records that the scenario file gives this zone."""
        return tuple(self._lines)

    def rrset(self, owner: Name, rdtype: int) -> Rrset | None:
        """The RRset with its signatures, as it is served; None when there is none."""
        key = (owner, rdtype)
        if key not in self._rrsets:
            made = self.unsigned(owner, rdtype)
            # A delegation's NS records belong to the zone below (RFC 4035 2.2).
            if made and (rdtype != RRType.NS or owner == self.apex):
                made = self.signed(made)
            self._rrsets[key] = made
        return self._rrsets[key]

    def unsigned(self, owner: Name, rdtype: int) -> Rrset | None:
        """The RRset without signatures; None when there is none."""
        if rdtype not in self.types(owner):
            return None
        lines = self._lines.get(owner, {}).get(rdtype, ())
        if self.catalogue.spec(owner) is None or owner == self.apex:
            rdatas = tuple(rdata_of(each, self.apex, self.catalogue.tlsa_of) for each in lines)
        else:
            rdatas = ()
        ttl = next((each.ttl for each in lines if each.ttl is not None), self.spec.ttl)
        if rdtype == RRType.SOA:
            ttl = self.negative_ttl
        return Rrset(owner, rdtype, ttl, rdatas or self._implied(owner, rdtype))

    def _implied(self, owner: Name, rdtype: int) -> tuple[bytes, ...]:
        """The records that no scenario file writes."""
        match rdtype:
            case RRType.SOA:
                primary = self.catalogue.servers_of(self.spec)[0]
                # RFC 2308 4: the last number is how long a denial may be kept.
                numbers = (self.day.start, 14400, 3600, 1209600, self.negative_ttl)
                contact = self.apex.prepend(b"hostmaster")
                return (primary + contact + struct.pack("!5I", *numbers),)
            case RRType.NS:
                spec = self.catalogue.spec(owner) or self.spec
                return tuple(self.catalogue.servers_of(spec))
            case RRType.DNSKEY:
                return self.catalogue.keys(self.apex, self.spec).dnskeys
            case RRType.NSEC3PARAM:
                # Its flags stay zero even where spans opt out (RFC 5155 4.1.2).
                return (self.nsec3_parameters(0),)
            case RRType.DS:
                return self.catalogue.ds(owner)
        raise AssertionError(f"nothing implies {rdtype} at {owner}")

    def nsec3_parameters(self, flags: int) -> bytes:
        """Algorithm, flags, iterations and salt, as NSEC3 and NSEC3PARAM begin."""
        salt = bytes.fromhex(self.spec.salt)
        return struct.pack("!BBHB", 1, flags, self.spec.iterations, len(salt)) + salt

    def signed(self, rrset: Rrset) -> Rrset:
        """The same with the signatures that go out with it."""
        if not self.spec.signed:
            return rrset
        keys = self.catalogue.keys(self.apex, self.spec)
        self.catalogue.signatures += 1
        flaw = self.faults.flaw(rrset.owner, rrset.rdtype)
        signatures = keys.signatures(rrset, self.day, flaw)
        return Rrset(rrset.owner, rrset.rdtype, rrset.ttl, rrset.rdatas, signatures)

    def kept(self, rrset: Rrset) -> Rrset:
        """The same, signed, and signed only once."""
        key = (rrset.owner, rrset.rdtype)
        known = self._rrsets.get(key)
        if known is None:
            known = self._rrsets[key] = self.signed(rrset)
        return known

    def glue(self, cut: Name) -> tuple[Rrset, ...]:
        """Addresses of a delegation's servers, those whose names lie within this zone."""
        delegation = self.rrset(cut, RRType.NS)
        assert delegation is not None
        return tuple(
            Rrset(name, RRType.A, self.spec.ttl, (address_from_text(address, 4),))
            for each in delegation.rdatas
            if (name := Name(each)).is_under(self.apex)
            and (address := self.catalogue.server_names.get(name))
        )

    @cached_property
    def denial(self) -> "Chain":
        """The zone's NSEC or NSEC3 records, put in order when absence is first to be proved."""
        from esashell.worlds.lab.denial import Nsec3Chain, NsecChain

        return NsecChain(self) if self.spec.denial is Denial.NSEC else Nsec3Chain(self)
