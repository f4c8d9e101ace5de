"""Who may send to us, and for whom: what a listener makes of a connection and of its recipients.

A connection belongs to the first entry of the host access table that one of its senders matches: an
address by itself, a network, a range or the beginning of an address, a host name or a name below
`.domain`, a range of reputation scores. The entry's policy decides what happens. One that says
CONTINUE lets the search go on behind it. The last entry is ALL; where a table has none, nothing is
taken from those that no entry is for.

A public listener then asks for each recipient whether the recipient access table takes it. The
order of that table has no meaning, so the nearest entry decides: the address, its domain, the
domains above it, the user name anywhere, ALL. The guides have no order for these; it is that of
the access tables of other mail servers (Postfix, access(5)).

There is no reputation service here. A score and an owner are known only where somebody says them,
and a DNS list matches nobody.
"""

import ipaddress
import re
from collections.abc import Iterator

from msgspec import Struct

from esashell.config.checks.senders import sender_parts
from esashell.config.model.listeners import (
    ALL,
    BEHAVIORS,
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    PolicyParameters,
    RecipientAccess,
    SenderGroup,
)

_SCORES = re.compile(r"sbrs\[(-?\d{1,2}(?:\.\d)?):(-?\d{1,2}(?:\.\d)?)\]", re.IGNORECASE)


class Client(Struct, frozen=True):
    """Who connects. `score` is the reputation, -10.0 to 10.0, None where it is not known."""

    address: str
    host: str = ""
    score: float | None = None
    owner: str = ""


class Reception(Struct, frozen=True):
    """The entry that a connection belongs to, which of its senders it met, and the policy.

    `policy` is None where the entry names a behaviour only. `unset` are the names of the parameters
    that are the listener's own and not the policy's.
    """

    group: SenderGroup
    match: str
    behavior: Behavior
    policy: MailFlowPolicy | None
    parameters: PolicyParameters
    unset: frozenset[str]

    @property
    def takes_mail(self) -> bool:
        return self.behavior in (Behavior.ACCEPT, Behavior.RELAY)


def reception(listener: Listener, client: Client) -> Reception:
    """What the host access table of a listener does with a connection."""
    policies = {each.name.lower(): each for each in listener.policies}
    for group in listener.sender_groups:
        match = _match(group, client)
        if not match:
            continue
        word = group.policy.upper()
        policy = None if word in BEHAVIORS else policies.get(group.policy.lower())
        behavior = policy.behavior if policy is not None else Behavior(word)
        if behavior is not Behavior.CONTINUE:
            return _received(listener, group, match, behavior, policy)
    rest = SenderGroup(ALL, Behavior.REJECT.value, single=True)
    return _received(listener, rest, ALL, Behavior.REJECT, None)


def _received(
    listener: Listener,
    group: SenderGroup,
    match: str,
    behavior: Behavior,
    policy: MailFlowPolicy | None,
) -> Reception:
    own = {
        name: value
        for name in PolicyParameters.__struct_fields__
        if policy is not None and (value := getattr(policy, name)) is not None
    }
    default = listener.defaults
    parameters = {name: getattr(default, name) for name in default.__struct_fields__} | own
    unset = frozenset(default.__struct_fields__) - own.keys()
    return Reception(group, match, behavior, policy, PolicyParameters(**parameters), unset)


def _match(group: SenderGroup, client: Client) -> str:
    """Which sender of an entry a connection meets; "" if none."""
    senders = (group.name,) if group.single else group.senders
    for each in senders:
        sender, _ = sender_parts(each)
        if sender == ALL or _is_sender(sender, client):
            return sender
    return ""


def _is_sender(sender: str, client: Client) -> bool:
    if "[" in sender:
        scores = _SCORES.fullmatch(sender)
        if scores is None or client.score is None:
            return False
        return float(scores[1]) <= client.score <= float(scores[2])
    if sender[:4].upper() == "SBO:":
        return bool(client.owner) and sender[4:] == client.owner
    if "/" in sender:
        network = ipaddress.ip_network(sender, strict=False)
        return ipaddress.ip_address(client.address) in network
    if ":" in sender or (sender and not set(sender) - set("0123456789.-")):
        return _in_range(sender, client.address)
    name, host = sender.lower(), client.host.lower().removesuffix(".")
    return host.endswith(name) and host != name if name.startswith(".") else host == name


def _in_range(sender: str, address: str) -> bool:
    """Whether an address is in a range: `10.1.1.10-20`, `10.1.1.`, `2001:db8::1-2001:db8::9`."""
    at = ipaddress.ip_address(address)
    if ":" in sender:
        first, _, last = sender.partition("-")
        ends = ipaddress.IPv6Address(first), ipaddress.IPv6Address(last or first)
        return isinstance(at, ipaddress.IPv6Address) and ends[0] <= at <= ends[1]
    if at.version != 4:
        return False
    # One that ends in a dot is the beginning of an address: the octets behind it are left open.
    for part, octet in zip(sender.removesuffix(".").split("."), at.packed, strict=False):
        first, _, last = part.partition("-")
        if not int(first) <= octet <= int(last or first):
            return False
    return True


def access(listener: Listener, recipient: str) -> RecipientAccess | None:
    """The entry for a recipient, an address with its domain; None on a private listener, which has
    no such table. ALL is the one for everybody else; without it nobody else is taken."""
    if listener.type is not ListenerType.PUBLIC:
        return None
    entries = {each.address.lower(): each for each in listener.recipients}
    for key in _keys(recipient):
        if key in entries:
            return entries[key]
    return entries.get(ALL.lower(), RecipientAccess(ALL, accept=False))


def _keys(recipient: str) -> Iterator[str]:
    """What an entry for a recipient can be called, the nearest first."""
    local, _, domain = recipient.lower().rpartition("@")
    domain = domain.removesuffix(".")
    yield f"{local}@{domain}"
    yield domain
    at = domain.find(".") if not domain.startswith("[") else -1
    while at >= 0:
        yield domain[at:]
        at = domain.find(".", at + 1)
    yield f"{local}@"
