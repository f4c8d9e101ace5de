"""Rules for what the appliance is called and where it is on the network."""

from collections.abc import Iterator
from ipaddress import ip_address

from esashell.config.faults import Breach, address_fault, host_name_fault, name_fault, number, twice
from esashell.config.model.network import Interface
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath


def breaches(config: Config) -> Iterator[Breach]:
    if fault := host_name_fault(config.hostname):
        yield Breach(("hostname",), f"hostname: {quoted(config.hostname)} {fault}.")
    if fault := zone_fault(config.timezone):
        yield Breach(("timezone",), f"time zone: {quoted(config.timezone)} {fault}.")
    if not config.interfaces:
        yield Breach(("interfaces",), "There is no interface.")
    yield from twice(("interfaces",), "name", "interface", (i.name for i in config.interfaces))
    for position, each in enumerate(config.interfaces):
        yield from _interface(("interfaces", position), each)
    yield from _groups(config)
    delivery = config.delivery
    yield from number(("delivery", "concurrency"), "delivery: concurrency", delivery.concurrency, 1)
    where: KeyPath = ("delivery", "tls_concurrency")
    yield from number(where, "delivery: tls_concurrency", delivery.tls_concurrency, 1)


def _interface(at: KeyPath, interface: Interface) -> Iterator[Breach]:
    subject = f"interface {quoted(interface.name)}"
    if fault := name_fault(interface.name):
        yield Breach((*at, "name"), f"{subject} {fault}.")
    if not (interface.address or interface.address6):
        yield Breach((*at, "address"), f"{subject} has no address.")
    for field, text, version in (
        ("address", interface.address, 4),
        ("address6", interface.address6, 6),
    ):
        if not text:
            continue
        if fault := address_fault(text):
            yield Breach((*at, field), f"{subject}: {quoted(text)} {fault}.")
        elif ip_address(text).version != version:
            yield Breach((*at, field), f"{subject}: {quoted(text)} is not an IPv{version} address.")
    yield from number((*at, "prefix"), f"{subject}: prefix", interface.prefix, 0, 32)
    yield from number((*at, "prefix6"), f"{subject}: prefix6", interface.prefix6, 0, 128)
    if fault := name_fault(interface.port):
        yield Breach((*at, "port"), f"{subject}: port {quoted(interface.port)} {fault}.")
    if interface.hostname and (fault := host_name_fault(interface.hostname)):
        yield Breach((*at, "hostname"), f"{subject}: {quoted(interface.hostname)} {fault}.")


def _groups(config: Config) -> Iterator[Breach]:
    known = {each.name for each in config.interfaces}
    names = [each.name for each in config.interface_groups]
    yield from twice(("interface_groups",), "name", "interface group", names)
    for position, each in enumerate(config.interface_groups):
        at: KeyPath = ("interface_groups", position)
        subject = f"interface group {quoted(each.name)}"
        if fault := name_fault(each.name):
            yield Breach((*at, "name"), f"{subject} {fault}.")
        if each.name in known:
            yield Breach((*at, "name"), f"{subject}: an interface has that name.")
        if not each.interfaces:
            yield Breach((*at, "interfaces"), f"{subject} has no interface.")
        if len(set(each.interfaces)) < len(each.interfaces):
            yield Breach((*at, "interfaces"), f"{subject}: an interface is listed twice.")
        for member, name in enumerate(each.interfaces):
            if name not in known:
                text = f"{subject}: there is no interface {quoted(name)}."
                yield Breach((*at, "interfaces", member), text)


def zone_fault(name: str) -> str | None:
    """What is wrong with a time zone's name, as the end of a sentence; None when nothing is."""
    # The zones themselves are the system's; here it matters that a name cannot be a path out.
    parts = name.split("/")
    good = all(part and part.replace("_", "a").replace("-", "a").replace("+", "a").isalnum()
               for part in parts)  # fmt: skip
    return None if good and name.isascii() and len(name) <= 64 else "is not a time zone's name"
