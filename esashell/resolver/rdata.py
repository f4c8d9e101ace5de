"""Readers for the rdata that is judged here, and rdata as text.

Each reader takes canonical rdata bytes and answers a record, or raises `BadRdata` when the bytes do
not fit the type. Nothing is repaired: a short digest or an odd length is kept, and judged where it
is used.
"""

import base64
import ipaddress
import struct
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from esashell.resolver.names import BadName, Name
from esashell.resolver.rrtypes import RRType, type_text

_RRSIG = struct.Struct("!HBBIIIH")
# Which bits an octet has, the first counted as 0, as the bitmaps of types count.
_BITS = tuple(tuple(bit for bit in range(8) if octet & 0x80 >> bit) for octet in range(256))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadRdata(ValueError):
    """The bytes do not fit their record type."""


class Mx(Struct, frozen=True, gc=False):
    preference: int
    exchange: Name


class Soa(Struct, frozen=True):
    mname: Name
    rname: Name
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


class Ds(Struct, frozen=True, gc=False):
    key_tag: int
    algorithm: int
    digest_type: int
    digest: bytes


class Dnskey(Struct, frozen=True, gc=False):
    flags: int
    protocol: int
    algorithm: int
    public_key: bytes


class Rrsig(Struct, frozen=True, gc=False):
    """A signature; times in seconds since 1970, to be compared by serial arithmetic."""

    type_covered: int
    algorithm: int
    labels: int
    original_ttl: int
    expiration: int
    inception: int
    key_tag: int
    signer: Name
    signature: bytes


def name_at(rdata: bytes, at: int) -> tuple[Name, int]:
    """The uncompressed name at an offset, and the offset behind it."""
    start = at
    try:
        while length := rdata[at]:
            if length > 63:
                raise BadRdata("a label longer than 63 octets, or a pointer")
            at += length + 1
    except IndexError:
        raise BadRdata("the record ends in a name") from None
    if at + 1 - start > 255:
        raise BadRdata("a name longer than 255 octets")
    return Name(rdata[start : at + 1].lower()), at + 1


def one_name(rdata: bytes) -> Name:
    """The only field of CNAME, DNAME, NS and PTR."""
    name, end = name_at(rdata, 0)
    if end != len(rdata):
        raise BadRdata("octets behind the name")
    return name


def mx(rdata: bytes) -> Mx:
    if len(rdata) < 3:
        raise BadRdata("an MX record of less than 3 octets")
    return Mx(int.from_bytes(rdata[:2], "big"), one_name(rdata[2:]))


def address(rdata: bytes) -> str:
    """The address in an A or AAAA record, as text."""
    if len(rdata) not in (4, 16):
        raise BadRdata("an address of neither 4 nor 16 octets")
    return str(ipaddress.ip_address(rdata))


def soa(rdata: bytes) -> Soa:
    mname, at = name_at(rdata, 0)
    rname, at = name_at(rdata, at)
    if len(rdata) != at + 20:
        raise BadRdata("an SOA record of the wrong length")
    return Soa(mname, rname, *struct.unpack_from("!5I", rdata, at))


def ds(rdata: bytes) -> Ds:
    if len(rdata) < 4:
        raise BadRdata("a DS record of less than 4 octets")
    tag, algorithm, digest_type = struct.unpack_from("!HBB", rdata)
    return Ds(tag, algorithm, digest_type, rdata[4:])


def dnskey(rdata: bytes) -> Dnskey:
    if len(rdata) < 4:
        raise BadRdata("a DNSKEY record of less than 4 octets")
    flags, protocol, algorithm = struct.unpack_from("!HBB", rdata)
    return Dnskey(flags, protocol, algorithm, rdata[4:])


def rrsig(rdata: bytes, likely: Name | None = None) -> Rrsig:
    """The signature; by the `likely` signer, if one is named and it is that one, read at once."""
    if len(rdata) < 19:
        raise BadRdata("an RRSIG record of less than 19 octets")
    # A name's own bytes say where it ends, so that whatever begins with them is that name.
    if likely is not None and rdata.startswith(likely, 18):
        by, at = likely, 18 + len(likely)
    else:
        by, at = name_at(rdata, 18)
    covered, algorithm, labels, ttl, until, since, tag = _RRSIG.unpack_from(rdata)
    return Rrsig(covered, algorithm, labels, ttl, until, since, tag, by, rdata[at:])


def signer_above(rdata: bytes, name: Name) -> Name | None:
    """Who has made the signature in an RRSIG record, as `rrsig` would say, if the name lies there;
    None otherwise, and for what cannot be read."""
    for each in name.ancestors():
        if rdata.startswith(each, 18):
            return each
    return None


def types_in_bitmap(bitmap: bytes) -> frozenset[int]:
    """The types that an NSEC or NSEC3 record lists (RFC 4034 4.1.2)."""
    found: set[int] = set()
    at = 0
    while at < len(bitmap):
        if at + 2 > len(bitmap):
            raise BadRdata("a type bitmap that is cut off")
        window, length = bitmap[at], bitmap[at + 1]
        block = bitmap[at + 2 : at + 2 + length]
        if not 0 < length <= 32 or len(block) != length:
            raise BadRdata("a type bitmap of a wrong length")
        number = window * 256
        for octet in block:
            if octet:
                found.update([number + bit for bit in _BITS[octet]])
            number += 8
        at += 2 + length
    return frozenset(found)


def bitmap_of(types: frozenset[int]) -> bytes:
    """The bitmap that lists these types, as it goes into an NSEC or NSEC3 record."""
    windows: dict[int, bytearray] = {}
    for each in sorted(types):
        block = windows.setdefault(each // 256, bytearray(32))
        block[each % 256 // 8] |= 0x80 >> (each % 8)
    out = b""
    for window, block in windows.items():
        trimmed = bytes(block).rstrip(b"\x00")
        out += bytes((window, len(trimmed))) + trimmed
    return out


def key_tag(dnskey_rdata: bytes) -> int:
    """The tag of a key (RFC 4034 appendix B); not unique, so only ever a hint."""
    total = sum(dnskey_rdata[::2]) * 256 + sum(dnskey_rdata[1::2])
    return (total + (total >> 16)) & 0xFFFF


def text(rdtype: int, rdata: bytes) -> str:
    """The rdata in presentation format; RFC 3597 5 for what has none here, or does not fit."""
    try:
        return _text(rdtype, rdata)
    except (BadRdata, BadName):
        return generic_text(rdata)


def generic_text(rdata: bytes) -> str:
    return f"\\# {len(rdata)} {rdata.hex()}".rstrip()


def _text(rdtype: int, rdata: bytes) -> str:
    match rdtype:
        case RRType.A | RRType.AAAA:
            return address(rdata)
        case RRType.NS | RRType.CNAME | RRType.PTR | RRType.DNAME:
            return one_name(rdata).dotted
        case RRType.MX:
            record = mx(rdata)
            return f"{record.preference} {record.exchange.dotted}"
        case RRType.SOA:
            zone = soa(rdata)
            numbers = f"{zone.serial} {zone.refresh} {zone.retry} {zone.expire} {zone.minimum}"
            return f"{zone.mname.dotted} {zone.rname.dotted} {numbers}"
        case RRType.DS:
            link = ds(rdata)
            return f"{link.key_tag} {link.algorithm} {link.digest_type} {link.digest.hex().upper()}"
        case RRType.DNSKEY:
            key = dnskey(rdata)
            public = base64.b64encode(key.public_key).decode()
            return f"{key.flags} {key.protocol} {key.algorithm} {public}"
        case RRType.TLSA:
            if len(rdata) < 3:
                raise BadRdata("a TLSA record of less than 3 octets")
            return f"{rdata[0]} {rdata[1]} {rdata[2]} {rdata[3:].hex()}"
        case RRType.TXT:
            return _strings(rdata)
        case RRType.NSEC:
            following, at = name_at(rdata, 0)
            return f"{following.dotted} {_types(rdata[at:])}".rstrip()
        case RRType.NSEC3:
            return _nsec3_text(rdata)
        case RRType.RRSIG:
            return _rrsig_text(rdata)
    return generic_text(rdata)


def _types(bitmap: bytes) -> str:
    return " ".join(type_text(each) for each in sorted(types_in_bitmap(bitmap)))


def _strings(rdata: bytes) -> str:
    parts = []
    at = 0
    while at < len(rdata):
        length = rdata[at]
        if at + 1 + length > len(rdata):
            raise BadRdata("a character string that is cut off")
        octets = rdata[at + 1 : at + 1 + length]
        shown = "".join(
            chr(each) if 0x20 <= each < 0x7F and each not in b'"\\' else f"\\{each:03d}"
            for each in octets
        )
        parts.append(f'"{shown}"')
        at += 1 + length
    return " ".join(parts)


def _nsec3_text(rdata: bytes) -> str:
    if len(rdata) < 6:
        raise BadRdata("an NSEC3 record of less than 6 octets")
    algorithm, flags, iterations, salt_length = struct.unpack_from("!BBHB", rdata)
    salt = rdata[5 : 5 + salt_length]
    at = 5 + salt_length
    if at >= len(rdata) or at + 1 + rdata[at] > len(rdata):
        raise BadRdata("an NSEC3 record that is cut off")
    hashed = rdata[at + 1 : at + 1 + rdata[at]]
    types = _types(rdata[at + 1 + rdata[at] :])
    following = base64.b32hexencode(hashed).decode().rstrip("=")
    shown = f"{algorithm} {flags} {iterations} {salt.hex().upper() or '-'} {following} {types}"
    return shown.rstrip()


def _time(seconds: int) -> str:
    """YYYYMMDDHHmmSS in UTC (RFC 4034 3.2), counted from 1970 as the octets say."""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y%m%d%H%M%S}"


def _rrsig_text(rdata: bytes) -> str:
    it = rrsig(rdata)
    return (
        f"{type_text(it.type_covered)} {it.algorithm} {it.labels} {it.original_ttl} "
        f"{_time(it.expiration)} {_time(it.inception)} {it.key_tag} {it.signer.dotted} "
        f"{base64.b64encode(it.signature).decode()}"
    )
