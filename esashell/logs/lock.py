"""One writer at a time, and what the others do when it does not let go.

A writer holds a lock for milliseconds, and the kernel takes it back when its holder dies. One that
was stopped (Ctrl-Z, a debugger) holds it for as long as it pleases. So nobody waits longer than
`PATIENCE`. What they had to write is put beside the log then, each time as a file of its own, which
is whole from the moment at which it has its name; who has the lock next takes such files in.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep, time_ns

# Seconds; what is done under a lock takes a thousandth of that.
PATIENCE = 2.0
SHORTEST, LONGEST = 0.0005, 0.02

LOCKED = "another process keeps it locked"
_WAITING = ".waiting."

# Names and not `Path`: the shortest commands come by here, and pathlib would double their time.
Place = str | os.PathLike[str]


class Busy(OSError):
    """Another process keeps the lock, and has done so for as long as was waited."""

    def __init__(self) -> None:
        super().__init__(errno.EWOULDBLOCK, LOCKED)


@contextmanager
def alone(path: Place, patience: float | None = None) -> Iterator[int]:
    """Hold the lock on a file, which is made where there is none; yields a descriptor of it.

    `patience` is in seconds, `PATIENCE` where it is left out. Raises `Busy`, and `OSError`.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        _lock(file, PATIENCE if patience is None else patience)
        yield file
    finally:
        os.close(file)


def _lock(file: int, patience: float) -> None:
    until, pause = monotonic() + patience, SHORTEST
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() >= until:
                raise Busy from None
        sleep(pause)
        pause = min(2 * pause, LONGEST)


def leave(folder: Place, text: bytes) -> None:
    """Put a text into the folder for who comes next. Raises `OSError`."""
    name = f"{time_ns():020d}.{os.getpid()}"
    unfinished = os.path.join(folder, f".unfinished.{name}")
    try:
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        with open(file, "wb") as opened:
            opened.write(text)
        os.rename(unfinished, os.path.join(folder, f"{_WAITING}{name}"))
    except OSError:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def left(folder: Place) -> list[str]:
    """What was put into the folder, oldest first."""
    names = sorted(each for each in os.listdir(folder) if each.startswith(_WAITING))
    return [os.path.join(folder, each) for each in names]
