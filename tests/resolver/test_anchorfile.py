"""The text in which a trust point is kept: it comes back as it was, or is refused by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver.anchorfile import LARGEST, decoded, encoded
from esashell.resolver.anchors import ROOT_ANCHOR, BadAnchor
from esashell.resolver.names import ROOT
from esashell.resolver.rollover import (
    ADD_HOLD_DOWN,
    KeyState,
    TrackedKey,
    TrustPoint,
    fingerprint,
    trust_point,
)
from esashell.resolver.rrtypes import RRType
from tests.resolver.signer import n

T0 = 1_750_248_000  # 2025-06-18T12:00:00Z
OLD, NEW = b"\x01\x01\x03\x0d" + b"o" * 64, b"\x01\x01\x03\x0d" + b"n" * 64

POINT = TrustPoint(
    ROOT,
    (
        TrackedKey(RRType.DNSKEY, OLD, KeyState.VALID, T0, T0 + 60),
        TrackedKey(
            RRType.DNSKEY, NEW, KeyState.PENDING, T0, T0, ADD_HOLD_DOWN, (fingerprint(ROOT, OLD),)
        ),
        TrackedKey(RRType.DS, ROOT_ANCHOR.ds[0], KeyState.MISSING, T0),
    ),
    asked=T0 + 60,
    seen=T0 + 60,
    due=T0 + 3660,
    ttl=86_400,
    life=1_209_600,
)
LINES = encoded(POINT).decode().splitlines()


def test_the_text_can_be_read_by_a_person() -> None:
    assert LINES[2:9] == [
        "version 1",
        "zone .",
        "asked 2025-06-18T12:01:00Z",
        "seen 2025-06-18T12:01:00Z",
        "due 2025-06-18T13:01:00Z",
        "ttl 86400",
        "life 1209600",
    ]
    assert LINES[9].startswith(
        "valid since=2025-06-18T12:00:00Z seen=2025-06-18T12:01:00Z tag=61947 DNSKEY 257 3 13 b29v"
    )
    assert LINES[11].startswith("missing since=2025-06-18T12:00:00Z seen=never tag=20326 DS 20326 ")
    assert LINES[12:] == ["end 3"]


def test_the_built_in_anchor_comes_back() -> None:
    point = trust_point(ROOT_ANCHOR, T0)
    assert decoded(encoded(point)) == point


TIMES = st.integers(0, 4_000_000_000)
DNSKEYS = st.binary(min_size=1, max_size=80).map(lambda it: b"\x01\x01\x03\x08" + it)
PRINTS = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=3).map(tuple)
TRACKED = st.one_of(
    st.builds(
        TrackedKey, st.just(48), DNSKEYS,
        st.sampled_from([KeyState.VALID, KeyState.MISSING, KeyState.REVOKED, KeyState.REMOVED]),
        TIMES, TIMES,
    ),
    st.builds(
        TrackedKey, st.just(48), DNSKEYS, st.just(KeyState.PENDING), TIMES, TIMES, TIMES, PRINTS
    ),
    st.builds(
        TrackedKey, st.just(43), st.binary(min_size=5, max_size=40),
        st.sampled_from([KeyState.VALID, KeyState.MISSING]), TIMES, TIMES,
    ),
)  # fmt: skip
POINTS = st.builds(
    TrustPoint,
    st.sampled_from([ROOT, n("test"), n("a.b\\032c.test")]),
    st.lists(TRACKED, min_size=1, max_size=5, unique_by=lambda it: it.rdata).map(tuple),
    TIMES, TIMES, TIMES, TIMES, TIMES,
)  # fmt: skip


@given(POINTS)
def test_what_is_written_comes_back(point: TrustPoint) -> None:
    assert decoded(encoded(point)) == point


def changed(number: int, line: str) -> bytes:
    lines = [*LINES]
    lines[number - 1] = line
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("number", "line", "complaint"),
    [
        (3, "version 2", "another esashell"),
        (3, "version one", "not a number"),
        (3, "version", '"version" and one word'),
        (4, "zone a..b", "label"),
        (5, "asked yesterday", "not a time"),
        (5, "asked 2025-13-01T00:00:00Z", "not a time"),
        (5, "asked 1969-12-31T23:59:59Z", "before 1970"),
        (5, "asked 2025-06-18T12:00:00Z 1", '"asked" and one word'),
        (8, "ttl -1", "not a number"),
        (8, "ttl ١", "no text"),
        (8, "life 1", '"ttl" and one word'),
        (10, LINES[9].replace("valid", "trusted"), "no state"),
        (10, LINES[9].replace("valid", "start"), "no state"),
        (10, LINES[9].replace("tag=61947", "tag=61948"), "tag is 61947"),
        (10, LINES[9].replace("b29v", "b29w", 1), "was changed"),
        (10, LINES[9][:40], "not complete"),
        (10, "valid", "not complete"),
        (10, LINES[9].replace("since=", "when="), '"since="'),
        (10, LINES[9].replace("DNSKEY", "A"), "DS or DNSKEY"),
        (10, LINES[9].replace("b29v", "***"), "base64"),
        (10, LINES[9].replace("valid", "pending"), '"hold="'),
        (11, LINES[10].replace("by=", "by=00"), "fingerprints"),
        (11, LINES[9], "further up"),
        (12, LINES[11].replace("missing", "revoked"), "cannot be revoked"),
        (13, "end 2", "not as many"),
        (13, "end", "not as many"),
    ],
)
def test_a_damaged_line_is_named(number: int, line: str, complaint: str) -> None:
    with pytest.raises(BadAnchor) as refusal:
        decoded(changed(number, line))
    text = str(refusal.value)
    assert complaint in text
    assert "\n" not in text
    assert text.startswith(f"line {number}: ")


def test_a_lost_key_and_a_line_too_many_are_noticed() -> None:
    with pytest.raises(BadAnchor, match="line 13: there are 2 keys above"):
        decoded(changed(12, "# lost"))
    with pytest.raises(BadAnchor, match="line 14: there is something behind the end"):
        decoded(encoded(POINT) + b"valid\n")


def test_a_file_that_was_cut_off_anywhere_is_refused() -> None:
    whole = encoded(POINT)
    assert decoded(whole[:-1]) == POINT  # without the last line's end it is still whole
    for length in range(len(whole) - 1):
        with pytest.raises(BadAnchor):
            decoded(whole[:length])


def test_a_file_without_keys_or_without_end_in_size_is_refused() -> None:
    head = "\n".join(LINES[:9])
    with pytest.raises(BadAnchor, match="line 10: there is no key"):
        decoded(f"{head}\nend 0\n".encode())
    with pytest.raises(BadAnchor, match="larger"):
        decoded(b"#" * (LARGEST + 1))


@given(st.binary(max_size=300))
def test_any_bytes_are_a_trust_point_or_refused(junk: bytes) -> None:
    with pytest.raises(BadAnchor, match=r"^line \d+: "):
        decoded(junk)


@given(st.integers(0, len(encoded(POINT)) - 1), st.binary(max_size=4))
def test_a_few_changed_octets_are_a_trust_point_or_refused(place: int, junk: bytes) -> None:
    whole = encoded(POINT)
    try:
        found = decoded(whole[:place] + junk + whole[place + len(junk) :])
    except BadAnchor:
        return
    assert decoded(encoded(found)) == found
