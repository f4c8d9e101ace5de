"""A cache in a world that changes only when something happens: what is asked, and what is not."""

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.resolver.answer import Answer, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import ROOT, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.simulate.remembering import LastingResolver
from esashell.simulate.traffic import HOUR
from esashell.steps import run
from esashell.worlds.lab.change import Changes
from esashell.worlds.lab.world import Lab

BEGIN = 1_772_438_400 * SECOND
LAB = name_from_text("dane.lab")


class Asking:
    """Somebody who asks for MX records now and then."""

    def __init__(self) -> None:
        self.clock = FixedClock(BEGIN)
        self.lab = Lab(self.clock, certified=BEGIN)
        plain = Resolver([Server("194.191.40.83")], [self.lab.anchor], self.clock)
        self.resolver = LastingResolver(plain)

    def asks(self, domain: str = "dane.lab") -> tuple[Answer, int]:
        """The answer, and how many queries it took."""
        before = self.resolver.effort.queries
        with self.lab.session() as session:
            answer = run(self.resolver.look_up(name_from_text(domain), RRType.MX), session)
        return answer, self.resolver.effort.queries - before


@pytest.fixture
def it() -> Asking:
    return Asking()


def test_what_has_run_out_is_taken_for_found_again_while_nothing_happens(it: Asking) -> None:
    first, queries = it.asks()
    assert queries > 3
    assert it.asks()[0].ttl == first.ttl == 3600
    for _ in range(40):
        it.clock.advance(7 * HOUR + 1)
        again, queries = it.asks()
        # As if it had just been asked for.
        assert (again.ttl, again.security, queries) == (3600, Security.SECURE, 0)
        it.clock.advance(100 * SECOND)
        assert it.asks()[0].ttl == 3500


def test_what_something_happened_to_is_kept_to_its_end_and_then_asked_for(it: Asking) -> None:
    it.asks()
    it.asks("self-signed.lab")
    it.clock.advance(1000 * SECOND)
    it.resolver.cache.touch(Changes(it.lab).roll_key(LAB))
    it.clock.advance(2599 * SECOND)
    assert it.asks()[0].security is Security.SECURE
    it.clock.advance(SECOND)
    answer, queries = it.asks()
    assert answer.security is Security.BOGUS
    assert queries > 0
    # Nothing has happened to the other one.
    assert it.asks("self-signed.lab")[1] == 0
    # And that it is bogus is remembered in the same way.
    it.clock.advance(9 * HOUR)
    answer, queries = it.asks()
    assert (answer.security, queries) == (Security.BOGUS, 0)


def test_what_happens_to_a_resolver_touches_everything(it: Asking) -> None:
    it.asks()
    it.asks("self-signed.lab")
    it.resolver.cache.touch(None)
    it.clock.advance(2 * HOUR)
    assert it.asks()[1] > 0
    assert it.asks("self-signed.lab")[1] > 0


def test_what_depends_on_the_time_is_never_renewed(it: Asking) -> None:
    it.resolver.cache.unsteady([LAB])
    it.asks()
    it.asks("self-signed.lab")
    it.clock.advance(2 * HOUR)
    assert it.asks()[1] > 0
    assert it.asks("self-signed.lab")[1] == 0


def test_the_questions_of_an_attempt_are_renewed_together_and_the_next_end_is_told(
    it: Asking,
) -> None:
    it.asks()
    it.clock.advance(1800 * SECOND)
    it.asks("self-signed.lab")
    answered = it.resolver.answered()
    assert [str(each.question[0]) for each in answered] == ["dane.lab", "self-signed.lab"]
    assert it.resolver.renewed(answered, it.clock.now()) == BEGIN + HOUR
    it.clock.advance(1801 * SECOND)
    assert it.resolver.renewed(answered, it.clock.now()) == BEGIN + 1800 * SECOND + HOUR


def test_an_answer_that_somebody_else_has_replaced_is_not_renewed_for_us(it: Asking) -> None:
    it.asks()
    answered = it.resolver.answered()
    it.resolver.cache.touch([ROOT])
    it.clock.advance(2 * HOUR)
    assert it.resolver.renewed(answered, it.clock.now()) <= it.clock.now()
    it.asks()
    assert it.resolver.renewed(answered, it.clock.now()) == 0


def test_what_is_flushed_is_gone(it: Asking) -> None:
    it.asks()
    it.resolver.flush()
    assert it.asks()[1] > 0
