"""A simulation: a lab, appliances, mail and what happens, on one virtual clock.

Time goes from one instant at which something has to be decided to the next: a queue's next attempt,
an answer that has run out while mail comes, a happening. Everything between two of them is counted
and not gone through. Nothing is decided here. What becomes of a message is the engine's judgement
(`judging`) and the queue's history (`lane`).

Every message is in one place at every instant, and that is checked on the way (`balance`).
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from esashell.clock import SECOND, FixedClock
from esashell.config.model.listeners import Behavior
from esashell.config.tree import Config
from esashell.delivery import figures as shown
from esashell.delivery.verification import Sender
from esashell.errors import BadConfiguration, OperatorError
from esashell.resolver.names import Name
from esashell.resolver.rollover import TrustPoint
from esashell.simulate import counting, filling, selecting
from esashell.simulate.appliance import CONNECTION, MESSAGE, Appliance, Queue
from esashell.simulate.balance import Unbalanced, balanced
from esashell.simulate.fate import Fate
from esashell.simulate.handed import Handed
from esashell.simulate.happenings import PREPARED, Happening, What
from esashell.simulate.mail import HandedMail
from esashell.simulate.scenario import Scenario
from esashell.simulate.traffic import NEVER
from esashell.steps import Steps, Tell
from esashell.worlds.lab.change import Changes
from esashell.worlds.lab.world import Lab

__all__ = ["Moved", "Simulation", "Unbalanced"]

TICKS = 144
MANY = 50  # attempts that are made, each of them some milliseconds

SenderFor = Callable[[Config, Lab, FixedClock], Sender]


class Moved(Struct, frozen=True):
    """Told when everything before the instant `now` is settled."""

    now: int


class Simulation:
    """A scenario on its way; `base` is the configuration that it begins with."""

    def __init__(self, scenario: Scenario, sender_for: SenderFor, base: Config) -> None:
        self.scenario = scenario
        self._sender_for = sender_for
        self._base = base
        # The appliance that everything is about where none is named; the last one where this is "".
        self.tier = ""
        # What the message of a number is called, of the queue at a place in `lanes`.
        self.mid_of: Callable[[int, int], int] | None = None
        # The MID, ICID and DCID that were given last, where somebody gives them.
        self.numbers: Callable[[], tuple[int, int, int]] | None = None
        self.reset()

    def reset(self) -> None:
        """Back to the beginning; the lab and every cache too."""
        it = self.scenario
        self.clock = FixedClock(it.begin)
        self.world = Lab(self.clock, scenarios=it.lab, certified=it.begin)
        self.begun, self.now, self.end = it.begin, it.begin, it.begin + it.length
        self._changes = Changes(self.world)
        self._happened: list[tuple[int, str]] = []
        self._appliances = [
            Appliance(
                each,
                each.configure(self._base),
                lambda config: self._sender_for(config, self.world, self.clock),
                world=self.world,
                clock=self.clock,
                growth=it.growth,
            )
            for each in it.tiers
        ]
        self._fill()
        self._timeline = list(it.timeline)
        self._prepare()
        self._queues = [queue for each in self._appliances for queue in each.queues]
        self._next: list[tuple[int, int]] = []
        self._schedule_all()

    # What there is to know.

    @property
    def title(self) -> str:
        return self.scenario.title

    @property
    def story(self) -> str:
        return self.scenario.story

    @property
    def seed(self) -> int:
        return self.scenario.seed

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the appliances, the one that mail comes to first."""
        return tuple(each.name for each in self._appliances)

    @property
    def config(self) -> Config:
        return self._appliance("").config

    @property
    def sender(self) -> Sender:
        """The last appliance as its peers see it, with the cache that its deliveries have."""
        return self._appliance("").judge.sender

    @property
    def refused(self) -> int:
        """How many messages a listener has not taken in: no mail of ours."""
        return sum(each.come(self.now - 1) for each in self._refused)

    @property
    def trust_point(self) -> TrustPoint | None:
        """The root's keys as the last appliance follows them."""
        return self._appliance("").judge.root.point

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the figures take for granted that is not documented."""
        return (
            f"The wait after a failure grows by a factor of {self.scenario.growth} from the first "
            "interval of the bounce profile to the largest.",
            "A message for a destination that is down waits for its next attempt.",
            "Mail that came in under RELAY and under ACCEPT waits in queues of its own.",
            f"A connection takes {CONNECTION:g} s and a message on it {MESSAGE:g} s, where "
            "destination controls limit connections; otherwise an attempt takes no time.",
            "Bounces and delay warnings are counted, and not delivered.",
        )

    def lanes(self, tier: str = "") -> tuple[Queue, ...]:
        return tuple(self._appliance(tier).queues)

    def events(self) -> Sequence[tuple[int, str]]:
        """What has happened, and what will, in order."""
        due = [(self.begun + each.after, str(each.happening)) for each in self._timeline]
        return [*self._happened, *due]

    def figures(self, tier: str = "") -> shown.ApplianceFigures:
        return counting.whole(self._appliance(tier), self.now)

    def host(self, domain: str, tier: str = "") -> shown.HostFigures | None:
        queues = self._for(domain, tier)
        return counting.host(queues, self.now, aged=True) if queues else None

    def hosts(self, tier: str = "") -> Iterator[shown.HostFigures]:
        """Every destination, in the order in which the scenario names them."""
        by_domain: dict[str, list[Queue]] = {}
        for each in self._appliance(tier).queues:
            by_domain.setdefault(each.domain, []).append(each)
        for queues in by_domain.values():
            yield counting.host(queues, self.now)

    def course(self, domain: str = "", points: int = 72, tier: str = "") -> list[shown.Sample]:
        """The queue at so many instants, from the beginning to now."""
        span = self.now - self.begun
        instants = [self.begun + span * each // points for each in range(1, points + 1)]
        return counting.course(self._for(domain, tier), instants)

    def ages(self, domain: str = "", tier: str = "") -> tuple[int, ...]:
        return counting.ages(self._for(domain, tier), self.now)

    # Time.

    def advance(self, until: int) -> Steps[None]:
        """Go on to an instant, telling `Moved` on the way; it may be given up at each of them."""
        tick = max(self.scenario.length // TICKS, 1)
        while self.now < until:
            for _ in self._run(min(self.now + tick - (self.now - self.begun) % tick, until)):
                yield Tell(Moved(self.now))
            self.check()
            yield Tell(Moved(self.now))

    def run(self, until: int) -> None:
        """Go on to an instant, all at once."""
        for _ in self.advance(until):
            pass

    def check(self) -> None:
        """Whether every message is in one place; raises `Unbalanced`."""
        balanced(self._appliances, self._injected, self.now)

    def _run(self, until: int) -> Iterator[None]:
        """Settle everything before this instant, with a halt after every so many attempts made."""
        made = self._made
        while True:
            due = self.begun + self._timeline[0].after if self._timeline else NEVER
            rolls = self._rolls[0][0] if self._rolls else NEVER
            attempt = self._next_attempt()
            instant = min(due, rolls, attempt)
            if instant >= until:
                break
            if self._made - made >= MANY and instant > self.clock.now():
                made = self._made
                self._move(instant)
                yield
            if rolls == instant:
                self._move(rolls)
                self._touch((self._rolls.pop(0)[1],))
            elif due == instant:
                self._move(due)
                self._happens(self._timeline.pop(0).happening)
            else:
                self._clock_to(attempt)
                self._attempt()
        self._move(until)

    @property
    def _made(self) -> int:
        return sum(each.judge.attempts for each in self._appliances)

    def _clock_to(self, instant: int) -> None:
        self.clock.advance(max(instant - self.clock.now(), 0))

    def _move(self, instant: int) -> None:
        """Settle all queues up to an instant at which none of them has to be judged before."""
        for each in self._queues:
            each.advance(instant)
        self._clock_to(instant)
        self.now = instant

    def _next_attempt(self) -> int:
        while self._next and self._due[self._next[0][1]] != self._next[0][0]:
            heapq.heappop(self._next)
        return self._next[0][0] if self._next else NEVER

    def _attempt(self) -> None:
        when, index = heapq.heappop(self._next)
        self._queues[index].advance(when + 1)
        self._schedule(index)
        if (after := self._fed.get(index)) is not None:
            self._schedule(after)

    def _schedule(self, index: int) -> None:
        due = self._queues[index].due()
        self._due[index] = due
        if due < NEVER:
            heapq.heappush(self._next, (due, index))

    def _schedule_all(self) -> None:
        self._due = [NEVER] * len(self._queues)
        self._next = []
        places = {id(each): index for index, each in enumerate(self._queues)}
        self._fed = {places[id(first)]: places[id(then)] for first, then in self._pairs}
        for index in range(len(self._queues)):
            self._schedule(index)

    # What happens.

    def happen(self, happening: Happening) -> None:
        """It happens now; raises `OperatorError` where it cannot."""
        try:
            happening.check(self._changes)
        except (LookupError, ValueError) as error:
            raise OperatorError(f"Error: {error}.") from None
        self._happens(happening)

    def reconfigure(self, config: Config, comment: str = "", tier: str = "") -> None:
        """From now on this configuration is in force."""
        tier = tier or self.tier
        self.happen(Happening(What.COMMIT, configure=lambda _: config, comment=comment, tier=tier))

    def _happens(self, it: Happening) -> None:
        self._happened.append((self.now, str(it)))
        if it.is_operators:
            self._operate(it)
            self._schedule_all()
        else:
            self._touch(it.happen(self._changes, self.now))
        self.check()

    def _touch(self, zones: Iterable[Name] | None) -> None:
        addresses = self._changes.addresses(zones or ())
        for each in self._appliances:
            each.touch(zones, addresses)
        self._schedule_all()

    def _operate(self, it: Happening) -> None:
        appliance = self._appliance(it.tier or self.tiers[-1])
        domains = (it.subject,) if it.subject else ("ALL",)
        match it.what:
            case What.COMMIT if it.configure is not None:
                appliance.reconfigure(it.configure(appliance.config))
            case What.SUSPEND:
                appliance.suspend(domains)
            case What.RESUME:
                appliance.resume(domains)
            case What.DELIVER_NOW:
                appliance.deliver_now(domains)

    def suspend(self, domains: Iterable[str] = ("ALL",), tier: str = "") -> None:
        self._appliance(tier).suspend(domains)
        self._schedule_all()

    def resume(self, domains: Iterable[str] = ("ALL",), tier: str = "") -> None:
        self._appliance(tier).resume(domains)
        self._schedule_all()

    def deliver_now(self, domain: str = "", tier: str = "") -> None:
        self._appliance(tier).deliver_now((domain,) if domain else ())
        self._schedule_all()

    # Recipients one by one.

    def queued(
        self, *, domain: str = "", sender: str = "", limit: int, tier: str = ""
    ) -> list[shown.Queued]:
        """Those that wait, oldest first."""
        places = {id(each): place for place, each in enumerate(self.lanes(tier))}
        called = self.mid_of or (lambda place, number: 0)
        found = [
            selecting.waiting(queue, letter, called(places[id(queue)], letter.number))
            for queue in self._for(domain, tier)
            for letter in islice(selecting.letters(queue, sender), limit)
        ]
        found.sort(key=lambda each: each.since)
        return found[:limit]

    def waiting(self, *, domain: str = "", sender: str = "", tier: str = "") -> int:
        """How many of them there are."""
        queues = self._for(domain, tier)
        if not sender:
            return sum(each.waiting() for each in queues)
        return sum(1 for queue in queues for _ in selecting.letters(queue, sender))

    def delete(self, *, domain: str = "", sender: str = "", tier: str = "") -> int:
        return self._remove(self._for(domain, tier), sender, Fate.DELETED)

    def bounce(self, *, domain: str = "", sender: str = "", tier: str = "") -> int:
        return self._remove(self._for(domain, tier), sender, Fate.RETURNED)

    def _remove(self, queues: Iterable[Queue], sender: str, fate: Fate) -> int:
        removed = sum(selecting.remove(each, sender, fate) for each in queues)
        self._schedule_all()
        return removed

    def _for(self, domain: str, tier: str) -> list[Queue]:
        queues = self._appliance(tier).queues
        return [each for each in queues if not domain or each.domain == domain.lower()]

    def _appliance(self, tier: str) -> Appliance:
        """The one of this name; without a name the one looked at, or the last, which delivers."""
        tier = tier or self.tier
        for each in self._appliances:
            if tier and each.name == tier:
                return each
        if tier:
            raise OperatorError(f"Error: there is no appliance {tier} in this simulation.")
        return self._appliances[-1]

    # The beginning.

    def _fill(self) -> None:
        first, *others = self._appliances
        filled = filling.filled(self.scenario, first)
        self._injected, self._refused = filled.streams, filled.refused
        self._pairs: list[tuple[Queue, Queue]] = []
        for each in others:
            before = self._appliances[self._appliances.index(each) - 1]
            for queue in before.queues:
                handed = HandedMail(Handed(queue, each.address), queue.mail)
                then = Queue(queue.domain, Behavior.RELAY, handed, each)
                each.queues.append(then)
                self._pairs.append((queue, then))

    def _prepare(self) -> None:
        """What ends at a given time has been made so from the beginning."""
        turns = ((second * SECOND, zone) for second, zone in self.world.rolls())
        self._rolls = sorted(each for each in turns if each[0] > self.begun)
        configs: dict[str, Config] = {}
        for due in self._timeline:
            it = due.happening
            appliance = self._appliance(it.tier or self.tiers[-1])
            try:
                if it.configure is not None:
                    before = configs.get(appliance.name, appliance.config)
                    configs[appliance.name] = it.configure(before)
                it.check(self._changes)
                if it.what in PREPARED:
                    zones = it.happen(self._changes, self.begun + due.after) or ()
                    for each in self._appliances:
                        each.judge.unsteady(zones)
            except (LookupError, ValueError) as error:
                where = f"{self.scenario.name}: event {it.what}"
                raise BadConfiguration(f"{where}: {error}") from None
