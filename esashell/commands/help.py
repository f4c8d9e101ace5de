"""help: the list of commands, or what one of them does and how it is written on one line.

The one-line forms are read out of the command's own dialogue, so they cannot be out of date.
"""

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from esashell.commands.registry import ALIASES, TABLE, Command, command, find, names
from esashell.config.model.bounce import BounceProfile
from esashell.config.model.certificates import CertificateProfile
from esashell.config.model.destination import DestinationControl
from esashell.config.model.dnsserver import AlternateDomain, AlternateServer
from esashell.config.model.listeners import SenderGroup
from esashell.config.model.network import InterfaceGroup
from esashell.config.model.predefined import public_listener
from esashell.config.model.routes import SmtpRoute
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import word
from esashell.dialogue.requests import Kind, Say
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.dialogue.outline import Form

WIDTH = 80


def _name(text: str) -> str:
    name = ALIASES.get(text, text)
    if name not in TABLE:
        raise BadAnswer(f"There is no command {quoted(text)}.")
    return name


NAME = Kind(_name, words=names(), sample="help")


@command("help", help=TABLE["help"], aliases=("h", "?"), usage=("help [<command>]",))
def show_help(appliance: "Appliance") -> "Dialogue[None]":
    name = yield from word("command", NAME, "")
    found = find(name) if name else None
    yield Say(_one(found, appliance) if found else _all())


def _all() -> str:
    width = max(map(len, names())) + 2
    lines = [f"{name:<{width}}{TABLE[name]}" for name in names()]
    return "\n".join((*lines, "", 'Type "help <command>" for the one-line form of a command.'))


def _one(found: Command, appliance: "Appliance") -> str:
    lines = [f"{found.name} - {found.help}", ""]
    if found.aliases:
        lines += [f"Also called: {', '.join(found.aliases)}"]
    if found.commits:
        lines += ["Its changes take effect with 'commit'."]
    lines += ["Usage:", *(line for each in usage(found, appliance) for line in _wrapped(each))]
    return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    from textwrap import wrap

    return wrap(
        line,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def furnished(config: Config) -> Config:
    """The configuration, with something in the tables that are empty: a menu does not offer to edit
    what is not there, but its forms are to be told."""
    if not config.dns.alternates:
        servers = (AlternateServer("192.0.2.53", "ns.example.com"),)
        dns = replace(config.dns, alternates=(AlternateDomain("example.com", servers),))
        config = replace(config, dns=dns)
    if not config.destinations.entries:
        entries = (DestinationControl("example.com"),)
        config = replace(config, destinations=replace(config.destinations, entries=entries))
    if len(config.bounces.profiles) == 1:
        profiles = (*config.bounces.profiles, BounceProfile("slow"))
        config = replace(config, bounces=replace(config.bounces, profiles=profiles))
    if not config.smtp_routes:
        config = replace(config, smtp_routes=(SmtpRoute("example.com", ("relay.example.com",)),))
    if not config.listeners:
        listener = public_listener("IncomingMail", "Management", 25, ("example.com",))
        groups = (SenderGroup("PARTNERS", "ACCEPTED", ("192.0.2.1",)), *listener.sender_groups)
        config = replace(config, listeners=(replace(listener, sender_groups=groups),))
    if not config.certificates:
        config = replace(config, certificates=(CertificateProfile("mail", "0" * 64),))
    if not config.interface_groups:
        config = replace(config, interface_groups=(InterfaceGroup("inside", ("Management",)),))
    if not config.authorities.custom_list:
        authorities = replace(config.authorities, custom_list="0" * 64)
        config = replace(config, authorities=authorities)
    return config


class _Furnished:
    """The appliance with a furnished configuration."""

    def __init__(self, appliance: "Appliance") -> None:
        self._appliance = appliance
        self.config = furnished(appliance.config)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._appliance, name)


def explored(found: Command, appliance: "Appliance") -> "tuple[Form, ...]":
    """Every form of the command's dialogue, as on an appliance where no table is empty."""
    from esashell.dialogue.outline import outline

    example = _Furnished(appliance)
    return outline(lambda: found.function(example))


def usage(found: Command, appliance: "Appliance") -> tuple[str, ...]:
    """The lines that the command can be typed as, the bare name among them."""
    if found.usage:
        return found.usage
    forms = (form.usage for form in explored(found, appliance))
    return (found.name, *(f"{found.name} {form}" for form in forms if form))
