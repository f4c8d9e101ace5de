"""The end of a log, and what is written to it from there on, over every rollover.

The file that is read stays open, so it does not matter what it is called meanwhile. When a newer
one has been begun, the rest of the old one is read first. Lines are handed out whole.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from esashell.logs.blocks import BLOCK, LONGEST_LINE, opened
from esashell.logs.files import log_files
from esashell.logs.fork import Put

TAIL = 10
CHUNK = 64 * 1024


def last_lines(paths: Sequence[Path], lines: int, end: int | None = None) -> bytes:
    """The last so many lines of these files together; the last file is read up to `end`."""
    found = b""
    for path in reversed(paths):
        found = _end(path, lines - found.count(b"\n"), end) + found
        end = None
        if found.count(b"\n") >= lines:
            break
    return found


def _end(path: Path, lines: int, end: int | None) -> bytes:
    descriptor = opened(path)
    if descriptor is None:
        return b""
    try:
        place = os.fstat(descriptor).st_size if end is None else end
        text = b""
        while place and text.count(b"\n") <= lines and len(text) < LONGEST_LINE:
            begin = max(0, place - CHUNK)
            text = os.pread(descriptor, place - begin, begin) + text
            place = begin
    finally:
        os.close(descriptor)
    # A line that is being written does not count.
    text = text[: text.rfind(b"\n") + 1]
    return b"\n".join(text.split(b"\n")[-lines - 1 :])


class Follower:
    """Stands at the end of a folder's newest file; `more` hands out what has come since."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.began = ""  # of the file that is read
        self._descriptor: int | None = None
        self._rest = b""
        self.place = 0  # up to here everything was handed out, but for a line without its end
        files = log_files(folder)
        if files:
            self._open(files[-1].path, files[-1].began, at_end=True)

    def more(self, put: Put) -> None:
        """Hand out all that has been written since the last time."""
        self._read(put)
        newer = [each for each in log_files(self._folder) if each.began > self.began]
        for each in newer:
            self._read(put)  # what came in before the rollover and after the last look
            if self._rest:
                put(self._rest + b"\n")
            self.close()
            self._open(each.path, each.began)
            self._read(put)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _open(self, path: Path, began: str, *, at_end: bool = False) -> None:
        self._descriptor = opened(path)
        self.began = began
        self.place = 0
        if at_end and self._descriptor is not None:
            self.place = _behind_last_line(self._descriptor)
        self._rest = b""

    def _read(self, put: Put) -> None:
        if self._descriptor is None:
            return
        if os.fstat(self._descriptor).st_size < self.place:
            # Half a line was taken back, or the file was emptied: go on where it ends now.
            self.place, self._rest = os.fstat(self._descriptor).st_size, b""
        while text := os.pread(self._descriptor, BLOCK, self.place):
            self.place += len(text)
            whole = text.rfind(b"\n") + 1
            if whole:
                put(self._rest + text[:whole])
                self._rest = text[whole:]
            else:
                self._rest += text


def _behind_last_line(descriptor: int) -> int:
    """Where the last whole line ends."""
    place = os.fstat(descriptor).st_size
    while place:
        begin = max(0, place - CHUNK)
        newline = os.pread(descriptor, place - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        place = begin
    return 0


def followed(
    folder: Path,
    put: Put,
    wait: Callable[[], None] | None,
    chosen: Callable[[bytes], bytes] = bytes,
) -> None:
    """Put the last ten lines of a log, and then each one that is written, until Ctrl-C.

    `wait` lets some time pass between two looks; None: what is there is all. Of each block of
    lines only what `chosen` returns is put.
    """

    def show(text: bytes) -> None:
        if kept := chosen(text):
            put(kept)

    follower = Follower(folder)
    try:
        paths = [each.path for each in log_files(folder) if each.began <= follower.began]
        show(last_lines(paths, TAIL, follower.place))
        while wait is not None:
            follower.more(show)
            wait()
    except KeyboardInterrupt:
        return
    finally:
        follower.close()
