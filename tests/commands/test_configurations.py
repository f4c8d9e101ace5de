"""A configuration has the same name for every command that takes one."""

import pytest
from msgspec.structs import replace

from esashell.commands.configurations import configuration, words
from esashell.commands.registry import find
from esashell.config.codec import encode
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook
from esashell.errors import OperatorError, UsageError

CONFIG = factory("192.0.2.1")


@pytest.fixture
def book() -> Logbook:
    """Three revisions, and a fourth pending."""
    found = Logbook(CONFIG)
    for number in (1, 2, 3):
        found.stage(replace(CONFIG, hostname=f"h{number}.example"))
        found.commit(f"number {number}")
    found.stage(replace(CONFIG, hostname="pending.example"))
    return found


def named(book: Logbook, word: str) -> str:
    """The host name of the configuration that goes by this word."""
    return Batch((), book, lambda text: None).run(configuration(book, word)).config.hostname


@pytest.mark.parametrize("word", ["r2", "R2", "2", "000002.toml"])
def test_a_revision_is_named_in_any_of_its_spellings(book, word):
    assert named(book, word) == "h2.example"


@pytest.mark.parametrize("word", ["r2", "R2", "000002.toml"])
def test_rollbackconfig_takes_the_same_names(book, word):
    rollback = find("rollbackconfig")
    Batch([word], book, lambda text: None).run(rollback.function(book))
    assert book.config.hostname == "h2.example"


def test_a_bare_number_is_the_list_s_where_a_list_is_shown(book):
    assert named(book, "1") == "h1.example"
    rollback = find("rollbackconfig")
    Batch(["1"], book, lambda text: None).run(rollback.function(book))
    assert book.config.hostname == "h2.example"  # the first of those before what runs


def test_a_file_of_the_folder_goes_before_the_history_s(book):
    book.kept["000002.toml"] = encode(replace(CONFIG, hostname="file.example")).encode()
    assert named(book, "000002.toml") == "file.example"


@pytest.mark.parametrize("word", ["r9", "9", "000009.toml"])
def test_a_revision_that_is_not_there_is_refused_by_all_in_one_line(book, word):
    with pytest.raises(OperatorError, match="There is no revision 9"):
        named(book, word)
    rollback = find("rollbackconfig")
    with pytest.raises(UsageError, match="There is no earlier configuration"):
        Batch([word], book, lambda text: None).run(rollback.function(book))


@pytest.mark.parametrize("word", ["9" * 12, "r" + "9" * 8])
def test_numbers_without_end_are_refused(book, word):
    with pytest.raises(OperatorError, match=r"(is not the number of a|There is no) revision"):
        named(book, word)


def test_what_tab_offers_is_taken(book):
    assert words(book) == ("pending", "running", "r3", "r2", "r1")
    assert [named(book, each)[:2] for each in words(book)] == ["pe", "h3", "h3", "h2", "h1"]
    assert upcoming(find("rollbackconfig").function(book), [], "r") == ("r2", "r1")
