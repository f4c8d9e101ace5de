"""Pages that stand alone: what they have in common.

A page has its style in it, fetches nothing, and its own policy forbids that anything is fetched or
that a script runs (Content Security Policy Level 3). What it shows comes from mail servers and from
name servers of others, and from configurations, so every piece of it is escaped, and characters
that would turn the direction of the text around are made visible.

On a narrow screen a row of a table is shown as a block, each cell with its heading. A browser would
then no longer tell a screen reader that it is a table, which is why the roles are written out.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape

from esashell.config.quoting import quoted

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
  th, td { border: 0; padding: .1rem 0; width: auto; }
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


def whole(title: str, style: str, body: Iterable[str]) -> Iterator[str]:
    """The lines of a page; its title is text, its body is markup."""
    allowed = b64encode(sha256(style.encode()).digest()).decode()
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
    yield f"<title>{safe(title)}</title>"
    yield f"<style>{style}</style>"
    yield "</head>"
    yield "<body>"
    yield from body
    yield "</body>"
    yield "</html>"


def safe(text: str) -> str:
    """The text as the text of an element or of an attribute, whatever it is.

    `quoted` shows as escapes what is not printable: controls, and marks of direction.
    """
    return escape(quoted(text, len(text) + 1)[1:-1] if not text.isprintable() else text)


def table(
    named: tuple[str, str],
    heading: str,
    said: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
) -> Iterator[str]:
    name, kind = named
    yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{safe(heading)}</h2>'
    yield f'<table class="{kind}" role="table" aria-labelledby="{name}">'
    yield f"<caption>{safe(said)}</caption>"
    yield '<thead role="rowgroup"><tr role="row">'
    yield from (f'<th scope="col" role="columnheader">{safe(each)}</th>' for each in columns)
    yield '</tr></thead>\n<tbody role="rowgroup">'
    for first, *others in rows:
        cells = (
            f'<td role="cell" data-label="{safe(label)}">{safe(text)}</td>'
            for label, text in zip(columns[1:], others, strict=True)
        )
        head = f'<th scope="row" role="rowheader">{safe(first)}</th>'
        yield f'<tr role="row">{head}{"".join(cells)}</tr>'
    yield "</tbody>\n</table>\n</section>"
