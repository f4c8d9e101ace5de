"""From the root servers down, with servers that fail, have moved, or are from another time."""

import msgspec
import pytest

from esashell.clock import SECOND
from esashell.resolver import wire
from esashell.resolver.answer import Existence, Security
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.steps import run
from tests.resolver.signer import A1, TTL, SignedZone, World, n
from tests.resolver.test_iterate import ROOT_SERVER, Authorities, ask, resolver_of


@pytest.fixture
def world() -> World:
    return World("nsec3")


@pytest.fixture
def net(world) -> Authorities:
    return Authorities(world)


def octets(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


# Servers that are silent, lame or gone.


def test_a_lost_datagram_is_no_dead_server(world, net):
    server = net.address(n("a.test"))
    net.silent = {server}
    lost = [1]
    perform = net.perform

    class Losing:
        def perform(self, request):
            if request.server == server and not lost:
                net.silent = set()
            if request.server == server and lost:
                lost.pop()
            return perform(request)

    resolver = resolver_of(world)
    answer = run(resolver.look_up(n("a.test"), RRType.MX), Losing())
    assert answer.security is Security.SECURE
    first, second, *_ = [timeout for at, timeout in net.timeouts if at == server]
    assert second > first
    assert not resolver.source.standing.set_back(server, n("a.test"))


def test_every_server_has_two_chances_and_no_more(world, net):
    servers = {net.address(n("a.test")), net.second("a.test")}
    net.silent = servers
    answer = ask(net, "a.test", RRType.MX)
    assert answer.security is Security.INDETERMINATE
    asked = [server for server, _, _ in net.log if server in servers]
    assert sorted(asked) == sorted([*servers, *servers])


def test_a_zone_that_has_moved_is_found_by_asking_its_parent_again(world, net):
    resolver = resolver_of(world)
    assert ask(net, "a.test", RRType.MX, resolver).found
    old = net.address(n("a.test"))
    net.second("a.test")
    del net.zones[old]
    net.log.clear()
    answer = ask(net, "mail.a.test", RRType.A, resolver)
    assert answer.security is Security.SECURE
    assert [at for at, _, _ in net.log][:2] == [old, old]
    assert (net.address(n("test")), "mail.a.test", 1) in net.log


@pytest.mark.parametrize("rcode", [5, 9])
def test_a_server_that_has_lost_the_zone_sends_us_back_to_the_parent(world, net, rcode):
    resolver = resolver_of(world)
    assert ask(net, "a.test", RRType.MX, resolver).found
    old = net.address(n("a.test"))
    moved = net.second("a.test")
    stranger = SignedZone("elsewhere.test")
    net.zones[old] = stranger
    net.change = lambda at, qname, rdtype, message: (
        msgspec.structs.replace(message, rcode=rcode) if at == old else message
    )
    assert ask(net, "mail.a.test", RRType.A, resolver).security is Security.SECURE
    assert moved in {at for at, _, _ in net.log}


def test_a_silent_server_is_asked_after_the_others_for_a_while(world, net):
    resolver = resolver_of(world)
    dead = net.address(n("a.test"))
    other = net.second("a.test")
    net.silent = {dead}
    assert ask(net, "a.test", RRType.MX, resolver).found
    net.log.clear()
    assert ask(net, "mail.a.test", RRType.A, resolver).found
    assert [at for at, _, _ in net.log] == [other]
    net.silent = set()
    world.clock.advance(61 * SECOND)
    net.log.clear()
    assert ask(net, "deep.ent.a.test", RRType.A, resolver).found
    assert net.log[0][0] == dead


@pytest.mark.parametrize("how", ["REFUSED", "lame"])
def test_a_server_that_disowns_the_zone_is_asked_last_from_then_on(world, net, how):
    resolver = resolver_of(world)
    bad = net.address(n("a.test"))
    other = net.second("a.test")
    up = Rrset(n("."), int(RRType.NS), TTL, (n("ns"),))

    def change(at, qname, rdtype, message):
        if at != bad:
            return message
        question = ((qname, rdtype),)
        if how == "lame":
            return Message(flags=wire.QR, question=question, authority=(up,))
        return Message(flags=wire.QR, rcode=5, question=question)

    net.change = change
    assert ask(net, "a.test", RRType.MX, resolver).security is Security.SECURE
    net.log.clear()
    world.clock.advance(300 * SECOND)
    assert ask(net, "mail.a.test", RRType.A, resolver).security is Security.SECURE
    assert [at for at, _, _ in net.log] == [other]


def test_a_name_that_a_dname_makes_too_long_is_told_as_that(world, net):
    """RFC 6672 2.2: the server says YXDOMAIN, and has nothing else to say."""
    servers = {net.address(n("a.test")), net.second("a.test")}

    def change(at, qname, rdtype, message):
        if at not in servers or rdtype != RRType.MX:
            return message
        return msgspec.structs.replace(message, rcode=6, answer=(), authority=())

    net.change = change
    answer = ask(net, "a.test", RRType.MX)
    assert (answer.security, answer.existence) == (Security.INDETERMINATE, None)
    assert answer.reason.situation == "SUBSTITUTION_TOO_LONG"
    assert (answer.reason.zone, answer.reason.about) == ("a.test.", "a.test. MX")
    assert all(f"{each}: YXDOMAIN" in answer.reason.text for each in servers)


def test_an_old_server_is_asked_without_edns_when_there_is_no_other(world, net):
    """RFC 6891 7. Its zone is not signed: without EDNS no signature could come."""
    old = net.address(n("plain.test"))
    perform = net.perform

    class Old:
        def perform(self, request):
            query = wire.parse(request.message)
            if request.server == old and query.payload:
                return wire.encode(Message(flags=wire.QR, rcode=1, question=query.question))
            return perform(request)

    answer = run(resolver_of(world).look_up(n("www.plain.test"), RRType.A), Old())
    assert (answer.security, answer.existence) == (Security.INSECURE, Existence.FOUND)


def test_without_edns_is_the_last_way_and_never_one_to_less_security(world, net):
    old, good = net.address(n("a.test")), net.second("a.test")
    perform = net.perform

    class Old:
        def perform(self, request):
            query = wire.parse(request.message)
            if request.server == old:
                assert query.payload, "asked without EDNS although another server has it"
                return wire.encode(Message(flags=wire.QR, rcode=1, question=query.question))
            return perform(request)

    answer = run(resolver_of(world).look_up(n("mail.a.test"), RRType.A), Old())
    assert answer.security is Security.SECURE
    assert good in {each.server for each in answer.asked}


# What a delegation is worth, and for how long.


def test_glue_counts_no_longer_than_its_own_ttl(world, net):
    resolver = resolver_of(world)

    def change(at, qname, rdtype, message):
        short = tuple(
            msgspec.structs.replace(e, ttl=100 if e.owner == n("ns.a.test") else TTL)
            for e in message.additional
        )
        return msgspec.structs.replace(message, additional=short)

    net.change = change
    assert ask(net, "a.test", RRType.MX, resolver).found
    world.clock.advance(99 * SECOND)
    net.log.clear()
    assert ask(net, "mail.a.test", RRType.A, resolver).found
    assert [at for at, _, _ in net.log] == [net.address(n("a.test"))]
    world.clock.advance(2 * SECOND)
    net.log.clear()
    assert ask(net, "deep.ent.a.test", RRType.A, resolver).found
    assert [at for at, _, _ in net.log] == [net.address(n("test")), net.address(n("a.test"))]


def test_the_looked_up_address_of_a_server_is_remembered_for_its_ttl(world, net):
    far = SignedZone("far.test", denial="none")
    world.internet.zones[far.name] = far
    world.test.delegate(far)
    far.add("www.far.test", RRType.A, A1)
    far.add("far.test", RRType.MX, b"\x00\x0a" + n("www.far.test"))
    net = Authorities(world)
    world.plain.add("ns.plain.test", RRType.A, octets(net.address(far.name)))
    world.test.records[far.name, int(RRType.NS)] = [n("ns.plain.test")]

    def change(at, qname, rdtype, message):
        glueless = tuple(e for e in message.additional if e.owner != n("ns.far.test"))
        return msgspec.structs.replace(message, additional=glueless)

    net.change = change
    resolver = resolver_of(world)
    assert ask(net, "www.far.test", RRType.A, resolver).found
    net.log.clear()
    assert ask(net, "far.test", RRType.MX, resolver).found
    assert [at for at, _, _ in net.log] == [net.address(far.name)]
    assert resolver.source.glue(n("ns.plain.test")) == [net.address(far.name)]
    world.clock.advance(TTL * SECOND)
    assert resolver.source.glue(n("ns.plain.test")) == []


def test_hundreds_of_silent_addresses_do_not_multiply_questions(world, net):
    many = tuple(bytes((198, 51, 100, i)) for i in range(200))

    def change(at, qname, rdtype, message):
        if not any(e.owner == n("plain.test") for e in message.authority):
            return message
        glue = Rrset(n("ns.plain.test"), 1, TTL, many)
        return msgspec.structs.replace(message, additional=(glue,))

    net.change = change
    answer = ask(net, "plain.test", RRType.MX)
    assert answer.security is Security.INDETERMINATE
    most = resolver_of(world).budget.servers
    assert len(answer.asked) < 2 * most + 4
    assert f"stopped at the limit of {most} servers of one zone" in answer.reason.text


def test_ds_records_are_asked_of_the_parent_even_where_the_child_is_known(world, net):
    resolver = Resolver(
        (), (), world.clock, source=Iterator(root_servers([ROOT_SERVER]), world.clock)
    )
    assert ask(net, "mail.a.test", RRType.A, resolver).found
    resolver.source._ds.clear()
    net.log.clear()
    assert ask(net, "a.test", RRType.DS, resolver).found
    assert [at for at, _, _ in net.log] == [net.address(n("test"))]


def test_a_parent_that_answers_the_ds_question_with_a_referral_has_answered_it(world, net):
    server = net.address(n("test"))

    def change(at, qname, rdtype, message):
        if at == server and rdtype == RRType.DS and n("a.test") == qname:
            return net._referral(world.test, qname, ((qname, rdtype),))
        return message

    net.change = change
    answer = ask(net, "a.test", RRType.DS)
    assert (answer.security, answer.existence) == (Security.SECURE, Existence.FOUND)


def test_an_alternate_domain_s_ds_records_are_those_of_its_parent(world, net):
    address = net.address(n("a.test"))
    source = Iterator({**root_servers([ROOT_SERVER]), n("a.test"): (address,)}, world.clock)
    resolver = Resolver((), (world.anchor(),), world.clock, source=source)
    assert ask(net, "mail.a.test", RRType.A, resolver).security is Security.SECURE
    assert {at for at, name, kind in net.log if (name, kind) == ("a.test", RRType.DS)} == {
        net.address(n("test"))
    }


def test_below_a_referral_the_parent_s_signatures_do_not_count(world):
    """The child's server holds an old copy of the parent, with the child's name still in it."""
    kid = SignedZone("kid.a.test", denial="nsec3")
    kid.add("www.kid.a.test", RRType.A, A1)
    world.internet.zones[kid.name] = kid
    world.a.delegate(kid)
    net = Authorities(world)
    old = SignedZone("a.test", denial="nsec3")
    old.key = world.a.key
    old.add("www.kid.a.test", RRType.A, bytes(4))
    stale = old.rrset(n("www.kid.a.test"), RRType.A)
    server = net.address(kid.name)
    assert ask(net, "www.kid.a.test", RRType.A).security is Security.SECURE
    net.change = lambda at, qname, rdtype, message: (
        msgspec.structs.replace(message, answer=(stale,), authority=())
        if (at, rdtype) == (server, 1)
        else message
    )
    answer = ask(net, "www.kid.a.test", RRType.A)
    assert answer.security is Security.BOGUS


def test_an_alternate_domain_may_be_a_part_of_a_larger_zone(world, net):
    """Its servers speak for the zone, which signs: no referral says that a zone begins there."""
    fixed = {**root_servers([ROOT_SERVER]), n("wild.a.test"): (net.address(n("a.test")),)}
    resolver = Resolver((), (world.anchor(),), world.clock, source=Iterator(fixed, world.clock))
    assert ask(net, "x.wild.a.test", RRType.A, resolver).security is Security.SECURE


def test_an_alias_at_the_apex_says_nothing_about_ds_records(world, net):
    world.plain.add("plain.test", RRType.CNAME, n("www.plain.test"))
    resolver = resolver_of(world)
    assert ask(net, "plain.test", RRType.A, resolver).hops[0].target == n("www.plain.test")
    answer = ask(net, "plain.test", RRType.DS, resolver)
    assert (answer.security, answer.existence) == (Security.SECURE, Existence.NO_DATA)
    assert [hop.target for hop in answer.hops] == [None]
