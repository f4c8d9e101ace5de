"""`grep` over the files of a log: the matching lines of many files, in order, as fast as can be."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from esashell.logs.blocks import Part, blocks, line_begin, opened
from esashell.logs.choice import way
from esashell.logs.fork import Put, divided, in_two
from esashell.logs.limit import TooSlow, Watch, watched
from esashell.logs.lines import Way
from esashell.logs.moments import text_of
from esashell.logs.pattern import Pattern

__all__ = ["TooSlow", "chosen_way", "count", "grep", "whole"]

# Below this many octets a second process costs more than it saves.
WORTH_FORKING = 16 * 1024 * 1024
# Lines are put in pieces of about this many octets.
OUTPUT = 128 * 1024


def whole(paths: Iterable[Path]) -> list[Part]:
    """All of each file."""
    return [Part(path) for path in paths]


def grep(
    shares: Sequence[Part],
    pattern: Pattern,
    put: Put,
    *,
    inverted: bool = False,
    processes: int = 1,
) -> None:
    """Put every line that matches, in order, the files one after another.

    The last line of a file is put with a newline where it has none. Raises `TooSlow`, and `OSError`
    for a file that cannot be read.
    """
    with watched() as watch:
        chosen = chosen_way(shares, pattern, watch, inverted=inverted)

        def search(part: Part, put: Put) -> None:
            watch.start()
            watch.path = part.path
            found: list[bytes] = []
            room = OUTPUT
            for block in text_of(part):
                watch.block += 1
                if text := chosen.text(block):
                    found.append(text if text.endswith(b"\n") else text + b"\n")
                    room -= len(text)
                # A line that is alone does not wait for others long.
                if found and (room <= 0 or watch.block % 8 == 0):
                    put(b"".join(found))
                    found.clear()
                    room = OUTPUT
            if found:
                put(b"".join(found))

        if processes > 1 and _size(shares) >= WORTH_FORKING:
            in_two(divided(shares), search, put)
        else:
            for share in shares:
                search(share, put)


def count(
    shares: Sequence[Part], pattern: Pattern, *, inverted: bool = False, processes: int = 1
) -> int:
    """How many lines match."""
    found = 0

    def tally(text: bytes) -> None:
        nonlocal found
        found += text.count(b"\n")

    grep(shares, pattern, tally, inverted=inverted, processes=processes)
    return found


def chosen_way(
    shares: Sequence[Part], pattern: Pattern, watch: Watch, *, inverted: bool = False
) -> Way:
    """The cheapest way for this pattern and this text."""
    sample = b""
    if shares:
        largest = max(shares, key=lambda share: _size((share,)))
        watch.path = largest.path  # an expression may come to no end in the sample already
        sample = _sample(largest)
    return way(pattern, sample, inverted=inverted, much=_size(shares) >= WORTH_FORKING)


def _size(shares: Sequence[Part]) -> int:
    found = 0
    for share in shares:
        if share.path.suffix == ".gz":
            continue
        with suppress(FileNotFoundError):
            end = share.path.stat().st_size if share.end is None else share.end
            found += end - share.begin
    return found


def _sample(share: Part) -> bytes:
    """Some of the text, from the middle; a log begins with other lines."""
    if share.path.suffix == ".gz":
        return next(text_of(share), b"")
    descriptor = opened(share.path)
    if descriptor is None:
        return b""
    try:
        end = os.fstat(descriptor).st_size if share.end is None else share.end
        middle = line_begin(descriptor, (share.begin + end) // 2)
        return next(blocks(share.path, middle if middle < end else share.begin, end), b"")
    finally:
        os.close(descriptor)
