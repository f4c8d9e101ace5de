"""Charts as SVG, for a page that stands alone.

Each is a picture with a name and a description, which a screen reader tells, a place in the order
of Tab, and the same figures as a table below it, which is folded away. Colours are not all that
tells two things apart: what waits and what bounced is hatched, and every colour is named.

They are drawn for the width of a phone, so that their letters are neither too small there nor too
large on a wide screen, where several stand side by side; `Size` is the exception.
"""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from esashell.delivery.figures import Sample
from esashell.simulate.markup import safe
from esashell.simulate.sparkline import highest, step_of
from esashell.simulate.traffic import HOUR

STYLE = """
figure { margin: 0 0 1.5rem; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
svg { display: block; width: 100%; height: auto; font: 14px system-ui, sans-serif; }
svg:focus-visible, summary:focus-visible { outline: 3px solid #0b57a4; outline-offset: 2px; }
svg text { fill: #1a1a1a; } .axis { stroke: #767676; } .grid { stroke: #d9d9d9; }
.line { fill: none; stroke: #0b57a4; stroke-width: 2; } .area { fill: #0b57a4; opacity: .2; }
.mark { stroke: #9a4b00; stroke-width: 1.5; stroke-dasharray: 4 3; }
.dane { fill: #1b6e3c; } .tls { fill: #0b57a4; } .clear { fill: #b07800; }
.queued { fill: #6b6b6b; } .bounced { fill: #b00020; } .other { fill: #c9c9c9; }
.hatch { fill: none; stroke: #fff; stroke-width: 2; }
.charts { display: grid; gap: 0 2rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); }
.wide { display: none; }
.legend { list-style: none; margin: .25rem 0 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: .1rem 1rem; }
.legend svg { display: inline-block; width: 1rem; height: 1rem; vertical-align: -.15rem; }
summary { cursor: pointer; color: #0b57a4; padding: .25rem 0; }
@media (min-width: 50rem) { .wide { display: block; } .narrow { display: none; } }
@media (prefers-color-scheme: dark) {
  svg text { fill: #eee; } .grid { stroke: #3a3a3a; } .axis { stroke: #999; }
  .line { stroke: #8ab8ff; } .area { fill: #8ab8ff; } .mark { stroke: #ffb366; }
  .dane { fill: #5fd38d; } .tls { fill: #8ab8ff; } .clear { fill: #f0c04a; }
  .queued { fill: #a8a8a8; } .bounced { fill: #ff6b7d; } .other { fill: #555; }
  .hatch { stroke: #161616; }
  summary { color: #8ab8ff; }
  svg:focus-visible, summary:focus-visible { outline-color: #8ab8ff; }
}
"""

LEFT, RIGHT, TOP, BOTTOM = 58, 12, 22, 26
LETTER = 7.6  # the width of one, about
PATTERNS = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path class="hatch" d="M0 6L6 0"/></pattern>'
)


class Size(Struct, frozen=True):
    width: int = 380
    height: int = 220
    points: int = 150


PHONE = Size()
WIDE = Size(1200, 300, 400)


class Chart(Struct, frozen=True):
    """What a picture shows: `shapes` are markup, `said` its description in words."""

    name: str
    title: str
    said: str
    size: Size
    shapes: tuple[str, ...]


class Figures(Struct, frozen=True):
    """The same as a table, which is worth more than a picture to some readers."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Part(Struct, frozen=True):
    """A piece of a bar, by the class that has its colour."""

    kind: str
    label: str
    count: int


class Bar(Struct, frozen=True):
    label: str
    parts: tuple[Part, ...]
    note: str = ""


HATCHED = ("queued", "bounced")


def drawn(chart: Chart, kind: str = "") -> Iterator[str]:
    """The picture alone."""
    name, size = chart.name, chart.size
    shown = f' class="{kind}"' if kind else ""
    yield (
        f'<svg{shown} role="img" tabindex="0" viewBox="0 0 {size.width} {size.height}" '
        f'aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
    )
    yield f'<title id="{name}-title">{safe(chart.title)}</title>'
    yield f'<desc id="{name}-desc">{safe(chart.said)}</desc>'
    yield from chart.shapes
    yield "</svg>"


def figure(
    title: str, charts: Sequence[tuple[Chart, str]], figures: Figures, legend: Iterable[Part] = ()
) -> Iterator[str]:
    """A picture under its title, in one size or in several, and below it the table."""
    yield f"<figure>\n<figcaption>{safe(title)}</figcaption>"
    for chart, kind in charts:
        yield from drawn(chart, kind)
    parts = list(legend)
    if parts:
        yield '<ul class="legend">'
        yield from (f"<li>{_swatch(each.kind)} {safe(each.label)}</li>" for each in parts)
        yield "</ul>"
    yield f"<details>\n<summary>As a table: {safe(title)}</summary>"
    yield f'<table role="table" aria-label="{safe(title)}">'
    yield '<thead role="rowgroup"><tr role="row">'
    yield from (f'<th scope="col" role="columnheader">{safe(it)}</th>' for it in figures.heads)
    yield '</tr></thead>\n<tbody role="rowgroup">'
    for first, *others in figures.rows:
        cells = "".join(
            f'<td role="cell" data-label="{safe(label)}">{safe(text)}</td>'
            for label, text in zip(figures.heads[1:], others, strict=True)
        )
        head = f'<th scope="row" role="rowheader">{safe(first)}</th>'
        yield f'<tr role="row">{head}{cells}</tr>'
    yield "</tbody>\n</table>\n</details>\n</figure>"


def _swatch(kind: str) -> str:
    hatch = _hatched(0, 0, 16, 16) if kind in HATCHED else ""
    box = f'<rect class="{kind}" width="16" height="16"/>'
    return f'<svg viewBox="0 0 16 16" aria-hidden="true">{box}{hatch}</svg>'


def _hatched(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect fill="url(#hatch)" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}"/>'
    )


def over_time(samples: Sequence[Sample], marks: Sequence[int], size: Size) -> tuple[str, ...]:
    """A queue over time; `marks` are instants that are numbered from 1."""
    begin, end = samples[0].when, max(samples[-1].when, samples[0].when + 1)
    counts = highest(samples, size.points)
    top = _round_up(max(counts))
    wide, high = size.width - LEFT - RIGHT, size.height - TOP - BOTTOM
    base = TOP + high

    def x(when: int) -> float:
        return LEFT + (when - begin) * wide / (end - begin)

    def y(count: int) -> float:
        return base - count * high / top

    shapes = []
    for count in (0, top // 2, top) if top > 1 else (0, top):
        kind = "grid" if count else "axis"
        shapes.append(f'<path class="{kind}" d="M{LEFT} {y(count):.1f}h{wide}"/>')
        shapes.append(
            f'<text x="{LEFT - 6}" y="{y(count) + 5:.1f}" text-anchor="end">{short(count)}</text>'
        )
    hours = (end - begin) // HOUR
    for hour in range(0, hours + 1, step_of(hours, 6)):
        at = x(begin + hour * HOUR)
        anchor = "end" if at > size.width - 40 else "middle"
        shapes.append(f'<path class="axis" d="M{at:.1f} {base}v5"/>')
        shapes.append(f'<text x="{at:.1f}" y="{base + 20}" text-anchor="{anchor}">{hour} h</text>')
    step = wide / len(counts)
    path = f"M{LEFT} {y(counts[0]):.1f}" + "".join(
        f"H{LEFT + at * step:.1f}V{y(count):.1f}" for at, count in enumerate(counts)
    )
    path += f"H{LEFT + wide}"
    shapes.append(f'<path class="area" d="{path}V{base}H{LEFT}Z"/>')
    shapes.append(f'<path class="line" d="{path}"/>')
    places = [(number, x(when)) for number, when in enumerate(marks, 1) if begin <= when <= end]
    shapes += (f'<path class="mark" d="M{at:.1f} {TOP}V{base}"/>' for _, at in places)
    shapes += _numbered(places)
    return tuple(shapes)


def _numbered(places: Iterable[tuple[int, float]]) -> Iterator[str]:
    """The numbers of marks above them; those that would stand on one another stand together."""
    groups: list[tuple[int, int, float]] = []
    for number, at in places:
        if groups and at - groups[-1][2] < 4 * LETTER:
            groups[-1] = (groups[-1][0], number, groups[-1][2])
        else:
            groups.append((number, number, at))
    for first, last, at in groups:
        said = f"{first}" if first == last else f"{first}-{last}"
        yield f'<text x="{at:.1f}" y="{TOP - 6}" text-anchor="middle">{said}</text>'


def stacked(bars: Sequence[Bar], width: int = PHONE.width) -> tuple[tuple[str, ...], Size]:
    """A bar for each row, as long as the others: what part of it became what."""
    shapes, at = [f"<defs>{PATTERNS}</defs>"], 4
    for bar in bars:
        room = max(4, int((width - len(bar.note) * LETTER) / LETTER) - 1)
        label = bar.label if len(bar.label) <= room else bar.label[: room - 1] + "…"
        shapes.append(f'<text x="0" y="{at + 12}">{safe(label)}</text>')
        shapes.append(f'<text x="{width}" y="{at + 12}" text-anchor="end">{safe(bar.note)}</text>')
        total = max(sum(part.count for part in bar.parts), 1)
        left = 0.0
        for part in bar.parts:
            # What is there at all is to be seen.
            long = max(part.count * width / total, 2.0) if part.count else 0.0
            long = min(long, width - left)
            if long <= 0:
                continue
            shapes.append(
                f'<rect class="{part.kind}" x="{left:.1f}" y="{at + 18}" width="{long:.1f}" '
                f'height="14"><title>{safe(part.label)}: {part.count:,}</title></rect>'
            )
            if part.kind in HATCHED:
                shapes.append(_hatched(left, at + 18, long, 14))
            left += long
        at += 42
    return tuple(shapes), Size(width, max(at, 20))


def columns(counts: Sequence[int], labels: Sequence[str], size: Size = PHONE) -> tuple[str, ...]:
    """A column for each count, with the count above and the label below."""
    most = max((*counts, 1))
    high = size.height - TOP - BOTTOM
    base, step = TOP + high, (size.width - 2 * RIGHT) / max(len(counts), 1)
    shapes = [f'<path class="axis" d="M0 {base}h{size.width}"/>']
    for number, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall = max(count * high / most, 1.5) if count else 0
        middle = RIGHT + (number + 0.5) * step
        if tall:
            shapes.append(
                f'<rect class="queued" x="{middle - step / 2 + 3:.1f}" y="{base - tall:.1f}" '
                f'width="{step - 6:.1f}" height="{tall:.1f}"/>'
            )
            shapes.append(
                f'<text x="{middle:.1f}" y="{base - tall - 5:.1f}" text-anchor="middle">'
                f"{short(count)}</text>"
            )
        shapes.append(
            f'<text x="{middle:.1f}" y="{base + 19}" text-anchor="middle">{safe(label)}</text>'
        )
    return tuple(shapes)


def short(count: int) -> str:
    """A count in at most five characters: 950, 4,320, 12.5k, 3.2M."""
    if count < 10_000:
        return f"{count:,}"
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")):
        if count >= size:
            return (
                f"{count / size:.3g}{letter}"
                if count < 999.5 * size
                else f"{count // size}{letter}"
            )
    raise AssertionError


def _round_up(count: int) -> int:
    """The next number that an axis may well end with: 1, 2, 4, 6, 8 or 10 of a power of ten."""
    power = 1
    while count > 10 * power:
        power *= 10
    return next(each * power for each in (1, 2, 4, 6, 8, 10) if count <= each * power)
