"""Dates as the appliance writes them, in the time zone that `settz` has set."""

from datetime import UTC, datetime, timedelta, tzinfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GMT = "GMT"


def date_and_time(when: int, timezone: str = GMT) -> str:
    """A moment in microseconds as "Fri May 23 11:42:12 2014", in any locale."""
    at = _moment(when).astimezone(zone(timezone))
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at:%d %H:%M:%S %Y}"


def date_time_and_zone(when: int, timezone: str = GMT) -> str:
    """The same with the zone's letters at that moment behind it, or its hours from GMT."""
    at = _moment(when).astimezone(zone(timezone))
    # UTC is what the appliance calls GMT; a zone without letters has numbers for a name.
    name = at.tzname() or ""
    return f"{date_and_time(when, timezone)} {GMT if name == 'UTC' else name}"


def zone(timezone: str) -> tzinfo:
    """The time zone of that name; GMT where the machine does not know it."""
    if timezone == GMT:
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):  # KeyError: ZoneInfoNotFoundError
        return UTC


def _moment(when: int) -> datetime:
    return _EPOCH + timedelta(microseconds=when)
