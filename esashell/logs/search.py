"""`grep` over the files of a log: the matching lines of many files, in order, as fast as can be."""

from collections.abc import Callable, Iterable
from pathlib import Path

from esashell.logs.blocks import blocks
from esashell.logs.fork import Part, in_two, parts
from esashell.logs.limit import TooSlow, limited, watched
from esashell.logs.lines import Way, way
from esashell.logs.pattern import Pattern

__all__ = ["TooSlow", "count", "grep"]

# Below this many octets a second process costs more than it saves.
WORTH_FORKING = 64 * 1024 * 1024


def grep(
    paths: Iterable[Path],
    pattern: Pattern,
    put: Callable[[bytes], None],
    *,
    inverted: bool = False,
    processes: int = 1,
) -> None:
    """Put every line that matches, in order, the files one after another.

    Raises `TooSlow`, and `OSError` for a file that cannot be read.
    """
    found = list(paths)
    chosen = way(pattern, _sample(found), inverted=inverted)

    def search(part: Part, put: Callable[[bytes], None]) -> None:
        for block in blocks(part.path, part.begin, part.end):
            with limited(part.path):
                text = chosen.text(block)
            if text:
                put(text)

    with watched():
        if processes > 1 and _size(found) >= WORTH_FORKING:
            in_two(parts(found), search, put)
        else:
            for path in found:
                search(Part(path), put)


def count(paths: Iterable[Path], pattern: Pattern, *, inverted: bool = False) -> int:
    """How many lines match."""
    found = list(paths)
    chosen = way(pattern, _sample(found), inverted=inverted)
    with watched():
        return sum(_lines(chosen, block, path) for path in found for block in blocks(path))


def _lines(chosen: Way, block: bytes, path: Path) -> int:
    with limited(path):
        text = chosen.text(block)
    return text.count(b"\n") + (not text.endswith(b"\n") if text else 0)


def _size(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.suffix != ".gz")


def _sample(paths: list[Path]) -> bytes:
    for path in paths:
        for block in blocks(path):
            return block
    return b""
