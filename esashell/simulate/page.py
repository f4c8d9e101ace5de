"""A plan as one page for those who decide about a change and were not there when it was made."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from esashell.simulate import markup
from esashell.simulate.listing import reason_text
from esashell.simulate.markup import safe, table, whole
from esashell.simulate.plan import Plan
from esashell.simulate.telling import HEADINGS, About, Told, outcome_text, span, summary, undo_text

STYLE = (
    markup.STYLE
    + """
.destinations th:first-child { width: 18%; } .destinations th:nth-child(2) { width: 9%; }
.destinations th:nth-child(3), .destinations th:nth-child(4) { width: 14%; }
.destinations th:nth-child(5) { width: 32%; }
@media (max-width: 50rem) { .destinations th:first-child { width: auto; } }
"""
)
MOST = 2000  # destinations of one direction; a page with more cannot be read


def page(plan: Plan, told: Iterable[Told], about: About) -> str:
    """The whole page."""
    return "".join(f"{line}\n" for line in _page(plan, list(told), about))


def _page(plan: Plan, told: Sequence[Told], about: About) -> Iterator[str]:
    return whole(f"Plan: {about.title}", STYLE, _body(plan, told, about))


def _body(plan: Plan, told: Sequence[Told], about: About) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>What this change does to the mail</h1>\n<p>{safe(about.title)}</p>"
    yield "</header>"
    yield "<main>"
    yield from _verdict(plan)
    yield from _changes(plan)
    for number, (direction, group) in enumerate(groupby(told, lambda it: it.found.direction), 1):
        heading = f"{HEADINGS[direction]} ({plan.directions[direction]:,})"
        yield from _destinations(f"d{number}", heading, list(group), plan)
    yield from _futures(told)
    if plan.changes and (undo := undo_text(about.undo)):
        yield '<section aria-labelledby="undo">'
        yield f'<h2 id="undo">To take it back</h2>\n<p>{safe(undo)}</p>'
        yield "</section>"
    yield "</main>"
    age = f" {safe(about.age)}" if about.age else ""
    yield "<footer>"
    yield f"<p>Made by esashell, {safe(about.when)}. No mail was sent for it.{age}</p>"
    yield "</footer>"


def _verdict(plan: Plan) -> Iterator[str]:
    if plan.is_regression:
        kind, word = "worse", "Some destinations are worse off."
    elif plan.affected:
        kind, word = "", "Outcomes change; none is known to be for the worse."
    else:
        kind, word = "safe", "No outcome changes."
    yield f'<div class="verdict {kind}">' if kind else '<div class="verdict">'
    yield f"<p><strong>{word}</strong></p>\n<p>{safe(summary(plan))}</p>"
    yield "</div>"
    directions = list(plan.directions.items())
    if len(directions) > 1:
        yield '<nav aria-label="Directions">\n<ul>'
        for number, (direction, count) in enumerate(directions, 1):
            yield f'<li><a href="#d{number}">{safe(HEADINGS[direction])} ({count:,})</a></li>'
        yield "</ul>\n</nav>"


def _changes(plan: Plan) -> Iterator[str]:
    yield '<section aria-labelledby="changes">\n<h2 id="changes">Changes</h2>'
    if plan.changes:
        yield "<ol>"
        yield from (f"<li><code>{safe(str(each))}</code></li>" for each in plan.changes)
        yield "</ol>"
    else:
        yield "<p>There are no changes.</p>"
    yield "</section>"


COLUMNS = ("Destination", "Messages an hour", "Before", "After", "Why", "Because of")


def _destinations(name: str, heading: str, group: Sequence[Told], plan: Plan) -> Iterator[str]:
    numbers = {str(each): number for number, each in enumerate(plan.changes, 1)}
    rows = []
    for each in group[:MOST]:
        found = each.found
        rate = found.destined.per_hour
        causes = ", ".join(
            f"change {numbers[str(it)]}" if str(it) in numbers else str(it)
            for it in each.cause.changes
        )
        rows.append(
            (
                found.destined.domain,
                "not known" if rate is None else f"{rate:,g}",
                outcome_text(found.before),
                outcome_text(found.after),
                reason_text(found),
                causes or "not known",
            )
        )
    said = "The one with the most mail first."
    if len(group) > MOST:
        said = f"The {MOST:,} with the most mail; {len(group) - MOST:,} more are not on this page."
    yield from table((name, "destinations"), heading, said, COLUMNS, rows)


def _futures(told: Sequence[Told]) -> Iterator[str]:
    waiting = [(each.found.destined.domain, each.future) for each in told if each.future]
    if not waiting:
        return
    rows = [
        (
            domain,
            _after(future.first_deferral),
            _after(future.first_bounce),
            f"{future.queued_at_24:,}",
            f"{future.queued_at_72:,}",
        )
        for domain, future in waiting[:MOST]
    ]
    columns = (
        "Destination",
        "First deferral",
        "First bounce",
        "Queue, 24 hours",
        "Queue, 72 hours",
    )
    said = "While nothing else changes; by the simulator."
    yield from table(("future", "futures"), "If it is committed now", said, columns, rows)


def _after(seconds: int | None) -> str:
    return "never" if seconds is None else f"after {span(seconds)}"
