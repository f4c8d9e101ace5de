"""The pieces of a decision, one by one: names, order, families, unvalidated answers, settings."""

import pytest

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
from esashell.delivery.destinations import MxHost
from esashell.delivery.nexthops import hops, in_order
from esashell.delivery.settings import Settings, settings_for
from esashell.delivery.tlsrules import HOSTED_VERIFY, TLS_RULES, VERIFY, NameRule, compared
from esashell.delivery.unvalidated import unvalidated
from esashell.pki.certificate import Certificate
from esashell.pki.identity import Identity
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType

DOMAIN = name_from_text("example.com")
EQUALS = tuple(MxHost(name_from_text(f"mx{n}.example.com"), 10) for n in range(4))
LAST = MxHost(name_from_text("last.example.com"), 20)


@pytest.mark.parametrize(
    ("rule", "names", "common", "agrees"),
    [
        (VERIFY, ("mx.example.com",), (), True),
        (VERIFY, ("other.example",), ("mx.example.com",), True),
        (HOSTED_VERIFY, ("other.example",), ("mx.example.com",), False),
        (HOSTED_VERIFY, (), ("mx.example.com",), True),
        (VERIFY, ("*.example.com",), (), True),
        (VERIFY, ("other.example",), (), False),
    ],
)
def test_the_common_name_counts_as_the_algorithm_says(
    rule: NameRule, names: tuple[str, ...], common: tuple[str, ...], agrees: bool
) -> None:
    leaf = Certificate(b"", b"", 3, common_names=common, dns_names=names)
    found = compared(leaf, rule, ("mx.example.com", "example.org"))
    assert isinstance(found, Identity) == agrees


def test_every_setting_has_its_rule_and_only_verifying_ones_verify() -> None:
    assert set(TLS_RULES) == set(TlsSetting)
    for each in TLS_RULES.values():
        assert each.source
        assert each.tried or not (each.required or each.names)
        assert each.names or not each.verified


def test_equal_preferences_are_drawn_by_lot_and_a_seed_repeats_it() -> None:
    orders = {in_order((*EQUALS, LAST), seed, DOMAIN, "us.example") for seed in range(40)}
    assert len(orders) > 10
    assert all(each[-1] == LAST for each in orders)
    again = in_order((LAST, *reversed(EQUALS)), 7, DOMAIN, "us.example")
    assert again == in_order((*EQUALS, LAST), 7, DOMAIN, "us.example")


def test_we_and_all_that_are_no_better_than_we_are_left_out() -> None:
    assert in_order((*EQUALS, LAST), 0, DOMAIN, "LAST.example.com") == in_order(
        EQUALS, 0, DOMAIN, ""
    )
    assert in_order((*EQUALS, LAST), 0, DOMAIN, "mx2.example.com") == ()


def test_the_destinations_of_a_route_go_by_priority() -> None:
    route = SmtpRoute("ALL", ("a.example/pri=9", "[b.example]:26", "2001:db8::1/pri=3"))
    found = hops(route, 0, DOMAIN)
    assert [(str(each.name), each.forced, each.port) for each in found] == [
        ("b.example", True, 26),
        ("None", False, 25),
        ("a.example", False, 25),
    ]
    assert found[1].address is not None
    assert found[1].address.text == "2001:db8::1"


def answer(security: Security, *rdatas: bytes, rcode: int = 0) -> Answer:
    return Answer(DOMAIN, RRType.A, security, None, rdatas, rcode=rcode)


def test_who_does_not_validate_believes_a_bogus_answer_and_no_silence() -> None:
    bogus = Security.BOGUS
    assert unvalidated(answer(bogus, b"\x01\x02\x03\x04")).found
    assert unvalidated(answer(bogus)).existence is Existence.NO_DATA
    assert unvalidated(answer(bogus, rcode=3)).existence is Existence.NX_DOMAIN
    for silent in (answer(bogus, rcode=2), answer(Security.INDETERMINATE)):
        assert unvalidated(silent) == silent


def test_dane_has_a_say_only_for_relayed_mail_with_tls() -> None:
    wanted = Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY)
    assert wanted.dane_in_force is DaneSetting.MANDATORY
    accepted = Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY, behavior=Behavior.ACCEPT)
    assert accepted.dane_in_force is DaneSetting.NONE
    assert Settings(TlsSetting.NO, DaneSetting.MANDATORY).dane_in_force is DaneSetting.NONE


def test_the_settings_of_a_domain_come_from_its_entry_and_the_default() -> None:
    table = DestinationControls(
        default=DefaultControl(tls=TlsSetting.PREFERRED, dane=DaneSetting.OPPORTUNISTIC),
        entries=(DestinationControl(".example.com", tls=TlsSetting.REQUIRED),),
    )
    routes = Routes((SmtpRoute("sub.example.com", ("relay.example",)),))
    found = settings_for("sub.example.com", Destinations(table), routes)
    assert (found.tls, found.dane) == (TlsSetting.REQUIRED, DaneSetting.OPPORTUNISTIC)
    assert found.route == SmtpRoute("sub.example.com", ("relay.example",))
