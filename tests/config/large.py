"""Configurations of any size: destination controls, and routes, of which 40,000 are the most."""

from msgspec.structs import replace

from esashell.config.model.destination import DaneSetting, DestinationControl, TlsSetting
from esashell.config.model.routes import MOST_ROUTES, SmtpRoute
from esashell.config.tree import Config, factory

TLS = (None, TlsSetting.REQUIRED, TlsSetting.PREFERRED)
DANE = (None, DaneSetting.OPPORTUNISTIC)


def large(entries: int) -> Config:
    """A configuration with so many entries, half of them routes; the same one each time."""
    routes = min(entries // 2, MOST_ROUTES)
    return with_tables(entries - routes, routes)


def with_tables(controls: int, ways: int) -> Config:
    """A configuration with so many destination controls and routes; the same one each time."""
    config = factory("192.0.2.1")
    entries = tuple(
        DestinationControl(
            f"d{each}.example.com",
            concurrency=each % 500 + 1,
            tls=TLS[each % 3],
            dane=DANE[each % 2] if each % 3 else None,
        )
        for each in range(controls)
    )
    relays = ("relay.example.com/pri=0", "[relay2.example.com]/pri=10")
    return replace(
        config,
        destinations=replace(config.destinations, entries=entries),
        smtp_routes=tuple(SmtpRoute(f"r{each}.example.net", relays) for each in range(ways)),
    )


def with_another_limit(config: Config, position: int, limit: int) -> Config:
    """The configuration with one setting of one destination changed."""
    entries = config.destinations.entries
    entry = replace(entries[position], concurrency=limit)
    changed = (*entries[:position], entry, *entries[position + 1 :])
    return replace(config, destinations=replace(config.destinations, entries=changed))
