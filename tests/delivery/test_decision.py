"""The walk of a delivery over facts made by hand, where no server of the lab would show them."""

from typing import Any

import pytest

from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.model.routes import SmtpRoute
from esashell.dane.tlsa import Tlsa
from esashell.delivery.decision import decide
from esashell.delivery.evidence import HostAddresses
from esashell.delivery.hosts import addresses_in
from esashell.delivery.observation import (
    AddressesWanted,
    Contact,
    ContactWanted,
    MxWanted,
    TlsaWanted,
    Want,
)
from esashell.delivery.outcome import Outcome, Result
from esashell.delivery.settings import Settings
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.rrtypes import RRType
from esashell.smtp.client import Greeting
from esashell.smtp.replies import Reply
from tests.dane.answers import INSECURE, SECURE, a, answer, mx, n, no_aaaa, no_tlsa, tlsa

OPPORTUNISTIC = Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC)
CLEAR_ONLY = Contact("192.0.2.9", Greeting(Reply(220, ("hi",)), Reply(250, ("hi",)), ()), None, ())


def decided(settings: Settings, facts: dict[Want, Any], own: str = "us.example") -> Outcome:
    """The outcome for example.com; a question that `facts` has no answer to is a `KeyError`."""
    decision = decide(n("example.com"), settings, 0, 0, own)
    found: Any = None
    try:
        while True:
            want = decision.send(found)
            found = facts[want]
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome


def implicit(target: Security) -> dict[Want, Any]:
    """example.com has no MX and is a secure alias of a host, itself with the TLSA records; the host
    offers no TLS."""
    to = [(SECURE, "real.example.net")]
    no_mx = answer("example.com", RRType.MX, target, aliases=to, existence=Existence.NO_DATA)
    found = a("example.com", target, aliases=to)
    none = no_aaaa("example.com")
    addresses = HostAddresses(n("example.com"), found, none, none, addresses_in(found))
    there: tuple[Answer, ...] = (tlsa(Tlsa(3, 1, 1, bytes(32)), host="example.com"),)
    if target is SECURE:
        there = (no_tlsa("real.example.net"), *there)
    return {
        MxWanted(n("example.com")): no_mx,
        AddressesWanted(n("example.com")): addresses,
        TlsaWanted(n("example.com"), 25): there,
        ContactWanted("192.0.2.1", 25): CLEAR_ONLY,
    }


@pytest.mark.parametrize("target", [SECURE, INSECURE])
def test_tlsa_at_a_mail_domain_that_is_an_alias_forbids_clear_text(target: Security) -> None:
    """RFC 7672 2.2.2: without MX the domain is the host, and its original name is a base domain."""
    found = decided(OPPORTUNISTIC, implicit(target))
    assert (found.result, found.reason.code) == (Result.DEFER, "starttls-not-offered")


def test_a_mail_domain_that_is_an_alias_of_ourselves_is_a_circle() -> None:
    found = decided(OPPORTUNISTIC, implicit(SECURE), own="Real.example.net")
    assert (found.result, found.reason.code) == (Result.BOUNCE, "mail-loop")


def test_a_route_to_a_name_whose_best_mx_host_is_ourselves_waits_and_says_so() -> None:
    settings = Settings(TlsSetting.PREFERRED, route=SmtpRoute("ALL", ("relay.example",)))
    found = decided(settings, {MxWanted(n("relay.example")): mx("relay.example", "us.example")})
    assert (found.result, found.reason.code) == (Result.DEFER, "route-host")
    assert "us.example" in found.reason.text


@pytest.mark.parametrize("rdatas", [[b"\x00"], [b"\x00\x00\x00", b"\x00\x01\x00"]])
def test_mx_records_that_name_no_host_are_told_as_such(rdatas: list[bytes]) -> None:
    facts = {MxWanted(n("example.com")): answer("example.com", RRType.MX, SECURE, rdatas)}
    found = decided(OPPORTUNISTIC, facts)
    assert (found.result, found.reason.code) == (Result.DEFER, "no-mx-host")
