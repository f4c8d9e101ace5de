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

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from msgspec import Struct

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

    `begin` decides the hour of the day, in UTC.
    """

    shape: Shape
    begin: int
    length: int

    def __post_init__(self) -> None:
        if self.length <= 0:
            raise ValueError("the time simulated has a length")

    def _weight(self, instant: int) -> int:
        """What has come of a course without end, in weights times microseconds."""
        hours = self.shape.hours
        days, rest = divmod(instant, DAY)
        hour, part = divmod(rest, HOUR)
        return days * sum(hours) * HOUR + sum(hours[:hour]) * HOUR + hours[hour] * part

    def level(self, instant: int) -> int:
        """The part that has come by then, 0 to `WHOLE`."""
        first, last = self._weight(self.begin), self._weight(self.begin + self.length)
        if last == first:
            raise ValueError("no mail comes at the hours that are simulated")
        at = self._weight(min(max(instant, self.begin), self.begin + self.length))
        return (at - first) * WHOLE // (last - first)

    def reached(self, level: int) -> int:
        """The first instant by which this level has come."""
        low, high = self.begin, self.begin + self.length
        while low < high:
            middle = (low + high) // 2
            if self.level(middle) >= level:
                high = middle
            else:
                low = middle + 1
        return low


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

    def __init__(self, flows: Iterable[Flow]) -> None:
        octets = FIELD // 8
        rates = bytearray()
        beginnings = bytearray()
        self.count = 0
        for each in flows:
            rates += each.rate.to_bytes(octets, "little")
            beginnings += each.phase.to_bytes(octets, "little")
            self.count += 1
        self._rates = int.from_bytes(rates, "little")
        self._phases = int.from_bytes(beginnings, "little")
        ones = (b"\0" * 4 + b"\xff" * 4) * self.count
        self._upper = int.from_bytes(ones, "little")

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


class Listed(Struct, frozen=True):
    """Messages given one by one, by their instants, in order."""

    instants: tuple[int, ...]

    def come(self, instant: int) -> int:
        return bisect_right(self.instants, instant)

    def arrival(self, number: int) -> int:
        return self.instants[number - 1] if number <= len(self.instants) else NEVER
