"""Trust anchors: what is believed before the first question is asked (RFC 4033 2, RFC 4035 4.4).

An anchor is a zone's key or the digest of one, in the form of the DNSKEY or DS record that its
parent would publish. Everything that is ever called SECURE hangs from one of these by signatures.
Where anchors are nested, the closest one above a name is used (RFC 6840 appendix C). An anchor
without any record says that nothing below its zone is to be validated (RFC 7646, a "negative
trust anchor").
"""

import base64
import binascii

from msgspec import Struct

from esashell.errors import BadAnswer
from esashell.resolver import rdata as rd
from esashell.resolver.names import ROOT, Name, name_from_text


class BadAnchor(BadAnswer):
    """The text is no trust anchor; the message says in one line what is wrong with it."""


class Anchor(Struct, frozen=True):
    """The believed keys of one zone: DS and DNSKEY rdatas.

    `note` is what a report says when the zone does not fit them: where they came from, and the
    cure. It ends a sentence.
    """

    zone: Name
    ds: tuple[bytes, ...] = ()
    dnskeys: tuple[bytes, ...] = ()
    note: str = ""


# As published by IANA (root-anchors.xml): the key-signing keys of 2017 and of 2024.
_ROOT_DS = (
    (20326, "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"),
    (38696, "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16"),
)
ROOT_ANCHOR = Anchor(
    ROOT, ds=tuple(tag.to_bytes(2, "big") + b"\x08\x02" + bytes.fromhex(h) for tag, h in _ROOT_DS)
)


def anchors_from_text(text: str) -> tuple[Anchor, ...]:
    """The anchors in lines of DS and DNSKEY records, one for each zone, in the order first named.

    TTL and class may be left out, `;` starts a comment, empty lines count for nothing. The first
    line that cannot be understood is refused with its number.
    """
    found: dict[Name, tuple[list[bytes], list[bytes]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(";", 1)[0].replace("(", " ").replace(")", " ").split()
        if not words:
            continue
        try:
            zone, is_ds, rdata = record_of(words)
        except BadAnswer as error:
            raise BadAnchor(f"Trust anchor, line {number}: {error}") from None
        ds, dnskeys = found.setdefault(zone, ([], []))
        into = ds if is_ds else dnskeys
        if rdata not in into:
            into.append(rdata)
    if not found:
        raise BadAnchor("Trust anchor: there is no DS or DNSKEY record in it.")
    return tuple(Anchor(zone, tuple(ds), tuple(keys)) for zone, (ds, keys) in found.items())


def anchor_text(anchor: Anchor) -> str:
    """The anchor as `anchors_from_text` reads it, one record a line."""
    owner = "." if len(anchor.zone) == 1 else f"{anchor.zone.dotted}"
    lines = [f"{owner} IN DS {rd.text(43, each)}" for each in anchor.ds]
    lines += [f"{owner} IN DNSKEY {rd.text(48, each)}" for each in anchor.dnskeys]
    return "\n".join(lines)


def record_of(words: list[str]) -> tuple[Name, bool, bytes]:
    """The zone, whether it is a DS, and the rdata, of a record in words; raises `BadAnswer`."""
    zone = name_from_text(words[0])
    rest = words[1:]
    while rest and (rest[0].upper() == "IN" or (rest[0].isascii() and rest[0].isdigit())):
        rest = rest[1:]
    kind = rest[0].upper() if rest else ""
    fields = rest[1:]
    if kind not in ("DS", "DNSKEY"):
        raise BadAnchor("a DS or DNSKEY record is wanted.")
    if len(fields) < 4:
        raise BadAnchor(f"the {kind} record is not complete.")
    first = _number(fields[0], 65535)
    second, third = _number(fields[1], 255), _number(fields[2], 255)
    data = _octets("".join(fields[3:]), kind)
    return zone, kind == "DS", first.to_bytes(2, "big") + bytes((second, third)) + data


def _number(word: str, most: int) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 6 and int(word) <= most):
        raise BadAnchor(f'"{word[:20]}" is not a number from 0 to {most}.')
    return int(word)


def _octets(word: str, kind: str) -> bytes:
    try:
        if kind == "DS":
            return bytes.fromhex(word)
        return base64.b64decode(word, validate=True)
    except (ValueError, binascii.Error):
        form = "hexadecimal" if kind == "DS" else "base64"
        raise BadAnchor(f"the {kind} record's data is not {form}.") from None
