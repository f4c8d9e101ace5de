"""What there is to tell of a plan, in the words that all its forms share; and it as a document.

An operator reads lines (`listing`), a change board a page (`page`), a program the document that is
made here. Its shape is a contract: its `version` rises when a field changes its meaning or goes.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.delivery.outcome import Outcome, Result
from esashell.simulate.causes import Cause
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.lane import Lane
from esashell.simulate.plan import Affected, Direction, Plan
from esashell.simulate.traffic import HOUR, SECOND, Course, Shape, Timed, flow

SCHEMA = "esashell.plan"
VERSION = 1
HORIZON = 96 * HOUR
AGE_TOLD = 60 * SECOND  # what is younger was seen in the same breath

HEADINGS = {
    Direction.STOPS: "Stops: mail that is delivered now would not be",
    Direction.LOSES_AUTHENTICATION: "Loses authentication: still encrypted, to whomever answers",
    Direction.NEWLY_IN_CLEAR: "Newly in clear",
    Direction.RETURNED: "Waits now, would be returned or dropped at once",
    Direction.NEWLY_DELIVERED: "Newly delivered",
    Direction.NEWLY_AUTHENTICATED: "Newly authenticated",
    Direction.NEWLY_ENCRYPTED: "Newly encrypted",
    Direction.OTHERWISE: "Otherwise",
    Direction.NOT_KNOWN: "Not known",
}


class Future(Struct, frozen=True):
    """What becomes of a destination's mail from the commit on, while nothing else changes.

    Seconds from the commit, None for never; messages in the queue after 24 and 72 hours.
    """

    first_deferral: int | None
    first_bounce: int | None
    queued_at_24: int
    queued_at_72: int


class Undo(Struct, frozen=True):
    """The command that leads back while it is pending, and once it is committed; "" for none."""

    pending: str = ""
    committed: str = ""


class About(Struct, frozen=True):
    """What is told besides a plan: what is compared, when, the way back, how old the facts are."""

    title: str
    when: str
    undo: Undo
    age: str = ""


class Ages(Struct, frozen=True):
    """Of what a plan rests on, how much was seen before it was asked for, between which times.

    In microseconds since 1970; None where all of it was seen now.
    """

    earlier: int = 0
    oldest: int | None = None
    newest: int | None = None


class Told(Struct, frozen=True, gc=False):
    """A destination with why, and what comes of it."""

    found: Affected
    cause: Cause
    future: Future | None


def future(rate: float | None, result: Result, profile: BounceProfile) -> Future | None:
    """By the simulator; None where nobody knows how much mail there is, or nothing waits."""
    if not rate or result not in (Result.DEFER, Result.BOUNCE):
        return None
    course = Course(Shape(), 0, HORIZON)
    stream = Timed(course, flow(rate * HORIZON / HOUR, 1 << 31))
    fate = Fate.DEFERRED if result is Result.DEFER else Fate.BOUNCED
    lane = Lane(stream, lambda now: Judgement(fate), profile, 0)
    queued = []
    for hours in (24, 72):
        lane.advance(hours * HOUR)
        queued.append(lane.waiting())
    lane.advance(HORIZON)
    bounced = next((each for each in lane.entries), None)
    first = None
    if bounced is not None:
        first = bounced.when if not bounced.flowing else stream.arrival(bounced.first + 1)
    return Future(_seconds(lane.first_failure), _seconds(first), *queued)


def _seconds(instant: int | None) -> int | None:
    return None if instant is None else instant // SECOND


def outcome_text(found: Outcome) -> str:
    """An outcome in a few words."""
    if found.result is Result.DELIVER and found.protection is not None:
        return f"delivered ({found.protection})"
    return {
        Result.DEFER: "queued",
        Result.BOUNCE: "bounced",
        Result.DROP: "dropped",
    }.get(found.result, str(found.result))


def future_text(it: Future) -> str:
    """What comes after the commit, in one sentence without its end."""
    said = []
    if it.first_deferral is not None:
        said.append(f"first deferral after {span(it.first_deferral)}")
    if it.first_bounce is not None:
        said.append(f"first bounce after {span(it.first_bounce)}")
    said.append(f"queue {it.queued_at_24:,} at 24 hours, {it.queued_at_72:,} at 72")
    return ", ".join(said)


def ages_text(it: Ages, now: int) -> str:
    """How old it is what a plan rests on, in one sentence; "" where that is nothing to speak of."""
    if it.oldest is None or now - it.oldest < AGE_TOLD:
        return ""
    seconds = (now - it.oldest) // SECOND
    days = seconds // 86_400
    age = f"{days} day{'' if days == 1 else 's'}" if days else span(seconds)
    return f"By what was seen earlier, {age} ago at most; --fresh looks again."


def undo_text(undo: Undo) -> str:
    """The commands that take a change back, in a few words."""
    if undo.pending and undo.committed:
        return f"{undo.pending}, or {undo.committed} once it is committed"
    return undo.pending or undo.committed


def span(seconds: int) -> str:
    """A time from the commit on, in words."""
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if not minutes:
        return f"{left} s"
    return f"{minutes} min {left} s" if left else f"{minutes} min"


def summary(plan: Plan) -> str:
    """The whole plan in one line."""
    if not plan.affected:
        return f"Plan: no outcome changes, of {destinations_text(plan.evaluated)}."
    parts = [f"{count:,} {_SHORT[each]}" for each, count in plan.directions.items()]
    return (
        f"Plan: {', '.join(parts)}; {plan.unchanged:,} unchanged, "
        f"of {destinations_text(plan.evaluated)}."
    )


_SHORT = {
    Direction.STOPS: "stop",
    Direction.LOSES_AUTHENTICATION: "lose authentication",
    Direction.NEWLY_IN_CLEAR: "newly in clear",
    Direction.RETURNED: "returned instead of waiting",
    Direction.NEWLY_DELIVERED: "newly delivered",
    Direction.NEWLY_AUTHENTICATED: "newly authenticated",
    Direction.NEWLY_ENCRYPTED: "newly encrypted",
    Direction.OTHERWISE: "otherwise",
    Direction.NOT_KNOWN: "not known",
}


def destinations_text(count: int) -> str:
    """How many destinations, in words."""
    return f"{count:,} destination{'' if count == 1 else 's'}"


def document(plan: Plan, told: Iterable[Told], undo: Undo, ages: Ages) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "changes": [{"path": each.path, "text": str(each)} for each in plan.changes],
        "destinations": [_record(each) for each in told],
        "directions": {str(each): count for each, count in plan.directions.items()},
        "evaluated": plan.evaluated,
        "unchanged": plan.unchanged,
        "regression": plan.is_regression,
        "undo": undo.pending or undo.committed,
        "undo_committed": undo.committed,
        "observed": {each: getattr(ages, each) for each in ages.__struct_fields__},
        "summary": summary(plan),
    }


def _record(told: Told) -> dict[str, Any]:
    found = told.found
    return {
        "domain": found.destined.domain,
        "direction": str(found.direction),
        "regression": found.direction.is_regression,
        "messages_per_hour": found.destined.per_hour,
        "before": _outcome(found.before),
        "after": _outcome(found.after),
        "causes": [each.path for each in told.cause.changes],
        "causes_are_smallest": told.cause.smallest,
        "future": None
        if told.future is None
        else {each: getattr(told.future, each) for each in told.future.__struct_fields__},
    }


def _outcome(found: Outcome) -> dict[str, Any]:
    return {
        "result": str(found.result),
        "protection": None if found.protection is None else str(found.protection),
        "status": found.status,
        "rule": found.rule.name,
        "source": found.rule.source,
        "reason": found.reason.code,
        "text": found.reason.text,
    }
