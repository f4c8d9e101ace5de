"""What a resolver counts, and what it forgets when it is told to."""

from esashell.clock import SECOND, FixedClock
from esashell.resolver.budget import Effort
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text as n
from esashell.resolver.rrtypes import RRType
from esashell.steps import run
from esashell.worlds.lab.world import Lab

MX = RRType.MX.value


def bench(**how):
    clock = FixedClock(1_740_819_600_000_000)
    lab = Lab(clock)
    if how.pop("roots", False):
        how["source"] = Iterator(root_servers(lab.root_servers), clock)
    resolver = Resolver([Server("194.191.40.83")], (lab.anchor,), clock, **how)

    def look_up(name, rdtype=MX):
        before = resolver.effort + Effort()
        with lab.session() as session:
            answer = run(resolver.look_up(n(name), rdtype), session)
        return answer, resolver.effort - before

    return resolver, clock, look_up


def test_a_second_look_up_costs_nothing_until_the_answer_is_too_old():
    _, clock, look_up = bench()
    _, cold = look_up("ietf.org")
    assert cold == Effort(queries=6, verifications=6, cache_misses=1)
    answer, warm = look_up("ietf.org")
    assert warm == Effort(cache_hits=1)
    clock.advance((answer.ttl + 1) * SECOND)
    _, late = look_up("ietf.org")
    assert (late.cache_misses, late.cache_expired, late.cache_hits) == (1, 1, 0)
    assert late.queries


def test_what_ends_without_a_usable_answer_is_a_failure():
    _, _, look_up = bench()
    assert look_up("dnskey-bogus.lab")[1].failures == 1
    assert look_up("nope.ietf.org")[1].failures == 0
    assert look_up("dnskey-bogus.lab")[1] == Effort(cache_hits=1)


def test_after_a_flush_everything_is_asked_for_anew():
    for roots in (False, True):
        resolver, _, look_up = bench(roots=roots)
        _, cold = look_up("ietf.org")
        resolver.flush()
        _, again = look_up("ietf.org")
        assert again == cold
        assert cold.queries


def test_the_cache_says_how_long_it_keeps_an_answer():
    resolver, clock, look_up = bench(minimum_ttl=7200)
    assert resolver.kept_for(n("ietf.org"), MX) == 0
    answer, _ = look_up("ietf.org")
    assert (answer.ttl, resolver.kept_for(n("ietf.org"), MX)) == (1800, 7200)
    clock.advance(SECOND // 2)
    assert resolver.kept_for(n("ietf.org"), MX) == 7200
    clock.advance(7200 * SECOND)
    assert resolver.kept_for(n("ietf.org"), MX) == 0
