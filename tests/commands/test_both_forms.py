"""What is typed at the prompts and what stands on one line come to the same configuration.

For every operation of every command that configures something, the dialogue is walked with answers
drawn at random from those that its questions take. The same answers are then given by name on a
line. Nothing here knows a command.
"""

from random import Random
from typing import Any

import pytest

from esashell.commands.help import explored, furnished
from esashell.commands.registry import find, names
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.drive import Driver
from esashell.dialogue.requests import Ask
from esashell.dialogue.script import Logbook
from esashell.errors import BadAnswer, OperatorError

CONFIG = furnished(factory("192.0.2.1", "192.0.2.2"))
WALKS = 25  # of each operation
ANSWERS = (
    *("1", "2", "7", "60", "500", "yes", "no", "default", "none", "2h", "10m", "new", "CH"),
    *("zz.example", ".zz.example", "a@zz.example", "192.0.2.77", "2001:db8::77", "10.0.0.1-9"),
    *("zz text", "550 zz", "USEDNS", "zz.example, yy.example", "X-Test", "HIGH", "1,2"),
)
# A new private key is another one each time.
NEW_KEYS = ("certificate", "new")


# "dnsconfig roots" is the published form of "dnsconfig roots clear"; at its menu Enter leaves.
ONLY_ON_A_LINE = ("roots",)


class NowhereError(Exception):
    """The walk does not lead to the end of the operation."""


class Walk(Driver):
    """Answers at random, writes down what, and leaves every menu when it comes round again."""

    def __init__(self, desk: Logbook, path: tuple[str, ...], random: Random) -> None:
        super().__init__(desk)
        self.words: list[str] = []
        self.refused = ""
        self._path = list(path)
        self._menus: set[str] = set()
        self._random = random

    def ask(self, question: Ask[Any]) -> Any:
        if question.ends:
            raise NowhereError  # a paste has no place on a line
        if question.kind.menu:
            if question.key in self._menus or not self._path:
                return ""
            self._menus.add(question.key)
            self.words.append(self._path.pop(0))
            if self.words[-1] not in question.kind.words:
                raise NowhereError  # not offered for the row that was drawn
            return question.take(self.words[-1])
        if self._path and self._path[0] in question.kind.words and question.default is None:
            text = self._path.pop(0)
        elif question.silent:
            return question.default
        else:
            text = self._drawn(question)
        if text:
            self.words.append(f"{question.key}={text}")
        return question.take(text)

    def _drawn(self, question: Ask[Any]) -> str:
        found = [question.kind.sample, *question.kind.words, *ANSWERS]
        if question.default is not None:
            found += [question.kind.show(question.default)] * 5
        self._random.shuffle(found)
        return next(text for text in found if text == "" or _takes(question, text))

    def say(self, text: str) -> None:
        pass

    def refuse(self, text: str) -> None:
        self.refused = self.refused or text


def _takes(question: Ask[Any], text: str) -> bool:
    try:
        question.take(text)
    except BadAnswer:
        return False
    return True


def operations() -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for name in names():
        command = find(name)
        assert command is not None
        if command.commits:
            for form in explored(command, Logbook(CONFIG)):
                path = tuple(word for word in form.words if not word.startswith("<"))
                if path not in (NEW_KEYS, ONLY_ON_A_LINE) and not any("|" in word for word in path):
                    found.append((name, path))
    return found


def book() -> Logbook:
    made = Logbook(CONFIG)
    made.kept["file.txt"] = b"ALL REJECT\n"
    return made


@pytest.mark.parametrize(
    ("name", "path"),
    operations(),
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_one_line_comes_to_what_was_typed(name: str, path: tuple[str, ...]) -> None:
    command = find(name)
    assert command is not None
    random = Random(f"{name} {path}")
    for _ in range(WALKS):
        typed, line = book(), book()
        walk = Walk(typed, path, random)
        try:
            walk.run(command.function(typed))
        except NowhereError:
            continue
        refused = ""
        try:
            Batch(walk.words, line, lambda text: None).run(command.function(line))
        except OperatorError as error:
            refused = str(error)
        assert refused == walk.refused, walk.words
        assert (line.config, line.kept) == (typed.config, typed.kept), walk.words
        if walk.refused:
            assert line.staged == []


def test_the_walks_change_something() -> None:
    """They would agree just as well if nothing ever came of them."""
    changed: set[str] = set()
    for name, path in operations():
        command = find(name)
        assert command is not None
        for seed in range(WALKS):
            made: Logbook = book()
            try:
                Walk(made, path, Random(seed)).run(command.function(made))
            except NowhereError:
                continue
            if made.config != CONFIG:
                changed.add(f"{name} {' '.join(path)}")
    assert len(changed) > 50
