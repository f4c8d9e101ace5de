"""The benchmark of plans runs in its short form: equal answers, and what is visited for an edit."""

import pytest

from esashell.simulate.columns import Treatments
from tests.bench import plan

pytestmark = pytest.mark.slow


def test_all_three_ways_come_to_the_same_and_columns_are_the_fastest_by_far() -> None:
    found = plan.measured(3, 60_000, 600, 300)
    assert found.visited < found.rows // 2
    assert 0 < found.affected <= found.visited
    # Some thirty times faster than plain Python, and ten than DuckDB; a busy machine is granted
    # a good part. Of small lists more of the time goes to the entries.
    assert found.full[plan.OURS] * 8 < found.full[plan.PLAIN]
    assert found.full[plan.OURS] * 2 < found.full[plan.PEER]


def test_what_an_edit_costs_follows_the_rows_that_it_speaks_of() -> None:
    case = plan.Case(20_000, 200, 100)
    before = case.columns(case.treatments)
    exact = [each for each in case.treatments.controls if each[0] != "."][:10]
    controls = dict(case.treatments.controls) | dict.fromkeys(exact, 7)
    treatments = Treatments(controls, 0, case.treatments.routes)
    changed = [it for it in exact if case.treatments.controls[it] != 7]
    assert before.edited(treatments).visited == len(changed)
    ending = ".com.br"
    controls = dict(case.treatments.controls) | {ending: 7}
    after = before.edited(Treatments(controls, 0, case.treatments.routes))
    begin, end = case.rows.span(ending)
    below = sum(
        last - first
        for first, last in (case.rows.span(it) for it in controls if it.endswith(ending))
    )
    assert end - begin <= after.visited <= 2 * (end - begin) + below
    assert len(case.rows) > 3 * after.visited
