"""The words that rules are made of: what is wrong with a name, an address, a number.

Each answers with the end of a sentence, or None where nothing is wrong, so that a prompt, an import
file and a commit refuse the same text with the same words.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from esashell.config.quoting import quoted
from esashell.config.tree import KeyPath

# RFC 2181 section 8: a TTL ends at 2^31 - 1. No number here has a reason to be larger.
LARGEST = 2**31 - 1

LONGEST_NAME = 64


class Breach(Struct, frozen=True):
    """A value that breaks a rule, and the rule in the operator's words."""

    path: KeyPath
    text: str


# Nearly every name there is, and no name with a fault but too long a one. Of a long table this is
# most of what its rules cost.
_LABEL = "(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_usual = re.compile(rf"(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}").fullmatch
_patterns = re.compile(rf"(?:\.?(?:{_LABEL}\.)*+(?![0-9]+\n){_LABEL}\n)*+").fullmatch


def host_name_fault(name: str) -> str | None:
    """What is wrong with a host name, as the end of a sentence; None when nothing is."""
    if _usual(name) and len(name) <= 253:
        return None
    if not name:
        return "is empty"
    # RFC 1035 2.3.4: 255 octets on the wire, which is 253 characters of text.
    if len(name) > 253:
        return f"is {len(name)} characters long; a host name has at most 253"
    if not name.isascii():
        return "is not a host name: write an internationalised name as its A-label, xn--..."
    labels = name.split(".")
    if any(len(label) > 63 for label in labels):
        return "is not a host name: a part between two dots has at most 63 characters"
    # RFC 1123 2.1: letters, digits and hyphens, a hyphen neither first nor last.
    if not all(_letters_digits_hyphens(label) for label in labels):
        return "is not a host name: only letters, digits, dots, and hyphens inside a part"
    # RFC 1123 2.1: the last label is alphabetic at least in part, or it would read as an address.
    if labels[-1].isdigit():
        return "is not a host name: its last part is a number"
    return None


def are_patterns(texts: Iterable[str]) -> bool:
    """Whether all are host names, or those with a dot in front; False where one has to be looked
    at by itself. For long tables: it takes a fifth of the time."""
    listed = list(texts)
    return _patterns("".join([f"{each}\n" for each in listed])) is not None and (
        max(map(len, listed), default=0) <= 253
    )


def _letters_digits_hyphens(label: str) -> bool:
    return label.replace("-", "x").isalnum() and not (label[0] == "-" or label[-1] == "-")


def address_fault(text: str) -> str | None:
    """What is wrong with the address of a single machine, IPv4 or IPv6; None when nothing is."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "is not an IP address"
    # A zone index may be any text at all, and means something on one machine only.
    if "%" in text:
        return "is not an IP address: leave the part from % out"
    if address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
        return "is not the address of one machine"
    return None


def pattern_fault(text: str) -> str | None:
    """What is wrong with a domain, or the sub-domains of one written with a dot in front."""
    return host_name_fault(text.removeprefix("."))


def name_fault(text: str, longest: int = LONGEST_NAME) -> str | None:
    """What is wrong with a name that an operator gave something; it must be fit for a screen."""
    if text.isprintable() and 0 < len(text.strip()) <= longest:
        return None
    return f"is not a name: 1 to {longest} printable characters"


def number(
    path: KeyPath, subject: str, found: int, lowest: int = 0, highest: int = LARGEST
) -> Iterator[Breach]:
    """The breach, if there is one, of a number that is out of its range."""
    if not lowest <= found <= highest:
        shown = found if abs(found) < 10**20 else "this number"
        yield Breach(path, f"{subject}: {shown} is not between {lowest} and {highest}.")


def twice(at: KeyPath, field: str, called: str, keys: Iterable[str]) -> Iterator[Breach]:
    """The breaches of keys that another record of the list at this path has already."""
    listed = list(keys)
    lowered = [key.lower() for key in listed]
    if len(set(lowered)) == len(lowered):
        return
    seen = set()
    for position, key in enumerate(lowered):
        if key in seen:
            text = f"{called} {quoted(listed[position])} is listed twice."
            yield Breach((*at, position, field), text)
        seen.add(key)
