"""Proofs that contradict themselves: found by comparing thousands of spoilt zones with unbound."""

import pytest
from msgspec import structs

from esashell.resolver import nsec, nsec3
from esashell.resolver import rdata as rd
from esashell.resolver.answer import Ede, Existence, Security
from esashell.resolver.budget import Budget, Effort, Work
from esashell.resolver.names import Name
from esashell.resolver.nsec import Nsec, Proof, Shortfall
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message
from tests.resolver.signer import NOW, World, n, rrsig

TYPES = frozenset((int(RRType.A), int(RRType.NSEC), int(RRType.RRSIG)))


def link(owner: str, following: str) -> Nsec:
    return Nsec(n(owner), n(following), TYPES)


def test_no_name_error_where_another_record_leads_to_the_name() -> None:
    records = [link("deep.ent.a.test", "mail.a.test"), link("dead.a.test", "x.ent.a.test")]
    assert isinstance(nsec.proves_name_error(records, n("x.ent.a.test")), Shortfall)
    records[1] = link("dead.a.test", "deep.ent.a.test")
    assert isinstance(nsec.proves_name_error(records, n("x.ent.a.test")), Proof)


def test_no_name_error_where_another_record_begins_below_the_name() -> None:
    records = [link("b.a.test", "z.a.test"), link("y.m.a.test", "z.a.test")]
    assert isinstance(nsec.proves_name_error(records, n("m.a.test")), Shortfall)


def test_the_record_that_leads_over_an_empty_name_counts_wherever_it_stands() -> None:
    over, beside = link("a.test", "x.nope.a.test"), link("b.a.test", "z.a.test")
    for records in ([over, beside], [beside, over]):
        found = nsec.proves_no_data(records, n("nope.a.test"), RRType.DS)
        assert isinstance(found, Proof)
        assert found.owners == (n("a.test"),)


@pytest.mark.parametrize("following", ["mail.a.test", "a.a.test", "elsewhere.test", "test"])
def test_an_nsec_that_leads_nowhere_proves_nothing(following: str) -> None:
    world = World()

    def changed(qname: Name, rdtype: int, message: Message) -> Message:
        if qname != n("mail.a.test") or rdtype != RRType.AAAA:
            return message
        owner = n("mail.a.test")
        forged = world.a.denial_set(owner, RRType.NSEC, n(following) + rd.bitmap_of(TYPES))
        return structs.replace(message, authority=(message.authority[0], forged))

    assert world.ask("mail.a.test", RRType.AAAA).security is Security.SECURE
    world.internet.mutate = changed
    assert world.ask("mail.a.test", RRType.AAAA).security is Security.BOGUS


def test_signature_times_half_the_circle_apart_are_in_no_order() -> None:
    world = World()
    name, rdatas = n("mail.a.test"), tuple(world.a.records[n("mail.a.test"), RRType.A])
    for inception, good in ((NOW - 0x7FFFFFFF + 5, True), (NOW - 0x80000000 + 5, False)):
        made = rrsig(
            world.a.key, world.a.name, name, RRType.A, rdatas,
            inception=inception, expiration=NOW + 5,
        )  # fmt: skip
        world.a.signatures[name, RRType.A] = (made,)
        answer = world.ask("mail.a.test", RRType.A)
        assert (answer.security is Security.SECURE) is good
        if not good:
            assert answer.reason is not None
            assert answer.reason.code == Ede.SIGNATURE_EXPIRED_BEFORE_VALID


def test_one_costly_record_does_not_make_forged_ones_pass() -> None:
    world = World("nsec3", iterations=151)
    answer = world.ask("nope.a.test", RRType.A)
    assert (answer.security, answer.existence) == (Security.INSECURE, Existence.NX_DOMAIN)

    def forged(qname: Name, rdtype: int, message: Message) -> Message:
        if rdtype != RRType.A:
            return message
        sets = list(message.authority)
        at = next(at for at, each in enumerate(sets) if each.rdtype == RRType.NSEC3)
        sets[at] = structs.replace(sets[at], signatures=())
        return structs.replace(message, authority=tuple(sets))

    world.internet.mutate = forged
    assert world.ask("nope.a.test", RRType.A).security is Security.BOGUS


def test_an_opt_out_span_does_not_hide_a_wildcard_that_is_shown_to_have_the_type() -> None:
    world = World("optout")
    world.a.add("*.wild.a.test", RRType.TXT, b"\x02hi")
    zone = world.a
    every = [nsec3.nsec3(owner, rdata) for owner, _, rdata in zone.nsec_sets()]
    ring = nsec3.Ring(every, zone.name, Work(Budget(), Effort()))
    name = n("x.wild.a.test")
    assert isinstance(nsec3.lies_in_opt_out_span(ring, name, RRType.TXT), Shortfall)
    assert isinstance(nsec3.lies_in_opt_out_span(ring, name, RRType.MX), Proof)
