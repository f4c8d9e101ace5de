"""smtproutes: its one-line forms, what they refuse, and hostile answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.commands.smtproutes import smtproutes
from esashell.config.check import breaches
from esashell.config.model.routes import MOST_ROUTES, SmtpRoute
from esashell.config.tree import Config
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError

A = SmtpRoute("a.example", ("relay.example",))
CONFIG = Config(smtp_routes=(A, SmtpRoute("ALL", ("USEDNS",))))


def one_line(line, config=CONFIG):
    book = Logbook(config)
    said = []
    Batch(line.split(), book, said.append).run(smtproutes(book))
    return {each.domain: each.destinations for each in book.config.smtp_routes}, said


@pytest.mark.parametrize(
    ("line", "domain", "destinations"),
    [
        ("new b.example 192.0.2.25", "b.example", ("192.0.2.25",)),
        ("new .B.Example [Relay.example]:26/pri=3", ".b.example", ("[relay.example]:26/pri=3",)),
        ("new b.example r.example s.example", "b.example", ("r.example", "s.example")),
        ("new b.example r.example/pri=5,s.example/pri=1", "b.example",
         ("s.example/pri=1", "r.example/pri=5")),
        ("new b.example usedns", "b.example", ("USEDNS",)),
        ("new b.example /DEV/NULL", "b.example", ("/dev/null",)),
        ("edit all 192.0.2.1", "ALL", ("192.0.2.1",)),
        ("edit 1 USEDNS", "a.example", ("USEDNS",)),
        ("edit a.example", "a.example", ("relay.example",)),
    ],
)  # fmt: skip
def test_one_line_forms_make_the_route(line, domain, destinations):
    assert one_line(line)[0][domain] == destinations


def test_delete_clear_and_print():
    assert list(one_line("delete a.example")[0]) == ["ALL"]
    assert one_line("clear")[0] == {}
    assert one_line("print")[1] == ["a.example: relay.example\nALL: USEDNS"]
    assert one_line("print", Config())[1] == ["There are no routes configured."]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("new", "domain: a value is required"),
        ("new b.example", "destination: a value is required"),
        ("new A.example r.example", "The route a.example already exists"),
        ("new all r.example", "The route ALL already exists"),
        ("new a_b r.example", 'domain: "a_b" is not a host name'),
        ("new b.example USEDNS r.example", "USEDNS stands by itself"),
        ("new b.example ,", "There is no destination"),
        ("new b.example r.example/pri=70000", "a priority that is not a number"),
        ("edit c.example r.example", 'There is no route "c.example"'),
        ("delete 3", 'There is no route "3"'),
        ("delete a.example b.example", "Not understood: b.example"),
        ("import nothing", "There is no file nothing"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(smtproutes(book))
    assert book.staged == []


def test_there_is_room_for_forty_thousand():
    many = tuple(SmtpRoute(f"d{n}.example", ("192.0.2.1",)) for n in range(MOST_ROUTES))
    with pytest.raises(OperatorError, match="There can be 40,000 routes at most"):
        one_line("new one.example 192.0.2.1", Config(smtp_routes=many))
    assert len(one_line("new one.example 192.0.2.1", Config(smtp_routes=many[1:]))[0]) == 40_000


def test_a_file_with_a_bad_line_is_not_taken_and_one_without_replaces_all():
    book = Logbook(CONFIG)
    book.kept |= {"bad": b"b.example 192.0.2.1\nc.example\n", "good": b"b.example 192.0.2.1\n"}
    transcript = scripted(
        smtproutes(book), ["import", "bad", "y", "import", "good", "n", "import", "good", "y"], book
    )
    assert "Error: bad, line 2: there is no destination. Nothing was imported." in transcript
    assert len(book.staged) == 1
    assert book.config.smtp_routes == (SmtpRoute("b.example", ("192.0.2.1",)),)


def test_tab_offers_what_is_configured():
    book = Logbook(CONFIG)
    assert upcoming(smtproutes(book), ["delete"], "") == ("a.example", "ALL")
    assert upcoming(smtproutes(book), ["new"], "a") == ("ALL",)
    assert upcoming(smtproutes(book), ["new", "b.example"], "") == ("USEDNS", "/dev/null")


@given(raw=st.binary(max_size=60))
def test_whatever_is_imported_the_menu_goes_on(raw):
    book = Logbook(CONFIG)
    book.kept["x"] = raw
    transcript = scripted(smtproutes(book), ["import", "x", "y", ""], book)
    assert transcript.endswith("[]> \n")
    assert not breaches(book.config)
