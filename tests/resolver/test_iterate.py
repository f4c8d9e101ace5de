"""From the root servers down: referrals, glue, bailiwick, lame servers, loops."""

import msgspec
import pytest

from esashell.clock import SECOND
from esashell.errors import TimedOut
from esashell.resolver import wire
from esashell.resolver.answer import Existence, Security
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from esashell.steps import Exchange, run
from tests.resolver.signer import A1, TTL, SignedZone, World, n

ROOT_SERVER = "192.0.2.10"


class Authorities:
    """Each zone of a world on a server of its own; performs `Exchange`."""

    def __init__(self, world: World) -> None:
        self.world = world
        zones = sorted(world.internet.zones.values(), key=lambda each: len(each.name))
        self.zones = {f"192.0.2.{10 + i}": zone for i, zone in enumerate(zones)}
        self.silent: set[str] = set()
        self.timeouts: list[tuple[str, int]] = []
        self.change = lambda server, qname, rdtype, message: message
        self.glue = True
        self.log: list[tuple[str, str, int]] = []

    def address(self, zone: Name) -> str:
        return self.addresses(zone)[0]

    def addresses(self, zone: Name) -> list[str]:
        return [each for each, found in self.zones.items() if found.name == zone]

    def second(self, zone: str) -> str:
        """One more server for a zone."""
        at = f"192.0.2.{100 + len(self.zones)}"
        self.zones[at] = self.zones[self.address(n(zone))]
        return at

    def perform(self, request: Exchange) -> bytes:
        query = wire.parse(request.message)
        assert not query.flags & wire.RD
        qname, rdtype = query.question[0]
        self.log.append((request.server, str(qname), rdtype))
        self.timeouts.append((request.server, request.timeout))
        zone = self.zones.get(request.server)
        if zone is None or request.server in self.silent:
            raise TimedOut
        message = self._message(zone, qname, rdtype)
        return wire.encode(self.change(request.server, qname, rdtype, message))

    def _message(self, zone: SignedZone, qname: Name, rdtype: int) -> Message:
        flags = wire.QR
        question = ((qname, rdtype),)
        if not qname.is_under(zone.name):
            return Message(flags=flags, rcode=5, question=question)
        cut = next((e for e in zone.cuts if qname.is_under(e)), None)
        if cut is not None and not (cut == qname and rdtype == RRType.DS):
            return self._referral(zone, cut, question)
        answer: list[Rrset] = []
        authority: list[Rrset] = []
        rcode, done, name = self.world.internet._step(qname, rdtype, answer, authority)
        while not done and name.is_under(zone.name):
            if any(name.is_under(each) for each in zone.cuts):
                break
            rcode, done, name = self.world.internet._step(name, rdtype, answer, authority)
        return Message(
            flags=flags | wire.AA, rcode=rcode, question=question,
            answer=tuple(answer), authority=tuple(authority), payload=1232, dnssec_ok=True,
        )  # fmt: skip

    def _referral(self, zone: SignedZone, cut: Name, question) -> Message:
        ds = zone.rrset(cut, RRType.DS)
        proof = [ds] if ds else zone.deny(cut)
        ns = zone.rrset(cut, RRType.NS)
        octets = tuple(bytes(map(int, each.split("."))) for each in self.addresses(cut))
        glue = (Rrset(n(f"ns.{cut}"), 1, TTL, octets),) if self.glue else ()
        return Message(
            flags=wire.QR, question=question, authority=(ns, *proof), additional=glue, payload=1232
        )


@pytest.fixture
def world() -> World:
    return World("nsec3")


@pytest.fixture
def net(world) -> Authorities:
    return Authorities(world)


def resolver_of(world: World) -> Resolver:
    source = Iterator(root_servers([ROOT_SERVER]), world.clock)
    return Resolver((), (world.anchor(),), world.clock, source=source)


def ask(net: Authorities, qname: str, rdtype: int, resolver: Resolver | None = None):
    return run((resolver or resolver_of(net.world)).look_up(n(qname), rdtype), net)


@pytest.mark.parametrize(
    ("qname", "rdtype", "security", "existence"),
    [
        ("a.test", RRType.MX, Security.SECURE, Existence.FOUND),
        ("mail.a.test", RRType.AAAA, Security.SECURE, Existence.NO_DATA),
        ("nope.a.test", RRType.A, Security.SECURE, Existence.NX_DOMAIN),
        ("x.wild.a.test", RRType.A, Security.SECURE, Existence.FOUND),
        ("a.test", RRType.DS, Security.SECURE, Existence.FOUND),
        ("plain.test", RRType.DS, Security.SECURE, Existence.NO_DATA),
        ("www.plain.test", RRType.A, Security.INSECURE, Existence.FOUND),
        ("out.a.test", RRType.A, Security.INSECURE, Existence.FOUND),
        ("in.plain.test", RRType.A, Security.INSECURE, Existence.FOUND),
        (".", RRType.SOA, Security.SECURE, Existence.FOUND),
    ],
)
def test_iteration_comes_to_the_same_as_forwarding(net, qname, rdtype, security, existence):
    answer = ask(net, qname, rdtype)
    assert (answer.security, answer.existence) == (security, existence), answer.reason
    forwarded = net.world.ask(qname, rdtype)
    assert (answer.security, answer.rdatas) == (forwarded.security, forwarded.rdatas)


def test_with_the_parent_known_a_cold_look_up_costs_three_questions(world, net):
    resolver = resolver_of(world)
    ask(net, "plain.test", RRType.MX, resolver)
    before = msgspec.structs.replace(resolver.effort)
    answer = ask(net, "a.test", RRType.MX, resolver)
    assert answer.security is Security.SECURE
    # The referral brings the DS records along: referral, answer, DNSKEY.
    assert resolver.effort.queries - before.queries == 3
    assert resolver.effort.verifications - before.verifications == 3


def test_delegations_are_remembered_for_their_ttl(world, net):
    resolver = resolver_of(world)
    ask(net, "a.test", RRType.MX, resolver)
    net.log.clear()
    ask(net, "mail.a.test", RRType.A, resolver)
    assert [server for server, _, _ in net.log] == [net.address(n("a.test"))]
    world.clock.advance((TTL + 1) * SECOND)
    net.log.clear()
    ask(net, "mail.a.test", RRType.A, resolver)
    assert net.log[0][0] == ROOT_SERVER


def test_a_server_that_refers_back_up_or_sideways_is_lame(world, net):
    server = net.address(n("a.test"))
    for owner in ("test", "a.test", ".", "plain.test"):
        ns = Rrset(n(owner), int(RRType.NS), TTL, (n("ns.test"),))
        net.change = lambda at, qname, rdtype, message, ns=ns: (
            Message(flags=wire.QR, question=((qname, rdtype),), authority=(ns,))
            if at == server
            else message
        )
        answer = ask(net, "a.test", RRType.MX)
        assert answer.security is Security.INDETERMINATE
        assert f"{server}: lame" in answer.reason.text
        assert len(answer.asked) < 12


def test_records_outside_a_servers_bailiwick_are_dropped(world, net):
    server = net.address(n("plain.test"))
    poison = Rrset(n("mail.a.test"), 1, TTL, (bytes(4),))

    def change(at, qname, rdtype, message):
        if at != server:
            return message
        alias = Rrset(qname, int(RRType.CNAME), TTL, (n("mail.a.test"),))
        return msgspec.structs.replace(message, rcode=0, answer=(alias, poison), authority=())

    net.change = change
    answer = ask(net, "x.plain.test", RRType.A)
    assert bytes(4) not in answer.rdatas
    assert answer.found
    assert [hop.security for hop in answer.hops] == [Security.INSECURE, Security.SECURE]


def test_servers_without_glue_are_looked_up_and_a_circle_of_them_ends(world, net):
    net.glue = False
    answer = ask(net, "a.test", RRType.MX)
    # ns.test lies below the zone that it serves: nobody can say where it is.
    assert answer.security is Security.INDETERMINATE
    assert len(answer.asked) <= 10


def test_a_server_named_elsewhere_is_found_there(world, net):
    far = SignedZone("far.test", denial="none")
    world.internet.zones[far.name] = far
    world.test.delegate(far)
    far.add("www.far.test", RRType.A, A1)
    net = Authorities(world)
    address = bytes(int(each) for each in net.address(far.name).split("."))
    world.plain.add("ns.plain.test", RRType.A, address)
    world.test.records[far.name, int(RRType.NS)] = [n("ns.plain.test")]

    def change(at, qname, rdtype, message):
        glueless = tuple(e for e in message.additional if e.owner != n("ns.far.test"))
        return msgspec.structs.replace(message, additional=glueless)

    net.change = change
    answer = ask(net, "www.far.test", RRType.A)
    assert (answer.security, answer.existence) == (Security.INSECURE, Existence.FOUND)


def test_many_servers_that_nobody_knows_do_not_multiply_questions(world, net):
    names = tuple(n(f"ns{i}.nowhere{i}.test") for i in range(100))
    world.test.records[n("plain.test"), int(RRType.NS)] = list(names)
    net.glue = True

    def change(at, qname, rdtype, message):
        kept = tuple(e for e in message.additional if e.owner != n("ns.plain.test"))
        return msgspec.structs.replace(message, additional=kept)

    net.change = change
    answer = ask(net, "plain.test", RRType.MX)
    assert answer.security is Security.INDETERMINATE
    assert len(answer.asked) < 40


def test_fixed_servers_serve_their_zone_and_what_is_below(world, net):
    # Split DNS: alternate servers for given domains.
    address = net.address(n("plain.test"))
    source = Iterator({**root_servers([ROOT_SERVER]), n("plain.test"): (address,)}, world.clock)
    resolver = Resolver((), (), world.clock, source=source)
    assert ask(net, "www.plain.test", RRType.A, resolver).found
    assert net.log == [(address, "www.plain.test", 1)]


def test_no_root_server_at_all_is_indeterminate(world, net):
    net.zones.clear()
    answer = ask(net, "a.test", RRType.MX)
    assert answer.security is Security.INDETERMINATE
    assert f"{ROOT_SERVER}: timeout" in answer.reason.text
