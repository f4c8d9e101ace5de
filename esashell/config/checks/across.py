"""Rules that hold between tables: a name in one has to be there in another, and settings that
defeat each other are told.
"""

from collections.abc import Iterator

from esashell.config.faults import Breach
from esashell.config.lookup import Routes
from esashell.config.model.destination import DaneSetting, DestinationControl, TlsSetting
from esashell.config.model.listeners import ALL as ALL_SENDERS
from esashell.config.model.listeners import Behavior, Listener
from esashell.config.model.routes import ALL, DEV_NULL, USEDNS, SmtpRoute, route_host
from esashell.config.model.security import DEMO
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

AUTO = "Auto"
MOST_NAMED = 5


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


def warnings(config: Config) -> Iterator[str]:
    yield from _dane_without_tls(config)
    yield from _dane_behind_routes(config)
    yield from _routes_to_routed(config)
    yield from _open_relays(config)


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


# Warnings.


def _dane(config: Config, entry: DestinationControl) -> DaneSetting:
    return entry.dane if entry.dane is not None else config.destinations.default.dane


def _tls(config: Config, entry: DestinationControl) -> TlsSetting:
    return entry.tls if entry.tls is not None else config.destinations.default.tls


def _dane_without_tls(config: Config) -> Iterator[str]:
    """DANE authenticates a TLS connection: where none is asked for, it has nothing to do."""
    default = config.destinations.default
    asked = [
        each.domain
        for each in config.destinations.entries
        if (each.dane is not None or each.tls is not None)
        and _dane(config, each) is not DaneSetting.NONE
        and _tls(config, each) is TlsSetting.NO
    ]
    if default.dane is not DaneSetting.NONE and default.tls is TlsSetting.NO:
        asked.append("the default")
    if asked:
        yield f"DANE has no effect where TLS is No: {_named(asked)}."


def _dane_behind_routes(config: Config) -> Iterator[str]:
    """DANE is not enforced for domains that have SMTP routes."""
    routes = Routes(config.smtp_routes)
    asked = [
        each.domain
        for each in config.destinations.entries
        if each.dane not in (None, DaneSetting.NONE) and routes.route(each.domain)
    ]
    if config.destinations.default.dane is not DaneSetting.NONE:
        own = {each.domain.lower() for each in config.destinations.entries if each.dane is not None}
        asked += (
            each.domain
            for each in config.smtp_routes
            if USEDNS not in each.destinations and each.domain.lower() not in own
        )
    if asked:
        yield f"DANE is not enforced for domains that have SMTP routes: {_named(asked)}."


def _routes_to_routed(config: Config) -> Iterator[str]:
    """A route's host is looked up in DNS; a route of its own is not followed."""
    # Every host would be routed by ALL, and nobody expects a relay to be sent through itself.
    routes = Routes(each for each in config.smtp_routes if each.domain != ALL)
    found = [
        f"{each.domain} to {host}"
        for each in config.smtp_routes
        for host in _hosts(each)
        if host.lower() != each.domain.lower() and routes.route(host)
    ]
    if found:
        yield (
            "A route is not applied again to the hosts that a route names; these have one: "
            f"{_named(found)}."
        )


def _open_relays(config: Config) -> Iterator[str]:
    """A listener for the Internet that takes mail for anybody sends everybody's spam."""
    found = [
        listener.name
        for listener in config.listeners
        if any(each.address == ALL_SENDERS and each.accept for each in listener.recipients)
        or _relays_for_all(listener)
    ]
    if found:
        yield f"Anybody can send mail to anywhere through the listener {_named(found)}."


def _relays_for_all(listener: Listener) -> bool:
    relaying = {each.name for each in listener.policies if each.behavior is Behavior.RELAY}
    return any(
        each.name == ALL_SENDERS and each.policy in {*relaying, Behavior.RELAY.value}
        for each in listener.sender_groups
    )


def _hosts(route: SmtpRoute) -> Iterator[str]:
    """The host names among the destinations; addresses need no look-up."""
    for each in route.destinations:
        if each not in (USEDNS, DEV_NULL):
            host = route_host(each)
            if not host.is_address:
                yield host.host


def _named(found: list[str]) -> str:
    shown = ", ".join(found[:MOST_NAMED])
    left = len(found) - MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown
