"""Tables of a TOML file taken apart field by field, with a complaint that names file and key."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from esashell.clock import SECOND
from esashell.errors import BadConfiguration
from esashell.simulate.traffic import HOUR

LONGEST = 366 * 24 * HOUR
_SPAN = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")

T = TypeVar("T")


def span_of(text: str) -> int:
    """A time like "3d 4h 5m 6s" in microseconds; raises `ValueError`."""
    found = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found or not any(found.groups()):
        raise ValueError(f'"{text}" is no time; for example "3h", "1d 12h", "90m"')
    days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
    return ((days * 24 + hours) * 3600 + minutes * 60 + seconds) * SECOND


class Table:
    """A table that is taken apart field by field; what is left over is not known."""

    def __init__(self, where: str, key: str, fields: Mapping[str, Any]) -> None:
        self.where = where
        self.key = key
        self._left = dict(fields)

    def wrong(self, name: str, text: object) -> BadConfiguration:
        """A complaint about a field, or with "" about the table."""
        return wrong(self.where, ".".join(filter(None, (self.key, name))), text)

    def _at(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name

    def take(self, name: str, kind: type[T], default: Any = ...) -> T:
        if name not in self._left:
            if default is ...:
                raise self.wrong(name, "is missing")
            return default  # type: ignore[no-any-return]
        found = self._left.pop(name)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self.wrong(name, f"{found!r} is not {_KINDS.get(kind, kind)}")
        return found

    def text(self, name: str, default: Any = ...) -> str:
        return self.take(name, str, default)

    def texts(self, name: str) -> list[str]:
        found = self._left.pop(name, [])
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self.wrong(name, "a list of texts is wanted")
        return found

    def number(self, name: str, default: int, least: int, most: int) -> int:
        found = self.take(name, int, default)
        if not least <= found <= most:
            raise self.wrong(name, f"{found} is not from {least} to {most}")
        return found

    def amount(self, name: str) -> float | None:
        found = self._left.pop(name, None)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1e9:
            raise self.wrong(name, f"{found!r} is no number of messages")
        return float(found)

    def span(self, name: str, default: Any = ..., within: int = LONGEST) -> int:
        try:
            found = span_of(self.text(name, default))
        except ValueError as error:
            raise self.wrong(name, error) from None
        if found > within:
            raise self.wrong(name, "is after the end")
        return found

    def table(self, name: str) -> "Table":
        return Table(self.where, self._at(name), self.take(name, dict, {}))

    def tables(self, name: str) -> Iterator["Table"]:
        found = self._left.pop(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(name, f"tables are wanted, as [[{name}]]")
        for number, each in enumerate(found, 1):
            yield Table(self.where, f"{name} {number}", each)

    def close(self) -> None:
        for name in self._left:
            raise self.wrong(name, "is not known here")


_KINDS: dict[Any, str] = {str: "a text", int: "a whole number", dict: "a table", datetime: "a time"}


def wrong(where: str, key: str, text: object) -> BadConfiguration:
    return BadConfiguration(f"{where}: {key}: {text}")
