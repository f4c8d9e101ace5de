"""One question to one server, taken as it comes: for looking at servers, not for finding out.

Nothing is cached, no other server is asked, and nothing is judged: `dig` shows what a server says,
and `lookup` is what decides whether to believe it.
"""

from msgspec import Struct

from esashell.clock import SECOND, Clock
from esashell.errors import TransportError
from esashell.resolver import wire
from esashell.resolver.answer import Asked
from esashell.resolver.budget import Budget, Effort, OutOfBudget, Work
from esashell.resolver.exchange import Source
from esashell.resolver.names import Name
from esashell.resolver.wire import Message
from esashell.steps import Exchange, Steps

TIMEOUT = 5 * SECOND


class DirectQuestion(Struct, frozen=True):
    """What is asked, of whom, and how; `source` is the address of ours to ask from, or "".

    Without a `server` nobody is asked: none was found.
    """

    server: str
    qname: Name
    rdtype: int
    tcp: bool = False
    dnssec: bool = False
    source: str = ""


class DirectReply(Struct, frozen=True):
    """What came of it: a message of so many octets, or the fault. `tcp` is how it came at last.

    `truncated` says that a first reply over UDP was cut off and the question asked again over TCP.
    """

    message: Message | None
    fault: str = ""
    octets: int = 0
    microseconds: int = 0
    when: int = 0
    tcp: bool = False
    truncated: bool = False


def asked_directly(question: DirectQuestion, clock: Clock) -> Steps[DirectReply]:
    """The server's own words; over TCP where they do not fit (RFC 7766 5). Faults are replies."""
    octets = wire.query(
        question.qname, question.rdtype, checking_disabled=False, dnssec=question.dnssec
    )
    truncated = False
    for tcp in (question.tcp, True):
        began = clock.now()
        request = Exchange(question.server, octets, tcp, TIMEOUT, question.source)
        message, fault, size = None, "", 0
        try:
            reply = yield request
            size = len(reply)
            message = wire.parse(reply)
        except TransportError as error:
            fault = error.text
        now = clock.now()
        found = DirectReply(message, fault, size, now - began, now, tcp, truncated)
        if tcp or message is None or not message.flags & wire.TC:
            break
        truncated = True
    return found


def leading_to(
    source: Source, qname: Name, rdtype: int, budget: Budget, effort: Effort
) -> Steps[tuple[str, str]]:
    """The server that this source finds an answer at, or "" and why there is none."""
    asked: list[Asked] = []
    try:
        reply = yield from source.source(Work(budget, effort), asked)(qname, rdtype)
        if not asked and reply.again is not None:
            # What a referral has said of DS records is known; who says it now is wanted.
            reply = yield from reply.again()
    except OutOfBudget as error:
        return "", str(error)
    if reply.message is None or not asked:
        return "", reply.reason.finding if reply.reason is not None else "no server is known"
    return asked[-1].server, ""
