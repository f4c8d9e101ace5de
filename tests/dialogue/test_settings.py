"""Settings that may be left to a default, files, and explanations at a prompt."""

import pytest

from esashell.dialogue.batch import Batch
from esashell.dialogue.files import exporting, importing
from esashell.dialogue.interview import Interview
from esashell.dialogue.kinds import YES_NO, ask, choice, confirm, number_kind
from esashell.dialogue.outline import outline
from esashell.dialogue.requests import Ask
from esashell.dialogue.script import Script, scripted
from esashell.dialogue.settings import or_default, specific
from esashell.dialogue.table import operate
from esashell.errors import BadAnswer, BadConfiguration, UsageError
from tests.dialogue import desk

LIMIT = number_kind(1, 9)
ABOUT = {"limit": "How many. (The guide)"}


def limited(present=None, wish=False):
    question = Ask("limit", "Enter the limit.", or_default(LIMIT), present or 5)
    return specific(
        "Do you wish to limit it?", present, ("limit",), lambda: ask(question), wish=wish
    )


def answered(dialogue, *lines, about=None):
    script = Script(lines)
    return Interview(desk.logbook(), script, lambda: about or {}).run(dialogue), script.transcript


def on_a_line(dialogue, *words):
    return Batch(words, desk.logbook(), lambda text: None).run(dialogue)


def test_a_specific_setting_stands_behind_a_question():
    assert answered(limited(), "")[0] is None
    assert answered(limited(), "y", "")[0] == 5
    assert answered(limited(3), "", "")[0] == 3
    assert answered(limited(3), "n")[0] is None
    assert answered(limited(3), "", "Default")[0] is None
    assert answered(limited(wish=True), "", "7")[0] == 7
    transcript = answered(limited(), "y", "7")[1]
    assert transcript == ("\nDo you wish to limit it? [N]> y\n\nEnter the limit.\n[5]> 7\n")


def test_on_a_line_it_is_meant_by_naming_it():
    assert on_a_line(limited()) is None
    assert on_a_line(limited(wish=True)) is None
    assert on_a_line(limited(), "limit=4") == 4
    assert on_a_line(limited(3)) == 3
    assert on_a_line(limited(3), "limit=default") is None
    assert on_a_line(limited(3), "limit_wanted=no") is None
    with pytest.raises(UsageError, match="limit: The value must be an integer from 1 to 9"):
        on_a_line(limited(), "limit=10")


def test_a_value_behind_a_question_is_named_in_the_usage():
    def required():
        question = Ask("limit", "Enter the limit.", LIMIT)
        return specific("Limit it?", None, ("limit",), lambda: ask(question))

    assert [form.usage for form in outline(required)] == ["[limit=<limit>]"]


def test_the_word_default_is_taken_in_any_case_and_offered_with_the_others():
    kind = or_default(YES_NO)
    assert kind.parse("DEFAULT") is None
    assert kind.show(None) == "default"
    assert kind.words == ("yes", "no", "default")
    assert kind.parse("y") is True
    assert or_default(LIMIT).words == ()
    with pytest.raises(BadAnswer):
        or_default(LIMIT).parse("defaults")


def test_a_choice_may_take_words_besides_its_list():
    def which():
        return choice("tls", "TLS?", desk.TLS, "on", besides=("default",))

    assert answered(which(), "default") == (
        "default",
        "\nTLS?\n1. No\n2. Preferred\n3. Required\n[2]> default\n",
    )
    assert [form.usage for form in outline(which)] == ["[tls=off|on|require|default]"]


def test_a_question_mark_explains_and_asks_again():
    result, transcript = answered(limited(), "?", "y", " ? ", "4", about=ABOUT)
    assert result == 4
    assert transcript.count("How many. (The guide)\n") == 2
    assert transcript.count("Enter the limit.") == 2
    transcript = answered(limited(), "y", "?", "4")[1]
    assert "A whole number from 1 to 9. This question is not documented.\n" in transcript
    assert "Yes or No. This question is not documented." in answered(confirm("Sure?"), "?", "y")[1]


def test_a_question_mark_at_a_menu_names_its_source_too():
    said = scripted(menu(desk.logbook()), ["?", ""], desk.logbook()).splitlines()
    (line,) = (each for each in said if each.startswith("One of the operations"))
    assert line.endswith("(TechNote 117855; the empty answer from memory)")


# Files.


def renamed(config, raw, where):
    if not raw:
        raise BadConfiguration(f"Error: {where}, line 1: it is empty. Nothing was imported.")
    return config.__class__(hostname=raw.decode())


def menu(book, replaces=lambda config: True):
    operations = (
        importing("Import.", renamed, book.files, replaces, "names"),
        exporting("Export.", lambda config: config.hostname, book.files),
    )
    return operate(book.config, lambda config: config.hostname, operations)


def test_an_import_is_asked_for_read_and_staged():
    book = desk.logbook()
    book.kept["a"] = b"mx.example"
    transcript = scripted(menu(book), ["import", "a", "", ""], book)
    assert "Enter the name of the file to import:\n[]> a\n" in transcript
    assert "\nThe file replaces all names. Do you want to continue? [Y]> \n" in transcript
    assert "\nThe names have been imported from a.\n\nmx.example\n" in transcript
    assert book.config.hostname == "mx.example"


def test_where_nothing_is_replaced_nothing_is_asked():
    book = desk.logbook()
    book.kept["a"] = b"mx.example"
    transcript = scripted(menu(book, lambda config: False), ["import", "a", ""], book)
    assert "replaces" not in transcript
    assert book.config.hostname == "mx.example"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("empty", "Error: empty, line 1: it is empty. Nothing was imported."),
        ("missing", "Error: There is no file missing."),
    ],
)
def test_a_file_that_is_not_taken_leaves_the_menu(name, answer):
    book = desk.logbook()
    book.kept["empty"] = b""
    transcript = scripted(menu(book), ["import", name, "y", ""], book)
    assert f"{answer}\n\nmyesa.local\n" in transcript
    assert book.staged == []


@pytest.mark.parametrize("name", ["a/b", "../a", ".a", "a\\b", "x" * 201, "é" * 101])
def test_what_is_no_file_name_is_asked_again(name):
    book = desk.logbook()
    transcript = scripted(menu(book), ["export", name, "good", ""], book)
    assert "is not a file name.\n" in transcript
    assert list(book.kept) == ["good"]


def test_a_line_with_a_mistake_in_it_writes_no_file():
    book = desk.logbook()
    with pytest.raises(UsageError, match="Not understood: more"):
        Batch(["export", "a", "more"], book, lambda text: None).run(menu(book))
    assert book.kept == {}
    Batch(["export", "a"], book, lambda text: None).run(menu(book))
    assert book.kept == {"a": b"myesa.local"}
