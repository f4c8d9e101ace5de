"""Rules between tables: what stops a commit, and what is only told."""

import pytest

from esashell.config.check import breaches, warnings
from esashell.config.model.delivery import DeliverySettings
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    TlsSetting,
)
from esashell.config.model.listeners import Listener, ListenerType
from esashell.config.model.routes import SmtpRoute
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


def test_many_routes_and_destinations_are_looked_at_once_each() -> None:
    many = tuple(route(f"d{n}.example", f"relay{n}.example") for n in range(5_000))
    entries = tuple(dane(f"d{n}.example") for n in range(5_000))
    (warning,) = warnings(config(*entries, routes=many))
    assert warning.endswith("d4.example and 4995 more.")
