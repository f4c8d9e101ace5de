"""The root's keys in the state folder: when they are asked for, kept, refused, and shared."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from esashell.clock import SECOND, FixedClock
from esashell.commands.daneverify import verification
from esashell.config.model.dnsserver import DnsSettings
from esashell.dane.table import Verified
from esashell.errors import BadConfiguration
from esashell.resolver.anchorfile import decoded, encoded
from esashell.resolver.names import name_from_text
from esashell.resolver.rollover import TrustPoint
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from tests.shell.play import NINE

HOUR = 3600 * SECOND
HALF_TTL = 12  # hours: half of what the lab's root gives its keys


def appliance(folder: Path, clock: FixedClock | None = None) -> Session:
    return Session(Options(), str(folder), Output(json=False), clock=clock or FixedClock(NINE))


def cost(session: Session, domain: str = "dane.lab") -> int:
    """How many queries it takes to verify a domain, which must succeed."""
    before = session.conversations.counters.queries
    name = name_from_text(domain)
    evidence = session.converse(verification(session, name), lambda finding: None)
    assert evidence.verdict is Verified.SUCCESS
    return session.conversations.counters.queries - before


def kept(folder: Path) -> TrustPoint:
    return decoded((folder / "anchors" / "root.key").read_bytes())


def test_the_first_look_up_asks_once_and_the_next_start_does_not(tmp_path: Path) -> None:
    first = cost(appliance(tmp_path))
    written = (tmp_path / "anchors" / "root.key").read_bytes()
    assert cost(appliance(tmp_path)) == first - 1
    assert (tmp_path / "anchors" / "root.key").read_bytes() == written


def test_nothing_is_asked_before_it_is_time_and_warm_look_ups_cost_nothing(tmp_path: Path) -> None:
    clock = FixedClock(NINE)
    session = appliance(tmp_path, clock)
    cost(session)
    assert cost(session) == 0
    clock.advance(HALF_TTL * HOUR - SECOND)
    seen = kept(tmp_path).seen
    cost(session)
    assert kept(tmp_path).seen == seen
    clock.advance(SECOND)
    cost(session)
    assert kept(tmp_path).seen == seen + HALF_TTL * 3600


def test_a_command_without_network_keeps_no_keys(tmp_path: Path) -> None:
    session = appliance(tmp_path)
    session.sender  # noqa: B018  (a resolver is made, and no conversation held)
    assert session.conversations.counters.queries == 0
    assert not (tmp_path / "anchors").exists()


def test_what_another_session_learnt_is_taken_over(tmp_path: Path) -> None:
    clock = FixedClock(NINE)
    idle, busy = appliance(tmp_path, clock), appliance(tmp_path, clock)
    cost(idle)
    cost(busy)
    clock.advance(20 * HOUR)
    cost(busy)
    seen = kept(tmp_path).seen
    clock.advance(HOUR)
    cost(idle)
    assert kept(tmp_path).seen == seen


def test_resolvers_that_pass_no_dnssec_change_no_key_and_are_not_asked_all_the_time(
    tmp_path: Path,
) -> None:
    clock = FixedClock(NINE)
    cost(appliance(tmp_path, clock))
    before = kept(tmp_path)
    clock.advance(HALF_TTL * HOUR)
    stripped = appliance(tmp_path, clock)
    servers = tuple(replace(each, address="192.0.2.53") for each in stripped.config.dns.servers[:1])
    stripped.stage(replace(stripped.config, dns=replace(stripped.config.dns, servers=servers)))
    stripped.commit("")
    name = name_from_text("dane.lab")
    for _ in range(2):
        evidence = stripped.converse(verification(stripped, name), lambda finding: None)
        assert evidence.verdict is Verified.FAILED
    after = kept(tmp_path)
    assert after.keys == before.keys
    assert (after.seen, after.asked) == (before.seen, NINE // SECOND + HALF_TTL * 3600)
    assert after.due == after.asked + 86_400 // 10


def test_the_root_servers_serve_as_well(tmp_path: Path) -> None:
    session = appliance(tmp_path)
    session.stage(replace(session.config, dns=DnsSettings(servers=())))
    session.commit("")
    cost(session)
    assert kept(tmp_path).seen == NINE // SECOND


@pytest.mark.parametrize(
    ("old", "new", "line"), [("ttl 86400", "ttl", 8), ("zone .", "zone lab.", 4), ("end 1", "", 12)]
)
def test_a_damaged_file_stops_look_ups_is_named_by_its_line_and_left_alone(
    tmp_path: Path, old: str, new: str, line: int
) -> None:
    cost(appliance(tmp_path))
    path = tmp_path / "anchors" / "root.key"
    damaged = path.read_text().replace(old, new)
    path.write_text(damaged)
    session = appliance(tmp_path)
    with pytest.raises(BadConfiguration) as refusal:
        cost(session)
    text = str(refusal.value)
    assert f"{path}, line {line}: " in text
    assert "\n" not in text
    assert session.conversations.counters.queries == 0
    assert path.read_text() == damaged
    path.unlink()
    cost(session)


def test_a_file_that_is_damaged_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    clock = FixedClock(NINE)
    session = appliance(tmp_path, clock)
    cost(session)
    path = tmp_path / "anchors" / "root.key"
    path.write_bytes(b"\xff\x00")
    clock.advance(HALF_TTL * HOUR)
    with pytest.raises(BadConfiguration, match="line 1"):
        cost(session)
    assert path.read_bytes() == b"\xff\x00"


def test_a_file_that_cannot_be_read_is_refused_with_the_system_s_reason(tmp_path: Path) -> None:
    (tmp_path / "anchors" / "root.key").mkdir(parents=True)
    with pytest.raises(BadConfiguration, match="Is a directory"):
        cost(appliance(tmp_path))


def test_a_disk_that_will_not_keep_the_keys_is_told_and_the_look_up_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "anchors" / ".root.key.new").mkdir(parents=True)
    clock = FixedClock(NINE)
    session = appliance(tmp_path, clock)
    cost(session)
    complaint = capsys.readouterr().err
    assert complaint.startswith("esashell: the root's keys cannot be kept: ")
    assert complaint.count("\n") == 1
    assert not (tmp_path / "anchors" / "root.key").exists()
    # What it has learnt it goes on knowing, and writes down once it can.
    (tmp_path / "anchors" / ".root.key.new").rmdir()
    clock.advance(HALF_TTL * HOUR)
    cost(session)
    assert kept(tmp_path).keys[0].since == NINE // SECOND
    assert capsys.readouterr().err == ""


def test_a_domain_that_is_not_validated_stays_so_when_the_root_s_keys_change(
    tmp_path: Path,
) -> None:
    clock = FixedClock(NINE)
    session = appliance(tmp_path, clock)
    cost(session)
    resolver = session.sender.resolver
    local = replace(resolver.anchors[0], zone=name_from_text("inside.example"), ds=(), dnskeys=())
    resolver.anchors = (*resolver.anchors, local)
    # Another session has seen one more key become valid.
    point = kept(tmp_path)
    (key,) = point.keys
    other = replace(key, rdata=key.rdata[:-1] + bytes((key.rdata[-1] ^ 1,)))
    later = replace(point, keys=(key, other), due=point.due + 86_400)
    (tmp_path / "anchors" / "root.key").write_bytes(encoded(later))
    clock.advance(HALF_TTL * HOUR)
    resolver.cache.uncut.keep("learnt before", local.zone, clock.now() + HOUR)
    cost(session)
    assert resolver.anchors[0].dnskeys == (key.rdata, other.rdata)
    assert resolver.anchors[1] == local
    # What was believed for the sake of other keys is looked up anew.
    assert resolver.cache.uncut.find("learnt before", clock.now()) is None
