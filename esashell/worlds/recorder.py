"""Recording: any world, and a tape that gets everything it replies.

What is recorded can be replayed with the very same evidence only if the engine's clock can be
played again too. So the clock of a session that is being recorded (`TapeClock`) moves with what is
on the tape: from the beginning of a conversation it stands still between one reply and the next,
and no reading of it depends on how fast we compute. A question's duration then includes the
computing before it, some milliseconds. Between two commands it is the clock that it was made from.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from esashell.clock import Clock
from esashell.errors import TransportError
from esashell.steps import Authorities, Connect, Exchange, Receive, Send, StartTls, Wait, World
from esashell.steps import Session as Conversation
from esashell.worlds.tape import (
    Connected,
    Exchanged,
    Opened,
    Received,
    Sent,
    ShookHands,
    Trusted,
    Waited,
    fault_of,
)
from esashell.worlds.tapefile import TapeWriter


class TapeClock:
    """A clock that can be played again: from the first conversation on, only the world moves it.

    `release` lets it go until the next conversation begins.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = clock.now()
        self._stands = False
        self._lock = threading.Lock()

    def now(self) -> int:
        return self._now if self._stands else self.tick()

    def tick(self) -> int:
        """Move to the present, never back."""
        with self._lock:
            self._now = max(self._now, self._clock.now())
            return self._now

    def stand(self) -> None:
        self.tick()
        self._stands = True

    def release(self) -> None:
        self._stands = False


class Recorder:
    """A world whose every reply goes onto a tape as well; the engine's clock must be `clock`."""

    def __init__(self, world: World, tape: TapeWriter, clock: Clock) -> None:
        self.world = world
        self.tape = tape
        self.clock = TapeClock(clock)
        self._start = tape.header.start
        self._numbers = {"conversation": 0, "connection": 0}
        self._lock = threading.Lock()

    @contextmanager
    def session(self) -> Iterator["RecordingSession"]:
        with self.world.session() as inner:
            yield RecordingSession(inner, self.ear())

    def ear(self) -> "RecordingEar":
        """What listens to one more conversation, whoever performs its requests."""
        self.clock.stand()
        conversation = self.number("conversation")
        self.tape.append(Opened(conversation=conversation, at=self.moment()))
        return RecordingEar(self, conversation)

    def number(self, what: str) -> int:
        """A number that no other conversation, or connection, of this tape has."""
        with self._lock:
            self._numbers[what] += 1
            return self._numbers[what]

    def moment(self) -> int:
        """The time since the recording began, after the clock has moved."""
        return max(0, self.clock.tick() - self._start)


class RecordingSession:
    """One conversation with the world inside, and its entries on the tape."""

    def __init__(self, inner: Conversation, ear: "RecordingEar") -> None:
        self._inner = inner
        self._ear = ear

    def perform(self, request: Any) -> Any:
        try:
            reply = self._inner.perform(request)
        except TransportError as error:
            self._ear(request, None, error)
            raise
        self._ear(request, reply, None)
        return reply


class RecordingEar:
    """Puts what one conversation hears on the tape, in the order in which it hears it."""

    def __init__(self, recorder: Recorder, conversation: int) -> None:
        self._recorder = recorder
        self._conversation = conversation
        self._connection: int | None = None

    def __call__(self, request: Any, reply: Any, failed: TransportError | None) -> None:
        fault = fault_of(failed) if failed is not None else None
        at, here = self._recorder.moment(), self._conversation
        entry: Any
        match request:
            case Exchange(server=server, message=message, tcp=tcp):
                entry = Exchanged(
                    conversation=here,
                    server=server,
                    message=message,
                    tcp=tcp,
                    reply=reply,
                    fault=fault,
                    at=at,
                )
            case Connect(address=address, port=port):
                number = self._recorder.number("connection")
                self._connection = number if fault is None else None
                entry = Connected(
                    conversation=here,
                    connection=number,
                    address=address,
                    port=port,
                    reply=reply,
                    fault=fault,
                    at=at,
                )
            case Wait(microseconds=microseconds):
                entry = Waited(conversation=here, microseconds=microseconds, at=at)
            case Authorities(names=names):
                entry = Trusted(conversation=here, names=names, reply=reply, at=at)
            case _ if self._connection is None:
                # Without a connection every world says the same (Reset), and so does a replay.
                return
            case Send(data=data):
                entry = Sent(connection=self._connection, data=data, fault=fault, at=at)
            case Receive():
                entry = Received(connection=self._connection, reply=reply, fault=fault, at=at)
            case StartTls(server_name=name, policy=policy):
                entry = ShookHands(
                    connection=self._connection,
                    server_name=name,
                    policy=policy,
                    reply=reply,
                    fault=fault,
                    at=at,
                )
            case _:
                return
        self._recorder.tape.append(entry)
