"""The benchmark of the configuration runs, and what it promises holds where it cannot be chance."""

import re
from pathlib import Path

import pytest

from tests.bench import config

pytestmark = pytest.mark.slow


def ratios(table: str) -> dict[str, float]:
    rows = re.findall(r"^  (.*?) +[\d.]+ ms +([\d.]+)x$", table, re.M)
    return {name: float(ratio) for name, ratio in rows}


def test_a_long_table_loads_in_a_fraction_of_the_time_of_tomllib(tmp_path: Path) -> None:
    found = ratios(config.disk(10_000, 3, tmp_path / "config"))
    # Some thirty times faster, and four times without the side-car; a busy machine is granted a
    # good part.
    assert found["load"] < 0.25
    assert found["load, edited by hand"] < 0.8
    assert found["commit of one change"] < 0.3


def test_a_look_up_does_not_slow_down_with_the_table() -> None:
    found = ratios(config.look_ups(5))
    assert max(found.values()) < 4
