"""The benchmark of simulated logs still runs: once, whatever the figures."""

from pathlib import Path

import pytest

from tests.bench import story

pytestmark = pytest.mark.slow


def test_a_story_has_its_figures_beside_plain_writing(tmp_path: Path) -> None:
    shown = story.lines_per_second(1, tmp_path, every=500)
    assert shown.count("/s") == 3
    assert shown.count("1.00x") == 1
