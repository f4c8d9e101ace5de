"""Runs of numbers beside a set of them."""

from hypothesis import given
from hypothesis import strategies as st

from esashell.simulate.runs import Runs

span = st.tuples(st.integers(0, 40), st.integers(0, 10)).map(lambda it: (it[0], sum(it)))


def numbers(first: int, last: int) -> set[int]:
    return set(range(first + 1, last + 1))


@given(st.lists(span, max_size=8), span, st.integers(0, 50), st.integers(1, 20))
def test_runs_hold_what_a_set_would_hold(
    spans: list[tuple[int, int]], asked: tuple[int, int], cut: int, count: int
) -> None:
    runs, plain = Runs(), set[int]()
    for first, last in spans:
        for begin, end in list(runs.without(first, last)):
            runs.add(begin, end)
        plain |= numbers(first, last)
    assert runs.count == len(plain)
    left = [numbers(*each) for each in runs.without(*asked)]
    assert set().union(*left) == numbers(*asked) - plain
    assert sum(map(len, left)) == len(numbers(*asked) - plain)
    reached = runs.reach(asked[0], count, 60)
    free = sorted(numbers(asked[0], 60) - plain)
    assert reached == (free[count - 1] if len(free) >= count else 60)
    runs.cut(cut)
    plain = {each for each in plain if each > cut}
    assert runs.count == len(plain)
    gone = runs.shed(cut)
    assert numbers(cut, gone) <= plain
    assert gone + 1 not in plain
    assert runs.count == len(plain) - (gone - cut)
