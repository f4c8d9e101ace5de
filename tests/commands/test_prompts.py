"""Every prompt of every dialogue completes and explains itself, and help has every form.

Over the table of commands and whatever their dialogues ask: nothing here knows a command.
"""

from typing import Any

import pytest

from esashell.commands import help as help_command
from esashell.commands.help import _Furnished, explored, usage
from esashell.commands.registry import find, names
from esashell.config.tree import factory
from esashell.dialogue.interview import explained
from esashell.dialogue.outline import upcoming
from esashell.dialogue.requests import Ask
from esashell.dialogue.script import Logbook
from esashell.errors import BadAnswer

APPLIANCE = Logbook(factory("192.0.2.1", "192.0.2.2"))
# One of each sort of answer that nobody can offer.
FREE = (
    *("zz9", "CH", "77", "1", "20000", "1h", "zz.example", "a@zz.example", "zz text", "550 zz"),
    *("192.0.2.77", "2001:db8::77"),
)


def questions(name: str) -> list[Ask[Any]]:
    command = find(name)
    assert command is not None
    found: dict[tuple[str, str], Ask[Any]] = {}
    for form in explored(command, APPLIANCE):
        found.update({(each.key, each.prompt): each for each in form.questions})
    return list(found.values())


def takes(question: Ask[Any], text: str) -> bool:
    try:
        question.take(text)
    except BadAnswer:
        return False
    return True


@pytest.mark.parametrize("name", names())
def test_what_tab_offers_at_a_prompt_is_taken(name: str) -> None:
    for each in questions(name):
        if each.takes is not None:
            continue  # a text of several words, of which one alone may say nothing
        refused = [word for word in each.kind.words if not takes(each, word)]
        assert not refused, each.key


@pytest.mark.parametrize("name", names())
def test_a_prompt_that_takes_certain_words_only_offers_them(name: str) -> None:
    for each in questions(name):
        if not any(takes(each, text) for text in FREE):
            assert each.kind.words or each.kind.name_in is not None, each.key
        # Nobody types two letters of a word to see nothing.
        for word in each.kind.words:
            assert word in each.kind.offered(word[:2], tuple), (each.key, word)


@pytest.mark.parametrize("name", names())
def test_a_question_mark_is_answered_at_every_prompt(name: str) -> None:
    command = find(name)
    assert command is not None
    for each in questions(name):
        said = explained(each, command.about())
        assert said.endswith(")") or "not documented" in said, each.key
        assert "\n" not in said


@pytest.mark.parametrize("name", names())
def test_tab_leads_along_every_form_that_help_prints(name: str) -> None:
    command = find(name)
    assert command is not None
    example: Any = _Furnished(APPLIANCE)
    for form in explored(command, APPLIANCE):
        if any("|" in word for word in form.words):
            continue
        samples = iter([each.kind.sample for each in form.questions if each.key in form.passed])
        typed: list[str] = []
        for word in form.words:
            if word.startswith("<"):
                typed.append(next(samples))
                continue
            offered = upcoming(command.function(example), typed, word)
            assert word in offered, (typed, word)
            typed.append(word)


@pytest.mark.parametrize("name", names())
def test_help_has_every_form_of_the_dialogue(name: str) -> None:
    command = find(name)
    assert command is not None
    lines = usage(command, APPLIANCE)
    shown = "\n".join(lines)
    for form in explored(command, APPLIANCE):
        if command.usage:
            continue  # written out, where the dialogue itself is not on the line
        assert f"{name} {form.usage}".rstrip() in lines
    # As much as it says, it says it on a screen of 80 columns.
    assert all(len(line) <= 80 for each in lines for line in help_command._wrapped(each))
    assert name in shown
