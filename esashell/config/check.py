"""Rules that a configuration must keep before it may run, or be read from a file.

The types of the tables are settled when they are built; here are the rules that a type cannot
say: what a host name is, which addresses a server can have. A breach is worded for the operator
and carries the path of the value, so that a file's line can be named too.
"""

import ipaddress
from collections.abc import Iterator

from msgspec import Struct

from esashell.config.model.dnsserver import AlternateDomain
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath
from esashell.errors import CommitRefused

# RFC 2181 section 8: a TTL ends at 2^31 - 1. No number here has a reason to be larger.
LARGEST = 2**31 - 1
LONGEST_INTERFACE_NAME = 64


class Breach(Struct, frozen=True):
    """A value that breaks a rule, and the rule in the operator's words."""

    path: KeyPath
    text: str


def breaches(config: Config) -> tuple[Breach, ...]:
    """Everything that is wrong with the configuration, in its own order; empty when it may run."""
    return tuple(_breaches(config))


def check(config: Config) -> None:
    """Raises `CommitRefused`, naming each breach."""
    found = breaches(config)
    if found:
        between = "\n  " if len(found) > 1 else " "
        raise CommitRefused(between.join(["Not committed:", *(each.text for each in found)]))


def host_name_fault(name: str) -> str | None:
    """What is wrong with a host name, as the end of a sentence; None when nothing is."""
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


def _breaches(config: Config) -> Iterator[Breach]:
    if fault := host_name_fault(config.hostname):
        yield Breach(("hostname",), f"hostname: {quoted(config.hostname)} {fault}.")
    yield from _interface_breaches(config)
    yield from _dns_breaches(config)


def _interface_breaches(config: Config) -> Iterator[Breach]:
    name, address = config.interface.name, config.interface.address
    if not (name.isprintable() and 0 < len(name.strip()) <= LONGEST_INTERFACE_NAME):
        yield Breach(
            ("interface", "name"),
            f"interface: {quoted(name)} is not a name: 1 to {LONGEST_INTERFACE_NAME} "
            "printable characters.",
        )
    if fault := address_fault(address):
        yield Breach(("interface", "address"), f"interface: {quoted(address)} {fault}.")


def _dns_breaches(config: Config) -> Iterator[Breach]:
    addresses = [each.address for each in config.dns.servers]
    yield from _address_breaches(("dns", "servers"), "DNS server", addresses)
    for position, server in enumerate(config.dns.servers):
        at: KeyPath = ("dns", "servers", position)
        subject = f"DNS server {quoted(server.address)}"
        yield from _number((*at, "priority"), f"{subject}: priority", server.priority)
    yield from _number(("dns", "minimum_ttl"), "DNS: minimum_ttl", config.dns.minimum_ttl)
    yield from _number(
        ("dns", "reverse_timeout"), "DNS: reverse_timeout", config.dns.reverse_timeout
    )
    yield from _alternate_breaches(config.dns.alternates)


def _alternate_breaches(domains: tuple[AlternateDomain, ...]) -> Iterator[Breach]:
    seen = set()
    for position, each in enumerate(domains):
        at: KeyPath = ("dns", "alternates", position)
        subject = f"alternate domain {quoted(each.domain)}"
        if fault := host_name_fault(each.domain):
            yield Breach((*at, "domain"), f"{subject} {fault}.")
        elif each.domain.lower() in seen:
            yield Breach((*at, "domain"), f"{subject} is listed twice.")
        seen.add(each.domain.lower())
        if not each.servers:
            yield Breach((*at, "servers"), f"{subject} has no server.")
        addresses = [server.address for server in each.servers]
        yield from _address_breaches((*at, "servers"), f"{subject}: DNS server", addresses)
        for number, server in enumerate(each.servers):
            if server.name and (fault := host_name_fault(server.name)):
                text = f"{subject}: DNS server {quoted(server.name)} {fault}."
                yield Breach((*at, "servers", number, "name"), text)


def _address_breaches(at: KeyPath, called: str, addresses: list[str]) -> Iterator[Breach]:
    """What is wrong with the addresses of the servers in one list, or between them."""
    seen = set()
    for position, text in enumerate(addresses):
        where: KeyPath = (*at, position, "address")
        if fault := address_fault(text):
            yield Breach(where, f"{called} {quoted(text)} {fault}.")
        else:
            # Two spellings of one IPv6 address are one server.
            address = ipaddress.ip_address(text)
            if address in seen:
                yield Breach(where, f"{called} {quoted(text)} is listed twice.")
            seen.add(address)


def _number(path: KeyPath, subject: str, number: int) -> Iterator[Breach]:
    if not 0 <= number <= LARGEST:
        shown = number if abs(number) < 10**20 else "this number"
        yield Breach(path, f"{subject}: {shown} is not between 0 and {LARGEST}.")
