"""Who may sign what: the zone that holds an RRset, as far as it is known where zones begin."""

import msgspec
import pytest

from esashell.resolver.answer import Ede, Existence, Security
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Message, Rrset
from tests.resolver.signer import A1, SignedZone, World, mx, n, rrsig

S, I, B = Security.SECURE, Security.INSECURE, Security.BOGUS  # noqa: E741


def signed_by(world: World, signer: SignedZone, name: str) -> None:
    """Let this zone sign everything that is said about the name, but its keys and its DS."""

    def mutate(qname: Name, rdtype: int, message: Message) -> Message:
        if qname != n(name) or rdtype in (RRType.DS, RRType.DNSKEY):
            return message

        def section(rrsets: tuple[Rrset, ...]) -> tuple[Rrset, ...]:
            return tuple(
                msgspec.structs.replace(
                    each,
                    signatures=(
                        rrsig(signer.key, signer.name, each.owner, each.rdtype, each.rdatas),
                    ),
                )
                for each in rrsets
            )

        return msgspec.structs.replace(
            message, answer=section(message.answer), authority=section(message.authority)
        )

    world.internet.mutate = mutate


def having_met(world: World, zone: str) -> Resolver:
    """A resolver that has been to the zone, and so knows that it is one."""
    resolver = world.resolver()
    world.ask(zone, RRType.MX, resolver)
    return resolver


@pytest.mark.parametrize("above", ["test", "."])
def test_a_zone_further_up_cannot_sign_for_a_zone_that_is_known(above: str) -> None:
    # RFC 4035 5.3.1.
    world = World()
    signed_by(world, world.internet.zones[n(above)], "mail.a.test")
    answer = world.ask("mail.a.test", RRType.A, having_met(world, "a.test"))
    assert answer.security is B
    assert answer.reason is not None
    assert answer.reason.code == Ede.DNSSEC_BOGUS
    signer = n(above).dotted
    assert f"is by {signer}, but the zone that holds it is a.test." in answer.reason.text
    assert "5.3.1" in answer.reason.text


def test_nor_can_it_deny_what_lies_in_that_zone() -> None:
    world = World()
    signed_by(world, world.internet.zones[n("test")], "mail.a.test")
    answer = world.ask("mail.a.test", RRType.AAAA, having_met(world, "a.test"))
    assert (answer.security, answer.existence) == (B, None)


def test_where_no_cut_is_known_the_signer_is_believed_and_nobody_is_asked() -> None:
    world = World()
    kid = SignedZone("kid.a.test")
    kid.add("www.kid.a.test", RRType.A, A1)
    kid.add("kid.a.test", RRType.MX, mx(10, "www.kid.a.test"))
    world.internet.zones[kid.name] = kid
    world.a.delegate(kid)
    signed_by(world, world.a, "www.kid.a.test")
    answer = world.ask("www.kid.a.test", RRType.A, having_met(world, "a.test"))
    assert answer.security is S
    assert len(answer.asked) == 1
    assert world.ask("www.kid.a.test", RRType.A, having_met(world, "kid.a.test")).security is B


def test_what_a_parent_signs_in_a_zone_known_to_be_unsigned_is_insecure() -> None:
    world = World()
    world.plain.add("www.plain.test", RRType.A, A1)
    signed_by(world, world.internet.zones[n("test")], "www.plain.test")
    for resolver in (world.resolver(), having_met(world, "plain.test")):
        answer = world.ask("www.plain.test", RRType.A, resolver)
        assert (answer.security, answer.existence) == (I, Existence.FOUND)


def test_an_opt_out_span_is_no_known_cut() -> None:
    world = World("optout")
    resolver = world.resolver()
    # An unsigned answer about a name below leads the walk into the span that covers the name.
    world.internet.mutate = lambda qname, rdtype, message: (
        msgspec.structs.replace(message, answer=(Rrset(qname, RRType.A, 60, (A1,)),))
        if qname == n("www.out.wild.a.test") and rdtype == RRType.A
        else message
    )
    assert world.ask("www.out.wild.a.test", RRType.A, resolver).security is I
    kept = resolver.cache.zones.find(n("out.wild.a.test"), world.clock.now())
    assert kept is not None
    assert not kept[0].cut  # type: ignore[attr-defined]


@pytest.mark.parametrize("rdtype", [RRType.DS, RRType.DNSKEY, RRType.SOA])
def test_what_no_wildcard_can_stand_for_is_refused_with_that_reason(rdtype: int) -> None:
    # RFC 4592 4.1, 4.6: a label count that says otherwise is a mistake, or a record moved.
    world = World()
    signer = world.internet.zones[n("test")] if rdtype == RRType.DS else world.a

    def mutate(qname: Name, asked: int, message: Message) -> Message:
        def expanded(each: Rrset) -> Rrset:
            if each.rdtype != rdtype or each.owner != n("a.test"):
                return each
            wildcard = n("*.test")
            made = rrsig(signer.key, signer.name, wildcard, rdtype, each.rdatas, labels=1)
            return msgspec.structs.replace(each, signatures=(made,))

        return msgspec.structs.replace(
            message,
            answer=tuple(map(expanded, message.answer)),
            authority=tuple(map(expanded, message.authority)),
        )

    world.internet.mutate = mutate
    answer = world.ask("mail.a.test", RRType.AAAA)
    assert answer.security is B
    assert answer.reason is not None
    assert "was made from the wildcard *.test." in answer.reason.text


def test_of_two_canonical_names_none_is_given_however_well_they_are_signed() -> None:
    # RFC 2181 10.1.
    world = World()
    world.a.add("alias.a.test", RRType.CNAME, n("other.a.test"))
    for rdtype in (RRType.CNAME, RRType.A, RRType.ANY):
        answer = world.ask("alias.a.test", rdtype)
        assert answer.security is Security.INDETERMINATE
        assert answer.reason is not None
        assert "more than one CNAME" in answer.reason.text


@pytest.mark.parametrize("rdtype", [RRType.MX, RRType.A])
@pytest.mark.parametrize("child", ["a.test", "plain.test"])
def test_a_top_level_domain_that_signs_below_a_delegation_is_no_such_zone(child, rdtype):
    """It was asked before the delegation, or serves an old copy of itself (RFC 4035 5.3.1)."""
    world = World()
    owner = n(child) if rdtype == RRType.MX else n(f"mail.{child}")
    old = SignedZone("test")
    old.key = world.test.key
    old.add(owner, rdtype, mx(10, "mail.a.test") if rdtype == RRType.MX else bytes(4))
    stale = old.rrset(owner, rdtype)

    def mutate(qname, asked, message):
        if (qname, asked) != (owner, rdtype):
            return message
        return msgspec.structs.replace(message, rcode=0, answer=(stale,), authority=())

    world.internet.mutate = mutate
    answer = world.ask(str(owner), rdtype)
    # Nobody vouches for plain.test, and whoever signs there signs for nobody.
    expected = Security.BOGUS if child == "a.test" else Security.INSECURE
    assert answer.security is expected, answer.reason
    if expected is Security.BOGUS:
        assert "RFC 4035 5.3.1" in answer.reason.text


def test_records_of_a_top_level_domain_s_own_names_are_secure():
    world = World()
    world.test.add("www.test", RRType.A, bytes(4))
    assert world.ask("www.test", RRType.A).security is Security.SECURE
