"""When a queue that could not be delivered is attempted again.

The bounce profile has the first interval and the largest. How the interval grows between the two is
not documented: here it is multiplied by a factor after each failure, two unless a scenario says
otherwise, and this assumption is stated wherever the figures are shown.
"""

from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.traffic import SECOND

DOUBLING = 2


class Slots(Struct, frozen=True):
    """The waits after one failure, two, and so on. In microseconds."""

    initial: int
    largest: int
    factor: int = DOUBLING

    def after(self, failures: int) -> int:
        """The wait after so many failures in a row, from 1."""
        return self.total(failures) - self.total(failures - 1)

    def total(self, failures: int) -> int:
        """The time from the first failure to the attempt after so many."""
        growing = _growing(self)
        more = failures + 1 - len(growing)
        return growing[failures] if more <= 0 else growing[-1] + more * self._longest

    def totals(self, first: int, last: int) -> list[int]:
        """`total` of `first` failures, and one more, to `last` - 1."""
        growing = _growing(self)
        wait, end = self._longest, growing[-1] - (len(growing) - 1) * self._longest
        constant = range(end + max(first, len(growing)) * wait, end + last * wait, wait)
        return [*growing[first:last], *constant]

    def below(self, time: int) -> int:
        """How many attempts begin less than so long after the first failure, that one included."""
        growing = _growing(self)
        if time <= growing[-1]:
            return bisect_left(growing, time)
        return len(growing) + (time - growing[-1] - 1) // self._longest

    @property
    def _longest(self) -> int:
        # With a factor of one it never grows.
        return max(self.largest if self.factor > 1 else min(self.initial, self.largest), 1)


@lru_cache
def _growing(slots: Slots) -> tuple[int, ...]:
    """The totals from 0 failures on, for as long as the wait still grows."""
    waits = []
    wait = slots.initial
    while slots.factor > 1 and wait < slots.largest:
        waits.append(max(wait, 1))
        wait = max(wait, 1) * slots.factor
    return tuple(accumulate(waits, initial=0))


def slots(profile: BounceProfile, factor: int = DOUBLING) -> Slots:
    return Slots(profile.initial_retry * SECOND, profile.maximum_retry * SECOND, factor)
