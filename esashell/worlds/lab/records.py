"""Records as scenario files write them: lines of a zone file (RFC 1035 5.1), without frills.

    @              MX    10 mail
    mail           A     198.51.100.20
                   AAAA  2001:db8::20
    _25._tcp.mail  TLSA  3 1 1 of mail

One record to a line: owner, perhaps a TTL in seconds, type, data. An owner left out is the one
before; names without a final dot are relative to the zone; a semicolon starts a comment. What goes
beyond a zone file is `of NAME` in a TLSA record: the association data is then taken from the
certificate of the lab host of that name, so that no digest is ever typed by hand. Usages 1 and 3
take the host's own, 0 and 2 the one that signed it; `of mail lab-root` names another authority.

Reading a line only tells owner and type apart. Its data becomes octets when it is first asked for,
because a TLSA record may need a certificate to be made.
"""

import re
import struct
from collections.abc import Callable, Iterator

from msgspec import Struct

from esashell.errors import BadConfiguration
from esashell.resolver.names import BadName, Name
from esashell.resolver.rrtypes import RRType, type_number, type_text
from esashell.worlds.lab.faults import owner_from_text

_LINE = re.compile(r"(\S*)\s+(?:(\d+)\s+)?([A-Za-z][A-Za-z0-9]*)\s+(\S.*?)\s*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_ONE_NAME = frozenset((RRType.NS, RRType.CNAME, RRType.DNAME, RRType.PTR))

# The whole rdata of a TLSA record: for the host of this name, with usage, selector, matching type,
# and which certificate it stands for ("": the one that the usage asks for).
TlsaOf = Callable[[Name, int, int, int, str], bytes]


class Line(Struct, frozen=True):
    """One record, its data still as text."""

    owner: Name
    rdtype: int
    ttl: int | None
    data: str


def lines_of(text: str, apex: Name) -> Iterator[Line]:
    """The records in a zone's text; `BadConfiguration` names the line that is none."""
    owner = apex
    for raw in text.splitlines():
        line = raw.split(" ;", 1)[0] if '"' not in raw else raw
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        try:
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError("not a record: owner, type and data are wanted")
            written, ttl, rdtype, data = match.groups()
            if written:
                owner = owner_from_text(written, apex)
            yield Line(owner, type_number(rdtype), int(ttl) if ttl else None, data)
        except (BadName, ValueError) as error:
            raise BadConfiguration(f'records of {apex}: "{raw.strip()}": {error}') from error


def rdata_of(line: Line, apex: Name, tlsa_of: TlsaOf) -> bytes:
    """The octets of a record's data, names in lower case and uncompressed."""
    try:
        return _rdata(line, apex, tlsa_of)
    except (BadName, ValueError, IndexError, struct.error) as error:
        shown = f"{line.owner} {type_text(line.rdtype)} {line.data}"
        raise BadConfiguration(f'records of {apex}: "{shown}": {error}') from error


def _rdata(line: Line, apex: Name, tlsa_of: TlsaOf) -> bytes:
    words = line.data.split()
    if words[0] == "\\#":
        return _generic(words)
    match line.rdtype:
        case RRType.A:
            return address_from_text(words[0], 4)
        case RRType.AAAA:
            return address_from_text(words[0], 16)
        case RRType.MX:
            preference, exchange = words
            return struct.pack("!H", int(preference)) + owner_from_text(exchange, apex)
        case RRType.TLSA:
            return _tlsa(words, apex, tlsa_of)
        case RRType.TXT:
            return _strings(line.data)
        case RRType.SRV:
            *numbers, target = words
            return struct.pack("!HHH", *map(int, numbers)) + owner_from_text(target, apex)
        case RRType.DS:
            tag, algorithm, digest_type, *digest = words
            head = struct.pack("!HBB", int(tag), int(algorithm), int(digest_type))
            return head + bytes.fromhex("".join(digest))
    if line.rdtype in _ONE_NAME:
        (target,) = words
        return owner_from_text(target, apex)
    raise ValueError(f"write {type_text(line.rdtype)} data as \\# LENGTH HEX (RFC 3597)")


def _tlsa(words: list[str], apex: Name, tlsa_of: TlsaOf) -> bytes:
    usage, selector, matching_type, *rest = words
    numbers = int(usage), int(selector), int(matching_type)
    if rest[:1] == ["of"]:
        if len(rest) not in (2, 3):
            raise ValueError('one host is wanted behind "of", and perhaps an authority')
        return tlsa_of(owner_from_text(rest[1], apex), *numbers, "".join(rest[2:]))
    return bytes(numbers) + bytes.fromhex("".join(rest))


def _generic(words: list[str]) -> bytes:
    data = bytes.fromhex("".join(words[2:]))
    if len(data) != int(words[1]):
        raise ValueError(f"{words[1]} octets are announced, {len(data)} are written")
    return data


def _strings(text: str) -> bytes:
    out = b""
    for quoted, bare in _STRING.findall(text):
        octets = (quoted or bare).replace('\\"', '"').encode()
        if len(octets) > 255:
            raise ValueError("a character string longer than 255 octets")
        out += bytes((len(octets),)) + octets
    return out


def address_from_text(text: str, size: int) -> bytes:
    """An address of 4 or 16 octets; `BASE+N` is the Nth after the base, as bulk domains use it."""
    import ipaddress

    base, _, distance = text.partition("+")
    packed = ipaddress.ip_address(base).packed
    if len(packed) != size:
        raise ValueError(f"{base} is not an address of {size} octets")
    if not distance:
        return packed
    counted = int.from_bytes(packed, "big") + int(distance)
    if not 0 <= counted < 1 << (8 * size):
        raise ValueError(f"{text} runs over the end of the address space")
    return counted.to_bytes(size, "big")


def address_text(packed: bytes) -> str:
    """The address as it is usually written."""
    import ipaddress

    return str(ipaddress.ip_address(packed))
