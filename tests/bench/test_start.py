"""The benchmarks of start-up still run: once each, whatever the figures."""

from pathlib import Path

import pytest

from tests.bench import start

pytestmark = pytest.mark.slow


def test_every_measure_gives_a_figure_beside_its_peer(tmp_path: Path) -> None:
    for shown in (
        start.whole_processes(1, str(tmp_path)),
        start.first_prompt(1, str(tmp_path)),
        start.verification(1),
        start.lab_start(1, tmp_path),
    ):
        assert shown.count(" ms ") >= 2
        assert "1.00x" in shown
