"""The record types and response codes that are spoken of by name, with their numbers."""

from enum import IntEnum


class RRType(IntEnum):
    """A resource record type. Types not listed stay plain integers and print as RFC 3597 has it."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33
    NAPTR = 35
    DNAME = 39
    OPT = 41
    DS = 43
    SSHFP = 44
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    CDS = 59
    CDNSKEY = 60
    SVCB = 64
    HTTPS = 65
    ANY = 255
    CAA = 257


class Rcode(IntEnum):
    """A response code (RFC 1035 4.1.1, RFC 6895 2.3)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    NOTAUTH = 9
    BADVERS = 16


_TYPE_NAMES = {each.value: each.name for each in RRType}
_RCODE_NAMES = {each.value: each.name for each in Rcode}


def type_text(rdtype: int) -> str:
    """`TLSA`, or `TYPE1234` for a type without a name here (RFC 3597 5)."""
    return _TYPE_NAMES.get(rdtype) or f"TYPE{rdtype}"


def type_number(text: str) -> int:
    """The number of a type written either way; `ValueError` when it is neither."""
    word = text.upper()
    if word in RRType.__members__:
        return RRType[word].value
    generic = word.startswith("TYPE") and word.isascii() and word[4:].isdigit() and len(word) < 10
    if generic and int(word[4:]) < 65536:
        return int(word[4:])
    raise ValueError(f"{text} is not a record type")


def rcode_text(rcode: int) -> str:
    return _RCODE_NAMES.get(rcode) or f"RCODE{rcode}"
