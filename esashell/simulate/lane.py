"""One destination's queue through time: what is delivered, what waits, what bounces, and when.

A message that comes while the destination delivers is gone at once. When an attempt fails for now,
the destination is *down*: what comes joins the queue, and the whole queue is tried again at a slot,
after 60 seconds, then 120, and so on to an hour. A slot has three parts, in this order. What has
waited as long as the bounce profile allows is bounced, just before the attempt would start, as the
appliance does. The rest is attempted: it goes, it bounces, or it stays. What stays and has been
retried as often as the profile allows is bounced.

Two things here are assumptions, since they are not documented, and they are stated wherever the
figures are shown: the interval doubles from the first to the largest, and a message that comes
while the destination is down waits for the slot instead of being attempted by itself.

Messages are told apart by their number in the order in which they came. Queues are first come,
first served, so what happens to one happens to a run of numbers, and a queue of a million is as
quick as a queue of one. What costs is a slot of a destination that is down.
"""

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.traffic import NEVER, SECOND


class Fate(StrEnum):
    """What an attempt does with a message, as far as the queue can tell."""

    DELIVERED_WITH_DANE = "delivered with DANE"
    DELIVERED_WITH_TLS = "delivered with TLS"
    DELIVERED_IN_CLEAR = "delivered in clear"
    BOUNCED = "bounced"
    EXPIRED = "expired in the queue"
    DROPPED = "dropped"
    DEFERRED = "deferred"

    @property
    def is_delivery(self) -> bool:
        return self.value.startswith("delivered")


class Judgement(Struct, frozen=True):
    """What an attempt would end in from now until, but not including, the instant `until`."""

    fate: Fate
    until: int = NEVER


class Stream(Protocol):
    """The messages for a destination."""

    def come(self, instant: int) -> int:
        """How many have come by then, those of the instant itself included."""

    def arrival(self, number: int) -> int:
        """When the message of this number came, from 1; `NEVER` if it does not come."""


class Entry(Struct, frozen=True):
    """The messages after `first` up to `last` met a fate.

    At the instant `when`; or, where `flowing`, each as it came, until the instant `when`.
    """

    when: int
    fate: Fate
    first: int
    last: int
    flowing: bool = False


class Slots(Struct, frozen=True):
    """When the queue of a destination that is down is attempted again. In microseconds."""

    initial: int
    largest: int
    factor: int = 2

    def after(self, failures: int) -> int:
        """The wait after so many failures in a row, from 1."""
        wait = self.initial
        for _ in range(failures - 1):
            if wait >= self.largest:
                break
            wait *= self.factor
        return max(min(wait, self.largest), 1)


def slots(profile: BounceProfile) -> Slots:
    return Slots(profile.initial_retry * SECOND, profile.maximum_retry * SECOND)


class Lane:
    """A destination's queue; `advance` takes it on to an instant.

    `now` is the first instant that is not settled yet.
    """

    def __init__(
        self,
        stream: Stream,
        judge: Callable[[int], Judgement],
        profile: BounceProfile,
        begin: int,
    ) -> None:
        self.stream = stream
        self.judge = judge
        self.profile = profile
        self.now = begin
        self.gone = stream.come(begin - 1)
        self.entries: list[Entry] = []
        # While down: how often in a row it failed, when the next slot is, and the slots that were.
        self.failures = 0
        self.slot = NEVER
        self.first_failure: int | None = None
        self.attempts = 0
        self._past: deque[int] = deque(maxlen=max(profile.maximum_retries, 0) + 1)

    @property
    def is_down(self) -> bool:
        return self.failures > 0

    def waiting(self) -> int:
        """How many messages are in the queue just before `now`."""
        return self.stream.come(self.now - 1) - self.gone if self.is_down else 0

    def advance(self, until: int) -> None:
        """Settle everything before this instant."""
        while self.now < until:
            if self.is_down:
                if self.slot >= until:
                    self.now = until
                else:
                    self.now = self.slot
                    self._attempt_queue()
            else:
                self._take_what_comes(until)

    def _take_what_comes(self, until: int) -> None:
        """Up: what comes is attempted at once, for as long as the judgement holds."""
        judgement = self.judge(self.now)
        end = min(judgement.until, until)
        if judgement.fate is not Fate.DEFERRED:
            self._go(judgement.fate, self.stream.come(end - 1), end, flowing=True)
            self.now = end
            return
        arrival = self.stream.arrival(self.gone + 1)
        if arrival >= end:
            self.now = end
            return
        self.now = max(arrival, self.now)
        self.attempts += 1
        self._fail()

    def _attempt_queue(self) -> None:
        """A slot: what is too old goes first, then the rest is attempted."""
        now = self.now
        limit = self.profile.maximum_queue_time * SECOND
        self._go(Fate.EXPIRED, self.stream.come(now - limit), now)
        queued = self.stream.come(now)
        if queued <= self.gone:
            # Nothing is left to be attempted: nobody knows of the destination until mail comes.
            self._is_up()
            return
        self.attempts += 1
        fate = self.judge(now).fate
        if fate is Fate.DEFERRED:
            self._fail()
            return
        self._go(fate, queued, now)
        self._is_up()
        self.now = now + 1

    def _fail(self) -> None:
        now = self.now
        self.failures += 1
        if self.first_failure is None:
            self.first_failure = now
        self._past.append(now)
        if len(self._past) > self.profile.maximum_retries:
            # Whoever came by the oldest of these slots has been attempted at each of them.
            self._go(Fate.EXPIRED, self.stream.come(self._past[0]), now)
        if self.stream.come(now) <= self.gone:
            self._is_up()
            self.now = now + 1
            return
        self.slot = now + slots(self.profile).after(self.failures)

    def _is_up(self) -> None:
        self.failures = 0
        self.slot = NEVER
        self._past.clear()

    def _go(self, fate: Fate, last: int, when: int, *, flowing: bool = False) -> None:
        if last > self.gone:
            self.entries.append(Entry(when, fate, self.gone, last, flowing))
            self.gone = last
