"""Fuzzing of DNS messages: the reader, and look-ups in which one of the servers lies."""

from collections.abc import Iterator
from typing import Any

from esashell.clock import FixedClock
from esashell.errors import TransportError
from esashell.resolver import wire
from esashell.resolver.answer import Answer, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.steps import Exchange, run
from esashell.worlds.lab.world import Lab
from tests.fuzz.engine import Target, main

NOW = 1_795_000_000_000_000
SERVER = "194.191.40.83"
_CLOCK = FixedClock(NOW)
_LAB = Lab(_CLOCK)
_QUESTIONS = (
    ("_25._tcp.mail.dane.lab", RRType.TLSA),  # an answer
    ("_25._tcp.mail.nsec3.lab", RRType.TLSA),  # a denial with NSEC3
    ("_25._tcp.mail.no-tlsa.lab", RRType.TLSA),  # and with NSEC
    ("any.wildcard-mx.lab", RRType.MX),  # a wildcard
    ("mail.mx-alias.lab", RRType.A),  # an alias
    ("unsigned.lab", RRType.MX),  # an insecure delegation
)


class _Liar:
    """The lab's recursor, but for one reply, which is the input's."""

    def __init__(self, lie: bytes | None = None, at: int = -1) -> None:
        self.lie = lie
        self.at = at
        self.replies: list[bytes] = []

    def perform(self, request: Any) -> Any:
        assert isinstance(request, Exchange)
        reply = _reply(request.server, request.message, request.tcp)
        if len(self.replies) == self.at and self.lie is not None:
            reply = self.lie
        self.replies.append(reply)
        return reply


_KNOWN: dict[tuple[str, bytes, bool], bytes] = {}


def _reply(server: str, message: bytes, tcp: bool) -> bytes:
    key = (server, message, tcp)
    if key not in _KNOWN:
        _KNOWN[key] = _LAB.ask(*key)
    return _KNOWN[key]


def _looked_up(number: int, liar: _Liar) -> Answer:
    name, rdtype = _QUESTIONS[number]
    resolver = Resolver((Server(SERVER),), (_LAB.anchor,), _CLOCK)
    return run(resolver.look_up(name_from_text(name), rdtype), liar)


class _Truth:
    """What the look-ups come to when nobody lies, and the replies on the way."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.replies: list[list[bytes]] = []
        for number in range(len(_QUESTIONS)):
            honest = _Liar()
            self.answers.append(_looked_up(number, honest))
            self.replies.append(honest.replies)

    def seeds(self) -> Iterator[bytes]:
        for number, replies in enumerate(self.replies):
            for at, reply in enumerate(replies):
                yield bytes((number, at)) + reply


TRUTH = _Truth()


def looks_up(data: bytes) -> None:
    """One lie changes nothing that is called secure, and turns nothing signed into unsigned."""
    number = data[0] % len(_QUESTIONS) if data else 0
    at = data[1] % len(TRUTH.replies[number]) if len(data) > 1 else 0
    answer = _looked_up(number, _Liar(data[2:], at))
    true = TRUTH.answers[number]
    if answer.security is Security.SECURE:
        assert true.security is Security.SECURE
        assert (answer.existence, set(answer.rdatas)) == (true.existence, set(true.rdatas))
    if true.security is Security.SECURE:
        assert answer.security is not Security.INSECURE, answer.reason


def reads(data: bytes) -> None:
    """A message is refused or understood; what is understood can be written and read again."""
    try:
        message = wire.parse(data)
    except TransportError:
        return
    again = wire.parse(wire.encode(message))
    assert again.question == message.question
    assert {each.owner for each in again.answer} == {each.owner for each in message.answer}


TRACED = ("esashell/resolver/",)
_WORDS = (
    b"\xc0\x0c",
    b"\x00\x2e\x00\x01",
    b"\x00\x32",
    b"\x00\x2f",
    b"\x00\x05",
    b"\x00\x27",
    b"\xff",
)
MESSAGES = Target(
    "DNS messages",
    reads,
    tuple(each[2:] for each in TRUTH.seeds()),
    ("esashell/resolver/wire", "esashell/resolver/names"),
    _WORDS,
)
LOOKUPS = Target("look-ups", looks_up, tuple(TRUTH.seeds()), TRACED, _WORDS)

if __name__ == "__main__":
    main(MESSAGES, LOOKUPS)
