"""The benchmark of logs still runs: once, whatever the figures."""

from pathlib import Path

import pytest

from esashell.config.model.logs import LogLevel
from tests.bench import logs

pytestmark = pytest.mark.slow


def test_each_level_has_a_figure_beside_plain_writing(tmp_path: Path) -> None:
    shown = logs.lines_per_second(1, tmp_path)
    assert shown.count("/s") == 4
    assert shown.count("1.00x") == 2


def test_a_verification_has_its_figure_with_each_set_of_logs(tmp_path: Path) -> None:
    shown = logs.verification(1, tmp_path)
    assert shown.count(" ms ") == 3
    assert "1.000x" in shown
    assert (tmp_path / "2" / "mail_logs_d").is_dir()


def test_the_peer_writes_the_very_lines_that_the_log_has(tmp_path: Path) -> None:
    lines = logs.lines_of(LogLevel.DEBUG, list(logs.message(1)), tmp_path)
    logs.plain(lines, tmp_path)()
    assert (tmp_path / "plain").read_text() == "".join(lines)
    assert sum("DNS query" in line for line in lines) == 4
