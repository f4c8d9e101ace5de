"""The figures of queues, counted from their histories: what `status` and its like show."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from esashell.delivery.figures import (
    AGES,
    RATED,
    ApplianceFigures,
    Completion,
    HostFigures,
    HostState,
    LastError,
    Rate,
    Sample,
)
from esashell.simulate.appliance import MINUTE, Appliance, Queue
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.traffic import NEVER
from esashell.smtp.replies import Reply

_COUNTED = {
    Fate.UNROUTABLE: "dns_hard",
    Fate.BOUNCED: "smtp_hard",
    Fate.EXPIRED: "expired_hard",
    Fate.RETURNED: "other_hard",
    Fate.DELIVERED_WITH_DANE: "with_dane",
    Fate.DELIVERED_WITH_TLS: "with_tls",
    Fate.DELIVERED_IN_CLEAR: "in_clear",
    Fate.DELETED: "deleted",
    Fate.DROPPED: "dropped",
}


def completion(queue: Queue) -> Completion:
    counted = {name: queue.tally[fate] for fate, name in _COUNTED.items()}
    return Completion(soft_bounced=soft_bounces(queue, 0, NEVER), **counted)


def soft_bounces(queue: Queue, since: int, until: int) -> int:
    """How many recipients an attempt left in the queue, each attempt counted, in this time."""
    return sum(each.last - each.first for each in queue.failures(since, until))


def host(queues: Sequence[Queue], now: int, *, aged: bool = False) -> HostFigures:
    """One destination; `queues` are all that there are for its domain."""
    whole = Completion()
    for each in queues:
        whole += completion(each)
    waiting = sum(each.waiting() for each in queues)
    attempted = sum(_attempted(each) for each in queues)
    errors = [found for each in queues if (found := _last_error(each)) is not None]
    return HostFigures(
        queues[0].domain,
        state=_state(queues),
        received=sum(_received(each) for each in queues),
        completion=whole,
        unattempted=waiting - attempted,
        attempted=attempted,
        oldest=min((it for each in queues if (it := each.oldest()) is not None), default=None),
        last_activity=max(map(_last_activity, queues)) or None,
        next_attempt=min((it for each in queues if (it := each.slot) != NEVER), default=None),
        first_deferral=min((it for each in queues if (it := each.first_failure)), default=None),
        first_bounce=min((it for each in queues if (it := _first_bounce(each))), default=None),
        reason=_reason(queues),
        suspended=any(each.held for each in queues),
        last_error=max(errors, key=lambda it: it.when, default=None),
        ages=ages(queues, now) if aged else (),
    )


def whole(appliance: Appliance, now: int) -> ApplianceFigures:
    """The appliance, all its destinations together."""
    queues = appliance.queues
    done = Completion()
    for each in queues:
        done += completion(each)
    waiting = sum(each.waiting() for each in queues)
    attempted = sum(_attempted(each) for each in queues)
    received = sum(_received(each) for each in queues)
    return ApplianceFigures(
        now=now,
        since=appliance.begin,
        messages=received,
        received=received,
        completion=done,
        unattempted=waiting - attempted,
        attempted=attempted,
        kilobytes=sum(_octets(each) for each in queues) // 1024,
        destinations=len({each.domain for each in queues}),
        oldest=min((it for each in queues if (it := each.oldest()) is not None), default=None),
        suspended=tuple(appliance.suspended),
        rates=tuple(_rate(queues, appliance.begin, now, minutes) for minutes in RATED),
    )


def _rate(queues: Iterable[Queue], begin: int, now: int, minutes: int) -> Rate:
    """Per hour, over the last minutes, or over what there has been so far."""
    since = max(now - minutes * MINUTE, begin)
    counts = [0, 0, 0, 0]
    for each in queues:
        counts[0] += each.stream.come(now - 1) - each.stream.come(since - 1)
        if each.failed_at and each.failed_at[-1] >= since:
            counts[1] += soft_bounces(each, since, now)
        gone = _gone_between(each, since, now)
        counts[2] += gone[0]
        counts[3] += gone[1]
    hours = max(now - since, 1) / (60 * MINUTE)
    return Rate(minutes, *(round(each / hours) for each in counts))


def _gone_between(queue: Queue, since: int, until: int) -> tuple[int, int]:
    """How many were bounced, and how many delivered, in this time."""
    bounced = delivered = 0
    for each in reversed(queue.entries):
        if each.when < since:
            break
        count = each.count
        if each.flowing:
            before = min(max(queue.stream.come(since - 1) - each.first, 0), count)
            after = min(max(queue.stream.come(until - 1) - each.first, 0), count)
            count = after - before
        bounced += count if each.fate.is_bounce else 0
        delivered += count if each.fate.is_delivery else 0
    return bounced, delivered


def course(queues: Iterable[Queue], instants: Sequence[int]) -> list[Sample]:
    """How many waited just before each of these instants, which are in order."""
    counts = [0] * len(instants)
    for queue in queues:
        whens = [each.when for each in queue.entries]
        gone = list(accumulate((each.count for each in queue.entries), initial=0))
        for place, instant in enumerate(instants):
            come = queue.stream.come(instant - 1)
            at = bisect_left(whens, instant)
            left = gone[at]
            if at < len(whens) and queue.entries[at].flowing:
                entry = queue.entries[at]
                left += min(max(come - entry.first, 0), entry.count)
            counts[place] += come - queue.before - left
    return [Sample(when, count) for when, count in zip(instants, counts, strict=True)]


def ages(queues: Iterable[Queue], now: int) -> tuple[int, ...]:
    """How many have waited for how long, as `AGES` divides it, youngest first."""
    ends = [now - each * MINUTE for each in AGES]
    counts = [0] * (len(AGES) + 1)
    for queue in queues:
        if not queue.waiting():
            continue
        latest = queue.stream.come(now - 1)
        for place, end in enumerate([*ends, -1]):
            earlier = max(queue.stream.come(end) if end > 0 else 0, queue.gone)
            counts[place] += sum(
                last - first for first, last in queue.removed.without(earlier, latest)
            )
            latest = min(latest, earlier)
    return tuple(counts)


def _received(queue: Queue) -> int:
    return queue.stream.come(queue.now - 1) - queue.before


def _attempted(queue: Queue) -> int:
    """How many in the queue have been attempted; they came by the last attempt that failed."""
    if not queue.is_down or not queue.failed_at:
        return 0
    come = queue.stream.come(queue.failed_at[-1])
    return sum(last - first for first, last in queue.removed.without(queue.gone, come))


def _octets(queue: Queue) -> int:
    """The size of what waits, by that of a few of it."""
    waiting = queue.waiting()
    if not waiting:
        return 0
    few = range(queue.gone + 1, queue.gone + 1 + min(waiting, 8))
    return sum(queue.mail.letter(each).size for each in few) * waiting // len(few)


def _last_activity(queue: Queue) -> int:
    """When it was last attempted, successfully or not."""
    last = queue.failed_at[-1] if queue.failed_at else 0
    for each in reversed(queue.entries):
        if each.judgement is not None:
            when = queue.stream.arrival(each.last) if each.flowing else each.when
            return max(last, when)
    return last


def _first_bounce(queue: Queue) -> int | None:
    for each in queue.entries:
        if each.fate.is_bounce:
            return queue.stream.arrival(each.first + 1) if each.flowing else each.when
    return None


def _latest(queue: Queue) -> Judgement | None:
    """What the last attempt came to."""
    if queue.is_down and queue.verdicts:
        return queue.verdicts[-1][1]
    return next((each.judgement for each in reversed(queue.entries) if each.judgement), None)


def _state(queues: Iterable[Queue]) -> HostState:
    """Down when the last attempt failed for now, unknown before any."""
    found = HostState.UNKNOWN
    for each in queues:
        if each.is_down:
            return HostState.DOWN
        if _latest(each) is not None:
            found = HostState.UP
    return found


def _reason(queues: Iterable[Queue]) -> str:
    """What its mail meets now, the mail that waits first."""
    for each in sorted(queues, key=lambda it: not it.waiting()):
        latest = _latest(each)
        if latest is not None and latest.attempt is not None:
            it = latest.attempt.outcome
            where = f" ({it.rule.name})" if it.rule.name.startswith("row") else ""
            return f"{it.reason.text}{where}"
    return ""


def _last_error(queue: Queue) -> LastError | None:
    """The last reply that refused mail for good."""
    for each in reversed(queue.entries):
        attempt = each.judgement.attempt if each.judgement is not None else None
        if each.fate is Fate.BOUNCED and attempt is not None:
            done = attempt.outcome.transaction
            if done is not None and isinstance(done.failure, Reply):
                when = queue.stream.arrival(each.last) if each.flowing else each.when
                return LastError(str(done.failure), when, attempt.outcome.address)
    return None
