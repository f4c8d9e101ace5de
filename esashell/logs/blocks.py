"""The text of log files in blocks of whole lines.

Blocks are as large as a processor's own cache takes well, and are read with `pread`: reading on
from a position costs less than keeping the part of a line that hangs over. `.gz` files are read
through the decompressor.
"""

import os
from collections.abc import Iterator
from pathlib import Path

BLOCK = 256 * 1024
# A line longer than this is handed out in parts, so that a file without newlines needs no memory.
LONGEST_LINE = 16 * 1024 * 1024


def blocks(path: Path, begin: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The file between two places, each the beginning of a line; `end` None is all that is there.

    The last line is handed out even if it has no newline.
    """
    if path.suffix == ".gz":
        yield from _unpacked(path)
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        stop = os.fstat(descriptor).st_size if end is None else end
        yield from _read(descriptor, begin, stop)
    finally:
        os.close(descriptor)


def _read(descriptor: int, place: int, stop: int) -> Iterator[bytes]:
    size = BLOCK
    while place < stop:
        block = os.pread(descriptor, min(size, stop - place), place)
        if not block:
            return  # the file was cut off meanwhile
        if place + len(block) < stop:
            if (whole := block.rfind(b"\n") + 1) == 0 and size < LONGEST_LINE:
                size *= 2
                continue
            if whole and whole < len(block):
                block = block[:whole]
        size = BLOCK
        place += len(block)
        yield block


def _unpacked(path: Path) -> Iterator[bytes]:
    import gzip

    kept = b""
    with gzip.open(path, "rb") as file:
        while read := file.read(BLOCK):
            block = kept + read
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
