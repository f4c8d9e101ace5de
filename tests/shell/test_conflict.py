"""What two operators have both changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.changes import changes
from esashell.config.merge import contested, merged
from esashell.config.model.dnsserver import DnsServer
from esashell.config.revision import Head
from esashell.config.tree import factory
from esashell.errors import CommitRefused
from esashell.shell.conflict import told

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
            ["dns.servers[192.0.2.1]"],
        ),
        (with_servers(first(ONE), TWO), with_servers(TWO), ["dns.servers[192.0.2.1]"]),
        (with_servers(TWO), with_servers(first(ONE), TWO), ["dns.servers[192.0.2.1]"]),
        (with_servers(TWO), with_servers(TWO), []),
        (with_servers(ONE, TWO, THREE), with_servers(ONE, TWO, first(THREE)),
         ["dns.servers[192.0.2.3]"]),
        (with_servers(TWO, ONE), with_servers(ONE, TWO, THREE), ["dns.servers"]),
        (with_servers(TWO, ONE), with_servers(first(ONE), TWO), []),
    ],
)  # fmt: skip
def test_only_what_both_have_made_different_is_contested(mine, theirs, paths):
    assert [each.path for each in contested(BASE, mine, theirs)] == paths


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
        merged(BASE, mine, theirs)
    except CommitRefused as refusal:
        contests = contested(BASE, mine, theirs)
        assert contests
        lines = "\n".join(told(str(refusal), BASE, mine, theirs))
        yours = [each for contest in contests for each in contest.mine]
        assert all(f"{each} (yours)" in lines for each in yours)
        assert ("Your other changes stay" in lines) == (len(yours) < len(changes(BASE, mine)))


def test_who_has_changed_it_and_when_is_told() -> None:
    mine, theirs = with_servers(first(ONE), TWO), with_servers(second(ONE), TWO)
    theirs = replace(theirs, hostname="b.example")
    in_between = with_servers(second(ONE), TWO)
    since = (
        (Head(3, "bob", 1_740_819_600_000_000, "", 2), changes(in_between, theirs)),
        (Head(2, "al\x1bice", 1_740_819_000_000_000, "", 1), changes(BASE, in_between)),
    )
    assert list(told("", BASE, mine, theirs, since))[:3] == [
        "Changed on both sides: dns.servers[192.0.2.1].priority: 0 -> 1 (yours)",
        "                       dns.servers[192.0.2.1].priority: 0 -> 2 (running)",
        r"                       by al\x1bice, revision 2, 2025-03-01 08:50:00 UTC",
    ]
