"""When a line was written, and the part of a log between two times.

Lines begin with `Mon Feb 4 20:08:47 2019`; a day of one digit may have a blank in front, as other
programs write it. Times are seconds since 1970 as the clock on the wall showed them, since that is
what the lines and the operator both have.

A log is written in the order of time, so the place of a time in it is found by halving, in twenty
reads or so. Where the clock was set back, or a line has no time, the search goes by
the lines around.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from esashell.errors import UsageError
from esashell.logs.blocks import Part, blocks, line_begin, lines, opened

_STAMP = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) "
)
_MONTHS = b"JanFebMarAprMayJunJulAugSepOctNovDec"
# This many octets without a single time are taken for a log that has none from there on.
_BLIND = 1 << 20


def moment(line: bytes) -> int | None:
    """When a line was written; None when it does not say."""
    found = _STAMP.match(line)
    return _seconds(found[0]) if found else None


@lru_cache(maxsize=4096)
def _seconds(stamp: bytes) -> int | None:
    found = _STAMP.match(stamp)
    assert found is not None
    month = _MONTHS.index(found[1]) // 3 + 1
    day, hour, minute, second, year = (int(found[each]) for each in (2, 3, 4, 5, 6))
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None  # the 31st of February


_FORMS = (
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d",
    "%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S %Y", "%Y%m%dT%H%M%S",
)  # fmt: skip


def moment_named(text: str) -> int:
    """The time that an operator names, as the clock on the wall showed it. Raises `UsageError`."""
    for form in _FORMS:
        try:
            found = datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return int(found.timestamp())
    raise UsageError(
        f"{text[:60]!r} is not a time: write 2019-02-04, 2019-02-04 20:08, 2019-02-04 20:08:47 "
        "or Mon Feb 4 20:08:47 2019."
    )


def between(paths: Iterable[Path], since: int | None, until: int | None) -> Iterator[Part]:
    """The shares of the files that were written from `since` to before `until`, in order.

    A packed file cannot be halved: its share says which times are wanted of it.
    """
    for path in paths:
        if path.suffix == ".gz":
            yield Part(path, since=since, until=until)
            continue
        descriptor = opened(path)
        if descriptor is None:
            continue
        try:
            size = os.fstat(descriptor).st_size
            begin = 0 if since is None else _place(descriptor, since, size)
            end = size if until is None else _place(descriptor, until, size)
        finally:
            os.close(descriptor)
        if begin < end:
            yield Part(path, begin, end)


def text_of(part: Part) -> Iterator[bytes]:
    """A share's text, in blocks of whole lines."""
    found = blocks(part.path, part.begin, part.end)
    return found if part.since is None and part.until is None else _clipped(found, part)


def _clipped(found: Iterable[bytes], part: Part) -> Iterator[bytes]:
    """The lines of the wanted time; one that does not tell its time goes with the one before."""
    wanted = part.since is None
    for block in found:
        kept = []
        for line in lines(block):
            at = moment(line)
            if at is not None:
                late_enough = part.since is None or at >= part.since
                wanted = late_enough and (part.until is None or at < part.until)
            if wanted:
                kept.append(line)
        if kept:
            yield b"".join(kept)


def _place(descriptor: int, wanted: int, size: int) -> int:
    """The beginning of the first line that was written at `wanted` or later."""
    low, high = 0, size
    while low < high:
        begin = line_begin(descriptor, (low + high) // 2)
        found = _first_moment(descriptor, begin, high)
        if found is None or found[1] >= wanted:
            # Everything from the middle on is late enough, or says nothing.
            high = (low + high) // 2
        else:
            low = found[0]
    return line_begin(descriptor, low)


def _first_moment(descriptor: int, place: int, stop: int) -> tuple[int, int] | None:
    """The end of the first line from here on that has a time, and that time."""
    blind = place + _BLIND
    while place < min(stop, blind):
        line = os.pread(descriptor, 64, place)
        end = line_begin(descriptor, place + 1)
        if (found := moment(line)) is not None:
            return end, found
        place = end
    return None
