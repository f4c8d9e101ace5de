"""What an appliance counts of its deliveries: the figures of `status` and its like.

Counters only ever rise, gauges say how things stand at one instant. Both count *recipients*, as the
appliance does, and a recipient is in exactly one place: injected = delivered + hard bounced +
deleted + dropped + active, at every instant. A soft bounced event is no place but an attempt that
came to nothing for now, so one recipient may be counted there a hundred times.

Whoever has mail to deliver fills these in, and the reports show them. They know nothing of either.
Instants are microseconds, None for never.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import astuple

# The upper ends of the ages that a queue is sorted by, in minutes, as Postfix's qshape has them.
AGES = (5, 10, 20, 40, 80, 160, 320, 640, 1280)


class HostState(StrEnum):
    """How a destination was at the last attempt; `unknown` before the first."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class Completion(Struct, frozen=True):
    """What has become of recipients, and how often one had to wait."""

    soft_bounced: int = 0
    dns_hard: int = 0
    smtp_hard: int = 0
    filter_hard: int = 0
    expired_hard: int = 0
    other_hard: int = 0
    with_dane: int = 0
    with_tls: int = 0
    in_clear: int = 0
    deleted: int = 0
    dropped: int = 0

    @property
    def delivered(self) -> int:
        return self.with_dane + self.with_tls + self.in_clear

    @property
    def hard_bounced(self) -> int:
        refused = self.dns_hard + self.smtp_hard + self.filter_hard
        return refused + self.expired_hard + self.other_hard

    @property
    def completed(self) -> int:
        """All that are gone, but for those that a route to /dev/null has swallowed."""
        return self.delivered + self.hard_bounced + self.deleted

    def __add__(self, other: "Completion") -> "Completion":
        both = zip(astuple(self), astuple(other), strict=True)
        return Completion(*(one + another for one, another in both))


class LastError(Struct, frozen=True):
    """The last thing that a destination refused mail with."""

    text: str
    when: int
    address: str = ""


class HostFigures(Struct, frozen=True):
    """One destination. `reason` says in a line what its mail meets now, "" where nobody knows.

    `ages` are the waiting recipients by the time that they have waited, as `AGES` divides it.
    """

    domain: str
    state: HostState = HostState.UNKNOWN
    received: int = 0
    completion: Completion = Completion()
    unattempted: int = 0
    attempted: int = 0
    connections_out: int = 0
    connections_pending: int = 0
    oldest: int | None = None
    last_activity: int | None = None
    next_attempt: int | None = None
    first_deferral: int | None = None
    first_bounce: int | None = None
    reason: str = ""
    suspended: bool = False
    last_error: LastError | None = None
    ages: tuple[int, ...] = ()

    @property
    def active(self) -> int:
        """The recipients that are in the queue."""
        return self.unattempted + self.attempted


class Rate(Struct, frozen=True):
    """Events per hour, taken over the last so many minutes."""

    minutes: int
    received: int = 0
    soft_bounced: int = 0
    hard_bounced: int = 0
    delivered: int = 0

    @property
    def completed(self) -> int:
        return self.hard_bounced + self.delivered


RATED = (1, 5, 15)
NO_RATES = tuple(Rate(minutes) for minutes in RATED)


class ApplianceFigures(Struct, frozen=True):
    """All destinations together, at the instant `now`; counted since `since`.

    `suspended` are the domains that nothing is delivered to by the operator's wish, `ALL` for all.
    """

    now: int
    since: int
    messages: int = 0
    received: int = 0
    completion: Completion = Completion()
    unattempted: int = 0
    attempted: int = 0
    kilobytes: int = 0
    connections_out: int = 0
    mid: int = 0
    icid: int = 0
    dcid: int = 0
    destinations: int = 0
    oldest: int | None = None
    suspended: tuple[str, ...] = ()
    rates: tuple[Rate, ...] = NO_RATES

    @property
    def active(self) -> int:
        return self.unattempted + self.attempted


class Queued(Struct, frozen=True):
    """One recipient that waits."""

    mid: int
    rid: int
    size: int
    attempts: int
    sender: str
    recipient: str
    subject: str
    since: int


class Sample(Struct, frozen=True):
    """How many recipients were in a queue at an instant."""

    when: int
    queued: int
