"""Every question of a configuration command's outline occurs in a golden session."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from esashell.commands.help import furnished
from esashell.commands.registry import find
from esashell.config.tree import factory
from esashell.dialogue.outline import outline
from esashell.dialogue.requests import Ask
from esashell.dialogue.script import Logbook
from tests.shell import play
from tests.shell.test_transcripts import FILES, Transcript

COMMANDS = (
    "bounceconfig",
    "certconfig",
    "deliveryconfig",
    "destconfig",
    "dnsconfig",
    "findevent",
    "grep",
    "interfaceconfig",
    "listenerconfig",
    "loadconfig",
    "logconfig",
    "resetconfig",
    "rollbackconfig",
    "saveconfig",
    "settz",
    "showconfig",
    "smtproutes",
    "sslconfig",
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
        if path.stem.partition("_")[0] in COMMANDS:
            folder: Path = tmp_path_factory.mktemp(path.stem)
            session = Transcript(path).session(folder)
            console = Questioned(session, Transcript(path).typed)
            play.shell(session, console).run_all()
            found |= console.asked
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_every_question_has_been_seen(name: str, asked: set[tuple[str, str]]) -> None:
    command = find(name)
    assert command is not None
    appliance = Logbook(furnished(factory("192.0.2.1")))
    for host in ("one.example", "two.example"):  # something to go back to
        appliance.stage(replace(appliance.config, hostname=host))
        appliance.commit(host)
    forms = outline(lambda: command.function(appliance))
    wanted = {
        each.key for form in forms for each in form.questions if not each.silent and each.prompt
    }
    assert wanted
    assert {key for key in wanted if (name, key) not in asked} == set()


@pytest.mark.parametrize(
    "path",
    [each for each in FILES if each.stem.partition("_")[0] in COMMANDS and each.stem not in KEYS],
    ids=lambda path: path.stem,
)
def test_ctrl_c_at_any_question_leaves_what_was_staged_before(path: Path, tmp_path: Path) -> None:
    typed = Transcript(path).typed
    seen = [play.session(tmp_path / "untouched").config]
    for length in range(len(typed)):
        folder = tmp_path / str(length)
        session = Transcript(path).session(folder)
        play.scripted(session, [*typed[:length], "^C"])
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


@pytest.mark.parametrize("junk", ["\x1b[2J", "\ud800", "x" * 5000, "?"], ids=ascii)
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
