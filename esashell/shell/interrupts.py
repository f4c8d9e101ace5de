"""Ctrl-C, held back until it does no harm.

An interrupt arrives between any two steps of the interpreter. Where a long calculation must not be
left in the middle, the key is noted, and let through at the next point where it can be.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def held_back() -> Iterator[Callable[[], None]]:
    """What is yielded raises `KeyboardInterrupt` if the key was pressed since the last time.

    One that nobody has let through is raised at the end. Elsewhere than in the main thread, which
    alone hears of the key, nothing is held back.
    """
    pressed = False

    def note(number: int, frame: object) -> None:
        nonlocal pressed
        pressed = True

    def let_through() -> None:
        nonlocal pressed
        if pressed:
            pressed = False
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield let_through
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield let_through
    finally:
        signal.signal(signal.SIGINT, before)
    let_through()
