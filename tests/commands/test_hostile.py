"""Whatever is typed at a command, at each of its prompts or on its line, is taken or refused in
plain words, and nothing that breaks a rule is ever staged.

Over the table of commands and whatever their dialogues ask: nothing here knows a command.
"""

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.help import explored, furnished
from esashell.commands.registry import find, names
from esashell.config.check import breaches
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.interview import Interview
from esashell.dialogue.questions import LONGEST_ANSWER, Ask, is_plain
from esashell.dialogue.script import Logbook, Script
from esashell.errors import BadAnswer, OperatorError
from esashell.reports.screen import PLAIN
from tests.commands.test_prompts import questions
from tests.conftest import LONG

CONFIG = furnished(factory("192.0.2.1", "192.0.2.2"))
FILES = {
    "destinations": b"[c.example]\ntable_tls = on\n",
    "routes": b"b.example 192.0.2.1\n",
    "access": b"$P\n  ACCEPT\nA:\n  10.1.\n    $P\nALL\n  REJECT\n",
    "configuration": b"[dns]\nminimum_ttl = 7\n",
    "junk": b"\xff\x00\x1b[2J\n[",
}

# Octets that are no text come as half surrogate pairs; a long number is more than Python converts.
JUNK = (
    *("", " ", "\x00", "\x1b[2J", "\x07", "a\nb", "a\r", "\x7f", "\x9b2J", "\u2028", "\u202e"),
    *("\ud800", "\udcff\udcfe", "a\udc80", "\ufeff", "\ufffe", "\U0010ffff", "\u00a0", "²", "١٢"),
    *("x" * 300, "x" * LONGEST_ANSWER, "x" * 5_000_000, "9" * 4000, "-" + "9" * 4000, "." * 4000),
    *("-1", "0x10", "1_000", "1e9", "inf", "nan", "1.5", "+1", "00", "0" * 300 + "1", "=", "a=b"),
    *("'", '"', "\\", "`id`", "$(id)", "../../etc/passwd", "/", "%s", "{}", "<a>", "*", "?", "#"),
    *("xn--", "xn--a", "bücher.example", "a..b", "." * 3, "a" * 64 + ".example", "192.0.2.300"),
    *("::ffff:192.0.2.1", "fe80::1%lo", "192.0.2.1/33", "[::1", "10.0.0.9-1", ",", "a,,b", "1-"),
)  # fmt: skip
TYPED = tuple(each for each in JUNK if len(each) <= 300)
EXAMPLES = 40 if LONG else 10


class Alone(Logbook):
    """An appliance with a past, some files, and no way to anything else."""

    def __init__(self) -> None:
        super().__init__(CONFIG)
        self.screen = PLAIN
        self.kept = dict(FILES)
        for number in range(2):
            self.stage(replace(CONFIG, hostname=f"h{number}.example"))
            self.commit(f"number {number}")

    def converse(self, steps: Any, listen: Any) -> Any:
        steps.close()
        raise OperatorError("There is no network.")

    def read_text(self, path: str) -> str:
        raise OperatorError("There is no such file.")

    def search(self, work: Any, paged: bool) -> Any:
        raise OperatorError("There are no logs.")


class Heard(Script):
    """Keeps what is said apart from what is typed."""

    def __init__(self, lines: Any) -> None:
        super().__init__(lines)
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)
        super().say(text)


def dialogue(name: str, book: Any) -> Any:
    command = find(name)
    assert command is not None
    return command.function(book)


def are_plain(said: list[str]) -> None:
    for line in "\n".join(said).split("\n"):
        assert is_plain(line), ascii(line)
        assert "Error: Error" not in line


@pytest.mark.parametrize("name", names())
def test_an_answer_is_taken_or_refused_in_plain_words_at_every_prompt(name: str) -> None:
    for each in questions(name):
        for text in JUNK:
            try:
                value = each.take(text)
            except BadAnswer as refusal:
                said = str(refusal)
                assert all(map(is_plain, said.split("\n"))), (each.key, ascii(said))
                assert len(said) < 1000, (each.key, ascii(text[:20]))
                continue
            if not each.ends:  # a line of a paste is judged with the others
                assert is_plain(each.kind.show(value)), (each.key, ascii(text[:20]))


@cache
def vocabulary(name: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The beginnings of a command's forms, and all words that occur in them."""
    command = find(name)
    assert command is not None
    example: Any = Alone()
    forms = explored(command, example)
    starts = {tuple("1" if "<" in w or "|" in w else w for w in form.words) for form in forms}
    asked: list[Ask[Any]] = [each for form in forms for each in form.questions]
    words = {word for start in starts for word in start}
    words |= {word for each in asked for word in (*each.kind.words, each.kind.sample)}
    words |= {f"{each.key}={each.kind.sample}" for each in asked} | {f"{e.key}=" for e in asked}
    return tuple(sorted(starts | {()})), tuple(sorted(words | {*FILES, "1", "2", "y", "n", "^C"}))


def lines_for(name: str, most: int) -> Any:
    starts, words = vocabulary(name)
    word = st.sampled_from(words) | st.sampled_from(TYPED) | st.text(max_size=8)
    return st.builds(
        lambda start, more: [*start, *more], st.sampled_from(starts), st.lists(word, max_size=most)
    )


@pytest.mark.parametrize("name", names())
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_what_is_staged_may_be_committed_whatever_is_typed(name: str, data: Any) -> None:
    book, script = Alone(), Heard(data.draw(lines_for(name, 25)))
    before = book.config
    try:
        Interview(book, script).run(dialogue(name, book))
    except OperatorError as error:
        script.say(str(error))
    except (KeyboardInterrupt, EOFError):
        pass
    are_plain(script.said)
    assert book.config == before or not breaches(book.config)


@pytest.mark.parametrize("name", names())
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_a_line_is_taken_or_refused_whole_whatever_stands_on_it(name: str, data: Any) -> None:
    book, said = Alone(), list[str]()
    before = book.config
    try:
        Batch(data.draw(lines_for(name, 7)), book, said.append).run(dialogue(name, book))
    except OperatorError as error:
        said.append(str(error))
        assert book.config == before
    except KeyboardInterrupt:
        pass
    are_plain(said)
    assert book.config == before or not breaches(book.config)
