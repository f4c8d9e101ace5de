"""What a plan has looked at, and a plan made of it.

Every destination that two configurations treat differently is looked at once, as far as either of
them would lead. What was seen was seen by the running configuration: another one's resolvers, or
its own side of TLS, might show something else, so under such a one nothing is known.

A session keeps what its last plan has seen. A plan that was interrupted goes on where it stopped,
and `commit` can tell at once what it would do, without a question to anybody.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.changes import changes
from esashell.config.lookup import Destinations, Routes
from esashell.delivery.attempt import observe
from esashell.delivery.batch import SharedResolver
from esashell.delivery.settings import settings_for
from esashell.dialogue.drive import Progress
from esashell.dialogue.kinds import DOMAIN
from esashell.dialogue.requests import do
from esashell.simulate.plan import (
    Decisions,
    Destined,
    Direction,
    Plan,
    Side,
    cause,
    looks_elsewhere,
    plan,
)
from esashell.simulate.telling import Told, future, summary
from esashell.steps import Many, Tell

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.model.routes import SmtpRoute
    from esashell.config.tree import Config
    from esashell.delivery.observation import Observation
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

    Seen = dict[tuple[str, SmtpRoute | None], Observation]
    Wanted = tuple[str, tuple[SmtpRoute | None, ...]]

KEPT = "plan"  # the name that a session keeps a rehearsal under


class Rehearsal(Struct, frozen=True):
    """What was seen of which destinations, by which running configuration.

    While it is not `whole`, somebody is looking still, or was interrupted.
    """

    running: "Config"
    destined: tuple[Destined, ...]
    seen: "Seen"
    whole: bool = False


class Observed(Struct, frozen=True):
    """Told when one destination was looked at."""

    domain: str


def rehearse(
    appliance: "Appliance", before: "Config", after: "Config", destined: Sequence[Destined]
) -> "Dialogue[Rehearsal]":
    """Look at what has to be looked at, showing how far that has come."""
    running, key = appliance.running, tuple(destined)
    earlier = appliance.kept.get(KEPT)
    seen: Seen = {}
    if isinstance(earlier, Rehearsal) and not earlier.whole and earlier.running == running:
        seen = earlier.seen
    begun = Rehearsal(running, key, seen)
    appliance.kept[KEPT] = begun
    wanted = list(_wanted(before, after, destined, seen))
    if wanted:
        done = 0

        def tell(event: object) -> Iterable[str | Progress]:
            nonlocal done
            if isinstance(event, Observed):
                done += 1
                yield Progress(done, len(wanted))

        yield from do(_look_at(appliance, wanted, seen), tell)
    appliance.kept[KEPT] = ended = replace(begun, whole=True)
    return ended


def _wanted(
    before: "Config", after: "Config", destined: Iterable[Destined], seen: "Seen"
) -> "Iterable[Wanted]":
    """The destinations that are treated differently, with the routes that either side has."""
    sides = [
        (Destinations(each.destinations), Routes(each.smtp_routes)) for each in (before, after)
    ]
    elsewhere = looks_different(before, after)
    for each in destined:
        settings = [settings_for(each.domain, *side, each.behavior) for side in sides]
        if elsewhere or settings[0] != settings[1]:
            routes = dict.fromkeys(it.route for it in settings)
            if left := tuple(route for route in routes if (each.domain, route) not in seen):
                yield each.domain, left


def looks_different(first: "Config", second: "Config") -> bool:
    """Whether one of the two might be shown other facts than the other."""
    return any(map(looks_elsewhere, changes(first, second)))


def _look_at(appliance: "Appliance", wanted: "Sequence[Wanted]", seen: "Seen") -> "Steps[None]":
    sender = replace(appliance.sender, resolver=SharedResolver(appliance.sender.resolver))

    def one(domain: str, routes: "tuple[SmtpRoute | None, ...]") -> "Steps[None]":
        for route in routes:
            name = DOMAIN.parse(domain)
            seen[domain, route] = yield from observe(name, sender, route)
        yield Tell(Observed(domain))

    yield Many(one(*each) for each in wanted)


class Rehearsed:
    """A plan made of what was seen by the running configuration."""

    def __init__(
        self,
        rehearsal: Rehearsal,
        before: "Config",
        after: "Config",
        now: int,
    ) -> None:
        running, destined, seen = rehearsal.running, rehearsal.destined, rehearsal.seen

        def here(domain: str, route: "SmtpRoute | None") -> "Observation | None":
            return seen.get((domain, route))

        def first_nowhere(domain: str, route: "SmtpRoute | None") -> "Observation | None":
            return None

        def second_nowhere(domain: str, route: "SmtpRoute | None") -> "Observation | None":
            return None

        first = first_nowhere if looks_different(running, before) else here
        if not looks_different(before, after):
            second = first
        else:
            second = second_nowhere if looks_different(running, after) else here
        self._sides = Side(before, first), Side(after, second)
        self._decisions = Decisions(now)
        self.plan: Plan = plan(*self._sides, destined, now, self._decisions)

    def told(self) -> list[Told]:
        """Every affected destination with the cause, and with what comes of it."""
        profile = self._sides[1].config.bounces.profiles[0]
        return [
            Told(each, cause(each, *self._sides, self._decisions), future(each, profile))
            for each in self.plan.affected
        ]


def foretold(appliance: "Appliance") -> "Steps[str]":
    """The summary of what a commit of what is pending would change, "" where that is nothing.

    Over the destinations of the session's last plan and by what it saw, however old; without such
    a plan over the lab's own. Only the lab is ever asked anything: a commit waits for nobody.
    """
    before, after = appliance.running, appliance.config
    if looks_different(before, after):
        return ""
    in_lab = bool(appliance.destinations)
    earlier = appliance.kept.get(KEPT)
    if isinstance(earlier, Rehearsal) and not looks_different(earlier.running, before):
        known = replace(earlier, running=before)
    elif in_lab:
        known = Rehearsal(before, tuple(map(Destined, appliance.destinations)), {})
    else:
        return ""
    if in_lab and (wanted := list(_wanted(before, after, known.destined, known.seen))):
        yield from _look_at(appliance, wanted, known.seen)
    found = Rehearsed(known, before, after, appliance.now).plan
    if all(each is Direction.NOT_KNOWN for each in found.directions):
        return ""
    return summary(found)
