"""Matching lines with those around them, as `grep -C` shows them."""

from collections.abc import Iterable, Sequence

from esashell.logs.blocks import Part
from esashell.logs.fork import Put
from esashell.logs.limit import watched
from esashell.logs.moments import text_of
from esashell.logs.pattern import Pattern
from esashell.logs.search import chosen_way

BETWEEN = b"--\n"


def around(
    shares: Sequence[Part], pattern: Pattern, put: Put, lines: int, *, inverted: bool = False
) -> None:
    """Put every line that matches, with so many before and after it; `--` stands for a gap.

    The files are one log: what stands before the first line of one is the end of the one before.
    """
    surroundings = _Surroundings(lines)
    with watched() as watch:
        chosen = chosen_way(shares, pattern, watch, inverted=inverted)
        for share in shares:
            watch.path = share.path
            for block in text_of(share):
                watch.block += 1
                spans = chosen.spans(block)
                ended = block if block.endswith(b"\n") else block + b"\n"
                if text := surroundings.of(ended, spans):
                    put(text)


class _Surroundings:
    """Goes from block to block with what the next one may want of those before."""

    def __init__(self, lines: int) -> None:
        self._lines = lines
        self._before = b""  # lines that were not shown, and may yet be
        self._owed = 0  # lines that have still to follow the last match
        self._gap = False  # something between the last line shown and those kept was left out
        self._shown = False

    def of(self, block: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
        """What is to be shown of a block, and of what was kept from those before it."""
        kept = len(self._before)
        text = self._before + block if kept else block
        place = self._behind(text, 0, self._owed) if self._owed else 0
        pieces = [text[:place]]
        for begin, end in spans:
            first = self._in_front(text, place, begin + kept)
            if self._shown and (first > place or self._gap):
                pieces.append(BETWEEN)
            # The last line of a file may have been given its newline.
            stop = self._behind(text, min(end + kept, len(text)), self._lines)
            pieces.append(text[first:stop])
            place, self._gap, self._shown = stop, False, True
        if place < len(text):
            first = self._in_front(text, place, len(text))
            self._gap = self._gap or first > place
            self._before = text[first:]
        else:
            self._before = b""
        return b"".join(pieces)

    def _in_front(self, text: bytes, least: int, place: int) -> int:
        """The beginning of the lines before a place that belong to it."""
        place = max(place, least)
        for _ in range(self._lines):
            if place <= least:
                break
            place = max(least, text.rfind(b"\n", least, place - 1) + 1)
        return place

    def _behind(self, text: bytes, place: int, lines: int) -> int:
        """The end of so many lines from a place on; what the text lacks of them is owed."""
        self._owed = 0
        if place and text[place - 1] != 10:
            place += 1
        for done in range(lines):
            if place >= len(text):
                self._owed = lines - done
                break
            place = text.find(b"\n", place) + 1
        return place
