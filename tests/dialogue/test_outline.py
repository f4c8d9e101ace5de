"""Reading a dialogue without an operator: its forms, and what may come next on a line."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.dialogue.drive import Driver
from esashell.dialogue.interview import Interview
from esashell.dialogue.kinds import (
    address,
    choice,
    confirm,
    domain,
    menu,
    number,
    number_kind,
    text,
    word,
)
from esashell.dialogue.outline import goes_on, names_in, outline, upcoming
from esashell.dialogue.requests import Refuse, Stage, do
from esashell.dialogue.script import Script
from tests.dialogue import desk


def servers():
    """A menu with a menu behind one of its words."""
    while op := (yield from menu("op", "", {"new": "N", "delete": "D", "setup": "S"}, ["more"])):
        if op == "more":
            op = yield from menu("more", "", {"new": "N", "list": "L"})
        if op == "new":
            yield from address("ip", "Where?")
            yield from number("priority", "Which?", 0, 0, 9, positional=True)
            yield Stage(desk.CONFIG)
        elif op == "delete" and (yield from confirm("Sure?")):
            yield Refuse("No.")
        elif op == "setup":
            yield from desk.limits()
            yield Stage(desk.CONFIG)


def test_every_operation_of_every_menu_is_a_form_and_choices_reveal_what_is_behind_them():
    assert [form.usage for form in outline(servers)] == [
        "new <ip> [<priority>]",
        "delete",
        "setup [limit=<limit>] [tls=off|on|require] [port=<port>]",
        "more new <ip> [<priority>]",
        "more list",
    ]


def rows():
    """A menu of a row's own behind the question which row, and a choice in front of the rest."""
    while (yield from menu("op", "", {"edit": "E"})):
        row = yield from choice("row", "Which?", {"big": "B", "small": "S"}, positional=False)
        offers = {"name": "N", "size": "S"} if row == "big" else {"name": "N", "drop": "D"}
        while inner := (yield from menu("inner", "", offers)):
            if inner == "size":
                yield from address("ip", "Where?")
                yield from menu("depth", "", {"more": "M"})
                yield from number("count", "Which?", None, 0, 9)
            elif inner == "name":
                yield from text("name", "What?", "x")
            yield Stage(desk.CONFIG)


def test_a_menu_behind_a_question_is_gone_through_whatever_the_answer():
    forms = outline(rows)
    assert [form.usage for form in forms] == [
        "edit big name [name=<name>]",
        "edit big size <ip> more <count>",
        "edit small name [name=<name>]",
        "edit small drop",
    ]


def test_what_is_asked_on_the_way_to_a_menu_is_told_once():
    def by_name():
        yield from menu("op", "", {"edit": "E"})
        yield from address("which", "Which?")
        yield from menu("inner", "", {"size": "S"})
        yield from number("count", "How many?", 3, 0, 9)
        yield Stage(desk.CONFIG)

    (form,) = outline(by_name)
    assert form.usage == "edit <which> size [count=<count>]"
    assert [each.key for each in form.questions] == ["which", "count"]


def test_a_command_without_a_menu_has_one_form():
    assert [form.usage for form in outline(lambda: text("comment", "?"))] == ["<comment>"]


def test_a_dialogue_without_questions_has_no_form():
    def nothing():
        yield from ()

    assert outline(nothing) == ()


def test_reading_has_no_effect_and_never_talks():
    begun = []

    def steps():
        begun.append(True)
        yield

    def talking():
        yield from address("ip", "Where?")
        yield from do(steps())
        yield from text("after", "Never asked.")

    forms = outline(talking)
    assert [each.key for each in forms[0].questions] == ["ip"]
    assert begun == []


def test_a_dialogue_that_asks_for_ever_does_not_hang():
    def endless():
        for at in range(10**9):
            yield from menu(f"op{at}", "", {"a": "A", "b": "B"})

    def stubborn():
        while True:
            yield from number("n", "Again?", 1, 0, 9)

    assert outline(endless) == ()
    assert [form.usage for form in outline(stubborn)] == ["[n=<n>]"]
    assert upcoming(stubborn(), [], "") == ("n=",)


@pytest.mark.parametrize(
    ("line", "prefix", "expected"),
    [
        ("", "", ("new", "delete", "setup", "more")),
        ("", "N", ("new",)),
        ("new", "", ()),
        ("more", "", ("new", "list")),
        ("more new 192.0.2.1", "", ()),
        ("setup", "", ("limit=", "tls=", "port=")),
        ("setup", "t", ("tls=",)),
        ("setup", "tls=", ("tls=off", "tls=on", "tls=require")),
        ("setup", "tls=o", ("tls=off", "tls=on")),
        ("setup tls=off", "", ("limit=",)),
        ("setup limit=5", "", ("tls=", "port=")),
        ("setup limit=none", "", ()),
        ("nonsense", "", ()),
        ("delete", "", ()),
    ],
)
def test_what_comes_next_is_what_the_dialogue_would_take(line, prefix, expected):
    assert upcoming(servers(), line.split(), prefix) == expected


class Witness(Interview):
    """An interview that keeps the keys of its questions."""

    def __init__(self, script):
        Driver.__init__(self, desk.logbook())
        self.console = script
        self._answered = False
        self.keys = set()

    def ask(self, question):
        self.keys.add(question.key)
        return super().ask(question)


@given(st.lists(st.sampled_from(["y", "n", "7", "off", "on", "new", "delete", "setup", "more",
                                 "192.0.2.1", "list", ""]), max_size=25))  # fmt: skip
def test_whatever_is_answered_no_question_comes_that_the_outline_lacks(lines):
    listed = {each.key for form in outline(servers) for each in form.questions}
    witness = Witness(Script(lines))
    with suppress(EOFError):
        witness.run(servers())
    assert witness.keys <= listed | {"op", "more"}


@pytest.mark.parametrize(
    ("line", "more"),
    [
        ("new", True),
        ("new 192.0.2.1", True),
        ("new 192.0.2.1 5", False),
        ("delete", False),
        ("setup", True),
        ("setup limit=5 tls=off", False),
        ("nonsense", False),
        ("more list", False),
    ],
)
def test_whether_a_line_goes_on_is_the_dialogue_s_to_say(line, more):
    assert goes_on(servers(), line.split()) is more


def asking():
    """A dialogue with a name on the way to the network."""
    if (yield from word("operation", number_kind(1, 1), 0)):
        name = yield from domain("domain", "Which?")
        yield from number("n", "How many?", 5, 1, 9, positional=True)
        yield Stage(desk.CONFIG)
        raise AssertionError(name)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("1 IETF.org 7", ("ietf.org",)),
        ("1 domain=ietf.org", ("ietf.org",)),
        ("1 ietf..org", ()),
        ("1", ()),
        ("", ()),
        ("ietf.org", ()),
    ],
)
def test_the_names_in_a_line_are_those_that_the_dialogue_asks_for(line, names):
    assert names_in(asking(), line.split()) == names


def test_known_names_are_offered_where_one_would_do():
    known = ("ietf.org", "IETF.lab", "dane.lab", "192.0.2.1")
    assert upcoming(asking(), ["1"], "i", lambda: known) == ("ietf.org", "IETF.lab")
    assert upcoming(asking(), ["1"], "", lambda: known) == known[:3]
    assert upcoming(asking(), [], "", lambda: known) == ()
