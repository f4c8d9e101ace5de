"""Tables: the usual operations on records, offered when they make sense."""

import pytest
from msgspec.structs import replace

from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.dialogue.batch import Batch
from esashell.dialogue.kinds import address, number
from esashell.dialogue.outline import outline
from esashell.dialogue.script import Logbook, scripted
from esashell.dialogue.table import Table, listing, operate
from esashell.errors import OperatorError
from tests.dialogue import desk

ROWS = Table(
    at=lambda config: config.dns.servers,
    put=lambda config, rows: replace(config, dns=replace(config.dns, servers=rows)),
    key=lambda row: row.address,
    called="server",
)


def ask_new(config):
    ip = yield from address("ip", "Which address?")
    return (DnsServer(ip),)


def ask_edit(config, old):
    ip = yield from address("ip", "Which address?", old.address)
    return DnsServer(ip, (yield from number("priority", "Which priority?", old.priority, 0, 9)))


def summary(config):
    return ", ".join(f"{row.address}/{row.priority}" for row in config.dns.servers) or "nothing"


def command(config, table=ROWS):
    yield from operate(
        config,
        summary,
        (
            table.new("Add.", ask_new),
            table.edit("Change.", ask_edit, "Edit which?"),
            table.delete("Remove.", "Delete which?"),
            table.clear("Remove all."),
            listing("print", "Show.", summary),
        ),
    )


def play(*lines, table=ROWS):
    book = desk.logbook()
    transcript = scripted(command(book.config, table), lines, book)
    return summary(book.config), transcript, book


def test_new_records_go_to_the_end():
    assert play("new", "192.0.2.9", "")[0] == "192.0.2.1/0, 192.0.2.2/1, 192.0.2.9/0"


def test_an_edit_keeps_the_place_and_has_present_values_for_defaults():
    now, transcript, _ = play("edit", "1", "192.0.2.7", "5", "")
    assert now == "192.0.2.7/5, 192.0.2.2/1"
    assert "Which address?\n[192.0.2.1]> " in transcript
    assert "Which priority?\n[0]> " in transcript


def test_a_key_is_never_there_twice():
    for lines in (("new", "192.0.2.2"), ("edit", "1", "192.0.2.2", "")):
        now, transcript, book = play(*lines, "")
        assert "Error: The server 192.0.2.2 already exists." in transcript
        assert (now, book.staged) == ("192.0.2.1/0, 192.0.2.2/1", [])


def test_an_edit_that_changes_nothing_stages_nothing():
    assert play("edit", "192.0.2.1", "", "", "")[2].staged == []


def test_delete_takes_key_or_number_and_each_operation_is_staged_by_itself():
    now, _, book = play("delete", "2", "delete", "192.0.2.1", "")
    assert now == "nothing"
    assert [len(each.dns.servers) for each in book.staged] == [1, 0]


def test_the_last_record_may_be_kept_from_going():
    guarded = replace(ROWS, last="One must stay.")
    now, transcript, _ = play("delete", "1", "delete", "1", "", table=guarded)
    assert now == "192.0.2.2/1"
    assert transcript.count("One must stay.\n\n192.0.2.2/1") == 1
    one = replace(desk.CONFIG, dns=replace(desk.CONFIG.dns, servers=(DnsServer("192.0.2.1"),)))
    with pytest.raises(OperatorError, match="One must stay"):
        Batch(["delete", "1"], Logbook(one), print).run(command(one, guarded))


def test_clearing_asks_first():
    assert play("clear", "", "")[0] == "192.0.2.1/0, 192.0.2.2/1"
    assert play("clear", "y", "")[0] == "nothing"


def test_without_records_there_is_nothing_to_edit_delete_or_clear():
    now, transcript, _ = play("clear", "y", "edit", "")
    assert now == "nothing"
    assert transcript.endswith("- NEW - Add.\n- PRINT - Show.\n[]> \n")
    assert "Error: The value must be one of NEW, PRINT." in transcript


def test_listing_shows_and_stages_nothing():
    _, transcript, book = play("print", "")
    assert "[]> print\n192.0.2.1/0, 192.0.2.2/1\n" in transcript
    assert book.staged == []


def test_an_interrupted_operation_has_not_happened():
    now, _, book = play("new", "192.0.2.9", "edit", "1", "192.0.2.8", "^C")
    assert now == "192.0.2.1/0, 192.0.2.2/1, 192.0.2.9/0"
    assert len(book.staged) == 1


def ask_new_early(config):
    ip = yield from address("ip", "Which address?")
    if not (yield from ROWS.is_free(config, ip)):
        return ()
    return (DnsServer(ip, (yield from number("priority", "Which priority?", None, 0, 9))),)


def early(config):
    yield from operate(config, summary, (ROWS.new("Add.", ask_new_early),))


def test_a_key_that_is_taken_is_told_before_more_is_asked():
    book = desk.logbook()
    shown = scripted(early(book.config), ["new", "192.0.2.1", "new", "192.0.2.9", "3", ""], book)
    refused, _, after = shown.partition("Error: The server 192.0.2.1 already exists.\n")
    assert "priority" not in refused
    assert "Which priority?" in after
    assert summary(book.config) == "192.0.2.1/0, 192.0.2.2/1, 192.0.2.9/3"
    with pytest.raises(OperatorError, match=r"The server 192.0.2.2 already exists\."):
        Batch(["new", "192.0.2.2", "3"], book, print).run(early(book.config))


def test_whoever_reads_the_dialogue_sees_what_comes_behind_a_key_that_is_taken():
    taken = replace(desk.CONFIG, dns=DnsSettings(servers=(DnsServer("192.0.2.1"),)))
    (form,) = outline(lambda: early(taken))
    assert form.usage == "new <ip> <priority>"
