"""An appliance's memory for tests: a few commits, and everything that is on the disk."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from esashell.clock import SECOND
from esashell.config.model.dnsserver import DnsServer
from esashell.config.store import Store
from esashell.config.tree import Config, factory
from esashell.errors import CommitRefused

MOMENT = 1_740_819_600 * SECOND  # 2025-03-01 09:00:00 UTC
FACTORY = factory("194.191.40.83", "194.191.40.84")


def named(hostname: str) -> Config:
    return replace(FACTORY, hostname=hostname)


def with_server(config: Config, address: str) -> Config:
    servers = (*config.dns.servers, DnsServer(address))
    return replace(config, dns=replace(config.dns, servers=servers))


def files(directory: Path) -> dict[str, bytes]:
    """Every file below the folder and what is in it; but not the lock, which is no content."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def three_commits(store: Store) -> None:
    for number, name in enumerate(("one", "two", "three")):
        store.commit(number, named(f"{name}.example"), "admin", f"comment {name}")


def refusal(store: Store, base: int, config: Config = FACTORY) -> str:
    with pytest.raises(CommitRefused) as refused:
        store.commit(base, config, "eve", "mine")
    return str(refused.value)
