"""The one-line form: words find their questions, and a mistake does nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.tree import Config
from esashell.dialogue.batch import Batch
from esashell.dialogue.drive import Moot, Say
from esashell.dialogue.interview import Interview
from esashell.dialogue.kinds import address, confirm, menu, number, text, word, yes_no
from esashell.dialogue.requests import Commit, Kind, Leave, Refuse, Show, Stage, do
from esashell.dialogue.script import Logbook, Script
from esashell.errors import OperatorError, UsageError
from tests.dialogue import desk

STAGED = Config(hostname="staged.example")


def play(dialogue, line, book=None, fallback=None):
    """Run the one-line form; its result and what it said."""
    said = []
    result = Batch(line.split(), book or desk.logbook(), said.append, fallback).run(dialogue)
    return result, said


def test_words_answer_in_order_and_options_by_name():
    def dialogue():
        where = yield from address("ip", "Where?")
        many = yield from number("many", "How many?", None, 1, 9)
        spare = yield from number("spare", "Spare?", 5, 1, 9)
        return where, many, spare

    assert play(dialogue(), "192.0.2.1 2")[0] == ("192.0.2.1", 2, 5)
    assert play(dialogue(), "spare=7 many=3 192.0.2.1")[0] == ("192.0.2.1", 3, 7)


def test_a_positional_question_takes_the_next_word_although_it_has_a_default():
    def dialogue():
        return (yield from number("n", "?", 0, 0, 9, positional=True))

    assert play(dialogue(), "4")[0] == 4
    assert play(dialogue(), "n=5")[0] == 5
    assert play(dialogue(), "")[0] == 0


def test_a_gate_is_a_yes_when_something_behind_it_is_named():
    assert play(desk.limits(), "limit=7")[0] == {"limit": 7}
    assert play(desk.limits(), "port=26 tls=require")[0] == {"tls": "require", "port": 26}
    assert play(desk.limits(), "")[0] == {}


def test_a_confirmation_answers_itself():
    assert play(desk.limits(), "")[1] == ["Done."]


def test_free_text_takes_as_many_words_as_it_says():
    def dialogue():
        comment = yield from text("comment", "?", "", takes=lambda left: len(left) - 1)
        sure = yield from yes_no("sure", "?", True, positional=True)
        return comment, sure

    assert play(dialogue(), "set ttl=5 now n")[0] == ("set ttl=5 now", False)
    assert play(dialogue(), "comment=short n")[0] == ("short", False)


def test_a_menu_is_left_after_one_operation():
    def dialogue():
        done = []
        while op := (yield from menu("op", "", {"new": "N", "old": "O"})):
            done.append(op)
        return done

    assert play(dialogue(), "new")[0] == ["new"]
    with pytest.raises(UsageError, match="Not understood: old"):
        play(dialogue(), "new old")


def test_a_silent_question_takes_a_word_of_the_line():
    def dialogue():
        return (yield from word("detail", Kind(str), "none"))

    assert play(dialogue(), "all")[0] == "all"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("limit=none", "limit: The value must be an integer from 1 to 1000"),
        ("limit=1001", "limit: The value must be an integer from 1 to 1000"),
        ("tls=maybe", "tls: The value must be one of"),
        ("tls=off port=26", "Not understood: port=26"),
        ("colour=red", "Not understood: colour=red"),
        ("limit=5 please", "Not understood: please"),
        ("limit=5 limit=6", "Not understood: limit=6"),
        ("limit=", "limit: The value cannot be blank"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_done_or_shown(line, message):
    book = desk.logbook()
    said = []

    def dialogue():
        yield Say("Working.")
        yield Stage(STAGED)
        yield Leave()
        yield Show(1)
        yield from desk.limits()

    with pytest.raises(UsageError, match=message.replace("(", "\\(")):
        Batch(line.split(), book, said.append).run(dialogue())
    assert (book.staged, book.left, book.shown, said) == ([], False, [], [])


def test_a_missing_value_is_named():
    def dialogue():
        yield from address("ip", "Where?")

    with pytest.raises(UsageError, match="ip: a value is required"):
        play(dialogue(), "x=1")


def test_every_word_must_be_understood_before_a_conversation_or_a_commit_begins():
    def talking():
        yield from do(iter(()))

    def committing():
        yield Stage(STAGED)
        yield Commit("")

    book = desk.logbook()
    for dialogue in (talking(), committing()):
        with pytest.raises(UsageError, match="Not understood: now"):
            play(dialogue, "now", book)
    assert (book.staged, book.commits) == ([], [])


def test_what_was_staged_before_a_commit_is_in_it():
    def committing():
        yield Stage(STAGED)
        yield Commit("")

    book = desk.logbook()
    play(committing(), "", book)
    assert book.running == STAGED


def test_a_refusal_inside_a_dialogue_fails_the_line():
    def dialogue():
        yield Stage(STAGED)
        yield Refuse("It cannot be.")

    book = desk.logbook()
    with pytest.raises(OperatorError, match="It cannot be") as caught:
        play(dialogue(), "", book)
    assert not isinstance(caught.value, UsageError)
    assert book.staged == []


def test_words_do_not_matter_when_there_is_nothing_to_do():
    def dialogue():
        yield Moot("Nothing to do.")

    assert play(dialogue(), "any words at=all")[1] == ["Nothing to do."]


def test_at_a_console_what_is_missing_is_asked_and_so_is_the_rest():
    def dialogue():
        for _ in range(2):
            if not (yield from menu("op", "", {"new": "N"})):
                return
            where = yield from address("ip", "Where?")
            many = yield from number("many", "How many?", 5, 1, 9, positional=True)
            if (yield from confirm("Are you sure?", True)):
                yield Stage(Config(hostname=f"{many}.{where}.example"))

    book = desk.logbook()
    script = Script(["192.0.2.1", "7", "", ""])
    play(dialogue(), "new", book, Interview(book, script))
    assert [each.hostname for each in book.staged] == ["7.192.0.2.1.example"]
    assert "Where?" in script.transcript
    assert "How many?\n[5]> 7" in script.transcript


def test_leaving_a_question_that_fell_through_keeps_finished_operations():
    def dialogue():
        yield from text("first", "First?")
        yield Stage(STAGED)
        yield from text("second", "Second?")
        yield Stage(Config())

    book = desk.logbook()
    with pytest.raises(KeyboardInterrupt):
        play(dialogue(), "", book, Interview(book, Script(["one", "^C"])))
    assert book.staged == [STAGED]


@given(st.lists(st.text(max_size=20), max_size=6))
def test_any_words_are_taken_or_refused_without_effect(words):
    book = desk.logbook()

    def dialogue():
        yield from desk.limits()
        yield Stage(STAGED)

    refusal = ""
    try:
        Batch(words, book, lambda text: None).run(dialogue())
    except UsageError as error:
        refusal = str(error)
    assert refusal.isprintable()
    assert book.staged == ([] if refusal else [STAGED])


@given(
    limit=st.none() | st.integers(1, 1000),
    tls=st.none() | st.sampled_from(sorted(desk.TLS)),
    port=st.none() | st.integers(1, 65535),
)
def test_typed_and_on_one_line_are_the_same(limit, tls, port):
    if tls in (None, "off"):
        port = None
    typed = ["n"] if limit is None else ["y", str(limit)]
    typed += ["n"] if tls is None else ["y", tls]
    if tls not in (None, "off"):
        typed.append("" if port is None else str(port))
    given_options = {"limit": limit, "tls": tls, "port": port}
    line = " ".join(f"{key}={value}" for key, value in given_options.items() if value is not None)
    asked = Interview(Logbook(desk.CONFIG), Script([*typed, "y"])).run(desk.limits())
    assert play(desk.limits(), line)[0] == asked


def settings():
    """An operation of a menu, all of whose questions have present values."""
    which = yield from menu("operation", "", {"setup": "Change.", "clear": "Remove."})
    if which == "clear":
        return (yield from confirm("Are you sure?"))
    first = yield from number("first", "First?", 1, 1, 9)
    return which, first, (yield from number("second", "Second?", 2, 1, 9))


def test_a_line_that_only_names_an_operation_opens_its_questions_at_a_terminal():
    book, script = desk.logbook(), Script(["7", ""])
    fallback = Interview(book, script)
    assert play(settings(), "setup", book, fallback)[0] == ("setup", 7, 2)
    assert script.transcript == "\nFirst?\n[1]> 7\n\nSecond?\n[2]> \n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [("setup second=5", ("setup", 1, 5)), ("clear", True)],
)
def test_a_line_that_says_more_or_all_there_is_to_say_asks_nothing(line, expected):
    book, script = desk.logbook(), Script([])
    assert play(settings(), line, book, Interview(book, script))[0] == expected
    assert script.transcript == ""


def test_in_a_script_an_operation_that_is_only_named_keeps_what_there_is():
    assert play(settings(), "setup")[0] == ("setup", 1, 2)
