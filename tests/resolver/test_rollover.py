"""Trust anchors followed by RFC 5011: each line of its state table, its timers, its attackers."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.resolver.anchors import Anchor
from esashell.resolver.names import ROOT
from esashell.resolver.rollover import (
    ADD_HOLD_DOWN,
    DAY,
    HOUR,
    MOST_PENDING,
    TRANSITIONS,
    KeyEvent,
    KeyState,
    Sighting,
    TrackedKey,
    TrustPoint,
    anchor_of,
    fingerprint,
    followed,
    is_due,
    query_interval,
    retry_time,
    trust_point,
    without_revoke_bit,
)
from esashell.resolver.rrtypes import RRType

T0 = 1_750_000_000


def key(number: int) -> bytes:
    """A made-up secure entry point; nothing here looks into keys."""
    return b"\x01\x01\x03\x0d" + number.to_bytes(64, "big")


OLD, NEW, THIRD = key(1), key(2), key(3)


def point(*tracked: TrackedKey) -> TrustPoint:
    return TrustPoint(ROOT, tracked, ttl=DAY, life=14 * DAY)


def at(rdata: bytes, state: KeyState, since: int = T0, **more: object) -> TrackedKey:
    if state is KeyState.PENDING:
        more = {"hold": ADD_HOLD_DOWN, "signers": (fingerprint(ROOT, OLD),), **more}
    return TrackedKey(RRType.DNSKEY, rdata, state, since, **more)  # type: ignore[arg-type]


def see(*keys: bytes, by: tuple[bytes, ...] = (OLD,), revoked: tuple[bytes, ...] = ()) -> Sighting:
    return Sighting(keys, revoked, by, ttl=DAY, life=14 * DAY)


def states(of: TrustPoint) -> dict[bytes, KeyState]:
    return {each.rdata: each.state for each in of.keys}


def believed(of: TrustPoint) -> set[bytes]:
    return {each.rdata for each in of.believed}


# Section 4, line by line: from a state, by a sighting, to a state.
VALID_OLD = at(OLD, KeyState.VALID)
LATER = T0 + ADD_HOLD_DOWN
TABLE = {
    "Start -NewKey-> AddPend": (None, see(OLD, NEW), T0, KeyState.PENDING),
    "AddPend -KeyRem-> Start": (KeyState.PENDING, see(OLD), T0 + DAY, None),
    "AddPend stays before its time": (
        KeyState.PENDING, see(OLD, NEW), LATER - 1, KeyState.PENDING),
    "AddPend -AddTime-> Valid": (KeyState.PENDING, see(OLD, NEW), LATER, KeyState.VALID),
    "AddPend -KeyRem-> Start, even when the time is over": (
        KeyState.PENDING, see(OLD), LATER + DAY, None),
    "AddPend that revokes itself is not waited for": (
        KeyState.PENDING, see(OLD, NEW, revoked=(NEW,)), LATER, None),
    "Start stays when the new key revokes itself": (
        None, see(OLD, NEW, revoked=(NEW,)), T0, None),
    "Valid stays": (KeyState.VALID, see(OLD, NEW), LATER, KeyState.VALID),
    "Valid -KeyRem-> Missing": (KeyState.VALID, see(OLD), T0 + DAY, KeyState.MISSING),
    "Valid -RevBit-> Revoked": (
        KeyState.VALID, see(OLD, revoked=(NEW,)), T0 + 1, KeyState.REVOKED),
    "Missing stays for ever": (
        KeyState.MISSING, see(OLD), T0 + 4000 * DAY, KeyState.MISSING),
    "Missing -KeyPres-> Valid": (KeyState.MISSING, see(OLD, NEW), T0 + DAY, KeyState.VALID),
    "Missing -RevBit-> Revoked": (
        KeyState.MISSING, see(OLD, revoked=(NEW,)), T0 + 1, KeyState.REVOKED),
    "Revoked stays before its time": (KeyState.REVOKED, see(OLD), LATER - 1, KeyState.REVOKED),
    "Revoked -RemTime-> Removed": (KeyState.REVOKED, see(OLD), LATER, KeyState.REMOVED),
    "Revoked stays while it is still published": (
        KeyState.REVOKED, see(OLD, revoked=(NEW,)), LATER, KeyState.REVOKED),
    "Revoked never comes back": (KeyState.REVOKED, see(OLD, NEW), LATER, KeyState.REVOKED),
    "Removed never comes back": (KeyState.REMOVED, see(OLD, NEW), LATER, KeyState.REMOVED),
}  # fmt: skip


@pytest.mark.parametrize("line", TABLE)
def test_section_4_the_state_table(line: str) -> None:
    before, seen, now, after = TABLE[line]
    start = point(VALID_OLD, *([at(NEW, before)] if before else []))
    end, changes = followed(start, seen, now)
    assert states(end).get(NEW) is after
    assert states(end)[OLD] is KeyState.VALID
    moved = before is not after
    assert len(changes) == moved
    if moved:
        (change,) = changes
        was, will = before or KeyState.START, after or KeyState.START
        assert (change.before, change.after) == (was, will)
        assert TRANSITIONS[was, change.event] is will
        assert f"key {change.key_tag} of ." in change.text


def test_every_line_of_the_table_is_met_by_a_test() -> None:
    met = set()
    for before, seen, now, _ in TABLE.values():
        start = point(VALID_OLD, *([at(NEW, before)] if before else []))
        met |= {(each.before, each.event) for each in followed(start, seen, now)[1]}
    assert met == set(TRANSITIONS)


@pytest.mark.parametrize("state", KeyState)
def test_a_set_that_no_believed_key_signed_changes_no_key(state: KeyState) -> None:
    start = point(VALID_OLD, at(NEW, state))
    for signer in ((), (THIRD,), (NEW,)):
        if signer == (NEW,) and at(NEW, state).believed:
            continue
        end, changes = followed(start, see(NEW, THIRD, by=signer), LATER)
        assert (end.keys, end.seen, changes) == (start.keys, 0, ())
        assert (end.asked, end.due) == (LATER, LATER + retry_time(DAY, 14 * DAY))


def test_a_missing_key_remains_a_valid_trust_point_key() -> None:
    # Section 4.2, Missing: it goes on vouching for others.
    start = point(VALID_OLD, at(NEW, KeyState.MISSING))
    end, _ = followed(start, see(NEW, THIRD, by=(NEW,)), T0)
    assert states(end) == {
        OLD: KeyState.MISSING, NEW: KeyState.VALID, THIRD: KeyState.PENDING
    }  # fmt: skip
    assert believed(end) == {OLD, NEW}


def test_2_1_a_revoked_key_is_used_for_nothing_but_its_own_revocation() -> None:
    # NEW revokes itself in an RRset that it alone has signed: that much holds, and no more.
    start = point(VALID_OLD, at(NEW, KeyState.VALID))
    end, changes = followed(start, see(THIRD, by=(NEW,), revoked=(NEW,)), T0 + 5)
    assert states(end) == {OLD: KeyState.VALID, NEW: KeyState.REVOKED}
    assert [each.event for each in changes] == [KeyEvent.REVOKE_BIT]
    assert end.seen == 0


def test_2_1_revocation_is_immediate_and_permanent() -> None:
    now = T0
    current, _ = followed(
        point(VALID_OLD, at(NEW, KeyState.VALID)), see(OLD, NEW, revoked=(NEW,)), now
    )
    for _ in range(400):
        assert believed(current) == {OLD}
        assert NEW not in anchor_of(current).dnskeys
        now += DAY
        current, _ = followed(current, see(OLD, NEW), now)
    assert states(current)[NEW] is KeyState.REVOKED


def test_2_2_seeing_the_set_without_the_new_key_resets_the_timer() -> None:
    current, _ = followed(point(VALID_OLD), see(OLD, NEW), T0)
    current, _ = followed(current, see(OLD), T0 + 29 * DAY)
    current, _ = followed(current, see(OLD, NEW), T0 + 30 * DAY)
    current, _ = followed(current, see(OLD, NEW), T0 + 59 * DAY)
    assert believed(current) == {OLD}
    current, _ = followed(current, see(OLD, NEW), T0 + 60 * DAY)
    assert believed(current) == {OLD, NEW}


def test_2_2_the_new_key_is_no_anchor_until_a_set_is_seen_after_the_hold_down() -> None:
    current, _ = followed(point(VALID_OLD), see(OLD, NEW), T0)
    # Time alone adds nothing, nor does an RRset that is not valid.
    current, _ = followed(current, see(OLD, NEW, by=()), T0 + 31 * DAY)
    assert believed(current) == {OLD}
    current, _ = followed(current, see(OLD, NEW), T0 + 32 * DAY)
    assert believed(current) == {OLD, NEW}


def test_2_2_if_all_keys_that_validated_it_are_revoked_the_acceptance_stops() -> None:
    start = point(VALID_OLD, at(THIRD, KeyState.VALID))
    current, _ = followed(start, see(OLD, THIRD, NEW), T0)
    current, _ = followed(current, see(THIRD, NEW, by=(THIRD,), revoked=(OLD,)), T0 + 10 * DAY)
    # It begins anew, now vouched for by the key that is left.
    pending = next(each for each in current.keys if each.rdata == NEW)
    assert (pending.state, pending.since) == (KeyState.PENDING, T0 + 10 * DAY)
    assert pending.signers == (fingerprint(ROOT, THIRD),)
    current, _ = followed(current, see(THIRD, NEW, by=(THIRD,)), T0 + 39 * DAY)
    assert believed(current) == {THIRD}
    current, _ = followed(current, see(THIRD, NEW, by=(THIRD,)), T0 + 40 * DAY)
    assert believed(current) == {THIRD, NEW}


def test_2_2_one_voucher_that_is_left_is_enough() -> None:
    start = point(VALID_OLD, at(THIRD, KeyState.VALID))
    current, _ = followed(start, see(OLD, THIRD, NEW, by=(OLD, THIRD)), T0)
    current, _ = followed(current, see(THIRD, NEW, by=(THIRD,), revoked=(OLD,)), T0 + 10 * DAY)
    current, _ = followed(current, see(THIRD, NEW, by=(THIRD,)), T0 + 30 * DAY)
    assert believed(current) == {THIRD, NEW}


def test_2_4_1_the_hold_down_is_the_ttl_if_that_is_longer() -> None:
    slow = replace(see(OLD, NEW), ttl=45 * DAY)
    current, _ = followed(point(VALID_OLD), slow, T0)
    current, _ = followed(current, slow, T0 + 45 * DAY - 1)
    assert believed(current) == {OLD}
    current, _ = followed(current, slow, T0 + 45 * DAY)
    assert believed(current) == {OLD, NEW}


def test_2_4_3_many_keys_are_managed_and_a_flood_is_not() -> None:
    some = [key(100 + each) for each in range(5)]
    current, _ = followed(point(VALID_OLD), see(OLD, *some), T0)
    current, _ = followed(current, see(OLD, *some), LATER)
    assert believed(current) == {OLD, *some}
    flood = [key(1000 + each) for each in range(500)]
    current, _ = followed(current, see(OLD, *some, *flood), LATER + DAY)
    assert len(current.keys) == 1 + len(some) + MOST_PENDING


@pytest.mark.parametrize(
    ("ttl", "life", "interval", "retry"),
    [
        (0, 0, HOUR, HOUR),
        (172_800, 14 * DAY, DAY, 17_280),  # the root's own
        (400 * DAY, 400 * DAY, 15 * DAY, DAY),
        (3 * HOUR, 14 * DAY, 3 * HOUR // 2, HOUR),
        (20 * DAY, 4 * DAY, 2 * DAY, 34_560),
    ],
)
def test_2_3_query_interval_and_retry_time(ttl: int, life: int, interval: int, retry: int) -> None:
    assert query_interval(ttl, life) == interval
    assert retry_time(ttl, life) == retry
    seen, _ = followed(point(VALID_OLD), replace(see(OLD), ttl=ttl, life=life), T0)
    assert (seen.due, seen.asked, seen.seen) == (T0 + interval, T0, T0)
    missed, _ = followed(seen, see(OLD, by=()), T0 + interval)
    assert (missed.due, missed.seen) == (T0 + interval + retry, T0)


def test_it_is_due_at_once_then_on_time_and_after_the_clock_was_set_back() -> None:
    fresh = trust_point(Anchor(ROOT, dnskeys=(OLD,)), T0)
    assert is_due(fresh, T0)
    asked, _ = followed(fresh, see(OLD), T0)
    assert [is_due(asked, when) for when in (T0, asked.due - 1, asked.due, T0 - 1)] == [
        False, False, True, True,
    ]  # fmt: skip


def test_a_wait_that_began_in_the_future_begins_anew() -> None:
    current = point(VALID_OLD, at(NEW, KeyState.PENDING, T0 + 900 * DAY))
    current, _ = followed(current, see(OLD, NEW), T0)
    current, _ = followed(current, see(OLD, NEW), T0 + 30 * DAY)
    assert believed(current) == {OLD, NEW}


def test_5_a_trust_point_whose_anchors_are_all_revoked_is_deleted() -> None:
    end, _ = followed(point(VALID_OLD), see(NEW, revoked=(OLD,)), T0)
    assert anchor_of(end, "gone") == Anchor(ROOT, note="gone")
    assert not is_due(end, T0 + 9999 * DAY)


def test_2_4_2_a_revoked_key_is_removed_thirty_days_after_it_was_last_seen() -> None:
    current, _ = followed(point(VALID_OLD, at(NEW, KeyState.VALID)), see(OLD, revoked=(NEW,)), T0)
    current, _ = followed(current, see(OLD, revoked=(NEW,)), T0 + 20 * DAY)
    current, _ = followed(current, see(OLD), T0 + 50 * DAY - 1)
    assert states(current)[NEW] is KeyState.REVOKED
    current, _ = followed(current, see(OLD), T0 + 50 * DAY)
    assert states(current)[NEW] is KeyState.REMOVED


def test_configured_keys_are_believed_without_a_wait() -> None:
    anchor = Anchor(ROOT, ds=(b"\x00\x01\x0d\x02" + bytes(32),), dnskeys=(OLD,))
    assert anchor_of(trust_point(anchor, T0)) == anchor


def test_the_revoke_bit_moves_the_tag_and_nothing_else() -> None:
    revoked = bytes((OLD[0], OLD[1] | 0x80)) + OLD[2:]
    assert without_revoke_bit(revoked) == OLD == without_revoke_bit(OLD)
    kept = TrackedKey(RRType.DNSKEY, OLD, KeyState.VALID, 0)
    assert TrackedKey(RRType.DNSKEY, revoked, KeyState.VALID, 0).tag == (kept.tag + 128) & 0xFFFF


# A history is what an appliance sees: how long after the last time, which keys, signed by whom,
# revoked by themselves.
KEYS = [key(each) for each in range(1, 6)]
SUBSETS = st.lists(st.sampled_from(KEYS), unique=True).map(tuple)
HISTORY = st.lists(
    st.tuples(st.integers(1, 40 * DAY), SUBSETS, SUBSETS, st.just(()) | SUBSETS),
    max_size=12,
)


@given(HISTORY)
def test_no_key_is_believed_that_was_not_seen_for_thirty_days_and_none_once_revoked(
    history: list[tuple[int, tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]],
) -> None:
    first = {KEYS[0], KEYS[1]}
    current = trust_point(Anchor(ROOT, dnskeys=tuple(sorted(first))), T0)
    now = T0
    watched: dict[bytes, int] = {}  # since when a key has been in every valid RRset
    revoked: set[bytes] = set()
    for wait, keys, signers, revoking in history:
        now += wait
        trusted = believed(current)
        revoked |= trusted & set(revoking)
        signers = tuple(each for each in signers if each in keys)  # as every sighting has it
        vouching = (trusted - revoked) & set(signers)
        current, _ = followed(current, see(*keys, by=signers, revoked=revoking), now)
        if vouching:
            watched = {each: watched.get(each, now) for each in keys}
        for each in believed(current) - first - trusted:
            assert vouching
            assert now - watched[each] >= 30 * DAY
        # Nothing but its own revocation ends trust.
        assert trusted - believed(current) == trusted & set(revoking)
        assert not believed(current) & revoked


@given(
    st.lists(st.tuples(st.integers(1, 29 * DAY), SUBSETS), max_size=10),
    st.integers(0, 29 * DAY),
)
def test_6_4_who_stole_one_key_adds_none_before_the_owner_had_thirty_days_to_revoke_it(
    forged: list[tuple[int, tuple[bytes, ...]]], noticed: int
) -> None:
    stolen, other = KEYS[0], KEYS[1]
    current = trust_point(Anchor(ROOT, dnskeys=(stolen, other)), T0)
    moments = sorted({min(each, noticed) for each in itertools.accumulate(w for w, _ in forged)})
    for moment, (_, keys) in zip(moments, forged, strict=False):
        seen = see(*keys, stolen, by=(stolen,))
        current, _ = followed(current, seen, T0 + moment)
        assert believed(current) == {stolen, other}
    # The owner revokes the stolen key; the forger goes on for ever, and gets nowhere.
    current, _ = followed(current, see(other, by=(other,), revoked=(stolen,)), T0 + noticed + 1)
    for days in range(1, 100):
        forgery = see(*KEYS, by=(stolen,))
        current, _ = followed(current, forgery, T0 + noticed + 1 + days * DAY)
    assert believed(current) == {other}


@given(SUBSETS, SUBSETS, SUBSETS)
def test_the_order_of_keys_in_the_answer_never_matters(
    keys: tuple[bytes, ...], signers: tuple[bytes, ...], revoking: tuple[bytes, ...]
) -> None:
    start = point(VALID_OLD, at(NEW, KeyState.PENDING, T0 - 31 * DAY), at(THIRD, KeyState.MISSING))
    one, _ = followed(start, see(*keys, by=signers, revoked=revoking), T0)
    other, _ = followed(start, see(*keys[::-1], by=signers[::-1], revoked=revoking[::-1]), T0)
    assert {each.rdata: each for each in one.keys} == {each.rdata: each for each in other.keys}
