"""Rules that hold between tables: a name in one has to be there in another."""

from collections.abc import Iterator

from esashell.config.faults import Breach
from esashell.config.model.security import DEMO
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

AUTO = "Auto"


def certificate_names(config: Config) -> tuple[str, ...]:
    """The certificate profiles that there are to choose from."""
    return (DEMO, *(each.name for each in config.certificates))


def breaches(config: Config) -> Iterator[Breach]:
    yield from _bounce_profiles(config)
    yield from _interfaces(config)
    certificate = config.destinations.certificate
    if certificate not in certificate_names(config):
        text = f"Destination controls: there is no certificate profile {quoted(certificate)}."
        yield Breach(("destinations", "certificate"), text)


def _bounce_profiles(config: Config) -> Iterator[Breach]:
    known = {each.name for each in config.bounces.profiles}
    table = config.destinations
    users: list[tuple[KeyPath, str, str]] = [
        (("destinations", "default"), "The default destination", table.default.bounce_profile)
    ]
    for position, each in enumerate(table.entries):
        if each.bounce_profile is not None:
            at: KeyPath = ("destinations", "entries", position)
            users.append((at, f"The destination {quoted(each.domain)}", each.bounce_profile))
    for position, listener in enumerate(config.listeners):
        who = f"The listener {quoted(listener.name)}"
        users.append((("listeners", position), who, listener.bounce_profile))
    for at, who, profile in users:
        if profile not in known:
            text = f"{who} uses the bounce profile {quoted(profile)}, which does not exist."
            yield Breach((*at, "bounce_profile"), text)


def _interfaces(config: Config) -> Iterator[Breach]:
    known = {each.name for each in config.interfaces}
    groups = {each.name for each in config.interface_groups}
    if config.delivery.interface not in {AUTO, *known, *groups}:
        name = quoted(config.delivery.interface)
        yield Breach(("delivery", "interface"), f"Delivery: there is no interface {name}.")
    for position, each in enumerate(config.listeners):
        if each.interface not in known:
            name = quoted(each.interface)
            text = f"listener {quoted(each.name)}: there is no interface {name}."
            yield Breach(("listeners", position, "interface"), text)
