"""A store in an empty folder."""

from pathlib import Path

import pytest

from esashell.clock import FixedClock
from esashell.config.store import Store
from tests.config.stores import FACTORY, MOMENT


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "config"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MOMENT)


@pytest.fixture
def store(directory: Path, clock: FixedClock) -> Store:
    return Store(directory, clock, FACTORY)
