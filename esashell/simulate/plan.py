"""What a change of the configuration does to the mail: who gets it, and how, before and after.

A plan compares two configurations over destinations that were observed. For each it asks the one
decision there is, `delivery.attempt.outcome`, under the settings of either side; nothing is decided
here. Where the settings are the same on both sides, nothing can change, and nothing is asked. Where
the observation does not hold what the new settings would lead to, the answer is *not known*, which
is never taken for *the same*.

Why an outcome changes is told by the smallest set of changes that brings it about by itself. It is
found by trying: all single changes, then all pairs, and so on, among those that concern the
destination. Two changes may be needed together, and each be harmless alone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.changes import Change, apply, changes
from esashell.config.lookup import Destinations, Routes
from esashell.config.model.listeners import Behavior
from esashell.config.model.routes import ALL, SmtpRoute
from esashell.config.tree import Config
from esashell.dane.reason import DaneReason
from esashell.delivery.attempt import outcome
from esashell.delivery.observation import Observation
from esashell.delivery.outcome import Outcome, Protection, Result, Rule
from esashell.delivery.settings import Settings, settings_for
from esashell.errors import CommitRefused

# Above this many changes to one destination's settings the sets of them are not all tried.
MOST_TOGETHER = 12


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


class Destined(Struct, frozen=True):
    """A destination, its messages in an hour, None when nobody knows, and the mail's policy."""

    domain: str
    per_hour: float | None = None
    behavior: Behavior = Behavior.RELAY


class Affected(Struct, frozen=True):
    """A destination whose outcome changes, or is not known to stay."""

    destined: Destined
    before: Outcome
    after: Outcome
    direction: Direction


class Cause(Struct, frozen=True):
    """The changes that bring an outcome about together.

    `smallest` is false where they were too many to try every set: then none of them can be left
    out, but another set may be smaller. There are none where the outcome is not known.
    """

    changes: tuple[Change, ...]
    smallest: bool = True


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


# The observation of a destination under the side's configuration, and with its route; None where
# there is none.
Evidence = Callable[[str, SmtpRoute | None], Observation | None]


class Side(Struct, frozen=True):
    """A configuration and what is observed under it."""

    config: Config
    evidence: Evidence


def plan(
    before: Side,
    after: Side,
    destinations: Iterable[Destined],
    now: int,
    decisions: "Decisions | None" = None,
) -> Plan:
    """Compare two sides over the destinations; certificates are judged at `now`."""
    decisions = decisions or Decisions(now)
    first, second = _Judge(before, decisions), _Judge(after, decisions)
    affected: list[Affected] = []
    evaluated = 0
    for each in destinations:
        evaluated += 1
        here, there = first.settings(each), second.settings(each)
        if here == there and before.evidence is after.evidence:
            continue
        earlier, later = first.outcome(each, here), second.outcome(each, there)
        direction = direction_of(earlier, later)
        if direction is not None:
            affected.append(Affected(each, earlier, later, direction))
    order = {each: place for place, each in enumerate(Direction)}
    affected.sort(
        key=lambda each: (
            order[each.direction],
            -(each.destined.per_hour or 0),
            each.destined.domain,
        )
    )
    unchanged = evaluated - len(affected)
    between = changes(before.config, after.config)
    return Plan(between, tuple(affected), evaluated, unchanged)


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
    """Outcomes by observation and settings, each decided once. Certificates are judged at `now`."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._decided: dict[tuple[int, Settings], Outcome] = {}
        self._kept: dict[int, Observation] = {}

    def outcome(self, observation: Observation, settings: Settings) -> Outcome:
        # An identity holds only while the thing is there, so the observation is kept as well.
        self._kept[id(observation)] = observation
        key = (id(observation), settings)
        if key not in self._decided:
            self._decided[key] = outcome(observation, settings, self._now)
        return self._decided[key]


class _Judge:
    """One side's settings and outcomes."""

    def __init__(self, side: Side, decisions: Decisions) -> None:
        self._controls = Destinations(side.config.destinations)
        self._routes = Routes(side.config.smtp_routes)
        self._agility = side.config.dns.digest_agility
        self._evidence = side.evidence
        self._decisions = decisions

    def settings(self, destined: Destined) -> Settings:
        return settings_for(
            destined.domain, self._controls, self._routes, destined.behavior, self._agility
        )

    def outcome(self, destined: Destined, settings: Settings) -> Outcome:
        observation = self._evidence(destined.domain, settings.route)
        if observation is None:
            return not_observed(destined.domain)
        return self._decisions.outcome(observation, settings)


def not_observed(domain: str) -> Outcome:
    """The outcome of a destination that nobody looked at."""
    text = f"{domain} was not looked at"
    reason = DaneReason("not-observed", text, "esashell")
    return Outcome(Result.NOT_KNOWN, Rule("observation", "esashell"), "", reason)


def concerning(config: Config, domain: str) -> Config:
    """The configuration without the entries that are for other domains.

    What is left decides about this domain as the whole does, and is small however large that is.
    """
    controls = config.destinations
    entries = tuple(each for each in controls.entries if _is_for(each.domain, domain))
    routes = tuple(each for each in config.smtp_routes if _is_for(each.domain, domain))
    return replace(config, destinations=replace(controls, entries=entries), smtp_routes=routes)


def _is_for(pattern: str, domain: str) -> bool:
    pattern, domain = pattern.lower(), domain.lower().removesuffix(".")
    if pattern.startswith("."):
        return domain.endswith(pattern)
    return pattern in (domain, ALL.lower())


def cause(found: Affected, before: Side, after: Side, decisions: Decisions) -> Cause:
    """The smallest set of changes that causes a destination's new outcome by itself."""
    if found.direction is Direction.NOT_KNOWN:
        return Cause(())
    domain = found.destined.domain
    first, second = concerning(before.config, domain), concerning(after.config, domain)
    candidates = [each for each in changes(first, second) if not _is_order(each)]
    wanted = kind_of(found.after)

    def suffices(chosen: tuple[Change, ...]) -> bool:
        try:
            config = apply(first, chosen)
        except CommitRefused:
            return False
        other = any(looks_elsewhere(each) for each in chosen)
        judge = _Judge(Side(config, after.evidence if other else before.evidence), decisions)
        return kind_of(judge.outcome(found.destined, judge.settings(found.destined))) == wanted

    if len(candidates) > MOST_TOGETHER:
        return Cause(_fewer(candidates, suffices), smallest=False)
    sets = (
        chosen
        for count in range(1, len(candidates) + 1)
        for chosen in combinations(candidates, count)
    )
    return Cause(next(filter(suffices, sets), tuple(candidates)))


def _fewer(
    candidates: list[Change], suffices: Callable[[tuple[Change, ...]], bool]
) -> tuple[Change, ...]:
    """A set that none can be left out of, though a smaller one may exist."""
    kept = list(candidates)
    for each in candidates:
        without = [other for other in kept if other is not each]
        if suffices(tuple(without)):
            kept = without
    return tuple(kept)


def _is_order(change: Change) -> bool:
    """Whether it is only the order of a list, which decides nothing in tables looked up by key."""
    return change.path in ("destinations.entries", "smtp_routes")


# Where a change means that the world is looked at in another way, so that it shows other facts.
_ELSEWHERE = ("dns.", "ssl.outbound", "interfaces", "hostname", "delivery.interface")


def looks_elsewhere(change: Change) -> bool:
    """Whether a change has an effect on what is observed, not only on what is decided."""
    return change.path.startswith(_ELSEWHERE)
