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


class TooSlow(UsageError):
    """The pattern backtracks without end."""


class _Struck(Exception):
    pass


def _strike(number: int, frame: FrameType | None) -> None:
    raise _Struck


@contextmanager
def watched() -> Iterator[None]:
    """Within, `limited` has an effect. Signals arrive in the main thread, so it belongs there."""
    before = signal.signal(signal.SIGVTALRM, _strike)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def limited(path: Path) -> Iterator[None]:
    """Raises `TooSlow` when what is done within takes more than `LIMIT` processor seconds."""
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
    try:
        yield
    except _Struck:
        raise TooSlow(
            f"The search was given up: the expression took more than {LIMIT:g} seconds for one "
            f"piece of {path.name}. Repetition inside repetition, as in (a+)+, may never end."
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
