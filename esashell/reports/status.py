"""`status` and `status detail`: the counters and gauges of the whole appliance.

The form is the appliance's. What it shows besides and nobody can know of an appliance that is
emulated is left out instead of made up: memory, processors and disks, space in the queue, and
feature keys. Nothing resets the counters, so the three columns agree.
"""

from collections.abc import Callable, Iterator

from esashell.delivery.figures import ApplianceFigures, Completion, Rate
from esashell.reports.evidence import Document, moment
from esashell.reports.spans import age, uptime

SCHEMA = "esashell.status"
VERSION = 1
ONLINE, SUSPENDED = "Online", "Delivery Suspended"

Dated = Callable[[int], str]
Row = tuple[str, int]


def status_lines(it: ApplianceFigures, dated: Dated, *, detail: bool = False) -> Iterator[str]:
    """The whole screen; `dated` writes a moment as the appliance does."""
    if not detail:
        yield 'Enter "status detail" for more information.'
        yield ""
    yield _head("Status as of:", dated(it.now))
    yield _head("Up since:", f"{dated(it.since)} ({uptime(it.now - it.since)})")
    yield _head("Last counter reset:", "Never")
    yield _head("System status:", system_status(it))
    yield _head("Oldest Message:", "No Messages" if it.oldest is None else age(it.now - it.oldest))
    yield from _counters(it, detail=detail)
    if detail:
        yield ""
        yield from _rates(it.rates)
        yield ""
    yield from _gauges(it, detail=detail)


def system_status(it: ApplianceFigures) -> str:
    return SUSPENDED if "ALL" in it.suspended else ONLINE


def _head(label: str, value: str) -> str:
    return f"{label:<31}{value}"


def _counters(it: ApplianceFigures, *, detail: bool) -> Iterator[str]:
    done = it.completion
    yield f"{'Counters:':<35}{'Reset':>11}{'Uptime':>11}{'Lifetime':>12}"
    yield "  Receiving"
    yield from _three(("Messages Received", it.messages), ("Recipients Received", it.received))
    if detail:
        yield from _three(("Gen. Bounce Recipients", 0))
    yield "  Rejection"
    yield from _three(("Rejected Recipients", 0), ("Dropped Messages", done.dropped))
    yield "  Queue"
    yield from _three(("Soft Bounced Events", done.soft_bounced))
    yield "  Completion"
    yield from _three(
        *(_completion(done) if detail else [("Completed Recipients", done.completed)])
    )
    yield "  Current IDs"
    ids = (
        ("Message ID (MID)", it.mid),
        ("Injection Conn. ID (ICID)", it.icid),
        ("Delivery Conn. ID (DCID)", it.dcid),
    )
    yield from (f"    {label:<31}{value:>34}" for label, value in ids)


def _completion(done: Completion) -> list[Row]:
    return [
        ("Completed Recipients", done.completed),
        ("  Hard Bounced Recipients", done.hard_bounced),
        ("    DNS Hard Bounces", done.dns_hard),
        ("    5XX Hard Bounces", done.smtp_hard),
        ("    Expired Hard Bounces", done.expired_hard),
        ("    Filter Hard Bounces", done.filter_hard),
        ("    Other Hard Bounces", done.other_hard),
        ("  Delivered Recipients", done.delivered),
        ("  Deleted Recipients", done.deleted),
        ("  Global Unsub. Hits", 0),
    ]


def _three(*rows: Row) -> Iterator[str]:
    """Since the counters were reset, since the start, and ever."""
    for label, value in rows:
        yield f"    {label:<31}{value:>11,}{value:>11,}{value:>12,}"


def _rates(rates: tuple[Rate, ...]) -> Iterator[str]:
    heads = "".join(
        f"{f'{each.minutes}-Minute' + ('' if each.minutes == 1 else 's'):>{width}}"
        for each, width in zip(rates, (11, 11, 12), strict=True)
    )
    yield f"{'Rates (Events Per Hour):':<35}{heads}"

    def row(label: str, *counts: int) -> str:
        shown = "".join(
            f"{count:>{width},}" for count, width in zip(counts, (11, 11, 12), strict=True)
        )
        return f"    {label:<31}{shown}"

    received = [each.received for each in rates]
    yield "  Receiving"
    yield row("Messages Received", *received)
    yield row("Recipients Received", *received)
    yield "  Queue"
    yield row("Soft Bounced Events", *(each.soft_bounced for each in rates))
    yield "  Completion"
    yield row("Completed Recipients", *(each.completed for each in rates))
    yield row("  Hard Bounced Recipients", *(each.hard_bounced for each in rates))
    yield row("  Delivered Recipients", *(each.delivered for each in rates))


def _gauges(it: ApplianceFigures, *, detail: bool) -> Iterator[str]:
    yield f"{'Gauges:':<37}Current"

    def row(label: str, value: int) -> str:
        return f"    {label:<31}{value:>9,}"

    if detail:
        yield "  System"
        yield row("Resource Conservation", 0)
    yield "  Connections"
    yield row("Current Inbound Conn.", 0)
    yield row("Current Outbound Conn.", it.connections_out)
    yield "  Queue"
    yield row("Active Recipients", it.active)
    if detail:
        yield row("  Unattempted Recipients", it.unattempted)
        yield row("  Attempted Recipients", it.attempted)
    yield row("Messages In Work Queue", 0)
    yield row("Messages In Quarantine", 0)
    if detail:
        yield row("Destinations In Memory", it.destinations)
    yield row("Kilobytes Used", it.kilobytes)
    yield row("Kilobytes In Quarantine", 0)


def status_document(it: ApplianceFigures, simulation: str) -> Document:
    """The figures for machines; `simulation` is the scenario's name, "" where none is loaded."""
    done = it.completion
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(it.now),
        "since": moment(it.since),
        "simulation": simulation or None,
        "system_status": system_status(it),
        "suspended": list(it.suspended),
        "oldest_message": None if it.oldest is None else moment(it.oldest),
        "counters": {
            "messages_received": it.messages,
            "recipients_received": it.received,
            **completion_document(done),
        },
        "ids": {"mid": it.mid, "icid": it.icid, "dcid": it.dcid},
        "rates": [
            {
                "minutes": each.minutes,
                "received": each.received,
                "soft_bounced": each.soft_bounced,
                "hard_bounced": each.hard_bounced,
                "delivered": each.delivered,
            }
            for each in it.rates
        ],
        "gauges": {
            "active": it.active,
            "unattempted": it.unattempted,
            "attempted": it.attempted,
            "connections_out": it.connections_out,
            "destinations": it.destinations,
            "kilobytes": it.kilobytes,
        },
    }


def completion_document(done: Completion) -> Document:
    """What has become of recipients, for machines; `dropped` is by a route to /dev/null."""
    return {
        "soft_bounced_events": done.soft_bounced,
        "completed": done.completed,
        "hard_bounced": {
            "all": done.hard_bounced,
            "dns": done.dns_hard,
            "smtp": done.smtp_hard,
            "filter": done.filter_hard,
            "expired": done.expired_hard,
            "other": done.other_hard,
        },
        "delivered": {
            "all": done.delivered,
            "dane": done.with_dane,
            "tls": done.with_tls,
            "clear": done.in_clear,
        },
        "deleted": done.deleted,
        "dropped": done.dropped,
    }
