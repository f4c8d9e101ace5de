"""dnsconfig: every form of it, as a dialogue and on one line."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.dnsconfig import dnsconfig, summary
from esashell.config.check import breaches
from esashell.config.model.dnsserver import AlternateDomain, AlternateServer
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError

CONFIG = factory("192.0.2.1", "192.0.2.2")
ROOTS = factory()
ALTERNATES = (
    AlternateDomain("corp.example", (AlternateServer("192.0.2.61"),)),
    AlternateDomain("lan.example", (AlternateServer("192.0.2.62"), AlternateServer("192.0.2.63"))),
)
AUTHORITIES = (
    AlternateDomain(
        "com", (AlternateServer("10.1.10.9", "dns.example.com"),
                AlternateServer("10.1.10.10", "dns2.example.com")),
    ),
)  # fmt: skip


def with_alternates(config, rows):
    return replace(config, dns=replace(config.dns, alternates=rows))


SPLIT = with_alternates(CONFIG, ALTERNATES)
SPLIT_ROOTS = with_alternates(ROOTS, AUTHORITIES)


def typed(*lines, config=CONFIG):
    book = Logbook(config)
    return scripted(dnsconfig(book), lines, book), book.config.dns


def one_line(line, config=CONFIG):
    book = Logbook(config)
    said = []
    Batch(line.split(), book, said.append).run(dnsconfig(book))
    return book.config.dns, said


def servers(dns):
    return [(each.address, each.priority) for each in dns.servers]


def alternates(dns):
    """By domain, the servers as text; a domain that is not validated has a "!" in front."""
    return {
        f"{'' if each.validate else '!'}{each.domain}": [
            f"{server.name}={server.address}" if server.name else server.address
            for server in each.servers
        ]
        for each in dns.alternates
    }


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
        ("setup roots", []),
        ("setup mode=1", []),
        ("roots", []),
        ("roots clear", []),
    ],
)
def test_one_line_forms_change_the_servers(line, expected):
    assert servers(one_line(line)[0]) == expected


@pytest.mark.parametrize(
    ("line", "before", "expected"),
    [
        ("alt new a.example 192.0.2.9", CONFIG, {"a.example": ["192.0.2.9"]}),
        (
            "alt new A.example.,b.example 192.0.2.9",
            CONFIG,
            {"a.example": ["192.0.2.9"], "b.example": ["192.0.2.9"]},
        ),
        ("new 2 a.example 192.0.2.9", CONFIG, {"a.example": ["192.0.2.9"]}),
        ("new alt a.example 192.0.2.9 validate=no", CONFIG, {"!a.example": ["192.0.2.9"]}),
        (
            "alt new corp.example 192.0.2.9",
            SPLIT,
            {"corp.example": ["192.0.2.61", "192.0.2.9"],
             "lan.example": ["192.0.2.62", "192.0.2.63"]},
        ),
        ("alt delete lan.example", SPLIT, {"corp.example": ["192.0.2.61"]}),
        ("delete alt 3", SPLIT, {"corp.example": ["192.0.2.61"], "lan.example": ["192.0.2.62"]}),
        (
            "edit alt 2 ip=192.0.2.9 validate=no",
            SPLIT,
            {"corp.example": ["192.0.2.61"], "!lan.example": ["192.0.2.9", "192.0.2.63"]},
        ),
        (
            "edit alt corp.example other.example",
            SPLIT,
            {"other.example": ["192.0.2.61"], "lan.example": ["192.0.2.62", "192.0.2.63"]},
        ),
        ("roots new org ns.example.org 10.0.0.1", ROOTS, {"org": ["ns.example.org=10.0.0.1"]}),
        ("new org ns.example.org 10.0.0.1", ROOTS, {"org": ["ns.example.org=10.0.0.1"]}),
        ("roots delete com", SPLIT_ROOTS, {}),
        ("roots delete com dns.example.com", SPLIT_ROOTS, {"com": ["dns2.example.com=10.1.10.10"]}),
        ("delete 1", SPLIT_ROOTS, {"com": ["dns2.example.com=10.1.10.10"]}),
        (
            "edit 2 com ns3.example.com ip=10.1.10.11",
            SPLIT_ROOTS,
            {"com": ["dns.example.com=10.1.10.9", "ns3.example.com=10.1.10.11"]},
        ),
        ("roots", SPLIT, {}),
        ("setup roots", SPLIT, alternates(SPLIT.dns)),
    ],
)  # fmt: skip
def test_one_line_forms_change_the_alternates(line, before, expected):
    dns, _ = one_line(line, before)
    assert alternates(dns) == expected
    assert not breaches(before.__class__(dns=dns))


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
        ("alt", "alt: a value is required"),
        ("alt new example.com", "ip: a value is required"),
        ("alt new a..b 192.0.2.3", "domains: .* is not a host name"),
        ("alt new a.example,A.example 192.0.2.3", "A domain is given twice"),
        ("alt new a.example,, 192.0.2.3", "is empty"),
        ("alt new corp.example 192.0.2.61", "192.0.2.61 already exists for corp.example"),
        ("edit alt 2 ip=192.0.2.63", "192.0.2.63 already exists for lan.example"),
        ("alt delete com", 'There is no alternate domain "com"'),
        ("roots new org ns.example.org 10.0.0.1", "Own DNS cache servers are used; .*alt new"),
        ("roots delete corp.example ns1", "There is no name server of corp.example"),
        ("roots everything", "must be one of NEW, DELETE, CLEAR"),
        ("setup own 192.0.2.3", "Not understood: 192.0.2.3"),
        ("parent new 192.0.2.3 1 2", "Not understood: 2"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(SPLIT)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(dnsconfig(book))
    assert book.staged == []


def test_alt_is_for_own_servers_only():
    with pytest.raises(OperatorError, match="root DNS servers are used; see 'dnsconfig roots new'"):
        one_line("alt new a.example 192.0.2.3", ROOTS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("new alt ietf.org 192.0.2.3", "leave it out, as in 'dnsconfig new <domain> <names.*>'"),
        ("new ALT a.example ns.a.example 192.0.2.3", '"ALT" is no domain here'),
        ("new 2 ietf.org 192.0.2.3", "leave it out"),
        ("new parent 192.0.2.3 4", "see 'dnsconfig parent new'"),
        ("new 1 192.0.2.3 4", "see 'dnsconfig parent new'"),
        ("roots new alt ietf.org 192.0.2.3", "leave it out"),
        ("edit 1 alt ns.example.com ip=192.0.2.3", '"alt" is no domain here'),
        ("edit alt nope ip=192.0.2.3", 'There is no alternate domain "nope"'),
        ("delete alt nope", 'There is no alternate domain "nope"'),
        ("delete parent 1", 'There is no server "1"'),
    ],
)
def test_with_the_root_servers_the_words_of_the_other_menu_are_no_domains(line, message):
    book = Logbook(SPLIT_ROOTS)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(dnsconfig(book))
    assert book.staged == []


def test_a_line_may_say_which_sort_is_meant_where_there_is_only_one():
    assert one_line("delete parent 192.0.2.1")[0] == one_line("delete 1")[0]
    found, bare = (one_line(line, SPLIT_ROOTS)[0] for line in ("delete alt 1", "delete 1"))
    assert found == bare != SPLIT_ROOTS.dns


def test_a_domain_below_one_that_is_called_like_an_answer_is_still_taken():
    line = "new corp.parent ns.corp.parent 192.0.2.3"
    assert alternates(one_line(line, ROOTS)[0]) == {"corp.parent": ["ns.corp.parent=192.0.2.3"]}


def test_the_last_server_stays():
    with pytest.raises(OperatorError, match="The last DNS server cannot be deleted"):
        one_line("parent delete 192.0.2.1", factory("192.0.2.1"))


def test_print_shows_the_servers():
    assert one_line("print")[1] == [
        "Currently using the local DNS cache servers:\n"
        "1. Priority: 0  192.0.2.1\n"
        "2. Priority: 0  192.0.2.2"
    ]


def test_the_summary_has_the_mode_and_the_alternates():
    assert summary(ROOTS) == "Currently using the Internet root DNS servers."
    assert summary(SPLIT_ROOTS) == (
        "Currently using the Internet root DNS servers.\n\n"
        "Alternate authoritative DNS servers:\n"
        "1. com: dns.example.com (10.1.10.9)\n"
        "2. com: dns2.example.com (10.1.10.10)"
    )
    private = (replace(ALTERNATES[0], validate=False),)
    assert summary(with_alternates(factory("192.0.2.1"), private)) == (
        "Currently using the local DNS cache servers:\n1. Priority: 0  192.0.2.1\n\n"
        "Alternate domain servers:\n"
        "1. corp.example: 192.0.2.61, not validated"
    )


def test_an_appliance_that_asks_the_root_servers_can_be_given_its_own():
    assert servers(one_line("parent new 192.0.2.3", ROOTS)[0]) == [("192.0.2.3", 0)]
    assert servers(one_line("setup own 192.0.2.3 2", ROOTS)[0]) == [("192.0.2.3", 2)]


def test_setup_changes_what_is_named_and_leaves_the_rest():
    dns, _ = one_line("setup minimum_ttl=60", SPLIT)
    assert (dns.minimum_ttl, dns.reverse_timeout, servers(dns)) == (60, 20, OLD)
    assert dns.alternates == ALTERNATES


def test_roots_asks_first_when_it_is_typed_at_the_menu():
    transcript, dns = typed("roots", "clear", "", "", config=SPLIT)
    assert "remove all DNS servers and use the Internet's root servers? [N]> \n" in transcript
    assert dns == SPLIT.dns
    assert typed("roots", "clear", "y", "", config=SPLIT)[1] == ROOTS.dns


def test_operations_that_are_not_emulated_are_not_offered():
    transcript, _ = typed("")
    assert transcript == (
        "\nCurrently using the local DNS cache servers:\n"
        "1. Priority: 0  192.0.2.1\n2. Priority: 0  192.0.2.2\n\n"
        "Choose the operation you want to perform:\n"
        "- NEW - Add a new server.\n- EDIT - Edit a server.\n"
        "- DELETE - Remove a server.\n- SETUP - Configure general settings.\n"
        "- SEARCH - Configure DNS domain search list.\n[]> \n"
    )


def test_with_nothing_to_edit_there_is_only_new_and_setup():
    transcript, _ = typed("", config=ROOTS)
    assert "EDIT" not in transcript
    assert "DELETE" not in transcript


WORDS = st.sampled_from(
    ["new", "edit", "delete", "setup", "print", "parent", "alt", "roots", "clear", "", "1", "2",
     "3", "192.0.2.1", "192.0.2.9", "2001:db8::1,192.0.2.4", "a.example", "corp.example",
     "a.example,b.example", "10.in-addr.arpa", "7", "y", "x" * 300, "\x1b[2J"]
)  # fmt: skip


@pytest.mark.parametrize("config", [CONFIG, SPLIT, SPLIT_ROOTS])
@given(lines=st.lists(WORDS | st.text(max_size=8), max_size=30))
def test_whatever_is_typed_what_is_staged_may_be_committed(config, lines):
    transcript, dns = typed(*lines, config=config)
    assert not breaches(CONFIG.__class__(dns=dns))
    assert "Error: Error" not in transcript


@pytest.mark.parametrize("config", [CONFIG, SPLIT, SPLIT_ROOTS])
@given(words=st.lists(WORDS | st.text(max_size=8), min_size=1, max_size=8))
def test_whatever_stands_on_a_line_is_taken_or_refused_in_one_line(config, words):
    book = Logbook(config)
    refused = True
    with suppress(OperatorError):
        Batch(words, book, lambda text: None).run(dnsconfig(book))
        refused = False
    assert not (refused and book.staged)
    assert not breaches(book.config)
