"""A tape as a world: it answers, offline, as the recorded world did.

**Matching.** A replay is asked by an engine that runs anew, and what an engine asks in which order
depends on its caches and on what else goes on at the same time. Answers are therefore found by
content and not by position:

* a DNS exchange by server, message and transport. The same question again gets the recorded
  replies in their order, and the last one from then on. `timeout` and `source` decide nothing;
* a connection by address and port; each recorded one is a script of its own. While what is sent
  (data, or name and policy of a handshake) is the same in several scripts, the conversation may
  still become any of them; it leaves those that went on otherwise, and what it hears is from the
  first that is left: of the conversation in which its first question was asked, and not yet
  played, if there is such a one;
* the machine's own list of authorities by the names that are asked for;
* a wait by its length, and unknown ones are simply over: a wait is not a question.

Anything else is `NotRecorded`. That is deliberately no `TransportError`: an engine would take it
for a fault of the network, go on, and report a finding that nobody ever made.

**Many at once.** Conversations that went on side by side do so again, and what came first on the
tape comes first (`side_by_side`): who asks what depends on what was known by then.

**Time.** Signatures and certificates are valid at a time, and an answer's age decides whether it is
asked for again. So the recorded clock is played too: `Replay.clock` stands at the moment of
the last recorded event that was played, as the clock of the recorded session did (`recorder`).
"""

import heapq
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from esashell.clock import FixedClock
from esashell.config.quoting import quoted
from esashell.errors import OperatorError, Reset, TransportError
from esashell.resolver import wire
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType, type_text
from esashell.steps import (
    Authorities,
    Connect,
    Exchange,
    Listener,
    Receive,
    Send,
    StartTls,
    Steps,
    Wait,
    deaf,
)
from esashell.worlds.conversing import Conversation, Conversing, Ear
from esashell.worlds.tape import (
    Connected,
    Exchanged,
    Opened,
    Received,
    Sent,
    ShookHands,
    Step,
    Tape,
    Trusted,
    Waited,
)
from esashell.worlds.tapefile import BadTape

R = TypeVar("R")


class NotRecorded(OperatorError):
    """A question that the recording holds no answer to."""


class _Script(NamedTuple):
    """One recorded connection: how it came about, and what happened on it."""

    number: int
    opening: Connected
    steps: list[Step]


class Replay:
    """The world of a tape, at the tape's time. Nothing is sent anywhere.

    Raises `BadTape` when the tape's entries do not fit together.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.clock = FixedClock(tape.header.start)
        self.lock = threading.Lock()
        self._opened: list[int] = []
        self._exchanges: dict[tuple[str, bytes, bool], list[Exchanged]] = {}
        self._by_question: dict[tuple[bytes, bool], list[Exchanged]] = {}
        self._waits: dict[int, list[Waited]] = {}
        self._trusted: dict[tuple[str, ...], list[Trusted]] = {}
        self._scripts: dict[tuple[str, int], list[_Script]] = {}
        self.played: set[int] = set()
        by_number: dict[int, _Script] = {}
        for each in tape.entries:
            match each:
                case Opened():
                    self._opened.append(each.at)
                case Exchanged():
                    key = each.server, each.message, each.tcp
                    self._exchanges.setdefault(key, []).append(each)
                case Waited():
                    self._waits.setdefault(each.microseconds, []).append(each)
                case Trusted():
                    self._trusted.setdefault(each.names, []).append(each)
                case Connected():
                    script = _Script(each.connection, each, [])
                    by_number[each.connection] = script
                    self._scripts.setdefault((each.address, each.port), []).append(script)
                case _:
                    if each.connection not in by_number:
                        raise BadTape(f"{tape.name}: there is no connection {each.connection}.")
                    by_number[each.connection].steps.append(each)
        # From here on the next one is the last of its list.
        self._opened.reverse()
        for (_, message, tcp), questions in self._exchanges.items():
            questions.reverse()
            self._by_question.setdefault((message, tcp), questions)
        for waits in self._waits.values():
            waits.reverse()
        for trusted in self._trusted.values():
            trusted.reverse()

    @contextmanager
    def session(self) -> Iterator["ReplaySession"]:
        yield self.begin()

    @contextmanager
    def apart(self) -> Iterator["ReplaySession"]:
        """A conversation that was not recorded as it is held now. Whose turn it was among equal
        servers was another one's then, so what any of them has answered will do."""
        session = self.begin()
        session.any_server = True
        yield session

    def begin(self) -> "ReplaySession":
        """One more conversation."""
        with self.lock:
            if self._opened:
                self.move_to(self._opened.pop())
        return ReplaySession(self)

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose mail hosts were asked for, in the order in which they were."""
        asked = (_asked(message) for _, message, _ in self._exchanges)
        return tuple(dict.fromkeys(str(it[0]) for it in asked if it and it[1] == RRType.MX))

    def move_to(self, moment: int) -> None:
        """Let it be this long after the recording began, unless it is later already."""
        ahead = self.tape.header.start + moment - self.clock.now()
        self.clock.advance(max(0, ahead))

    @property
    def next_opening(self) -> int | None:
        """When the next conversation began; None when there was none."""
        return self._opened[-1] if self._opened else None

    def exchange(
        self, request: Exchange, *, take: bool = True, any_server: bool = False
    ) -> Exchanged:
        """The next recorded exchange of this question with this server."""
        queue = self._exchanges.get((request.server, request.message, request.tcp))
        if queue is None and any_server:
            queue = self._by_question.get((request.message, request.tcp))
        if queue is None:
            over = " over TCP" if request.tcp else ""
            raise self.lacking(f"answer of {request.server} to {_question(request.message)}{over}")
        return queue.pop() if take and len(queue) > 1 else queue[-1]

    def trusted(self, names: tuple[str, ...], *, take: bool = True) -> Trusted:
        """What the machine's own store had by these names, the next time that it was asked."""
        queue = self._trusted.get(names)
        if queue is None:
            raise self.lacking("list of the authorities that a certificate names")
        return queue.pop() if take and len(queue) > 1 else queue[-1]

    def waited(self, microseconds: int) -> int:
        """When the next wait of this length was over; now, if there was none."""
        queue = self._waits.get(microseconds)
        return queue[-1].at if queue else self.clock.now() - self.tape.header.start

    def wait(self, microseconds: int) -> None:
        """Be later by what the wait took when it was recorded, or by what it should take."""
        queue = self._waits.get(microseconds)
        if queue:
            self.move_to((queue.pop() if len(queue) > 1 else queue[0]).at)
        else:
            self.clock.advance(max(0, microseconds))

    def scripts(self, address: str, port: int, conversation: int | None) -> list[_Script]:
        """The recorded connections to an address, those first that are to be played first."""

        def rank(script: _Script) -> tuple[bool, bool, int]:
            played = script.number in self.played
            order = -script.number if played else script.number
            return script.opening.conversation != conversation, played, order

        found = self._scripts.get((address, port))
        if found is None:
            raise self.lacking(f"connection to {address} port {port}")
        return sorted(found, key=rank)

    def lacking(self, what: str) -> NotRecorded:
        name, whole = self.tape.name, self.tape.whole
        cut = "" if whole else " (its end is missing)"
        return NotRecorded(f"{name}: the recording{cut} holds no {what}.")


class ReplaySession:
    """One conversation with a tape."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._conversation: int | None = None  # the recorded one that this seems to repeat
        self._scripts: list[_Script] = []  # what the open connection may be; empty: none is open
        self._at = 0
        self.any_server = False

    def perform(self, request: Any) -> Any:
        with self._replay.lock:
            match request:
                case Exchange():
                    return self._exchange(request)
                case Connect():
                    return self._connect(request)
                case Wait(microseconds=microseconds):
                    return self._replay.wait(microseconds)
                case Authorities(names=names):
                    found = self._replay.trusted(names)
                    self._replay.move_to(found.at)
                    return found.reply
                case Send() | Receive() | StartTls():
                    return self._step(request)
        raise TypeError(f"a recording does not perform {request!r}")

    def due(self, request: Any) -> int:
        """When the reply to a request came, since the recording began; nothing is played yet."""
        match request:
            case Exchange():
                return self._replay.exchange(request, take=False).at
            case Connect(address=address, port=port):
                return self._replay.scripts(address, port, self._conversation)[0].opening.at
            case Wait(microseconds=microseconds):
                return self._replay.waited(microseconds)
            case Authorities(names=names):
                return self._replay.trusted(names, take=False).at
        if not self._scripts:
            return 0
        return self._left(request)[0].steps[self._at].at

    def close(self) -> None:
        """There is nothing to close."""

    def _exchange(self, request: Exchange) -> bytes:
        found = self._replay.exchange(request, any_server=self.any_server)
        if self._conversation is None:
            self._conversation = found.conversation
        return self._played(found)  # type: ignore[no-any-return]

    def _connect(self, request: Connect) -> str:
        self._scripts = []
        scripts = self._replay.scripts(request.address, request.port, self._conversation)
        first = scripts[0]
        self._replay.played.add(first.number)
        own: str = self._played(first.opening)
        self._scripts = [each for each in scripts if each.opening.fault is None]
        self._at = 0
        return own

    def _step(self, request: Any) -> Any:
        if not self._scripts:
            raise Reset("no connection is open")
        at, before = self._at, self._scripts[0]
        left = self._left(request)
        self._scripts, self._at = left, at + 1
        if left[0] is not before:
            # It turns out to be another one: that which it seemed to be may still be wanted.
            self._replay.played.discard(before.number)
            self._replay.played.add(left[0].number)
        return self._played(left[0].steps[at])

    def _left(self, request: Any) -> list[_Script]:
        """What the open connection may still be, after this request."""
        opening = self._scripts[0].opening
        left = [each for each in self._scripts if len(each.steps) > self._at]
        left = [each for each in left if _same(each.steps[self._at], request)]
        if not left:
            raise self._replay.lacking(
                _step_text(request, f"{opening.address} port {opening.port}")
            )
        return left

    def _played(self, entry: Exchanged | Connected | Step) -> Any:
        """What came of it then."""
        self._replay.move_to(entry.at)
        if entry.fault is not None:
            raise entry.fault.error()
        return None if isinstance(entry, Sent) else entry.reply


def side_by_side(
    conversations: Iterable[Steps[R]],
    replay: Replay,
    listen: Listener = deaf,
    ear: Callable[[], Ear] | None = None,
) -> Iterator[tuple[int, R]]:
    """Each conversation's number and result; they begin, and go on, as they did when recorded."""
    driver = _Driver(replay, listen, ear)
    try:
        yield from driver.results(conversations, driver.room)
    finally:
        driver.close()


class _Driver(Conversing):
    """Hands over whichever reply came first of those that are waited for."""

    def __init__(self, replay: Replay, listen: Listener, ear: Callable[[], Ear] | None) -> None:
        super().__init__(listen, ear)
        self._replay = replay
        self._asked: list[tuple[int, int, Conversation, Any]] = []
        self._counted = 0

    def place(self) -> ReplaySession:
        return self._replay.begin()

    def room(self, running: int) -> bool:
        """Whether the next conversation began before anything else happened."""
        opening = self._replay.next_opening
        return not self._asked or (opening is not None and opening <= self._asked[0][0])

    def perform(self, it: Conversation, request: Any) -> None:
        self._counted += 1
        heapq.heappush(self._asked, (it.place.due(request), self._counted, it, request))

    def wait(self) -> None:
        while True:
            due, number, it, request = heapq.heappop(self._asked)
            # Another conversation may have been given the reply that this one seemed to get.
            later = it.place.due(request)
            if later <= due or not self._asked:
                break
            heapq.heappush(self._asked, (later, number, it, request))
        reply, failed = None, None
        try:
            reply = it.place.perform(request)
        except TransportError as fault:
            failed = fault
        self.replied(it, request, reply, failed)


def _same(step: Step, request: Any) -> bool:
    match step, request:
        case Sent(data=data), Send():
            return bool(data == request.data)
        case Received(), Receive():
            return True
        case ShookHands(server_name=name, policy=policy), StartTls():
            return bool((name, policy) == (request.server_name, request.policy))
    return False


def _step_text(request: Any, where: str) -> str:
    match request:
        case Send(data=data):
            return f"answer of {where} to {quoted(data.decode('latin-1').rstrip())} at this point"
        case StartTls(server_name=name, policy=policy):
            offer = f"{policy.minimum} to {policy.maximum}, {quoted(policy.ciphers)}"
            return f"handshake with {where} for {quoted(name)} offering {offer}"
    return f"more that {where} said at this point"


def _question(message: bytes) -> str:
    """What a DNS message asks, in words."""
    asked = _asked(message)
    if asked is None:
        return f"a message of {len(message)} octets"
    return f"{asked[0].dotted} {type_text(asked[1])}"


def _asked(message: bytes) -> tuple[Name, int] | None:
    try:
        ((qname, rdtype),) = wire.parse(message).question
    except (TransportError, ValueError):
        return None
    return qname, rdtype
