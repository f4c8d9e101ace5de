"""Priorities, fail-over, truncation, and what is said when nobody answers."""

import pytest

from esashell.clock import SECOND
from esashell.errors import TransportError
from esashell.resolver.answer import Asked, Ede, Security
from esashell.resolver.lookup import Server
from esashell.resolver.rrtypes import RRType
from esashell.steps import Exchange, run
from tests.resolver.signer import World, n

ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "192.0.2.3"


def asked_first(world: World, resolver, count: int) -> list[str]:
    names = []
    for i in range(count):
        before = len(world.internet.log)
        world.ask(f"q{i}.plain.test", RRType.A, resolver)
        names.append(world.internet.log[before][0])
    return names


def test_the_lowest_number_is_asked_first_and_alone():
    world = World()
    resolver = world.resolver(Server(TWO, 1), Server(ONE, 0))
    answer = world.ask("a.test", RRType.MX, resolver)
    assert {each.server for each in answer.asked} == {ONE}


def test_equals_take_turns_by_look_up_and_pick_decides_when_it_is_given():
    world = World()
    resolver = world.resolver(Server(ONE), Server(TWO))
    assert asked_first(world, resolver, 4) == [ONE, TWO, ONE, TWO]
    resolver = world.resolver(Server(ONE), Server(TWO), pick=lambda count: count - 1)
    assert asked_first(world, resolver, 3) == [TWO, TWO, TWO]


@pytest.mark.parametrize("way", ["silent", "SERVFAIL", "REFUSED", "garbage", "other"])
def test_what_is_no_answer_sends_the_question_to_the_next(way):
    world = World()
    world.internet.ways[ONE] = way
    answer = world.ask("a.test", RRType.MX, world.resolver(Server(ONE), Server(TWO, 1)))
    assert answer.security is Security.SECURE
    assert answer.asked[0].server == ONE
    assert answer.asked[0].result not in ("NOERROR", "NXDOMAIN")
    assert answer.asked[1].server == TWO


@pytest.mark.parametrize(
    ("way", "word", "code"),
    [
        ("silent", "timeout", Ede.NETWORK_ERROR),
        ("SERVFAIL", "SERVFAIL", Ede.NO_REACHABLE_AUTHORITY),
        ("REFUSED", "REFUSED", Ede.NO_REACHABLE_AUTHORITY),
        ("garbage", "the message ends too early", Ede.NETWORK_ERROR),
        ("other", "another question", Ede.NETWORK_ERROR),
    ],
)
def test_when_nobody_answers_the_reason_names_what_each_one_said(way, word, code):
    world = World()
    world.internet.ways.update({ONE: way, TWO: "silent"})
    answer = world.ask("a.test", RRType.MX, world.resolver(Server(ONE), Server(TWO, 1)))
    assert answer.security is Security.INDETERMINATE
    assert answer.existence is None
    assert answer.reason.code == code
    assert word in answer.reason.text
    assert f"{TWO}: timeout" in answer.reason.text
    assert not answer.denied


def test_a_silent_server_is_asked_last_for_a_while_and_then_first_again():
    world = World()
    world.internet.ways[ONE] = "silent"
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    assert asked_first(world, resolver, 2) == [ONE, TWO]
    world.clock.advance(61 * SECOND)
    world.internet.ways.clear()
    assert world.ask("a.test", RRType.MX, resolver).asked[0].server == ONE


def test_a_silent_server_is_still_asked_when_the_others_have_no_answer():
    world = World()
    world.internet.ways[ONE] = "silent"
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    world.ask("x.plain.test", RRType.A, resolver)
    world.internet.ways = {TWO: "SERVFAIL"}
    answer = world.ask("a.test", RRType.MX, resolver)
    assert answer.security is Security.SECURE
    assert [each.server for each in answer.asked[:2]] == [TWO, ONE]


def test_an_answer_that_was_cut_off_is_fetched_over_tcp_from_the_same_server():
    world = World()
    world.internet.ways[ONE] = "small"
    answer = world.ask("a.test", RRType.MX, world.resolver(Server(ONE), Server(TWO, 1)))
    assert answer.security is Security.SECURE
    first, second = answer.asked[:2]
    assert (first.server, first.tcp, first.result) == (ONE, False, "truncated")
    assert (second.server, second.tcp, second.result) == (ONE, True, "NOERROR")


def test_time_outs_are_equal_within_a_priority_and_longer_for_later_ones():
    world = World()
    seen: list[tuple[str, int]] = []

    class Deaf:
        def perform(self, request: Exchange) -> bytes:
            seen.append((request.server, request.timeout))
            raise TransportError

    servers = (Server(ONE, 0), Server(TWO, 0), Server(THREE, 7))
    run(world.resolver(*servers).look_up(n("a.test"), 15), Deaf())
    timeouts = dict(seen)
    assert timeouts[ONE] == timeouts[TWO] < timeouts[THREE]
    assert len(seen) == 6


def test_every_exchange_is_told_and_kept():
    world = World()
    told: list[Asked] = []
    answer = run(world.resolver().look_up(n("a.test"), RRType.MX), world.internet, told.append)
    assert tuple(told) == answer.asked
    assert [str(each.qname) for each in answer.asked] == [
        "a.test", ".", "test", "test", "a.test", "a.test",
    ]  # fmt: skip


def test_a_stripping_server_in_second_place_makes_signed_domains_bogus_on_fail_over():
    world = World()
    world.internet.ways[TWO] = "strip"
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    assert world.ask("a.test", RRType.MX, resolver).security is Security.SECURE
    world.internet.ways[ONE] = "silent"
    assert world.ask("mail.a.test", RRType.A, resolver).security is Security.BOGUS
    assert world.ask("www.plain.test", RRType.A, resolver).security is Security.BOGUS


def test_a_server_that_only_refers_elsewhere_is_no_recursive_resolver():
    import msgspec

    world = World()
    ns = world.test.rrset(n("a.test"), RRType.NS)

    def mutate(qname, rdtype, message):
        return msgspec.structs.replace(message, answer=(), authority=(ns,))

    world.internet.mutate = mutate
    answer = world.ask("a.test", RRType.MX)
    assert answer.security is Security.INDETERMINATE
    assert "referral" in answer.reason.text


def test_a_server_that_keeps_silent_costs_one_wait_in_a_look_up():
    world = World()
    world.internet.ways[ONE] = "silent"
    answer = world.ask("a.test", RRType.MX, world.resolver(Server(ONE), Server(TWO, 1)))
    assert answer.security is Security.SECURE
    assert len(answer.asked) > 4
    assert [each.server for each in answer.asked].count(ONE) == 1


@pytest.mark.parametrize("way", ["SERVFAIL", "REFUSED"])
def test_a_server_with_nothing_but_errors_is_set_back_for_a_while(way):
    world = World()
    world.internet.ways[ONE] = way
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    answer = world.ask("a.test", RRType.MX, resolver)
    assert answer.security is Security.SECURE
    # Each of the first questions is put to it, and then to the next.
    assert [each.server for each in answer.asked[:6]] == [ONE, TWO] * 3
    assert {each.server for each in answer.asked[6:]} == {TWO}
    assert asked_first(world, resolver, 2) == [TWO, TWO]
    world.clock.advance(61 * SECOND)
    world.internet.ways.clear()
    answer = world.ask("www.plain.test", RRType.A, resolver)
    assert {each.server for each in answer.asked} == {ONE}


def test_errors_that_every_server_has_are_the_zone_s_and_set_nobody_back():
    world = World()
    world.internet.ways = {ONE: "SERVFAIL", TWO: "SERVFAIL"}
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    assert asked_first(world, resolver, 6) == [ONE] * 6


def test_one_good_answer_makes_up_for_the_errors():
    world = World()
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    for i in range(8):
        world.internet.ways = {ONE: "SERVFAIL"} if i % 2 else {}
        before = len(world.internet.log)
        world.ask(f"q{i}.nowhere", RRType.A, resolver)
        assert world.internet.log[before][0] == ONE


def test_flushing_forgets_who_was_set_back():
    world = World()
    world.internet.ways[ONE] = "silent"
    resolver = world.resolver(Server(ONE), Server(TWO, 1))
    assert asked_first(world, resolver, 2) == [ONE, TWO]
    resolver.flush()
    assert world.ask("a.test", RRType.MX, resolver).asked[0].server == ONE


def test_an_answer_that_is_bogus_is_asked_of_nobody_else():
    """The neighbour would hide what is wrong with the resolver of the best priority."""
    world = World()
    world.internet.ways[ONE] = "strip"
    answer = world.ask("a.test", RRType.MX, world.resolver(Server(ONE), Server(TWO, 1)))
    assert answer.security is Security.BOGUS
    assert {each.server for each in answer.asked} == {ONE}
