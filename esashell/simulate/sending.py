"""One destination's connections in a story, and what is told of the messages on them.

An attempt is told by what was found in it (`delivery.occurrences`). It may be made once and hold
for days, for each message that comes and each slot of a queue: every time it is told as if it had
been made then.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from esashell.clock import SECOND
from esashell.delivery.attempt import Attempt
from esashell.delivery.occurrences import (
    Envelope,
    Waiting,
    Walk,
    said_at_the_end,
    status_text,
)
from esashell.delivery.trails import Trails
from esashell.events import Bounced, Deleted, Discarded, Event, MessageFinished
from esashell.simulate.acts import History, Went
from esashell.simulate.fate import Entry, Failed, Fate
from esashell.simulate.traffic import NEVER

# Until a connection that nothing more goes over is closed (User Guide 9.1, Text Mail Logs).
IDLE = 5 * SECOND
EXPIRED = "5.4.7"
BY_HAND = ("5.0.0", "Message bounced by administrator")


class Carrier:
    """`limit` is how many messages one connection may carry.

    `closes_at` is when the connection that is open will be closed, 0 where there is none.
    """

    def __init__(self, history: History, next_dcid: Callable[[], int], trails: Trails) -> None:
        self.history = history
        self.limit = 50
        self._trails = trails
        self.closes_at = 0
        self._next_dcid = next_dcid
        self._walk: Walk | None = None
        self._attempt: Attempt | None = None
        self._carried = 0
        # The last attempt of the queue: its connection, its status, and what was said.
        self._last: tuple[int, str, int, tuple[str, ...]] = (0, "", 0, ())

    @property
    def dcid(self) -> int:
        return self._walk.dcid if self._walk is not None else 0

    def idle(self, when: int, dcid: int) -> Iterator[Event]:
        """Nothing came for five seconds; nothing is said where something did meanwhile."""
        if self._walk is not None and self._walk.dcid == dcid and self.closes_at == when:
            yield from self._hang_up()

    def _hang_up(self) -> Iterator[Event]:
        if self._walk is not None:
            yield from self._walk.hang_up()
        self._walk, self.closes_at = None, 0

    # A queue that stays.

    def tried(self, when: int, failed: Failed, envelopes: Sequence[Envelope]) -> Iterator[Event]:
        attempt = failed.judgement.attempt
        if attempt is None:
            return
        yield from self._hang_up()
        until = failed.until if failed.until < NEVER else 0
        walk = Walk(attempt, self._next_dcid, self.history.domain)
        waiting = Waiting(until, self.history.profile.name)
        yield from self._told(walk, attempt, when, envelopes, waiting)
        yield from walk.hang_up()
        self._last = (walk.last, attempt.outcome.status, *said_at_the_end(attempt.outcome))

    def _told(
        self,
        walk: Walk,
        attempt: Attempt,
        when: int,
        envelopes: Sequence[Envelope],
        waiting: Waiting,
    ) -> Iterator[Event]:
        for fact in attempt.observation.facts:
            yield from self._trails.of(fact, when)
        yield from walk.told(envelopes, waiting)

    # Messages that meet their fate.

    def went(self, when: int, act: Went, envelopes: Sequence[Envelope]) -> Iterator[Event]:
        entry = act.entry
        attempt = entry.judgement.attempt if entry.judgement is not None else None
        match entry.fate:
            case Fate.EXPIRED:
                yield from self._expired(envelopes, spent=act.spent)
            case Fate.RETURNED:
                yield from self._returned(envelopes)
            case Fate.DELETED:
                for each in envelopes:
                    yield Deleted(each.mid, (0,))
                    yield MessageFinished(each.mid)
            case Fate.DROPPED:
                for each in envelopes:
                    yield Discarded(each.mid, (0,))
                    yield MessageFinished(each.mid)
            case _ if attempt is not None:
                both = tuple(zip(act.numbers, envelopes, strict=True))
                yield from self._attempted(when, entry, attempt, both)

    def _attempted(
        self,
        when: int,
        entry: Entry,
        attempt: Attempt,
        numbered: Sequence[tuple[int, Envelope]],
    ) -> Iterator[Event]:
        """Delivered or refused; a queue by as many connections as it takes."""
        for _, part in groupby(numbered, lambda it: self._connection(entry, it[0])):
            envelopes = [each for _, each in part]
            open_for_it = when <= self.closes_at and self._attempt is attempt
            if not (entry.flowing and open_for_it and self._carried < self.limit):
                yield from self._hang_up()
                self._walk = Walk(attempt, self._next_dcid, self.history.domain)
                self._attempt, self._carried = attempt, len(envelopes)
                yield from self._told(self._walk, attempt, when, envelopes, Waiting())
            else:
                assert self._walk is not None
                self._carried += len(envelopes)
                for each in envelopes:
                    yield from self._walk.carried(each)
            if not entry.fate.is_delivery or not self._walk.dcid:
                yield from self._hang_up()
            else:
                self.closes_at = when + IDLE

    def _connection(self, entry: Entry, number: int) -> int:
        """Which of a queue's connections a message goes over; 0 where messages flow."""
        return 0 if entry.flowing else (number - entry.first - 1) // max(self.limit, 1)

    def _expired(self, envelopes: Sequence[Envelope], *, spent: bool) -> Iterator[Event]:
        dcid, status, code, said = self._last
        status = f"5{status[1:]}" if spent and status else EXPIRED
        for envelope in envelopes:
            yield self._bounced(envelope, status, status_text(status), (code, said), dcid)
            yield MessageFinished(envelope.mid)

    def _returned(self, envelopes: Sequence[Envelope]) -> Iterator[Event]:
        status, text = BY_HAND
        for envelope in envelopes:
            yield self._bounced(envelope, status, text, (0, (text,)), 0)
            yield MessageFinished(envelope.mid)

    @staticmethod
    def _bounced(
        envelope: Envelope, status: str, text: str, said: tuple[int, tuple[str, ...]], dcid: int
    ) -> Bounced:
        return Bounced(
            envelope.mid,
            0,
            status,
            text,
            *said,
            dcid,
            sender=envelope.sender,
            recipient=envelope.recipients[0],
            double=not envelope.sender,
        )
