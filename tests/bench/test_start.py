"""The benchmarks of start-up still run: once each, whatever the figures."""

import shutil
from pathlib import Path

import pytest

from tests.bench import start
from tests.bench.timing import process

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


def test_another_shell_is_measured_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (peer,) = (each for each in start.SHELLS if each.program == "litecli")
    installed = tmp_path / peer.program
    # It shows the prompt that it is told to show, and has a folder to write to.
    installed.write_text('#!/bin/sh\n: >"$3" && test -d "$HOME" && printf %s "$2" && sleep 60\n')
    installed.chmod(0o755)
    monkeypatch.setattr(start, "SHELLS", (peer,))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert peer.path() == str(installed)
    shown = start.first_prompt(1, str(tmp_path / "state"))
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["three", "esashell", "litecli"]


def test_another_shell_that_is_not_there_is_said_to_be_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "SHELLS", (start.Shell("no-such-shell", (), b">"),))
    shown = start.first_prompt(1, str(tmp_path))
    assert shown.endswith("\n  no-such-shell is neither beside the interpreter nor on PATH")
    assert shown.count(" ms ") == 2


def test_a_process_that_does_not_say_what_it_should_has_no_figure() -> None:
    echo = shutil.which("echo")
    assert echo is not None
    assert process([echo, "DANE SUCCESS"], said="SUCCESS")() > 0
    with pytest.raises(AssertionError, match="DANE FAILED"):
        process([echo, "DANE FAILED"], said="SUCCESS")()
