"""The Internet's root servers: where a look-up begins that is told nothing else (RFC 8109).

They are only a way in. Whatever answers at these addresses has to sign as the trust anchor says, so
an address that is out of date or taken over costs time and never truth. As published by IANA
(named.root); the last one to move was B, in November 2023. Another root, such as the lab's when it
is served, is named by a file of the same form.
"""

from collections.abc import Sequence

from esashell.errors import BadAnswer
from esashell.resolver.names import ROOT, BadName, Name, name_from_text

# a.root-servers.net to m.root-servers.net. IPv4 comes first: without IPv6 the others are noticed to
# be of no use only by trying.
ROOT_SERVERS = (
    "198.41.0.4",
    "170.247.170.2",
    "192.33.4.12",
    "199.7.91.13",
    "192.203.230.10",
    "192.5.5.241",
    "192.112.36.4",
    "198.97.190.53",
    "192.36.148.17",
    "192.58.128.30",
    "193.0.14.129",
    "199.7.83.42",
    "202.12.27.33",
    "2001:503:ba3e::2:30",
    "2801:1b8:10::b",
    "2001:500:2::c",
    "2001:500:2d::d",
    "2001:500:a8::e",
    "2001:500:2f::f",
    "2001:500:12::d0d",
    "2001:500:1::53",
    "2001:7fe::53",
    "2001:503:c27::2:30",
    "2001:7fd::1",
    "2001:500:9f::42",
    "2001:dc3::35",
)


class BadHints(BadAnswer):
    """The text names no root servers; the message says in one line what is wrong with it."""


def hints_from_text(text: str) -> tuple[str, ...]:
    """The addresses of the root's servers in a hints file (`named.root`), IPv4 first.

    That is NS records of the root and the A and AAAA records of the servers they name, one record a
    line; TTL and class may be left out, and `;` starts a comment. The first line that cannot be
    understood is refused with its number.
    """
    servers: dict[Name, None] = {}
    found: list[tuple[Name, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(";", 1)[0].split()
        if not words:
            continue
        try:
            owner, kind, data = _record(words)
            if kind == "NS":
                servers[_named(data)] = None
            else:
                found.append((owner, _address(kind, data)))
        except BadAnswer as error:
            raise BadHints(f"Root servers, line {number}: {error}") from None
    addresses = [address for owner, address in found if owner in servers]
    if not addresses:
        raise BadHints("Root servers: there is no NS record of the root with an address.")
    return tuple(dict.fromkeys(sorted(addresses, key=lambda each: ":" in each)))


def hints_text(servers: Sequence[tuple[Name, str]]) -> str:
    """Root servers, by name and address, as `hints_from_text` reads them."""
    lines = [f". 3600000 IN NS {name.dotted}" for name in dict.fromkeys(n for n, _ in servers)]
    for name, address in servers:
        kind = "AAAA" if ":" in address else "A"
        lines.append(f"{name.dotted} 3600000 IN {kind} {address}")
    return "\n".join(lines)


def _record(words: list[str]) -> tuple[Name, str, str]:
    """Owner, type and data of a record in words."""
    owner, rest = _named(words[0]), words[1:]
    while rest and (rest[0].upper() == "IN" or (rest[0].isascii() and rest[0].isdigit())):
        rest = rest[1:]
    if len(rest) != 2 or rest[0].upper() not in ("NS", "A", "AAAA"):
        raise BadHints("an NS, A or AAAA record is wanted.")
    if rest[0].upper() == "NS" and owner != ROOT:
        raise BadHints(f"{owner.dotted} is not the root.")
    return owner, rest[0].upper(), rest[1]


def _named(word: str) -> Name:
    try:
        return name_from_text(word)
    except BadName as error:
        raise BadHints(str(error)) from None


def _address(kind: str, word: str) -> str:
    from ipaddress import AddressValueError, IPv4Address, IPv6Address

    try:
        return str(IPv4Address(word) if kind == "A" else IPv6Address(word))
    except AddressValueError:
        raise BadHints(f'"{word[:40]}" is no address for an {kind} record.') from None
