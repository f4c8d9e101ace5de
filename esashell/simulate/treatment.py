"""Two configurations beside each other, as far as they treat destinations differently.

Of a configuration only two tables say what becomes of whose mail: destination controls and SMTP
routes. Here each of their entries is a number, the same on both sides where it says the same, and
a row is *touched* where one of its two numbers differs. Nothing else can come to another outcome,
and nothing else is looked at.

What it costs follows what is different. The entries that both sides have are passed over. Where the
rest of them speaks of some rows only, everything after that is done for those alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.apart import exchanged
from esashell.config.lookup import index
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    IpPreference,
    TlsSetting,
)
from esashell.config.model.listeners import Behavior
from esashell.config.model.routes import ALL, USEDNS, SmtpRoute
from esashell.config.tree import Config
from esashell.delivery.settings import Settings
from esashell.simulate.columns import changed, painted
from esashell.simulate.evidence import Way, way_of
from esashell.simulate.listed import Listed

E = TypeVar("E", bound=DestinationControl | SmtpRoute)
_DECIDING = ("tls", "dane", "ip_preference")
DIRECT: tuple[str, ...] = ()  # the destinations of no route


class Table(Generic[E]):
    """The entries of one table by what they are for, in small letters; of two the first counts.

    `unlike` are the patterns that another table, the base, has otherwise or not at all.
    """

    def __init__(self, entries: tuple[E, ...], base: "Table[E] | None" = None) -> None:
        """With another table to begin with, only what is different is read."""
        self.entries: tuple[E, ...] = entries
        self.by_pattern: dict[str, E] = index(entries)
        self.unlike: set[str] = set()
        if base is None:
            return
        old, new = base.by_pattern, self.by_pattern
        if len(old) == len(base.entries) and len(new) == len(entries):
            self.unlike = {
                each.domain.lower() for it in exchanged(base.entries, entries) for each in it
            }
        else:
            # Of two for the same the first counts, so their order may be all that is different.
            self.unlike = {it for it in old.keys() | new.keys() if old.get(it) != new.get(it)}

    def concerning(self, domain: str) -> tuple[E, ...]:
        """The entries for a domain, the nearest first."""
        found = map(self.by_pattern.get, patterns(domain))
        return tuple(each for each in found if each is not None)


def patterns(domain: str) -> Iterator[str]:
    """What an entry for a domain can be called, the nearest first."""
    yield domain
    at = domain.find(".", 1)
    while at >= 0:
        yield domain[at:]
        at = domain.find(".", at + 1)
    yield ALL.lower()


class Tables:
    """Both tables of a configuration."""

    def __init__(self, config: Config, base: "Tables | None" = None) -> None:
        self.config = config
        controls, routes = (base.controls, base.routes) if base is not None else (None, None)
        self.controls: Table[DestinationControl] = Table(config.destinations.entries, controls)
        self.routes: Table[SmtpRoute] = Table(config.smtp_routes, routes)

    def concerning(self, domain: str) -> Config:
        """The configuration without the entries that are for other domains.

        What is left decides about this domain as the whole does, and is small however large that
        is.
        """
        config = self.config
        entries = self.controls.concerning(domain)
        return replace(
            config,
            destinations=replace(config.destinations, entries=entries),
            smtp_routes=self.routes.concerning(domain),
        )


class Control(Struct, frozen=True):
    """What a destination control has to say about one delivery."""

    tls: TlsSetting
    dane: DaneSetting
    ip_preference: IpPreference


class Treated(Struct, frozen=True):
    """One side's entries as numbers, for the rows that are compared."""

    controls: Mapping[str, int]
    default_control: int
    routes: Mapping[str, int]
    default_route: int


class Comparison:
    """Two configurations over a list. `rows` are of `part`, the piece of the list that matters.

    `touched` are its rows that are treated differently; with `every`, all of them.
    """

    def __init__(
        self, before: Config, after: Config, listed: Listed, *, every: bool = False
    ) -> None:
        self.listed = listed
        self.before = Tables(before)
        self.after = Tables(after, self.before)
        self._controls: dict[Control, int] = {}
        self._routes: dict[tuple[str, ...], int] = {}
        self.part = listed if every or self._defaults_differ() else self._spoken_of()
        near = self._near()
        self.sides = self._treated(self.before, near), self._treated(self.after, near)
        self.controls: tuple[Control, ...] = tuple(self._controls)
        self.routes: tuple[tuple[str, ...], ...] = tuple(self._routes)
        # The numbers of all rows on either side.
        self.control_of = tuple(self._painted(it.controls, it.default_control) for it in self.sides)
        self.route_of = tuple(self._painted(it.routes, it.default_route) for it in self.sides)
        self.touched: list[int] = list(range(len(self.part))) if every else self._touched()

    def _defaults_differ(self) -> bool:
        """Whether a default is another one, which entries may have settings from."""
        first, second = (it.config.destinations.default for it in (self.before, self.after))
        rest = ALL.lower()
        return any(getattr(first, each) != getattr(second, each) for each in _DECIDING) or (
            _leads(self.before.routes.by_pattern.get(rest))
            != _leads(self.after.routes.by_pattern.get(rest))
        )

    def _spoken_of(self) -> Listed:
        rows: set[int] = set()
        for pattern in self.after.controls.unlike | self.after.routes.unlike:
            rows.update(range(*self.listed.rows.span(pattern)))
        return self.listed.part(sorted(rows))

    def _near(self) -> set[str] | None:
        """The patterns that can speak of a row; None where reading them all is less work."""
        if len(self.part) * 4 > len(self.before.controls.entries) + len(self.before.routes.entries):
            return None
        domain = self.part.rows.domain
        return {it for row in range(len(self.part)) for it in patterns(domain(row))}

    def _control(self, entry: DestinationControl | None, tables: Tables) -> Control:
        default = tables.config.destinations.default
        over: DefaultControl | DestinationControl = entry or default
        tls, dane = over.tls or default.tls, over.dane or default.dane
        if tls is TlsSetting.NO or self.listed.behavior is not Behavior.RELAY:
            dane = DaneSetting.NONE  # where it has no say (`Settings.dane_in_force`)
        return Control(tls, dane, over.ip_preference or default.ip_preference)

    def _treated(self, tables: Tables, near: set[str] | None) -> Treated:
        def those(entries: dict[str, E]) -> Mapping[str, E]:
            if near is None:
                return entries
            return {each: entries[each] for each in near if each in entries}

        default = self._number(self._control(None, tables))
        routes = {
            pattern: self._routes.setdefault(_leads(each), len(self._routes))
            for pattern, each in those(tables.routes.by_pattern).items()
        }
        rest = self._routes.setdefault(
            _leads(tables.routes.by_pattern.get(ALL.lower())), len(self._routes)
        )
        routes.pop(ALL.lower(), None)
        # Most entries of a long table say one of a few things.
        known: dict[tuple[object, ...], int] = {}
        controls = {}
        for pattern, each in those(tables.controls.by_pattern).items():
            said = each.tls, each.dane, each.ip_preference
            number = known.get(said)
            if number is None:
                number = known[said] = self._number(self._control(each, tables))
            controls[pattern] = number
        return Treated(controls, default, routes, rest)

    def _number(self, control: Control) -> int:
        return self._controls.setdefault(control, len(self._controls))

    def _painted(self, entries: Mapping[str, int], default: int) -> Sequence[int]:
        rows, most = self.part.rows, max(default, *entries.values(), 0)
        columns = [
            painted(
                rows,
                {each: number >> shift & 255 for each, number in entries.items()},
                default >> shift & 255,
            )
            for shift in range(0, max(most.bit_length(), 1), 8)
        ]
        if len(columns) == 1:
            return columns[0]
        return [int.from_bytes(each, "little") for each in map(bytes, zip(*columns, strict=True))]

    def _touched(self) -> list[int]:
        found: set[int] = set()
        for first, second in (self.control_of, self.route_of):
            if isinstance(first, bytearray) and isinstance(second, bytearray):
                found.update(changed(first, second))
            else:
                pairs = enumerate(zip(first, second, strict=True))
                found.update(row for row, (one, other) in pairs if one != other)
        return sorted(found)

    def ways(self) -> list[Way]:
        """Where each route leads, by its number."""
        return [way_of(SmtpRoute("", each)) for each in self.routes]

    def by_ways(self, side: int) -> Iterator[tuple[int, list[int]]]:
        """The touched rows by their route on one side."""
        column = self.route_of[side]
        if len(self.routes) == 1:
            yield 0, self.touched
            return
        rows: dict[int, list[int]] = {}
        for row in self.touched:
            rows.setdefault(column[row], []).append(row)
        yield from rows.items()

    def settings(self, side: int, control: int, route: int) -> Settings:
        """What holds for a row of these numbers."""
        it, destinations = self.controls[control], self.routes[route]
        return Settings(
            it.tls,
            it.dane,
            SmtpRoute("", destinations) if destinations else None,
            self.listed.behavior,
            it.ip_preference,
            (self.before, self.after)[side].config.dns.digest_agility,
        )


def _leads(route: SmtpRoute | None) -> tuple[str, ...]:
    return DIRECT if route is None or USEDNS in route.destinations else route.destinations
