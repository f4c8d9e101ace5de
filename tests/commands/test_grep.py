"""The commands that read logs, given anything at all."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from esashell.commands.log_choice import taken_apart
from esashell.commands.registry import find
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.script import Logbook
from esashell.errors import OperatorError, UsageError
from tests.shell.play import LOGS

CONFIG = factory("192.0.2.1")
words = st.lists(
    st.sampled_from(
        ["-i", "-v", "-C", "-e", "-t", "-p", "-m", "-f", "-s", "--", "-", "--count", "--hist", "5m",
         "--json", "--since", "2025-03-01", "--until", "--all", "--follow", "mail_logs", "9", "all",
         "TLS", "(", "[", "a=b", "words=x", "log=mail_logs", "\ud800", "\x00", "\x1b[2J", "ü", ""]
    )
    | st.text(max_size=5),
    max_size=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["findevent", "grep", "logprofile", "rollovernow", "tail"]), words)
@example("grep", ["-e", "\udcff", "mail_logs"])
@example("grep", ["--dir", "\x00", "x"])
def test_any_words_are_done_or_refused_in_a_line_or_three(name: str, typed: list[str]) -> None:
    command = find(name)
    assert command is not None
    desk: Any = Logbook(CONFIG)
    desk.log_folder = LOGS / "mail"
    refusal = ""
    try:
        Batch(typed, desk, lambda text: None).run(command.function(desk))
    except OperatorError as error:
        refusal = str(error)
    assert len(refusal.splitlines()) <= 3
    assert set(desk.rolled_over) <= {each.name for each in CONFIG.logs.subscriptions}
    assert not desk.texts or name == "logprofile"


def parted(line: str) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    found = taken_apart(line.split(), "grep", ("-i", "-v", "--all"), ("-C", "-e", "--since"))
    return found.options, found.bare


@pytest.mark.parametrize(
    ("line", "options", "bare"),
    [
        ("-iv x", {"-i": [""], "-v": [""]}, ("x",)),
        ("-C2 x", {"-C": ["2"]}, ("x",)),
        ("-iC 2 x", {"-i": [""], "-C": ["2"]}, ("x",)),
        ("-e -x -e b log", {"-e": ["-x", "b"]}, ("log",)),
        ("--since=a=b x", {"--since": ["a=b"]}, ("x",)),
        ("--all --since a x", {"--all": [""], "--since": ["a"]}, ("x",)),
        ("-- -i --all", {}, ("-i", "--all")),
        ("- x", {}, ("-", "x")),
    ],
)
def test_options_are_taken_as_in_every_other_grep(
    line: str, options: dict[str, list[str]], bare: tuple[str, ...]
) -> None:
    assert parted(line) == (options, bare)


@pytest.mark.parametrize("line", ["-x", "-ix", "--al", "--all=1", "-C", "--since", "-eC -C"])
def test_what_is_no_option_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match=r"is not an option of grep|a value is required"):
        parted(line)


def test_several_expressions_are_one_search() -> None:
    command = find("grep")
    assert command is not None
    desk: Any = Logbook(CONFIG)
    desk.log_folder = LOGS / "mail"
    line = ["-e", "TLS success", "-e", "(?i)tls FAILED", "--count", "mail_logs"]
    assert Batch(line, desk, lambda text: None).run(command.function(desk)) == 0
    assert desk.lines == [b"3\n"]


def test_lines_that_belong_to_nobody_have_no_story(tmp_path: Path) -> None:
    command = find("grep")
    assert command is not None
    desk: Any = Logbook(CONFIG)
    (tmp_path / "mail").write_text("Mon Feb 4 20:08:47 2019 Warning: DNS Temporary Failure x\n")
    Batch(["-m", "-i", "info", "--dir", str(tmp_path)], desk, lambda text: None).run(
        command.function(desk)
    )
    assert not desk.lines
    with pytest.raises(OperatorError, match="belong to no message and no connection"):
        Batch(["-m", "DNS", "--dir", str(tmp_path)], desk, lambda text: None).run(
            command.function(desk)
        )
