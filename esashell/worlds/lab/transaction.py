"""One query and the response to it, as every DNS server of the lab handles them.

What comes in is anybody's. Something that is no message, or is a response itself, gets no reply:
two servers that answered each other's errors would never stop. What is a query but cannot be
answered is told so by its code: another operation than QUERY is not implemented, a malformed
message or more than one question is a format error, a class that the lab does not have is refused
(RFC 1035 4.1.1, RFC 9619 4), and an EDNS version from the future is answered with the one that is
known here (RFC 6891 6.1.3). The question goes back as it was put, letter for letter.

Too much for the client's buffer is an empty answer with TC set, and the client comes back over TCP.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct, structs

from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import CD, PAYLOAD, QR, RD, BadMessage, Message, Rrset, encode, parse

_HEADER = 12
_OPCODE = 0x7800
_IN = 1
# Types that a question cannot have, and those of zone transfers: the lab gives no zone away in one
# piece to whoever asks (RFC 5936 2.2.1 leaves that to the server), it writes its zones to files.
_UNASKED = {41: Rcode.FORMERR, 249: Rcode.FORMERR, 250: Rcode.FORMERR}  # OPT, TKEY, TSIG
_UNASKED |= {251: Rcode.REFUSED, 252: Rcode.REFUSED}  # IXFR, AXFR
_BARE_UDP = 512  # RFC 1035 2.3.4, for clients without EDNS
_MOST_UDP = 4096  # RFC 6891 6.2.5: what a client can take is not what has to be sent


class Response:
    """A response in the making."""

    def __init__(self) -> None:
        self.rcode: int = Rcode.NOERROR
        self.authoritative = True
        self.answer: dict[Rrset, None] = {}
        self.authority: dict[Rrset, None] = {}
        self.additional: dict[Rrset, None] = {}


def replied(wire: bytes, tcp: bool, answered: Callable[[Message], Message | None]) -> bytes | None:
    """The response in bytes; `answered` makes it for a query with one question, of class IN.

    None for what gets no response, and for a server that keeps silent.
    """
    flags = int.from_bytes(wire[2:4], "big")
    if len(wire) < _HEADER or flags & QR:
        return None
    try:
        query = parse(wire)
        frame = _frame(wire, query)
    except BadMessage:
        # Nothing behind the header can be relied on, and nothing of it is sent back.
        ident = int.from_bytes(wire[:2], "big")
        flags = QR | (flags & (RD | _OPCODE))
        return encode(Message(id=ident, flags=flags, rcode=Rcode.FORMERR))
    fault = _fault(query, frame)
    made = answered(query) if fault is None else failure(query, fault)
    if made is None:
        return None
    if len(query.question) != 1 or query.flags & _OPCODE:
        # What these sections mean is not known, so none goes back.
        return encode(structs.replace(made, question=()))
    room = query.payload if made.payload else 0
    response = encode(made, 65535 if tcp else min(max(room, _BARE_UDP), _MOST_UDP))
    return response[:_HEADER] + wire[_HEADER : frame.end] + response[frame.end :]


class _Frame(Struct, frozen=True):
    """What `Message` does not keep of a query: where its only question ends, of which class that
    is, and the EDNS versions of its OPT records."""

    end: int
    qclass: int
    versions: tuple[int, ...]


def _frame(wire: bytes, query: Message) -> _Frame:
    """The frame of a query that was parsed; `BadMessage` where a question's name is compressed:
    there is nothing in front of it to point to."""
    counts = [int.from_bytes(wire[at : at + 2], "big") for at in range(4, _HEADER, 2)]
    at = end = _HEADER
    for qname, _ in query.question:
        if wire[at : at + len(qname)].lower() != qname:
            raise BadMessage("a compressed question")
        end = at = at + len(qname) + 4
    qclass = int.from_bytes(wire[end - 2 : end], "big")
    versions = []
    for _ in range(sum(counts[1:])):
        while 0 < wire[at] < 64:
            at += wire[at] + 1
        at += 1 if wire[at] == 0 else 2
        if int.from_bytes(wire[at : at + 2], "big") == RRType.OPT:
            versions.append(wire[at + 5])
        at += 10 + int.from_bytes(wire[at + 8 : at + 10], "big")
    return _Frame(end, qclass, tuple(versions))


def _fault(query: Message, frame: _Frame) -> int | None:
    """The code for a query that is not answered, whichever server it was sent to."""
    if query.flags & _OPCODE:
        return Rcode.NOTIMP
    if len(query.question) != 1 or len(frame.versions) > 1:
        return Rcode.FORMERR
    if any(frame.versions):
        return Rcode.BADVERS
    if frame.qclass != _IN:
        return Rcode.REFUSED
    return _UNASKED.get(query.question[0][1])


def reply_to(query: Message, made: Response, *, flags: int, payload: int) -> Message:
    """The message that carries this response back; without DO its DNSSEC records stay behind."""
    wanted = query.question[0][1] if query.question else 0
    sections = [
        tuple(_without_dnssec(section, wanted, query.dnssec_ok))
        for section in (made.answer, made.authority, made.additional)
    ]
    return Message(
        id=query.id,
        flags=QR | flags | (query.flags & (RD | CD | _OPCODE)),
        rcode=made.rcode,
        question=query.question,
        answer=sections[0],
        authority=sections[1],
        additional=sections[2],
        payload=payload,
        dnssec_ok=query.dnssec_ok,
    )


_PROOFS = frozenset((RRType.NSEC, RRType.NSEC3))


def _without_dnssec(rrsets: Iterable[Rrset], wanted: int, dnssec_ok: bool) -> Iterable[Rrset]:
    """RFC 3225 3: without DO, no DNSSEC record that was not asked for by its type."""
    for each in rrsets:
        if dnssec_ok:
            yield each
        elif each.rdtype == wanted or each.rdtype not in _PROOFS | {RRType.DS, RRType.RRSIG}:
            yield Rrset(each.owner, each.rdtype, each.ttl, each.rdatas)


def failure(query: Message, rcode: int, payload: int = PAYLOAD) -> Message:
    """A response that only says that there is none."""
    made = Response()
    made.rcode = rcode
    return reply_to(query, made, flags=0, payload=payload if query.payload else 0)
