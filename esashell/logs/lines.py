"""Which lines of a block match: ways to find out, each exact.

A block is bytes that begin at the beginning of a line and end at the end of one. A way answers with
the lines that match, as spans `(begin, end)` in their order, the newline included; lines that
follow each other may share a span.

* `ByExpression` lets the expression run over the block and widens what it found to the line. The
  end of the line belongs to the expression, since the regular expression engine passes over the
  rest of a line faster than any other way of looking for its end.
* `ByLiteral` looks for plain texts, in a copy in small letters where case is ignored. For the
  regular expression engine both an alternative and ignored case cost a step for each octet.
* `ByNeedle` looks for plain texts of which a line must hold one, and asks the expression then.
* `ByLine` asks each line. When nearly every line matches, it is the cheapest.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import filterfalse, repeat
from typing import Any, Protocol

from esashell.logs.plain import Holding, Span, holding


class Way(Protocol):
    """How the matching lines of a block are found."""

    def spans(self, block: bytes) -> list[Span]:
        """Where they are."""

    def text(self, block: bytes) -> bytes:
        """The lines themselves, one after another."""


class _Spans:
    """A way that finds spans first, and takes the text from there."""

    def spans(self, block: bytes) -> list[Span]:
        raise NotImplementedError

    def text(self, block: bytes) -> bytes:
        return b"".join([block[begin:end] for begin, end in self.spans(block)])


_PLACES = re.Match.span


class ByExpression(_Spans):
    """`expression` has the rest of the line in it."""

    def __init__(self, expression: "re.Pattern[bytes]") -> None:
        self._find = expression.finditer

    def spans(self, block: bytes) -> list[Span]:
        rfind = block.rfind
        spans: list[Span] = []
        end = 0
        for match in self._find(block):
            place, stop = match.span()
            begin = rfind(b"\n", end, place) + 1 or end
            if stop == begin:
                break  # behind the last newline, where there is no line any more
            spans.append((begin, stop))
            end = stop
        return spans

    def text(self, block: bytes) -> bytes:
        # The same once more: where every tenth line matches, the detour by spans is a tenth of it.
        if not block.endswith(b"\n"):
            return super().text(block)
        rfind = block.rfind
        return b"".join(
            [
                block[rfind(b"\n", 0, place) + 1 : stop]
                for place, stop in map(_PLACES, self._find(block))
            ]
        )


class ByLiteral(_Spans):
    """Lines that hold one of some texts, which are in small letters where case is ignored.

    `found_by` has what finds each of them, where that is not the ordinary way.
    """

    def __init__(
        self, texts: Sequence[bytes], ignore_case: bool, found_by: Sequence[Holding] = ()
    ) -> None:
        self._sought = tuple(zip(texts, found_by or repeat(holding), strict=False))
        self._ignore_case = ignore_case

    def spans(self, block: bytes) -> list[Span]:
        searched = block.lower() if self._ignore_case else block
        found = [found_by(searched, text) for text, found_by in self._sought]
        if len(found) == 1:
            return found[0]
        # A line that holds two of the texts was found twice.
        return sorted({span for spans in found for span in spans})


class ByNeedle(_Spans):
    """Lines that hold one of some texts, and match besides."""

    def __init__(self, needle: ByLiteral, search: Callable[[bytes, int, int], object]) -> None:
        self._needle = needle
        self._search = search

    def spans(self, block: bytes) -> list[Span]:
        search = self._search
        return [span for span in self._needle.spans(block) if search(block, *span) is not None]


class Unmatched(_Spans):
    """The lines between those that another way finds."""

    def __init__(self, found: Way) -> None:
        self._found = found

    def spans(self, block: bytes) -> list[Span]:
        spans: list[Span] = []
        last = 0
        for begin, end in self._found.spans(block):
            if begin > last:
                spans.append((last, begin))
            last = end
        if last < len(block):
            spans.append((last, len(block)))
        return spans


class ByLine:
    """Each line by itself, whether `search` finds anything in it or, inverted, nothing."""

    def __init__(self, search: Callable[[bytes], Any], inverted: bool) -> None:
        self._search = search
        self._inverted = inverted

    def spans(self, block: bytes) -> list[Span]:
        spans: list[Span] = []
        begin = 0
        for line in block.split(b"\n"):
            end = min(begin + len(line) + 1, len(block))
            if begin < end and (self._search(line) is None) is self._inverted:
                spans.append((begin, end))
            begin = end
        return spans

    def text(self, block: bytes) -> bytes:
        lines = block.split(b"\n")
        last = lines.pop()
        chosen: Iterable[bytes] = (
            filterfalse(self._search, lines) if self._inverted else filter(self._search, lines)
        )
        text = b"\n".join([*chosen, b""])
        if last and (self._search(last) is None) is self._inverted:
            return text + last
        return text
