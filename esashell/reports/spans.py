"""Lengths of time as the appliance writes them, which it does in several ways."""

SECOND = 1_000_000
_UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3600), ("min", 60), ("sec", 1))


def uptime(length: int) -> str:
    """As behind `Up since`: "22h 45m 29s"."""
    return " ".join(f"{count}{unit}" for count, unit in _parts(length))


def age(length: int) -> str:
    """As of the oldest message: "4 weeks 46 mins 53 secs"."""
    left, words = max(length, 0) // SECOND, []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            words.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(words) or "0 secs"


def _parts(length: int) -> list[tuple[int, str]]:
    minutes, seconds = divmod(max(length, 0) // SECOND, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    return [each for each in parts if each[0]] or [(0, "s")]
