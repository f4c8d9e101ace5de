"""The comparison with posttls-finger still runs: once, whatever the figures."""

import re
from pathlib import Path

import pytest

from tests.bench import verification

pytestmark = [pytest.mark.differential, pytest.mark.slow]


def test_both_programs_verify_the_domain_and_have_a_figure(tmp_path: Path) -> None:
    shown = verification.measured(1, tmp_path)
    rows = re.findall(r"^  (\S.*?)  +[0-9.]+ ms +[0-9.]+x$", shown, re.M)
    cold, warm = (f"in a running process, {each} cache" for each in ("cold", "warm"))
    programs = [verification.PEER, verification.OURS]
    assert rows == [*programs, "esashell -c version", cold, warm, *programs, cold]
    assert shown.count("1.00x") >= 2
