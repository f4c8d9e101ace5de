"""Times as logs write them: `Mon Feb 4 20:08:47 2019` in lines, `20190204T200847` in names.

Lines are stamped many to a second, so the text of a second is kept; the zone is a difference to UTC
in seconds that a caller works out for the instant, since it changes twice a year in many places.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000

# How far a zone is ahead of UTC at an instant, in seconds.
Zone = Callable[[int], int]


def utc(now: int) -> int:
    """The zone of an appliance that was not given one."""
    return 0


def zone_named(name: str) -> Zone:
    """The time zone of this name; that of Greenwich where the system does not know it."""
    if name in ("GMT", "UTC"):
        return utc
    from zoneinfo import ZoneInfo

    try:
        zone = ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return utc

    def ahead(now: int) -> int:
        found = _moment(now // SECOND).astimezone(zone).utcoffset()
        return int(found.total_seconds()) if found is not None else 0

    return ahead


def line_stamp(now: int, zone: Zone = utc) -> str:
    """The beginning of a line. The day of the month has no zero and no blank in front."""
    return _line(now // SECOND + zone(now))


def file_stamp(now: int, zone: Zone = utc) -> str:
    """The time in a file's name."""
    return _moment(now // SECOND + zone(now)).strftime("%Y%m%dT%H%M%S")


@lru_cache(maxsize=4096)
def _line(seconds: int) -> str:
    moment = _moment(seconds)
    return f"{moment:%a %b} {moment.day} {moment:%H:%M:%S %Y}"


def _moment(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
