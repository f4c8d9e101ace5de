"""The trail of a look-up, told while it is made: asked, sent, refused, answered (`events`).

The trail is that of the look-up's own question, and where aliases lead on, of those after it; what
is asked in passing, for keys above all, is marked. Most of the time nobody follows a trail, and
then it must cost nothing: `Resolver.tells` says whether somebody does. What is a warning in a log
is told in any case: a server without an answer to the look-up's question, and AAAA records of a
signed zone, which AsyncOS 12.0 complains of.
"""

from esashell.events import DnsAnswered, DnsAsked, DnsFailed, DnsSent
from esashell.resolver.answer import BOGUS, SECURE, Answer
from esashell.resolver.names import Name
from esashell.resolver.rdata import BadRdata, address, mx, text
from esashell.resolver.rrtypes import RRType, type_text


def asked(qname: Name, rdtype: int) -> DnsAsked:
    return DnsAsked(str(qname), type_text(rdtype))


def sent(
    qname: Name, rdtype: int, server: str, level: tuple[int, int] = (0, 1), *, in_passing: bool
) -> DnsSent:
    """`level` is the server's priority, counted from 0, and how many there are."""
    return DnsSent(str(qname), type_text(rdtype), server, *level, in_passing)


def failed(qname: Name, rdtype: int, server: str, result: str, *, heard: bool) -> DnsFailed:
    return DnsFailed(str(qname), type_text(rdtype), server, result, heard)


def is_warned_of(answer: Answer) -> bool:
    """Whether logs speak of this answer where nobody follows the trail."""
    return answer.rdtype == RRType.AAAA and answer.security in (SECURE, BOGUS)


def answered(answer: Answer, until: int) -> DnsAnswered:
    """What a look-up ended in; the cache keeps it until then, in microseconds."""
    rdtype = answer.rdtype
    servers = (each.server for each in reversed(answer.asked) if each.rdtype == rdtype)
    return DnsAnswered(
        str(answer.qname),
        type_text(rdtype),
        answer.security.value,
        answer.existence.value if answer.existence is not None else "",
        tuple(_datum(rdtype, each) for each in answer.rdatas),
        answer.ttl,
        until,
        next(servers, ""),
    )


def _datum(rdtype: int, rdata: bytes) -> str | tuple[int, str]:
    try:
        match rdtype:
            case RRType.MX:
                record = mx(rdata)
                return record.preference, str(record.exchange)
            case RRType.A | RRType.AAAA:
                return address(rdata)
    except BadRdata:
        return rdata.hex()
    return rdata.hex() if rdtype == RRType.TLSA else text(rdtype, rdata)
