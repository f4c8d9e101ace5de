"""A plan as lines for an operator: the changes, the destinations, what comes next, the way back.

Destinations stand under what the change means for their mail. Where several go the same way, by the
same rule, for the same reason and because of the same changes, they are told once, with the reason
of the one that has most mail as an instance: a hundred destinations that fail alike are one thing
to know. The last line is the summary.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap

from esashell.simulate.plan import Affected, Plan
from esashell.simulate.telling import (
    HEADINGS,
    About,
    Told,
    future_text,
    outcome_text,
    summary,
    undo_text,
)

ALIKE = 3  # from so many on they are told together
NAMED = 12  # of a group, without `--all`
ALL = "--all"


def lines(
    plan: Plan, told: Iterable[Told], about: About, width: int, *, every: bool = False
) -> Iterator[str]:
    """The plan, from the changes to the summary; with `every`, all destinations by their names."""
    title, undo = about.title, undo_text(about.undo)
    yield from _wrapped("", title, width)
    yield ""
    if not plan.changes:
        yield "There are no changes."
    for number, change in enumerate(plan.changes, 1):
        yield from _wrapped(f"{number:3}. ", str(change), width)
    numbers = {str(each): number for number, each in enumerate(plan.changes, 1)}
    last = None
    most = None if every else NAMED
    groups = grouped(told)
    for group in groups:
        direction = group[0].found.direction
        if direction is not last:
            last = direction
            yield ""
            yield from _wrapped("", f"{HEADINGS[last]} ({plan.directions[last]:,})", width)
        if len(group) < ALIKE:
            for each in group:
                yield from _destination(each, numbers, width)
        else:
            yield from _group(group, numbers, width, most)
    yield from _futures([each for group in groups for each in group], width, most)
    if plan.changes and undo:
        yield ""
        yield from _wrapped("", f"To take it back: {undo}", width)
    if about.age:
        yield ""
        yield from _wrapped("", about.age, width)
    yield ""
    yield from _wrapped("", summary(plan), width)


def grouped(told: Iterable[Told]) -> list[list[Told]]:
    """Those that are alike together, in the order of directions, groups with most mail first."""
    groups: dict[tuple[object, ...], list[Told]] = {}
    # Those of one case and one cause are alike, and of a long list most are.
    known: dict[tuple[int, int], list[Told]] = {}
    for each in told:
        found = each.found
        case = found.case, id(each.cause)
        if found.case < 0 or case not in known:
            causes = tuple(map(str, each.cause.changes))
            how = change_text(found), found.after.rule, found.after.reason.code, causes
            known[case] = groups.setdefault((found.direction, *how), [])
        known[case].append(each)
    order: dict[object, int] = {}
    for each_group in groups.values():
        order.setdefault(each_group[0].found.direction, len(order))
    return sorted(
        groups.values(),
        key=lambda group: (order[group[0].found.direction], -_mail(group), -len(group)),
    )


def _mail(group: Sequence[Told]) -> float:
    return sum(each.found.destined.per_hour or 0 for each in group)


def change_text(found: Affected) -> str:
    """What becomes of what."""
    return f"{outcome_text(found.before)} -> {outcome_text(found.after)}"


def cause_text(told: Told, numbers: Mapping[str, int]) -> str:
    """The changes that cause it, by their numbers in the plan; "" where nobody knows."""
    if not told.cause.changes:
        return ""
    named = [_number(str(each), numbers) for each in told.cause.changes]
    word = "change" if len(named) == 1 else "changes together:"
    return f"because of {word} {', '.join(named)}"


def _number(change: str, numbers: Mapping[str, int]) -> str:
    return str(numbers[change]) if change in numbers else change


def reason_text(found: Affected) -> str:
    """Why the new outcome is what it is: the step that failed first, and the rule that decided."""
    after = found.after
    return f"{after.reason.text} ({after.rule.name}; {after.rule.source})"


def _destination(told: Told, numbers: Mapping[str, int], width: int) -> Iterator[str]:
    found = told.found
    rate = found.destined.per_hour
    much = f", {rate:,g} messages an hour" if rate is not None else ""
    yield from _wrapped("  ", f"{found.destined.domain}: {change_text(found)}{much}", width)
    yield from _wrapped("      ", reason_text(found), width)
    if cause := cause_text(told, numbers):
        yield from _wrapped("      ", cause, width)


def _group(
    group: Sequence[Told], numbers: Mapping[str, int], width: int, most: int | None
) -> Iterator[str]:
    first = group[0]
    mail = _mail(group)
    much = f", {mail:,g} messages an hour" if mail else ""
    head = f"{len(group):,} destinations: {change_text(first.found)}{much}"
    yield from _wrapped("  ", head, width)
    domain = first.found.destined.domain
    yield from _wrapped("      ", f"as {domain}: {reason_text(first.found)}", width)
    if cause := cause_text(first, numbers):
        yield from _wrapped("      ", cause, width)
    names = [each.found.destined.domain for each in group]
    shown = ", ".join(names[:most])
    if left := len(names[len(names) if most is None else most :]):
        shown += f" ... and {left:,} more ({ALL})"
    yield from _wrapped("      ", shown, width)


def _futures(told: Sequence[Told], width: int, most: int | None) -> Iterator[str]:
    waiting = [(each.found.destined.domain, each.future) for each in told if each.future]
    if not waiting:
        return
    yield ""
    yield from _wrapped("", "If it is committed now, and nothing else changes", width)
    for domain, future in waiting[:most]:
        yield from _wrapped("  ", f"{domain}: {future_text(future)}", width)
    if most is not None and len(waiting) > most:
        yield f"  ... and {len(waiting) - most:,} more ({ALL})"


def _wrapped(indent: str, text: str, width: int) -> Iterator[str]:
    yield from wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=" " * (len(indent) + 2 if indent else 0),
        break_on_hyphens=False,
        break_long_words=False,
    )
