"""From the root servers down, with servers that lie: what was learnt from a lie does not stay."""

import msgspec
import pytest

from esashell.clock import SECOND
from esashell.resolver import wire
from esashell.resolver.answer import Security
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from tests.resolver.signer import NOW, TTL, SigningKey, World, n, rrsig
from tests.resolver.test_iterate import ROOT_SERVER, Authorities, ask, resolver_of


@pytest.fixture
def world() -> World:
    return World("nsec3")


@pytest.fixture
def net(world) -> Authorities:
    return Authorities(world)


def octets(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def forged_ds(world: World) -> Rrset:
    """DS records for a.test that look well signed."""
    other = SigningKey()
    rdata = other.tag.to_bytes(2, "big") + b"\x0d\x02" + bytes(32)
    made = rrsig(other, n("test"), n("a.test"), int(RRType.DS), (rdata,), tag=world.test.key.tag)
    return Rrset(n("a.test"), int(RRType.DS), TTL, (rdata,), (made,))


def with_forged_ds(world: World, message: Message) -> Message:
    forged = forged_ds(world)
    return msgspec.structs.replace(
        message,
        answer=tuple(forged if e.rdtype == RRType.DS else e for e in message.answer),
        authority=tuple(
            forged if (e.owner, e.rdtype) == (n("a.test"), RRType.DS) else e
            for e in message.authority
        ),
    )


def test_a_forged_ds_in_one_referral_costs_a_question_and_no_verdict(world, net):
    forgeries = [1]

    def change(at, qname, rdtype, message):
        forge = any(e.owner == n("a.test") and e.rdtype == RRType.NS for e in message.authority)
        return (
            with_forged_ds(world, message) if forge and forgeries and forgeries.pop() else message
        )

    net.change = change
    answer = ask(net, "mail.a.test", RRType.A)
    assert not forgeries
    assert answer.security is Security.SECURE, answer.reason


def test_another_server_of_the_parent_is_asked_when_one_forges_the_ds(world, net):
    liar, honest = net.address(n("test")), net.second("test")
    net.change = lambda at, qname, rdtype, message: (
        with_forged_ds(world, message) if at == liar else message
    )
    answer = ask(net, "mail.a.test", RRType.A)
    assert answer.security is Security.SECURE, answer.reason
    assert (honest, "a.test", int(RRType.DS)) in net.log


def test_a_forged_ds_is_forgotten_with_the_bogus_verdict(world, net):
    resolver = resolver_of(world)
    net.change = lambda at, qname, rdtype, message: with_forged_ds(world, message)
    assert ask(net, "mail.a.test", RRType.A, resolver).security is Security.BOGUS
    net.change = lambda at, qname, rdtype, message: message
    world.clock.advance(61 * SECOND)
    assert ask(net, "mail.a.test", RRType.A, resolver).security is Security.SECURE


@pytest.mark.parametrize("way", ["expiry", "original ttl"])
def test_ds_records_of_a_referral_are_kept_no_longer_than_their_signature_allows(world, net, way):
    ds = tuple(world.test.records[n("a.test"), int(RRType.DS)])
    rest = {"expiration": NOW + 100} if way == "expiry" else {"ttl": 100}
    short = rrsig(world.test.key, n("test"), n("a.test"), int(RRType.DS), ds, **rest)
    world.test.signatures[n("a.test"), int(RRType.DS)] = (short,)
    iterator = Iterator(root_servers([ROOT_SERVER]), world.clock)
    resolver = Resolver((), (), world.clock, source=iterator)  # nobody asks for the DS yet
    assert ask(net, "mail.a.test", RRType.A, resolver).found
    world.clock.advance(90 * SECOND)
    message, told = iterator.kept_ds(n("a.test"))
    assert (message.answer[0].ttl, told) == (10, net.address(n("test")))
    world.clock.advance(10 * SECOND)
    assert iterator.kept_ds(n("a.test")) is None


def test_an_answer_that_is_bogus_at_one_server_is_asked_of_the_other(world, net):
    bad, good = net.address(n("a.test")), net.second("a.test")

    def change(at, qname, rdtype, message):
        if at != bad or rdtype != RRType.A:
            return message
        wrong = tuple(msgspec.structs.replace(e, rdatas=(bytes(4),)) for e in message.answer)
        return msgspec.structs.replace(message, answer=wrong)

    net.change = change
    answer = ask(net, "mail.a.test", RRType.A)
    assert answer.security is Security.SECURE
    assert bytes(4) not in answer.rdatas
    assert len(answer.hops) == 1
    assert (good, "mail.a.test", 1) in net.log


@pytest.mark.parametrize("rdtype", [RRType.DNSKEY, RRType.DS])
def test_keys_that_one_server_makes_up_are_asked_of_the_other(world, net, rdtype):
    zone = "a.test" if rdtype == RRType.DNSKEY else "test"
    bad = net.address(n(zone))
    net.second(zone)

    def change(at, qname, asked, message):
        if at != bad or asked != rdtype or qname != n("a.test"):
            return message
        wrong = tuple(msgspec.structs.replace(e, signatures=()) for e in message.answer)
        return msgspec.structs.replace(message, answer=wrong)

    net.change = change
    assert ask(net, "mail.a.test", RRType.A).security is Security.SECURE
    assert ask(net, "a.test", rdtype).security is Security.SECURE


def test_what_is_bogus_everywhere_stays_bogus_at_little_cost(world, net):
    net.second("a.test")

    def change(at, qname, rdtype, message):
        wrong = tuple(
            msgspec.structs.replace(e, rdatas=(bytes(4),)) if e.rdtype == 1 else e
            for e in message.answer
        )
        return msgspec.structs.replace(message, answer=wrong)

    net.change = change
    answer = ask(net, "mail.a.test", RRType.A)
    assert answer.security is Security.BOGUS
    assert len(answer.asked) <= 12


def test_the_address_that_a_forged_referral_gave_is_forgotten(world, net):
    forgeries = [1]

    def change(at, qname, rdtype, message):
        if not any(e.owner == n("a.test") and e.rdtype == RRType.NS for e in message.authority):
            return message
        if not forgeries:
            return message
        forgeries.pop()
        elsewhere = octets(net.address(n("plain.test")))
        glue = Rrset(n("ns.a.test"), 1, TTL, (elsewhere,))
        return msgspec.structs.replace(message, additional=(glue,))

    net.change = change
    plain = world.plain
    original = net._message

    def posing(zone, qname, rdtype):
        """plain.test's server poses as a.test's, without its keys."""
        if zone is plain and qname == n("mail.a.test"):
            made = Rrset(qname, 1, TTL, (bytes(4),))
            return Message(flags=wire.QR | wire.AA, question=((qname, rdtype),), answer=(made,))
        return original(zone, qname, rdtype)

    net._message = posing
    answer = ask(net, "mail.a.test", RRType.A)
    assert not forgeries
    assert answer.security is Security.SECURE, answer.reason
