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
* a wait by its length, and unknown ones are simply over: a wait is not a question.

Anything else is `NotRecorded`. That is deliberately no `TransportError`: an engine would take it
for a fault of the network, go on, and report a finding that nobody ever made.

**Time.** Signatures and certificates are valid at a time, and an answer's age decides whether it is
asked for again. So the recorded clock is played too: `Replay.clock` stands at the moment of
the last recorded event that was played, as the clock of the recorded session did (`recorder`).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from esashell.clock import FixedClock
from esashell.config.quoting import quoted
from esashell.errors import OperatorError, Reset, TransportError
from esashell.resolver import wire
from esashell.resolver.rrtypes import type_text
from esashell.steps import Connect, Exchange, Receive, Send, StartTls, Wait
from esashell.worlds.tape import (
    BadTape,
    Connected,
    Exchanged,
    Opened,
    Received,
    Sent,
    ShookHands,
    Step,
    Tape,
    Waited,
)


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
        self._waits: dict[int, list[Waited]] = {}
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
        for questions in self._exchanges.values():
            questions.reverse()
        for waits in self._waits.values():
            waits.reverse()

    @contextmanager
    def session(self) -> Iterator["ReplaySession"]:
        with self.lock:
            if self._opened:
                self.move_to(self._opened.pop())
        yield ReplaySession(self)

    def move_to(self, moment: int) -> None:
        """Let it be this long after the recording began, unless it is later already."""
        ahead = self.tape.header.start + moment - self.clock.now()
        self.clock.advance(max(0, ahead))

    def exchange(self, request: Exchange) -> Exchanged:
        """The next recorded exchange of this question with this server."""
        queue = self._exchanges.get((request.server, request.message, request.tcp))
        if queue is None:
            over = " over TCP" if request.tcp else ""
            raise self.lacking(f"answer of {request.server} to {_question(request.message)}{over}")
        return queue.pop() if len(queue) > 1 else queue[0]

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

    def perform(self, request: Any) -> Any:
        with self._replay.lock:
            match request:
                case Exchange():
                    return self._exchange(request)
                case Connect():
                    return self._connect(request)
                case Wait(microseconds=microseconds):
                    return self._replay.wait(microseconds)
                case Send() | Receive() | StartTls():
                    return self._step(request)
        raise TypeError(f"a recording does not perform {request!r}")

    def _exchange(self, request: Exchange) -> bytes:
        found = self._replay.exchange(request)
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
        left = [each for each in self._scripts if len(each.steps) > at]
        left = [each for each in left if _same(each.steps[at], request)]
        if not left:
            where = f"{before.opening.address} port {before.opening.port}"
            raise self._replay.lacking(_step_text(request, where))
        self._scripts, self._at = left, at + 1
        if left[0] is not before:
            # It turns out to be another one: that which it seemed to be may still be wanted.
            self._replay.played.discard(before.number)
            self._replay.played.add(left[0].number)
        return self._played(left[0].steps[at])

    def _played(self, entry: Exchanged | Connected | Step) -> Any:
        """What came of it then."""
        self._replay.move_to(entry.at)
        if entry.fault is not None:
            raise entry.fault.error()
        return None if isinstance(entry, Sent) else entry.reply


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
    try:
        ((qname, rdtype),) = wire.parse(message).question
    except (TransportError, ValueError):
        return f"a message of {len(message)} octets"
    return f"{qname.dotted} {type_text(rdtype)}"
