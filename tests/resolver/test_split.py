"""Split DNS: each question at its own domain's servers, and nothing in passing."""

import pytest

from esashell.resolver import wire
from esashell.resolver.budget import Budget, Effort, Work
from esashell.resolver.exchange import Reply
from esashell.resolver.names import name_from_text as n
from esashell.resolver.rrtypes import RRType
from esashell.resolver.split import Split
from esashell.resolver.wire import Message, Rrset
from esashell.steps import run

A, NS, CNAME, DS, SOA = (RRType[each].value for each in ("A", "NS", "CNAME", "DS", "SOA"))


class Told:
    """A source that answers with the messages it was given, and writes down what it is asked."""

    def __init__(self, messages=()):
        self.messages = dict(messages)
        self.asked = []
        self.look_ups = 0
        self.forgotten = 0

    def source(self, work, asked):
        self.look_ups += 1

        def ask(qname, rdtype):
            self.asked.append((str(qname), rdtype))
            return Reply(self.messages.get((str(qname), rdtype), Message()))
            yield  # a generator that waits for nothing

        return ask

    def forget(self):
        self.forgotten += 1


def asked(split, *questions):
    ask = split.source(Work(Budget(), Effort()), [])
    return [run(ask(n(name), rdtype), None).message for name, rdtype in questions]


def rrset(owner, rdtype, rdata=b"\x01\x02\x03\x04"):
    return Rrset(n(owner), rdtype, 300, (bytes(rdata),))


def test_a_question_goes_to_the_lowest_domain_s_servers():
    rest, corp, lab = Told(), Told(), Told()
    split = Split(rest, {n("corp.example"): corp, n("lab.corp.example"): lab})
    asked(split, ("example", A), ("corp.example", A), ("x.corp.example", A),
          ("xcorp.example", A), ("lab.corp.example", A), ("a.b.lab.corp.example", A))  # fmt: skip
    assert rest.asked == [("example", A), ("xcorp.example", A)]
    assert corp.asked == [("corp.example", A), ("x.corp.example", A)]
    assert lab.asked == [("lab.corp.example", A), ("a.b.lab.corp.example", A)]


def test_whether_the_domain_is_signed_is_asked_above_it():
    rest, corp = Told(), Told()
    asked(Split(rest, {n("corp.example"): corp}), ("corp.example", DS), ("x.corp.example", DS))
    assert (rest.asked, corp.asked) == ([("corp.example", DS)], [("x.corp.example", DS)])


def test_the_root_itself_may_be_an_alternate_domain():
    rest, root = Told(), Told()
    asked(Split(rest, {n("."): root}), (".", DS), ("example", DS), ("example", A))
    assert rest.asked == []
    assert len(root.asked) == 3


def test_one_look_up_takes_each_source_once():
    rest, corp = Told(), Told()
    asked(Split(rest, {n("corp.example"): corp}), *[("a", A), ("corp.example", A)] * 3)
    assert (rest.look_ups, corp.look_ups) == (1, 1)
    asked(Split(rest, {n("corp.example"): corp}), ("a", A))
    assert corp.look_ups == 1


@pytest.mark.parametrize("inside", [True, False])
def test_what_is_said_of_the_other_side_is_left_out(inside):
    """In either direction: the alias stays, its target is to be asked about where it belongs."""
    here, there = (
        ("www.corp.example", "www.example") if inside else ("www.example", "x.corp.example")
    )
    alias = rrset(here, CNAME, n(there))
    message = Message(
        flags=wire.QR,
        rcode=3,
        question=((n(here), A),),
        answer=(alias, rrset(there, A)),
        authority=(rrset(there, SOA), rrset(here, NS)),
    )
    told = Told({(here, A): message})
    rest, corp = (Told(), told) if inside else (told, Told())
    (found,) = asked(Split(rest, {n("corp.example"): corp}), (here, A))
    assert found.answer == (alias,)
    assert found.authority == (rrset(here, NS),)
    assert found.rcode == 0


def test_what_stays_on_its_side_is_left_alone():
    alias = rrset("www.corp.example", CNAME, n("web.corp.example"))
    message = Message(
        rcode=0, answer=(alias, rrset("web.corp.example", A)), authority=(rrset("example", NS),)
    )
    corp = Told({("www.corp.example", A): message})
    (found,) = asked(Split(Told(), {n("corp.example"): corp}), ("www.corp.example", A))
    assert found == message


def test_no_answer_stays_no_answer():
    class Dead(Told):
        def source(self, work, asked):
            def ask(qname, rdtype):
                return Reply(None)
                yield

            return ask

    assert asked(Split(Dead(), {}), ("a", A)) == [None]


def test_to_forget_reaches_every_source():
    rest, corp = Told(), Told()
    Split(rest, {n("corp.example"): corp}).forget()
    assert (rest.forgotten, corp.forgotten) == (1, 1)


def test_what_is_asked_again_is_bounded_by_its_side_too():
    """An alias out of the domain: the first answer and the second bring the target along."""
    alias = rrset("in.corp.example", CNAME, n("www.example"))
    message = Message(answer=(alias, rrset("www.example", A)))

    class Twice(Told):
        def source(self, work, asked):
            def again():
                return Reply(message)
                yield

            def ask(qname, rdtype):
                return Reply(message, again=again)
                yield

            return ask

    ask = Split(Told(), {n("corp.example"): Twice()}).source(Work(Budget(), Effort()), [])
    reply = run(ask(n("in.corp.example"), A), None)
    second = run(reply.again(), None)
    assert reply.message.answer == second.message.answer == (alias,)
    assert second.again is None
