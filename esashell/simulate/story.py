"""A simulation as the log of an appliance would have it: events with their times, in order.

A `Story` is asked again and again what has happened since the last time; each time the whole span
up to an instant that is settled. It gives the numbers that an appliance gives, of connections and
messages, rising in the order of events and never given twice, and so the parts of a message's story
are joined as they are in a real log.

What a queue does not know is filled in, the same way each time. Each message comes in on a
connection of its own. A connection out is kept for five seconds for the next message, and for as
many as the destination control allows. All of an attempt happens at the instant of the attempt. A
bounce or a delay warning is told up to the queue; what becomes of it is not simulated.

Where only a part of the messages is told (`volume`), the numbers of messages have gaps, as if the
others had been told: the last number in the log is about what the appliance would have come to.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush

from esashell import events as e
from esashell.config.lookup import Destinations
from esashell.config.model.listeners import Behavior
from esashell.config.tree import Config
from esashell.delivery.occurrences import Envelope
from esashell.delivery.trails import Trails, levels_of
from esashell.simulate.acts import Act, Came, History, Reader, Tried, Warned, Went
from esashell.simulate.entrance import Entrance, entrance
from esashell.simulate.sending import Carrier
from esashell.simulate.traffic import HOUR, SECOND
from esashell.simulate.volume import USUAL, Volume

Told = tuple[int, e.Event]

# Readers times stretches: what is kept of one stretch is small, and each costs a look at them all.
MOST_LOOKS = 20_000
MINUTE = 60 * SECOND
BY_THE_MINUTE = 300  # destinations
DELAYED = "Delivery Status Notification (Delay)"


class Numbers:
    """The numbers that are given: the next is one more than the last, or more where some are left
    out."""

    def __init__(self) -> None:
        self.mid = 0
        self.icid = 0
        self.dcid = 0

    def next_mid(self, at_least: int = 0) -> int:
        self.mid = max(self.mid + 1, at_least)
        return self.mid

    def next_icid(self, at_least: int = 0) -> int:
        self.icid = max(self.icid + 1, at_least)
        return self.icid

    def next_dcid(self) -> int:
        self.dcid += 1
        return self.dcid


class Story:
    """The story of these destinations from `begin` on. `config` is the configuration that runs;
    `trails` says whether somebody wants the look-ups."""

    def __init__(
        self,
        histories: Sequence[History],
        config: Callable[[], Config],
        begin: int,
        volume: Volume = USUAL,
        trails: Callable[[], bool] = lambda: False,
    ) -> None:
        self.histories = histories
        self.volume = volume
        self.until = self._begin = self._when = begin
        self.numbers = Numbers()
        self.told = 0  # messages
        self._found: deque[tuple[int, int, Act]] = deque()  # and not told yet
        self._config = config
        self._wants_trails = trails
        self._trails = Trails()
        self._readers: dict[int, Reader] = {}
        self._carriers: dict[int, Carrier] = {}
        self._closing: list[tuple[int, int, int]] = []
        self._waiting: dict[tuple[int, int], Envelope] = {}
        self._given: set[int] = set()
        self._more = 0  # destinations that may be told besides, if they fail
        self._counted = -1, 0  # a minute, and how many messages had come by then
        self._generated = 0
        self._entrances: dict[tuple[Behavior, str, str], Entrance] = {}
        self._entered_by: Config | None = None
        self._read_some()

    def remark(self, messages: int) -> str:
        """What a reader of the log has to know, of a simulation of so many messages."""
        return self.volume.sentence(messages, len(self.histories))

    def mid(self, place: int, number: int) -> int:
        """The number of a message that waits, of the history at this place: the one in the log, or
        where it is not told about the one that it would have there, and nobody else has."""
        envelope = self._waiting.get((place, number))
        if envelope is not None:
            return envelope.mid
        arrival = self.histories[place].stream.arrival(number)
        mid = sum(each.stream.come(arrival - 1) for each in self.histories) + 1
        while mid in self._given:
            mid += 1
        return mid

    def tell(self, until: int) -> Iterator[Told]:
        """What has happened since the last time, before an instant that is settled.

        Whoever stops in between hears the rest the next time.
        """
        yield from self._tell_found()
        if until <= self.until:
            return
        self._follow_failures()
        self._trails.levels = levels_of(self._config().dns)
        self._trails.followed = self._wants_trails()
        self._controls = Destinations(self._config().destinations)
        stretches = max(1, min(-(-(until - self.until) // HOUR), self._most_stretches()))
        length = -(-(until - self.until) // stretches)
        while self.until < until:
            self._find(min(self.until + length, until))
            yield from self._tell_found()

    def _most_stretches(self) -> int:
        return MOST_LOOKS // max(len(self._readers), 1)

    # Who is told.

    def _read_some(self) -> None:
        """All of the destinations, or as many as there is room for, spread over the list."""
        count = len(self.histories)
        step = -(-count // max(self.volume.destinations(count), 1))
        for place in range(0, count, max(step, 1)):
            self._read(place)
        self._more = self.volume.destinations(count)

    def _follow_failures(self) -> None:
        """What fails is told from then on, also where not every destination is."""
        if len(self._readers) == len(self.histories):
            return
        for place, each in enumerate(self.histories):
            if not self._more:
                return
            if each.first_failure is not None and place not in self._readers:
                self._read(place)
                self._more -= 1

    def _read(self, place: int) -> None:
        self._readers[place] = Reader(self.histories[place], self.until)

    # A stretch of time.

    def _find(self, until: int) -> None:
        """Everything in a stretch, destination by destination, put into the order of time."""
        found: list[tuple[int, int, Act]] = []
        room = self.volume.most - self.told
        for place, reader in self._readers.items():
            moments = reader.acts(until, self.volume, room)
            room -= sum(isinstance(act, Came) for _, act in moments)
            found += ((when, place, act) for when, act in moments)
        found.sort(key=lambda each: each[:2])
        self._found.extend(found)
        self.until = until

    def _tell_found(self) -> Iterator[Told]:
        while self._found:
            when, place, act = self._found.popleft()
            yield from self._close(when)
            self._when = when
            for event in self._events(when, place, act):
                yield when, event
        yield from self._close(self.until)

    def _come(self, when: int) -> int:
        """How many messages of all had come by the minute of an instant, or of many destinations
        by the hour: the numbers of those that are told are about those that they would have."""
        if self.volume.is_whole:
            return 0
        grid = MINUTE * max(len(self.histories) // BY_THE_MINUTE, 1)
        place = (when - self._begin) // grid
        if place != self._counted[0]:
            before = self._begin + place * grid - 1
            self._counted = place, sum(each.stream.come(before) for each in self.histories)
        return self._counted[1]

    def _close(self, before: int) -> Iterator[Told]:
        """Hang up where nothing more came; what is due at the instant itself is still open."""
        while self._closing and self._closing[0][0] < before:
            when, place, dcid = heappop(self._closing)
            for event in self._carriers[place].idle(when, dcid):
                yield when, event

    def _carrier(self, place: int) -> Carrier:
        carrier = self._carriers.get(place)
        if carrier is None:
            history, next_dcid = self.histories[place], self.numbers.next_dcid
            carrier = self._carriers[place] = Carrier(history, next_dcid, self._trails)
        return carrier

    def _events(self, when: int, place: int, act: Act) -> Iterator[e.Event]:
        history, carrier = self.histories[place], self._carrier(place)
        match act:
            case Came(number):
                yield from self._came(place, number, self._come(when) + 1)
            case Tried(failed, numbers):
                yield from carrier.tried(when, failed, self._envelopes(place, numbers))
            case Warned(numbers):
                for each in self._envelopes(place, numbers):
                    if each.sender:
                        size, subject = each.size, DELAYED
                        yield from self._generate(history, each.mid, each.sender, size, subject)
            case Went():
                yield from self._went(when, place, act, carrier)

    def _envelopes(self, place: int, numbers: tuple[int, ...]) -> list[Envelope]:
        return [self._waiting[place, each] for each in numbers]

    # Coming in.

    def _came(self, place: int, number: int, at_least: int) -> Iterator[e.Event]:
        history = self.histories[place]
        letter = history.mail.letter(number)
        at = self._entrance(history.behavior, letter.listener, letter.group)
        icid = self.numbers.next_icid(at_least)
        mid = self.numbers.next_mid(at_least + self._generated)
        to = (letter.recipient,)
        self._given.add(mid)
        self._waiting[place, number] = Envelope(mid, letter.sender, to, letter.size)
        self.told += 1
        home = letter.sender.rpartition("@")[2] or self._config().hostname
        who = at.client
        host, verified = who.host or "unknown", bool(who.host)
        yield e.InjectionConnection(icid, at.interface, at.address, who.address, host, verified)
        yield e.SenderGroupMatched(icid, at.behavior.value, at.group, at.match)
        yield e.MessageStarted(
            mid,
            icid,
            letter.sender,
            to,
            letter.size,
            f"<{number}.{place}@{home}>",
            letter.subject,
        )
        yield e.MessageQueued(mid, table=at.table)
        yield e.InjectionClosed(icid)

    def _entrance(self, behavior: Behavior, listener: str, group: str) -> Entrance:
        config, wanted = self._config(), (behavior, listener, group)
        if config is not self._entered_by:
            self._entrances.clear()
            self._entered_by = config
        if wanted not in self._entrances:
            self._entrances[wanted] = entrance(config, *wanted)
        return self._entrances[wanted]

    # Going.

    def _went(self, when: int, place: int, act: Went, carrier: Carrier) -> Iterator[e.Event]:
        history = self.histories[place]
        carrier.limit = self._controls.control(history.domain).messages_per_connection
        bounces = act.entry.fate.is_bounce
        envelopes = self._envelopes(place, act.numbers)
        for each in act.numbers:
            del self._waiting[place, each]
        for event in carrier.went(when, act, envelopes):
            yield event
            if bounces and isinstance(event, e.Bounced) and event.sender:
                yield from self._returned(history, event)
        if carrier.closes_at:
            heappush(self._closing, (carrier.closes_at, place, carrier.dcid))

    def _returned(self, history: History, bounced: e.Bounced) -> Iterator[e.Event]:
        if history.profile.send_bounces is not False:
            size = self._config().bounces.max_bounce_copy
            yield from self._generate(history, bounced.mid, bounced.sender, size, "")

    def _generate(
        self, history: History, of: int, sender: str, size: int, subject: str
    ) -> Iterator[e.Event]:
        """A message of the appliance's own about another one, to whoever sent that."""
        profile = history.profile
        self._generated += 1
        mid = self.numbers.next_mid(self._come(self._when) + self._generated)
        to = (profile.alternate_address or sender,)
        subject = subject or profile.subject
        yield e.MessageStarted(mid, 0, "", to, size, "", subject, bounce_of=of)
        yield e.MessageQueued(mid)
