"""listenerconfig: where mail comes in, from whom (HOSTACCESS) and for whom (RCPTACCESS).

The list, what is shown of a listener and its menu are from a published session (TechNote 117976).
A public listener takes mail for the recipients of its table; a private one relays for the senders
that its table names, and what they send is what DANE is for. Masquerading and domain maps rewrite
addresses of messages; no messages come in here, so these two are refused.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.hostaccess import host_access
from esashell.commands.interfaces import interface_line
from esashell.commands.listener_questions import (
    LISTENER_NAME,
    new_listener,
    receiving,
    text_or_none,
)
from esashell.commands.listeners import Place, listener_line, listener_lines
from esashell.commands.recipientaccess import recipient_access
from esashell.commands.registry import TABLE, command
from esashell.config.checks.across import certificate_names
from esashell.config.faults import LARGEST
from esashell.config.model.listeners import Listener, ListenerType
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, choice_kind, number, numbered
from esashell.dialogue.requests import Ask, Refuse
from esashell.dialogue.table import Operation, Table, operate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

    Change = Callable[[Config], Dialogue[Config]]

LISTENERS: Table[Listener] = Table(
    at=lambda config: config.listeners,
    put=lambda config, rows: replace(config, listeners=rows),
    key=lambda listener: listener.name,
    called="listener",
)
NO_REWRITING = "Error: No messages come in here, so there is nothing to rewrite."


def summary(config: Config) -> str:
    if not config.listeners:
        return "There are no listeners configured."
    lines = (listener_line(config, each) for each in config.listeners)
    return f"Currently configured listeners:\n{numbered(lines)}"


# The menu of one listener.


def _name(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        old = place.of(config)
        prompt = "Enter the new name of the listener."
        name = yield from ask(Ask("name", prompt, LISTENER_NAME, old.name, positional=True))
        others = (each for each in config.listeners if each is not old)
        if name.lower() in (each.name.lower() for each in others):
            yield Refuse(f"Error: The listener {name} already exists.")
            return config
        return place.put(config, name=name)

    return run


def _interface(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        old = place.of(config)
        names = tuple(each.name for each in config.interfaces)
        lines = (interface_line(config, each) for each in config.interfaces)
        interface = yield from _chosen(
            "interface",
            "Please choose an IP interface for this Listener.",
            names,
            lines,
            old.interface,
        )
        port = yield from number(
            "port", "Please enter the TCP port for this listener.", old.port, 1, 65535
        )
        for each in config.listeners:
            if each is not old and (each.interface, each.port) == (interface, port):
                yield Refuse(f"Error: The listener {each.name} has port {port} there already.")
                return config
        return place.put(config, interface=interface, port=port)

    return run


def _chosen(
    key: str, prompt: str, names: "Sequence[str]", lines: "Iterable[str]", present: str
) -> "Dialogue[str]":
    shown = f"{prompt}\n{numbered(lines)}"
    default = present if present in names else None
    return ask(Ask(key, shown, choice_kind(tuple(names), closed=False), default, positional=True))


def _certificate(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        names = certificate_names(config)
        present = place.of(config).certificate
        prompt = "Please choose the certificate to apply:"
        name = yield from _chosen("certificate", prompt, names, names, present)
        return place.put(config, certificate=name)

    return run


def _limits(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        old = place.of(config)
        connections = yield from number(
            "max_concurrency",
            "Enter the maximum number of concurrent connections to this listener.",
            old.max_concurrency,
            1,
            LARGEST,
            label="connections",
        )
        queue = yield from number(
            "tcp_queue",
            "Enter the size of the TCP queue of this listener.",
            old.tcp_queue,
            1,
            LARGEST,
            label="connections",
        )
        return place.put(config, max_concurrency=connections, tcp_queue=queue)

    return run


def _setup(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        domain = yield from text_or_none(
            "default_domain",
            "Enter the default domain for addresses without one, or NONE.",
            place.of(config).default_domain,
        )
        return place.put(config, default_domain=domain)

    return run


def _bounces(place: Place) -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        names = tuple(each.name for each in config.bounces.profiles)
        prompt = "Please choose a bounce profile to apply to this listener:"
        present = place.of(config).bounce_profile
        name = yield from _chosen("bounce_profile", prompt, names, names, present)
        return place.put(config, bounce_profile=name)

    return run


def _rewriting(config: Config) -> "Dialogue[Config]":
    yield Refuse(NO_REWRITING)
    return config


def _edit(appliance: "Appliance") -> "Change":
    def run(config: Config) -> "Dialogue[Config]":
        prompt = "Enter the name or number of the listener you wish to edit."
        found = yield from LISTENERS.select(config, prompt)
        place = Place(config.listeners.index(found))

        def is_public(now: Config) -> bool:
            return place.of(now).type is ListenerType.PUBLIC

        operations = (
            Operation("name", "Change the name of the listener.", _name(place)),
            Operation("interface", "Change the interface.", _interface(place)),
            Operation("certificate", "Choose the certificate.", _certificate(place)),
            Operation("limits", "Change the injection limits.", _limits(place)),
            Operation("setup", "Configure general options.", _setup(place)),
            host_access(place, appliance),
            recipient_access(place, appliance),
            Operation(
                "bounceconfig",
                "Choose the bounce profile to use for messages injected on\nthis listener.",
                _bounces(place),
            ),
            Operation("masquerade", "Configure the Domain Masquerading Table.", _rewriting),
            Operation("domainmap", "Configure domain mappings.", _rewriting, is_public),
        )

        def shown(now: Config) -> str:
            return listener_lines(now, place.of(now))

        return (yield from operate(config, shown, operations, "listener_operation"))

    return run


@command("listenerconfig", help=TABLE["listenerconfig"], commits=True)
def listenerconfig(appliance: "Appliance") -> "Dialogue[None]":
    operations = (
        Operation("new", "Create a new listener.", new_listener),
        Operation("edit", "Modify a listener.", _edit(appliance), LISTENERS.has_rows),
        LISTENERS.delete(
            "Remove a listener.", "Enter the name or number of the listener you wish to delete."
        ),
        Operation("setup", "Change global settings.", receiving),
    )
    yield from operate(appliance.config, summary, operations)
