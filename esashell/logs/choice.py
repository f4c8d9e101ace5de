"""Which way of searching is the cheapest for a pattern and a text.

All of them are exact, so this is about time alone. What decides is how many lines of a sample hold
the plain texts that the pattern comes down to, and how many match. The shares below are where the
costs of two ways meet, measured on mail logs. In nanoseconds, with lines of 85 octets: a line by
itself costs 150 (120 where it is about a plain text, and 65 where that has its column), and 450
where the engine has no text to look for (alternatives, ignored case); the expression over a block
50 a line and 400 a match, and 450 a line where it has no text; a plain text 25 a line and 600 for
each line that holds it; with `memmem` 15 and 1,300.
"""

import re
from collections.abc import Callable
from time import monotonic
from typing import Any

from esashell.logs.dense import NARROW, ByColumn, ByText, columns
from esashell.logs.lines import ByExpression, ByLine, ByLiteral, ByNeedle, Unmatched, Way
from esashell.logs.pattern import Pattern
from esashell.logs.plain import holding, holding_seldom

# From this share of matching lines on, asking each line is cheaper than widening each match; the
# second is for expressions of which the engine does not know what to look for.
DENSE, DENSE_UNLED = 0.3, 0.6
# From this share on, lines that do not match are so few that what they cost is of no account.
NEARLY_ALL = 0.9
# Up to this share of lines that hold a text, `memmem` is what finds them best.
SELDOM = 0.015
# From this share of lines that hold a text on, an expression for it is faster.
FREQUENT = 0.07
# Up to this share of lines that hold a needle, finding it first pays: besides an expression that
# the engine has a text for, and besides another.
WORTH, WORTH_UNLED = 0.02, 0.3
# Seconds that may be spent on finding out.
LONG = 0.02


def way(
    pattern: Pattern, sample: bytes = b"", *, inverted: bool = False, much: bool = False
) -> Way:
    """The cheapest way for this pattern; `sample` is some of what will be searched.

    `inverted` makes it answer with the lines that do not match. `much` says that there is so much
    to search that a way may cost something to prepare.
    """
    if pattern.decoded is not None:
        return ByLine(_decoded(pattern.decoded), inverted)
    told = _Sample(pattern, sample)
    if pattern.by_line or told.density > (DENSE if told.led else DENSE_UNLED):
        return _each_line(pattern, told, inverted)
    found = _matching(pattern, told, much)
    return Unmatched(found) if inverted else found


class _Sample:
    """What a sample tells about a pattern."""

    def __init__(self, pattern: Pattern, sample: bytes) -> None:
        self.text = sample.lower() if pattern.ignores_case else sample
        self._lines = sample.count(b"\n") or 1
        # Whether the engine has a text to look for, which it does much faster than anything else.
        self.led = bool(pattern.prefix) and not pattern.ignores_case
        self.needle = min(
            pattern.needles, key=lambda each: (self.share(each), -len(each)), default=b""
        )
        # An expression is asked only where it may matter: some are slow, and never come to be asked
        # about a line that holds no needle.
        texts = pattern.literals or pattern.either
        self.density: float = min(
            self.share(self.needle) if self.needle else 1.0,
            sum(map(self.share, texts)) if texts else 1.0,
        )
        if self.density > DENSE and len(pattern.literals) != 1:
            self.density = _density(pattern.line.search, sample.split(b"\n")[:500])

    def share(self, text: bytes) -> float:
        """In how many lines a text is, more or less."""
        return self.text.count(text) / self._lines


def _density(search: Callable[[bytes], object], lines: list[bytes]) -> float:
    """The share of lines that match, or of the first of them where that takes long."""
    answers: list[bool] = []
    until = monotonic() + LONG
    for line in lines:
        answers.append(search(line) is not None)
        if monotonic() > until:
            break
    return sum(answers) / len(answers) if answers else 0.0


def _each_line(pattern: Pattern, told: _Sample, inverted: bool) -> Way:
    if len(pattern.literals) != 1 or pattern.ignores_case:
        return ByLine(pattern.line.search, inverted)
    at = columns(pattern.literals[0], told.text)
    if inverted and told.density > NEARLY_ALL and 0 < len(at) <= NARROW:
        return ByColumn(pattern, at)
    return ByText(pattern, inverted)


def _matching(pattern: Pattern, told: _Sample, much: bool) -> Way:
    share = told.share

    def plain(*texts: bytes) -> ByLiteral:
        seldom = holding_seldom() if much else holding
        found_by = [seldom if share(each) < SELDOM else holding for each in texts]
        return ByLiteral(texts, pattern.ignores_case, found_by)

    if pattern.literals and not (told.led and share(pattern.literals[0]) > FREQUENT):
        return plain(*pattern.literals)
    worth = WORTH if told.led else WORTH_UNLED
    if told.needle and share(told.needle) < worth:
        return ByNeedle(plain(told.needle), pattern.line.search)
    if pattern.either and sum(map(share, pattern.either)) < worth:
        return ByNeedle(plain(*pattern.either), pattern.line.search)
    return ByExpression(pattern.block)


def _decoded(text: "re.Pattern[str]") -> Callable[[bytes], Any]:
    def search(line: bytes) -> object:
        # Octets that are no UTF-8 match nothing but themselves.
        return text.search(line.decode("utf-8", "surrogateescape"))

    return search
