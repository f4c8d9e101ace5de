"""dnsconfig: the DNS cache servers that the appliance asks, and in which order.

A server closer to 0 is asked first. A resolver that strips DNSSEC among those of the best priority
turns signed domains bogus now and then; one behind them does so when the others fail.

The appliance can also ask the Internet's root servers itself and use other servers for chosen
domains. Neither is emulated here yet, so neither is offered; the question that would offer the
latter keeps its one answer, so that what was typed at an appliance can be typed here.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.config.model.dnsserver import DnsServer
from esashell.config.tree import Config
from esashell.dialogue.kinds import address, addresses, choice, number
from esashell.dialogue.table import Operation, Table, listing, operate, submenu

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

LOWEST_PRIORITY = 65535
LONGEST = 24 * 3600  # seconds

SERVERS: Table[DnsServer] = Table(
    at=lambda config: config.dns.servers,
    put=lambda config, rows: replace(config, dns=replace(config.dns, servers=rows)),
    key=lambda server: server.address,
    called="server",
    last="Error: The last DNS server cannot be deleted; add another one first.",
)


def summary(config: Config) -> str:
    servers = config.dns.servers
    if not servers:
        return "There are no DNS servers configured."
    lines = [f"{at}. Priority: {s.priority}  {s.address}" for at, s in enumerate(servers, 1)]
    return "\n".join(("Currently using the local DNS cache servers:", *lines))


def _priority(of: str, default: int) -> "Dialogue[int]":
    return number(
        "priority",
        f"Please enter the priority for {of}.\n"
        "A value of 0 has the highest priority.\n"
        "The IP will be chosen at random if they have the same priority.",
        default,
        0,
        LOWEST_PRIORITY,
        positional=True,
    )


def _new(config: Config) -> "Dialogue[tuple[DnsServer, ...]]":
    yield from choice(
        "type",
        "Do you want to add a new local DNS cache server or an alternate domain server?",
        {"parent": "Add a new local DNS cache server."},
    )
    return (yield from _new_parents(config))


def _new_parents(config: Config) -> "Dialogue[tuple[DnsServer, ...]]":
    found = yield from addresses(
        "ip",
        "Please enter the IP address of your DNS server.\nSeparate multiple IPs with commas.",
    )
    priority = yield from _priority(", ".join(found), 0)
    return tuple(DnsServer(each, priority) for each in found)


def _edit(config: Config, old: DnsServer) -> "Dialogue[DnsServer]":
    ip = yield from address("ip", "Please enter the IP address of your DNS server.", old.address)
    return DnsServer(ip, (yield from _priority(ip, old.priority)))


def _setup(config: Config) -> "Dialogue[Config]":
    timeout = yield from number(
        "reverse_timeout",
        "Enter the number of seconds to wait before timing out reverse DNS lookups.",
        config.dns.reverse_timeout,
        0,
        LONGEST,
        label="seconds",
    )
    ttl = yield from number(
        "minimum_ttl",
        "Enter the minimum TTL in seconds for DNS cache.",
        config.dns.minimum_ttl,
        0,
        LONGEST,
        label="seconds",
    )
    return replace(config, dns=replace(config.dns, reverse_timeout=timeout, minimum_ttl=ttl))


EDIT = SERVERS.edit(
    "Edit a server.", _edit, "Enter the number or the IP address of the server to edit."
)
DELETE = SERVERS.delete(
    "Delete a server.", "Enter the number or the IP address of the server to delete."
)
OPERATIONS = (
    SERVERS.new("Add a new server.", _new),
    EDIT,
    DELETE,
    Operation("setup", "Configure general settings.", _setup),
    # The words of the published one-line forms.
    submenu(
        "parent",
        "Local DNS cache servers.",
        (SERVERS.new("Add a new local DNS cache server.", _new_parents), EDIT, DELETE),
        listed=False,
    ),
    listing("print", "Display the servers.", summary, listed=False),
)


@command("dnsconfig", help=TABLE["dnsconfig"], commits=True)
def dnsconfig(appliance: "Appliance") -> "Dialogue[None]":
    yield from operate(appliance.config, summary, OPERATIONS)
