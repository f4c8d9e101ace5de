"""The text of log files in blocks of whole lines.

Blocks are as large as a processor's own cache takes well. The end of a block's last line is found
first, and then the block is read, so that none is copied. `.gz` files are read through the
decompressor.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

BLOCK = 256 * 1024
# A line longer than this is handed out in parts, so that a file without newlines needs no memory.
LONGEST_LINE = 16 * 1024 * 1024


class Part(Struct, frozen=True):
    """A share of a file, from the beginning of a line to the end of one; None is all the rest.

    `since` and `until` are for packed files, in which no place can be named: lines of other times
    do not belong to it.
    """

    path: Path
    begin: int = 0
    end: int | None = None
    since: int | None = None
    until: int | None = None


def opened(path: Path) -> int | None:
    """A descriptor to read from; None when the file was removed since it was listed.

    A file that was rolled over meanwhile has another name and is the same.
    """
    for each in (path, path.with_suffix(".s")):
        try:
            return os.open(each, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
    return None


def blocks(path: Path, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The file between two places, each the beginning of a line; `end` None is all that is there.

    The last line is handed out even if it has no newline. Raises `OSError`.
    """
    if path.suffix == ".gz":
        yield from _unpacked(path)
        return
    descriptor = opened(path)
    if descriptor is None:
        return
    _keep_memory()
    try:
        stop = os.fstat(descriptor).st_size if end is None else end
        yield from _read(descriptor, begin, stop)
    finally:
        os.close(descriptor)


@cache
def _keep_memory() -> None:
    """Have the memory of a block kept for the next one.

    glibc takes memory of this size from the system and gives it back at once, which costs more than
    reading does, until it sees something larger come and go (mallopt(3), M_MMAP_THRESHOLD). What
    comes here is never written to, so it is no memory at all.
    """
    bytes(32 * BLOCK)


def _read(descriptor: int, place: int, stop: int) -> Iterator[bytes]:
    pread = os.pread
    while place < stop:
        end = min(place + BLOCK, stop)
        if end < stop and (end := _line_end(descriptor, end)) - place > LONGEST_LINE:
            end = place + LONGEST_LINE
        block = pread(descriptor, min(end, stop) - place, place)
        if not block:
            return  # the file was cut off meanwhile
        place += len(block)
        yield block


def _line_end(descriptor: int, place: int) -> int:
    """Behind the first newline from here on; looked for before the block is read, since cutting a
    block off would copy it."""
    begin = place
    while read := os.pread(descriptor, 512, place):
        if (newline := read.find(b"\n")) >= 0:
            return place + newline + 1
        place += len(read)
        if place - begin > LONGEST_LINE:
            break
    return place


def _unpacked(path: Path) -> Iterator[bytes]:
    import gzip
    import zlib

    def read() -> bytes:
        try:
            return file.read(BLOCK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise OSError(None, f"damaged: {error}", str(path)) from None

    kept = b""
    with gzip.open(path, "rb") as file:
        while got := read():
            block = kept + got
            whole = block.rfind(b"\n") + 1
            if not whole and len(block) < LONGEST_LINE:
                kept = block
                continue
            whole = whole or len(block)
            kept = block[whole:]
            yield block[:whole]
    if kept:
        yield kept


def line_begin(descriptor: int, place: int) -> int:
    """The beginning of the first line at or behind a place; the end of the file when none is."""
    if place <= 0:
        return 0
    place -= 1  # a line that begins exactly here has its newline just before
    while read := os.pread(descriptor, 4096, place):
        if (newline := read.find(b"\n")) >= 0:
            return place + newline + 1
        place += len(read)
    return place


def lines(block: bytes) -> list[bytes]:
    """The lines of a block, each with its newline; a carriage return ends none."""
    *ended, last = block.split(b"\n")
    found = [line + b"\n" for line in ended]
    return [*found, last] if last else found
