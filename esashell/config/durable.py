"""Files that a crash leaves whole, and a lock that dies with its holder.

A file is written under another name beside its place, flushed to the disk, renamed into its place,
and the folder is flushed too. Whoever opens the name finds the old text or the new one, at any
moment, also after a power cut; without the first flush the *name* may survive and the text not.
What is added to a file may be there in part, after a crash; whoever reads it has to see where it
ends.
Errors of the disk are `OSError`, with the file's name where the system tells it.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Pause = Callable[[float], object]
Stamp = tuple[int, int, int, int]

# What is done under a lock takes some milliseconds; after 40 looks, 50 ms apart, it is not a
# matter of patience any more.
LOOKS = 40
BETWEEN_LOOKS = 0.05


class Held(Exception):
    """The lock was not to be had. The message is what its holder wrote there; may be empty."""


class Moved(Exception):
    """Another file is under the name, or somebody else has written to it."""


class PutBackFailed(Exception):
    """The disk takes neither the new text nor the old one; the message is what the system says."""


@contextmanager
def alone(lock: Path, holder: str, pause: Pause) -> Iterator[None]:
    """Hold the lock for the length of the block; raises `Held` when somebody else keeps it.

    The kernel releases it when its holder ends, however that came about.
    """
    opened = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        for _ in range(LOOKS):
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                pause(BETWEEN_LOOKS)
        else:
            raise Held(os.pread(opened, 400, 0).decode("utf-8", "replace").strip())
        os.ftruncate(opened, 0)
        os.pwrite(opened, f"{holder}\n".encode(), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                os.ftruncate(opened, 0)
    finally:
        # Closing releases. The file stays: were it removed, two could hold locks of one name.
        os.close(opened)


def folder(directory: Path) -> None:
    """Make the folder, and those above it, each on the disk before anything is put into it."""
    if not directory.is_dir():
        folder(directory.parent)
        directory.mkdir(exist_ok=True)
        _flush(directory.parent)


def replace(path: Path, text: bytes, mode: int = 0o666) -> None:
    """Put the text under this name, whole, on the disk when this returns.

    `mode` is who may read it, at any moment; the process's mask takes from that.

    For one writer at a time. An `OSError` may come after the renaming, from the last flush.
    """
    # One name will do for the one writer. What a crash left there goes first.
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    try:
        opened = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        with open(opened, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _flush(path.parent)


def append(path: Path, text: bytes, size: int, seen: Stamp) -> Stamp:
    """Add the text to a file, on the disk when this returns; what is beyond `size` goes first.
    What is returned is the stamp that the file has then.

    Raises `Moved` when it is not the file any more that was `seen`. An `OSError` leaves the file as
    it was, as far as the disk still obeys: `PutBackFailed` says that it does not.
    """
    opened = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if stamp(opened) != seen:
            raise Moved
        try:
            os.ftruncate(opened, size)
            at = size
            while at < size + len(text):
                at += os.pwrite(opened, text[at - size :], at)
            os.fsync(opened)
            return stamp(opened)
        except BaseException as error:
            try:
                os.ftruncate(opened, size)
                os.fsync(opened)
            except OSError as second:
                raise PutBackFailed(reason(second)) from error
            raise
    finally:
        os.close(opened)


def stamp(path: Path | int) -> Stamp:
    """What changes whenever the file of this name, or this open one, is written or replaced."""
    found = os.stat(path)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def reason(error: OSError) -> str:
    """Which file, and what the system says about it."""
    text = error.strerror or str(error)
    return f"{error.filename}: {text}" if error.filename else text


def _flush(directory: Path) -> None:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    except OSError as error:
        # Some file systems have no flush for folders and say so; their renames are in order.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(opened)
