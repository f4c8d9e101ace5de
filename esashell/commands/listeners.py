"""A listener in the configuration, how it is shown, and how senders and recipients are typed."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from esashell.commands.interfaces import interface_address
from esashell.config.checks.senders import recipient_fault, sender_fault
from esashell.config.files.rat import usual
from esashell.config.model.listeners import Listener, ListenerType
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.requests import Kind
from esashell.errors import BadAnswer


class Place(Struct, frozen=True):
    """Where a listener is in the configuration: its position, which a new name does not change."""

    position: int

    def of(self, config: Config) -> Listener:
        return config.listeners[self.position]

    def put(self, config: Config, **fields: Any) -> Config:
        """The configuration with these fields of the listener changed."""
        rows = list(config.listeners)
        rows[self.position] = replace(rows[self.position], **fields)
        return replace(config, listeners=tuple(rows))


def listener_line(config: Config, listener: Listener) -> str:
    address = _address(config, listener).partition("/")[0]
    return (
        f"{listener.name} (on {listener.interface}, {address}) "
        f"SMTP TCP Port {listener.port} {listener.type}"
    )


def listener_lines(config: Config, listener: Listener) -> str:
    """What is shown above the menu of one listener (TechNote 117976)."""
    address = _address(config, listener)
    public = listener.type is ListenerType.PUBLIC
    lines = (
        f"Name: {listener.name}",
        f"Type: {listener.type}",
        f"Interface: {listener.interface} ({address}) TCP Port {listener.port}",
        "Protocol: SMTP",
        f"Default Domain: {listener.default_domain}".rstrip(),
        f"Max Concurrency: {listener.max_concurrency} (TCP Queue: {listener.tcp_queue})",
        *(["Domain Map: Disabled"] if public else []),
        f"TLS: {listener.defaults.tls}",
        "SMTP Authentication: Disabled",
        f"Bounce Profile: {listener.bounce_profile}",
        "Use SenderBase For Reputation Filters and IP Profiling: "
        f"{'Yes' if listener.defaults.use_senderbase else 'No'}",
        "Footer: None",
        "LDAP: Off",
    )
    return "\n".join(lines)


def _address(config: Config, listener: Listener) -> str:
    found = (each for each in config.interfaces if each.name == listener.interface)
    return next(map(interface_address, found), "no such interface")


def _several(
    text: str, fault: Callable[[str], str | None], spelt: Callable[[str], str]
) -> tuple[str, ...]:
    """What stands between the commas, each once."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        each = spelt(part)
        if wrong := fault(each):
            raise BadAnswer(f"Error: {quoted(each, 60)} {wrong}.")
        found.setdefault(each.lower(), each)
    if not found:
        raise BadAnswer("Error: The value cannot be blank.")
    return tuple(found.values())


SENDERS: Kind[tuple[str, ...]] = Kind(
    lambda text: _several(text, sender_fault, str),
    ", ".join,
    sample="192.0.2.1",
    about="Addresses, networks and host names with commas between them",
)
RECIPIENTS: Kind[tuple[str, ...]] = Kind(
    lambda text: _several(text, recipient_fault, usual),
    ", ".join,
    sample="example.com",
    about="Domains and addresses with commas between them",
)
