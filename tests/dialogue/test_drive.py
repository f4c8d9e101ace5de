"""Drivers: what a dialogue yields, who answers, and what survives an interruption."""

import pytest

from esashell.config.tree import Config
from esashell.dialogue.drive import Say
from esashell.dialogue.interview import Interview
from esashell.dialogue.kinds import YES_NO, ask, number, text, word, yes_no
from esashell.dialogue.requests import (
    Ask,
    Clear,
    Commit,
    Kind,
    Leave,
    Notice,
    Refuse,
    Show,
    Stage,
    do,
)
from esashell.dialogue.script import Logbook, Script, scripted
from esashell.steps import Tell
from tests.dialogue import desk


def test_a_question_is_asked_until_its_answer_parses():
    def dialogue():
        return (yield from number("n", "How many?", None, 1, 9))

    script = Script(["", "ten", "7"])
    assert Interview(desk.logbook(), script).run(dialogue()) == 7
    assert script.transcript == (
        "\nHow many?\n[]> \nError: The value cannot be blank.\n"
        "\nHow many?\n[]> ten\nError: The value must be an integer from 1 to 9.\n"
        "\nHow many?\n[]> 7\n"
    )


def test_a_notice_stands_apart_from_the_answer_before_it_only():
    def dialogue():
        yield Notice("Before.")
        yield from yes_no("k", "Sure?", True)
        yield Notice("After.")

    assert scripted(dialogue(), [""], desk.logbook()) == "Before.\n\nSure? [Y]> \n\nAfter.\n"


def test_every_request_reaches_the_desk():
    book = desk.logbook()
    other = Config(hostname="other.example")
    seen = []

    def dialogue():
        yield Stage(other)
        seen.append((yield Commit("why")))
        yield Stage(desk.CONFIG)
        seen.append((yield Clear()))
        yield Show({"schema": 1})
        yield Refuse("No.")
        yield Leave()

    assert scripted(dialogue(), [], book) == "No.\n"
    assert (book.running, book.config) == (other, other)
    assert (seen[0].comment, seen[0].config, seen[1]) == ("why", other, 0)
    assert book.shown == [{"schema": 1}]
    assert book.left


def test_a_conversation_s_events_are_told_as_they_come_and_its_result_is_the_reply():
    class Network:
        def perform(self, request):
            return request * 2

    def steps():
        yield Tell("one")
        double = yield 21
        yield Tell("two")
        return double

    def dialogue():
        found = yield from do(steps(), lambda event: (event.upper(), f"{event}."))
        yield Say(str(found))

    transcript = scripted(dialogue(), [], Logbook(desk.CONFIG, Network()))
    assert transcript == "ONE\none.\nTWO\ntwo.\n42\n"


def test_a_silent_question_takes_its_default_and_is_not_shown():
    def dialogue():
        found = yield from word("detail", Kind(str), "none")
        yield Say(found)

    assert scripted(dialogue(), [], desk.logbook()) == "none\n"


@pytest.mark.parametrize("key", ["^C", "^D"])
def test_leaving_a_question_keeps_what_was_staged_and_closes_the_dialogue(key):
    book = desk.logbook()
    closed = []

    def dialogue():
        yield Stage(Config(hostname="first.example"))
        try:
            yield from text("t", "Text?")
        except GeneratorExit:
            closed.append(True)
            raise
        yield Stage(Config(hostname="second.example"))

    assert scripted(dialogue(), [key], book) == f"\nText?\n[]> {key}\n"
    assert [each.hostname for each in book.staged] == ["first.example"]
    assert closed


def test_yield_for_yield_from_is_named():
    def dialogue():
        yield ask(Ask("k", "p", YES_NO))

    with pytest.raises(TypeError, match="yield from"):
        scripted(dialogue(), [], desk.logbook())


def test_yield_from_a_text_is_not_taken_for_saying_it():
    def dialogue():
        yield from "text"

    with pytest.raises(TypeError, match="yield from"):
        scripted(dialogue(), [], desk.logbook())


def test_a_dialogue_that_was_not_to_use_the_network_is_found_out():
    def dialogue():
        yield from do(iter(()))

    with pytest.raises(AssertionError, match="network"):
        scripted(dialogue(), [], desk.logbook())
