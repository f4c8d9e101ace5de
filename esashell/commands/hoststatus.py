"""hoststatus: one destination's queue, and where its mail goes by what the resolver says now.

The status is 0 also for a host that is down; it is 1 where nobody can tell where its mail goes.
"""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_time_and_zone
from esashell.commands.queues import queues, simulation_name
from esashell.commands.registry import TABLE, command
from esashell.config.lookup import Routes
from esashell.config.model.routes import route_host
from esashell.delivery.destinations import find_destination, why_not_known
from esashell.delivery.figures import HostFigures
from esashell.delivery.nexthops import MOST_HOSTS
from esashell.dialogue.kinds import domain
from esashell.dialogue.requests import Notice, Show, do
from esashell.reports.hoststatus import (
    AddressShown,
    MxShown,
    Whereabouts,
    host_document,
    host_lines,
)
from esashell.resolver.names import name_from_text
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import RRType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from esashell.commands.registry import Appliance
    from esashell.config.model.routes import SmtpRoute
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.lookup import Resolver
    from esashell.resolver.names import Name
    from esashell.steps import Steps

PORT = 25
SECOND = 1_000_000


@command("hoststatus", help=TABLE["hoststatus"])
def hoststatus(appliance: "Appliance") -> "Dialogue[int]":
    name = yield from domain("host", "Recipient host:")
    where = yield from do(_whereabouts(appliance, name))
    figures = queues(appliance).host(str(name)) or HostFigures(str(name))
    now, timezone = appliance.now, appliance.running.timezone
    lines = host_lines(figures, where, now, lambda when: date_time_and_zone(when, timezone))
    yield Notice("\n".join(lines))
    yield Show(host_document(figures, where, now, simulation_name(appliance)))
    return 1 if where.trouble else 0


def _whereabouts(appliance: "Appliance", name: "Name") -> "Steps[Whereabouts]":
    """By the running configuration: a route first, then MX records and the addresses behind."""
    resolver, now = appliance.sender.resolver, appliance.now
    route = Routes(appliance.running.smtp_routes).route(str(name))
    if route is not None:
        return (yield from _routed(route, resolver, now))
    found = yield from find_destination(name, resolver)
    ttl = resolver.kept_for(name, RRType.MX)
    hosts = found.hosts[:MOST_HOSTS]
    if not hosts:
        known = found.kind.value if found.mx.denied or found.mx.found else ""
        trouble = known or why_not_known(found).whole
        return Whereabouts(trouble=f"{trouble[:1].upper()}{trouble[1:]}.")
    named = ((host.preference, host.name, PORT) for host in hosts)
    addresses, until = yield from _addresses(named, resolver, now)
    mx = tuple(MxShown(host.preference, ttl, str(host.name)) for host in hosts)
    if not found.mx.found:
        mx = ()  # the domain itself, which has no MX record to be shown
    return Whereabouts(mx, addresses, until)


def _routed(route: "SmtpRoute", resolver: "Resolver", now: int) -> "Steps[Whereabouts]":
    hosts = [route_host(each) for each in route.destinations if each != "/dev/null"]
    shown = tuple(
        AddressShown(each.priority, each.host, each.port) for each in hosts if each.is_address
    )
    named = [
        (each.priority, name_from_text(each.host), each.port)
        for each in hosts
        if not each.is_address
    ]
    found, until = yield from _addresses(named, resolver, now)
    addresses = tuple(sorted((*shown, *found), key=lambda each: each.preference))
    return Whereabouts(addresses=addresses, until=until, route=tuple(route.destinations))


def _addresses(
    named: "Iterable[tuple[int, Name, int]]", resolver: "Resolver", now: int
) -> "Steps[tuple[tuple[AddressShown, ...], int | None]]":
    """The addresses of hosts, and when the first of the answers is forgotten."""
    shown: list[AddressShown] = []
    kept: list[int] = []
    for preference, host, port in named:
        for rdtype in (RRType.A, RRType.AAAA):
            answer = yield from resolver.look_up(host, rdtype)
            if answer.found:
                kept.append(resolver.kept_for(host, rdtype))
                texts = (rdata_text(rdtype, each) for each in answer.rdatas)
                shown += (AddressShown(preference, text, port) for text in texts)
    return tuple(shown), now + min(kept) * SECOND if kept else None
