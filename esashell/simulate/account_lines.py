"""An account as lines of text, for the operator who has just run a simulation."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from esashell.delivery.figures import HostFigures
from esashell.simulate.account import AGE_HEADS, Account, besides
from esashell.simulate.sparkline import ruler, sparkline
from esashell.simulate.traffic import HOUR

MOST = 20  # destinations in the table
TELLING = 12  # destinations whose reason is told below the table
ROWS = 3  # of the line of the queue
_NAME = 16  # characters of a name at least


def account_lines(
    it: Account, dated: str, width: int, *, blocks: bool = True, whole: bool = True
) -> Iterator[str]:
    """The report; `dated` is the present moment of the simulation as the appliance has it.

    What is not the `whole` of it leaves out how old the queues are, what happened, and what the
    figures take for granted.
    """
    yield f"Simulation {it.name}: T+{it.after(it.now)} of {it.after(it.end)}, {dated}"
    yield ""
    yield from _totals(it)
    if any(each.queued for each in it.course):
        yield ""
        yield from _course(it, width, blocks=blocks)
    if any(each.received for each in it.hosts):
        yield ""
        yield from _hosts(it, width)
        yield from _reasons(it, width)
    if whole:
        yield from _rest(it, width)


def _rest(it: Account, width: int) -> Iterator[str]:
    if any(it.ages):
        yield ""
        yield from _ages(it, width)
    if it.happened:
        yield ""
        yield "What happened"
        for each in it.happened:
            yield from _folded(each.text, width, f"  T+{it.after(each.when)}: ")
    if it.assumptions:
        yield ""
        yield "Assumed"
        for text in it.assumptions:
            yield from _folded(text, width, "  - ")


def _folded(text: str, width: int, first: str = "") -> list[str]:
    indent = " " * (4 if first else 0)
    return wrap(text, width, initial_indent=first, subsequent_indent=indent) or [first.rstrip()]


def _totals(it: Account) -> Iterator[str]:
    done = it.figures.completion
    rows = [
        ("Messages", it.figures.received, ""),
        ("  delivered with DANE", done.with_dane, ""),
        ("  delivered with TLS", done.with_tls, ""),
        ("  delivered in clear", done.in_clear, ""),
        ("  queued", it.figures.active, _oldest(it)),
        ("  bounced", done.hard_bounced, _bounces(it)),
        ("  dropped", done.dropped, ""),
        ("  deleted", done.deleted, ""),
    ]
    for label, count, more in rows:
        if count or label in ("Messages", "  queued", "  bounced"):
            yield f"{label:<24}{count:>12,}{f'   {more}' if more else ''}"


def _oldest(it: Account) -> str:
    oldest = it.figures.oldest
    return "" if oldest is None else f"the oldest for {it.after(it.begun + it.now - oldest)}"


def _bounces(it: Account) -> str:
    expired = it.figures.completion.expired_hard
    return f"{expired:,} expired in the queue" if expired else ""


def _course(it: Account, width: int, *, blocks: bool) -> Iterator[str]:
    most = max(it.course, key=lambda each: each.queued)
    yield f"Queue over time (highest {most.queued:,}, at T+{it.after(most.when)})"
    columns = min(width - 2, 72)
    for line in sparkline(it.course, columns, ROWS, blocks=blocks).splitlines():
        yield f"  {line}".rstrip()
    yield f"  {ruler((it.course[-1].when - it.begun) // HOUR, columns)}"


def _hosts(it: Account, width: int) -> Iterator[str]:
    heads = ("DANE", "TLS", "clear", "queued", "bounced", "first\ndeferral", "first\nbounce")
    shown, others = it.hosts[:MOST], len(it.hosts[MOST:]) + it.others
    rows = [(each.domain, *_figures(each, it)) for each in shown if each.received]
    if others:
        rest = besides(it.figures, shown)
        done = rest.completion
        figures = (done.with_dane, done.with_tls, done.in_clear, rest.active, done.hard_bounced)
        name = f"{others:,} other{'' if others == 1 else 's'}"
        rows.append((name, *map(_count, figures), "", ""))
    # A column that has nothing for anybody takes room from the names.
    columns = zip(("Destination", *heads), *rows, strict=True)
    kept = [each for each in columns if any(cell not in ("-", "") for cell in each[1:])]
    top, *lines = zip(*kept, strict=True)
    yield from _table(top, lines, width)


def _figures(it: HostFigures, account: Account) -> tuple[str, ...]:
    done = it.completion
    counts = (done.with_dane, done.with_tls, done.in_clear, it.active, done.hard_bounced)
    waits = "" if it.first_deferral is None else account.after(it.first_deferral)
    bounces = "" if it.first_bounce is None else account.after(it.first_bounce)
    return (*map(_count, counts), waits or "-", bounces or "-")


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Columns as wide as what is in them, and the names as wide as the rest allows; a name that is
    longer stands on a line of its own. A head may have two lines."""
    over = [upper if lower else "" for upper, _, lower in (each.partition("\n") for each in heads)]
    below = [each.rpartition("\n")[2] for each in heads]
    lines = [over, below, *rows] if any(over) else [below, *rows]
    columns = list(zip_longest(*lines, fillvalue=""))
    widths = [max(map(len, each)) for each in columns[1:]]
    room = max(_NAME, width - sum(widths) - 2 * len(widths))
    room = min(room, max(map(len, columns[0])))
    for first, *others in lines:
        figures = "".join(f"  {each:>{w}}" for each, w in zip(others, widths, strict=True))
        if len(first) > room:
            yield first
            first = ""
        yield f"{first:<{room}}{figures}".rstrip()


def _reasons(it: Account, width: int) -> Iterator[str]:
    told = [
        each for each in it.hosts if each.reason and (each.active or each.completion.hard_bounced)
    ]
    if told:
        yield ""
        yield "Why"
        for each in told[:TELLING]:
            yield from _folded(each.reason, width, f"  {each.domain}: ")
        if len(told) > TELLING:
            yield f"  ... and {len(told) - TELLING:,} more"


def _ages(it: Account, width: int) -> Iterator[str]:
    """Postfix's qshape: what waits, by the minutes that it has waited."""
    yield "Queue by age in minutes (as qshape)"
    waiting = [each for each in it.hosts if any(each.ages)]
    rows = [("TOTAL", *_aged(it.ages))]
    rows += [(each.domain, *_aged(each.ages)) for each in waiting[:TELLING]]
    yield from _narrow(("", *AGE_HEADS), rows, width)
    if len(waiting) > TELLING:
        yield f"... and {len(waiting) - TELLING:,} more destinations"


def _aged(ages: Iterable[int]) -> tuple[str, ...]:
    counts = tuple(ages)
    return tuple(map(str, (sum(counts), *counts)))


def _narrow(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    widths = [max(map(len, each)) for each in zip(*(heads, *rows), strict=True)][1:]
    room = max(12, width - sum(widths) - len(widths))
    room = min(room, max(len(row[0]) for row in rows))
    for first, *others in (heads, *rows):
        figures = "".join(f" {each:>{w}}" for each, w in zip(others, widths, strict=True))
        if len(first) > room:
            yield first
            first = ""
        yield f"{first:<{room}}{figures}".rstrip()
