"""DNS messages to and from bytes (RFC 1035 4, RFC 6891, RFC 8914).

Parsing keeps what was received and judges nothing. Records are grouped into RRsets with the
signatures that cover them, rdata is turned into canonical form on the way (names uncompressed and,
for the types of RFC 4034 6.2 as amended by RFC 6840 5.1, in lower case), so a signature can be
checked over these bytes as they are. An rdata that does not fit its type is kept as raw bytes: one
malformed record never costs the others, and whoever reads it finds out. Only a message whose
frame is broken (a record that runs over the end, a compression loop) is refused as a whole.
"""

import struct

from msgspec import Struct

from esashell.errors import TransportError
from esashell.resolver.names import ROOT, Name
from esashell.resolver.rrtypes import RRType

QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
PAYLOAD = 1232  # EDNS buffer size that avoids fragments (DNS flag day 2020)

_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")
_QUESTION = struct.Struct("!HH")
_JUMPS = 127  # a name has no more labels than that, so more pointers only cost time
_EDE = 15  # option code of an extended error (RFC 8914 2)

# Where names stand in an rdata: octets before the first, and how many follow one another. What
# comes behind them is copied. NSEC is not here: its name is never compressed (RFC 4034 4.1.1) and
# keeps its case (RFC 6840 5.1).
_NAMES_IN: dict[int, tuple[int, int]] = {
    RRType.NS: (0, 1),
    3: (0, 1),
    4: (0, 1),
    RRType.CNAME: (0, 1),
    RRType.SOA: (0, 2),
    7: (0, 1),
    8: (0, 1),
    9: (0, 1),
    RRType.PTR: (0, 1),
    14: (0, 2),
    RRType.MX: (2, 1),
    17: (0, 2),
    18: (2, 1),
    21: (2, 1),
    24: (18, 1),
    26: (2, 2),
    30: (0, 1),
    RRType.SRV: (6, 1),
    36: (2, 1),
    RRType.DNAME: (0, 1),
    RRType.RRSIG: (18, 1),
}
_WITH_NAMES = frozenset((*_NAMES_IN, RRType.NAPTR))
# Plain numbers: every record is compared with them.
_OPT, _RRSIG = RRType.OPT.value, RRType.RRSIG.value
# The OPT record of our questions, with DO set and without.
_DNSSEC_OK = b"\x00" + _FIXED.pack(_OPT, PAYLOAD, 0x8000, 0)
_PLAIN = b"\x00" + _FIXED.pack(_OPT, PAYLOAD, 0, 0)
_HEADS = {
    (flags, edns): _HEADER.pack(0, flags, 1, 0, 0, int(edns))
    for flags in (0, RD, CD, RD | CD)
    for edns in (False, True)
}


class BadMessage(TransportError):
    """The bytes are no DNS message. To whoever asked, the server has not answered."""

    word = "malformed DNS message"


class Rrset(Struct, frozen=True, gc=False):
    """All records of one owner and type in one section, and the signatures said to cover them.

    `rdatas` are canonical, without duplicates, in the order received; `signatures` are whole RRSIG
    rdatas. `ttl` is in seconds, the smallest of the set (RFC 2181 5.2) and of its signatures.
    """

    owner: Name
    rdtype: int
    ttl: int
    rdatas: tuple[bytes, ...]
    signatures: tuple[bytes, ...] = ()


class Message(Struct, frozen=True, gc=False):
    """A whole DNS message; `rcode` includes the extended bits, `payload` is 0 without EDNS."""

    id: int = 0
    flags: int = 0
    rcode: int = 0
    question: tuple[tuple[Name, int], ...] = ()
    answer: tuple[Rrset, ...] = ()
    authority: tuple[Rrset, ...] = ()
    additional: tuple[Rrset, ...] = ()
    payload: int = 0
    dnssec_ok: bool = False
    extended_errors: tuple[tuple[int, str], ...] = ()


def query(
    qname: Name,
    qtype: int,
    *,
    recursive: bool = True,
    checking_disabled: bool = True,
    dnssec: bool = True,
    edns: bool = True,
) -> bytes:
    """A question with EDNS (unless told otherwise) and, for `dnssec`, DO set (RFC 4035 4.1); ID 0.

    CD is set because we validate ourselves: without it a validating resolver would hide from us
    what is wrong behind a SERVFAIL (RFC 6840 5.9).
    """
    flags = (RD if recursive else 0) | (CD if checking_disabled else 0)
    opt = (_DNSSEC_OK if dnssec else _PLAIN) if edns else b""
    return b"%b%b%b%b" % (_HEADS[flags, edns], qname, _QUESTION.pack(qtype, 1), opt)


def parse(wire: bytes, asked: Name = ROOT) -> Message:
    """The message in these bytes; `BadMessage` when they do not hold one. Never raises else.

    A question about the name that was `asked` about, spelt the same, need not be read once more.
    """
    try:
        return _parse(wire, asked)
    except (struct.error, IndexError) as error:
        raise BadMessage("the message ends too early") from error


def _parse(wire: bytes, asked: Name) -> Message:
    ident, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(wire)
    names: dict[int, Name] = {}
    at = 12
    question: list[tuple[Name, int]] = []
    for _ in range(questions):
        # A name's own bytes say where it ends, so that whatever begins with them is that name.
        if wire.startswith(asked, at):
            qname = names[at] = asked
            at += len(asked)
        else:
            qname, at = _name(wire, at, names)
        question.append((qname, _QUESTION.unpack_from(wire, at)[0]))
        at += 4
    opts: list[tuple[int, int, bytes]] = []
    answer = authority = additional = _NONE
    if answers:
        answer, at = _section(wire, at, answers, names, opts)
    if authorities:
        authority, at = _section(wire, at, authorities, names, opts)
    if additionals:
        additional, at = _section(wire, at, additionals, names, opts)
    rcode = flags & 0xF
    if not opts:
        return Message(ident, flags & 0xFFF0, rcode, tuple(question), answer, authority, additional)
    payload, ttl, rdata = opts[0]
    return Message(
        ident,
        flags & 0xFFF0,
        rcode | ttl >> 24 << 4,
        tuple(question),
        answer,
        authority,
        additional,
        max(payload, 512),
        bool(ttl & 0x8000),
        _extended_errors(rdata) if rdata else (),
    )


# The smallest TTL so far, and the rdatas in the order in which they came.
_Gathered = tuple[list[int], dict[bytes, None]]
_Sets = dict[tuple[Name, int], _Gathered]
_NONE: tuple[Rrset, ...] = ()


def _section(
    wire: bytes,
    at: int,
    count: int,
    names: dict[int, Name],
    opts: list[tuple[int, int, bytes]],
) -> tuple[tuple[Rrset, ...], int]:
    """The RRsets of the section that begins at an offset, and the offset behind it.

    What OPT records hold, in whatever section, is added to `opts`: size, flags and options.
    """
    sets: _Sets = {}
    signatures: _Sets = {}
    size = len(wire)
    for _ in range(count):
        # Nearly every owner is a pointer to a name that was read already.
        first = wire[at]
        known = names.get((first & 0x3F) << 8 | wire[at + 1]) if first > 191 else None
        if known is not None:
            owner = known
            at += 2
        elif first:
            owner, at = _name(wire, at, names)
        else:
            owner = ROOT
            at += 1
        rdtype, rdclass, ttl, length = _FIXED.unpack_from(wire, at)
        at += 10
        end = at + length
        if end > size:
            raise BadMessage("a record runs over the end of the message")
        if rdtype == _OPT:
            opts.append((rdclass, ttl, wire[at:end]))
        elif rdclass == 1:
            into, key = sets, (owner, rdtype)
            if rdtype == _RRSIG and length >= 18:
                into, key = signatures, (owner, wire[at] << 8 | wire[at + 1])
                rdata = _signature(wire, at, length, owner, names)
            elif rdtype in _WITH_NAMES:
                rdata = _rdata(wire, at, length, rdtype, names)
            else:
                rdata = wire[at:end]
            if ttl >= 0x80000000:
                ttl = 0  # RFC 2181 8: a TTL with its top bit set counts as zero.
            kept = into.get(key)
            if kept is None:
                into[key] = [ttl], {rdata: None}
            else:
                least, rdatas = kept
                least[0] = min(least[0], ttl)
                rdatas[rdata] = None
        at = end
    return _rrsets(sets, signatures), at


def _signature(wire: bytes, at: int, length: int, owner: Name, names: dict[int, Name]) -> bytes:
    """The rdata of an RRSIG record in canonical form, as `_rdata` would make it."""
    # The signer is nearly always a zone above the owner, and is never compressed (RFC 4034 3.1.7).
    for each in owner.ancestors():
        if wire.startswith(each, at + 18):
            return wire[at : at + length]
    return _rdata(wire, at, length, _RRSIG, names)


def _rrsets(sets: _Sets, signatures: _Sets) -> tuple[Rrset, ...]:
    """The records and the signatures over them, put together."""
    found = []
    for key, (ttl, rdatas) in sets.items():
        signed = signatures.pop(key, None) if signatures else None
        if signed is None:
            found.append(Rrset(key[0], key[1], ttl[0], tuple(rdatas)))
            continue
        # RFC 4035 5.3.3: the signatures' own TTL bounds that of what they are over.
        least = min(ttl[0], signed[0][0])
        found.append(Rrset(key[0], key[1], least, tuple(rdatas), tuple(signed[1])))
    if signatures:
        # Signatures of sets that are not here: the answer to a question for RRSIG itself.
        alone: dict[Name, tuple[list[int], list[bytes]]] = {}
        for (owner, _), (ttl, rdatas) in signatures.items():
            ttls, every = alone.setdefault(owner, ([], []))
            ttls.extend(ttl)
            every.extend(rdatas)
        found.extend(
            Rrset(owner, _RRSIG, min(ttls), tuple(every)) for owner, (ttls, every) in alone.items()
        )
    return tuple(found)


def _extended_errors(options: bytes) -> tuple[tuple[int, str], ...]:
    """The extended errors among the options of an OPT record (RFC 8914 2)."""
    errors = []
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("!HH", options, at)
        body = options[at + 4 : at + 4 + length]
        at += 4 + length
        if code == _EDE and len(body) >= 2:
            errors.append((int.from_bytes(body[:2], "big"), body[2:].decode("utf-8", "replace")))
    return tuple(errors)


def _name(wire: bytes, at: int, seen: dict[int, Name], jumps: int = 0) -> tuple[Name, int]:
    """The name that starts at an offset, and the offset behind it; `jumps` led here."""
    start, last = at, at + 254
    while 0 < (length := wire[at]) < 64:
        at += length + 1
        if at > last:
            raise BadMessage("a name is longer than 255 octets")
    if length == 0:
        suffix, end = ROOT, at + 1
    elif length >= 192:
        target, end = ((length & 0x3F) << 8) | wire[at + 1], at + 2
        # Pointers must lead backwards (RFC 1035 4.1.4), so there are no loops.
        if target >= at or jumps >= _JUMPS:
            raise BadMessage("a compression pointer leads forward, or to too many others")
        known = seen.get(target)
        # Read by itself, so that the next pointer to the same place finds it.
        suffix = known if known is not None else _name(wire, target, seen, jumps + 1)[0]
    else:
        raise BadMessage("a label of an unknown kind")
    if at == start:
        seen[start] = suffix
        return suffix, end
    if at - start + len(suffix) > 255:
        raise BadMessage("a name is longer than 255 octets")
    # Length octets are below 64, so lower() leaves them alone.
    name = seen[start] = Name(wire[start:at].lower() + suffix)
    return name, end


def _rdata(wire: bytes, at: int, length: int, rdtype: int, seen: dict[int, Name]) -> bytes:
    """The rdata in canonical form, or as it was received when it does not fit its type."""
    layout = _NAMES_IN.get(rdtype)
    if layout is None:
        layout = (_strings_length(wire, at + 4, 3) + 4, 1)
    before, count = layout
    end = at + length
    raw = wire[at:end]
    try:
        name, behind = _name(wire, at + before, seen)
        if count == 1:
            return raw[:before] + name + wire[behind:end] if behind <= end else raw
        other, behind = _name(wire, behind, seen)
    except (BadMessage, IndexError):
        return raw
    return raw[:before] + name + other + wire[behind:end] if behind <= end else raw


def _strings_length(wire: bytes, at: int, count: int) -> int:
    """How many octets so many character strings take (RFC 1035 3.3), as NAPTR has them."""
    length = 0
    for _ in range(count):
        if at + length >= len(wire):
            break
        length += wire[at + length] + 1
    return length


def encode(message: Message, limit: int = 65535) -> bytes:
    """The message as bytes, owner names compressed; over `limit` only its head, with TC set."""
    head = _encode_head(message)
    offsets: dict[Name, int] = {}
    if message.question:
        _remember(message.question[0][0], 12, offsets)
    body = bytearray()
    counts = []
    for section in (message.answer, message.authority, message.additional):
        count = 0
        for rrset in section:
            for rdtype, rdatas in (
                (rrset.rdtype, rrset.rdatas),
                (RRType.RRSIG, rrset.signatures),
            ):
                for rdata in rdatas:
                    body += _owner(rrset.owner, len(head) + len(body), offsets)
                    body += _FIXED.pack(rdtype, 1, rrset.ttl, len(rdata)) + rdata
                    count += 1
        counts.append(count)
    opt = _encode_opt(message)
    flags = (message.flags & 0xFFF0) | (message.rcode & 0xF)
    questions = len(message.question)
    if len(head) + len(body) + len(opt) > limit:
        counts, body, flags = [0, 0, 0], bytearray(), flags | TC
    header = _HEADER.pack(message.id, flags, questions, counts[0], counts[1], counts[2] + bool(opt))
    return header + head[12:] + bytes(body) + opt


def _encode_head(message: Message) -> bytes:
    question = b"".join(name + struct.pack("!HH", qtype, 1) for name, qtype in message.question)
    return bytes(12) + question


def _encode_opt(message: Message) -> bytes:
    if not message.payload:
        return b""
    options = b""
    for code, text in message.extended_errors:
        body = struct.pack("!H", code) + text.encode()
        options += struct.pack("!HH", _EDE, len(body)) + body
    ttl = ((message.rcode >> 4) << 24) | (0x8000 if message.dnssec_ok else 0)
    return b"\x00" + _FIXED.pack(RRType.OPT, message.payload, ttl, len(options)) + options


def _owner(name: Name, at: int, offsets: dict[Name, int]) -> bytes:
    """The name as it stands at an offset: its own labels, then a pointer to what stood before."""
    written = b""
    rest = name
    while len(rest) > 1:
        known = offsets.get(rest)
        if known is not None:
            _remember(name, at, offsets)
            return written + struct.pack("!H", 0xC000 | known)
        written += rest[: rest[0] + 1]
        rest = rest.parent
    _remember(name, at, offsets)
    return written + b"\x00"


def _remember(name: Name, at: int, offsets: dict[Name, int]) -> None:
    while len(name) > 1 and at < 0x4000:
        offsets.setdefault(name, at)
        at += name[0] + 1
        name = name.parent
