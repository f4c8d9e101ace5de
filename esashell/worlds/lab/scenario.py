"""Scenario files: what there is on the lab internet, in TOML that a trainer can read and write.

    [domain."no-starttls.lab"]
    shows   = "The MX host has a TLSA record but does not offer STARTTLS."
    row     = 2
    records = '''
    @              MX    10 mail
    mail           A     198.51.100.24
    _25._tcp.mail  TLSA  3 1 1 of mail
    '''
    hosts.mail = { starttls = false }

Each `domain` is a zone of its own, delegated from the zone above it, signed unless it says
`signed = false`, and served by the name servers called `hosting` unless it says otherwise. SOA, NS,
DNSKEY, DS, RRSIG, NSEC and glue are never written: they follow. Every address in the records is a
mail host with a good certificate on port 25; `hosts` says what else it is, by name or by address.
`fault` breaks things (see `faults`), `roll` changes the zone's key (see `roll`). Further tables:

* `zone` is the same without a lesson: the root, the top-level domains, what others lean on;
* `bulk` is a pattern, `"d{n}.bulk.lab"`, with a `count`. `{n}` in its records counts from 0,
  `{n%7}` goes round, `{n~7}` is below 7 by Zipf's law (0 for the most, 6 for the fewest), an
  address may be `100.64.0.0+{n}`. No domain of it exists before it is asked for;
* `name` is a name worth asking for that is no zone: below a wildcard, an alias, or absent;
* `server` names a group of authoritative servers and gives the address of each;
* `resolver` is a recursor at an address: `capable`, `strips`, `silent` or `servfail`.

Later files add to the earlier ones, and replace what has the same name.
"""

import re
import tomllib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from esashell.errors import BadConfiguration
from esashell.resolver.names import ROOT, BadName, Name, name_from_text
from esashell.worlds.lab.faults import Faults, FaultSpec
from esashell.worlds.lab.records import lines_of, rdata_of
from esashell.worlds.lab.roll import RollSpec, check_rolls

BUILT_IN = Path(__file__).parent / "scenarios"
_COUNTER = re.compile(r"\{n(?:([%~])(\d+))?\}")


class Denial(StrEnum):
    """How a zone proves that something is not there."""

    NSEC = "nsec"
    NSEC3 = "nsec3"
    OPT_OUT = "nsec3-opt-out"


class DsState(StrEnum):
    """What the parent publishes about a zone's keys."""

    RIGHT = "right"
    MISSING = "missing"
    STALE = "stale"
    WRONG_DIGEST = "wrong-digest"
    UNKNOWN_DIGEST = "unknown-digest"
    UNKNOWN_ALGORITHM = "unknown-algorithm"


class ZoneSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One zone as a scenario file writes it; `ttl` is in seconds.

    `generation` is which of its keys the zone signs with; the zone above has the digest of the
    first. `signed_until` is the second since 1970 at which its signatures end, 0 where they are
    made anew each day. `hosts` says what is particular about a mail host, by owner name or by
    address; its values are the fields of `HostSpec`.
    """

    shows: str = ""
    row: int | None = None
    records: str = ""
    servers: str = "hosting"
    ttl: int = 3600
    signed: bool = True
    algorithm: Literal[8, 13, 15] = 13
    split_keys: bool = False
    roll: tuple[RollSpec, ...] = ()
    denial: Denial = Denial.NSEC
    iterations: int = 0
    salt: str = ""
    ds: DsState = DsState.RIGHT
    generation: int = 0
    signed_until: int = 0
    hosts: dict[str, dict[str, Any]] = {}
    fault: FaultSpec = FaultSpec()

    def __post_init__(self) -> None:
        bytes.fromhex(self.salt)
        check_rolls(self.roll)


class BulkSpec(ZoneSpec, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Many zones alike; `{n}` in name and records counts them."""

    count: int


class NameSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A name that is worth asking for, in a zone of another name or in none."""

    shows: str
    row: int | None = None


class ResolverKind(StrEnum):
    CAPABLE = "capable"
    STRIPS = "strips"
    SILENT = "silent"
    SERVFAIL = "servfail"


class ResolverSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """A recursor that an appliance can be pointed at."""

    kind: ResolverKind
    shows: str


class Lesson(Struct, frozen=True):
    """One line of `lab list`: a domain and what it demonstrates.

    `row` is the row of the decision table it stands for; `count` how many there are of a pattern.
    """

    domain: str
    shows: str
    row: int | None
    file: str
    count: int = 1


class Bulk(Struct, frozen=True):
    """A pattern of zones, taken apart: `before`, a number, and the rest of the name."""

    before: bytes
    after: bytes
    parent: Name
    spec: BulkSpec
    file: Path

    def number(self, label: bytes) -> int | None:
        """Which zone of the pattern has this left-most label."""
        digits = label[len(self.before) : len(label) - len(self.after)]
        if not (label.startswith(self.before) and label.endswith(self.after) and digits.isdigit()):
            return None
        # Written back, so that d007 is not taken for d7.
        found = int(digits) if len(digits) < 12 else self.spec.count
        return found if found < self.spec.count and self.label(found) == label else None

    def label(self, number: int) -> bytes:
        return self.before + str(number).encode() + self.after


def counted(text: str, number: int) -> str:
    """The text with `{n}`, `{n%7}` and `{n~7}` replaced."""

    def replaced(it: re.Match[str]) -> str:
        match it[1]:
            case "%":
                return str(number % int(it[2]))
            case "~":
                return str(_drawn(number, int(it[2])))
        return str(number)

    return _COUNTER.sub(replaced, text)


def _drawn(number: int, below: int) -> int:
    """A number below a limit by Zipf's law with exponent 1, always the same for the same `number`.

    The logarithm of such a number is spread evenly, and so are the multiples of the golden ratio.
    """
    share = (number * 0x9E3779B97F4A7C15 % 2**64) / 2**64
    return min(below - 1, int((below + 1) ** share) - 1)


class Scenario(Struct):
    """Everything that the scenario files say, read but not yet made."""

    zones: dict[Name, ZoneSpec] = {}
    files: dict[Name, Path] = {}
    bulks: list[Bulk] = []
    servers: dict[str, dict[Name, str]] = {}
    resolvers: dict[str, ResolverSpec] = {}
    lessons: dict[str, Lesson] = {}


def read_scenarios(paths: Iterable[Path]) -> Scenario:
    """The scenario in these files; `BadConfiguration` gives file and key of what is wrong."""
    scenario = Scenario()
    for path in paths:
        _read(path, scenario)
    _check(scenario)
    return scenario


def _read(path: Path, into: Scenario) -> None:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(f"{path}: {error}") from error
    for kind, entries in tables.items():
        add = _KINDS.get(kind)
        if add is None:
            known = ", ".join(sorted(_KINDS))
            raise BadConfiguration(f"{path}: {kind}: unknown table; known are {known}")
        if not isinstance(entries, dict):
            raise BadConfiguration(f"{path}: {kind}: a table is wanted")
        for key, table in entries.items():
            try:
                add(into, key, table, path)
            except msgspec.ValidationError as error:
                raise BadConfiguration(f'{path}: {kind}."{key}": {error}') from error
            except (BadConfiguration, BadName, ValueError) as error:
                raise BadConfiguration(f'{path}: {kind}."{key}": {error}') from error


def _add_zone(into: Scenario, key: str, table: Any, path: Path) -> None:
    apex, spec = name_from_text(key), msgspec.convert(table, ZoneSpec)
    if path.parent != BUILT_IN:
        check_zone(apex, spec)
    into.zones[apex], into.files[apex] = spec, path


def _add_domain(into: Scenario, key: str, table: Any, path: Path) -> None:
    _add_zone(into, key, table, path)
    spec = into.zones[name_from_text(key)]
    if not spec.shows:
        raise ValueError('"shows" is missing: one sentence on what the domain demonstrates')
    into.lessons[key] = Lesson(key, spec.shows, spec.row, path.name)


def _add_bulk(into: Scenario, key: str, table: Any, path: Path) -> None:
    spec = msgspec.convert(table, BulkSpec)
    label, _, parent = key.partition(".")
    before, mark, after = label.partition("{n}")
    if not mark or spec.count < 1:
        raise ValueError('the left-most label must hold "{n}", and the count be at least 1')
    ends = before.lower().encode(), after.lower().encode()
    bulk = Bulk(*ends, name_from_text(parent), spec, path)
    if path.parent != BUILT_IN:
        check_zone(bulk.parent.prepend(bulk.label(0)), spec)
    into.bulks.append(bulk)
    into.lessons[key] = Lesson(key, spec.shows, spec.row, path.name, spec.count)


def _add_name(into: Scenario, key: str, table: Any, path: Path) -> None:
    spec = msgspec.convert(table, NameSpec)
    into.lessons[key] = Lesson(str(name_from_text(key)), spec.shows, spec.row, path.name)


def _add_servers(into: Scenario, key: str, table: Any, path: Path) -> None:
    addresses = msgspec.convert(table, dict[str, str])
    into.servers[key] = {name_from_text(name): each for name, each in addresses.items()}


def _add_resolver(into: Scenario, key: str, table: Any, path: Path) -> None:
    into.resolvers[key] = msgspec.convert(table, ResolverSpec)


_KINDS = {
    "zone": _add_zone,
    "domain": _add_domain,
    "bulk": _add_bulk,
    "name": _add_name,
    "server": _add_servers,
    "resolver": _add_resolver,
}


def check_zone(apex: Name, spec: ZoneSpec) -> None:
    """Read everything that is otherwise read when it is first asked for; `BadConfiguration`.

    The built-in files are spared this at start, since a test reads them.
    """
    from esashell.worlds.lab.hosts import HostSpec

    Faults(apex, spec.fault)
    for line in lines_of(counted(spec.records, 0), apex):
        rdata_of(line, apex, lambda *_: b"")
    for key, table in spec.hosts.items():
        try:
            msgspec.convert({"name": key} | table, HostSpec)
        except msgspec.ValidationError as error:
            raise BadConfiguration(f'hosts."{key}": {error}') from error


def _check(scenario: Scenario) -> None:
    """What only the whole can tell: that every zone has servers, and every pattern a parent."""
    if ROOT not in scenario.zones:
        raise BadConfiguration('there is no zone "." in the scenario files')
    for name, spec in scenario.zones.items():
        if spec.servers not in scenario.servers:
            where = f'{scenario.files[name]}: "{name}"'
            raise BadConfiguration(f'{where}: servers: there is no server."{spec.servers}"')
    for bulk in scenario.bulks:
        where = f'{bulk.file}: bulk."{bulk.label(0).decode()}.{bulk.parent}"'
        if bulk.spec.servers not in scenario.servers:
            raise BadConfiguration(f'{where}: servers: there is no server."{bulk.spec.servers}"')
        if bulk.parent not in scenario.zones:
            raise BadConfiguration(f'{where}: there is no zone "{bulk.parent}" for it')
