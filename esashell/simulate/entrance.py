"""Where simulated mail comes in: a listener, and a sender that its host access table lets through.

A simulation says under which behaviour mail comes in, and not from whom. The log has to name a
connection, so a sender is made up that the configuration would take so: the first one, listener by
listener and entry by entry, that an entry is for and that gets this behaviour. An address has no
name unless the entry is for a name.
"""

import ipaddress
from collections.abc import Iterator

from msgspec import Struct

from esashell.config.checks.senders import sender_parts
from esashell.config.model.listeners import ALL, Behavior, Listener, SenderGroup
from esashell.config.tree import Config
from esashell.delivery.acceptance import Client, Reception, reception

# RFC 5737: addresses that are nobody's.
SOMEBODY = Client("203.0.113.25", "mx.example.net")
TENTH = 10


class Entrance(Struct, frozen=True):
    """A connection as the log has it: our side, theirs, and what the host access table says."""

    interface: str
    address: str
    client: Client
    group: str
    match: str
    behavior: Behavior

    @property
    def table(self) -> str:
        """Whose mail policies are for it."""
        return "outbound" if self.behavior is Behavior.RELAY else "inbound"


def entrance(config: Config, behavior: Behavior, listener: str = "", group: str = "") -> Entrance:
    """How mail with this behaviour comes in, by this listener and sender group if they are said;
    made up where no listener takes any so."""
    for each in config.listeners:
        if listener.lower() not in ("", each.name.lower()):
            continue
        for client in _clients(each):
            found = reception(each, client)
            named = group.lower() in ("", found.group.name.lower())
            if found.behavior is behavior and named:
                return _through(config, each, client, found)
    interface = config.interfaces[0] if config.interfaces else None
    name, address = (interface.name, interface.address) if interface else ("Management", "")
    return Entrance(name, address, SOMEBODY, "None", ALL, behavior)


def _through(config: Config, listener: Listener, client: Client, found: Reception) -> Entrance:
    at = next((each for each in config.interfaces if each.name == listener.interface), None)
    address = at.address or at.address6 if at is not None else ""
    group = "None" if found.group.single else found.group.name
    return Entrance(listener.interface, address, client, group, found.match, found.behavior)


def _clients(listener: Listener) -> Iterator[Client]:
    """A client for each sender of the table."""
    for group in listener.sender_groups:
        for each in _senders(group):
            if (client := _example(each)) is not None:
                yield client


def _senders(group: SenderGroup) -> Iterator[str]:
    for each in (group.name,) if group.single else group.senders:
        yield sender_parts(each)[0]


def _example(sender: str) -> Client | None:
    """Somebody whom an entry for this sender is for; None where nobody can be made up."""
    if sender == ALL:
        return SOMEBODY
    if "[" in sender or sender[:4].upper() == "SBO:":
        return None
    if "/" in sender:
        network = ipaddress.ip_network(sender, strict=False)
        place = min(TENTH, network.num_addresses - 1)
        return Client(str(network.network_address + place))
    if ":" in sender:
        return Client(sender.partition("-")[0])
    if not set(sender) - set("0123456789.-"):
        octets = [each.partition("-")[0] for each in sender.removesuffix(".").split(".")]
        octets += ["0", "0", str(TENTH)][len(octets) - 1 :] if len(octets) < 4 else []
        return Client(".".join(octets))
    return Client(SOMEBODY.address, f"mail{sender}" if sender.startswith(".") else sender)
