"""sslconfig, interfaceconfig, settz, rollbackconfig, resetconfig, commitdetail, save and load."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.commitdetail import commitdetail
from esashell.commands.dates import date_and_time, date_time_and_zone
from esashell.commands.help import furnished
from esashell.commands.registry import find
from esashell.config.check import breaches
from esashell.config.model.security import SslSide
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError, UsageError
from esashell.shell.network import tls_policy
from esashell.worlds.tls import ciphers_of
from tests.shell import play

CONFIG = factory("192.0.2.1")
COMMANDS = ("sslconfig", "interfaceconfig", "settz", "rollbackconfig", "resetconfig", "saveconfig",
            "loadconfig", "showconfig", "commitdetail", "commit")  # fmt: skip


def book_with_a_past():
    book = Logbook(CONFIG)
    for name in ("one.example", "two.example"):
        book.stage(replace(book.config, hostname=name))
        book.commit(name)
    return book


def batch(book, line):
    said = []
    name, *words = line.split()
    command = find(name)
    assert command is not None
    Batch(words, book, said.append).run(command.function(book))
    return said


# TLS.


def test_what_is_chosen_is_what_a_handshake_offers(tmp_path):
    session = play.session(tmp_path)
    before = session.sender.policy
    assert (before.minimum, before.maximum) == ("TLSv1", "TLSv1.2")
    play.scripted(session, ["sslconfig outbound method=tlsv1_3"])
    assert session.sender.policy == before  # pending
    session.left = False
    play.scripted(session, ["commit x y"])
    assert (session.sender.policy.minimum, session.sender.policy.maximum) == ("TLSv1.3", "TLSv1.3")


def test_a_server_without_a_common_version_is_not_talked_to(tmp_path):
    lines = ["sslconfig outbound method=tlsv1_0", "commit old y", "daneverify ietf.org"]
    shown = play.scripted(play.session(tmp_path), lines).transcript
    assert "protocol TLSv1, cipher" in shown or "DANE FAILED" in shown
    assert "protocol TLSv1.2" not in shown


@pytest.mark.parametrize(
    ("methods", "ciphers", "some", "others"),
    [
        (("TLS v1.2",), "ECDHE-RSA-AES128-SHA", ("ECDHE-RSA-AES128-SHA",), ()),
        (("TLS v1.3",), "ECDHE-RSA-AES128-SHA", ("TLS_AES_256_GCM_SHA384",), ("ECDHE-RSA",)),
        (("TLS v1.2", "TLS v1.3"), "AES128-SHA", ("AES128-SHA", "TLS_AES_128_GCM_SHA256"), ()),
        (("SSL v3.0", "TLS v1.0"), "AES128-SHA:@SECLEVEL=1", ("AES128-SHA",), ("TLS_",)),
    ],
)
def test_verify_shows_the_suites_of_the_versions_that_are_on(methods, ciphers, some, others):
    found = ciphers_of(tls_policy(SslSide(methods, ciphers)))
    assert set(some) <= set(found)
    assert not [each for each in found if each.startswith(others)]


def test_a_list_that_the_library_knows_nothing_of_is_refused():
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match="no cipher is known by no-such"):
        batch(book, "sslconfig outbound ciphers=no-such")
    assert book.staged == []


# Times.


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("GMT", "Sat Mar 01 09:00:00 2025 GMT"),
        ("Europe/Berlin", "Sat Mar 01 10:00:00 2025 CET"),
        ("America/New_York", "Sat Mar 01 04:00:00 2025 EST"),
        ("Asia/Kathmandu", "Sat Mar 01 14:45:00 2025 +0545"),
        ("Etc/UTC", "Sat Mar 01 09:00:00 2025 GMT"),
        ("No/Such", "Sat Mar 01 09:00:00 2025 GMT"),
        ("Europe", "Sat Mar 01 09:00:00 2025 GMT"),
    ],
)
def test_times_are_shown_in_the_zone_that_is_set(zone, text):
    assert date_time_and_zone(play.NINE, zone) == text
    assert text.startswith(date_and_time(play.NINE, zone))


def test_zones_are_found_in_any_case_and_offered_by_tab():
    book = Logbook(CONFIG)
    batch(book, "settz setup europe/berlin")
    assert book.config.timezone == "Europe/Berlin"
    settz = find("settz").function
    assert upcoming(settz(book), ["setup"], "europe/be") == (
        "Europe/Belfast",
        "Europe/Belgrade",
        "Europe/Berlin",
    )
    with pytest.raises(UsageError, match="is not a time zone"):
        batch(book, "settz setup ../../etc/passwd")


# The past.


def test_rollback_lists_ten_and_takes_any():
    book = Logbook(CONFIG)
    for number in range(1, 14):
        book.stage(replace(CONFIG, hostname=f"h{number}.example"))
        book.commit(f"number {number}")
    rollback = find("rollbackconfig").function
    shown = scripted(rollback(book), ["all", "r1", "y", ""], book)
    listed, _, everything = shown.partition("[]> all")
    assert (listed.count("number "), everything.count("number ")) == (10 + 1, 12 + 1 + 1)
    assert book.config.hostname == "h1.example"
    assert upcoming(rollback(book), [], "r1") == ("r12", "r11", "r10")
    with pytest.raises(UsageError, match='There is no earlier configuration "r13"'):
        batch(book, "rollbackconfig r13")


def test_rollback_commits_at_once_where_asked():
    book = book_with_a_past()
    batch(book, "rollbackconfig r1 commit=yes")
    assert book.running.hostname == "one.example"
    assert book.commits[-1].comment == "Rolled back to revision 1."


def test_reset_goes_back_to_the_factory_and_can_be_undone():
    book = book_with_a_past()
    book.stage(replace(book.config, timezone="Europe/Berlin"))
    assert batch(book, "resetconfig n") == []
    assert batch(book, "resetconfig y")[-1] == (
        "They run as revision 3; 'rollbackconfig r2' goes back."
    )
    assert book.running == book.config == CONFIG


def test_details_of_a_commit_never_move_the_cursor():
    book = Logbook(CONFIG)
    assert scripted(commitdetail(book), [], book) == "Nothing has been committed yet.\n"
    book.stage(replace(CONFIG, hostname="x.example"))
    book.commit("\x1b[2J")
    assert "\x1b" not in scripted(commitdetail(book), [], book)


@given(raw=st.binary(max_size=80))
def test_whatever_is_loaded_is_good_or_nothing_is_taken(raw):
    book = Logbook(furnished(CONFIG))
    book.kept["x"] = raw
    with suppress(OperatorError):
        batch(book, "loadconfig x")
    assert not breaches(book.config)


def test_two_saves_within_a_second_are_two_files(tmp_path):
    session = play.session(tmp_path)
    play.scripted(session, ["saveconfig 1", "saveconfig 1", "saveconfig 1 format=xml"])
    assert [name.partition("T")[2] for name in sorted(session.files())] == [
        "090000-2.toml",
        "090000.toml",
        "090000.xml",
    ]
