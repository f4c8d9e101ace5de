"""What a report is shown on: how wide it is, and what colours mean there.

Colour is used by meaning and for nothing else: green for what can be relied on, yellow for what is
not protected, red for what is wrong, magenta for what could not be found out, and bold for the text
to be copied. Words carry the meaning too, so that nothing is lost without colour.
"""

import re

from msgspec import Struct

WIDTH = 79
WIDEST = 119  # longer lines are hard to read
NARROWEST = 40

_GREEN, _YELLOW, _RED, _MAGENTA, _BOLD = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[35m", "\x1b[1m"
_NORMAL = "\x1b[0m"
_MEANINGS = {
    "DANE SUCCESS": _GREEN,
    "DANE FAILED": _RED,
    "SECURE": _GREEN,
    "INSECURE": _YELLOW,
    "BOGUS": _RED,
    "INDETERMINATE": _MAGENTA,
}
_WORDS = re.compile(rf"\b(?:{'|'.join(_MEANINGS)})\b")


class Screen(Struct, frozen=True):
    """`width` is how many characters a line may have; `blocks`: it can show block elements."""

    width: int = WIDTH
    colour: bool = False
    blocks: bool = True

    def by_meaning(self, line: str) -> str:
        """The line with its words of meaning coloured, where colour is wanted."""
        if not self.colour:
            return line
        return _WORDS.sub(lambda it: f"{_MEANINGS[it[0]]}{it[0]}{_NORMAL}", line)

    def to_copy(self, line: str) -> str:
        """A line to be copied: bold, and not coloured."""
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}{_BOLD}{line.lstrip()}{_NORMAL}" if self.colour else line


PLAIN = Screen()


def screen_of(columns: int | None, colour: bool, *, blocks: bool = True) -> Screen:
    """For a terminal with so many columns; None is no terminal."""
    if columns is None:
        return Screen(WIDTH, colour, blocks)
    # The last column stays empty, or some terminals break the line there.
    return Screen(max(NARROWEST, min(columns - 1, WIDEST)), colour, blocks)
