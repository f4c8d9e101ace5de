"""Why an outcome changes: the smallest set of changes that brings it about by itself.

It is found by trying: all single changes, then all pairs, and so on, among those that concern the
destination. Two changes may be needed together, and each be harmless alone. Destinations of one
evidence class that the same entries speak of have the same causes, and are tried once.
"""

from collections.abc import Callable, Iterable
from itertools import combinations

from msgspec import Struct

from esashell.config.changes import Change, apply, changes
from esashell.config.lookup import Destinations, Routes
from esashell.config.model.routes import ALL
from esashell.config.tree import Config
from esashell.delivery.outcome import Outcome
from esashell.delivery.settings import settings_for
from esashell.errors import CommitRefused
from esashell.simulate.evidence import OWN, Seen, Way, way_of
from esashell.simulate.listed import Destined
from esashell.simulate.plan import Affected, Decisions, Direction, Side, kind_of
from esashell.simulate.treatment import Tables, patterns

# Above this many changes to one destination's settings the sets of them are not all tried.
MOST_TOGETHER = 12


class Cause(Struct, frozen=True):
    """The changes that bring an outcome about together.

    `smallest` is false where they were too many to try every set: then none of them can be left
    out, but another set may be smaller. There are none where the outcome is not known.
    """

    changes: tuple[Change, ...]
    smallest: bool = True


class Causes:
    """The causes of what a plan has found."""

    def __init__(self, before: Side, after: Side, decisions: Decisions) -> None:
        self._before = Tables(before.config)
        self._after = Tables(after.config, self._before)
        self._seen = before.seen, after.seen
        self._decisions = decisions
        both = (self._before, self._after)
        tables = [each.by_pattern for it in both for each in (it.controls, it.routes)]
        self._spoken_of = {pattern for table in tables for pattern in table} - {ALL.lower()}
        self._known: dict[tuple[object, ...], Cause] = {}

    def of(self, found: Affected) -> Cause:
        """The smallest set of changes that causes a destination's new outcome by itself."""
        if found.direction is Direction.NOT_KNOWN:
            return Cause(())
        key: tuple[object, ...] = (found.case,)
        if found.case < 0 or not self._spoken_of.isdisjoint(patterns(found.destined.domain)):
            kind = kind_of(found.after)
            key = found.destined.behavior, kind, *self._concerned(found.destined.domain)
        if key not in self._known:
            self._known[key] = self._tried(found)
        return self._known[key]

    def _concerned(self, domain: str) -> Iterable[object]:
        """What the causes of a destination depend on: its entries, and what was seen of it."""
        ways: dict[Way, None] = {OWN: None}
        for tables in (self._before, self._after):
            routes = tables.routes.concerning(domain)
            ways |= dict.fromkeys(map(way_of, routes))
            # The tables outlive this, so an identity is as good as the thing.
            yield tuple(map(id, (*tables.controls.concerning(domain), *routes)))
        for seen in self._seen:
            for way in ways:
                look = seen.look(domain, way)
                yield None if look is None else look.number

    def _tried(self, found: Affected) -> Cause:
        domain = found.destined.domain
        first, second = self._before.concerning(domain), self._after.concerning(domain)
        candidates = [each for each in changes(first, second) if not _is_order(each)]
        wanted = kind_of(found.after)

        def suffices(chosen: tuple[Change, ...]) -> bool:
            try:
                config = apply(first, chosen)
            except CommitRefused:
                return False
            seen = self._seen[any(looks_elsewhere(each) for each in chosen)]
            return kind_of(decided(config, found.destined, seen, self._decisions)) == wanted

        if len(candidates) > MOST_TOGETHER:
            return Cause(_fewer(candidates, suffices), smallest=False)
        sets = (
            chosen
            for count in range(1, len(candidates) + 1)
            for chosen in combinations(candidates, count)
        )
        return Cause(next(filter(suffices, sets), tuple(candidates)))


def decided(config: Config, destined: Destined, seen: Seen, decisions: Decisions) -> Outcome:
    """The outcome of one destination under a configuration, by looking its entries up."""
    settings = settings_for(
        destined.domain,
        Destinations(config.destinations),
        Routes(config.smtp_routes),
        destined.behavior,
        config.dns.digest_agility,
    )
    return decisions.outcome(seen, destined.domain, settings)


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
_ELSEWHERE = (
    "dns.",
    "ssl.outbound",
    "interfaces",
    "hostname",
    "delivery.interface",
    "authorities",
)


def looks_elsewhere(change: Change) -> bool:
    """Whether a change has an effect on what is observed, not only on what is decided."""
    return change.path.startswith(_ELSEWHERE)
