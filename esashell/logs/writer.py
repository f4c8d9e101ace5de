"""Writing a log: lines into the current file, which is rolled over when it is full or old.

Several shells write into one log at a time, and any of them may be killed at any instant. What
keeps every line whole and in one file:

* lines are written under a lock on the folder, many in one `write`, at the end of the file as it
  is then: another shell may have rolled it over since the last time;
* a file that does not end in a newline was left so by a writer that was killed in the middle of a
  line. What there is of the line is cut off, since nobody can say what it would have said;
* a rollover renames the file and begins another. Whoever dies in between leaves saved files only,
  and the next writer begins the current one.

A disk that is full or a folder that cannot be written costs lines, never the shell: `write` answers
with the trouble, once, and is silent about it until writing has worked again.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from esashell.config.model.logs import LogSubscription
from esashell.logs.files import SAVED, LogFile, log_files, next_name
from esashell.logs.stamp import Zone, file_stamp

LOCK = ".lock"
SECOND = 1_000_000

# The lines that begin and end a file, for the instant at which it happens.
Banner = Callable[[int], Sequence[str]]


class LogWriter:
    """One subscription's files below `folder`. Times are in microseconds since 1970."""

    def __init__(
        self,
        folder: Path,
        subscription: LogSubscription,
        zone: Zone,
        *,
        begins: Banner = lambda now: (),
        ends: Banner = lambda now: (),
    ) -> None:
        self._folder = folder
        self._subscription = subscription
        self._zone = zone
        self._begins = begins
        self._ends = ends
        self._trouble = False

    def write(self, lines: Sequence[str], now: int) -> str | None:
        """Append lines; None, or what went wrong if that has not been said yet."""
        try:
            with self._alone():
                self._append(lines, now)
        except OSError as error:
            said, self._trouble = self._trouble, True
            return None if said else f"{self._folder.name}: {error.strerror or error}"
        self._trouble = False
        return None

    def roll_over(self, now: int) -> None:
        """Save the current file and begin another. Raises `OSError`."""
        with self._alone():
            current = self._current(now)
            self._save(current, now)
            self._begin(now)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock; the kernel lets go of it when its holder dies."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _append(self, lines: Sequence[str], now: int) -> None:
        current = self._current(now)
        if self._is_old(current, now):
            self._save(current, now)
            current = self._begin(now)
        kept = [_octets(line) for line in lines]
        limit = self._subscription.maximum_size
        while kept:
            room = limit - current.path.stat().st_size
            taken = _fitting(kept, room)
            if not taken and room < limit - self._size_of(self._begins(now)):
                self._save(current, now)
                current = self._begin(now)
                continue
            # A line that is larger than a whole file has one of its own.
            taken = taken or 1
            _write(current.path, b"".join(kept[:taken]))
            del kept[:taken]

    def _size_of(self, lines: Sequence[str]) -> int:
        return sum(len(_octets(line)) for line in lines)

    def _current(self, now: int) -> LogFile:
        """The file that is written to, whole lines only; begun when there is none."""
        name = self._subscription.filename
        found = [
            each for each in log_files(self._folder) if each.is_current and each.filename == name
        ]
        if not found:
            return self._begin(now)
        for left in found[:-1]:
            # Somebody was killed between beginning a file and saving the one before.
            left.path.rename(left.path.with_suffix(f".{SAVED}"))
        _cut_to_whole_lines(found[-1].path)
        return found[-1]

    def _is_old(self, current: LogFile, now: int) -> bool:
        interval = self._subscription.rollover
        if not interval:
            return False
        return file_stamp(now - interval * SECOND, self._zone) >= current.began[:15]

    def _begin(self, now: int) -> LogFile:
        files = log_files(self._folder)
        name = self._subscription.filename
        newest = max((each.began for each in files), default="")
        path = self._folder / next_name(name, file_stamp(now, self._zone), newest)
        _write(path, b"".join(map(_octets, self._begins(now))))
        self._discard_oldest()
        return next(each for each in log_files(self._folder) if each.path == path)

    def _save(self, current: LogFile, now: int) -> None:
        _write(current.path, b"".join(map(_octets, self._ends(now))))
        current.path.rename(current.path.with_suffix(f".{SAVED}"))

    def _discard_oldest(self) -> None:
        files = log_files(self._folder)
        for each in files[: max(0, len(files) - self._subscription.maximum_files)]:
            with suppress(FileNotFoundError):
                each.path.unlink()


def _octets(line: str) -> bytes:
    """A line as it is written: one line, whatever a name or a reply had in it."""
    text = line.replace("\\", "\\\\") if "\n" in line or "\r" in line else line
    text = text.replace("\n", "\\n").replace("\r", "\\r")
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _fitting(lines: Sequence[bytes], room: int) -> int:
    """How many of the lines have room."""
    for count, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            return count
    return len(lines)


def _write(path: Path, text: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    before = os.fstat(file).st_size
    try:
        rest = memoryview(text)
        while rest:
            rest = rest[os.write(file, rest) :]
    except OSError:
        # A full disk takes a part of what is written: no half line is left behind.
        with suppress(OSError):
            os.ftruncate(file, before)
        raise
    finally:
        os.close(file)


def _cut_to_whole_lines(path: Path) -> None:
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        size = end = os.fstat(file).st_size
        while end and os.pread(file, 1, end - 1) != b"\n":
            begin = max(0, end - 4096)
            found = os.pread(file, end - begin, begin).rfind(b"\n")
            end = begin + found + 1
        if end < size:
            os.ftruncate(file, end)
    finally:
        os.close(file)
