"""What a plan has looked at, and a plan made of it.

Every destination that two configurations treat differently is looked at once, as far as either of
them would lead. What was seen was seen by the running configuration: another one's resolvers, or
its own side of TLS, might show something else, so under such a one nothing is known.

What was seen is kept in a file, with its time (`observed`). A plan that was interrupted goes on
where it stopped, in another session as well. `commit` can tell at once what it would do, without a
question to anybody.
"""

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.observed import Observations, observations, shown_to
from esashell.config.lookup import Destinations
from esashell.config.model.routes import SmtpRoute
from esashell.delivery.attempt import observe
from esashell.delivery.batch import SharedResolver
from esashell.delivery.outcome import Result
from esashell.dialogue.drive import Progress
from esashell.dialogue.kinds import DOMAIN
from esashell.dialogue.requests import do
from esashell.simulate.causes import Causes
from esashell.simulate.evidence import Seen, Way
from esashell.simulate.listed import Listed
from esashell.simulate.plan import Affected, Decisions, Direction, Plan, Side, plan
from esashell.simulate.telling import Ages, Future, Told, future, summary
from esashell.simulate.treatment import Comparison
from esashell.steps import Many, Tell

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.tree import Config
    from esashell.delivery.attempt import Met
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

    Wanted = list[tuple[str, tuple[Way, ...]]]


class Observed:
    """Told when one destination was looked at."""


# Destinations that a commit looks at before its question; more of them are waited for in a plan.
MOST_ASIDE = 500


def looks_different(first: "Config", second: "Config") -> bool:
    """Whether one of the two might be shown other facts than the other."""
    return first is not second and shown_to(first) != shown_to(second)


class Rehearsal:
    """Two configurations over a list of destinations, and what was seen of those."""

    def __init__(
        self, appliance: "Appliance", before: "Config", after: "Config", listed: Listed
    ) -> None:
        self._appliance = appliance
        self._before = before
        self._after = after
        self.listed = listed
        self.observations: Observations = observations(appliance)
        # Where the two are shown different things, every destination has to be looked at.
        self._every = looks_different(before, after)
        self._compared = Comparison(before, after, listed, every=self._every)
        self._begun = appliance.now

    def look(self, *, again: bool = False) -> "Dialogue[None]":
        """Look at what has to be looked at, showing how far that has come."""
        wanted = self.wanted(again=again)
        if not wanted:
            return
        done = 0

        def tell(event: object) -> Iterable[str | Progress]:
            nonlocal done
            if isinstance(event, Observed):
                done += 1
                yield Progress(done, len(wanted))

        yield from do(self.steps(wanted), tell)

    def steps(self, wanted: "Wanted") -> "Steps[None]":
        """Look at them; whatever happens, what was seen until then is kept."""
        try:
            yield from _look_at(self._appliance, wanted, self.observations)
        finally:
            self.observations.keep()

    def wanted(self, *, again: bool = False) -> "Wanted":
        """The destinations that are treated differently, with the ways that were not looked at."""
        seen = self.observations.seen
        found: dict[str, tuple[Way, ...]] = {}
        for names, way in self._looks():
            looks = repeat(None) if again else seen.looks_at(names, way)
            for name, look in zip(names, looks, strict=False):
                if look is None and way not in found.get(name, ()):
                    found[name] = (*found.get(name, ()), way)
        # A recording is asked in its own order: what is asked of whom depends on what is known.
        place = {each: at for at, each in enumerate(self._appliance.destinations)}
        return sorted(found.items(), key=lambda each: place.get(each[0], len(place)))

    def _looks(self) -> "Iterator[tuple[list[str], Way]]":
        """The touched destinations by the ways of either side."""
        names, ways = self._compared.part.rows.names, self._compared.ways()
        for side in (0, 1):
            for route, rows in self._compared.by_ways(side):
                yield [names[row] for row in rows], ways[route]

    def ages(self) -> Ages:
        """Of what the plan rests on, how much was seen before it was asked for, and when."""
        seen = self.observations.seen
        times = {
            (name, way): look.when
            for names, way in self._looks()
            for name, look in zip(names, seen.looks_at(names, way), strict=True)
            if look is not None and look.when < self._begun
        }
        found = times.values()
        return Ages(len(times), min(found, default=None), max(found, default=None))

    def rehearsed(self) -> "Rehearsed":
        """The plan, by what was seen."""
        running, nowhere = self._appliance.running, Seen()
        seen = self.observations.seen
        first = nowhere if looks_different(running, self._before) else seen
        second = first
        if self._every:
            second = Seen() if looks_different(running, self._after) else seen
        sides = Side(self._before, first), Side(self._after, second)
        return Rehearsed(*sides, self.listed, self._appliance.now, self._compared)


def _look_at(appliance: "Appliance", wanted: "Wanted", observations: Observations) -> "Steps[None]":
    sender = replace(appliance.sender, resolver=SharedResolver(appliance.sender.resolver))
    met: Met = {}

    def one(domain: str, ways: tuple[Way, ...]) -> "Steps[None]":
        name = DOMAIN.parse(domain)
        for way in ways:
            route = SmtpRoute("", way) if way else None
            found = yield from observe(name, sender, route, routed=True, met=met)
            observations.add(domain, way, found)
        yield Tell(Observed())

    yield Many((one(*each) for each in wanted), apart=True)


class Rehearsed:
    """A plan made of what was seen by the running configuration."""

    def __init__(
        self, before: Side, after: Side, listed: Listed, now: int, compared: Comparison
    ) -> None:
        self._sides = before, after
        self._decisions = Decisions(now)
        self._compared = compared
        self.plan: Plan = plan(before, after, listed, self._decisions, compared)

    def told(self) -> Iterator[Told]:
        """Every affected destination with the cause, and with what comes of it."""
        causes = Causes(*self._sides, self._decisions)
        futures = Futures(self._sides[1].config)
        for each in self.plan.affected:
            yield Told(each, causes.of(each), futures.of(each))


class Futures:
    """What becomes of the mail of destinations, by the bounce profiles of a configuration."""

    def __init__(self, config: "Config") -> None:
        self._controls = Destinations(config.destinations)
        self._profiles = {each.name: each for each in config.bounces.profiles}
        self._default = config.bounces.profiles[0]
        self._known: dict[tuple[object, ...], Future | None] = {}

    def of(self, found: Affected) -> Future | None:
        rate, result = found.destined.per_hour, found.after.result
        if not rate or result is Result.DELIVER:
            return None
        name = self._controls.control(found.destined.domain).bounce_profile
        profile = self._profiles.get(name, self._default)
        key = rate, result, profile.name
        if key not in self._known:
            self._known[key] = future(rate, result, profile)
        return self._known[key]


def foretold(appliance: "Appliance") -> "Steps[str]":
    """The summary of what a commit of what is pending would change, "" where that is nothing.

    Over the destinations of the session's last plan and by what was seen, however old; without such
    a plan over the lab's own. Only the lab is ever asked anything: a commit waits for nobody.
    """
    before, after = appliance.running, appliance.config
    if looks_different(before, after):
        return ""
    listed = last_list(appliance)
    if listed is None:
        return ""
    rehearsal = Rehearsal(appliance, before, after, listed)
    if appliance.in_lab and len(wanted := rehearsal.wanted()) <= MOST_ASIDE:
        yield from rehearsal.steps(wanted)
    found = rehearsal.rehearsed().plan
    if all(each is Direction.NOT_KNOWN for each in found.directions):
        return ""
    return summary(found)


LISTED = "plan"  # the name that a session keeps the list of its last plan under


def last_list(appliance: "Appliance") -> Listed | None:
    """The destinations of the session's last plan, or else those of the lab."""
    found = appliance.kept.get(LISTED)
    if isinstance(found, Listed):
        return found
    return known_list(appliance) if appliance.in_lab else None


def known_list(appliance: "Appliance") -> Listed | None:
    """The destinations that this world is known to have."""
    domains = appliance.destinations
    return Listed(map(str.lower, domains)) if domains else None
