"""An account as a page: what became of the mail, as charts and as the appliance would show it."""

from collections.abc import Iterator, Sequence

from esashell.delivery.figures import AGES, Completion, Sample
from esashell.simulate import chart, markup
from esashell.simulate.account import Account, Happened, headline
from esashell.simulate.chart import PHONE, WIDE, Bar, Chart, Figures, Part, figure
from esashell.simulate.markup import safe, table, whole
from esashell.simulate.traffic import HOUR

STYLE = (
    markup.STYLE
    + chart.STYLE
    + """
.outcomes th:first-child { width: 20%; } .outcomes th:last-child { width: 28%; }
.status th:first-child { width: 28%; }
@media (max-width: 50rem) {
  .outcomes th:first-child, .outcomes th:last-child, .status th:first-child { width: auto; }
}
"""
)
BARS = 12  # destinations in the chart of outcomes
QUEUES = 6  # destinations whose queue has a chart of its own
ROWS = 25  # of a table of figures over time

DELIVERY_STATUS = (
    "Destination Domain",
    "Latest Host Status",
    "Active Recipients",
    "Connections Out",
    "Delivered Recipients",
    "Soft Bounced Events",
    "Hard Bounced Recipients",
)
OUTCOMES = (
    "Destination",
    "With DANE",
    "With TLS",
    "In clear",
    "Queued",
    "Bounced",
    "First deferral",
    "First bounce",
    "Why",
)


def account_page(it: Account, dated: str) -> str:
    """The whole page; `dated` is the present moment of the simulation as the appliance has it."""
    lines = whole(f"Simulation: {it.name}", STYLE, _body(it, dated))
    return "".join(f"{line}\n" for line in lines)


def _body(it: Account, dated: str) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>What became of the mail</h1>\n<p>{safe(it.story)}</p>"
    yield "</header>"
    yield "<main>"
    lost = it.figures.completion.hard_bounced
    kind = "worse" if lost else "" if it.figures.active else "safe"
    yield f'<div class="verdict {kind}">' if kind else '<div class="verdict">'
    yield f"<p><strong>{safe(_verdict(it))}</strong></p>\n<p>{safe(headline(it))}</p>"
    yield "</div>"
    yield from _charts(it)
    yield from _status(it)
    yield from _outcomes(it)
    yield from _list("happened", "What happened", "ol", [_happened(it, at) for at in it.happened])
    yield from _list("assumed", "Assumed", "ul", list(it.assumptions))
    yield "</main>"
    yield (
        f"<footer><p>Made by esashell: scenario {safe(it.name)}, seed {it.seed}, "
        f"{safe(dated)} of its own time. No mail was sent for it.</p></footer>"
    )


def _verdict(it: Account) -> str:
    if it.figures.completion.hard_bounced:
        return "Mail was returned to its senders."
    return "Mail is waiting." if it.figures.active else "No mail waits, and none was returned."


def _list(name: str, heading: str, kind: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{heading}</h2>\n<{kind}>'
        yield from (f"<li>{safe(each)}</li>" for each in texts)
        yield f"</{kind}>\n</section>"


def _happened(it: Account, each: Happened) -> str:
    return f"T+{it.after(each.when)}: {each.text}"


def _charts(it: Account) -> Iterator[str]:
    yield '<section aria-labelledby="charts">\n<h2 id="charts">In pictures</h2>'
    if it.course:
        yield from _queue(it)
    yield '<div class="charts">'
    if it.hosts:
        yield from _bars(it)
    if any(it.ages):
        yield from _ages(it)
    for number, course in enumerate(it.courses[:QUEUES], 1):
        title = f"Queue for {course.domain}"
        shapes = chart.over_time(course.samples, [at.when for at in it.happened], PHONE)
        said = _said(it, course.samples)
        picture = Chart(f"queue{number}", title, said, PHONE, shapes)
        yield from figure(title, [(picture, "")], _course(it, course.samples))
    yield "</div>\n</section>"


def _queue(it: Account) -> Iterator[str]:
    """The first picture, wide where there is room."""
    title, said = "Messages in the queue over time", _said(it, it.course)
    marks = [at.when for at in it.happened]
    charts = [
        (Chart(name, title, said, size, chart.over_time(it.course, marks, size)), kind)
        for name, size, kind in (("queue-n", PHONE, "narrow"), ("queue-w", WIDE, "wide"))
    ]
    if marks:
        title = f"{title}; the numbers are what happened, below"
    yield from figure(title, charts, _course(it, it.course))


def _said(it: Account, samples: Sequence[Sample]) -> str:
    most = max(samples, key=lambda each: each.queued)
    last = samples[-1]
    if not most.queued:
        return "Nothing waits at any time."
    return (
        f"The queue is longest at T+{it.after(most.when)}, with {most.queued:,} messages, and has "
        f"{last.queued:,} at T+{it.after(last.when)}."
    )


def _course(it: Account, samples: Sequence[Sample]) -> Figures:
    """As many rows as can be read, at full hours."""
    hours = max((samples[-1].when - samples[0].when) // HOUR, 1)
    step = max(-(-hours // ROWS), 1) * HOUR
    rows, due = [], samples[0].when
    for each, following in zip(samples, (*samples[1:], None), strict=True):
        while following is None or due < following.when:
            if due > samples[-1].when:
                break
            rows.append((f"T+{it.after(due)}", f"{each.queued:,}"))
            due += step
    return Figures(("Time", "Messages in the queue"), tuple(rows))


KINDS = (
    Part("dane", "delivered with DANE", 0),
    Part("tls", "delivered with TLS", 0),
    Part("clear", "delivered in clear", 0),
    Part("queued", "queued", 0),
    Part("bounced", "bounced", 0),
    Part("other", "dropped or deleted", 0),
)


def _parts(done: Completion, active: int) -> tuple[Part, ...]:
    counts = (
        done.with_dane,
        done.with_tls,
        done.in_clear,
        active,
        done.hard_bounced,
        done.dropped + done.deleted,
    )
    return tuple(
        Part(kind.kind, kind.label, count) for kind, count in zip(KINDS, counts, strict=True)
    )


def _bars(it: Account) -> Iterator[str]:
    rows = [(each.domain, _parts(each.completion, each.active)) for each in it.hosts[:BARS]]
    bars = [Bar(domain, parts, f"{sum(part.count for part in parts):,}") for domain, parts in rows]
    shapes, size = chart.stacked(bars)
    title = "What became of each destination's mail"
    total = _parts(it.figures.completion, it.figures.active)
    said = ", ".join(f"{part.count:,} {part.label}" for part in total if part.count)
    picture = Chart("outcomes-chart", title, f"All together: {said or 'no mail'}.", size, shapes)
    heads = ("Destination", *(each.label for each in KINDS))
    figures = Figures(
        heads, tuple((name, *(f"{part.count:,}" for part in parts)) for name, parts in rows)
    )
    yield from figure(title, [(picture, "")], figures, KINDS)


def _ages(it: Account) -> Iterator[str]:
    title = "How long the queue has waited, in minutes"
    labels = [*map(str, AGES), "+"]
    oldest = sum(it.ages[-1:])
    said = f"{sum(it.ages):,} messages wait, {oldest:,} of them for {AGES[-1]:,} minutes or more."
    picture = Chart("ages-chart", title, said, PHONE, chart.columns(it.ages, labels))
    rows = tuple((label, f"{count:,}") for label, count in zip(_age_rows(), it.ages, strict=True))
    yield from figure(title, [(picture, "")], Figures(("Minutes", "Messages"), rows))


def _age_rows() -> tuple[str, ...]:
    bounds = (0, *AGES)
    spans = [f"{low} to {high}" for low, high in zip(bounds, AGES, strict=False)]
    return (*spans, f"{AGES[-1]} and more")


def _status(it: Account) -> Iterator[str]:
    """The page of the appliance's own that operators watch."""
    rows = [
        (
            each.domain,
            each.state.value.capitalize(),
            f"{each.active:,}",
            f"{each.connections_out:,}",
            f"{each.completion.delivered:,}",
            f"{each.completion.soft_bounced:,}",
            f"{each.completion.hard_bounced:,}",
        )
        for each in it.hosts
    ]
    said = "As the appliance shows it. A host is down when its last attempt failed."
    if it.others:
        said += f" {it.others:,} more destinations are not on this page."
    yield from table(("status", "status"), "Delivery Status", said, DELIVERY_STATUS, rows)


def _outcomes(it: Account) -> Iterator[str]:
    rows = []
    for each in it.hosts:
        done = each.completion
        counts = (done.with_dane, done.with_tls, done.in_clear, each.active, done.hard_bounced)
        rows.append(
            (
                each.domain,
                *(f"{count:,}" for count in counts),
                _after(it, each.first_deferral),
                _after(it, each.first_bounce),
                each.reason or "-",
            )
        )
    said = "The worst first: what was delivered, what waits, what was returned, and why."
    yield from table(("outcomes", "outcomes"), "Destinations", said, OUTCOMES, rows)


def _after(it: Account, when: int | None) -> str:
    return "never" if when is None else f"T+{it.after(when)}"
