"""What an operator searches for: a regular expression that holds within one line.

The expressions are Python's, as the appliance's are. A log is searched in large blocks of bytes and
not line by line, which is several times faster, and so an expression must not run over the end of a
line: `[^:]*`, `\\s` and `\\W` would. `compiled` takes the newline out of every set of characters in
the parsed expression, and makes `\\A`, `\\Z`, `^` and `$` the ends of a line. What is found in a
block is then exactly what would be found in its lines, one after another.

An expression with characters outside ASCII cannot be searched for in bytes when it has sets or
repetitions of them, or ignores case. Such a one is `Pattern.decoded`: each line is read as UTF-8.

Looking for a plain text is faster than any expression, so a pattern also says which plain texts
it comes down to (`literals`), or which ones a line must hold before the rest is worth a look
(`needles`).
"""

import re
import re._compiler as sre_compile  # type: ignore[import-not-found]
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parse  # type: ignore[import-not-found]
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from msgspec import Struct

from esashell.errors import UsageError

# An expression longer than this is no search, and compiling it takes noticeable time.
LONGEST = 4096
NEWLINE = 10


class BadPattern(UsageError):
    """An expression that cannot be compiled; the message shows it, with a mark where it is bad."""


class Pattern(Struct, frozen=True):
    """An expression, compiled: `line` is found in a line that matches, `block` takes its rest too.

    `literals` are texts of which a line holds one exactly if it matches, `needles` texts of which
    it holds each if it matches, and `either` texts of which it holds one or more then; all in small
    letters where case is ignored, and empty when there are none. `prefix` is a text that every
    match begins with, where case is minded. `decoded` stands for both expressions where octets will
    not do, and `by_line` says that the expression means something else inside a block.
    """

    text: str
    ignores_case: bool
    line: "re.Pattern[bytes]"
    block: "re.Pattern[bytes]"
    literals: tuple[bytes, ...] = ()
    needles: tuple[bytes, ...] = ()
    either: tuple[bytes, ...] = ()
    prefix: bytes = b""
    decoded: "re.Pattern[str] | None" = None
    by_line: bool = False


def pattern(texts: Sequence[str], ignore_case: bool = False) -> Pattern:
    """Lines that match any of these expressions. Raises `BadPattern`."""
    for text in texts:
        _check(text)
    text = texts[0] if len(texts) == 1 else "|".join(map(_scoped, texts))
    flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
    try:
        tree = sre_parse.parse(_octets(text), flags)
        flags = (tree.state.flags | flags) & ~re.DOTALL
        tree.state.flags = flags
        _within_a_line(tree, flags)
        line = sre_compile.compile(tree, flags)
        ignores_case = bool(flags & re.IGNORECASE)
        literals = _literals(tree, ignores_case)
        needles = _needles(tree, ignores_case)
        either = _either(tree, ignores_case)
        prefix = _prefix(tree)
        by_line = _holds(tree, sre.AT_NON_BOUNDARY)
        tree.data += _REST_OF_LINE
        block = sre_compile.compile(tree, flags)
        # Octets of UTF-8 stand for nothing else, wherever they are found: plain texts are as good.
        plain = text.isascii() or (literals and not ignores_case)
        decoded = None if plain else re.compile(text, flags & re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        # Each alone is an expression for text: it is octets that it cannot be for, or all together.
        raise BadPattern(f"Invalid regular expression: {error}.") from None
    return Pattern(
        text, ignores_case, line, block, literals, needles, either, prefix, decoded, by_line
    )


def _scoped(text: str) -> str:
    """One of several expressions; flags that it begins with are for itself only."""
    if head := re.match(r"\(\?([a-zA-Z]+)\)", text):
        # In a verbose expression a comment may stand last, and would swallow the bracket.
        return f"(?{head[1]}:{text[head.end() :]}" + ("\n)" if "x" in head[1] else ")")
    return f"(?:{text})"


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise BadPattern(f"The expression has {len(text)} characters; at most {LONGEST} are taken.")
    try:
        re.compile(text)
    except re.error as error:
        raise BadPattern(_marked(text, error.msg, error.pos)) from None
    except (OverflowError, RecursionError) as error:
        raise BadPattern(_marked(text, str(error), None)) from None


def _marked(text: str, fault: str, position: int | None) -> str:
    """The complaint, with the expression and a mark below the place where it is bad."""
    shown = "".join(each if each.isprintable() else "?" for each in text)
    said = f"Invalid regular expression: {fault}."
    if position is None or len(shown) > 200:
        return said
    return f"{said}\n  {shown}\n  {' ' * position}^"


def _octets(text: str) -> bytes:
    # A lone surrogate stands for a byte that the command line had and that is not UTF-8.
    return text.encode("utf-8", "surrogateescape")


def _within_a_line(tree: Any, flags: int) -> None:
    """Change the parsed expression in place, so that nothing in it matches a newline."""
    for position, (code, argument) in enumerate(tree.data):
        if code is sre.SUBPATTERN:
            group, added, removed, below = argument
            added &= ~re.DOTALL
            tree.data[position] = (code, (group, added, removed, below))
            _within_a_line(below, (flags | added) & ~removed)
        elif code is sre.AT:
            tree.data[position] = (code, _LINE_ENDS.get(argument, argument))
        elif code in (sre.IN, sre.NOT_LITERAL, sre.LITERAL):
            tree.data[position] = (code, argument)
            if _takes_newline(code, argument, flags):
                tree.data[position] = (sre.IN, _without_newline(code, argument, flags))
        else:
            for each in _below(argument):
                _within_a_line(each, flags)


_LINE_ENDS = {sre.AT_BEGINNING_STRING: sre.AT_BEGINNING, sre.AT_END_STRING: sre.AT_END}
_REST_OF_LINE = [
    (sre.MAX_REPEAT, (0, sre.MAXREPEAT, [(sre.NOT_LITERAL, NEWLINE)])),
    (sre.MAX_REPEAT, (0, 1, [(sre.LITERAL, NEWLINE)])),
]


def _below(argument: Any) -> list[Any]:
    """The expressions inside an argument of the parser's, however deep in its tuples."""
    if isinstance(argument, sre_parse.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [each for part in argument for each in _below(part)]
    return []


def _holds(tree: Any, wanted: Any) -> bool:
    return any(
        argument is wanted or any(_holds(below, wanted) for below in _below(argument))
        for _, argument in tree.data
    )


def _matching(code: Any, argument: Any, flags: int) -> "re.Pattern[bytes]":
    state = sre_parse.State()
    state.flags = flags
    compiled = sre_compile.compile(sre_parse.SubPattern(state, [(code, argument)]), flags)
    assert isinstance(compiled, re.Pattern)
    return compiled


def _takes_newline(code: Any, argument: Any, flags: int) -> bool:
    return _matching(code, argument, flags).match(b"\n") is not None


def _without_newline(code: Any, argument: Any, flags: int) -> list[Any]:
    """What matched, but for the newline, as the parser writes a set of characters."""
    newline = (sre.LITERAL, NEWLINE)
    if code is sre.NOT_LITERAL:
        return [(sre.NEGATE, None), (sre.LITERAL, argument), newline]
    if code is sre.IN and argument[0][0] is sre.NEGATE:
        return [*argument, newline]
    matching = _matching(code, argument, flags)
    octets = [each for each in range(256) if each != NEWLINE and matching.match(bytes((each,)))]
    # A set of nothing is what remains of `\n` itself: no line has one.
    return [(sre.LITERAL, each) for each in octets] or [(sre.NEGATE, None), (sre.RANGE, (0, 255))]


def _literals(tree: Any, ignores_case: bool) -> tuple[bytes, ...]:
    """The texts that the expression is an alternation of; nothing if it is more than that."""
    texts = _alternatives(tree)
    if not texts or not all(texts) or len(texts) > 16:
        return ()
    found = tuple(dict.fromkeys(bytes(each) for each in texts))
    if ignores_case:
        # `lower` of bytes knows ASCII only, which is also all that IGNORECASE of bytes knows.
        return tuple(dict.fromkeys(each.lower() for each in found))
    return found


def _alternatives(tree: Any) -> list[list[int]]:
    """Every text that the expression can match, when they are few; else an empty list."""
    texts: list[list[int]] = [[]]
    for code, argument in tree.data:
        if code is sre.LITERAL:
            more = [[argument]]
        elif code is sre.SUBPATTERN and not (argument[1] or argument[2]):
            more = _alternatives(argument[3])
        elif code is sre.BRANCH:
            branches = [_alternatives(each) for each in argument[1]]
            if not all(branches):
                return []
            more = [each for branch in branches for each in branch]
        else:
            return []
        if not more or len(texts) * len(more) > 64:
            return []
        texts = [before + behind for before in texts for behind in more]
    return texts


def _needles(tree: Any, ignores_case: bool) -> tuple[bytes, ...]:
    """Texts that every match has in it. Runs of letters, where nothing is optional."""
    runs: list[list[int]] = [[]]
    for code, argument in tree.data:
        if code is sre.LITERAL:
            runs[-1].append(argument)
            continue
        runs.append([])
        if code is sre.SUBPATTERN and not (argument[1] or argument[2]):
            runs += [[*each] for each in _needles(argument[3], False)]
            runs.append([])
    found = (bytes(each) for each in runs if each)
    return tuple(each.lower() if ignores_case else each for each in found)


def _either(tree: Any, ignores_case: bool) -> tuple[bytes, ...]:
    """Texts of which every match has one in it: the longest of each alternative."""
    for code, argument in tree.data:
        if code is sre.SUBPATTERN and not (argument[1] or argument[2]):
            if found := _either(argument[3], ignores_case):
                return found
        elif code is sre.BRANCH:
            needles = [_needles(each, ignores_case) for each in argument[1]]
            if all(needles) and len(needles) <= 16:
                return tuple(dict.fromkeys(max(each, key=len) for each in needles))
    return ()


def _prefix(tree: Any) -> bytes:
    """The text that every match begins with, where case is minded."""
    run = takewhile(lambda each: each[0] is sre.LITERAL, tree.data)
    return bytes(argument for _, argument in run)
