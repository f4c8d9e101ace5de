"""One question to one server, and whether what came back can be used.

What both ways of looking things up share, asking recursive resolvers and asking the zones' own
servers: the question is sent again over TCP when the answer was cut off (RFC 7766 5), the response
must be one, and must answer the very question that was asked, and every exchange is told to whoever
listens and kept as evidence.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from esashell.clock import Clock
from esashell.errors import TransportError
from esashell.resolver import wire
from esashell.resolver.answer import Asked, Reason
from esashell.resolver.budget import Work
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import Rcode, rcode_text
from esashell.resolver.wire import Message
from esashell.steps import Exchange, Steps, Tell

USABLE = ("NOERROR", "NXDOMAIN")
_ANSWERS = frozenset((Rcode.NOERROR.value, Rcode.NXDOMAIN.value))


class Question(Struct, frozen=True, gc=False):
    """What is asked of whom; `timeout` in microseconds. `recursive` sets RD and CD.

    Without `edns` it is asked as before RFC 6891: no signature comes back then.
    """

    server: str
    qname: Name
    rdtype: int
    timeout: int
    recursive: bool
    edns: bool = True


class Reply(Struct, frozen=True, gc=False):
    """What came of asking: a message that can be used, or the reason why there is none.

    When the message turns out not to be believable, `again` asks anew, and another server if there
    is one; None when that was done often enough, or is not to be done. It forgets what was learnt
    with the message. Where it comes back without a message, the first one stands.
    """

    message: Message | None
    reason: Reason | None = None
    again: Callable[[], Steps["Reply"]] | None = None


Ask = Callable[[Name, int], Steps[Reply]]  # how a look-up asks, whomever it asks


class Source(Protocol):
    """A way to ask: recursive resolvers, or the zones' own servers."""

    def source(self, work: Work, asked: list[Asked]) -> Ask:
        """The way for one look-up, which pays for it and keeps what was asked."""

    def forget(self) -> None:
        """Ask as if for the first time: nothing learnt of servers counts any more."""


def exchanged(
    question: Question, clock: Clock, work: Work, asked: list[Asked]
) -> Steps[tuple[Message | None, str]]:
    """The response and a word about it, one of `USABLE` when it may be read as an answer.

    Without a message the word is the fault; with one it may also be another response code, or what
    is wrong with the message.
    """
    qname, rdtype, recursive = question.qname, question.rdtype, question.recursive
    octets = wire.query(
        qname, rdtype, recursive=recursive, checking_disabled=recursive, edns=question.edns
    )
    message: Message | None = None
    result = ""
    for tcp in (False, True):
        began = clock.now()
        work.query(qname, rdtype, began)
        try:
            reply = yield Exchange(question.server, octets, tcp=tcp, timeout=question.timeout)
            work.response(reply, qname, rdtype)
            message = wire.parse(reply, qname)
            result = _result(message, qname, rdtype, tcp=tcp)
        except TransportError as error:
            message, result = None, error.text
        one = Asked(question.server, qname, rdtype, result, clock.now() - began, tcp)
        asked.append(one)
        yield Tell(one)
        if result != "truncated":
            break
    return message, result


def _result(message: Message, qname: Name, rdtype: int, *, tcp: bool) -> str:
    if not message.flags & wire.QR:
        return "not a response"
    if message.rcode not in _ANSWERS:
        return rcode_text(message.rcode)
    if message.question != ((qname, rdtype),):
        return "answer to another question"
    if message.flags & wire.TC:
        return "truncated over TCP" if tcp else "truncated"
    return rcode_text(message.rcode)
