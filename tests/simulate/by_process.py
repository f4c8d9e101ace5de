"""The same model another way: every message a process of its own, in SimPy.

Nothing of the simulator is used here but the names of what becomes of a message. A message attempts
delivery when it comes. If that fails for now, its destination begins to count the waits, and
everybody who waits there is woken at each slot: who is too old gives up, the others try, and who
has tried too often gives up as well. Where only so many may leave in a stretch of time, whoever
finds none left waits for the next one.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

import simpy
from msgspec import Struct

Process = Generator[simpy.Event, Any, None]
Weather = Callable[[int], str]
OK, LATER, REFUSED, EXPIRED, DISCARDED = "delivered", "later", "refused", "expired", "discarded"


class Rules(Struct, frozen=True):
    """In microseconds. `allowed` is how many may leave in each `stretch`; 0 is no limit."""

    first_wait: int
    longest_wait: int
    retries: int
    limit: int
    allowed: int = 0
    stretch: int = 1


class Host:
    """A destination; `counts` are shared by all."""

    def __init__(
        self, env: simpy.Environment, weather: Weather, rules: Rules, counts: "Counter[str]"
    ) -> None:
        self.env = env
        self.weather = weather
        self.rules = rules
        self.counts = counts
        self.down = False
        self.waiting = 0
        self.failed = False
        self.slot = env.event()
        self.left = rules.allowed
        self.next_stretch = env.event()
        if rules.allowed:
            env.process(self._stretches())

    def _stretches(self) -> Process:
        while True:
            yield self.env.timeout(self.rules.stretch)
            self.left = self.rules.allowed
            over, self.next_stretch = self.next_stretch, self.env.event()
            over.succeed()

    def _slots(self) -> Process:
        wait = self.rules.first_wait
        while self.waiting:
            yield self.env.timeout(wait)
            self.failed = False
            now, self.slot = self.slot, self.env.event()
            now.succeed()
            yield self.env.timeout(0)  # everybody has had his turn
            if not self.failed:
                break
            wait = min(wait * 2, self.rules.longest_wait)
        self.down = False

    def message(self) -> Process:
        came, tries = int(self.env.now), 0
        self.waiting += 1
        self.counts["injected"] += 1
        while True:
            if self.down:
                yield self.slot
                if self.env.now - came >= self.rules.limit:
                    return self._gone(EXPIRED)
            while self.rules.allowed and not self.left:
                yield self.next_stretch
                if self.env.now - came >= self.rules.limit:
                    return self._gone(EXPIRED)
                if self.down:
                    # Whoever was woken first has tried for all of them.
                    tries += 1
                    if tries > self.rules.retries:
                        return self._gone(EXPIRED)
                    break
            else:
                found = self.weather(int(self.env.now))
                if found != LATER:
                    self.left -= bool(self.rules.allowed)
                    return self._gone(found)
                tries += 1
                self.failed = True
                if tries > self.rules.retries:
                    self._gone(EXPIRED)
                if not self.down:
                    self.down = True
                    self.env.process(self._slots())
                if tries > self.rules.retries:
                    return None

    def _gone(self, how: str) -> None:
        self.waiting -= 1
        self.counts[how] += 1


def simulate(
    mail: Sequence[tuple[int, int]],
    weather: Callable[[int], Weather],
    rules: Callable[[int], Rules],
    instants: Iterable[int],
    end: int,
) -> list["Counter[str]"]:
    """How many messages were where just before each of these instants.

    `mail` are instants and destinations, in order, from 0 on.
    """
    env = simpy.Environment()
    counts: Counter[str] = Counter()
    hosts: dict[int, Host] = {}
    samples: list[Counter[str]] = []

    def sampler() -> Process:
        for each in instants:
            yield env.timeout(each - env.now)
            samples.append(counts.copy())

    def source() -> Process:
        for when, place in mail:
            if when > env.now:
                yield env.timeout(when - env.now)
            env.process(hosts[place].message())

    # Stretches are counted from the beginning, not from a destination's first message.
    for place in dict.fromkeys(place for _, place in mail):
        hosts[place] = Host(env, weather(place), rules(place), counts)
    env.process(sampler())
    env.process(source())
    env.run(until=end)
    return samples
