"""`hoststatus`: one destination's counters and gauges, and where its mail goes by now.

The counters are the queue's. The addresses and MX records are asked for when the command is typed,
of the resolver and its cache, as the appliance shows those that it would deliver to next.
"""

from collections.abc import Callable, Iterator
from itertools import groupby
from textwrap import wrap

from msgspec import Struct

from esashell.delivery.figures import HostFigures
from esashell.reports.evidence import Document, moment
from esashell.reports.nslookup import duration
from esashell.reports.screen import WIDTH
from esashell.reports.spans import age
from esashell.reports.status import completion_document

SCHEMA = "esashell.hoststatus"
VERSION = 1

Dated = Callable[[int], str]


class MxShown(Struct, frozen=True):
    preference: int
    ttl: int
    host: str


class AddressShown(Struct, frozen=True):
    preference: int
    address: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


class Whereabouts(Struct, frozen=True):
    """Where the mail of a domain goes: its MX records, or the destinations of a route.

    `until` is when the first of the answers is forgotten. `trouble` says why nobody can tell.
    """

    mx: tuple[MxShown, ...] = ()
    addresses: tuple[AddressShown, ...] = ()
    until: int | None = None
    route: tuple[str, ...] = ()
    trouble: str = ""


def host_lines(it: HostFigures, where: Whereabouts, now: int, dated: Dated) -> Iterator[str]:
    """The whole screen; `dated` writes a moment as the appliance does."""
    yield f"Host mail status for: '{it.domain}'"
    yield f"{'Status as of:':<22}{dated(now)}"
    yield f"{'Host up/down:':<22}{it.state.value}"
    yield ""
    yield from _figures(it)
    yield ""
    yield f"{'Oldest Message':<22}{'No Messages' if it.oldest is None else age(now - it.oldest)}"
    last = "Never" if it.last_activity is None else dated(it.last_activity)
    yield f"{'Last Activity':<22}{last}"
    yield from _addresses(where, dated)
    yield ""
    if where.route:
        yield "SMTP Routes for this host:"
        yield from (f"  {each}" for each in where.route)
    else:
        yield "MX Records:"
        yield f"  {'Preference':<14}{'TTL':<12}Hostname"
        yield from (f"  {mx.preference:<14}{duration(mx.ttl):<12}{mx.host}" for mx in where.mx)
    yield from wrap(where.trouble, WIDTH, initial_indent="  ", subsequent_indent="  ")
    # What the destination said itself; why else its mail waits the appliance does not show here.
    if it.last_error is not None and it.last_error.text.startswith("5"):
        error = it.last_error
        at = f"(at {dated(error.when)})"
        yield ""
        yield "  Last 5XX Error:"
        yield "    ----------"
        yield f"    {error.text}"
        yield f"    {at} IP: {error.address}" if error.address else f"    {at}"
        yield "    ----------"


def _figures(it: HostFigures) -> Iterator[str]:
    done = it.completion

    def row(label: str, value: int) -> str:
        return f"    {label:<39}{value:>12,}"

    yield "Counters:"
    yield "  Queue"
    yield row("Soft Bounced Events", done.soft_bounced)
    yield "  Completion"
    yield row("Completed Recipients", done.completed)
    yield row("  Hard Bounced Recipients", done.hard_bounced)
    yield row("    DNS Hard Bounces", done.dns_hard)
    yield row("    5XX Hard Bounces", done.smtp_hard)
    yield row("    Filter Hard Bounces", done.filter_hard)
    yield row("    Expired Hard Bounces", done.expired_hard)
    yield row("    Other Hard Bounces", done.other_hard)
    yield row("  Delivered Recipients", done.delivered)
    yield row("  Deleted Recipients", done.deleted)
    yield ""
    yield "Gauges:"
    yield "  Queue"
    yield row("Active Recipients", it.active)
    yield row("  Unattempted Recipients", it.unattempted)
    yield row("  Attempted Recipients", it.attempted)
    yield "  Connections"
    yield row("Current Outbound Connections", it.connections_out)
    yield row("Pending Outbound Connections", it.connections_pending)


def _addresses(where: Whereabouts, dated: Dated) -> Iterator[str]:
    until = f" (expiring at {dated(where.until)})" if where.until is not None else ""
    yield f"Ordered IP addresses:{until}"
    yield f"  {'Preference':<14}IPs"
    for preference, group in groupby(where.addresses, lambda each: each.preference):
        yield f"  {preference:<14}{', '.join(map(str, group))}"


def host_document(it: HostFigures, where: Whereabouts, now: int, simulation: str) -> Document:
    """The same for machines; `simulation` is the scenario's name, "" where none is loaded."""

    def instant(when: int | None) -> str | None:
        return None if when is None else moment(when)

    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(now),
        "simulation": simulation or None,
        "domain": it.domain,
        "state": it.state.value,
        "reason": it.reason,
        "received": it.received,
        "counters": completion_document(it.completion),
        "gauges": {
            "active": it.active,
            "unattempted": it.unattempted,
            "attempted": it.attempted,
            "connections_out": it.connections_out,
            "connections_pending": it.connections_pending,
        },
        "suspended": it.suspended,
        "oldest_message": instant(it.oldest),
        "last_activity": instant(it.last_activity),
        "next_attempt": instant(it.next_attempt),
        "first_deferral": instant(it.first_deferral),
        "first_bounce": instant(it.first_bounce),
        "mx": [{"preference": m.preference, "ttl": m.ttl, "host": m.host} for m in where.mx],
        "addresses": [
            {"preference": a.preference, "address": a.address, "port": a.port}
            for a in where.addresses
        ],
        "addresses_expire": instant(where.until),
        "route": list(where.route),
        "trouble": where.trouble,
    }
