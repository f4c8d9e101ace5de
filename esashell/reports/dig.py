"""One server's reply in the form that dig made everybody's.

Header, question, sections and the lines at the end; a ";" begins whatever is not a record, so that
the output is a zone file. The message ID is the world's affair and always reads 0 here.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from esashell.resolver import wire
from esashell.resolver.direct import DirectQuestion, DirectReply
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import RRType, rcode_text, type_text
from esashell.resolver.wire import Message, Rrset

_TAB = 8
_FLAGS = (
    (wire.QR, "qr"),
    (wire.AA, "aa"),
    (wire.TC, "tc"),
    (wire.RD, "rd"),
    (wire.RA, "ra"),
    (wire.AD, "ad"),
    (wire.CD, "cd"),
)


def dig_lines(question: DirectQuestion, reply: DirectReply) -> Iterator[str]:
    """What a reply, or the lack of one, looks like."""
    yield ""
    server = f"@{question.server} " if question.server else ""
    name = question.qname.dotted
    yield f"; <<>> esashell dig <<>> {server}{type_text(question.rdtype)} {name}"
    if reply.truncated:
        yield ";; Truncated, retrying in TCP mode."
    message = reply.message
    if message is None and not question.server:
        yield f";; {reply.fault}"
        yield ";; no servers could be reached"
        return
    if message is None:
        yield f";; communications error to {question.server}#53: {reply.fault}"
        if not reply.octets:
            yield ";; no servers could be reached"
        return
    yield ";; Got answer:"
    yield from _header(message)
    yield from _body(message)
    began = datetime.fromtimestamp(reply.when / 1_000_000, UTC)
    yield f";; Query time: {reply.microseconds // 1000} msec"
    transport = "TCP" if reply.tcp else "UDP"
    yield f";; SERVER: {question.server}#53({question.server}) ({transport})"
    yield f";; WHEN: {began:%a %b %d %H:%M:%S} UTC {began:%Y}"
    yield f";; MSG SIZE  rcvd: {reply.octets}"


def _header(message: Message) -> Iterator[str]:
    status = rcode_text(message.rcode)
    yield f";; ->>HEADER<<- opcode: QUERY, status: {status}, id: {message.id}"
    flags = "".join(f" {word}" for bit, word in _FLAGS if message.flags & bit)
    counts = [len(message.question), *map(_records, (message.answer, message.authority))]
    additional = _records(message.additional) + bool(message.payload)
    yield (
        f";; flags:{flags}; QUERY: {counts[0]}, ANSWER: {counts[1]}, "
        f"AUTHORITY: {counts[2]}, ADDITIONAL: {additional}"
    )
    if message.flags & wire.RD and not message.flags & wire.RA:
        yield ";; WARNING: recursion requested but not available"
    yield ""


def _body(message: Message) -> Iterator[str]:
    if message.payload:
        yield ";; OPT PSEUDOSECTION:"
        flags = " do" if message.dnssec_ok else ""
        yield f"; EDNS: version: 0, flags:{flags}; udp: {message.payload}"
        for code, text in message.extended_errors:
            shown = "".join(each if each.isprintable() else "?" for each in text)
            yield f"; EDE: {code}{f' ({shown})' if shown else ''}"
    if message.question:
        yield ";; QUESTION SECTION:"
        for qname, qtype in message.question:
            yield f"{_to(f';{qname.dotted}', 32)}{_to('IN', 8)}{type_text(qtype)}"
        yield ""
    for title, section in (
        ("ANSWER", message.answer),
        ("AUTHORITY", message.authority),
        ("ADDITIONAL", message.additional),
    ):
        if section:
            yield f";; {title} SECTION:"
            for rrset in section:
                yield from _rrset(rrset)
            yield ""


def _rrset(rrset: Rrset) -> Iterator[str]:
    for rdtype, rdatas in ((rrset.rdtype, rrset.rdatas), (RRType.RRSIG, rrset.signatures)):
        for rdata in rdatas:
            yield (
                f"{_to(rrset.owner.dotted, 24)}{_to(str(rrset.ttl), 8)}{_to('IN', 8)}"
                f"{_to(type_text(rdtype), 8)}{rdata_text(rdtype, rdata)}"
            )


def _records(section: tuple[Rrset, ...]) -> int:
    return sum(len(each.rdatas) + len(each.signatures) for each in section)


def _to(text: str, column: int) -> str:
    """The text, and as many tabs as lead to the column; at least a blank where it is too long."""
    missing = column - len(text)
    return text + ("\t" * -(-missing // _TAB) if missing > 0 else " ")
