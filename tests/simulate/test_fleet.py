"""Very many destinations beside a queue for each of them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.fleet import Fleet
from esashell.simulate.lane import Lane
from esashell.simulate.traffic import DAY, HOUR, NEVER, OFFICE, Course, Flow, Timed, phases

COURSE = Course(OFFICE, 0, DAY)
GOOD = Judgement(Fate.DELIVERED_IN_CLEAR)
fates = st.sampled_from([Fate.DEFERRED, Fate.BOUNCED, Fate.DROPPED])


@given(
    st.lists(st.tuples(st.integers(0, 90_000), fates, st.integers(0, 30)), max_size=12),
    st.lists(st.integers(1, 30), min_size=1, max_size=4),
)
def test_the_sum_is_that_of_a_queue_for_each(
    drawn: list[tuple[int, Fate, int]], steps: list[int]
) -> None:
    profile = BounceProfile(maximum_queue_time=7200, initial_retry=300)
    rates = [rate for rate, _, _ in drawn]
    offsets = list(phases(3, len(drawn)))

    def judge(place: int, now: int) -> Judgement:
        _, fate, hour = drawn[place]
        return GOOD if now >= hour * HOUR else Judgement(fate, hour * HOUR)

    # Whoever is in trouble at no time need not be named.
    troubled = {
        place: (lambda now, place=place: judge(place, now))
        for place, (_, _, hour) in enumerate(drawn)
        if hour
    }
    fleet = Fleet(COURSE, rates, offsets, troubled, profile)
    lanes = [
        Lane(
            Timed(COURSE, Flow(rate, offset)),
            lambda now, place=place: judge(place, now),  # type: ignore[misc]
            profile,
            0,
        )
        for place, (rate, offset) in enumerate(zip(rates, offsets, strict=True))
    ]
    now = 0
    for step in steps:
        now += step * HOUR
        fleet.advance(now)
        tally: Counter[Fate] = Counter()
        for each in lanes:
            each.advance(now)
            tally.update(each.tally)
        found = fleet.totals()
        assert found.is_balanced
        assert found.queued == sum(each.waiting() for each in lanes)
        assert found.delivered == tally[Fate.DELIVERED_IN_CLEAR]
        assert found.bounced == tally[Fate.BOUNCED] + tally[Fate.EXPIRED]
        assert found.dropped == tally[Fate.DROPPED]
    assert now < NEVER
