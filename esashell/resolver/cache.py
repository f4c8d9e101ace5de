"""What was learnt and may be used again: answers, zone keys, and names where no zone begins.

Time-to-live values are honoured by the clock that is handed in (RFC 2181 5.2, RFC 2308 5). A
configured floor may keep answers longer than their TTL says, as the appliance allows, but nothing
secure outlives the signature that made it so (RFC 4035 5.3.3): what a floor may stretch is
politeness, not proof. Failures are kept for a moment, so that a broken zone is not asked
again by every message of a queue (RFC 4035 4.7, RFC 9520 3.2).

Entries leave in the order in which they came when there is no more room.
"""

from typing import Any, Generic, TypeVar

from esashell.clock import SECOND
from esashell.resolver.answer import BOGUS, INDETERMINATE, Answer
from esashell.resolver.names import Name
from esashell.resolver.wire import Rrset

V = TypeVar("V")

BOGUS_SECONDS = 60  # RFC 9520 3.2 wants at most five minutes
FAILURE_SECONDS = 5
SET_BACK = 600 * SECOND  # by more than that, and it is no look-up that began a while ago
LONGEST = 86_400  # nothing is believed for more than a day without asking again (RFC 8767 4)


class Shelf(Generic[V]):
    """Values with an end, at most `room` of them."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.expired = 0  # found, but too late
        self._kept: dict[object, tuple[int, V]] = {}
        self._latest = 0  # by the clock of whoever looked

    def find(self, key: object, now: int) -> tuple[V, int] | None:
        """The value and its end in microseconds; None when there is none, or it has ended.

        When the clock was set back, everything is forgotten: by the clock of now it would be kept
        for longer than anybody allowed, verdicts on dates that were wrong included.
        """
        if now >= self._latest:
            self._latest = now
        elif now < self._latest - SET_BACK:
            self._latest = now
            self._kept.clear()
        kept = self._kept.get(key)
        if kept is None:
            return None
        until, value = kept
        if until <= now:
            del self._kept[key]
            self.expired += 1
            return None
        return value, until

    def keep(self, key: object, value: V, until: int) -> None:
        self._kept.pop(key, None)
        if len(self._kept) >= self.room:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (until, value)

    def drop(self, key: object) -> None:
        self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        """Whether there may be something, too late or not."""
        return key in self._kept


class Cache:
    """Everything one resolver remembers.

    `zones` holds `zone.Zone` by name; `uncut` names where no zone begins, by zone and name;
    `aliases` CNAME and DNAME records with the verdict on them, by owner and type.
    """

    def __init__(self, room: int = 20_000) -> None:
        self.answers: Shelf[Answer] = Shelf(room)
        self.zones: Shelf[object] = Shelf(room)
        self.uncut: Shelf[Name] = Shelf(room)
        self.aliases: Shelf[tuple[Rrset, Any]] = Shelf(room)

    def clear(self) -> None:
        """Forget everything (`dnsflush`)."""
        self.answers.clear()
        self.zones.clear()
        self.uncut.clear()
        self.aliases.clear()


def lifetime(answer: Answer, minimum_ttl: int, signed_until: int, now: int) -> int:
    """When a fresh answer ends, in microseconds; `signed_until` is 0 when nothing was signed."""
    if answer.security is BOGUS:
        return now + BOGUS_SECONDS * SECOND
    if answer.security is INDETERMINATE:
        return now + FAILURE_SECONDS * SECOND
    end = now + min(max(answer.ttl, minimum_ttl), LONGEST) * SECOND
    return min(end, signed_until * SECOND) if signed_until else end
