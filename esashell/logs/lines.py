"""Which lines of a block match: ways to find out, each exact, chosen by the pattern.

A block is bytes that begin at the beginning of a line and end at the end of one. A way answers with
the lines that match, as spans `(begin, end)` in their order, the newline included; lines that
follow each other may share a span.

* `ByExpression` lets the expression run over the block and widens what it found to the line. The
  end of the line belongs to the expression, since the regular expression engine passes over the
  rest of a line faster than any other way of looking for its end.
* `ByLiteral` looks for plain texts, in a copy in small letters where case is ignored. For the
  regular expression engine both an alternative and ignored case cost a step for each octet.
* `ByNeedle` looks for a plain text that a line must hold, and asks the expression about it then.
* `ByLine` asks each line. When nearly every line matches, as with `-v`, it is the cheapest.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import filterfalse
from typing import Any, Protocol

from esashell.logs.pattern import Pattern

Span = tuple[int, int]

# From this share of matching lines on, asking each line is cheaper than widening each match.
DENSE = 0.25
# Up to this share of lines that hold a needle, finding it first pays.
SELDOM = 0.1
# From this share of lines that hold a plain text on, an expression for it is faster.
FREQUENT = 0.01


class Way(Protocol):
    """How the matching lines of a block are found."""

    def spans(self, block: bytes) -> list[Span]:
        """Where they are."""

    def text(self, block: bytes) -> bytes:
        """The lines themselves, one after another."""


def way(pattern: Pattern, sample: bytes = b"", *, inverted: bool = False) -> Way:
    """The cheapest way for this pattern; `sample` is some of what will be searched.

    `inverted` makes it answer with the lines that do not match.
    """
    if pattern.decoded is not None:
        return ByLine(_decoded(pattern.decoded), inverted)
    if pattern.by_line or (inverted and _density(pattern, sample) > DENSE):
        return ByLine(pattern.line.search, inverted)
    found = _matching(pattern, sample)
    return Unmatched(found) if inverted else found


def _matching(pattern: Pattern, sample: bytes) -> Way:
    alone = len(pattern.literals) == 1 and not pattern.ignores_case
    if alone and sample.count(pattern.literals[0]) > FREQUENT * sample.count(b"\n"):
        return ByExpression(pattern.block)
    if pattern.literals:
        return ByLiteral(pattern.literals, pattern.ignores_case)
    searched = sample.lower() if pattern.ignores_case else sample
    needle = min(pattern.needles, key=lambda each: (searched.count(each), -len(each)), default=b"")
    seldom = searched.count(needle) < SELDOM * searched.count(b"\n")
    if needle == pattern.prefix and not pattern.ignores_case:
        # The engine looks for what an expression begins with as fast as anything else would.
        return ByExpression(pattern.block)
    if needle and (seldom or pattern.ignores_case):
        return ByNeedle(needle, pattern)
    return ByExpression(pattern.block)


def _density(pattern: Pattern, sample: bytes) -> float:
    lines = sample.split(b"\n")[:500]
    return sum(pattern.line.search(line) is not None for line in lines) / len(lines)


def _decoded(text: "re.Pattern[str]") -> Callable[[bytes], Any]:
    def search(line: bytes) -> object:
        # Octets that are no UTF-8 match nothing but themselves.
        return text.search(line.decode("utf-8", "surrogateescape"))

    return search


class _Spans:
    """A way that finds spans first, and takes the text from there."""

    def spans(self, block: bytes) -> list[Span]:
        raise NotImplementedError

    def text(self, block: bytes) -> bytes:
        return b"".join([block[begin:end] for begin, end in self.spans(block)])


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
        rfind = block.rfind
        found: list[bytes] = []
        end = 0
        for match in self._find(block):
            place, stop = match.span()
            begin = rfind(b"\n", end, place) + 1 or end
            if stop == begin:
                break
            found.append(block[begin:stop])
            end = stop
        return b"".join(found)


class ByLiteral(_Spans):
    """Lines that hold one of some texts."""

    def __init__(self, literals: Sequence[bytes], ignore_case: bool) -> None:
        self._literals = literals
        self._ignore_case = ignore_case

    def spans(self, block: bytes) -> list[Span]:
        searched = block.lower() if self._ignore_case else block
        found = [_holding(searched, literal) for literal in self._literals]
        if len(found) == 1:
            return found[0]
        # A line that holds two of the texts was found twice.
        return sorted({span for spans in found for span in spans})


def _holding(block: bytes, literal: bytes) -> list[Span]:
    find, rfind = block.find, block.rfind
    spans: list[Span] = []
    end = 0
    while (place := find(literal, end)) >= 0:
        begin = rfind(b"\n", end, place) + 1 or end
        end = find(b"\n", place) + 1 or len(block)
        spans.append((begin, end))
    return spans


class ByNeedle(_Spans):
    """Lines that hold a text, and match besides."""

    def __init__(self, needle: bytes, pattern: Pattern) -> None:
        self._needle = needle
        self._ignore_case = pattern.ignores_case
        self._search = pattern.line.search

    def spans(self, block: bytes) -> list[Span]:
        search = self._search
        searched = block.lower() if self._ignore_case else block
        return [
            (begin, end)
            for begin, end in _holding(searched, self._needle)
            if search(block, begin, end) is not None
        ]


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
