"""All settings there are, over what was seen of many domains: the laws that outcomes keep.

The decision is asked for every combination of route, behavior, TLS and DANE, and each law says of
two of them, or of one, what must hold whatever was found. None repeats how it is decided.
"""

from functools import cache
from itertools import product

import pytest
from msgspec.structs import replace

from esashell.config.lookup import Destinations, Routes
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    TlsSetting,
)
from esashell.config.model.listeners import Behavior
from esashell.config.model.routes import SmtpRoute
from esashell.dane.verify import DaneResult
from esashell.delivery.attempt import observe, outcome
from esashell.delivery.observation import Observation
from esashell.delivery.outcome import Outcome, Protection, Result
from esashell.delivery.settings import Origins, Settings, origins, settings_for
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.names import name_from_text
from esashell.steps import run
from tests.delivery.labwork import NOON, Bench

BENCH = Bench()
SENDER = Sender(BENCH.resolver, BENCH.clock)
TO_HOST = SmtpRoute("ALL", ("[mail.dane.lab]", "mismatch.lab/pri=1"))
USEDNS = SmtpRoute("ALL", ("USEDNS",))
DISCARD = SmtpRoute("ALL", ("/dev/null",))
ROUTES = (None, USEDNS, TO_HOST, DISCARD)
BEHAVIORS = (Behavior.RELAY, Behavior.ACCEPT)
ALL = tuple(
    Settings(tls, dane, route, behavior)
    for tls, dane, route, behavior in product(TlsSetting, DaneSetting, ROUTES, BEHAVIORS)
)
DOMAINS = tuple(each.domain.replace("{n}", "7") for each in BENCH.lab.domains())
REQUIRED = set(TlsSetting) - {TlsSetting.NO, TlsSetting.PREFERRED, TlsSetting.PREFERRED_VERIFY}
VERIFIED = {TlsSetting.REQUIRED_VERIFY, TlsSetting.REQUIRED_VERIFY_HOSTED}


@cache
def seen(domain: str) -> Observation:
    with BENCH.lab.session() as session:
        return run(observe(name_from_text(domain), SENDER, TO_HOST), session)


@cache
def outcomes(domain: str) -> dict[Settings, Outcome]:
    return {each: outcome(seen(domain), each, NOON) for each in ALL}


def strict(it: Outcome) -> tuple[Result, Protection | None, object, str]:
    return it.result, it.protection, it.host, it.address


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_laws_hold_for_every_combination_of_settings(domain: str) -> None:
    found = outcomes(domain)
    assert len(found) == 144
    for settings, it in found.items():
        off = found[replace(settings, dane=DaneSetting.NONE)]
        assert it.result is not Result.NOT_KNOWN
        if settings.route is DISCARD:
            assert it.result is Result.DROP
            continue
        if settings.route is USEDNS:  # as if there were none
            assert it == found[replace(settings, route=None)]
        if settings.behavior is Behavior.ACCEPT or settings.tls is TlsSetting.NO:
            assert it == off  # DANE has no say
        elif settings.route is TO_HOST and settings.dane is not DaneSetting.NONE:
            assert (it.result, it.rule.name) == (Result.DEFER, "row 18")
        if it.result is not Result.DELIVER:
            assert it.protection is None
            continue
        if settings.tls is TlsSetting.NO:
            assert it.protection is Protection.CLEAR
        if settings.tls in REQUIRED:
            assert it.protection is not Protection.CLEAR
        if settings.tls in VERIFIED:
            assert it.protection in (Protection.DANE, Protection.AUTHENTICATED)
        in_force = settings.dane_in_force
        if in_force is DaneSetting.MANDATORY:
            assert it.protection is Protection.DANE
        if it.protection is Protection.DANE:
            assert in_force is not DaneSetting.NONE
            # Whoever is authenticated by DANE is so under every setting that asks for TLS at all.
            assert strict(it) == strict(found[replace(settings, tls=TlsSetting.REQUIRED)])
        if settings.dane is DaneSetting.MANDATORY:
            # Mandatory delivers nowhere that Opportunistic does not.
            other = found[replace(settings, dane=DaneSetting.OPPORTUNISTIC)]
            assert other.result is Result.DELIVER


@pytest.mark.parametrize("domain", ["digest-agility.lab", "rollover.lab", "dane.lab"])
def test_digest_agility_is_one_switch_for_a_verification_and_a_delivery(domain: str) -> None:
    for agility in (True, False):
        settings = Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC, digest_agility=agility)
        own = Sender(BENCH.resolver, BENCH.clock, digest_agility=agility)
        with BENCH.lab.session() as session:
            evidence = run(verify_domain(name_from_text(domain), own), session)
        matched = [
            each.verdict is not None and each.verdict.result is DaneResult.MATCHED
            for host in evidence.hosts
            for each in host.attempts
        ]
        delivered = outcome(seen(domain), settings, NOON).protection is Protection.DANE
        assert delivered == any(matched)
        assert delivered == (domain != "digest-agility.lab" or not agility)


def test_every_setting_has_the_entry_that_it_is_from() -> None:
    table = DestinationControls(
        DefaultControl(tls=TlsSetting.PREFERRED),
        entries=(
            DestinationControl(".example", dane=DaneSetting.MANDATORY),
            DestinationControl("own.example", tls=TlsSetting.REQUIRED),
        ),
    )
    tables = (
        Destinations(table),
        Routes((SmtpRoute("own.example", ("USEDNS",)), SmtpRoute("ALL", ("192.0.2.1",)))),
    )
    assert origins("own.example", *tables) == Origins(
        "own.example", "Default", "Default", "own.example", ("USEDNS",)
    )
    assert origins("any.example", *tables) == Origins(
        "Default", ".example", "Default", "ALL", ("192.0.2.1",)
    )
    own, other = settings_for("own.example", *tables), settings_for("any.example", *tables)
    assert (own.tls, own.dane, own.route) == (TlsSetting.REQUIRED, DaneSetting.NONE, None)
    assert (other.tls, other.dane) == (TlsSetting.PREFERRED, DaneSetting.MANDATORY)
    assert other.route == SmtpRoute("ALL", ("192.0.2.1",))
