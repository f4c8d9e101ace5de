"""Rules for the resolvers (`dnsconfig`)."""

import ipaddress
from collections.abc import Iterator

from esashell.config.faults import Breach, address_fault, host_name_fault, number
from esashell.config.model.dnsserver import AlternateDomain
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath


def breaches(config: Config) -> Iterator[Breach]:
    addresses = [each.address for each in config.dns.servers]
    yield from _addresses(("dns", "servers"), "DNS server", addresses)
    for position, server in enumerate(config.dns.servers):
        at: KeyPath = ("dns", "servers", position)
        subject = f"DNS server {quoted(server.address)}"
        yield from number((*at, "priority"), f"{subject}: priority", server.priority)
    yield from number(("dns", "minimum_ttl"), "DNS: minimum_ttl", config.dns.minimum_ttl)
    yield from number(
        ("dns", "reverse_timeout"), "DNS: reverse_timeout", config.dns.reverse_timeout
    )
    yield from _alternates(config.dns.alternates)
    seen: set[str] = set()
    for position, domain in enumerate(config.dns.search):
        subject = f"DNS search list: {quoted(domain)}"
        if fault := host_name_fault(domain):
            yield Breach(("dns", "search", position), f"{subject} {fault}.")
        elif domain.lower() in seen:
            yield Breach(("dns", "search", position), f"{subject} is listed twice.")
        seen.add(domain.lower())


def _alternates(domains: tuple[AlternateDomain, ...]) -> Iterator[Breach]:
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
        yield from _addresses((*at, "servers"), f"{subject}: DNS server", addresses)
        for number_, server in enumerate(each.servers):
            if server.name and (fault := host_name_fault(server.name)):
                text = f"{subject}: DNS server {quoted(server.name)} {fault}."
                yield Breach((*at, "servers", number_, "name"), text)


def _addresses(at: KeyPath, called: str, addresses: list[str]) -> Iterator[Breach]:
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
