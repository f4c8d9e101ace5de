"""What works, but hardly as somebody meant it: settings of one table that defeat another's.

Each sentence names the domains it is about. Nothing here stops a commit.
"""

from collections.abc import Callable, Iterable, Iterator

from esashell.config.lookup import Destinations, Routes
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    TlsSetting,
)
from esashell.config.model.listeners import ALL as ALL_SENDERS
from esashell.config.model.listeners import Behavior, Listener
from esashell.config.model.routes import ALL, DEV_NULL, USEDNS, RouteHost, route_host
from esashell.config.tree import Config

MOST_NAMED = 5
THE_DEFAULT = "the default"
VERIFYING = {
    TlsSetting.PREFERRED_VERIFY,
    TlsSetting.REQUIRED_VERIFY,
    TlsSetting.REQUIRED_VERIFY_HOSTED,
}

Warning_ = Callable[[Config], Iterator[str]]
Control = DestinationControl | DefaultControl


def warnings(config: Config) -> Iterator[str]:
    for warning, tables in WARNINGS:
        yield from _told(warning, tuple(getattr(config, each) for each in tables), config)


# What was said of these very tables the last time: in long ones it takes a while to see.
_last: dict[Warning_, tuple[tuple[object, ...], tuple[str, ...]]] = {}


def _told(warning: Warning_, tables: tuple[object, ...], config: Config) -> tuple[str, ...]:
    last = _last.get(warning)
    if last is None or any(a is not b for a, b in zip(tables, last[0], strict=True)):
        last = _last[warning] = tables, tuple(warning(config))
    return last[1]


def _dane(config: Config, entry: Control) -> DaneSetting:
    return config.destinations.default.dane if entry.dane is None else entry.dane


def _tls(config: Config, entry: Control) -> TlsSetting:
    return config.destinations.default.tls if entry.tls is None else entry.tls


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
        asked.append(THE_DEFAULT)
    if asked:
        yield f"DANE has no effect where TLS is No: {_named(asked)}."


def _with_dane(config: Config) -> list[str]:
    """The entries that ask for DANE themselves."""
    return [
        each.domain
        for each in config.destinations.entries
        if each.dane not in (None, DaneSetting.NONE)
    ]


def _asks_for_dane(config: Config) -> bool:
    return config.destinations.default.dane is not DaneSetting.NONE or any(
        each.dane not in (None, DaneSetting.NONE) for each in config.destinations.entries
    )


def _dane_behind_routes(config: Config) -> Iterator[str]:
    """DANE is not enforced for domains that have SMTP routes."""
    if not config.smtp_routes or not _asks_for_dane(config):
        return
    routes, controls = Routes(config.smtp_routes), Destinations(config.destinations)
    asked = [domain for domain in _with_dane(config) if routes.route(domain)]
    default = config.destinations.default
    # A route may be for one of the many domains that an entry or the default is for.
    asked += (
        each.domain
        for each in config.smtp_routes
        if USEDNS not in each.destinations
        and _dane(config, (each.domain != ALL and controls.entry(each.domain)) or default)
        is not DaneSetting.NONE
    )
    if asked:
        yield f"DANE is not enforced for domains that have SMTP routes: {_named(asked)}."


def _dane_without_dnssec(config: Config) -> Iterator[str]:
    """What is not validated counts as unsigned, and an unsigned domain has no DANE."""
    bare = [each.domain.lower() for each in config.dns.alternates if not each.validate]
    if not bare or not _asks_for_dane(config):
        return
    controls = Destinations(config.destinations)
    asked = [domain for domain in _with_dane(config) if _below(domain, bare)]
    asked += (each for each in bare if controls.control(each).dane is not DaneSetting.NONE)
    if asked:
        yield (
            "Answers for these domains are not validated (dnsconfig), so that DANE is never "
            f"found there: {_named(asked)}."
        )


def _below(domain: str, tops: Iterable[str]) -> bool:
    name = f".{domain.lower().removeprefix('.')}"
    return any(name.endswith(f".{top}") for top in tops)


def _verified_by_nobody(config: Config) -> Iterator[str]:
    """Without a list of authorities no certificate has a path to one."""
    lists = config.authorities
    if lists.system or (lists.custom and lists.custom_list):
        return
    asked = [each.domain for each in config.destinations.entries if each.tls in VERIFYING]
    if config.destinations.default.tls in VERIFYING:
        asked.append(THE_DEFAULT)
    if asked:
        yield (
            "No list of certificate authorities is in use (certconfig), so that no certificate "
            f"is ever verified: {_named(asked)}."
        )


def _routes_to_routed(config: Config) -> Iterator[str]:
    """A route's host is looked up in DNS; a route of its own is not followed."""
    # Every host would be routed by ALL, and nobody expects a relay to be sent through itself.
    routes = Routes(each for each in config.smtp_routes if each.domain != ALL)
    # Many routes lead to few machines.
    routed = {
        each: [host for host in _hosts(each) if not host.is_address and routes.route(host.host)]
        for each in {each.destinations for each in config.smtp_routes}
    }
    found = [
        f"{each.domain} to {host.host}"
        for each in config.smtp_routes
        for host in routed[each.destinations]
        if host.host.lower() != each.domain.lower()
    ]
    if found:
        yield (
            "A route is not applied again to the hosts that a route names; these have one: "
            f"{_named(found)}."
        )


def _routes_to_ourselves(config: Config) -> Iterator[str]:
    """Mail that the appliance sends to itself goes round until it is too old."""
    own = {config.hostname.lower(), *(each.hostname.lower() for each in config.interfaces)}
    own |= {text for each in config.interfaces for text in (each.address, each.address6)}
    ports = {each.port for each in config.listeners}
    ours = {
        each
        for each in {each.destinations for each in config.smtp_routes}
        if any(host.host.lower() in own and host.port in ports for host in _hosts(each))
    }
    found = [each.domain for each in config.smtp_routes if each.destinations in ours]
    if found:
        yield f"A route leads to this appliance itself: {_named(found)}."


def _all_discarded(config: Config) -> Iterator[str]:
    if any(each.domain == ALL and DEV_NULL in each.destinations for each in config.smtp_routes):
        yield "Mail for every domain without a route of its own is discarded (ALL to /dev/null)."


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


def _hosts(destinations: Iterable[str]) -> Iterator[RouteHost]:
    """The machines among a route's destinations."""
    return (route_host(each) for each in destinations if each not in (USEDNS, DEV_NULL))


def _named(found: Iterable[str]) -> str:
    unique: dict[str, str] = {}
    for each in found:
        unique.setdefault(each.lower(), each)
    names = tuple(unique.values())
    left = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    return f"{shown} and {left} more" if left > 0 else shown


# Each with the tables that it looks at.
WARNINGS: tuple[tuple[Warning_, tuple[str, ...]], ...] = (
    (_dane_without_tls, ("destinations",)),
    (_dane_behind_routes, ("destinations", "smtp_routes")),
    (_dane_without_dnssec, ("destinations", "dns")),
    (_verified_by_nobody, ("destinations", "authorities")),
    (_routes_to_routed, ("smtp_routes",)),
    (_routes_to_ourselves, ("hostname", "interfaces", "listeners", "smtp_routes")),
    (_all_discarded, ("smtp_routes",)),
    (_open_relays, ("listeners",)),
)
