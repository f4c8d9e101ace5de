"""The lab's root changes its key: who is there follows it, and who was switched off does not."""

import datetime
from pathlib import Path

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.commands.daneverify import verification
from esashell.dane.table import Verified
from esashell.delivery.evidence import Evidence
from esashell.errors import BadConfiguration
from esashell.resolver.anchorfile import decoded
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Ede, Security
from esashell.resolver.names import name_from_text
from esashell.resolver.rdata import dnskey, key_tag, rrsig
from esashell.resolver.rollover import KeyState
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from esashell.worlds.lab.scenario import read_scenarios
from esashell.worlds.lab.world import Lab
from tests.worlds.lab.shared_lab import ROOT_SERVER, TLD_SERVER, ask, look_up

ROLL = Path(__file__).with_name("root_roll.toml")
START = datetime.datetime(2025, 6, 18, 12, tzinfo=datetime.UTC)
IETF = name_from_text("ietf.org")


def days_on(day: int) -> int:
    """Noon of a day, counted from the start."""
    return int(START.timestamp() + day * 86_400) * SECOND


def tags() -> tuple[int, int]:
    """The tags of the root's key before the roll and after it."""
    found = []
    for day in (0, 60):
        (key,) = Lab(FixedClock(days_on(day)), scenarios=(ROLL,)).anchor.dnskeys
        found.append(key_tag(key))
    return found[0], found[1]


def appliance(folder: Path, clock: FixedClock, anchor: Path | None = None) -> Session:
    """The appliance switched on, in the lab whose root rolls its key."""
    options = Options()
    options.scenarios = [str(ROLL)]
    options.anchor = str(anchor) if anchor else None
    return Session(options, str(folder), Output(json=False), clock=clock)


def verify(session: Session) -> Evidence:
    return session.converse(verification(session, IETF), lambda finding: None)


def kept(folder: Path) -> dict[int, KeyState]:
    point = decoded((folder / "anchors" / "root.key").read_bytes())
    return {each.tag: each.state for each in point.keys}


def test_what_the_root_publishes_day_by_day() -> None:
    old, new = tags()
    revoked = (old + 128) & 0xFFFF
    clock = FixedClock(days_on(0))
    lab = Lab(clock, scenarios=(ROLL,))
    seen: dict[int, tuple[list[int], set[int], list[int]]] = {}
    for day in range(61):
        (rrset,) = ask(ROOT_SERVER, ".", "DNSKEY", lab).answer
        published = [key_tag(each) for each in rrset.rdatas if dnskey(each).flags & 1]
        signing = {rrsig(each).key_tag for each in rrset.signatures}
        anchor = [key_tag(each) for each in lab.anchor.dnskeys]
        now = sorted(published), signing, anchor
        if not seen or list(seen.values())[-1] != now:
            seen[day] = now
        clock.advance(86_400 * SECOND)
    assert seen == {
        0: ([old], {old}, [old]),
        2: (sorted([old, new]), {old}, [old]),
        36: (sorted([old, new]), {old, new}, [old, new]),
        40: (sorted([revoked, new]), {revoked, new}, [new]),
        53: ([new], {new}, [new]),
    }


def test_an_appliance_that_is_there_follows_the_root_over_sixty_days(tmp_path: Path) -> None:
    old, new = tags()
    clock = FixedClock(days_on(0))
    session = appliance(tmp_path, clock)
    history: dict[int, dict[int, KeyState]] = {}
    for day in range(61):
        evidence = verify(session)
        assert (day, evidence.verdict) == (day, Verified.SUCCESS)
        states = kept(tmp_path)
        if not history or list(history.values())[-1] != states:
            history[day] = states
        clock.advance(86_400 * SECOND)
    assert history == {
        0: {old: KeyState.VALID},
        2: {old: KeyState.VALID, new: KeyState.PENDING},
        # Thirty days later, to the second, and four days before anybody needs it.
        32: {old: KeyState.VALID, new: KeyState.VALID},
        40: {old: KeyState.REVOKED, new: KeyState.VALID},
    }


def test_the_file_carries_it_over_from_one_start_to_the_next(tmp_path: Path) -> None:
    # Switched on now and then: enough, as long as the new key was seen thirty days before.
    old, new = tags()
    for day in (0, 3, 37, 45, 60, 90):
        assert verify(appliance(tmp_path, FixedClock(days_on(day)))).verdict is Verified.SUCCESS
    assert kept(tmp_path) == {old: KeyState.REMOVED, new: KeyState.VALID}


def test_an_appliance_that_was_switched_off_meanwhile_fails_and_names_the_cure(
    tmp_path: Path,
) -> None:
    old, new = tags()
    assert verify(appliance(tmp_path, FixedClock(days_on(0)))).verdict is Verified.SUCCESS
    late = appliance(tmp_path, FixedClock(days_on(60)))
    evidence = verify(late)
    assert evidence.verdict is Verified.FAILED
    mx = evidence.destination.mx
    assert mx.security is Security.BOGUS
    assert mx.reason is not None
    assert mx.reason.code == Ede.DNSKEY_MISSING
    file = tmp_path / "anchors" / "root.key"
    assert f"trust anchor of . points to key {old}" in mx.reason.text
    assert f"it publishes {new}" in mx.reason.text or f", {new}" in mx.reason.text
    assert mx.reason.cure.startswith("the root has changed its keys while this appliance was not")
    assert mx.reason.text.endswith(f"to begin again with the built-in keys, remove {file}")
    # The old key was never revoked in its presence: it stays what it was, and the new one out.
    assert kept(tmp_path) == {old: KeyState.VALID}
    file.unlink()
    assert verify(appliance(tmp_path, FixedClock(days_on(60)))).verdict is Verified.SUCCESS


def test_an_appliance_that_came_back_too_late_sees_its_last_key_revoked(tmp_path: Path) -> None:
    # RFC 5011 5: then the trust point counts as never configured, and nothing is validated.
    old, new = tags()
    verify(appliance(tmp_path, FixedClock(days_on(0))))
    assert verify(appliance(tmp_path, FixedClock(days_on(30)))).verdict is Verified.SUCCESS
    evidence = verify(appliance(tmp_path, FixedClock(days_on(41))))
    assert kept(tmp_path)[old] is KeyState.REVOKED
    assert evidence.verdict is Verified.FAILED
    assert evidence.destination.mx.security is Security.INSECURE
    assert evidence.destination.mx.reason is not None
    text = evidence.destination.mx.reason.text
    assert "has been revoked" in text
    assert str(tmp_path / "anchors" / "root.key") in text
    # And so it stays: no network is asked to vouch for itself.
    assert verify(appliance(tmp_path, FixedClock(days_on(90)))).verdict is Verified.FAILED
    assert kept(tmp_path).get(new) is not KeyState.VALID


def test_an_anchor_from_a_file_stays_as_it_is(tmp_path: Path) -> None:
    anchor = tmp_path / "old.key"
    lab = Lab(FixedClock(days_on(0)), scenarios=(ROLL,))
    anchor.write_text(anchor_text(lab.anchor) + "\n")
    clock = FixedClock(days_on(0))
    session = appliance(tmp_path / "state", clock, anchor)
    for _ in range(50):
        evidence = verify(session)
        clock.advance(86_400 * SECOND)
    assert evidence.destination.mx.security is Security.BOGUS
    assert not (tmp_path / "state" / "anchors").exists()


ROLLS = {
    "order": ("[{ publish = 2025-02-01, sign = 2025-01-01, revoke = 2025-03-01, "
              "remove = 2025-04-01 }]", "in this order"),
    "overlap": ("[{ publish = 2025-01-01, sign = 2025-01-02, revoke = 2025-01-03, "
                "remove = 2025-01-20 }, { publish = 2025-01-10, sign = 2025-01-21, "
                "revoke = 2025-01-22, remove = 2025-01-23 }]", "before the one above"),
    "no date": ('[{ publish = "soon", sign = 2025-01-01, revoke = 2025-03-01, '
                "remove = 2025-04-01 }]", "date"),
    "one missing": ("[{ publish = 2025-01-01 }]", "missing"),
}  # fmt: skip


@pytest.mark.parametrize("case", ROLLS)
def test_a_roll_that_cannot_be_is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    text, complaint = ROLLS[case]
    path = tmp_path / "roll.toml"
    path.write_text(f'[zone."."]\nroll = {text}\n')
    with pytest.raises(BadConfiguration) as refusal:
        read_scenarios([path])
    assert complaint in str(refusal.value)
    assert 'roll.toml: zone."."' in str(refusal.value)


def test_every_zone_can_roll_its_key_and_its_parent_follows(tmp_path: Path) -> None:
    path = tmp_path / "roll.toml"
    path.write_text(
        '[domain."rolls.lab"]\nshows = "x"\nrecords = "@ MX 10 mail\\nmail A 198.51.100.10"\n'
        "roll = [{ publish = 2025-06-20, sign = 2025-06-22, revoke = 2025-06-24, "
        "remove = 2025-06-26 }]\n"
    )
    clock = FixedClock(days_on(0))
    lab = Lab(clock, scenarios=(path,))
    found = set()
    for _ in range(10):
        (ds,) = ask(TLD_SERVER, "rolls.lab", "DS", lab).answer[0].rdatas
        found.add(ds)
        assert look_up("rolls.lab", "MX", lab).security is Security.SECURE
        clock.advance(86_400 * SECOND)
    assert len(found) == 2
