"""commit, clearchanges, showchanges, exit, sethostname, help, version."""

import pytest
from msgspec.structs import replace

from esashell import __version__
from esashell.commands.clearchanges import clearchanges
from esashell.commands.commit import commit
from esashell.commands.dates import date_and_time
from esashell.commands.exit import leave
from esashell.commands.help import show_help
from esashell.commands.registry import names
from esashell.commands.sethostname import sethostname
from esashell.commands.showchanges import showchanges, tree
from esashell.commands.version import version
from esashell.config.changes import changes
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.model.routes import SmtpRoute
from esashell.config.tree import Config, factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import CommitRefused, UsageError

CONFIG = factory("192.0.2.1", "192.0.2.2")


@pytest.fixture
def book():
    """An appliance with something pending."""
    book = Logbook(CONFIG)
    book.stage(replace(CONFIG, hostname="mail.example.com"))
    return book


def said(command, book, line=""):
    lines = []
    Batch(line.split(), book, lines.append).run(command(book))
    return lines


def test_commit_asks_for_a_comment_and_about_rollback(book):
    transcript = scripted(commit(book), ["why not", "y"], book)
    assert transcript == (
        "\nPlease enter some comments describing your changes:\n[]> why not\n"
        "\nDo you want to save the current configuration for rollback? [Y]> y\n"
        "\nChanges committed: Thu Jan 01 00:00:00 1970 GMT\n"
    )
    assert [each.comment for each in book.commits] == ["why not"]


@pytest.mark.parametrize(
    ("line", "comment"),
    [
        ("text", "text"),
        ("text y", "text"),
        ("swap the resolvers", "swap the resolvers"),
        ("set ttl=5 N", "set ttl=5"),
        ("y", "y"),
    ],
)
def test_commit_takes_its_comment_from_the_line(book, line, comment):
    said(commit, book, line)
    assert [each.comment for each in book.commits] == [comment]


def test_a_declined_rollback_is_not_pretended(book):
    lines = said(commit, book, "text n")
    assert "keeps every committed configuration" in lines[-1]


def test_commit_with_nothing_pending_is_a_notice_whatever_the_line_says():
    book = Logbook(CONFIG)
    assert said(commit, book, "text y") == ["There are no changes to commit."]
    assert scripted(commit(book), [], book) == "There are no changes to commit.\n"
    assert book.commits == []


def test_a_commit_that_is_refused_is_told_by_its_own_words(book):
    def refuse(comment, minutes):
        raise CommitRefused("Not committed: no.")

    book.commit = refuse
    with pytest.raises(CommitRefused, match="Not committed: no"):
        said(commit, book, "text")


def test_clearchanges_asks_first_and_forgets(book):
    prompt = "\nAre you sure you want to clear all changes since the last commit? [Y]> "
    assert scripted(clearchanges(book), ["n"], book) == f"{prompt}n\n"
    assert book.dirty
    expected = f"{prompt}\n\nChanges cleared: Thu Jan 01 00:00:00 1970\n"
    assert scripted(clearchanges(book), [""], book) == expected
    assert not book.dirty
    assert said(clearchanges, book, "y") == ["There are no changes to clear."]


def test_exit_warns_about_what_would_be_lost(book):
    assert "Are you sure you wish to exit? [N]> \n" in scripted(leave(book), [""], book)
    assert not book.left
    scripted(leave(book), ["yes"], book)
    assert book.left


def test_exit_asks_nothing_when_nothing_would_be_lost():
    book = Logbook(CONFIG)
    assert scripted(leave(book), [], book) == ""
    assert book.left


def test_sethostname_takes_names_only():
    book = Logbook(CONFIG)
    transcript = scripted(sethostname(book), ["192.0.2.1", "a b", "Mail.Example.COM"], book)
    assert transcript.count("is not a host name") == 2
    assert book.config.hostname == "mail.example.com"


def test_sethostname_to_the_same_name_changes_nothing():
    book = Logbook(CONFIG)
    assert said(sethostname, book, "myesa.local") == []
    assert book.staged == []


def test_showchanges_is_a_tree_that_says_each_thing_once():
    after = Config(
        hostname="mail.example.com",
        dns=DnsSettings(
            servers=(DnsServer("192.0.2.2", 5), DnsServer("2001:db8::1")), minimum_ttl=60
        ),
    )
    assert tree(changes(CONFIG, after)) == [
        'hostname: "myesa.local" -> "mail.example.com"',
        "dns",
        "  servers",
        "    192.0.2.1: removed",
        "    192.0.2.2",
        "      priority: 0 -> 5",
        "    2001:db8::1: added, priority 0",
        "  minimum_ttl: 1800 -> 60",
    ]


def test_showchanges_fits_eighty_columns():
    after = replace(CONFIG, hostname="a" * 60 + ".example")
    assert all(len(line) <= 80 for line in tree(changes(CONFIG, after)))


def test_showchanges_says_when_there_is_nothing(book):
    assert said(showchanges, Logbook(CONFIG)) == ["There are no changes since the last commit."]
    assert said(showchanges, book) == ['hostname: "myesa.local" -> "mail.example.com"']


def test_help_lists_every_command_and_explains_one(book):
    listed = said(show_help, book)[0]
    assert all(f"\n{name} " in f"\n{listed}" for name in names())
    assert all(len(line) <= 80 for line in listed.splitlines())
    assert "Also called: clear" in said(show_help, book, "clear")[0]
    assert scripted(show_help(book), [], book) == f"{listed}\n"
    with pytest.raises(UsageError, match='There is no command "nosuch'):
        said(show_help, book, "nosuch")


def test_version_tells_what_this_is_and_makes_no_hardware_up():
    text = said(version, None)[0]
    assert text.startswith("Current Version\n===============\nProduct: ")
    assert f"Version: {__version__}" in text
    assert "independent emulator" in text
    assert "Serial" not in text


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (1_400_845_332_000_000, "Fri May 23 11:42:12 2014"),
        (978_307_201_999_999, "Mon Jan 01 00:00:01 2001"),
        (0, "Thu Jan 01 00:00:00 1970"),
    ],
)
def test_dates_are_the_appliance_s(when, text):
    assert date_and_time(when) == text


def test_what_defeats_a_setting_is_told_before_the_comment_is_asked_for():
    book = Logbook(factory("192.0.2.1"))
    routes = (SmtpRoute("a.example", ("r.example",)), SmtpRoute("r.example", ("192.0.2.1",)))
    book.stage(replace(book.config, smtp_routes=routes))
    transcript = scripted(commit(book), ["why", ""], book)
    assert transcript.startswith(
        "Warning: A route is not applied again to the hosts that a route names; these have one: "
        "a.example to r.example.\n\nPlease enter some comments"
    )
    assert [each.comment for each in book.commits] == ["why"]
