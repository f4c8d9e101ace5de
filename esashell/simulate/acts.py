"""What happened to the messages of one destination that are told, act by act.

A queue's history speaks of runs of messages: the numbers up to here went so, those up to there did
so. A `Reader` takes from it what concerns the messages that a `Volume` chooses, and follows each
from where it came to where it went. It reads a history that is still growing, stretch by stretch,
and remembers who is on the way.

An act is of one instant. Acts of one destination are in the order in which they happened: a message
comes, then a slot's expiries, its attempt, and what that led to.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.config.model.listeners import Behavior
from esashell.simulate.fate import Entry, Failed, Fate
from esashell.simulate.mail import Letters
from esashell.simulate.traffic import SECOND, Stream
from esashell.simulate.volume import Volume


class History(Protocol):
    """A destination's queue, as far as its story goes (`lane.Lane`)."""

    @property
    def domain(self) -> str: ...
    @property
    def behavior(self) -> Behavior: ...
    @property
    def stream(self) -> Stream: ...
    @property
    def mail(self) -> Letters: ...
    @property
    def profile(self) -> BounceProfile: ...
    @property
    def entries(self) -> Sequence[Entry]: ...
    @property
    def now(self) -> int:
        """The first instant that is not settled."""

    @property
    def first_failure(self) -> int | None: ...
    @property
    def warnings(self) -> Sequence[tuple[int, int, int, int]]:
        """When, which warning of how many, and for the messages after the third up to the last."""

    def failures(self, since: int, until: int) -> Iterable[Failed]:
        """Every attempt that failed in this time, in order."""


class Came(Struct, frozen=True):
    """A message has come in."""

    number: int


class Tried(Struct, frozen=True):
    """The queue was attempted, and these are still in it."""

    failed: Failed
    numbers: tuple[int, ...]


class Went(Struct, frozen=True):
    """These met their fate; `spent` is of those that were retried as often as they may be."""

    entry: Entry
    numbers: tuple[int, ...]
    spent: bool = False


class Warned(Struct, frozen=True):
    """The senders of these heard that they are late."""

    numbers: tuple[int, ...]


Act = Came | Tried | Went | Warned
Moment = tuple[int, Act]


class Reader:
    """Reads one destination's history from an instant on."""

    def __init__(self, history: History, begin: int) -> None:
        self.history = history
        self.until = begin
        self._come = history.stream.come(begin - 1)
        self._waiting: list[int] = []  # told, and not gone yet
        self._entry = 0  # the first entry that may have more to tell
        self._failures: list[Failed] = []  # read from the history, and not told
        self._read_to = begin
        self._warning = 0
        self._fate: Fate | None = None  # what the last messages met as they came

    @property
    def has_open_stories(self) -> bool:
        return bool(self._waiting)

    def acts(self, until: int, volume: Volume, room: int) -> list[Moment]:
        """What happened up to, but not including, an instant that is settled.

        Of new messages no more than `room` are told.
        """
        self.until = until
        if not self._waiting and self.history.stream.come(until - 1) <= self._come:
            self._new_entries(until)
            self._failures_before(until)
            return []
        failures = self._failures_before(until)
        entries = self._new_entries(until)
        moments: list[Moment] = list(self._arrivals(until, volume, room, failures, entries))
        for when, _, item in self._in_order(failures, entries):
            if isinstance(item, Failed):
                numbers = self._among(item.first, item.last)
                if numbers or self._any_spent(when, entries):
                    moments.append((when, Tried(item, numbers)))
            elif item.flowing:
                moments += self._flowed(item, until)
            elif numbers := self._taken(item.first, item.last):
                moments.append((when, Went(item, numbers, self._is_spent(item))))
        moments += self._warnings(until)
        # Of one instant they stay in the order in which they were put together.
        moments.sort(key=lambda each: each[0])
        return moments

    def _arrivals(
        self,
        until: int,
        volume: Volume,
        room: int,
        failures: Sequence[Failed],
        entries: Sequence[Entry],
    ) -> Iterator[Moment]:
        stream = self.history.stream
        come = stream.come(until - 1)
        numbers = volume.numbers(self._come, come)
        for number in self._changes(failures, entries, come):
            if self._come < number <= come and not volume.chooses(number):
                insort(numbers, number)
        self._come = come
        for number in dict.fromkeys(numbers[:room]):
            self._waiting.append(number)
            yield stream.arrival(number), Came(number)

    def _changes(
        self, failures: Iterable[Failed], entries: Iterable[Entry], come: int
    ) -> Iterator[int]:
        """The messages with which another fate begins, attempted as they came. What only looks at
        the same destination again, and comes to the same, is no change."""
        stream = self.history.stream
        for each in failures:
            if stream.arrival(each.first + 1) == each.when:
                yield each.first + 1
        for entry in entries:
            if entry.first >= come:
                break  # of messages that have not come yet
            fate = entry.fate if entry.flowing else None
            at_once = fate is not None or stream.arrival(entry.first + 1) == entry.when
            if at_once and (fate is None or fate is not self._fate):
                yield entry.first + 1
            self._fate = fate

    def _new_entries(self, until: int) -> list[Entry]:
        """The entries that were not told to their end; the last of them may still grow."""
        entries = self.history.entries
        found = []
        for place in range(self._entry, len(entries)):
            each = entries[place]
            if not each.flowing and each.when >= until:
                break
            found.append(each)
            if place == self._entry and (each.when < until and place + 1 < len(entries)):
                self._entry = place + 1
        return found

    def _failures_before(self, until: int) -> list[Failed]:
        """The attempts that failed and were not told; the history is gone through once."""
        if until > self._read_to:
            now = self.history.now
            self._failures += self.history.failures(self._read_to, now)
            self._read_to = now
        count = bisect_left(self._failures, until, key=lambda each: each.when)
        told, self._failures = self._failures[:count], self._failures[count:]
        return told

    def _in_order(
        self, failures: Iterable[Failed], entries: Iterable[Entry]
    ) -> list[tuple[int, int, Failed | Entry]]:
        """Whoever is too old goes before the attempt of a slot, everybody else after it."""
        found: list[tuple[int, int, Failed | Entry]] = []
        for each in entries:
            old = each.fate is Fate.EXPIRED and not self._is_spent(each)
            found.append((each.when, _TOO_OLD if old else _AFTER, each))
        found += ((each.when, _ATTEMPT, each) for each in failures)
        found.sort(key=lambda each: each[:2])
        return found

    def _any_spent(self, when: int, entries: Iterable[Entry]) -> bool:
        """Whether one that is told is given up for what was tried at an instant."""
        return any(
            each.when == when and self._is_spent(each) and self._among(each.first, each.last)
            for each in entries
        )

    def _is_spent(self, entry: Entry) -> bool:
        """Whether these were given up for their retries, not for their age."""
        if entry.fate is not Fate.EXPIRED:
            return False
        limit = self.history.profile.maximum_queue_time * SECOND
        return self.history.stream.arrival(entry.last) > entry.when - limit

    def _flowed(self, entry: Entry, until: int) -> Iterator[Moment]:
        """Each went as it came."""
        stream = self.history.stream
        for number in self._among(entry.first, entry.last):
            when = stream.arrival(number)
            if when < until:
                self._waiting.remove(number)
                yield when, Went(entry, (number,))

    def _warnings(self, until: int) -> Iterator[Moment]:
        warnings = self.history.warnings
        while self._warning < len(warnings) and warnings[self._warning][0] < until:
            when, _, first, last = warnings[self._warning]
            self._warning += 1
            if numbers := self._among(first, last):
                yield when, Warned(numbers)

    def _among(self, first: int, last: int) -> tuple[int, ...]:
        """Those of the messages after `first` up to `last` that are on the way."""
        waiting = self._waiting
        return tuple(waiting[bisect_right(waiting, first) : bisect_right(waiting, last)])

    def _taken(self, first: int, last: int) -> tuple[int, ...]:
        """The same, and they are on the way no longer."""
        waiting = self._waiting
        begin, end = bisect_left(waiting, first + 1), bisect_right(waiting, last)
        taken = tuple(waiting[begin:end])
        del waiting[begin:end]
        return taken


# The order of what happens at one slot.
_TOO_OLD, _ATTEMPT, _AFTER = range(3)
