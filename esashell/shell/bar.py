"""A progress bar: the last line of a terminal, drawn over itself.

It goes to standard error, and only if that is a terminal that can be drawn on; a redirected one
gets nothing at all. Whoever prints a line clears it first, and the next step draws it again below.
"""

from __future__ import annotations

import os
import shutil
import sys
import time

_EVERY = 0.1  # seconds between two drawings; a terminal far away is slow


class Bar:
    """`total` steps are to come."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._began = time.monotonic()
        self._drawn = 0.0
        self._shown = False
        self._able = bool(
            sys.stderr and sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        )

    def draw(self, done: int) -> None:
        """So many are done; drawn at most ten times a second, unless a line has just cleared it."""
        now = time.monotonic()
        if not self._able or (self._shown and now - self._drawn < _EVERY and done < self._total):
            return
        self._drawn = now
        self._shown = self._write("\r" + self._text(done, now - self._began) + "\x1b[K")

    def clear(self) -> None:
        """Leave an empty line where the bar was."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _text(self, done: int, seconds: float) -> str:
        left = seconds / done * (self._total - done) if done else 0.0
        tail = f" {done:,} of {self._total:,}, {_duration(left)} left"
        # The last column stays empty: a full line would wrap, and could not be drawn over.
        columns = shutil.get_terminal_size().columns - 1
        room = min(50, columns - len(tail) - 2)
        if room < 5:
            return tail.strip()[: max(0, columns)]
        filled = room * done // self._total if self._total else room
        return f"[{'#' * filled}{'.' * (room - filled)}]{tail}"

    def _write(self, text: str) -> bool:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            self._able = False
        return self._able


def _duration(seconds: float) -> str:
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60} s"
        if whole < 3600
        else f"{whole // 3600} h {whole % 3600 // 60} min"
    )
