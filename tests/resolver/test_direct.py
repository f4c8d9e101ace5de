"""One question to one server: asked as it was wished, shown as it came, never raising."""

from hypothesis import given
from hypothesis import strategies as st

from esashell.clock import FixedClock
from esashell.errors import TimedOut
from esashell.reports.dig import dig_lines
from esashell.resolver import wire
from esashell.resolver.budget import Budget, Effort
from esashell.resolver.direct import DirectQuestion, DirectReply, asked_directly, leading_to
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.names import name_from_text as n
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.steps import run
from tests.resolver.signer import World
from tests.resolver.test_iterate import ROOT_SERVER, Authorities

QUESTION = DirectQuestion("192.0.2.1", n("example.com"), RRType.TXT)


class Server:
    """Replies with these, one after the other; a fault is raised."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.requests = []
        self.clock = FixedClock(1_740_819_600_000_000)

    def perform(self, request):
        self.requests.append(request)
        self.clock.advance(1_500)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, bytes) else wire.encode(reply)

    def reply(self, question=QUESTION):
        return run(asked_directly(question, self.clock), self)


def message(**fields):
    return Message(flags=wire.QR | wire.RD, question=((n("example.com"), RRType.TXT),), **fields)


def test_it_is_asked_with_recursion_and_without_signatures_unless_wished():
    server = Server(message(), message())
    server.reply()
    server.reply(DirectQuestion("192.0.2.1", n("a"), 1, dnssec=True, source="192.0.2.9", tcp=True))
    plain, signed = (wire.parse(each.message) for each in server.requests)
    assert plain.flags & wire.RD
    assert not plain.flags & wire.CD
    assert (plain.dnssec_ok, signed.dnssec_ok) == (False, True)
    assert [(each.tcp, each.source) for each in server.requests] == [
        (False, ""),
        (True, "192.0.2.9"),
    ]


def test_a_reply_that_was_cut_off_is_fetched_over_tcp():
    whole = message(answer=(Rrset(n("example.com"), RRType.TXT, 60, (b"\x02hi",)),))
    server = Server(Message(flags=wire.QR | wire.TC), whole)
    reply = server.reply()
    assert [each.tcp for each in server.requests] == [False, True]
    assert (reply.truncated, reply.tcp, reply.message.answer) == (True, True, whole.answer)
    lines = list(dig_lines(QUESTION, reply))
    assert ";; Truncated, retrying in TCP mode." in lines
    assert 'example.com.\t\t60\tIN\tTXT\t"hi"' in lines
    assert lines[-3].endswith("(TCP)")


def test_faults_are_lines():
    silent = list(dig_lines(QUESTION, Server(TimedOut()).reply()))
    assert silent[-2:] == [
        ";; communications error to 192.0.2.1#53: timeout",
        ";; no servers could be reached",
    ]
    garbage = list(dig_lines(QUESTION, Server(b"\x00").reply()))
    assert garbage[-1] == ";; communications error to 192.0.2.1#53: the message ends too early"


def test_what_a_server_adds_cannot_move_the_cursor():
    evil = message(rcode=2, payload=1232, extended_errors=((6, "\x1b[2Jno\nsuch"),))
    lines = list(dig_lines(QUESTION, Server(evil).reply()))
    assert "; EDE: 6 (?[2Jno?such)" in lines


@given(
    st.binary(max_size=120) | st.binary(max_size=80).map(lambda b: wire.encode(message())[:30] + b)
)
def test_any_bytes_at_all_give_printable_lines(raw):
    for line in dig_lines(QUESTION, Server(raw, raw).reply()):
        assert line.replace("\t", "").isprintable()


def test_the_root_servers_lead_to_the_server_to_ask_for_ds_records_above_the_cut():
    world = World("nsec3")
    net = Authorities(world)
    iterator = Iterator(root_servers([ROOT_SERVER]), world.clock)

    def leading(qname, rdtype, budget=None):
        way = leading_to(iterator, n(qname), rdtype, budget or Budget(), Effort())
        return run(way, net)

    assert leading("mail.a.test", RRType.A) == (net.address(n("a.test")), "")
    assert leading("a.test", RRType.DS) == (net.address(n("test")), "")  # known by a referral
    server, fault = leading("x.plain.test", RRType.A, Budget(queries=0))
    assert (server, bool(fault)) == ("", True)
    net.zones.clear()
    server, fault = leading("mail.a.test", RRType.MX)
    assert server == ""
    assert "timeout" in fault
    question = DirectQuestion(server, n("mail.a.test"), RRType.MX)
    shown = list(dig_lines(question, DirectReply(None, fault)))
    assert shown[1:] == [
        "; <<>> esashell dig <<>> MX mail.a.test.",
        f";; {fault}",
        ";; no servers could be reached",
    ]
