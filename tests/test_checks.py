"""The one command that checks everything must be able to say no."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import __main__ as check
from tests import conftest


def _python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_one_red_check_reddens_the_whole_and_the_later_ones_still_run(
    capfd: pytest.CaptureFixture[str],
) -> None:
    status = check.outcome(
        {
            "first": _python("pass"),
            "second": _python("raise SystemExit(3)"),
            "third": _python("print('third was here')"),
        }
    )
    out = capfd.readouterr().out
    assert status == 3
    assert "third was here" in out
    assert [line.split()[:2] for line in out.splitlines() if line.endswith(" s")] == [
        ["first", "ok"],
        ["second", "RED"],
        ["third", "ok"],
    ]


def test_a_check_that_was_killed_is_red() -> None:
    assert check.outcome({"gone": _python("import os; os.kill(os.getpid(), 9)")}) != 0


def test_a_check_without_an_end_is_red() -> None:
    assert check.outcome({"waits": _python("import time; time.sleep(60)")}, longest=0.2) != 0


def test_all_green_is_zero() -> None:
    assert check.outcome({"one": _python("pass")}) == 0


def test_words_reach_pytest_and_fast_leaves_out_the_slow_folders() -> None:
    commands = check.checks(["--fast", "-k", "referral"])
    assert list(commands) == ["format", "lint", "types", "tests"]
    assert commands["tests"][-2:] == ["-k", "referral"]
    assert "--ignore=tests/differential" in commands["tests"]
    assert "--fast" not in commands["tests"]
    assert "--ignore=tests/differential" not in check.checks([])["tests"]
    assert "-n" not in check.checks(["--pdb"])["tests"]


def test_the_stamp_follows_what_the_project_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("one")
    before = check.wanted_stamp()
    (tmp_path / "pyproject.toml").write_text("two")
    assert check.wanted_stamp() != before


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "_PLACES", "/nowhere")
    monkeypatch.delenv("ESASHELL_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"posttls-finger .*Debian package: postfix"):
        conftest.need("posttls-finger")
    monkeypatch.setenv("ESASHELL_CI", "1")
    with pytest.raises(pytest.fail.Exception, match="Debian package: unbound"):
        conftest.need("unbound")


def test_the_whole_installation_list_names_no_package_twice_and_every_program_has_one() -> None:
    script = (check.ROOT / ".ci" / "run").read_text()
    listed = script.split("packages=(", 1)[1].split(")", 1)[0].split()
    assert len(listed) == len(set(listed))
    assert set(conftest._PACKAGE.values()) - {"util-linux"} <= set(listed)
    checked = subprocess.run(
        ["bash", "-n", os.fspath(check.ROOT / ".ci" / "run")], check=False, capture_output=True
    )
    assert checked.returncode == 0, checked.stderr
