"""A million destinations under a configuration at once: the outcome of each, as one octet.

What happens to a destination's mail depends on two things: what the world shows of it, its
*evidence class*, and how the configuration treats it, its *treatment*. There are few of both, so
the engine decides each pair once, in a table of 256 octets for each treatment, and the rest is a
matter of applying tables to columns: `bytes.translate`, a thousand million rows a second.

A table of the configuration speaks of exact domains (`example.com`), of sub-domains
(`.example.com`) and of everything else (the default). Rows are kept in the order of their names
read backwards, where the sub-domains of any domain stand side by side: an entry is then a slice of
a column. The most specific entry decides, which for one row is the one with the most labels, so
entries are applied in the order of their label counts and exact ones last.

An SMTP route puts another evidence class in a row's place, that of the host it leads to, and
`USEDNS` puts the row's own back.

Nothing here knows what an outcome means. `plan` makes the tables and reads the columns.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import TypeVar

from msgspec import Struct

# What a route's value is when it leaves a row with its own evidence.
OWN = -1

V = TypeVar("V")
Spans = list[tuple[int, int]]


class Treatments(Struct, frozen=True):
    """A configuration as far as it decides outcomes, patterns in small letters.

    `routes` give an evidence class, or `OWN`; `controls` a treatment, a number below the length of
    the tables. The defaults are those of every row that no pattern speaks of.
    """

    controls: Mapping[str, int]
    default_control: int
    routes: Mapping[str, int]
    default_route: int = OWN


class Rows:
    """Destinations in the order of their names read backwards; a row is a place in it."""

    def __init__(self, domains: Iterable[str]) -> None:
        """The domains are in small letters, without a dot at the end, each once."""
        self.backwards = sorted(each[::-1] for each in domains)
        self._names: list[str] | None = None
        self._places: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.backwards)

    def domain(self, row: int) -> str:
        return self.backwards[row][::-1]

    def span(self, pattern: str) -> tuple[int, int]:
        """The rows that an entry speaks of; empty when there are none."""
        if pattern.startswith("."):
            return self._below(pattern)
        row = self.places.get(pattern)
        return (row, row + 1) if row is not None else (0, 0)

    def _below(self, pattern: str) -> tuple[int, int]:
        # Read backwards the sub-domains begin with the pattern's letters, dot included, and the
        # domain itself does not. The letter behind the dot ends what begins with it.
        first = pattern[::-1]
        begin = bisect_left(self.backwards, first)
        return begin, bisect_left(self.backwards, first[:-1] + "/", begin)

    @property
    def names(self) -> list[str]:
        """The domains in the order of the rows."""
        if self._names is None:
            self._names = [each[::-1] for each in self.backwards]
        return self._names

    @property
    def places(self) -> dict[str, int]:
        """The row of each domain."""
        if self._places is None:
            # Exact domains are most of a configuration, and a dictionary answers ten times faster.
            self._places = dict(zip(self.names, range(len(self)), strict=True))
        return self._places


def in_order(patterns: Iterable[str]) -> list[str]:
    """The partial ones of the patterns as they are applied: by their labels."""
    return sorted([it for it in patterns if it[0] == "."], key=lambda each: each.count("."))


def decides(entries: Mapping[str, V], domain: str, default: V) -> V:
    """What the most specific entry for one domain says: itself, then the longest ending."""
    found = entries.get(domain)
    if found is not None:
        return found
    place = domain.find(".")
    while place >= 0:
        if (found := entries.get(domain[place:])) is not None:
            return found
        place = domain.find(".", place + 1)
    return default


class Evaluation:
    """The outcomes of all rows under one configuration.

    `own` is the rows' own evidence classes, one octet each; `tables` what is decided, for each
    treatment the 256 outcomes by evidence class. `evidence` and `outcomes` are a column each.
    `visited` counts how many times a row was decided to come here, what it has cost, and
    `repainted` are the spans in which that was.
    """

    def __init__(
        self, rows: Rows, own: bytes, tables: Sequence[bytes], treatments: Treatments
    ) -> None:
        if len(own) != len(rows):
            raise ValueError("there is an evidence class for each row")
        self.rows = rows
        self.own = own
        self.tables = tables
        self.treatments = treatments
        self.evidence = bytearray(own)
        self.outcomes = bytearray(len(own))
        self.visited = 0
        self.repainted = [(0, len(rows))]
        self._paint(
            (0, len(rows)),
            treatments.default_route,
            treatments.routes,
            treatments.default_control,
            treatments.controls,
        )

    def edited(self, treatments: Treatments) -> "Evaluation":
        """The same rows under another configuration, for the cost of what is different.

        That is the rows that a changed entry speaks of, and a comparison of the entries. A changed
        default means everything anew.
        """
        before = self.treatments
        if (before.default_route, before.default_control) != (
            treatments.default_route,
            treatments.default_control,
        ):
            return Evaluation(self.rows, self.own, self.tables, treatments)
        after = copy(self)
        after.treatments = treatments
        after.visited = 0
        after.evidence = bytearray(self.evidence)
        after.outcomes = bytearray(self.outcomes)
        touched = _different(before.routes, treatments.routes)
        touched |= _different(before.controls, treatments.controls)
        after.repainted = []
        for pattern in (*in_order(touched), *(it for it in touched if it[0] != ".")):
            after._repaint(pattern)
        return after

    def differing(self, before: "Evaluation") -> list[int]:
        """The rows whose outcome is not that of the evaluation that this one was edited from."""
        rows: set[int] = set()
        for begin, end in self.repainted:
            old, new = before.outcomes[begin:end], self.outcomes[begin:end]
            rows.update(begin + each for each in changed(old, new))
        return sorted(rows)

    def _repaint(self, pattern: str) -> None:
        begin, end = self.rows.span(pattern)
        if begin == end:
            return
        self.repainted.append((begin, end))
        treatments = self.treatments
        route = decides(treatments.routes, pattern, treatments.default_route)
        control = decides(treatments.controls, pattern, treatments.default_control)
        if not pattern.startswith("."):
            self.visited += 1
            self.evidence[begin] = self.own[begin] if route == OWN else route
            self.outcomes[begin] = self.tables[control][self.evidence[begin]]
            return
        # Sub-domains have entries of their own; only those below can speak of these rows.
        self._paint(
            (begin, end),
            route,
            {each: value for each, value in treatments.routes.items() if each.endswith(pattern)},
            control,
            {each: value for each, value in treatments.controls.items() if each.endswith(pattern)},
        )

    def _paint(
        self,
        those: tuple[int, int],
        route: int,
        routes: Mapping[str, int],
        control: int,
        controls: Mapping[str, int],
    ) -> None:
        """Decide some rows: by a route and a control, and by the entries that know better."""
        own, evidence, outcomes, tables = self.own, self.evidence, self.outcomes, self.tables
        span, row_of = self.rows.span, self.rows.places.get
        first, last = those
        evidence[first:last] = _routed(own, first, last, route)
        for pattern in in_order(routes):
            begin, end = span(pattern)
            evidence[begin:end] = _routed(own, begin, end, routes[pattern])
        exact = 0
        for pattern, to in routes.items():
            if pattern[0] != "." and (row := row_of(pattern)) is not None:
                evidence[row] = own[row] if to == OWN else to
                exact += 1
        outcomes[first:last] = evidence[first:last].translate(tables[control])
        for pattern in in_order(controls):
            begin, end = span(pattern)
            outcomes[begin:end] = evidence[begin:end].translate(tables[controls[pattern]])
            self.visited += end - begin
        for pattern, treatment in controls.items():
            if pattern[0] != "." and (row := row_of(pattern)) is not None:
                outcomes[row] = tables[treatment][evidence[row]]
                exact += 1
        self.visited += last - first + exact

    def outcome_of(self, row: int) -> int:
        """One row, decided by itself."""
        treatments, domain = self.treatments, self.rows.domain(row)
        route = decides(treatments.routes, domain, treatments.default_route)
        evidence = self.own[row] if route == OWN else route
        treatment = decides(treatments.controls, domain, treatments.default_control)
        return self.tables[treatment][evidence]


def _routed(own: bytes, begin: int, end: int, route: int) -> bytes:
    return own[begin:end] if route == OWN else bytes((route,)) * (end - begin)


def painted(rows: Rows, entries: Mapping[str, int], default: int) -> bytearray:
    """A column of its own: for each row the octet of the most specific entry for it."""
    column = bytearray(bytes((default,))) * len(rows)
    for pattern in in_order(entries):
        begin, end = rows.span(pattern)
        column[begin:end] = bytes((entries[pattern],)) * (end - begin)
    for pattern, octet in entries.items():
        if pattern[0] != "." and (row := rows.places.get(pattern)) is not None:
            column[row] = octet
    return column


def _different(before: Mapping[str, int], after: Mapping[str, int]) -> set[str]:
    """The patterns that one of the tables has alone, or with another value."""
    return {each for each, _ in before.items() ^ after.items()}


def changed(before: bytes | bytearray, after: bytes | bytearray) -> list[int]:
    """The rows whose octets differ, in order."""
    if before == after:
        return []
    differ = int.from_bytes(before, "little") ^ int.from_bytes(after, "little")
    rows: list[int] = []
    for run in _OTHERWISE.finditer(differ.to_bytes(len(before), "little")):
        rows += range(*run.span())
    return rows


_OTHERWISE = re.compile(rb"[^\0]+")
