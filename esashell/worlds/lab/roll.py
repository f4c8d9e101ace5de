"""Rolls of a zone's entry key, on dates that a scenario file gives (RFC 6781 4.1.2, RFC 5011 6.3).

    [zone."."]
    roll = [{ publish = 2025-07-01, sign = 2025-08-04, revoke = 2025-08-06, remove = 2025-08-16 }]

Each entry is one roll, to the next key: from `publish` on the new key stands in the DNSKEY RRset;
from `sign` on it signs that RRset too, and the zone above (or whoever asks for the anchor) is
given its digest; from `revoke` on the old key has its REVOKE bit set and signs to say so; from
`remove` on it is gone. Dates are UTC days, so that two processes on one day serve the same zone.
"""

import datetime
import itertools
from collections.abc import Sequence
from enum import IntEnum

from msgspec import Struct

_EPOCH = datetime.date(1970, 1, 1).toordinal()
_DAY = 86400


class Stage(IntEnum):
    """Where one key stands on its way through the zone."""

    ABSENT = 0
    PUBLISHED = 1
    SIGNING = 2
    REVOKED = 3
    REMOVED = 4


class RollSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One roll: from the key before it to the next."""

    publish: datetime.date
    sign: datetime.date
    revoke: datetime.date
    remove: datetime.date

    def __post_init__(self) -> None:
        days = self.publish, self.sign, self.revoke, self.remove
        if list(days) != sorted(days):
            raise ValueError("publish, sign, revoke and remove come in this order")


def check_rolls(rolls: Sequence[RollSpec]) -> None:
    """Rolls follow one another: raises `ValueError` when one begins before the last is over."""
    for before, after in itertools.pairwise(rolls):
        if after.publish < before.remove:
            raise ValueError("a roll begins before the one above it is over")


def roll_second(day: datetime.date) -> int:
    """The second since 1970 at which the day begins."""
    return (day.toordinal() - _EPOCH) * _DAY


def stages(rolls: Sequence[RollSpec], start: int) -> tuple[Stage, ...]:
    """The stage of each key, oldest first, on the day that starts at this second."""
    today = datetime.date.fromordinal(_EPOCH + start // _DAY)
    found = [Stage.SIGNING] + [Stage.ABSENT] * len(rolls)
    for number, roll in enumerate(rolls):
        if today >= roll.publish:
            found[number + 1] = Stage.PUBLISHED
        if today >= roll.sign:
            found[number + 1] = Stage.SIGNING
        if today >= roll.revoke:
            found[number] = Stage.REVOKED
        if today >= roll.remove:
            found[number] = Stage.REMOVED
    return tuple(found)
