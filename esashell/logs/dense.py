"""Ways for a plain text that very many lines hold, such as the level in `grep -v Info`."""

import re
from itertools import compress, repeat
from operator import contains, not_

from esashell.logs.lines import ByLine
from esashell.logs.pattern import Pattern

# Places so close together that a look at each of them costs next to nothing.
NARROW = 8


class ByText(ByLine):
    """Each line by itself: whether it holds a text.

    As text and not as octets, since the interpreter answers that several times as fast, although
    the block has to be turned into text, and what remains of it back.
    """

    def __init__(self, pattern: Pattern, inverted: bool) -> None:
        super().__init__(pattern.line.search, inverted)
        self._text = pattern.literals[0].decode("latin-1")

    def text(self, block: bytes) -> bytes:
        lines = block.decode("latin-1").split("\n")
        last = lines.pop()
        held = map(contains, lines, repeat(self._text))
        chosen = compress(lines, map(not_, held) if self._inverted else held)
        text = "\n".join([*chosen, ""])
        if last and (self._text in last) is not self._inverted:
            text += last
        return text.encode("latin-1")


class ByColumn(ByText):
    """The few lines that do not hold a text which the others have in one place, or nearly so.

    Each newline is looked at, and whether the text stands at its place behind it. Where it does
    not, it may stand elsewhere in the line.
    """

    def __init__(self, pattern: Pattern, columns: range) -> None:
        super().__init__(pattern, True)
        self._held = held = pattern.literals[0]
        self._find = re.compile(
            rb"\n(?!.{%d,%d}%b|[^\n]*%b)[^\n]*"
            % (columns.start, columns.stop - 1, re.escape(held), re.escape(held))
        ).findall

    def text(self, block: bytes) -> bytes:
        if not block.endswith(b"\n"):
            return super().text(block)
        first = block[: block.index(b"\n") + 1]
        found = b"".join(self._find(block, 0, len(block) - 1))
        # What was found has its newline in front.
        others = found[1:] + b"\n" if found else b""
        return others if self._held in first else first + others


def columns(text: bytes, sample: bytes) -> range:
    """From the first to the last place in a line at which the lines of a sample have a text."""
    places = [line.find(text) for line in sample.split(b"\n")[:500]]
    held = [place for place in places if place >= 0]
    return range(min(held), max(held) + 1) if held else range(0)
