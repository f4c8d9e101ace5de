"""What is remembered, for how long, and how much of it."""

from esashell.clock import SECOND
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.cache import Shelf, lifetime
from tests.resolver.signer import n


def answer(security=Security.SECURE, ttl=100) -> Answer:
    return Answer(n("a.test"), 1, security, Existence.FOUND, ttl=ttl)


def test_a_value_is_found_until_its_end_and_not_after():
    shelf: Shelf[str] = Shelf(10)
    shelf.keep("k", "v", 100)
    assert shelf.find("k", 99) == ("v", 100)
    assert shelf.find("k", 100) is None
    assert len(shelf) == 0


def test_all_is_forgotten_when_the_clock_was_set_back_and_not_for_a_look_up_that_took_long():
    # What was found BOGUS by a date that was wrong would otherwise stay so until that date.
    shelf: Shelf[str] = Shelf(10)
    now = 1000 * 86_400 * SECOND
    shelf.keep("k", "v", now + SECOND)
    assert shelf.find("other", now) is None
    assert shelf.find("k", now - 120 * SECOND) == ("v", now + SECOND)
    assert shelf.find("k", now - 3600 * SECOND) is None
    assert len(shelf) == 0
    shelf.keep("k", "v", now)
    assert shelf.find("k", now - 3600 * SECOND) == ("v", now)


def test_there_is_only_so_much_room_and_the_oldest_leaves_first():
    shelf: Shelf[int] = Shelf(3)
    for i in range(10):
        shelf.keep(i, i, 1000)
    shelf.keep(8, 88, 1000)
    assert len(shelf) == 3
    assert shelf.find(6, 0) is None
    assert shelf.find(8, 0) == (88, 1000)


def test_a_floor_stretches_a_ttl_but_never_a_signature():
    assert lifetime(answer(), 0, 0, 0) == 100 * SECOND
    assert lifetime(answer(), 1800, 0, 0) == 1800 * SECOND
    assert lifetime(answer(), 1800, 500, 0) == 500 * SECOND
    assert lifetime(answer(ttl=10**9), 0, 0, 0) == 86_400 * SECOND


def test_failures_are_remembered_for_a_moment_only():
    assert lifetime(answer(Security.BOGUS), 1800, 0, 0) == 60 * SECOND
    assert lifetime(answer(Security.INDETERMINATE), 1800, 0, 0) == 5 * SECOND
