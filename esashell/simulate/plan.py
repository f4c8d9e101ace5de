"""What a change of the configuration does to the mail: who gets it, and how, before and after.

A plan compares two configurations over destinations that were observed. The one decision there is,
`delivery.attempt.outcome`, is asked once for each evidence class and treatment that occur together
(`evidence`, `treatment`); what it says is applied to all destinations at once (`columns`). Nothing
is decided here. Where the settings are the same on both sides, nothing can change, and nothing is
asked. Where the observation does not hold what the new settings would lead to, the answer is *not
known*, which is never taken for *the same*.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.changes import Change, changes
from esashell.config.tree import Config
from esashell.dane.reason import DaneReason
from esashell.delivery.attempt import outcome
from esashell.delivery.outcome import Outcome, Protection, Result, Rule
from esashell.delivery.settings import Settings
from esashell.simulate.evaluated import UNKNOWN, Evaluated
from esashell.simulate.evidence import Seen, way_of
from esashell.simulate.listed import Destined, Listed
from esashell.simulate.treatment import Comparison


class Direction(StrEnum):
    """What a changed outcome means for the mail."""

    STOPS = "stops"
    LOSES_AUTHENTICATION = "loses authentication"
    NEWLY_IN_CLEAR = "newly in clear"
    RETURNED = "waits no longer: returned or dropped"
    NEWLY_DELIVERED = "newly delivered"
    NEWLY_AUTHENTICATED = "newly authenticated"
    NEWLY_ENCRYPTED = "newly encrypted"
    OTHERWISE = "otherwise"
    NOT_KNOWN = "not known"

    @property
    def is_regression(self) -> bool:
        return self in _REGRESSIONS


_REGRESSIONS = (
    Direction.STOPS,
    Direction.LOSES_AUTHENTICATION,
    Direction.NEWLY_IN_CLEAR,
    Direction.RETURNED,
)
_AUTHENTICATED = (Protection.DANE, Protection.AUTHENTICATED)


class Affected(Struct, frozen=True, gc=False):
    """A destination whose outcome changes, or is not known to stay.

    Those of the same `case` show the same and are treated alike; it is -1 where nobody has asked.
    """

    destined: Destined
    before: Outcome
    after: Outcome
    direction: Direction
    case: int = -1


class Plan(Struct, frozen=True):
    """The answer, the affected destinations in the order of their directions, most mail first."""

    changes: tuple[Change, ...]
    affected: tuple[Affected, ...]
    evaluated: int
    unchanged: int

    @property
    def directions(self) -> Mapping[Direction, int]:
        """How many destinations go which way, in the order of the directions."""
        counted = Counter(each.direction for each in self.affected)
        return {each: counted[each] for each in Direction if counted[each]}

    @property
    def is_regression(self) -> bool:
        return any(each.direction.is_regression for each in self.affected)


class Side(Struct, frozen=True):
    """A configuration and what was seen under it."""

    config: Config
    seen: Seen


def plan(
    before: Side,
    after: Side,
    listed: Listed,
    decisions: "Decisions",
    comparison: Comparison | None = None,
) -> Plan:
    """Compare two sides over the destinations; `comparison` is of their configurations."""
    every = before.seen is not after.seen
    if comparison is None or every:
        comparison = Comparison(before.config, after.config, listed, every=every)
    affected = _affected(comparison, before.seen, after.seen, decisions)
    order = {each: place for place, each in enumerate(Direction)}
    affected.sort(
        key=lambda each: (
            order[each.direction],
            -(each.destined.per_hour or 0),
            each.destined.domain,
        )
    )
    unchanged = len(listed) - len(affected)
    between = changes(before.config, after.config)
    return Plan(between, tuple(affected), len(listed), unchanged)


def _affected(
    compared: Comparison, before: Seen, after: Seen, decisions: "Decisions"
) -> list[Affected]:
    seen = before, after
    kinds: dict[tuple[Result, Protection | None], int] = {(Result.NOT_KNOWN, None): UNKNOWN}
    domain = compared.part.rows.domain

    @cache
    def settings(side: int, control: int, route: int) -> Settings:
        return compared.settings(side, control, route)

    def kind(row: int, side: int, control: int, route: int) -> int:
        found, _ = decisions.example(seen[side], domain(row), settings(side, control, route))
        return kinds.setdefault(kind_of(found), len(kinds) + UNKNOWN)

    evaluated = Evaluated(compared, *seen, kind)
    (here, there), (control, controlled) = evaluated.evidence, compared.control_of
    cases: dict[tuple[int, int, int, int], _Case] = {}
    found = []
    for row in evaluated.rows:
        key = here[row], control[row], there[row], controlled[row]
        case = cases.get(key)
        if case is None:
            numbers = zip((0, 1), (control, controlled), compared.route_of, strict=True)
            both = [
                decisions.example(seen[side], domain(row), settings(side, it[row], route[row]))
                for side, it, route in numbers
            ]
            direction = direction_of(both[0][0], both[1][0])
            assert direction is not None, domain(row)
            case = cases[key] = _Case(len(cases), tuple(both), direction)
        (earlier, first), (later, second) = case.outcomes
        destined = compared.part.destined(row)
        name = destined.domain
        earlier, later = named(earlier, first, name), named(later, second, name)
        found.append(Affected(destined, earlier, later, case.direction, case.number))
    return found


class _Case(Struct, frozen=True, gc=False):
    """What all rows of the same evidence and controls come to, each outcome with whose it is."""

    number: int
    outcomes: tuple[tuple[Outcome, str], ...]
    direction: Direction


def named(found: Outcome, example: str, domain: str) -> Outcome:
    """The outcome of an example, told of another destination of its class.

    Those differ in nothing but their names, so their reasons do as well.
    """
    reason = found.reason
    if example == domain or (example not in reason.text and example not in reason.detail):
        return found
    text, detail = (each.replace(example, domain) for each in (reason.text, reason.detail))
    return replace(found, reason=replace(reason, text=text, detail=detail))


def kind_of(found: Outcome) -> tuple[Result, Protection | None]:
    """What an outcome comes to for the mail, whichever host it is."""
    return found.result, found.protection if found.result is Result.DELIVER else None


def direction_of(before: Outcome, after: Outcome) -> Direction | None:
    """Which way a destination goes; None when it is as it was."""
    if Result.NOT_KNOWN in (before.result, after.result):
        return Direction.NOT_KNOWN
    first, second = kind_of(before), kind_of(after)
    if first == second:
        return None
    if Result.DELIVER not in (first[0], second[0]):
        waits = first[0] is Result.DEFER
        return Direction.RETURNED if waits else Direction.OTHERWISE
    if second[0] is not Result.DELIVER:
        return Direction.STOPS
    if first[0] is not Result.DELIVER:
        return Direction.NEWLY_DELIVERED
    if first[1] in _AUTHENTICATED and second[1] not in _AUTHENTICATED:
        return (
            Direction.NEWLY_IN_CLEAR
            if second[1] is Protection.CLEAR
            else Direction.LOSES_AUTHENTICATION
        )
    if second[1] in _AUTHENTICATED and first[1] not in _AUTHENTICATED:
        return Direction.NEWLY_AUTHENTICATED
    if second[1] is Protection.CLEAR:
        return Direction.NEWLY_IN_CLEAR
    if first[1] is Protection.CLEAR:
        return Direction.NEWLY_ENCRYPTED
    return Direction.OTHERWISE


class Decisions:
    """Outcomes by evidence class and settings, each decided once, by certificates as of `now`."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._decided: dict[tuple[int, int, Settings], tuple[Outcome, str]] = {}
        self._seen: dict[int, Seen] = {}

    def example(self, seen: Seen, domain: str, settings: Settings) -> tuple[Outcome, str]:
        """The outcome of a destination of the same class, and that one's name."""
        look = seen.look(domain, way_of(settings.route))
        if look is None:
            return not_observed(domain), domain
        # An identity holds only while the thing is there, so that is kept as well.
        self._seen[id(seen)] = seen
        key = id(seen), look.number, settings
        if key not in self._decided:
            observation = seen.example(look, domain)
            decided = outcome(observation, settings, self._now)
            self._decided[key] = decided, str(observation.domain)
        return self._decided[key]

    def outcome(self, seen: Seen, domain: str, settings: Settings) -> Outcome:
        """The outcome of a destination; its hosts are those of the example."""
        return named(*self.example(seen, domain, settings), domain)


def not_observed(domain: str) -> Outcome:
    """The outcome of a destination that nobody looked at."""
    text = f"{domain} was not looked at"
    reason = DaneReason("not-observed", text, "esashell")
    return Outcome(Result.NOT_KNOWN, Rule("observation", "esashell"), "", reason)
