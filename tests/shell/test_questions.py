"""Every question of a configuration command's outline occurs in a golden session."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from esashell.commands.help import furnished
from esashell.commands.registry import find, names
from esashell.config.tree import factory
from esashell.dialogue.outline import outline
from esashell.dialogue.requests import Ask
from esashell.dialogue.script import Logbook
from esashell.reports.screen import PLAIN
from tests.conftest import LONG
from tests.shell import play
from tests.shell.test_transcripts import FILES, Transcript

COMMANDS = (
    "bounceconfig",
    "bouncerecipients",
    "certconfig",
    "deleterecipients",
    "deliveryconfig",
    "delivernow",
    "destconfig",
    "dnsconfig",
    "findevent",
    "grep",
    "hoststatus",
    "interfaceconfig",
    "listenerconfig",
    "loadconfig",
    "logconfig",
    "resetconfig",
    "rollbackconfig",
    "saveconfig",
    "settz",
    "showconfig",
    "showrecipients",
    "smtproutes",
    "sslconfig",
    "suspenddel",
    "tophosts",
    "workqueue",
)
# A new key is another one each time, so what two sessions have come to cannot be compared.
KEYS = ("certconfig_new",)
# Junk in a paste is part of what is pasted.
PASTES = ("certconfig_paste", "saveconfig")


class Questioned(play.Overheard):
    """Writes down which command asked what."""

    def __init__(self, at: Any, lines: Any) -> None:
        super().__init__(at, lines)
        self.asked: set[tuple[str, str]] = set()
        self._command = ""

    def command(self, prompt: str) -> str:
        line = super().command(prompt)
        self._command = line.partition(" ")[0]
        return line

    def answer(self, question: Ask[Any]) -> str:
        self.asked.add((self._command, question.key))
        return super().answer(question)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for path in FILES:
        folder: Path = tmp_path_factory.mktemp(path.stem)
        session = Transcript(path).session(folder)
        console = Questioned(session, Transcript(path).typed)
        play.shell(session, console).run_all()
        found |= console.asked
    return found


def put(name: str) -> set[str]:
    """The questions that a command can put, by their keys."""
    command = find(name)
    assert command is not None
    appliance = Logbook(furnished(factory("192.0.2.1")))
    appliance.screen = PLAIN
    for host in ("one.example", "two.example", "three.example"):
        appliance.stage(replace(appliance.config, hostname=host))
        if host != "three.example":  # something to go back to, and something to commit
            appliance.commit(host)
    forms = outline(lambda: command.function(appliance))
    return {
        each.key for form in forms for each in form.questions if not each.silent and each.prompt
    }


# They ask nothing: all they take stands on their line.
SILENT = {
    *("commitdetail", "dnsstatus", "fidelity", "help", "logprofile", "plan", "showchanges"),
    *("version", "status", "resumedel"),
}


@pytest.mark.parametrize("name", names())
def test_every_question_has_been_seen(name: str, asked: set[tuple[str, str]]) -> None:
    assert {key for key in put(name) if (name, key) not in asked} == set()


@pytest.mark.parametrize("name", names())
def test_every_command_has_a_golden_session(name: str) -> None:
    stems = {path.stem.partition("_")[0].partition(".")[0] for path in FILES}
    typed = {line.split()[0] for path in FILES for line in Transcript(path).typed if line.split()}
    assert name in stems | typed


def test_no_question_is_looked_for_where_none_is_put() -> None:
    assert {name for name in names() if not put(name)} <= SILENT


@pytest.mark.parametrize(
    "path",
    [each for each in FILES if each.stem.partition("_")[0] in COMMANDS and each.stem not in KEYS],
    ids=lambda path: path.stem,
)
def test_ctrl_c_and_ctrl_d_at_any_question_leave_what_was_staged_before(
    path: Path, tmp_path: Path
) -> None:
    typed = Transcript(path).typed
    seen = [play.session(tmp_path / "untouched").config]
    # Where there is no time for every place, every third; the first is another in each session.
    step = 1 if LONG else 3
    for length in range(len(path.stem) % step, len(typed), step):
        folder = tmp_path / str(length)
        session = Transcript(path).session(folder)
        # Ctrl-D is the end of a paste, and what has been pasted is taken.
        key = "^D" if length % 2 and path.stem not in PASTES else "^C"
        play.scripted(session, [*typed[:length], key])
        if session.config != seen[-1]:
            seen.append(session.config)
    whole = Transcript(path).session(tmp_path / "whole")
    stages = [whole.config]
    stage = whole.stage
    whole.stage = lambda config: (stages.append(config), stage(config))[1]  # type: ignore[method-assign]
    play.scripted(whole, typed)
    # Nothing is ever seen that the dialogue had not staged as a whole, and nothing out of order.
    at = iter(stages)
    assert all(any(each == config for config in at) for each in seen)


class Heckled(play.Overheard):
    """Gives every question something else first."""

    def __init__(self, at: Any, lines: Any, junk: str) -> None:
        super().__init__(at, lines)
        self._junk = junk
        self._heckled = False

    def answer(self, question: Ask[Any]) -> str:
        self._heckled = not self._heckled
        return self._junk if self._heckled else super().answer(question)


@pytest.mark.parametrize("junk", ["\x1b[2J", "?"], ids=ascii)
@pytest.mark.parametrize(
    "path",
    [
        each
        for each in FILES
        if each.stem.partition("_")[0] in (*COMMANDS, "commit")
        and each.stem not in (*KEYS, *PASTES)
    ],
    ids=lambda path: path.stem,
)
def test_junk_at_every_prompt_changes_nothing(path: Path, junk: str, tmp_path: Path) -> None:
    typed = Transcript(path).typed
    at = Transcript(path)
    clean, heckled = at.session(tmp_path / "clean"), at.session(tmp_path / "heckled")
    play.scripted(clean, typed)
    play.shell(heckled, Heckled(heckled, typed, junk)).run_all()
    assert (heckled.running, heckled.config) == (clean.running, clean.config)
    assert not (tmp_path / "heckled" / "faults").exists()


def test_a_question_mark_is_answered_by_the_command_s_own_explanations(tmp_path: Path) -> None:
    lines = ["destconfig", "new", "a.example", "n", "?", "", "?", "^C"]
    screen = play.scripted(play.session(tmp_path), lines).transcript
    explained = "Connections to the destination at one time. (User Guide 9.1.2, destination contro"
    # The question in front of it is about the same.
    assert screen.count(explained) == 2
