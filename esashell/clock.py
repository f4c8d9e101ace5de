"""What time it is, in whole microseconds since 1970 UTC.

Whole numbers, so that simulated runs compare equal: with floats 22 x 0.03 is already not 0.66.
Nothing below the shell asks the machine for the time; a clock is handed in, and a function that
takes `now` can be asked about tomorrow.
"""

import time
from typing import Protocol

SECOND = 1_000_000


class Clock(Protocol):
    def now(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        return time.time_ns() // 1000


class FixedClock:
    """A clock that stands still until it is told to move; for tests and for simulated time."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now

    def advance(self, microseconds: int) -> None:
        """Move forward; a clock never runs back."""
        if microseconds < 0:
            raise ValueError("a clock does not run back")
        self._now += microseconds
