"""Writing a log: lines into the current file, which is rolled over when it is full or old.

Several shells write into one log at a time, and any of them may be killed at any instant. What
keeps every line whole and in one file:

* lines are written under a lock on the folder, many in one `write`, at the end of the file as it
  is then: another shell may have rolled it over since the last time;
* a file that does not end in a newline was left so by a writer that was killed in the middle of a
  line. What there is of the line is cut off, since nobody can say what it would have said;
* a rollover renames the file and begins another. Whoever dies in between leaves saved files only,
  and the next writer begins the current one;
* nobody waits for the lock for long (`lock`): lines wait beside the log, and are taken in later.

A disk that is full or a folder that cannot be written costs lines, never the shell: `write` answers
with the trouble, once, and is silent about it until writing has worked again.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from esashell.config.model.logs import LogSubscription
from esashell.logs.files import SAVED, LogFile, log_files, next_name
from esashell.logs.lock import PATIENCE, Busy, alone, leave, left
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
        self._last: LogFile | None = None
        self.old_at = 0  # when the current file will be; 0 where that is not known
        self.in_trouble = False  # whether the last write failed
        self.lost = False  # whether what it was to write is nowhere
        self._patience = PATIENCE

    def write(self, lines: Sequence[str], now: int) -> str | None:
        """Append lines; None, or what went wrong if that has not been said yet."""
        text = _octets(lines)
        trouble: OSError | None = None
        self.lost = False
        try:
            with self._alone():
                self._take_in(now)
                self._append(text, now)
        except Busy as busy:
            trouble = busy
            try:
                leave(self._folder, text)
            except OSError as error:
                trouble, self.lost = error, True
        except OSError as error:
            trouble, self.lost = error, True
        said, self.in_trouble = self.in_trouble, trouble is not None
        return None if trouble is None or said else trouble.strerror or str(trouble)

    def roll_over(self, now: int) -> None:
        """Save the current file and begin another. Raises `OSError`."""
        with self._alone():
            current = self._current(now)
            self._save(current, now)
            self._begin(now)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock; the kernel lets go of it when its holder dies."""
        try:
            os.stat(self._folder)
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
        # Who has waited in vain once looks only, until the lock was to be had again.
        patience, self._patience = self._patience, 0.0
        with alone(self._folder / LOCK, patience):
            self._patience = PATIENCE
            yield

    def _take_in(self, now: int) -> None:
        """Write what others left here; a crash in between writes it twice, and loses nothing."""
        for each in left(self._folder):
            with open(each, "rb") as file:
                self._append(file.read(), now)
            os.unlink(each)

    def _append(self, text: bytes, now: int) -> None:
        current = self._current(now)
        if self._is_old(current, now):
            self._save(current, now)
            current = self._begin(now)
        kept = text
        limit = self._subscription.maximum_size
        while kept:
            room = limit - os.stat(current.path).st_size
            taken = len(kept) if len(kept) <= room else kept.rfind(b"\n", 0, max(0, room)) + 1
            if not taken and room < limit - len(_octets(self._begins(now))):
                self._save(current, now)
                current = self._begin(now)
                continue
            # A line that is larger than a whole file has one of its own.
            taken = taken or kept.index(b"\n") + 1
            _write(current.path, kept[:taken])
            kept = kept[taken:]

    def _current(self, now: int) -> LogFile:
        """The file that is written to, whole lines only; begun when there is none."""
        # Nobody has saved the one of the last time: there is no need to look at them all.
        if self._last is not None and os.path.exists(self._last.path):
            _cut_to_whole_lines(self._last.path)
            return self._last
        self._last = self._found(now)
        return self._last

    def _found(self, now: int) -> LogFile:
        name = self._subscription.filename
        found = [
            each for each in log_files(self._folder) if each.is_current and each.filename == name
        ]
        if not found:
            return self._begin(now)
        for other in found[:-1]:
            # Somebody was killed between beginning a file and saving the one before.
            other.path.rename(other.path.with_suffix(f".{SAVED}"))
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
        _write(path, _octets(self._begins(now)))
        self._discard_oldest()
        interval = self._subscription.rollover
        self.old_at = (now // SECOND + interval) * SECOND if interval else 0
        self._last = next(each for each in log_files(self._folder) if each.path == path)
        return self._last

    def _save(self, current: LogFile, now: int) -> None:
        _write(current.path, _octets(self._ends(now)))
        current.path.rename(current.path.with_suffix(f".{SAVED}"))

    def _discard_oldest(self) -> None:
        files = log_files(self._folder)
        for each in files[: max(0, len(files) - self._subscription.maximum_files)]:
            with suppress(FileNotFoundError):
                each.path.unlink()


def _octets(lines: Sequence[str]) -> bytes:
    """Lines as they are written: one each, whatever a name or a reply had in it."""
    if not lines:
        return b""
    if not "".join(lines).isprintable():
        lines = [line if line.isprintable() else _escaped(line) for line in lines]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def _escaped(line: str) -> str:
    """Without what would end a line, or move the cursor of the terminal that a log is read at."""
    controls = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    if not re.search(f"[{controls}]", line):
        return line  # other languages have characters that Python does not call printable
    found = re.compile(rf"[\\{controls}]")
    return found.sub(lambda each: each[0].encode("unicode_escape").decode(), line)


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
