"""A destination's queue beside a model that keeps every message by itself."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.lane import Allowance, Lane
from esashell.simulate.retry import slots
from esashell.simulate.traffic import DAY, HOUR, NEVER, OFFICE, SECOND, Course, Flow, Listed, Timed

Met = dict[int, tuple[int, Fate]]


def weather(changes: list[tuple[int, Fate]]) -> "list[tuple[int, int, Fate]]":
    """Spans with a fate each, from changes at seconds; deferred before the first."""
    points = [(0, Fate.DEFERRED), *sorted((when * SECOND, fate) for when, fate in changes)]
    ends = [when for when, _ in points[1:]] + [NEVER]
    return [(when, end, fate) for (when, fate), end in zip(points, ends, strict=True)]


def judge(spans: "list[tuple[int, int, Fate]]", instant: int) -> Judgement:
    end, fate = next((end, fate) for begin, end, fate in spans if begin <= instant < end)
    return Judgement(fate, end)


def plainly(
    instants: list[int], spans: "list[tuple[int, int, Fate]]", profile: BounceProfile, until: int
) -> Met:
    """What becomes of each message, attempt by attempt, with a list of messages and a clock."""
    met: Met = {}
    queue: list[int] = []
    tries: Counter[int] = Counter()
    slot: int | None = None
    failures = 0
    coming = sorted(enumerate(instants, 1), key=lambda each: (each[1], each[0]))
    wait = slots(profile)
    while True:
        arrival = coming[0][1] if coming else NEVER
        now = min(arrival, NEVER if slot is None else slot)
        if now >= until:
            return met
        while coming and coming[0][1] == now:
            queue.append(coming.pop(0)[0])
        if slot is not None and now < slot:
            continue
        if slot is not None:
            oldest = now - profile.maximum_queue_time * SECOND
            for number in [each for each in queue if instants[each - 1] <= oldest]:
                met[number] = (now, Fate.EXPIRED)
                queue.remove(number)
        if not queue:
            slot, failures = None, 0
            continue
        fate = judge(spans, now).fate
        if fate is not Fate.DEFERRED:
            met.update((number, (now, fate)) for number in queue)
            queue, slot, failures = [], None, 0
            tries.clear()
            continue
        failures += 1
        for number in list(queue):
            tries[number] += 1
            if tries[number] > profile.maximum_retries:
                met[number] = (now, Fate.EXPIRED)
                queue.remove(number)
        slot = now + wait.after(failures) if queue else None
        failures = failures if queue else 0


def met_in(lane: Lane) -> Met:
    met: Met = {}
    for entry in lane.entries:
        for number in range(entry.first + 1, entry.last + 1):
            assert number not in met
            when = lane.stream.arrival(number) if entry.flowing else entry.when
            met[number] = (when, entry.fate)
    return met


seconds = st.integers(0, 4000)
fates = st.sampled_from(list(Fate)).filter(lambda each: each is not Fate.EXPIRED)
profiles = st.builds(
    lambda retries, limit, first, more: BounceProfile(
        maximum_retries=retries,
        maximum_queue_time=limit,
        initial_retry=first,
        maximum_retry=first + more,
    ),
    st.integers(0, 8),
    st.integers(1, 3000),
    st.integers(1, 300),
    st.integers(0, 900),
)


@given(
    st.lists(seconds, max_size=25).map(sorted),
    st.lists(st.tuples(seconds, fates), max_size=5, unique_by=lambda each: each[0]),
    profiles,
    st.lists(seconds, max_size=4).map(sorted),
)
def test_every_message_meets_the_fate_that_it_meets_by_itself(
    instants: list[int],
    changes: list[tuple[int, Fate]],
    profile: BounceProfile,
    stops: list[int],
) -> None:
    spans = weather(changes)
    moments = [each * SECOND for each in instants]
    end = 20_000 * SECOND
    lane = Lane(Listed(tuple(moments)), lambda now: judge(spans, now), profile, 0)
    for stop in [*(each * SECOND for each in stops), end]:
        lane.advance(stop)
    assert met_in(lane) == plainly(moments, spans, profile, end)
    assert lane.gone + lane.waiting() == len(moments)


@given(
    st.integers(0, 400),
    st.integers(0, (1 << 32) - 1),
    st.lists(st.tuples(st.integers(0, 90_000), fates), max_size=4, unique_by=lambda e: e[0]),
)
def test_a_flow_is_treated_as_the_messages_that_it_stands_for(
    messages: int, phase: int, changes: list[tuple[int, Fate]]
) -> None:
    spans = weather(changes)
    profile = BounceProfile(maximum_queue_time=7200, initial_retry=300)
    timed = Timed(Course(OFFICE, 0, DAY), Flow(messages * 256, phase))
    listed = Listed(tuple(timed.arrival(number + 1) for number in range(timed.come(DAY))))
    lanes = [Lane(stream, lambda now: judge(spans, now), profile, 0) for stream in (timed, listed)]
    for lane in lanes:
        lane.advance(DAY + 5 * HOUR)
    assert met_in(lanes[0]) == met_in(lanes[1])
    assert lanes[0].attempts == lanes[1].attempts


def attempted(profile: BounceProfile) -> list[float]:
    """The seconds at which one message was attempted, and at last bounced."""
    lane = Lane(Listed((0,)), lambda now: Judgement(Fate.DEFERRED), profile, 0)
    tried: list[float] = []
    for minute in range(5 * 24 * 60):
        before = lane.attempts
        lane.advance(minute * 60 * SECOND + 1)
        if lane.attempts > before:
            tried.append(minute * 60)
    last = lane.entries[-1]
    assert last.fate is Fate.EXPIRED
    return [*tried, last.when / SECOND]


@pytest.mark.parametrize(
    ("profile", "instants"),
    [
        # The two examples that the vendor works out: retries exhausted, time exhausted.
        (BounceProfile(maximum_retries=2, initial_retry=60, maximum_retry=60), [0, 60, 120, 120]),
        (BounceProfile(maximum_queue_time=100, initial_retry=60, maximum_retry=60), [0, 60, 120]),
    ],
)
def test_the_worked_examples_of_a_bounce(profile: BounceProfile, instants: list[float]) -> None:
    assert attempted(profile) == instants


def test_by_the_factory_profile_mail_bounces_at_the_first_slot_after_three_days() -> None:
    times = attempted(BounceProfile())
    assert times[:7] == [0, 60, 180, 420, 900, 1860, 3780]
    assert times[-1] >= 259_200
    assert times[-2] < 259_200
    assert times[-1] - times[-2] == 3600


def test_a_queue_of_a_million_costs_what_a_queue_of_one_does() -> None:
    counts = []
    for messages in (300, 3_000_000):
        lane = Lane(
            Timed(Course(OFFICE, 0, 3 * DAY), Flow(messages * 256, 1 << 31)),
            lambda now: Judgement(Fate.DEFERRED),
            BounceProfile(),
            0,
        )
        lane.advance(3 * DAY)
        counts.append((lane.attempts, len(lane.entries) <= lane.attempts))
    assert counts[1][0] <= counts[0][0] * 1.2
    assert all(few for _, few in counts)


limits = st.none() | st.builds(
    lambda count, minutes: Allowance(count, minutes * 60 * SECOND),
    st.integers(1, 5),
    st.sampled_from([1, 10, 30]),
)
changed = st.lists(st.tuples(seconds, fates), max_size=5, unique_by=lambda each: each[0])


@given(st.lists(seconds, max_size=30).map(sorted), changed, profiles, limits)
def test_a_lane_is_judged_at_no_instant_but_those_that_it_says_are_due(
    instants: list[int],
    changes: list[tuple[int, Fate]],
    profile: BounceProfile,
    allowance: Allowance | None,
) -> None:
    spans = weather(changes)
    stream = Listed(tuple(each * SECOND for each in instants))
    end = 20_000 * SECOND
    asked: list[int] = []

    def judged(now: int) -> Judgement:
        asked.append(now)
        return judge(spans, now)

    alone = Lane(stream, lambda now: judge(spans, now), profile, 0, allowance=allowance)
    alone.advance(end)
    driven = Lane(stream, judged, profile, 0, allowance=allowance)
    while (due := driven.due()) < end:
        before = len(asked)
        # All that comes before needs nobody's judgement.
        driven.advance(due)
        assert len(asked) == before
        assert driven.due() >= due
        driven.advance(due + 1)
        assert all(each == due for each in asked[before:])
    before = len(asked)
    driven.advance(end)
    assert len(asked) == before
    assert met_in(driven) == met_in(alone)
    assert driven.tally == alone.tally
    assert list(driven.failed_at) == list(alone.failed_at)


acts = st.one_of(
    st.tuples(st.sampled_from(["hold", "release", "deliver_now", "forget"])),
    st.tuples(st.just("remove"), st.integers(0, 30), st.integers(0, 10)),
    st.tuples(st.just("configure"), profiles, limits),
)


@given(
    st.lists(seconds, max_size=30).map(sorted),
    changed,
    profiles,
    limits,
    st.lists(st.tuples(seconds, acts), max_size=8).map(
        lambda each: sorted(each, key=lambda it: it[0])
    ),
)
def test_whatever_an_operator_does_every_message_is_in_one_place(
    instants: list[int],
    changes: list[tuple[int, Fate]],
    profile: BounceProfile,
    allowance: Allowance | None,
    done: list[tuple[int, Any]],
) -> None:
    spans = weather(changes)
    stream = Listed(tuple(each * SECOND for each in instants))
    lane = Lane(stream, lambda now: judge(spans, now), profile, 0, allowance=allowance)
    held = False
    for when, (name, *rest) in [*done, (20_000, ("forget",))]:
        lane.advance(when * SECOND)
        before = lane.gone
        if name == "remove":
            first, count = rest
            waited = lane.waiting()
            removed = lane.remove(first, first + count, Fate.DELETED)
            assert lane.waiting() == waited - removed
        elif name == "configure":
            lane.configure(rest[0], allowance=rest[1])
        else:
            getattr(lane, name)()
            held = {"hold": True, "release": False}.get(name, held)
        assert lane.gone >= before
        assert lane.held is held
        assert lane.tally.total() + lane.waiting() == stream.come(lane.now - 1)
    met = met_in(lane)  # which says that nobody met two fates
    assert len(met) == lane.tally.total()
    for number, (when, _) in met.items():
        assert when >= stream.arrival(number)
    failures = list(lane.failures())
    assert [each.when for each in failures] == list(lane.failed_at)
    assert all(each.first <= each.last for each in failures)


def test_while_it_is_held_nothing_goes_and_nothing_ages() -> None:
    lane = Lane(Listed((SECOND,)), lambda now: Judgement(Fate.DEFERRED), BounceProfile(), 0)
    lane.advance(HOUR)
    lane.hold()
    attempts = lane.attempts
    lane.advance(100 * HOUR)
    assert (lane.attempts, lane.waiting(), lane.due()) == (attempts, 1, NEVER)
    lane.release()
    assert lane.due() == lane.now
    lane.advance(100 * HOUR + 1)
    assert lane.tally[Fate.EXPIRED] == 1


def test_what_is_over_the_allowance_goes_in_the_next_stretch_and_in_order() -> None:
    allowance = Allowance(2, 60 * SECOND)
    lane = Lane(
        Listed(tuple(each * SECOND for each in (1, 2, 3, 4, 5, 70))),
        lambda now: Judgement(Fate.DELIVERED_WITH_TLS),
        BounceProfile(),
        0,
        allowance=allowance,
    )
    lane.advance(HOUR)
    gone = {number: when / SECOND for number, (when, _) in met_in(lane).items()}
    assert gone == {1: 1, 2: 2, 3: 60, 4: 60, 5: 120, 6: 120}
