"""The trail of a look-up: told in the order of happening, and only where somebody follows it."""

import pytest

from esashell.events import DnsAnswered, DnsAsked, DnsFailed, DnsSent, Event
from esashell.resolver import trail
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.steps import run
from tests.delivery.labwork import CAPABLE, NOON, Bench

HOST = "thinkbeyond-ch.mail.protection.outlook.com"


def told(
    resolver: Resolver, bench: Bench, name: str, rdtype: RRType, *, tells: bool = True
) -> list[Event]:
    resolver.tells = tells
    found: list[Event] = []

    def listen(event: object) -> None:
        if isinstance(event, Event):
            found.append(event)

    with bench.lab.session() as session:
        run(resolver.look_up(name_from_text(name), rdtype), session, listen)
    return found


def first_hand(found: list[Event]) -> list[Event]:
    """Without what was asked in passing."""
    return [each for each in found if not isinstance(each, DnsSent) or not each.in_passing]


def test_a_look_up_is_asked_sent_and_answered() -> None:
    bench = Bench()
    asked, sent, answered = first_hand(told(bench.resolver, bench, "ietf.org", RRType.MX))
    assert asked == DnsAsked("ietf.org", "MX")
    assert isinstance(sent, DnsSent)
    assert (sent.qname, sent.rdtype, sent.level, sent.levels) == ("ietf.org", "MX", 0, 1)
    assert isinstance(answered, DnsAnswered)
    assert answered.server == sent.server in CAPABLE
    assert answered.data == ((0, "mail.ietf.org"),)
    assert (answered.security, answered.existence, answered.ttl) == ("SECURE", "FOUND", 1800)
    assert answered.until == NOON + 1800 * 1_000_000


def test_the_questions_for_keys_are_asked_in_passing() -> None:
    bench = Bench()
    found = told(bench.resolver, bench, "ietf.org", RRType.MX)
    passing = [each for each in found if isinstance(each, DnsSent) and each.in_passing]
    assert {each.rdtype for each in passing} == {"DNSKEY", "DS"}
    assert {each.qname for each in passing} == {".", "org", "ietf.org"}


def test_nothing_is_told_of_what_the_cache_has() -> None:
    bench = Bench()
    told(bench.resolver, bench, "ietf.org", RRType.MX)
    assert told(bench.resolver, bench, "ietf.org", RRType.MX) == []


def test_where_nobody_follows_only_what_is_a_warning_is_told() -> None:
    bench = Bench()
    assert told(bench.resolver, bench, "ietf.org", RRType.MX, tells=False) == []
    (warned,) = told(bench.resolver, bench, "mail.ietf.org", RRType.AAAA, tells=False)
    assert isinstance(warned, DnsAnswered)
    assert warned.security == "SECURE"
    failed = told(bench.resolver, bench, HOST, RRType.CNAME, tells=False)
    assert failed == [
        DnsFailed(HOST, "CNAME", server, "SERVFAIL")
        for server in sorted(CAPABLE, key=lambda each: each != failed[0].server)  # type: ignore[attr-defined]
    ]


def test_the_priority_of_a_server_is_in_what_is_sent_to_it() -> None:
    bench = Bench()
    servers = [Server(CAPABLE[0], 0), Server(CAPABLE[1], 7)]
    resolver = Resolver(servers, [bench.lab.anchor], bench.clock)
    found = first_hand(told(resolver, bench, HOST, RRType.CNAME))
    sent = [each for each in found if isinstance(each, DnsSent)]
    assert [(each.server, each.level, each.levels) for each in sent] == [
        (CAPABLE[0], 0, 2),
        (CAPABLE[1], 1, 2),
    ]
    kinds = [type(each) for each in found]
    assert kinds == [DnsAsked, DnsSent, DnsFailed, DnsSent, DnsFailed, DnsAnswered]


def test_a_server_that_keeps_silent_was_not_heard() -> None:
    bench = Bench()
    resolver = Resolver([Server("192.0.2.99")], [bench.lab.anchor], bench.clock)
    failed = [e for e in told(resolver, bench, "ietf.org", RRType.MX) if isinstance(e, DnsFailed)]
    assert failed
    assert not any(each.heard for each in failed)


def from_the_root(bench: Bench) -> Resolver:
    source = Iterator(root_servers(bench.lab.root_servers), bench.clock)
    return Resolver([], [bench.lab.anchor], bench.clock, source=source)


def test_an_alias_that_leads_on_is_asked_about_under_its_own_name() -> None:
    bench = Bench()
    alias, target = "mail.mx-alias-insecure.lab", "mail.unsigned-hosting.lab"
    found = told(from_the_root(bench), bench, alias, RRType.A)
    assert [each.qname for each in found if isinstance(each, DnsAsked)] == [alias, target]
    (answered,) = (each for each in found if isinstance(each, DnsAnswered))
    assert (answered.qname, answered.security, answered.data) == (
        alias,
        "INSECURE",
        ("198.51.100.2",),
    )


def test_from_the_root_down_each_server_on_the_way_is_in_the_trail() -> None:
    bench = Bench()
    found = first_hand(told(from_the_root(bench), bench, "ietf.org", RRType.MX))
    sent = [each for each in found if isinstance(each, DnsSent)]
    assert sent[0].server in bench.lab.root_servers
    assert len({each.server for each in sent}) == len(sent) >= 3
    assert {(each.qname, each.rdtype) for each in sent} == {("ietf.org", "MX")}
    assert isinstance(found[-1], DnsAnswered)
    assert found[-1].server == sent[-1].server


@pytest.mark.parametrize("rdtype", [RRType.MX, RRType.A, RRType.AAAA, RRType.TLSA, RRType.TXT])
@pytest.mark.parametrize("rdata", [b"", b"\x00", b"\xff" * 3, b"\x00\x0a\xc0\x00", b"\x80" * 40])
def test_rubbish_in_a_record_is_told_as_it_is(rdtype: RRType, rdata: bytes) -> None:
    answer = Answer(
        name_from_text("a.test"), rdtype, Security.INSECURE, Existence.FOUND, rdatas=(rdata,)
    )
    (datum,) = trail.answered(answer, NOON).data
    assert isinstance(datum, str)
