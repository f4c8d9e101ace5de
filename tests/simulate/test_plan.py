"""Plans over the lab, beside the plain way: each destination by itself, every set tried."""

import os
from collections.abc import Iterable
from functools import cache
from itertools import chain, combinations
from random import Random

import pytest
from msgspec.structs import replace

from esashell.config.changes import Change, apply, changes
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    TlsSetting,
)
from esashell.config.model.dnsserver import DnsServer
from esashell.config.model.listeners import Behavior
from esashell.config.model.routes import SmtpRoute
from esashell.config.tree import Config
from esashell.delivery.attempt import observe, outcome
from esashell.delivery.observation import MxWanted, Observation
from esashell.delivery.outcome import Outcome, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender
from esashell.errors import CommitRefused
from esashell.resolver.names import name_from_text
from esashell.simulate.causes import Cause, Causes
from esashell.simulate.evidence import Look, Seen, Way
from esashell.simulate.listed import Listed
from esashell.simulate.plan import (
    Affected,
    Decisions,
    Direction,
    Plan,
    Side,
    direction_of,
    kind_of,
    plan,
)
from esashell.simulate.treatment import Tables
from esashell.steps import run
from tests.conftest import LONG
from tests.delivery.labwork import NOON, Bench

BENCH = Bench()
SENDER = Sender(BENCH.resolver, BENCH.clock)
DOMAINS = sorted({each.domain.replace("{n}", "7") for each in BENCH.lab.domains()})
# Ten thousand in the whole check; they take half a minute.
PAIRS = int(os.environ.get("ESASHELL_PAIRS") or (10_000 if LONG else 120))

DECISIONS = Decisions(NOON)
ROUTES = (("USEDNS",), ("/dev/null",), ("[mail.dane.lab]",), ("dane.lab/pri=1", "clear.lab/pri=2"))


@cache
def seen(domain: str, route: SmtpRoute | None) -> Observation:
    """The one observation of a destination; one for all routes to the same hosts."""
    if route is not None and route.domain != "x":
        return seen(domain, SmtpRoute("x", route.destinations))
    with BENCH.lab.session() as session:
        return run(observe(name_from_text(domain), SENDER, route), session)


class Looked(Seen):
    """Looks at what it is asked about, once."""

    def look(self, domain: str, way: Way) -> Look | None:
        if domain not in self.looks.get(way, {}):
            self.add(domain, way, seen(domain, SmtpRoute("x", way) if way else None))
        return super().look(domain, way)

    def looks_at(self, domains: Iterable[str], way: Way) -> list[Look | None]:
        return [self.look(each, way) for each in domains]


LOOKED = Looked()


@cache
def decided(domain: str, settings: Settings) -> Outcome:
    route = settings.route and SmtpRoute("x", settings.route.destinations)
    return outcome(seen(domain, route), settings, NOON)


def plainly(config: Config, domain: str, behavior: Behavior) -> Outcome:
    """By reading the tables from the most specific entry to the default."""

    def entry(entries: "tuple[DestinationControl, ...] | tuple[SmtpRoute, ...]") -> object:
        exact = [each for each in entries if each.domain == domain]
        partial = [
            each for each in entries if each.domain[0] == "." and domain.endswith(each.domain)
        ]
        rest = [each for each in entries if each.domain == "ALL"]
        longest = sorted(partial, key=lambda each: -len(each.domain))
        return next(iter([*exact, *longest, *rest]), None)

    table = config.destinations
    own, route = entry(table.entries), entry(config.smtp_routes)
    tls, dane = table.default.tls, table.default.dane
    if isinstance(own, DestinationControl):
        tls, dane = own.tls or tls, own.dane or dane
    assert route is None or isinstance(route, SmtpRoute)
    if route is not None and route.destinations == ("USEDNS",):
        route = None
    return decided(domain, Settings(tls, dane, route, behavior))


def a_config(random: Random) -> Config:
    tls, dane = [*TlsSetting], [*DaneSetting]
    patterns = [*random.sample(DOMAINS, 3), ".lab", ".dane.lab", ".org", "nobody.example"]

    def control(domain: str) -> DestinationControl:
        return DestinationControl(
            domain,
            tls=random.choice([None, *tls]),
            dane=random.choice([None, *dane]),
            concurrency=random.choice([None, 5]),
        )

    entries = tuple(map(control, random.sample(patterns, random.randint(0, 4))))
    routes = tuple(
        SmtpRoute(domain, random.choice(ROUTES))
        for domain in random.sample([*patterns, "ALL"], random.choice([0, 0, 1, 2]))
    )
    default = DefaultControl(tls=random.choice(tls), dane=random.choice(dane))
    return Config(destinations=DestinationControls(default, entries=entries), smtp_routes=routes)


def edited(random: Random, config: Config) -> Config:
    """Some of another configuration's tables in this one."""
    other = a_config(random)
    match random.randrange(4):
        case 0:
            return other
        case 1:
            return replace(config, smtp_routes=other.smtp_routes)
        case 2:
            return replace(
                config,
                destinations=replace(config.destinations, entries=other.destinations.entries),
            )
    return replace(
        config, destinations=replace(config.destinations, default=other.destinations.default)
    )


LISTED = {each: Listed(DOMAINS, behavior=each) for each in Behavior}


def planned(before: Config, after: Config, behavior: Behavior = Behavior.RELAY) -> Plan:
    return plan(Side(before, LOOKED), Side(after, LOOKED), LISTED[behavior], DECISIONS)


def caused(found: Affected, before: Config, after: Config) -> Cause:
    return Causes(Side(before, LOOKED), Side(after, LOOKED), DECISIONS).of(found)


def test_a_plan_is_what_every_destination_by_itself_comes_to() -> None:
    random = Random(8)
    met: set[Direction] = set()
    for _ in range(PAIRS):
        before = a_config(random)
        after = edited(random, before)
        behavior = random.choice([Behavior.RELAY, Behavior.RELAY, Behavior.ACCEPT])
        found = planned(before, after, behavior)
        told = {each.destined.domain: (each.before, each.after) for each in found.affected}
        for domain in DOMAINS:
            pair = plainly(before, domain, behavior), plainly(after, domain, behavior)
            if direction_of(*pair) is None:
                assert domain not in told
            else:
                assert tuple(map(kind_of, told[domain])) == tuple(map(kind_of, pair))
        assert found.evaluated == len(DOMAINS) == found.unchanged + len(found.affected)
        met |= set(found.directions)
    if PAIRS >= 120:
        assert met >= {*Direction} - {Direction.NOT_KNOWN, Direction.OTHERWISE}


def test_the_causes_are_the_smallest_set_that_brings_the_outcome_about() -> None:
    random = Random(9)
    together = 0
    for _ in range(60):
        before = a_config(random)
        after = edited(random, before)
        for each in planned(before, after).affected[:6]:
            domain = each.destined.domain
            first, second = (Tables(it).concerning(domain) for it in (before, after))
            every = [it for it in changes(first, second) if it.path not in LISTS]

            def brings_it_about(
                chosen: tuple[Change, ...], first: Config = first, each: object = each
            ) -> bool:
                try:
                    config = apply(first, chosen)
                except CommitRefused:
                    return False
                found = plainly(config, each.destined.domain, Behavior.RELAY)  # type: ignore[attr-defined]
                return kind_of(found) == kind_of(each.after)  # type: ignore[attr-defined]

            sets = chain.from_iterable(combinations(every, size) for size in range(len(every) + 1))
            smallest = min(len(chosen) for chosen in sets if brings_it_about(chosen))
            told = caused(each, before, after)
            assert told.smallest
            assert len(told.changes) == smallest
            assert brings_it_about(told.changes)
            together += smallest > 1
    assert together > 5


LISTS = ("destinations.entries", "smtp_routes")


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_against_itself_is_empty(seed: int) -> None:
    config = a_config(Random(seed))
    found = planned(config, config)
    assert found.changes == ()
    assert found.affected == ()
    assert not found.is_regression


TLS = DefaultControl(tls=TlsSetting.PREFERRED)
MANDATORY = DefaultControl(tls=TlsSetting.PREFERRED, dane=DaneSetting.MANDATORY)


def test_mandatory_for_everybody_stops_what_a_route_defeats() -> None:
    routes = (SmtpRoute("dane.lab", ("[mail.dane.lab]",)),)
    before = Config(destinations=DestinationControls(TLS), smtp_routes=routes)
    after = replace(before, destinations=DestinationControls(MANDATORY))
    found = planned(before, after)
    assert found.is_regression
    stopped = {
        each.destined.domain: each for each in found.affected if each.direction is Direction.STOPS
    }["dane.lab"]
    assert stopped.after.result is Result.DEFER
    assert "18" in stopped.after.rule.name
    assert [str(each) for each in caused(stopped, before, after).changes] == [
        'destinations.default.dane: "None" -> "Mandatory"'
    ]


def test_what_nobody_looked_at_is_not_known_and_never_the_same() -> None:
    before = Config(destinations=DestinationControls(TLS))
    after = replace(before, destinations=DestinationControls(MANDATORY))

    nothing = Seen()
    found = plan(Side(before, nothing), Side(after, nothing), Listed(["dane.lab"]), DECISIONS)
    assert [each.direction for each in found.affected] == [Direction.NOT_KNOWN]
    assert found.unchanged == 0
    assert not found.is_regression


def test_another_resolver_is_a_cause_by_what_it_shows() -> None:
    """A change that decides nothing itself, but lets the world be seen in another way."""
    before = Config(destinations=DestinationControls(MANDATORY))
    after = replace(before, dns=replace(before.dns, servers=(DnsServer("192.0.2.9"),)))

    elsewhere = Seen()
    stripped = replace(seen("insecure.lab", None), domain=name_from_text("dane.lab"))
    facts = tuple(
        replace(each, want=MxWanted(stripped.domain)) if isinstance(each.want, MxWanted) else each
        for each in stripped.facts
    )
    elsewhere.add("dane.lab", (), replace(stripped, facts=facts))
    sides = Side(before, LOOKED), Side(after, elsewhere)
    found = plan(*sides, Listed(["dane.lab"]), DECISIONS)
    assert [each.direction for each in found.affected] == [Direction.STOPS]
    told = Causes(*sides, DECISIONS).of(found.affected[0])
    assert [each.path for each in told.changes] == ["dns.servers[192.0.2.9]"]


def test_most_mail_stands_first_within_a_direction() -> None:
    before = Config(destinations=DestinationControls(TLS))
    after = replace(before, destinations=DestinationControls(MANDATORY))
    listed = Listed(DOMAINS, {each: float(len(each)) for each in DOMAINS})
    found = plan(Side(before, LOOKED), Side(after, LOOKED), listed, DECISIONS)
    stopped = [each for each in found.affected if each.direction is Direction.STOPS]
    amounts = [each.destined.per_hour or 0 for each in stopped]
    assert amounts == sorted(amounts, reverse=True)
    assert len(stopped) > 3
