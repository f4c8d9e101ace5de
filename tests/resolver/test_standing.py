"""What is remembered of servers, and for how long."""

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.resolver.names import name_from_text as n
from esashell.resolver.standing import FAILURES, LAMENESS, SILENCE, Standing

ONE, TWO = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_000 * SECOND)


@pytest.fixture
def standing(clock) -> Standing:
    return Standing(clock)


def test_nothing_is_known_at_first(standing):
    assert standing.parted([TWO, ONE], n("a.test")) == ([TWO, ONE], [])


def test_silence_counts_for_a_while_or_until_something_is_said(standing, clock):
    standing.silent(ONE)
    assert standing.parted([ONE, TWO], n("a.test")) == ([TWO], [ONE])
    clock.advance(SILENCE)
    assert not standing.set_back(ONE)
    standing.silent(ONE)
    standing.spoke(ONE)
    assert not standing.set_back(ONE)


def test_errors_count_in_a_row_only(standing, clock):
    for _ in range(FAILURES - 1):
        standing.failed(ONE)
    standing.answered(ONE)
    for _ in range(FAILURES - 1):
        standing.failed(ONE)
    assert not standing.set_back(ONE)
    standing.failed(ONE)
    assert standing.set_back(ONE)
    standing.spoke(ONE)  # errors are words too
    assert standing.set_back(ONE)
    clock.advance(SILENCE)
    assert not standing.set_back(ONE)
    standing.failed(ONE)  # its turn again, and no better
    assert standing.set_back(ONE)


def test_a_server_is_lame_for_one_zone(standing, clock):
    standing.lame(ONE, n("a.test"))
    assert standing.set_back(ONE, n("a.test"))
    assert not standing.set_back(ONE, n("b.test"))
    assert not standing.set_back(ONE)
    clock.advance(LAMENESS)
    assert not standing.set_back(ONE, n("a.test"))


def test_all_is_forgotten_on_request(standing):
    standing.silent(ONE)
    standing.lame(TWO, n("a.test"))
    standing.clear()
    assert standing.parted([ONE, TWO], n("a.test")) == ([ONE, TWO], [])
