"""A queue as a line of blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.delivery.figures import Sample
from esashell.simulate.sparkline import BLOCKS, PLAIN, highest, ruler, sparkline, step_of

COUNTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=60)


def samples(counts: list[int]) -> list[Sample]:
    return [Sample(at * 1000, count) for at, count in enumerate(counts)]


def test_a_rising_queue_rises() -> None:
    assert sparkline(samples(list(range(9))), 9) == BLOCKS
    assert sparkline(samples(list(range(9))), 9, blocks=False) == PLAIN


def test_two_rows_are_twice_as_tall() -> None:
    assert sparkline(samples([1, 8, 9, 16]), 4, 2) == "  ▁█\n▁███"


def test_a_peak_is_never_lost_however_narrow_the_line() -> None:
    counts = [0] * 1000
    counts[501] = 7
    assert "█" in sparkline(samples(counts), 10)


def test_one_message_is_told_from_none() -> None:
    assert sparkline(samples([0, 1, 1_000_000]), 3) == " ▁█"


def test_a_figure_stays_until_the_next_sample() -> None:
    assert highest([Sample(0, 5), Sample(9, 0)], 3) == [5, 5, 5]
    assert highest([Sample(0, 5), Sample(1, 0), Sample(9, 0)], 3) == [5, 0, 0]


def test_nothing_has_no_line() -> None:
    assert sparkline([], 10) == ""
    assert sparkline(samples([1]), 0) == ""
    assert sparkline(samples([0, 0]), 5) == ""


@given(COUNTS, st.integers(1, 100), st.integers(1, 4))
def test_the_tallest_column_is_the_highest_figure(counts: list[int], width: int, rows: int) -> None:
    columns = highest(samples(counts), width)
    assert len(columns) == width
    assert max(columns) == max(counts)
    drawn = sparkline(samples(counts), width, rows).split("\n")
    assert len(drawn) == rows
    assert all(len(each) <= width for each in drawn)
    assert ("█" in drawn[0]) == (max(counts) > 0)


def test_a_ruler_has_its_marks_where_the_hours_are() -> None:
    line = ruler(96, 48)
    assert [line.index(each) for each in ("0", "24 h", "48 h", "72 h")] == [0, 12, 24, 36]
    assert line.endswith("96 h")
    assert len(line) == 48


@pytest.mark.parametrize(
    ("hours", "width", "line"), [(72, 4, ""), (0, 20, "0"), (1, 10, "0      1 h")]
)
def test_a_ruler_is_no_longer_than_it_may_be(hours: int, width: int, line: str) -> None:
    assert ruler(hours, width) == line


@given(st.integers(0, 9000), st.integers(1, 8))
def test_marks_are_not_many(hours: int, marks: int) -> None:
    step = step_of(hours, marks)
    assert hours // step <= marks or step == 168
