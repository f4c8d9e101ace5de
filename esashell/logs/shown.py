"""Lines of a log in other forms: fit for a terminal, as JSON, counted by time."""

import re
from collections import Counter
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from esashell.logs.blocks import lines
from esashell.logs.moments import moment

# What a terminal could take for an instruction: controls but tab and newline, in both sets, and
# what turns the direction of writing round.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_SUSPECT = re.compile(rb"[^\t\n -~]")

_LEVEL = re.compile(rb"(?:\S+ +){5}(Critical|Warning|Info|Debug|Trace): ")


def printable(text: bytes) -> bytes:
    """The text with everything that a terminal could act on written out: `\\x1b`."""
    if _SUSPECT.search(text) is None:
        return text
    decoded = text.decode("utf-8", "backslashreplace")
    return _CONTROL.sub(_written_out, decoded).encode()


def _written_out(found: "re.Match[str]") -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


class Entry(Struct, frozen=True, omit_defaults=True):
    """A line of a log, taken apart; `time` is as the clock on the wall showed it."""

    text: str
    time: str = ""
    level: str = ""


def entry(line: bytes) -> Entry:
    """The parts of a line; all of it is text when it does not begin as lines do."""
    line = line.removesuffix(b"\n")
    at = moment(line)
    found = _LEVEL.match(line) if at is not None else None
    if at is None or found is None:
        return Entry(line.decode("utf-8", "backslashreplace"))
    text = line[found.end() :].decode("utf-8", "backslashreplace")
    return Entry(text, clock(at, "T"), found[1].decode())


def as_json(text: bytes) -> bytes:
    """One object for each line: its time, its level and what it says."""
    return b"".join(msgspec.json.encode(entry(line)) + b"\n" for line in lines(text))


def clock(seconds: int, between: str = " ", *, seconds_too: bool = True) -> str:
    """A moment as it is typed for `--since`."""
    shown = datetime(1970, 1, 1, tzinfo=UTC).fromtimestamp(seconds, UTC)
    return shown.strftime(f"%Y-%m-%d{between}%H:%M" + (":%S" if seconds_too else ""))


class Histogram:
    """How many lines were written in each interval of so many seconds."""

    def __init__(self, interval: int) -> None:
        self._interval = interval
        self._counts: Counter[int] = Counter()
        self._last: int | None = None

    def put(self, text: bytes) -> None:
        """Count these lines. One that does not tell its time is of that of the line before."""
        counts: Counter[int] = Counter()
        for line in lines(text):
            at = moment(line)
            if at is not None:
                self._last = at - at % self._interval
            if self._last is not None:
                counts[self._last] += 1
        self._counts.update(counts)

    def counts(self) -> list[tuple[int, int]]:
        """The beginning of each interval from the first to the last, and its count."""
        if not self._counts:
            return []
        first, last = min(self._counts), max(self._counts)
        if (last - first) // self._interval > MOST:
            return sorted(self._counts.items())
        every = range(first, last + 1, self._interval)
        return [(each, self._counts[each]) for each in every]

    def drawn(self) -> list[str]:
        """A line for each interval, with a bar."""
        counts = self.counts()
        most = max((count for _, count in counts), default=0)
        wide = len(str(most))
        return [
            f"{clock(begin, seconds_too=self._interval % 60 != 0)}  {count:>{wide}}  "
            f"{'#' * -(-count * BAR // most)}".rstrip()
            for begin, count in counts
        ]

    def as_json(self) -> bytes:
        return b"".join(
            msgspec.json.encode({"from": clock(begin, "T"), "count": count}) + b"\n"
            for begin, count in self.counts()
        )


BAR = 50
# Where the empty intervals are more than this, only those that hold something are told.
MOST = 2000
