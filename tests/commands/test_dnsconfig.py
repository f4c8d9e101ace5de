"""dnsconfig: every form of it, as a dialogue and on one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.commands.dnsconfig import dnsconfig, summary
from esashell.config.check import breaches
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError

CONFIG = factory("192.0.2.1", "192.0.2.2")


def typed(*lines):
    book = Logbook(CONFIG)
    return scripted(dnsconfig(book), lines, book), book.config.dns


def one_line(line, config=CONFIG):
    book = Logbook(config)
    said = []
    Batch(line.split(), book, said.append).run(dnsconfig(book))
    return book.config.dns, said


def servers(dns):
    return [(each.address, each.priority) for each in dns.servers]


OLD = [("192.0.2.1", 0), ("192.0.2.2", 0)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("parent new 192.0.2.3 4", [*OLD, ("192.0.2.3", 4)]),
        ("parent new 192.0.2.3", [*OLD, ("192.0.2.3", 0)]),
        ("parent new 192.0.2.3,2001:DB8::3 4", [*OLD, ("192.0.2.3", 4), ("2001:db8::3", 4)]),
        ("new parent 192.0.2.3 4", [*OLD, ("192.0.2.3", 4)]),
        ("NEW 1 192.0.2.3 priority=4", [*OLD, ("192.0.2.3", 4)]),
        ("parent delete 192.0.2.1", OLD[1:]),
        ("delete 2", OLD[:1]),
        ("parent edit 192.0.2.1 9", [("192.0.2.1", 9), OLD[1]]),
        ("edit 192.0.2.2 ip=192.0.2.9", [OLD[0], ("192.0.2.9", 0)]),
    ],
)
def test_one_line_forms_change_the_servers(line, expected):
    assert servers(one_line(line)[0]) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("parent", "operation|parent: a value is required"),
        ("parent new", "ip\\[,ip\\]: a value is required"),
        ("parent new 192.0.2.1", "The server 192.0.2.1 already exists"),
        ("parent new 192.0.2.3,192.0.2.3", "twice"),
        ("parent new ietf.org 1", 'ip: "ietf.org" is not an IP address'),
        ("parent new 192.0.2.3 -1", "from 0 to 65535"),
        ("parent delete 192.0.2.7", 'no server "192.0.2.7"'),
        ("parent edit 192.0.2.1 ip=192.0.2.2", "already exists"),
        ("roots", "must be one of NEW, EDIT, DELETE, SETUP"),
        ("alt new example.com 192.0.2.3", "must be one of"),
        ("parent new 192.0.2.3 1 2", "Not understood: 2"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(dnsconfig(book))
    assert book.staged == []


def test_the_last_server_stays():
    with pytest.raises(OperatorError, match="The last DNS server cannot be deleted"):
        one_line("parent delete 192.0.2.1", factory("192.0.2.1"))


def test_print_shows_the_servers():
    assert one_line("print")[1] == [
        "Currently using the local DNS cache servers:\n"
        "1. Priority: 0  192.0.2.1\n"
        "2. Priority: 0  192.0.2.2"
    ]


def test_an_appliance_without_servers_says_so_and_can_be_given_one():
    assert summary(factory()) == "There are no DNS servers configured."
    assert servers(one_line("parent new 192.0.2.3", factory())[0]) == [("192.0.2.3", 0)]


def test_setup_changes_what_is_named_and_leaves_the_rest():
    dns, _ = one_line("setup minimum_ttl=60")
    assert (dns.minimum_ttl, dns.reverse_timeout, servers(dns)) == (60, 20, OLD)


def test_operations_that_are_not_emulated_are_not_offered():
    transcript, _ = typed("")
    assert transcript == (
        "\nCurrently using the local DNS cache servers:\n"
        "1. Priority: 0  192.0.2.1\n2. Priority: 0  192.0.2.2\n\n"
        "Choose the operation you want to perform:\n"
        "- NEW - Add a new server.\n- EDIT - Edit a server.\n"
        "- DELETE - Delete a server.\n- SETUP - Configure general settings.\n[]> \n"
    )


WORDS = st.sampled_from(
    ["new", "edit", "delete", "setup", "print", "parent", "", "1", "2", "3", "192.0.2.1",
     "192.0.2.9", "2001:db8::1,192.0.2.4", "7", "y", "x" * 300, "\x1b[2J"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=8), max_size=30))
def test_whatever_is_typed_what_is_staged_may_be_committed(lines):
    transcript, dns = typed(*lines)
    assert dns.servers
    assert not breaches(CONFIG.__class__(dns=dns))
    assert "Error: Error" not in transcript
