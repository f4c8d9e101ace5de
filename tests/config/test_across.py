"""Rules between tables: what stops a commit, and what is only told."""

import pytest
from msgspec.structs import replace

from esashell.config.check import breaches, warnings
from esashell.config.model.certificates import AuthoritySettings
from esashell.config.model.delivery import DeliverySettings
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    TlsSetting,
)
from esashell.config.model.dnsserver import AlternateDomain, AlternateServer
from esashell.config.model.listeners import Listener, ListenerType
from esashell.config.model.routes import SmtpRoute, route_host
from esashell.config.tree import Config

MANDATORY, OPPORTUNISTIC = DaneSetting.MANDATORY, DaneSetting.OPPORTUNISTIC
NO, PREFERRED = TlsSetting.NO, TlsSetting.PREFERRED


def route(domain: str, *destinations: str) -> SmtpRoute:
    return SmtpRoute(domain, destinations)


def config(
    *entries: DestinationControl,
    routes: tuple[SmtpRoute, ...] = (),
    default: DefaultControl = DefaultControl(),  # noqa: B008
) -> Config:
    return Config(
        destinations=DestinationControls(default=default, entries=entries), smtp_routes=routes
    )


def dane(domain: str, setting: DaneSetting | None = MANDATORY) -> DestinationControl:
    return DestinationControl(domain, tls=PREFERRED, dane=setting)


@pytest.mark.parametrize(
    ("broken", "path", "text"),
    [
        (
            config(DestinationControl("a.example", bounce_profile="slow")),
            ("destinations", "entries", 0, "bounce_profile"),
            'The destination "a.example" uses the bounce profile "slow", which does not exist.',
        ),
        (
            config(default=DefaultControl(bounce_profile="slow")),
            ("destinations", "default", "bounce_profile"),
            'The default destination uses the bounce profile "slow", which does not exist.',
        ),
        (
            Config(listeners=(Listener("In", ListenerType.PUBLIC, bounce_profile="slow"),)),
            ("listeners", 0, "bounce_profile"),
            'The listener "In" uses the bounce profile "slow", which does not exist.',
        ),
        (
            Config(listeners=(Listener("In", ListenerType.PUBLIC, interface="Data 2"),)),
            ("listeners", 0, "interface"),
            'listener "In": there is no interface "Data 2".',
        ),
        (
            Config(delivery=DeliverySettings("Data 2")),
            ("delivery", "interface"),
            'Delivery: there is no interface "Data 2".',
        ),
        (
            Config(destinations=DestinationControls(certificate="partner.com")),
            ("destinations", "certificate"),
            'Destination controls: there is no certificate profile "partner.com".',
        ),
    ],
)
def test_a_name_that_leads_nowhere_stops_a_commit(
    broken: Config, path: tuple[str | int, ...], text: str
) -> None:
    (breach,) = breaches(broken)
    assert (breach.path, breach.text) == (path, text)


ROUTED = "DANE is not enforced for domains that have SMTP routes: "
NO_TLS = "DANE has no effect where TLS is No: "
AGAIN = "A route is not applied again to the hosts that a route names; these have one: "
RELAY = route("a.example", "relay.example")
ALL = route("ALL", "relay.example")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (config(), []),
        (config(dane("a.example")), []),
        (config(dane("a.example"), routes=(RELAY,)), [f"{ROUTED}a.example."]),
        (config(dane("A.example"), routes=(RELAY,)), [f"{ROUTED}A.example."]),
        (config(dane("a.example", None), routes=(RELAY,)), []),
        (config(dane("a.example"), routes=(route("a.example", "USEDNS"), ALL)), []),
        (config(dane("a.example"), routes=(ALL,)), [f"{ROUTED}a.example."]),
        (config(dane("a.example"), routes=(route("a.example", "/dev/null"),)),
         [f"{ROUTED}a.example."]),
        (config(dane("mx.a.example"), routes=(route(".a.example", "relay.example"),)),
         [f"{ROUTED}mx.a.example."]),
        (config(dane("a.example"), routes=(route(".a.example", "relay.example"),)), []),
        (config(dane(".a.example"), routes=(route(".a.example", "relay.example"),)),
         [f"{ROUTED}.a.example."]),
        (config(*(dane(f"d{n}.example") for n in range(7)), routes=(ALL,)),
         [f"{ROUTED}d0.example, d1.example, d2.example, d3.example, d4.example and 2 more."]),
        (config(default=DefaultControl(tls=PREFERRED, dane=OPPORTUNISTIC), routes=(RELAY,)),
         [f"{ROUTED}a.example."]),
        (config(dane("a.example", DaneSetting.NONE), routes=(RELAY,),
                default=DefaultControl(tls=PREFERRED, dane=OPPORTUNISTIC)), []),
        (config(dane(".a.example"), routes=(route("mx.a.example", "relay.example"),)),
         [f"{ROUTED}mx.a.example."]),
        (config(default=DefaultControl(tls=PREFERRED, dane=OPPORTUNISTIC), routes=(ALL,)),
         [f"{ROUTED}ALL."]),
        (config(default=DefaultControl(tls=PREFERRED, dane=OPPORTUNISTIC),
                routes=(route("a.example", "USEDNS"),)), []),
        (config(DestinationControl("a.example", dane=MANDATORY)), [f"{NO_TLS}a.example."]),
        (config(DestinationControl("a.example", tls=NO, dane=MANDATORY)), [f"{NO_TLS}a.example."]),
        (config(DestinationControl("a.example", tls=NO),
                default=DefaultControl(tls=PREFERRED, dane=OPPORTUNISTIC)),
         [f"{NO_TLS}a.example."]),
        (config(default=DefaultControl(dane=OPPORTUNISTIC)), [f"{NO_TLS}the default."]),
        (config(routes=(RELAY, route("relay.example", "other.example"))),
         [f"{AGAIN}a.example to relay.example."]),
        (config(routes=(RELAY, route("relay.example", "USEDNS"))), []),
        (config(routes=(RELAY, route("ALL", "192.0.2.25"))), []),
        (config(routes=(route("a.example", "[a.example]:26/pri=1"),)), []),
        (config(routes=(route("a.example", "192.0.2.25"), route("192.0.2.25", "b.example"))), []),
    ],
)  # fmt: skip
def test_what_defeats_a_setting_is_told_with_the_domains(
    found: Config, expected: list[str]
) -> None:
    assert list(warnings(found)) == expected


def private(found: Config, *domains: str) -> Config:
    """The configuration, with these domains looked up at a server that is not validated."""
    server = (AlternateServer("192.0.2.53"),)
    alternates = tuple(AlternateDomain(each, server, validate=False) for each in domains)
    return replace(found, dns=replace(found.dns, alternates=alternates))


NO_DNSSEC = (
    "Answers for these domains are not validated (dnsconfig), so that DANE is never found there: "
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (private(config(), "a.example"), []),
        (private(config(dane("a.example")), "a.example"), [f"{NO_DNSSEC}a.example."]),
        (private(config(dane("mx.a.example")), "A.example"), [f"{NO_DNSSEC}mx.a.example."]),
        (private(config(dane(".a.example")), "a.example"), [f"{NO_DNSSEC}.a.example."]),
        (private(config(dane("ba.example")), "a.example"), []),
        (private(config(dane("a.example")), "b.a.example"), []),
        (private(config(dane(".a.example")), "b.a.example"), [f"{NO_DNSSEC}b.a.example."]),
        (private(config(default=DefaultControl(tls=PREFERRED, dane=MANDATORY)), "a.example"),
         [f"{NO_DNSSEC}a.example."]),
    ],
)  # fmt: skip
def test_dane_for_a_domain_that_is_not_validated_is_told(
    found: Config, expected: list[str]
) -> None:
    assert list(warnings(found)) == expected
    alternates = tuple(replace(each, validate=True) for each in found.dns.alternates)
    assert list(warnings(replace(found, dns=replace(found.dns, alternates=alternates)))) == []


VERIFY = TlsSetting.REQUIRED_VERIFY
NOBODY = (
    "No list of certificate authorities is in use (certconfig), so that no certificate is ever "
)


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        (AuthoritySettings(), False),
        (AuthoritySettings(system=False), True),
        (AuthoritySettings(system=False, custom=True), True),
        (AuthoritySettings(system=False, custom=True, custom_list="0" * 64), False),
        (AuthoritySettings(system=False, custom=False, custom_list="0" * 64), True),
    ],
)
def test_verification_without_authorities_is_told(lists: AuthoritySettings, told: bool) -> None:
    entry = DestinationControl("a.example", tls=VERIFY)
    found = replace(config(entry, default=DefaultControl(tls=VERIFY)), authorities=lists)
    expected = [f"{NOBODY}verified: a.example, the default."] if told else []
    assert list(warnings(found)) == expected
    assert list(warnings(replace(config(dane("a.example")), authorities=lists))) == []


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ("myesa.local", True),
        ("[MyEsa.local]:25/pri=3", True),
        ("192.168.42.42", True),
        ("myesa.local:2525", False),
        ("other.local", False),
    ],
)
def test_a_route_to_the_appliance_itself_is_told(destination: str, told: bool) -> None:
    listeners = (Listener("In", ListenerType.PUBLIC, port=25),)
    routes = (route("a.example", str(route_host(destination)), "b.example"),)
    found = Config(hostname="myesa.local", smtp_routes=routes, listeners=listeners)
    expected = ["A route leads to this appliance itself: a.example."] if told else []
    assert list(warnings(found)) == expected


def test_a_route_that_throws_everything_away_is_told() -> None:
    (warning,) = warnings(config(routes=(route("ALL", "/dev/null"),)))
    assert "every domain without a route of its own is discarded" in warning
    assert list(warnings(config(routes=(route("a.example", "/dev/null"),)))) == []


def test_many_routes_and_destinations_are_looked_at_once_each() -> None:
    many = tuple(route(f"d{n}.example", f"relay{n}.example") for n in range(5_000))
    entries = tuple(dane(f"d{n}.example") for n in range(5_000))
    (warning,) = warnings(config(*entries, routes=many))
    assert warning.endswith("d4.example and 4995 more.")
