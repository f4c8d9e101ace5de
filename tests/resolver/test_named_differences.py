"""Where unbound thinks otherwise: what we say of each example, and that each has an argument.

What unbound says of the same octets is asked of a real one in `test_mutated_zones`.
"""

import re
from pathlib import Path

import pytest

from esashell.steps import run
from tests.differential.cases import planned
from tests.differential.differences import DIFFERENCES
from tests.differential.mutated import Mutated
from tests.differential.named import NAMED, Named
from tests.differential.opinion import opinion


@pytest.mark.parametrize("named", NAMED, ids=[each.name.replace(" ", "_") for each in NAMED])
def test_we_stand_by_what_we_say(named: Named, tmp_path: Path) -> None:
    case = planned(named.seed, named.index)
    assert str(case) == f"case {named.index}: {named.about}"
    mutated = Mutated(named.seed, [case], tmp_path)
    our = opinion(run(mutated.resolver(named.way).look_up(case.qname, case.rdtype), mutated))
    assert our.verdict == named.ours, our.why
    assert named.reason in our.why
    assert our.verdict != named.theirs
    assert bool(mutated.touched) == ("untouched" not in named.about)


def test_every_difference_that_is_accepted_has_its_example_and_its_argument() -> None:
    classes = {each.__name__.replace("_", " ") for each in DIFFERENCES}
    assert {each.name for each in NAMED} == classes
    for each in NAMED:
        assert re.search(r"RFC \d{4} \d", each.argument), each.name
