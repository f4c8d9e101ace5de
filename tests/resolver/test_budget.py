"""The table of work limits, by attack: each one strikes, is named, and costs no evidence."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.clock import SECOND
from esashell.errors import TimedOut
from esashell.resolver.algorithms import Policy
from esashell.resolver.answer import Security
from esashell.resolver.budget import LIMITS, Budget
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from esashell.steps import run
from tests.resolver.signer import SigningKey, World, mx, n, rrsig
from tests.resolver.test_iterate import ROOT_SERVER, Authorities

X = Security.INDETERMINATE
FIELDS = msgspec.structs.asdict(Budget())


def changed(world: World, change) -> World:
    """The world with `change` applied to each RRset on its way out."""

    def mutate(qname, rdtype, message):
        return msgspec.structs.replace(
            message,
            answer=tuple(map(change, message.answer)),
            authority=tuple(map(change, message.authority)),
        )

    world.internet.mutate = mutate
    return world


def badly_signed(count: int) -> World:
    """Its MX RRset has so many signatures, of which none holds."""
    world = World()
    owner = n("a.test")
    bad = tuple(rrsig(world.a.key, owner, owner, 15, (mx(i, "x.test"),)) for i in range(count))

    def change(rrset: Rrset) -> Rrset:
        if (rrset.owner, rrset.rdtype) == (owner, RRType.MX):
            return msgspec.structs.replace(rrset, signatures=bad)
        return rrset

    return changed(world, change)


def colliding() -> World:
    """Six keys of one tag in a zone that signs with another of that tag, which it hides."""
    world = World()
    body = bytearray(world.a.key.rdata)
    twins = []
    for at in range(6, 18, 2):
        twin = bytearray(body)
        # Swapping two 16-bit words keeps the tag (RFC 4034 appendix B).
        twin[4:6], twin[at : at + 2] = twin[at : at + 2], twin[4:6]
        twins.append(bytes(twin))
    world.a.add("a.test", RRType.DNSKEY, *twins)
    other = SigningKey(13)
    owner = n("a.test")
    world.a.signatures[owner, 15] = (
        rrsig(other, owner, owner, 15, (mx(10, "mail.a.test"),), tag=world.a.key.tag),
    )
    return world


def forwarded(world: World, qname: str, rdtype: int, **limits: int):
    return world.ask(qname, rdtype, world.resolver(budget=Budget(**limits)))


def iterated(world: World, qname: str, rdtype: int, **limits: int):
    net = Authorities(world)
    source = Iterator(root_servers([ROOT_SERVER]), world.clock)
    resolver = Resolver((), (world.anchor(),), world.clock, source=source, budget=Budget(**limits))
    return run(resolver.look_up(n(qname), rdtype), net)


def without_glue() -> World:
    """Its `plain.test` is served by a host of another zone, whose address must be asked for."""
    world = World()
    for zone in (world.test, world.plain):
        zone.records[n("plain.test"), RRType.NS] = [n("ns.a.test")]
    address = Authorities(world).address(n("plain.test"))
    world.a.add("ns.a.test", RRType.A, bytes(int(each) for each in address.split(".")))
    return world


class Late:
    """The world's internet, each of whose answers takes a minute."""

    def __init__(self, world: World) -> None:
        self.world = world

    def perform(self, request):
        self.world.clock.advance(60 * SECOND)
        return self.world.internet.perform(request)


ATTACKS = {
    "queries": (forwarded, World, "a.test", RRType.MX, 3),
    "records": (forwarded, World, "mail.a.test", RRType.A, 1),
    "octets": (forwarded, World, "a.test", RRType.MX, 500),
    "referrals": (iterated, World, "a.test", RRType.MX, 1),
    "servers": (iterated, World, "a.test", RRType.MX, 0),
    "fetches": (iterated, without_glue, "plain.test", RRType.MX, 0),
    "depth": (iterated, without_glue, "plain.test", RRType.MX, 0),
    "aliases": (forwarded, World, "out.a.test", RRType.A, 0),
    "verifications": (forwarded, World, "a.test", RRType.MX, 3),
    "failures": (forwarded, lambda: badly_signed(3), "a.test", RRType.MX, 2),
    "signatures": (forwarded, lambda: badly_signed(9), "a.test", RRType.MX, 8),
    "keys": (forwarded, colliding, "a.test", RRType.MX, 4),
    "digests": (forwarded, World, "a.test", RRType.MX, 0),
    "denials": (forwarded, World, "nope.a.test", RRType.A, 1),
    "nsec3_hashes": (forwarded, lambda: World("nsec3"), "a.b.c.d.a.test", RRType.A, 5),
}


def test_every_limit_is_one_row_of_the_table_and_says_what_it_stops():
    names = [each.name for each in LIMITS]
    numbers = {**FIELDS, "nsec3_iterations": Policy().nsec3_iterations}
    assert sorted(names) == sorted(numbers)
    assert set(ATTACKS) == set(FIELDS) - {"seconds"}
    for each in LIMITS:
        assert each.counted
        assert each.attack
        assert each.source
    told = " ".join(each.attack for each in LIMITS)
    for attack in (
        "CVE-2023-50387", "CVE-2023-50868", "RFC 9276", "CVE-2020-8616", "oversized", "CNAME",
        "referral loops", "late",
    ):  # fmt: skip
        assert attack in told, attack


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_limit_that_strikes_is_named_with_its_number_and_its_attack(name):
    ask, world, qname, rdtype, number = ATTACKS[name]
    whole = ask(world(), qname, rdtype)
    answer = ask(world(), qname, rdtype, **{name: number})
    assert answer.security is X
    assert whole.security is not X or name in ("keys", "signatures")
    assert answer.existence is None
    row = next(each for each in LIMITS if each.name == name)
    strike = next(each for each in answer.strikes if each.limit == name)
    assert (strike.number, strike.attack) == (number, row.attack)
    text = " ".join((answer.reason.text, *(link.text for h in answer.hops for link in h.chain)))
    assert f"stopped at the limit of {number} {row.counted}" in text


@pytest.mark.parametrize("name", ["queries", "verifications", "failures", "signatures", "keys"])
def test_what_was_shown_before_a_limit_struck_stays_in_the_evidence(name):
    ask, world, qname, rdtype, number = ATTACKS[name]
    answer = ask(world(), qname, rdtype, **{name: number})
    (hop,) = answer.hops
    assert [link.what for link in hop.chain[:3]] == ["anchor", "DNSKEY", "DS"]
    assert hop.chain[-1].security is X
    if name in ("failures", "signatures", "keys"):
        assert len(hop.chain) == 7
        assert hop.chain[-1].trials
        assert answer.reason.zone == "a.test."


def test_the_hops_before_a_limit_struck_stay_in_the_evidence():
    answer = forwarded(World(), "out.a.test", RRType.A, aliases=0)
    assert [hop.security for hop in answer.hops] == [Security.SECURE, X]


def test_servers_that_are_late_each_time_do_not_hold_a_look_up_for_ever():
    world = World()
    answer = run(world.resolver().look_up(n("a.test"), 15), Late(world))
    assert answer.security is X
    assert answer.strikes[0].limit == "seconds"
    assert "120 seconds" in answer.reason.text
    assert len(answer.asked) == 2
    assert answer.asked[-1].result == "NOERROR"
    assert issubclass(TimedOut, Exception)


def test_an_answer_with_more_records_than_anybody_needs_is_not_read():
    world = World()
    world.a.records[n("a.test"), 15] = [mx(i, "a.test") for i in range(2500)]
    answer = world.ask("a.test", RRType.MX)
    assert answer.security is X
    assert answer.strikes[0].limit == "records"
    assert world.ask("mail.a.test", RRType.A).security is Security.SECURE


WORLDS = {
    "nsec": World,
    "nsec3": lambda: World("nsec3"),
    "costly": lambda: World("nsec3", iterations=200),
    "optout": lambda: World("optout"),
    "bad": lambda: badly_signed(9),
    "colliding": colliding,
}
MADE = {name: make() for name, make in WORLDS.items()}
SMALL = st.fixed_dictionaries(
    {},
    optional={name: st.integers(0, 12) for name in FIELDS if name not in ("octets", "seconds")}
    | {"octets": st.integers(0, 6000)},
)


@given(
    st.sampled_from(sorted(MADE)),
    st.sampled_from(
        [
            ("a.test", RRType.MX),
            ("mail.a.test", RRType.TLSA),
            ("nope.a.test", RRType.A),
            ("x.wild.a.test", RRType.A),
            ("out.a.test", RRType.A),
            ("plain.test", RRType.MX),
        ]
    ),
    SMALL,
)
@settings(max_examples=150, deadline=None)
def test_with_a_smaller_budget_the_verdict_is_the_same_or_none(name, question, limits):
    # So it never gets weaker with more of it either; costly NSEC3 is a policy, not a limit.
    world = MADE[name]
    without = dict.fromkeys(FIELDS, 10**6)
    whole = world.ask(*question, world.resolver(budget=Budget(**without)))
    answer = world.ask(*question, world.resolver(budget=Budget(**limits)))
    assert not whole.strikes
    if answer.security is not whole.security:
        assert answer.security is X
        assert answer.strikes
        assert answer.reason.situation == "LIMIT"
    else:
        assert answer.existence is whole.existence


def test_costly_nsec3_records_do_not_pass_what_a_limit_left_unread():
    # One record of the zone that asks for too much beside one that was changed: it is a lie, and
    # with too small a budget to see the change nothing is known, which is not "unsigned".
    world = World("nsec3", iterations=200)
    spoilt: list[Rrset] = []

    def change(rrset: Rrset) -> Rrset:
        if rrset.rdtype == RRType.NSEC3 and (not spoilt or rrset.owner == spoilt[0].owner):
            spoilt.append(rrset)
            return msgspec.structs.replace(rrset, signatures=())
        return rrset

    changed(world, change)
    assert forwarded(world, "a.b.nope.a.test", RRType.A).security is Security.BOGUS
    for allowed in range(5):
        answer = forwarded(world, "a.b.nope.a.test", RRType.A, denials=allowed)
        assert answer.security in (X, Security.BOGUS), allowed
