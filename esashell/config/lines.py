"""On which line a key of a TOML text stands, so that a complaint can point at it.

The standard library's parser gives values and forgets where they were. This is a second look at
a text that it has accepted already, taken only when there is something to complain about; it is
therefore allowed to believe that brackets match and strings end, and it knows no values at all.

A path is a tuple of keys and of positions in lists, from the top of the file:
`("dns", "servers", 0, "priority")`.
"""

import re
import tomllib
from collections.abc import Iterator

from esashell.config.tree import KeyPath

_TOKEN = re.compile(
    r'''(?P<block>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5})'''
    r"""|(?P<string>"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
    r"""|(?P<comment>\#[^\n]*)"""
    r"""|(?P<mark>[\[\]{}=,.\n])"""
    r"""|(?P<bare>[^\s\[\]{}=,.\#"']+)""",
    re.DOTALL,
)
_END = ""


def line_of(text: str, path: KeyPath) -> int | None:
    """The line, from 1, of the path, or of the nearest table around it that the text mentions."""
    known = _Scanner(text.replace("\r\n", "\n")).places
    while path:
        if path in known:
            return known[path]
        path = path[:-1]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.places: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._tokens = _tokens(text)
        self._token, self._line = next(self._tokens)
        table: KeyPath = ()
        while self._token != _END:
            if self._token == "\n":
                self._step()
            elif self._token == "[":
                table = self._header()
            else:
                self._pair(table)

    def _step(self) -> str:
        """Move to the next token; the one that was left."""
        left = self._token
        self._token, self._line = next(self._tokens, (_END, self._line))
        return left

    def _note(self, path: KeyPath, line: int) -> None:
        """The first mention counts, also of the tables that a dotted key implies."""
        for length in range(1, len(path) + 1):
            self.places.setdefault(path[:length], line)

    def _header(self) -> KeyPath:
        line = self._line
        self._step()
        of_list = self._token == "["
        if of_list:
            self._step()
        path: KeyPath = ()
        for key in self._key():
            path = (*path, key)
            # [a.b] under [[a]] speaks of the last a.
            if path in self._counts:
                path = (*path, self._counts[path])
        if of_list:
            name = path[:-1] if isinstance(path[-1], int) else path
            self._counts[name] = self._counts.get(name, -1) + 1
            path = (*name, self._counts[name])
        while self._token == "]":
            self._step()
        self._note(path, line)
        return path

    def _key(self) -> Iterator[str]:
        while self._token not in ("=", "]", _END):
            token = self._step()
            if token[0] in "\"'":
                yield tomllib.loads(f"k = {token}")["k"]
            elif token != ".":
                yield token

    def _pair(self, table: KeyPath) -> None:
        line = self._line
        path = (*table, *self._key())
        self._note(path, line)
        self._step()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._token == "[":
            self._step()
            position = 0
            while self._token not in ("]", _END):
                if self._token in (",", "\n"):
                    position += self._step() == ","
                else:
                    self._note((*path, position), self._line)
                    self._value((*path, position))
            self._step()
        elif self._token == "{":
            self._step()
            while self._token not in ("}", _END):
                if self._token in (",", "\n"):
                    self._step()
                else:
                    self._pair(path)
            self._step()
        else:
            # A scalar: several tokens for 1.5 or for a date with a blank before its time.
            while self._token not in (",", "]", "}", "\n", _END):
                self._step()


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "comment":
            yield match[0], line
        line += match[0].count("\n")
    yield _END, line
