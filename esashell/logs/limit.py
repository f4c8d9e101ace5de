"""An end for patterns that have none.

A regular expression can be one that the engine never comes to an end with: `(a+)+$` doubles its
work with each letter. A block takes a millisecond otherwise, so a search that spends seconds of the
processor's time in one block is stopped, with a line that says so. The engine looks for signals
while it works, which is what makes that possible, and Ctrl-C too.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from esashell.errors import UsageError

# Processor seconds for one block, which is thousands of times what an ordinary pattern takes.
LIMIT = 3.0
TICKS = 4  # in that time


class TooSlow(UsageError):
    """The pattern backtracks without end."""


class Watch:
    """Looks at every tick of a timer whether the search has come to another block.

    That costs a block nothing but to be counted.
    """

    def __init__(self) -> None:
        self.block = 0  # counted by the search
        self.path = Path()  # of the block
        self._last = -1
        self._ticks = 0

    def start(self) -> None:
        """Let the timer run in this process; a forked one has none at first."""
        self._last = -1
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT / TICKS, LIMIT / TICKS)

    def tick(self, number: int, frame: FrameType | None) -> None:
        if self.block != self._last:
            self._last, self._ticks = self.block, 0
            return
        self._ticks += 1
        if self._ticks < TICKS:
            return
        of = f" of {self.path.name}" if self.path.name else ""
        raise TooSlow(
            f"The search was given up: the expression took more than {LIMIT:g} seconds for one "
            f"piece{of}. Repetition inside repetition, as in (a+)+, may never end."
        )


@contextmanager
def watched() -> Iterator[Watch]:
    """Within, a search that comes to no end in a block is ended by `TooSlow`.

    Signals arrive in the main thread, so it belongs there.
    """
    watch = Watch()
    before = signal.signal(signal.SIGVTALRM, watch.tick)
    try:
        watch.start()
        yield watch
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
