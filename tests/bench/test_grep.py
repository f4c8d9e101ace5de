"""The benchmark of `grep` runs, and its outputs are GNU grep's; no time is asserted."""

import shutil

import pytest

from tests.bench.grep import CASES, Bench, Case, peak
from tests.conftest import lacking

SIZE = 20_000_000  # more than what a second process is taken for


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    if shutil.which("grep") is None:
        lacking("GNU grep is not installed (Debian package: grep)")
    return Bench(tmp_path_factory.mktemp("state") / "a", tmp_path_factory.mktemp("out"), SIZE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.called)
def test_outputs_are_those_of_gnu_grep(bench: Bench, case: Case) -> None:
    found = bench.measured(case, 1)  # which compares them
    assert {"gnu", "one", "two"} <= found.keys()
    output = bench.outputs / "gnu"
    assert (output.stat().st_size > 0) is (case.called != "literal, no line")


def test_memory_stays_small_where_nearly_everything_is_found(bench: Bench) -> None:
    everything = Case("everything", "x*", 0, 0)
    assert 5 < peak(bench.ours(everything), bench.outputs / "all") < 40
    assert (bench.outputs / "all").stat().st_size == bench.log.stat().st_size
