"""A store in an empty folder; and property tests on a busy machine, where slow is not wrong."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from esashell.clock import FixedClock
from esashell.config.store import Store
from tests.config.stores import FACTORY, MOMENT

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "state" / "config"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MOMENT)


@pytest.fixture
def store(directory: Path, clock: FixedClock) -> Store:
    return Store(directory, clock, FACTORY)
