"""Connections to mail hosts: a conversation's own, or shared by all that are held together.

What a mail host shows does not depend on whose mail is to go there. In a batch, therefore, each
address is connected to once, and each handshake takes place once: one for a host's address, port,
name of ours, name asked for (SNI) and TLS policy, which together are all that the other end can
see of us. Who comes later gets what the first one got, a failure like a success. *Judging* is not
shared: each domain compares the chain with the names that it accepts itself.

A domain whose host is asked for under another name than the first one's (its TLSA records stand
at another base domain) needs a handshake of its own, as a server may answer another name with
another certificate.
"""

from typing import Protocol

from msgspec import Struct

from esashell.errors import TransportError
from esashell.smtp.client import BAD_CONNECTION, Failure, Finding, SmtpDialogue, Stage, shake_hands
from esashell.steps import Connect, Once, Steps, TlsPolicy


class Meeting(Struct, frozen=True):
    """All that a mail host can see of us: where, under which names, and with which TLS."""

    address: str
    port: int
    helo: str
    server_name: str
    policy: TlsPolicy


class Connections(Protocol):
    """How one conversation comes to mail hosts."""

    def connect(self, address: str, port: int) -> Steps[str]:
        """Our own address on the connection; raises `TransportError` where there is none."""

    def shake_hands(self, meeting: Meeting) -> Steps[SmtpDialogue]:
        """The conversation with a host that was just connected to."""

    def open(self, address: str, port: int, whole: int) -> Steps[str]:
        """A connection for this conversation alone, as a message needs one; `whole` limits all that
        happens on it. Like `connect` otherwise."""


class OwnConnections:
    """A connection for each time that one is wanted."""

    def connect(self, address: str, port: int) -> Steps[str]:
        interface: str = yield Connect(address, port)
        return interface

    def shake_hands(self, meeting: Meeting) -> Steps[SmtpDialogue]:
        return (yield from shake_hands(meeting.helo, meeting.server_name, meeting.policy))

    def open(self, address: str, port: int, whole: int) -> Steps[str]:
        interface: str = yield Connect(address, port, whole=whole)
        return interface


OWN = OwnConnections()


class Meetings:
    """What was met so far, for any number of conversations."""

    def __init__(self) -> None:
        self.reached: dict[tuple[str, int], str | TransportError] = {}
        self.met: dict[Meeting, SmtpDialogue] = {}

    def connections(self) -> "SharedConnections":
        """For one conversation."""
        return SharedConnections(self)


class SharedConnections:
    """One conversation's share in all that are met together."""

    def __init__(self, meetings: Meetings) -> None:
        self._meetings = meetings
        self._open: tuple[str, int] | None = None  # what this very conversation is connected to

    def connect(self, address: str, port: int) -> Steps[str]:
        place = address, port
        reached = self._meetings.reached.get(place)
        if reached is None:
            reached = yield Once(("connect", place), lambda: self._reach(place))
        if isinstance(reached, TransportError):
            raise type(reached)(reached.text)
        return reached

    def _reach(self, place: tuple[str, int]) -> Steps[str | TransportError]:
        found: str | TransportError
        self._open = None
        try:
            found = yield Connect(*place)
        except TransportError as fault:
            found = fault
        else:
            self._open = place
        self._meetings.reached[place] = found
        return found

    def shake_hands(self, meeting: Meeting) -> Steps[SmtpDialogue]:
        met = self._meetings.met.get(meeting)
        if met is None:
            met = yield Once(meeting, lambda: self._meet(meeting))
        return met

    def open(self, address: str, port: int, whole: int) -> Steps[str]:
        reached = self._meetings.reached.get((address, port))
        if isinstance(reached, TransportError):
            raise type(reached)(reached.text)
        self._open = None
        interface: str = yield Connect(address, port, whole=whole)
        return interface

    def _meet(self, meeting: Meeting) -> Steps[SmtpDialogue]:
        found: SmtpDialogue
        place = meeting.address, meeting.port
        try:
            if self._open != place:
                yield Connect(*place)
        except TransportError as fault:
            # The host was there a moment ago, for somebody else.
            text = f"{fault.text} at {Stage.GREETING}"
            finding = Finding(Failure.NETWORK_ERROR, Stage.GREETING, BAD_CONNECTION, text)
            found = SmtpDialogue((), None, False, None, finding)
        else:
            found = yield from shake_hands(meeting.helo, meeting.server_name, meeting.policy)
        self._open = None
        self._meetings.met[meeting] = found
        return found
