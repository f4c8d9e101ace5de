"""A trail that is told afterwards is the trail that was told at the time."""

import pytest
from msgspec.structs import replace

from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.delivery.attempt import Attempt, attempt
from esashell.delivery.settings import Settings
from esashell.delivery.trails import Trails, levels_of
from esashell.delivery.verification import Sender
from esashell.events import DnsAnswered, DnsAsked, DnsFailed, DnsSent, Event
from esashell.resolver.names import name_from_text
from esashell.steps import run
from tests.delivery.labwork import Bench

STEPS = (DnsAsked, DnsSent, DnsFailed, DnsAnswered)
DANE = Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY)


def tried(domain: str) -> tuple[Attempt, list[Event], Bench]:
    """An attempt by a cold resolver, and what it told of its look-ups."""
    bench = Bench()
    bench.resolver.tells = True
    told: list[Event] = []
    with bench.lab.session() as session:
        done = run(
            attempt(name_from_text(domain), DANE, Sender(bench.resolver, bench.clock)),
            session,
            told.append,
        )
    return done, [each for each in told if isinstance(each, STEPS)], bench


@pytest.mark.parametrize(
    "domain",
    [
        "ietf.org",
        "thinkbeyond.ch",
        "no-tlsa.lab",
        "tlsa-servfail.lab",
        "mx-servfail.lab",
        "mx-timeout.lab",
        "no-such-domain.lab",
        "tlsa-insecure.lab",
    ],
)
def test_what_is_told_again_is_what_was_told(domain: str) -> None:
    done, told, bench = tried(domain)
    trails, now = Trails(), bench.clock.now()
    again = [event for fact in done.observation.facts for event in trails.of(fact, now)]
    assert again
    assert own(again) == own(told)


def own(events: list[Event]) -> list[Event]:
    """Without what comes up on the way, for keys, which may be of another look-up; and a failure
    is kept for some seconds, which no line says."""
    return [
        replace(each, until=0) if isinstance(each, DnsAnswered) and not each.data else each
        for each in events
        if not (isinstance(each, DnsSent) and each.in_passing)
    ]


def test_an_answer_is_told_again_when_it_would_have_been_forgotten() -> None:
    done, _, bench = tried("ietf.org")
    trails, now = Trails(), bench.clock.now()

    def told(when: int) -> int:
        return sum(len(list(trails.of(fact, when))) for fact in done.observation.facts)

    first = told(now)
    assert first > 0
    assert told(now + 60_000_000) == 0
    assert told(now + 24 * 3_600_000_000) == first


def test_an_answer_of_the_cache_has_no_trail() -> None:
    bench = Bench()
    sender = Sender(bench.resolver, bench.clock)
    with bench.lab.session() as session:
        run(attempt(name_from_text("ietf.org"), DANE, sender), session)
        again = run(attempt(name_from_text("ietf.org"), DANE, sender), session)
    trails = Trails()
    facts = again.observation.facts
    assert [event for fact in facts for event in trails.of(fact, bench.clock.now())] == []


@pytest.mark.parametrize("domain", ["ietf.org", "tlsa-servfail.lab", "unsigned.lab"])
def test_whoever_does_not_follow_trails_is_warned_all_the_same(domain: str) -> None:
    bench = Bench()
    told: list[Event] = []
    with bench.lab.session() as session:
        sender = Sender(bench.resolver, bench.clock)
        done = run(attempt(name_from_text(domain), DANE, sender), session, told.append)
    trails, now = Trails(followed=False), bench.clock.now()
    again = [event for fact in done.observation.facts for event in trails.of(fact, now)]
    assert own(again) == own([each for each in told if isinstance(each, STEPS)])


def test_a_question_says_how_long_the_servers_of_its_priority_have() -> None:
    servers = (DnsServer("194.191.40.83", 7), DnsServer("194.191.40.84", 3))
    levels = levels_of(DnsSettings(servers=servers))
    assert levels == {"194.191.40.83": (1, 2), "194.191.40.84": (0, 2)}
    done, _, bench = tried("ietf.org")
    trails = Trails(levels)
    again = [it for fact in done.observation.facts for it in trails.of(fact, bench.clock.now())]
    found = {(each.server, each.level) for each in again if isinstance(each, DnsSent)}
    assert found == {("194.191.40.83", 1), ("194.191.40.84", 0)}
