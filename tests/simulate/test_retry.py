"""When a queue is attempted again."""

from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.bounce import DEFAULT
from esashell.simulate.retry import Slots, slots
from esashell.simulate.traffic import SECOND

waits = st.builds(Slots, st.integers(0, 5000), st.integers(0, 90_000), st.integers(1, 5))


def test_by_the_factory_profile_the_waits_double_from_a_minute_to_an_hour() -> None:
    found = [slots(DEFAULT).after(each) // SECOND for each in range(1, 10)]
    assert found == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_with_a_factor_of_one_the_first_wait_is_the_only_one() -> None:
    assert [slots(DEFAULT, 1).after(each) // SECOND for each in (1, 2, 50)] == [60, 60, 60]


@given(waits, st.integers(0, 200), st.integers(0, 60))
def test_the_formulas_say_what_counting_says(it: Slots, first: int, count: int) -> None:
    wait, totals = max(it.initial, 1), [0]
    for _ in range(first + count):
        totals.append(totals[-1] + max(min(wait, it.largest), 1))
        wait = min(wait * it.factor, it.largest) if wait < it.largest else wait
    assert [it.total(each) for each in range(first + count + 1)] == totals
    assert it.totals(first, first + count) == totals[first : first + count]


@given(waits, st.integers(0, 500_000))
def test_so_many_attempts_begin_before_a_time_has_passed(it: Slots, time: int) -> None:
    count = it.below(time)
    assert count == 0 or it.total(count - 1) < time
    assert it.total(count) >= time
