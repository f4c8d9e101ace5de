"""What is remembered of servers: who keeps silent, who fails, and who is no server of a zone.

A dead server costs a time-out each time it is asked, so one that kept silent is asked after all
others for a while, and then has its turn again. So is a server that disowns a zone (lame, RFC 1912
2.8): it will hardly be told otherwise within minutes. An error code alone is another matter. It may
be the zone's fault, which every server would show; it counts against a server only when another
one could answer the very same question, and only when that happens several times in a row.

Nothing of this excludes anybody. Where there is no better server, those that are set back are asked
all the same: who could make us drop a server for good, by forging a few answers, could choose whom
we ask. For the same reason it is not remembered who refused EDNS (`exchange`).
"""

from collections.abc import Iterable

from esashell.clock import SECOND, Clock
from esashell.resolver.cache import Shelf
from esashell.resolver.names import Name

SILENCE = 60 * SECOND
LAMENESS = 15 * 60 * SECOND  # as in unbound
FAILURES = 3  # in a row, each to a question that another server could answer
ROOM = 20_000


class Standing:
    """The servers that are set back, each for a while."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._silent: Shelf[None] = Shelf(ROOM)
        self._failing: Shelf[None] = Shelf(ROOM)
        self._lame: Shelf[None] = Shelf(ROOM)
        self._failures: Shelf[int] = Shelf(ROOM)
        # Whether anything may be known against a server, whatever the zone; mostly nothing is.
        self.anybody = False

    def silent(self, address: str) -> None:
        """It did not answer in time, or not with a message."""
        self.anybody = True
        self._silent.keep(address, None, self.clock.now() + SILENCE)

    def spoke(self, address: str) -> None:
        """It answered something."""
        self._silent.drop(address)

    def answered(self, address: str) -> None:
        """It gave an answer that could be used."""
        if not self.anybody:
            return
        self._silent.drop(address)
        self._failing.drop(address)
        self._failures.drop(address)
        self.anybody = bool(len(self._silent) or len(self._failing) or len(self._failures))

    def failed(self, address: str) -> None:
        """It gave an error where another server had an answer."""
        self.anybody = True
        now = self.clock.now()
        kept = self._failures.find(address, now)
        count = 1 + (kept[0] if kept is not None else 0)
        self._failures.keep(address, count, now + LAMENESS)
        if count >= FAILURES:
            self._failing.keep(address, None, now + SILENCE)

    def lame(self, address: str, zone: Name) -> None:
        """It does not know the zone, or will not speak about it."""
        self._lame.keep((address, zone), None, self.clock.now() + LAMENESS)

    def set_back(self, address: str, zone: Name | None = None) -> bool:
        """Whether the server is to be asked after others, as far as a zone of its own goes."""
        if zone is None and not self.anybody:
            return False
        now = self.clock.now()
        return (
            self._silent.find(address, now) is not None
            or self._failing.find(address, now) is not None
            or (zone is not None and self._lame.find((address, zone), now) is not None)
        )

    def parted(self, addresses: Iterable[str], zone: Name) -> tuple[list[str], list[str]]:
        """Those to ask first and those to ask when nobody else helps, each in the given order."""
        sides: tuple[list[str], list[str]] = ([], [])
        for each in addresses:
            sides[self.set_back(each, zone)].append(each)
        return sides

    def clear(self) -> None:
        """Nothing is known against anybody."""
        for each in (self._silent, self._failing, self._lame, self._failures):
            each.clear()
        self.anybody = False
