"""Mail that comes in, by formula, beside counting."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.simulate.traffic import (
    DAY,
    EVEN,
    HOUR,
    OFFICE,
    WHOLE,
    Course,
    Flow,
    Shape,
    flow,
    phases,
    together,
)

levels = st.integers(0, WHOLE)
flows = st.builds(Flow, st.integers(0, (1 << 40) - 1), st.integers(0, (1 << 32) - 1))
shapes = (
    st.lists(st.integers(0, 50), min_size=24, max_size=24)
    .filter(any)
    .map(lambda each: Shape(tuple(each)))
)
courses = st.builds(Course, shapes, st.integers(0, 400 * DAY), st.integers(DAY, 5 * DAY))


@given(st.lists(flows, max_size=40), levels)
def test_the_sum_of_all_flows_is_the_sum_of_each(several: list[Flow], level: int) -> None:
    assert together(several).come(level) == sum(each.come(level) for each in several)


@given(flows.filter(lambda each: each.rate > 0), st.integers(1, 1 << 31))
def test_the_message_of_a_number_is_there_at_its_level_and_not_before(
    each: Flow, number: int
) -> None:
    level = each.level_of(number)
    assert each.come(level) >= number
    assert level == 0 or each.come(level - 1) < number


@given(courses, levels)
def test_a_level_is_reached_at_the_first_instant_that_has_it(course: Course, level: int) -> None:
    instant = course.reached(level)
    assert course.level(instant) >= level
    assert instant == course.begin or course.level(instant - 1) < level


@given(courses, st.lists(st.integers(-DAY, 7 * DAY), min_size=2).map(sorted))
def test_mail_only_ever_comes_and_all_of_it_does(course: Course, offsets: list[int]) -> None:
    found = [course.level(course.begin + each) for each in offsets]
    assert found == sorted(found)
    assert course.level(course.begin) == 0
    assert course.level(course.begin + course.length) == WHOLE


def test_the_hours_of_a_day_have_their_shares() -> None:
    course = Course(OFFICE, 0, DAY)
    shares = [course.level(HOUR * (hour + 1)) - course.level(HOUR * hour) for hour in range(24)]
    total = sum(OFFICE.hours)
    for hour, share in enumerate(shares):
        assert abs(share / WHOLE - OFFICE.hours[hour] / total) < 1e-6


def test_a_flow_has_its_messages_within_one() -> None:
    for messages, phase in ((0, 0), (1, 0), (2.5, 1 << 31), (1000, (1 << 32) - 1)):
        assert abs(flow(messages, phase).come(WHOLE) - messages) <= 1


@pytest.mark.parametrize("messages", [-1, 2**32, float("inf")])
def test_more_messages_than_there_can_be_are_refused(messages: float) -> None:
    with pytest.raises(ValueError, match="messages"):
        flow(messages, 0)


def test_a_shape_without_mail_is_refused() -> None:
    with pytest.raises(ValueError, match="24 weights"):
        Shape((0,) * 24)
    with pytest.raises(ValueError, match="no mail comes"):
        Course(Shape((1,) + (0,) * 23), 5 * HOUR, HOUR).level(6 * HOUR)


def test_phases_are_spread_and_depend_on_the_seed() -> None:
    found = sorted(phases(7, 1000))
    gaps = [after - before for before, after in pairwise(found)]
    assert max(gaps) < 4 * (1 << 32) / 1000
    assert list(phases(8, 1000)) != list(phases(7, 1000))
    assert abs(together([flow(1, each) for each in found]).come(WHOLE // 2) - 500) < 5
    assert Course(EVEN, 0, DAY).level(DAY // 2) == WHOLE // 2
