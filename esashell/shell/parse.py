"""A typed line, taken apart: commands with `;` between them, words with blanks between them.

Quotes are for words with blanks in them and are forgiving, since prose is typed here too: a quote
opens only at the beginning of a word (or of an option's value) and only if another one ends a word
later on the line. So `commit don't panic` has three words, and `commit "it's done"` two. Inside
double quotes `\\"` is a quote; any other backslash stays, because regular expressions need theirs.
"""

from __future__ import annotations

BLANKS = " \t"


class Statement:
    """One command of a line: its words, and the text as it was typed."""

    __slots__ = ("open_word", "text", "words")

    def __init__(self, words: tuple[str, ...], text: str, open_word: str | None) -> None:
        self.words = words
        self.text = text
        # The raw text of the last word when nothing stands behind it: what Tab completes.
        self.open_word = open_word


def statements(line: str) -> tuple[Statement, ...]:
    """The commands of a line, in order; empty ones between two `;` are left out."""
    found = []
    at = 0
    while at < len(line):
        statement, at = _statement(line, at)
        if statement.words:
            found.append(statement)
    return tuple(found)


def last_statement(line: str) -> Statement:
    """The command that the end of the line belongs to, perhaps without any word yet."""
    statement, at = _statement(line, 0)
    while at < len(line) or line[at - 1 : at] == ";":
        ended = at >= len(line)
        statement, at = _statement(line, at)
        if ended:
            break
    return statement


def raw_words(statement: str) -> list[str]:
    """The words of one command as they were typed, with the blanks between them: joined they are
    the text."""
    found = []
    at = 0
    while at < len(statement):
        end = at + 1
        if statement[at] not in BLANKS:
            end = max(end, _word(statement, at)[1])
        found.append(statement[at:end])
        at = end
    return found


def _statement(line: str, start: int) -> tuple[Statement, int]:
    """The command that begins here, and where the next one begins."""
    words: list[str] = []
    at = start
    begin = end = start
    open_word: str | None = None
    while at < len(line) and line[at] != ";":
        if line[at] in BLANKS:
            at += 1
            open_word = None
            continue
        if not words:
            begin = at
        word, end = _word(line, at)
        words.append(word)
        open_word = line[at:end]
        at = end
    text = line[begin:end] if words else ""
    return Statement(tuple(words), text, open_word if at >= len(line) else None), at + 1


def _word(line: str, start: int) -> tuple[str, int]:
    """The word that begins here, unquoted, and where it ends."""
    at = start
    while at < len(line) and line[at] not in BLANKS + ";":
        if line[at] in "\"'" and (at == start or line[at - 1] == "="):
            closing = _closing(line, at)
            if closing:
                inside = line[at + 1 : closing]
                if line[at] == '"':
                    inside = inside.replace('\\"', '"')
                return line[start:at] + inside, closing + 1
        at += 1
    return line[start:at], at


def _closing(line: str, opening: int) -> int:
    """Where the quote that opens here is closed, at the end of a word; 0 when it is not."""
    quote = line[opening]
    at = opening
    while (at := line.find(quote, at + 1)) > 0:
        escaped = quote == '"' and line[at - 1] == "\\"
        if not escaped and line[at + 1 : at + 2] in ("", " ", "\t", ";"):
            return at
    return 0
