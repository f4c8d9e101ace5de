"""interfaceconfig: the IP interfaces, and groups of them.

An interface has an address of one version or of both, on an Ethernet port, and the name that it
greets with. Which services answer there (SSH, FTP, HTTP) is not asked: there are none here. Nothing
of this opens an address on this machine; where mail leaves from is `deliveryconfig`'s choice.
"""

from contextlib import suppress
from ipaddress import ip_address, ip_interface
from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.config.faults import address_fault, name_fault
from esashell.config.model.network import Interface, InterfaceGroup
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import HOST_NAME, ask, choice_kind, numbered, yes_no
from esashell.dialogue.requests import Ask, Kind, Refuse
from esashell.dialogue.table import Operation, Table, listing, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

PORTS = ("Management", "Data 1", "Data 2")
INTERFACES: Table[Interface] = Table(
    at=lambda config: config.interfaces,
    put=lambda config, rows: replace(config, interfaces=rows),
    key=lambda interface: interface.name,
    called="interface",
    last="Error: The only interface cannot be deleted.",
)
GROUPS: Table[InterfaceGroup] = Table(
    at=lambda config: config.interface_groups,
    put=lambda config, rows: replace(config, interface_groups=rows),
    key=lambda group: group.name,
    called="group",
)


def _name(text: str) -> str:
    if fault := name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


NAME = Kind(_name, sample="Data 1", about="A name of at most 64 characters")


def _of_version(version: int, sample: str) -> Kind[str]:
    """An address, of one version; a prefix behind it is left for the next question's default."""

    def parse(text: str) -> str:
        try:
            with_prefix = ip_interface(text)
        except ValueError:
            raise BadAnswer(f"Error: {quoted(text, 60)} is not an IP address.") from None
        address = str(with_prefix.ip)
        if fault := address_fault(address):
            raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
        if with_prefix.version != version:
            raise BadAnswer(f"Error: {quoted(text, 60)} is not an IPv{version} address.")
        return f"{address}/{with_prefix.network.prefixlen}" if "/" in text else address

    return Kind(parse, sample=sample, about=f"An IPv{version} address")


def _prefix(version: int) -> Kind[int]:
    longest = 32 if version == 4 else 128

    def parse(text: str) -> int:
        digits = text.removeprefix("/")
        if digits.isascii() and digits.isdigit() and len(digits) < 4 and int(digits) <= longest:
            return int(digits)
        if version == 4:
            with suppress(ValueError):
                return ip_interface(f"0.0.0.0/{text}").network.prefixlen
        raise BadAnswer(f"Error: {quoted(text, 40)} is not a netmask.")

    return Kind(parse, sample=str(longest), about=f"A prefix length from 0 to {longest}")


ADDRESS4, ADDRESS6 = _of_version(4, "192.0.2.1"), _of_version(6, "2001:db8::1")


def _ip(
    version: int, keys: tuple[str, str, str], old: tuple[str, int], wanted: bool
) -> "Dialogue[tuple[str, int]]":
    """The address of a version with its prefix; "" where the interface has none."""
    gate, address_key, prefix_key = keys
    question = yes_no(
        gate,
        f"Would you like to configure an IPv{version} address for this interface (y/n)?",
        wanted,
        gates=(address_key, prefix_key),
        batch="yes" if wanted else "no",
    )
    if not (yield from question):
        return "", 24 if version == 4 else 64
    kind = ADDRESS4 if version == 4 else ADDRESS6
    text = "IPv4 Address (Ex: 192.168.1.2 ):" if version == 4 else "IPv6 Address (Ex: 2001:db8::2):"
    typed = yield from ask(Ask(address_key, text, kind, old[0] or None))
    address, _, prefix = typed.partition("/")
    default = int(prefix) if prefix else old[1]
    text = 'Netmask (Ex: "24", "255.255.255.0"):' if version == 4 else "Prefix length:"
    return address, (yield from ask(Ask(prefix_key, text, _prefix(version), default)))


def _questions(config: Config, old: Interface, name: str) -> "Dialogue[Interface]":
    has4 = bool(old.address) or not old.address6
    address, prefix = yield from _ip(
        4, ("ipv4", "address", "netmask"), (old.address, old.prefix), has4
    )
    address6, prefix6 = yield from _ip(
        6, ("ipv6", "address6", "prefix6"), (old.address6, old.prefix6), bool(old.address6)
    )
    ports = PORTS if old.port in PORTS else (*PORTS, old.port)
    port = yield from ask(
        Ask(
            "port",
            f"Ethernet interface:\n{numbered(ports)}",
            choice_kind(ports, closed=False),
            old.port,
        )
    )
    hostname = yield from ask(
        Ask("hostname", "Hostname:", HOST_NAME, old.hostname or config.hostname)
    )
    # The appliance's own name is not written down: it goes along when that changes.
    if hostname == config.hostname and not old.hostname:
        hostname = ""
    return Interface(name, address, prefix, address6, prefix6, port, hostname)


NAME_PROMPT = 'Please enter a name for this IP interface (Ex: "InternalNet"):'
NO_ADDRESS = "Error: The interface needs an IPv4 or an IPv6 address."


def _new(config: Config) -> "Dialogue[Config]":
    name = yield from ask(Ask("name", NAME_PROMPT, NAME))
    if name.lower() in _taken(config):
        yield Refuse(f"Error: The name {quoted(name)} is in use.")
        return config
    new = yield from _questions(config, Interface(name, "", port=PORTS[1]), name)
    if not (new.address or new.address6):
        yield Refuse(NO_ADDRESS)
        return config
    return INTERFACES.put(config, (*config.interfaces, new))


def _edit(config: Config) -> "Dialogue[Config]":
    old = yield from INTERFACES.select(
        config, "Enter the number of the interface you wish to edit."
    )
    name = yield from ask(Ask("name", 'IP interface name (Ex: "InternalNet"):', NAME, old.name))
    if name.lower() in _taken(config) - {old.name.lower()}:
        yield Refuse(f"Error: The name {quoted(name)} is in use.")
        return config
    new = yield from _questions(config, old, name)
    if not (new.address or new.address6):
        yield Refuse(NO_ADDRESS)
        return config
    rows = tuple(new if row is old else row for row in config.interfaces)
    return _renamed(INTERFACES.put(config, rows), old.name, name)


def _taken(config: Config) -> set[str]:
    """The names that no other interface can have."""
    rows: tuple[Interface | InterfaceGroup, ...] = (*config.interfaces, *config.interface_groups)
    return {each.name.lower() for each in rows}


def _renamed(config: Config, old: str, new: str) -> Config:
    """The configuration, with the new name wherever the interface is used by the old one."""
    if old == new:
        return config
    groups = (
        replace(each, interfaces=tuple(new if name == old else name for name in each.interfaces))
        for each in config.interface_groups
    )
    listeners = (
        replace(each, interface=new) if each.interface == old else each for each in config.listeners
    )
    delivery = config.delivery
    if delivery.interface == old:
        delivery = replace(delivery, interface=new)
    return replace(
        config, interface_groups=tuple(groups), listeners=tuple(listeners), delivery=delivery
    )


def _delete(config: Config) -> "Dialogue[Config]":
    prompt = "Enter the number of the interface you wish to delete."
    gone = yield from INTERFACES.select(config, prompt)
    if len(config.interfaces) == 1:
        yield Refuse(INTERFACES.last)
        return config
    users = [f"the group {quoted(g.name)}" for g in config.interface_groups
             if gone.name in g.interfaces]  # fmt: skip
    users += [f"the listener {quoted(each.name)}" for each in config.listeners
              if each.interface == gone.name]  # fmt: skip
    users += ["deliveryconfig"] if config.delivery.interface == gone.name else []
    if users:
        yield Refuse(f"Error: The interface {quoted(gone.name)} is used by {', '.join(users)}.")
        return config
    return INTERFACES.put(config, tuple(row for row in config.interfaces if row is not gone))


# Groups.


def _members(config: Config, present: tuple[str, ...] | None) -> "Dialogue[tuple[str, ...]]":
    names = tuple(each.name for each in config.interfaces)
    one = choice_kind(names, closed=False)

    def parse(text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.parse(each.strip()) for each in text.split(",")))

    def show(chosen: tuple[str, ...]) -> str:
        return ",".join(map(one.show, chosen))

    kind = Kind(parse, show, names, one.sample, about="Interfaces with commas between them")
    lines = numbered(names)
    prompt = f"Enter the interfaces of this group, separated by commas.\n{lines}"
    return ask(
        Ask("interfaces", prompt, kind, present, positional=True, label="interface[,interface]")
    )


def _new_group(config: Config) -> "Dialogue[tuple[InterfaceGroup, ...]]":
    name = yield from ask(Ask("name", "Enter the name for this group:", NAME))
    if name.lower() in {each.name.lower() for each in config.interfaces}:
        yield Refuse(f"Error: The name {quoted(name)} is in use.")
        return ()
    return (InterfaceGroup(name, (yield from _members(config, None))),)


def _edit_group(config: Config, old: InterfaceGroup) -> "Dialogue[InterfaceGroup]":
    return replace(old, interfaces=(yield from _members(config, old.interfaces)))


def _delete_group(config: Config) -> "Dialogue[Config]":
    gone = yield from GROUPS.select(config, "Enter the name of the group to delete.")
    if config.delivery.interface == gone.name:
        yield Refuse(f"Error: The group {quoted(gone.name)} is used by deliveryconfig.")
        return config
    return GROUPS.put(config, tuple(row for row in config.interface_groups if row is not gone))


def line(interface: Interface, config: Config) -> str:
    """An interface as the list has it: Data 1 (192.168.1.1/24 on Data1: mail3.example.com)."""
    both = ((interface.address, interface.prefix), (interface.address6, interface.prefix6))
    addresses = ", ".join(f"{ip_address(each)}/{prefix}" for each, prefix in both if each)
    port = interface.port.replace(" ", "")
    return f"{interface.name} ({addresses} on {port}: {interface.hostname or config.hostname})"


def summary(config: Config) -> str:
    lines = ["Currently configured interfaces:"]
    lines.append(numbered(line(each, config) for each in config.interfaces))
    return "\n".join(lines)


def groups_summary(config: Config) -> str:
    if not config.interface_groups:
        return "There are no interface groups."
    return numbered(f"{g.name} ({', '.join(g.interfaces)})" for g in config.interface_groups)


GROUP_OPERATIONS = (
    GROUPS.new("Create a new group.", _new_group),
    GROUPS.edit("Modify a group.", _edit_group, "Enter the name of the group to edit."),
    Operation("delete", "Remove a group.", _delete_group, GROUPS.has_rows),
    listing("print", "Display the groups.", groups_summary),
)


def _groups(config: Config) -> "Dialogue[Config]":
    return (yield from operate(config, groups_summary, GROUP_OPERATIONS, "groups"))


OPERATIONS = (
    Operation("new", "Create a new interface.", _new),
    Operation("edit", "Modify an interface.", _edit),
    Operation("groups", "Define interface groups.", _groups),
    Operation("delete", "Remove an interface.", _delete),
)


@command("interfaceconfig", help=TABLE["interfaceconfig"], commits=True)
def interfaceconfig(appliance: "Appliance") -> "Dialogue[None]":
    yield from operate(appliance.config, summary, OPERATIONS)
