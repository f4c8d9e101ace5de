"""Both sides of a comparison as columns of outcomes, and the rows in which they differ.

An octet of evidence stands for all evidence classes that come to the same under every treatment
that they meet, which are few. Were they more than an octet holds, the rest would be decided row by
row.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from esashell.simulate.columns import OWN, Evaluation, Treatments, changed
from esashell.simulate.evidence import Seen
from esashell.simulate.treatment import DIRECT, Comparison

# Octets of outcomes: of a row that is not touched, and of one that nobody knows of.
UNTOUCHED, UNKNOWN = 0, 1
# Not known is never the same, so it has another octet on the second side.
_SECOND = bytes(255 if each == UNKNOWN else each for each in range(256))
MOST = 256

# The outcome of a destination, as an octet from 1 on: its row, the side, its control and its route.
Kind = Callable[[int, int, int, int], int]
Shown = tuple[int, int, int]  # which observations, the evidence class in them, the route


class Evaluated:
    """`kind` says what a row comes to; it is asked once for each class, control and route.

    `rows` are those with another outcome, or one that is not known. `evidence` are numbers, of all
    rows on either side: rows of the same number show the same, by the same route.
    """

    def __init__(self, compared: Comparison, before: Seen, after: Seen, kind: Kind) -> None:
        self._compared = compared
        self._seen = before, after
        self._same = before is after
        self._kind = kind
        self._direct = {at for at, it in enumerate(compared.routes) if it == DIRECT}
        self._shown: dict[Shown, int] = {}
        here = self._looked_up(0)
        alike = self._same and compared.route_of[0] == compared.route_of[1]
        self.evidence = here, here if alike else self._looked_up(1)
        self._octets: dict[int, int | None] = {}
        self._loners: tuple[dict[int, int], dict[int, int]] = {}, {}
        self.visited = 0
        self.rows = self._differing() if compared.touched else []

    def _looked_up(self, side: int) -> list[int]:
        compared, seen, which = self._compared, self._seen[side], 0 if self._same else side
        column, names, ways = [0] * len(compared.part), compared.part.rows.names, compared.ways()
        shown = self._shown
        for route, rows in compared.by_ways(side):
            looks = seen.looks_at([names[row] for row in rows], ways[route])
            for row, look in zip(rows, looks, strict=True):
                key = which, -1 if look is None else look.number, route
                column[row] = shown.setdefault(key, len(shown))
        return column

    def _differing(self) -> list[int]:
        tables = self._tables()
        first, second = self._treatments(0), self._treatments(1)
        rows, own = self._compared.part.rows, self._own()
        earlier = Evaluation(rows, own[0], tables, first)
        if own[0] == own[1]:
            later = earlier.edited(second)
        else:
            later = Evaluation(rows, own[1], tables, second)
        for evaluation, loners in zip((earlier, later), self._loners, strict=True):
            for row, kind in loners.items():
                evaluation.outcomes[row] = kind
        self.visited = earlier.visited + later.visited
        differ = changed(earlier.outcomes, later.outcomes.translate(_SECOND))
        # A route's evidence was sought for the touched rows alone, and is not that of the others.
        touched = set(self._compared.touched)
        return [row for row in differ if row in touched]

    def _tables(self) -> list[bytes]:
        """For each control the outcomes by octets of evidence, after giving those out."""
        compared, met = self._compared, self._met()
        tables = [bytearray(MOST) for _ in compared.controls]
        given: dict[frozenset[tuple[int, int]], int] = {}
        for evidence, kinds in met.items():
            octet = given.setdefault(frozenset(kinds.items()), len(given) + 1)
            self._octets[evidence] = octet if octet < MOST else None
            for control, kind in kinds.items() if octet < MOST else ():
                tables[control][octet] = kind
        if None in self._octets.values():
            for side, row, evidence in self._touched():
                if self._octets[evidence] is None:
                    control = compared.control_of[side][row]
                    self._loners[side][row] = met[evidence][control]
        return [bytes(each) for each in tables]

    def _met(self) -> dict[int, dict[int, int]]:
        """For each evidence the controls that it meets, and what comes of that."""
        compared = self._compared
        met: dict[int, dict[int, int]] = {}
        for side in (0, 1):
            control, evidence, route = (
                it[side] for it in (compared.control_of, self.evidence, compared.route_of)
            )
            # One row for each pair will do.
            pairs = {(evidence[row], control[row]): row for row in reversed(compared.touched)}
            for (shown, number), row in pairs.items():
                kinds = met.setdefault(shown, {})
                if number not in kinds:
                    kinds[number] = self._kind(row, side, number, route[row])
        return met

    def _touched(self) -> Iterator[tuple[int, int, int]]:
        """The side, the row and the evidence of all that is touched."""
        for side, column in enumerate(self.evidence):
            for row in self._compared.touched:
                yield side, row, column[row]

    def _own(self) -> tuple[bytes, bytes]:
        """The rows' own evidence on both sides, which is one where it was seen only once."""
        columns = bytearray(len(self._compared.part)), bytearray(len(self._compared.part))
        octets = self._octets
        for side in (0, 1):
            column, evidence = columns[0 if self._same else side], self.evidence[side]
            for route, rows in self._compared.by_ways(side):
                for row in rows if route in self._direct else ():
                    column[row] = octets[evidence[row]] or UNTOUCHED
        return bytes(columns[0]), bytes(columns[0 if self._same else 1])

    def _treatments(self, side: int) -> Treatments:
        """The side's tables, where a route gives the evidence of the hosts that it leads to.

        What those show may depend on the recipient's domain, which is what the server is asked for.
        Most rows of a route decide its evidence, and the others have an entry of their own.
        """
        it, names = self._compared.sides[side], self._compared.part.rows.names
        evidence = self.evidence[side]
        leads = dict.fromkeys(self._direct, OWN)
        besides: dict[str, int] = {}
        for route, rows in self._compared.by_ways(side):
            if route in self._direct:
                continue
            octets = [self._octets[evidence[row]] or UNTOUCHED for row in rows]
            leads[route] = Counter(octets).most_common(1)[0][0]
            for row, octet in zip(rows, octets, strict=True):
                if octet != leads[route]:
                    besides[names[row]] = octet
        routes = {pattern: leads.get(each, UNTOUCHED) for pattern, each in it.routes.items()}
        rest = leads.get(it.default_route, UNTOUCHED)
        return Treatments(it.controls, it.default_control, routes | besides, rest)
