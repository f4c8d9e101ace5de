"""The operator's hold on the resolver: the SHA-1 switch, and what it is told of the rules."""

import datetime

import pytest

from esashell.clock import FixedClock
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.tree import Config
from esashell.reports.trustpoint import anchor_lines, anchors_document
from esashell.resolver.answer import Ede, Security
from esashell.resolver.rollover import KeyState, TrackedKey, TrustPoint
from esashell.resolver.rrtypes import RRType
from esashell.shell.network import resolver
from tests.resolver.signer import World
from tests.shell.test_network import Desk
from tests.worlds.lab.test_root_roll import appliance, days_on, tags, verify

SERVER = DnsServer("192.0.2.53")


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("sha1", "expected"), [(False, Security.INSECURE), (True, Security.SECURE)]
)
@pytest.mark.parametrize("algorithm", [5, 7])
def test_the_sha1_switch_changes_the_verdict_on_a_zone_signed_with_it(sha1, expected, algorithm):
    # RFC 9905 2 against RFC 8624 3.1.
    world = World(algorithm=algorithm)
    config = Config(dns=DnsSettings(servers=(SERVER,), sha1=sha1))
    made = resolver(config, (world.anchor(),), world.clock, ())
    answer = world.ask("a.test", RRType.MX, made)
    assert answer.security is expected
    assert sha1 or answer.reason.code == Ede.UNSUPPORTED_DNSKEY_ALGORITHM


def test_the_switch_is_set_shown_committed_and_effective(desk):
    assert desk.session.sender.resolver.policy.sha1 is False
    desk.run("dnsconfig sha1 yes")
    assert "sha1: no -> yes" in "\n".join(desk.run("showchanges")[1])
    assert desk.session.sender.resolver.policy.sha1 is False
    assert "count: no (dnsconfig sha1)\nAfter 'commit': yes" in "\n".join(
        desk.run("dnsstatus algorithms")[1]
    )
    desk.run("commit x")
    assert "After 'commit'" not in "\n".join(desk.run("dnsstatus algorithms")[1])
    assert desk.session.sender.resolver.policy.sha1 is True
    assert "Zones signed with SHA-1 are validated" in "\n".join(desk.run("dnsconfig print")[1])
    assert "count: yes" in "\n".join(desk.run("dnsstatus algorithms")[1])
    desk.run("dnsconfig sha1 no", "commit y")
    assert desk.session.sender.resolver.policy.sha1 is False
    assert "count: no" in "\n".join(desk.run("dnsstatus algorithms")[1])


@pytest.mark.parametrize(
    ("table", "word"),
    [("limits", "CVE-2023-50868"), ("algorithms", "RSASHA256"), ("anchors", "RFC 5011")],
)
def test_the_tables_are_shown_and_fit_the_screen(desk, table, word):
    status, said = desk.run(f"dnsstatus {table}")
    lines = "\n".join(said).splitlines()
    assert status == 0
    assert any(word in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_operator_sees_a_new_key_of_the_root_wait_and_be_trusted(tmp_path):
    old, new = tags()
    clock = FixedClock(days_on(0))
    session = appliance(tmp_path, clock)
    seen = []
    for day in (0, 3, 20, 36, 41):
        clock.advance(days_on(day) - clock.now())
        verify(session)
        lines = "\n".join(anchor_lines(session.trust_point, session.sender.resolver.anchors))
        assert max(map(len, lines.splitlines())) <= 80
        keys = anchors_document(session.trust_point, (), clock.now())["followed"]["keys"]
        seen.append({key["key_tag"]: (key["state"], key["trusted"]) for key in keys})
        if day in (3, 20):
            until = datetime.datetime.fromtimestamp(days_on(33) // 1_000_000, datetime.UTC)
            assert f"will be trusted after {until:%Y-%m-%dT%H:%M:%SZ} if it stays" in lines
    assert seen == [
        {old: ("valid", True)},
        {old: ("valid", True), new: ("pending", False)},
        {old: ("valid", True), new: ("pending", False)},
        {old: ("valid", True), new: ("valid", True)},
        {old: ("revoked", False), new: ("valid", True)},
    ]


def test_every_state_of_a_key_and_an_anchor_without_any_are_told():
    rdata = bytes((1, 1, 3, 13)) + bytes(64)
    kept = [state for state in KeyState if state is not KeyState.START]
    world = World()
    point = TrustPoint(
        world.root.name, tuple(TrackedKey(48, rdata, state, 5, 5, 7) for state in kept), 5, 5, 9
    )
    text = "\n".join(anchor_lines(point, ()))
    for state in kept:
        assert state.value in text
    assert "never trusted again" in text
    fixed = "\n".join(anchor_lines(None, (world.anchor(),)))
    assert "fixed" in fixed
    assert str(world.root.key.tag) in fixed
