"""Mail that comes in: when, for whom, how much, without a record for each message.

A flow is the mail for one destination under one mail flow policy: so many messages in the whole
time, spread over each day by a `Shape`. How many messages have come by an instant is a formula in
whole numbers, and so is the instant at which the n-th one comes. A destination that delivers costs
nothing while it does, however much it is sent; a queue is two numbers, of messages that have come
and of messages that are gone.

    come(t) = floor((rate * level(t) + phase) / 2**32)

`level(t)` is the part of all mail that has come by `t`, in units of 2**-24. The phases come from a
seed, so that flows of one message an hour do not all have it at the same second. Two runs with one
seed have every message at the same microsecond.

`Flows.come` adds up all flows at an instant. A million sums of that kind would take a quarter of a
second one by one; written side by side into one whole number, a field of 64 bits for each, they are
one multiplication and one addition.
"""

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Protocol

from msgspec import Struct
from msgspec.structs import force_setattr

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
# Later than anything.
NEVER = 1 << 62

# The level at the end of the time simulated, and the fraction that a rate and a phase carry.
WHOLE = 1 << 24
FRACTION = 32
# Fields are 64 bits wide: a rate has 40, so a flow has at most 2**32 messages.
FIELD = 64
MOST_MESSAGES = 1 << 32


class Shape(Struct, frozen=True):
    """How a day's mail is spread over its 24 hours, as weights; only their proportions count."""

    hours: tuple[int, ...] = (1,) * 24

    def __post_init__(self) -> None:
        if len(self.hours) != 24 or min(self.hours) < 0 or not any(self.hours):
            raise ValueError("a shape has 24 weights, none below 0 and not all 0")


EVEN = Shape()
# An office day: little at night, a peak before and a smaller one after noon.
OFFICE = Shape((1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 18, 16, 12, 14, 16, 15, 13, 9, 6, 4, 3, 2, 2, 1))


class Course(Struct, frozen=True):
    """The course of the mail over the time simulated, from `begin`, for `length` microseconds.

    `begin` decides the hour of the day, in UTC. What has come is counted in weights times
    microseconds; `_first` is that count at the beginning, `_whole` all that comes from there on.
    """

    shape: Shape
    begin: int
    length: int
    _first: int = 0
    _whole: int = 0

    def __post_init__(self) -> None:
        if self.length <= 0:
            raise ValueError("the time simulated has a length")
        # Asked for millions of times, and never another.
        first = self._weight(self.begin)
        force_setattr(self, "_first", first)
        force_setattr(self, "_whole", self._weight(self.begin + self.length) - first)

    def _weight(self, instant: int) -> int:
        """What has come of a course without end."""
        before = _before(self.shape.hours)
        days, rest = divmod(instant, DAY)
        hour, part = divmod(rest, HOUR)
        return days * before[-1] + before[hour] + self.shape.hours[hour] * part

    def level(self, instant: int) -> int:
        """The part that has come by then, 0 to `WHOLE`."""
        if not self._whole:
            raise ValueError("no mail comes at the hours that are simulated")
        if instant <= self.begin:
            return 0
        if instant >= self.begin + self.length:
            return WHOLE
        return (self._weight(instant) - self._first) * WHOLE // self._whole

    def reached(self, level: int) -> int:
        """The first instant by which this level has come."""
        if level <= 0:
            return self.begin
        wanted = self._first - (-level * self._whole // WHOLE)
        before = _before(self.shape.hours)
        days, rest = divmod(wanted - 1, before[-1])
        hour = bisect_left(before, rest + 1) - 1
        part = -((before[hour] - rest - 1) // self.shape.hours[hour])
        return min(days * DAY + hour * HOUR + part, self.begin + self.length)

    def most(self, span: int) -> int:
        """No stretch of so many microseconds has more levels than this."""
        return max(self.shape.hours) * span * WHOLE // max(self._whole, 1) + 1


@lru_cache
def _before(hours: tuple[int, ...]) -> tuple[int, ...]:
    """What comes of a day before each hour, and of all of it."""
    return tuple(accumulate((each * HOUR for each in hours), initial=0))


class Stream(Protocol):
    """The messages for a destination."""

    def come(self, instant: int) -> int:
        """How many have come by then, those of the instant itself included."""

    def arrival(self, number: int) -> int:
        """When the message of this number came, from 1; `NEVER` if it does not come."""

    def most(self, span: int) -> int:
        """No stretch of so many microseconds brings more than this."""


class Flow(Struct, frozen=True):
    """The mail for one destination; `rate` is messages in units of 2**-8, `phase` below 2**32."""

    rate: int
    phase: int

    def come(self, level: int) -> int:
        """How many messages have come by the time of this level."""
        return (self.rate * level + self.phase) >> FRACTION

    def level_of(self, number: int) -> int:
        """The level at which the message of this number, from 1, has come."""
        if not self.rate:
            raise ValueError("no message ever comes")
        return max(0, -((self.phase - (number << FRACTION)) // self.rate))


def flow(messages: float, phase: int) -> Flow:
    """So many messages over the whole time, fractions included. Raises `ValueError`."""
    if not 0 <= messages < MOST_MESSAGES:
        raise ValueError(f"{messages:g} messages: 0 to {MOST_MESSAGES - 1} are possible")
    return Flow(round(messages * 256), phase % (1 << FRACTION))


def phases(seed: int, count: int) -> Sequence[int]:
    """A phase for each of so many flows, spread evenly, from a seed.

    Weyl's sequence: steps of the golden section never gather anywhere.
    """
    step = 2_654_435_769
    mask = (1 << FRACTION) - 1
    start = (seed * 0x9E3779B97F4A7C15 >> 16) & mask
    return [(start + number * step) & mask for number in range(1, count + 1)]


class Flows:
    """Many flows added up."""

    def __init__(self, rates: Sequence[int], phases: Sequence[int]) -> None:
        """By their rates and phases, which `Flow` explains."""
        self.count = len(rates)
        self._rates = _fields(rates)
        self._phases = _fields(phases)
        self._upper = int.from_bytes((b"\0" * 4 + b"\xff" * 4) * self.count, "little")

    def come(self, level: int) -> int:
        """How many messages of all flows together have come; each flow's own number, added up."""
        # A field holds rate * level + phase, which is below 2**64; its upper half is the number.
        fields = (self._rates * level + self._phases) & self._upper
        fields >>= FRACTION
        count = self.count
        # Fold one half of the fields onto the other until one is left. A field is 64 bits wide and
        # a number 32, so there is room for the sums of 2**32 flows.
        while count > 1:
            lower = count // 2 * FIELD
            fields = (fields >> lower) + (fields & ((1 << lower) - 1))
            count -= count // 2
        return fields


def together(each: Iterable[Flow]) -> Flows:
    listed = list(each)
    return Flows([it.rate for it in listed], [it.phase for it in listed])


def _fields(numbers: Sequence[int]) -> int:
    """The numbers side by side in one, the first of them lowest."""
    packed = array("Q", numbers)
    if sys.byteorder != "little":
        packed.byteswap()
    return int.from_bytes(packed.tobytes(), "little")


class Timed(Struct, frozen=True):
    """A flow along a course: messages by instants instead of levels."""

    course: Course
    flow: Flow

    def come(self, instant: int) -> int:
        """How many messages have come by then. A phase that begins full is a message at once."""
        if instant < self.course.begin:
            return 0
        return self.flow.come(self.course.level(instant))

    def arrival(self, number: int) -> int:
        """When the message of this number came, from 1; `NEVER` if it does not."""
        if self.flow.come(WHOLE) < number:
            return NEVER
        return self.course.reached(self.flow.level_of(number))

    def most(self, span: int) -> int:
        return (self.flow.rate * self.course.most(span) >> FRACTION) + 2


class Listed(Struct, frozen=True):
    """Messages given one by one, by their instants, in order."""

    instants: tuple[int, ...]

    def come(self, instant: int) -> int:
        return bisect_right(self.instants, instant)

    def arrival(self, number: int) -> int:
        return self.instants[number - 1] if number <= len(self.instants) else NEVER

    def most(self, span: int) -> int:
        return len(self.instants)


class Merged(Struct, frozen=True):
    """Several streams as one; of messages of one instant those of the first stream come first."""

    streams: tuple[Stream, ...]

    def come(self, instant: int) -> int:
        return sum(each.come(instant) for each in self.streams)

    def arrival(self, number: int) -> int:
        """Between the first and the last message it is found by halving."""
        low = min((each.arrival(1) for each in self.streams), default=NEVER)
        if low == NEVER or self.come(NEVER - 1) < number:
            return NEVER
        step = SECOND
        while self.come(low + step) < number:
            low, step = low + step, step * 2
        high = low + step
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.come(middle) >= number else (middle + 1, high)
        return low

    def most(self, span: int) -> int:
        return sum(each.most(span) for each in self.streams)

    def origin(self, number: int) -> tuple[int, int]:
        """Which stream a message is of, and its number there."""
        instant = self.arrival(number)
        before = [each.come(instant - 1) for each in self.streams]
        place = number - sum(before)
        for index, each in enumerate(self.streams):
            here = each.come(instant) - before[index]
            if place <= here:
                return index, before[index] + place
            place -= here
        raise ValueError(f"no message {number} comes")
