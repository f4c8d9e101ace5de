"""What a response says is read in time that grows with its length and no faster."""

import sys
from itertools import pairwise

from esashell.resolver.names import ROOT, name_from_text
from esashell.resolver.reading import reading, refers
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset

n = name_from_text


def calls_for(message, qname):
    """How many functions are called, by Python or C, to read the message."""
    called = 0

    def count(frame, event, argument):
        nonlocal called
        called += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        path = reading(message, qname, RRType.A, 1000)
    finally:
        sys.setprofile(before)
    return called, path


def chain(length):
    """A message in which so many DNAMEs lead from one subtree to the next."""
    owners = [n(f"d{number}.x") for number in range(length + 1)]
    answer = tuple(
        Rrset(owner, RRType.DNAME.value, 60, (bytes(target),), (b"",))
        for owner, target in pairwise(owners)
    )
    return Message(answer=answer), n("a.d0.x"), n(f"a.d{length}.x")


def test_many_dnames_do_not_cost_quadratic_time():
    message, start, end = chain(50)
    few, path = calls_for(message, start)
    assert path.name == end
    assert len(path.aliases) == 50
    message, start, end = chain(500)
    many, path = calls_for(message, start)
    assert path.name == end
    assert many < 12 * few


def test_the_closest_dname_above_the_name_is_the_one_that_counts():
    far = Rrset(n("x"), RRType.DNAME.value, 60, (bytes(n("far")),))
    near = Rrset(n("d.x"), RRType.DNAME.value, 60, (bytes(n("near")),))
    own = Rrset(n("a.d.x"), RRType.DNAME.value, 60, (bytes(n("own")),))
    for answer in ((far, near, own), (own, near, far)):
        path = reading(Message(answer=answer), n("a.d.x"), RRType.A, 1)
        assert [each.rrset for each in path.aliases] == [near]
        assert path.name == n("a.near")


def test_the_cname_that_a_dname_makes_answers_for_any_whether_it_is_sent_along_or_not():
    # RFC 1034 4.3.2: a CNAME is what ANY asks for, and not followed; RFC 6672 3.1: it is made.
    name, target = n("a.d.x"), bytes(n("a.near"))
    above = Rrset(n("d.x"), RRType.DNAME.value, 60, (bytes(n("near")),))
    made = Rrset(name, RRType.CNAME.value, 60, (target,))
    for answer in ((above,), (above, made), (made, above)):
        path = reading(Message(answer=answer), name, RRType.ANY, 1)
        assert (path.name, path.aliases, path.rrsets, path.made_from) == (name, (), (made,), above)


def test_only_an_answer_with_nothing_in_it_refers():
    servers = Rrset(n("x"), RRType.NS.value, 60, (bytes(n("ns.x")),))
    address = Rrset(n("a.x"), RRType.A.value, 60, (b"\x01\x02\x03\x04",))
    start = Rrset(n("x"), RRType.SOA.value, 60, (bytes(ROOT) * 2 + bytes(20),))
    asked = n("a.x"), RRType.A.value
    assert refers(Message(authority=(servers,)), *asked)
    assert not refers(Message(authority=(servers, start)), *asked)
    assert not refers(Message(answer=(address,), authority=(servers,)), *asked)
    assert not refers(Message(), *asked)
