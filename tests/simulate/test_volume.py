"""How much of a simulation is written down, and what a reader is told of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.simulate.volume import ABOUT, EVERYTHING, Volume, volume_for

volumes = st.builds(Volume, st.integers(0, 5), st.integers(0, 20))


@given(volumes, st.lists(st.integers(0, 300), min_size=2).map(sorted))
def test_it_chooses_the_same_messages_in_whatever_portions_they_come(
    volume: Volume, portions: list[int]
) -> None:
    first, last = portions[0], portions[-1]
    pieces = pairwise(portions)
    chosen = [number for after, upto in pieces for number in volume.numbers(after, upto)]
    assert chosen == [number for number in range(first + 1, last + 1) if volume.chooses(number)]


@pytest.mark.parametrize("messages", [0, 1, ABOUT, ABOUT + 1, 20_900, 10_000_000])
def test_about_a_thousand_messages_are_told_of_however_many(messages: int) -> None:
    volume = volume_for(messages)
    assert volume.is_whole == (messages <= ABOUT)
    told = len(volume.numbers(0, messages))
    assert min(messages, ABOUT // 2) <= told <= ABOUT + volume.first


def test_a_reader_is_told_what_is_left_out() -> None:
    assert volume_for(20_900).sentence(20_900, 4) == (
        "This log is of a simulation. Of its 20,900 messages it tells the first 3 of each of 4 "
        "destinations, every message there with which something changes, one in 21 of the others, "
        "and no more than 3,000. The figures count all of them."
    )
    many = volume_for(1_000_000).sentence(1_000_000, 100_000)
    assert "the first 3 of 250 of 100,000 destinations and of up to 250 that fail, " in many
    whole = EVERYTHING.sentence(5, 1)
    assert whole == "This log is of a simulation. All of its 5 messages are in it."


def test_a_number_below_nothing_is_refused() -> None:
    for wrong in ({"first": -1}, {"every": -1}, {"most": -1}):
        with pytest.raises(ValueError, match="not below 0"):
            Volume(**wrong)
