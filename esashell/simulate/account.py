"""What a simulation has come to at an instant: the record that its report is made of.

An operator reads it as lines (`account_lines`), whoever decides as a page (`account_page`), a
spreadsheet as the rows and a program as the document that are made here. The document's shape is a
contract: its `version` rises when a field changes its meaning or goes.

Instants are microseconds; what is shown of them is the time from the beginning, as in "72 h 3 min".
"""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from esashell.delivery.figures import (
    AGES,
    ApplianceFigures,
    Completion,
    HostFigures,
    Sample,
)
from esashell.simulate.telling import span
from esashell.simulate.traffic import SECOND

SCHEMA = "esashell.simulation"
VERSION = 1
# Rows of a report. All destinations are in the CSV.
MOST = 40

AGE_HEADS = ("T", *map(str, AGES), f"{AGES[-1]}+")
COLUMNS = (
    "domain", "state", "received", "delivered_dane", "delivered_tls", "delivered_clear", "queued",
    "bounced", "expired", "dropped", "deleted", "soft_bounced_events", "first_deferral_s",
    "first_bounce_s", "oldest_s", "reason",
)  # fmt: skip
# What a spreadsheet takes for the beginning of a formula, wherever a cell comes from.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Happened(Struct, frozen=True):
    """Something that the world did, or the operator."""

    when: int
    text: str


class Course(Struct, frozen=True):
    """One destination's queue over time."""

    domain: str
    samples: tuple[Sample, ...]


class Account(Struct, frozen=True):
    """A simulation at the instant `now`; planned until `end`.

    `hosts` are those that have something to tell, the worst first; `others` are so many besides,
    which `rest` sums up. `ages` are those of all queues together.
    """

    name: str
    story: str
    begun: int
    now: int
    end: int
    seed: int
    figures: ApplianceFigures
    hosts: tuple[HostFigures, ...] = ()
    others: int = 0
    rest: HostFigures = HostFigures("")
    course: tuple[Sample, ...] = ()
    courses: tuple[Course, ...] = ()
    ages: tuple[int, ...] = ()
    happened: tuple[Happened, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.now >= self.end

    def after(self, when: int | None) -> str:
        """How long after the beginning, in words."""
        return "never" if when is None else spoken(when - self.begun)


def spoken(length: int) -> str:
    """A length of time in words, without what is nothing: "72 h", "72 h 3 min", "0"."""
    if length < SECOND:
        return "0"
    said = span(max(length, 0) // SECOND)
    return said.removesuffix(" 0 min").removesuffix(" 0 s")


def worst_first(hosts: Iterable[HostFigures], most: int = MOST) -> tuple[HostFigures, ...]:
    """Those whose mail bounced, then those whose mail waits, then the rest by their mail."""
    from heapq import nsmallest

    def badness(it: HostFigures) -> tuple[int, int, int, int, str]:
        done = it.completion
        return (
            -(done.hard_bounced + it.active),
            -done.soft_bounced,
            -done.in_clear,
            -it.received,
            it.domain,
        )

    return tuple(nsmallest(most, hosts, key=badness))


def besides(all_of_them: ApplianceFigures, shown: Iterable[HostFigures]) -> HostFigures:
    """What is left of all figures without those of some destinations."""
    rows = list(shown)
    done = sum((each.completion for each in rows), Completion())
    counts = zip(astuple(all_of_them.completion), astuple(done), strict=True)
    return HostFigures(
        "",
        received=all_of_them.received - sum(each.received for each in rows),
        completion=Completion(*(whole - part for whole, part in counts)),
        attempted=all_of_them.active - sum(each.active for each in rows),
    )


def headline(it: Account) -> str:
    """The account in one line."""
    done = it.figures.completion
    parts = [f"{done.delivered:,} delivered"]
    parts += [f"{it.figures.active:,} queued"] if it.figures.active else []
    parts += [f"{done.hard_bounced:,} bounced"] if done.hard_bounced else []
    parts += [f"{done.dropped:,} dropped"] if done.dropped else []
    parts += [f"{done.deleted:,} deleted"] if done.deleted else []
    return f"T+{it.after(it.now)}: {', '.join(parts)}, of {it.figures.received:,} messages."


def document(it: Account) -> dict[str, Any]:
    """The account for programs. Instants are in UTC, what ends in `_s` are seconds from `begun`."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "name": it.name,
        "story": it.story,
        "seed": it.seed,
        "begun": _moment(it.begun),
        "now": _moment(it.now),
        "end": _moment(it.end),
        "totals": {
            "received": it.figures.received,
            **_completion(it.figures.completion),
            "queued": it.figures.active,
        },
        "destinations": [_host(each, it) for each in it.hosts],
        "others": {
            "destinations": it.others,
            "received": it.rest.received,
            **_completion(it.rest.completion),
            "queued": it.rest.active,
        },
        "queue": [[(each.when - it.begun) // SECOND, each.queued] for each in it.course],
        "queues": {
            course.domain: [[(s.when - it.begun) // SECOND, s.queued] for s in course.samples]
            for course in it.courses
        },
        "ages": {"minutes": list(AGES), "queued": list(it.ages)},
        "happened": [
            {"at_s": (each.when - it.begun) // SECOND, "text": each.text} for each in it.happened
        ],
        "assumptions": list(it.assumptions),
    }


def _completion(done: Completion) -> dict[str, Any]:
    return {
        "delivered": {"dane": done.with_dane, "tls": done.with_tls, "clear": done.in_clear},
        "bounced": {
            "dns": done.dns_hard,
            "smtp": done.smtp_hard,
            "filter": done.filter_hard,
            "expired": done.expired_hard,
            "other": done.other_hard,
        },
        "dropped": done.dropped,
        "deleted": done.deleted,
        "soft_bounced_events": done.soft_bounced,
    }


def _host(host: HostFigures, it: Account) -> dict[str, Any]:
    def since(when: int | None) -> int | None:
        return None if when is None else (when - it.begun) // SECOND

    return {
        "domain": host.domain,
        "state": host.state.value,
        "received": host.received,
        **_completion(host.completion),
        "queued": host.active,
        "ages": list(host.ages),
        "first_deferral_s": since(host.first_deferral),
        "first_bounce_s": since(host.first_bounce),
        "reason": host.reason,
    }


def _moment(when: int) -> str:
    at = datetime.fromtimestamp(when // SECOND, UTC).replace(microsecond=when % SECOND)
    return at.isoformat().replace("+00:00", "Z")


def csv_lines(hosts: Iterable[HostFigures], begun: int, now: int) -> Iterator[str]:
    """A line for each destination under a header line (RFC 4180), each with its line end.

    A cell that a spreadsheet would take for a formula has an apostrophe in front.
    """

    def since(when: int | None) -> int | str:
        return "" if when is None else (when - begun) // SECOND

    yield _row(COLUMNS)
    for it in hosts:
        done = it.completion
        yield _row(
            (
                _cell(it.domain),
                it.state.value,
                it.received,
                done.with_dane,
                done.with_tls,
                done.in_clear,
                it.active,
                done.hard_bounced,
                done.expired_hard,
                done.dropped,
                done.deleted,
                done.soft_bounced,
                since(it.first_deferral),
                since(it.first_bounce),
                "" if it.oldest is None else (now - it.oldest) // SECOND,
                _cell(it.reason),
            )
        )


def _row(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _cell(text: str) -> str:
    """The text on one line, and no formula (OWASP, CSV Injection)."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return f"'{plain}" if text.startswith(_FORMULA) else plain
