"""Tab: names first, then what the command's own dialogue would take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.registry import TABLE, names
from esashell.config.model.dnsserver import AlternateDomain, AlternateServer
from esashell.config.tree import factory
from esashell.dialogue.script import Logbook
from esashell.shell.complete import complete

APPLIANCE = Logbook(factory("192.0.2.1", "2001:db8::1"))


def offered(line):
    return [each.text for each in complete(line, APPLIANCE)]


def test_an_empty_line_offers_every_command_with_its_help():
    found = complete("", APPLIANCE)
    assert [each.text for each in found] == list(names())
    assert {each.text: each.help for each in found} == TABLE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("sethost", ["sethostname "]),
        ("version; showc", ["showchanges", "showconfig"]),
        ("frobnicate ", []),
        (
            "dnsconfig ",
            [
                "new",
                "edit",
                "delete",
                "setup",
                "search",
                "parent",
                "alt",
                "roots",
                "print",
                "sha1",
                "agility",
            ],
        ),
        ("dnsconfig p", ["parent", "print"]),
        ("dnsconfig pa", ["parent "]),
        ("dnsconfig pr", ["print"]),
        ("dnsconfig new ", ["parent", "alt"]),
        ("dnsconfig new al", ["alt "]),
        ("dnsconfig alt new corp.example 10.0.0.1 ", ["validate="]),
        ("dnsconfig alt new corp.example 10.0.0.1 v", ["validate="]),
        ("dnsconfig alt new corp.example 10.0.0.1 validate=", ["validate=yes", "validate=no"]),
        ("dnsconfig roots ", ["new", "clear"]),
        ("dnsconfig parent ", ["new", "edit", "delete"]),
        ("dnsconfig parent delete ", ["192.0.2.1", "2001:db8::1"]),
        ("dnsconfig parent delete 2", ["2001:db8::1"]),
        ("dnsconfig parent new 192.0.2.3 ", []),
        ("dnsconfig edit 192.0.2.1 ", ["ip="]),
        ("dnsconfig setup ", ["roots", "own", "reverse_timeout=", "minimum_ttl="]),
        ("dnsconfig setup minimum_ttl=5 ", ["roots", "own", "reverse_timeout="]),
        ("dnsconfig setup roots ", ["reverse_timeout=", "minimum_ttl="]),
        ("dnsflush ", ["yes", "no"]),
        ("dnsstatus ", ["trace", "limits", "algorithms", "anchors"]),
        ("dnsstatus tr", ["trace "]),
        ("dnsstatus l", ["limits"]),
        ("dnsstatus trace ", []),
        ("dnsstatus trace ietf.org d", ["DNSKEY", "DS"]),
        ("nslookup ", []),
        ("nslookup ietf.org m", ["MX"]),
        ("dig m", ["MX "]),
        ("dig @192.0.2.1 tl", ["TLSA "]),
        ("dig -", ["-s", "-t", "-u", "-x"]),
        ("help showch", ["showchanges"]),
        ("h vers", ["version"]),
        ("commit ", ["confirmed "]),
        ("exit ", []),
    ],
)
def test_what_comes_next(line, expected):
    assert offered(line) == expected


KNOWN = ("ietf.org", "dane.lab", "_25._tcp.mail.dane.lab", "192.0.2.7")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("daneverify ", ["ietf.org", "dane.lab", "_25._tcp.mail.dane.lab"]),
        ("daneverify IET", ["ietf.org"]),
        ("daneverify ietf.org ", []),
        ("explain d", ["dane.lab "]),
        ("version; explain d", ["dane.lab "]),
        ("dnsstatus trace _", ["_25._tcp.mail.dane.lab "]),
        ("dnsstatus trace ie", ["ietf.org "]),
        ("nslookup 1", ["192.0.2.7 "]),
        ("nslookup ietf.org m", ["MX"]),
        ("dig mx iet", ["ietf.org "]),
        ("dig d", ["DNSKEY", "DS", "dane.lab"]),
        ("sethostname ", []),
        ("commit ", ["confirmed "]),
        ("dnsconfig parent new ", []),
    ],
)
def test_where_a_name_is_wanted_the_known_ones_that_would_do_are_offered(line, expected):
    assert [each.text for each in complete(line, APPLIANCE, lambda: KNOWN)] == expected


@pytest.mark.parametrize("line", ["", "dane", "dnsconfig ", "version ", "nslookup ietf.org "])
def test_names_are_not_sought_where_none_is_wanted(line):
    def unwanted():
        raise AssertionError("nobody asked for a name")

    complete(line, APPLIANCE, unwanted)


@pytest.mark.parametrize(
    ("line", "start"),
    [("ver", -3), ("dnsconfig ", 0), ("dnsconfig pa", -2), ("help;  dns", -3)],
)
def test_a_candidate_says_what_it_replaces(line, start):
    assert {each.start for each in complete(line, APPLIANCE)} == {start}


def test_alternate_domains_are_offered_by_name():
    config = factory("192.0.2.1")
    server = (AlternateServer("192.0.2.61"),)
    dns = replace(config.dns, alternates=(AlternateDomain("corp.example", server),))
    at = Logbook(replace(config, dns=dns))
    assert [each.text for each in complete("dnsconfig alt delete ", at)] == ["corp.example"]
    assert [each.text for each in complete("dnsconfig roots ", at)] == ["new", "delete", "clear"]


def test_exit_offers_an_answer_only_while_something_is_pending():
    pending = Logbook(factory("192.0.2.1"))
    pending.stage(factory("192.0.2.2"))
    assert [each.text for each in complete("exit ", pending)] == ["yes", "no"]


def test_completing_changes_nothing():
    appliance = Logbook(factory("192.0.2.1", "192.0.2.2"))
    for line in ("dnsconfig parent delete 192.0.2.1 ", "commit x ", "clear y ", "exit y "):
        complete(line, appliance)
    assert (appliance.staged, appliance.commits, appliance.left) == ([], [], False)


@given(st.text(alphabet="dnscofigpart ew12.;\"'=", max_size=40))
def test_whatever_stands_there_completing_lives(line):
    for each in complete(line, APPLIANCE):
        assert -len(line) <= each.start <= 0
