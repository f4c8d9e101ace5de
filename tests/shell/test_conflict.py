"""What two operators have both changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.changes import apply, changes
from esashell.config.model.dnsserver import DnsServer
from esashell.config.tree import factory
from esashell.errors import CommitRefused
from esashell.shell.conflict import contested, told

BASE = factory("192.0.2.1", "192.0.2.2")
ONE, TWO = BASE.dns.servers
THREE = DnsServer("192.0.2.3")


def with_servers(*servers, **dns):
    return replace(BASE, dns=replace(BASE.dns, servers=servers, **dns))


def first(server):
    return replace(server, priority=1)


def second(server):
    return replace(server, priority=2)


@pytest.mark.parametrize(
    ("mine", "theirs", "paths"),
    [
        (BASE, with_servers(TWO), []),
        (replace(BASE, hostname="a.example"), replace(BASE, hostname="b.example"), ["hostname"]),
        (replace(BASE, hostname="a.example"), replace(BASE, hostname="a.example"), []),
        (replace(BASE, hostname="a.example"), with_servers(TWO), []),
        (with_servers(first(ONE), TWO), with_servers(ONE, first(TWO)), []),
        (
            with_servers(first(ONE), TWO),
            with_servers(second(ONE), TWO),
            ["dns.servers[192.0.2.1].priority"],
        ),
        (with_servers(first(ONE), TWO), with_servers(TWO), ["dns.servers[192.0.2.1].priority"]),
        (with_servers(TWO), with_servers(first(ONE), TWO), ["dns.servers[192.0.2.1]"]),
        (with_servers(TWO), with_servers(TWO), []),
        (with_servers(ONE, TWO, THREE), with_servers(ONE, TWO, first(THREE)),
         ["dns.servers[192.0.2.3]"]),
        (with_servers(TWO, ONE), with_servers(ONE, TWO, THREE), ["dns.servers"]),
        (with_servers(TWO, ONE), with_servers(first(ONE), TWO), []),
    ],
)  # fmt: skip
def test_only_what_both_have_made_different_is_contested(mine, theirs, paths):
    assert [each.path for each, _ in contested(BASE, mine, theirs)] == paths


SERVERS = st.lists(
    st.sampled_from([ONE, TWO, THREE, first(ONE), second(ONE), first(THREE)]),
    max_size=3,
    unique_by=lambda server: server.address,
)
CONFIGS = st.builds(
    lambda servers, name: replace(with_servers(*servers), hostname=name),
    SERVERS,
    st.sampled_from([BASE.hostname, "a.example", "b.example"]),
)


@given(mine=CONFIGS, theirs=CONFIGS)
def test_what_cannot_be_put_on_top_is_always_explained(mine, theirs):
    try:
        apply(theirs, changes(BASE, mine))
    except CommitRefused as refusal:
        pairs = contested(BASE, mine, theirs)
        assert pairs
        lines = list(told(str(refusal), BASE, mine, theirs))
        assert all(f"{yours} (yours)" in "\n".join(lines) for yours, _ in pairs)
        assert any("Your other changes stay" in each for each in lines) == (
            len(pairs) < len(changes(BASE, mine))
        )
