"""A plan as one page for those who decide about a change and were not there when it was made.

The page stands alone: its style is in it, nothing is fetched, and its own policy forbids that
anything is or that a script runs (Content Security Policy Level 3). What it shows comes from mail
servers and from name servers of others, and from configurations, so every piece of it is escaped,
and characters that would turn the direction of the text around are made visible.

On a narrow screen a row of a table is shown as a block, each cell with its heading. A browser would
then no longer tell a screen reader that it is a table, which is why the roles are written out.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from itertools import groupby

from msgspec import Struct

from esashell.config.quoting import quoted
from esashell.simulate.listing import reason_text
from esashell.simulate.plan import Plan
from esashell.simulate.telling import HEADINGS, Told, outcome_text, span, summary

STYLE = """
:root { color-scheme: light dark; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif;
  color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.verdict { border-left: .4rem solid #555; padding: .75rem 1rem; background: #f2f2f2; }
.verdict.worse { border-color: #b00020; }
.verdict.safe { border-color: #1b6e3c; }
.verdict p { margin: 0; } .verdict strong { font-size: 1.1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9rem; white-space: pre-wrap; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
.destinations th:first-child { width: 18%; } .destinations th:nth-child(2) { width: 9%; }
.destinations th:nth-child(3), .destinations th:nth-child(4) { width: 14%; }
.destinations th:nth-child(5) { width: 32%; }
caption { text-align: left; color: #4a4a4a; padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem .4rem 0;
  border-bottom: 1px solid #ccc; }
tbody th { font-weight: 600; }
a { color: #0b57a4; }
a:focus-visible { outline: 3px solid #0b57a4; outline-offset: 2px; }
footer { margin-top: 2rem; color: #4a4a4a; font-size: .9rem; }
@media (max-width: 50rem) {
  table, caption, tbody, tr, tbody th, td { display: block; width: auto; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { border-bottom: 1px solid #888; padding: .5rem 0; }
  th, td, .destinations th:first-child { border: 0; padding: .1rem 0; width: auto; }
  td::before { content: attr(data-label) ": "; color: #4a4a4a; }
}
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #161616; }
  .verdict { background: #262626; }
  .verdict.worse { border-color: #ff6b7d; } .verdict.safe { border-color: #5fd38d; }
  caption, footer, td::before { color: #bbb; }
  a { color: #8ab8ff; } a:focus-visible { outline-color: #8ab8ff; }
  th, td { border-color: #444; }
}
@media print { body { max-width: none; } tr { break-inside: avoid; } }
"""
MOST = 2000  # destinations of one direction; a page with more cannot be read


class Circumstances(Struct, frozen=True):
    """What a page says besides the plan: what is compared, when that was, and the way back."""

    title: str
    when: str
    undo: str


def page(plan: Plan, told: Iterable[Told], about: Circumstances) -> str:
    """The whole page."""
    return "".join(f"{line}\n" for line in _page(plan, list(told), about))


def _page(plan: Plan, told: Sequence[Told], about: Circumstances) -> Iterator[str]:
    allowed = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    )
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>Plan: {_safe(about.title)}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<header>"
    yield f"<h1>What this change does to the mail</h1>\n<p>{_safe(about.title)}</p>"
    yield "</header>"
    yield "<main>"
    yield from _verdict(plan)
    yield from _changes(plan)
    for number, (direction, group) in enumerate(groupby(told, lambda it: it.found.direction), 1):
        heading = f"{HEADINGS[direction]} ({plan.directions[direction]:,})"
        yield from _destinations(f"d{number}", heading, list(group), plan)
    yield from _futures(told)
    if about.undo and plan.changes:
        yield '<section aria-labelledby="undo">'
        yield f'<h2 id="undo">To take it back</h2>\n<pre>{_safe(about.undo)}</pre>'
        yield "</section>"
    yield "</main>"
    yield f"<footer><p>Made by esashell, {_safe(about.when)}. No mail was sent for it.</p></footer>"
    yield "</body>"
    yield "</html>"


def _safe(text: str) -> str:
    """The text as the text of an element or of an attribute, whatever it is.

    `quoted` shows as escapes what is not printable: controls, and marks of direction.
    """
    return escape(quoted(text, len(text) + 1)[1:-1] if not text.isprintable() else text)


def _verdict(plan: Plan) -> Iterator[str]:
    if plan.is_regression:
        kind, word = "worse", "Some destinations are worse off."
    elif plan.affected:
        kind, word = "", "Outcomes change; none is known to be for the worse."
    else:
        kind, word = "safe", "No outcome changes."
    yield f'<div class="verdict {kind}">' if kind else '<div class="verdict">'
    yield f"<p><strong>{word}</strong></p>\n<p>{_safe(summary(plan))}</p>"
    yield "</div>"
    directions = list(plan.directions.items())
    if len(directions) > 1:
        yield '<nav aria-label="Directions">\n<ul>'
        for number, (direction, count) in enumerate(directions, 1):
            yield f'<li><a href="#d{number}">{_safe(HEADINGS[direction])} ({count:,})</a></li>'
        yield "</ul>\n</nav>"


def _changes(plan: Plan) -> Iterator[str]:
    yield '<section aria-labelledby="changes">\n<h2 id="changes">Changes</h2>'
    if plan.changes:
        yield "<ol>"
        yield from (f"<li><code>{_safe(str(each))}</code></li>" for each in plan.changes)
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
    yield from _table((name, "destinations"), heading, said, COLUMNS, rows)


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
    yield from _table(("future", "futures"), "If it is committed now", said, columns, rows)


def _after(seconds: int | None) -> str:
    return "never" if seconds is None else f"after {span(seconds)}"


def _table(
    named: tuple[str, str],
    heading: str,
    said: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> Iterator[str]:
    name, kind = named
    yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{_safe(heading)}</h2>'
    yield f'<table class="{kind}" role="table" aria-labelledby="{name}">'
    yield f"<caption>{_safe(said)}</caption>"
    yield '<thead role="rowgroup"><tr role="row">'
    yield from (f'<th scope="col" role="columnheader">{_safe(each)}</th>' for each in columns)
    yield '</tr></thead>\n<tbody role="rowgroup">'
    for first, *others in rows:
        cells = (
            f'<td role="cell" data-label="{_safe(label)}">{_safe(text)}</td>'
            for label, text in zip(columns[1:], others, strict=True)
        )
        head = f'<th scope="row" role="rowheader">{_safe(first)}</th>'
        yield f'<tr role="row">{head}{"".join(cells)}</tr>'
    yield "</tbody>\n</table>\n</section>"
