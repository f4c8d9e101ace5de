"""Replies from bytes: however they are split, whatever they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.smtp.replies import (
    LONGEST_LINE,
    MOST_LINES,
    Flaw,
    Nonsense,
    Reply,
    ReplyParser,
    printable,
)

Result = list[Reply | Nonsense]


def replies(*pieces: bytes) -> Result:
    """All that these pieces contain; nonsense ends it."""
    parser = ReplyParser()
    found: Result = []
    for piece in pieces:
        parser.feed(piece)
        while (reply := parser.take()) is not None:
            found.append(reply)
            if isinstance(reply, Nonsense):
                return found
    return found


def flaw_of(data: bytes) -> Flaw:
    (nonsense,) = replies(data)
    assert isinstance(nonsense, Nonsense)
    return nonsense.flaw


def test_a_reply_of_one_line() -> None:
    assert replies(b"220 mx.example ESMTP\r\n") == [Reply(220, ("mx.example ESMTP",))]


def test_a_reply_of_several_lines_ends_where_the_hyphen_is_missing() -> None:
    assert replies(b"250-mx\r\n250-SIZE 100\r\n250 STARTTLS\r\n") == [
        Reply(250, ("mx", "SIZE 100", "STARTTLS"))
    ]


@pytest.mark.parametrize("line", [b"250\r\n", b"250 \r\n", b"250\n"])
def test_a_bare_code_is_a_reply(line: bytes) -> None:
    assert replies(line) == [Reply(250, ("",))]


def test_a_line_may_end_in_a_bare_line_feed() -> None:
    assert replies(b"250-a\n250 b\n") == [Reply(250, ("a", "b"))]


def test_half_a_reply_is_none_yet() -> None:
    assert replies(b"250-mx\r\n250 STARTTLS\r") == []


@pytest.mark.parametrize(
    "line",
    [b"", b"hello", b"25", b"2500 x", b"250x", b"150 x", b"650 x", b"\x80\x00\xff", b" 250 x",
     b"25\xc2\xb2 x", b"\r250 x"],
)  # fmt: skip
def test_a_line_without_a_code_is_nonsense(line: bytes) -> None:
    assert flaw_of(line + b"\r\n") is Flaw.NO_CODE


def test_two_codes_in_one_reply_are_nonsense() -> None:
    assert flaw_of(b"250-a\r\n251 b\r\n") is Flaw.MIXED_CODES


def test_a_line_without_end_is_nonsense_at_the_limit_and_not_before() -> None:
    start = b"250 "
    fits = start + b"x" * (LONGEST_LINE - len(start) - 1)
    assert replies(fits + b"\n") == [Reply(250, ("x" * (len(fits) - 4),))]
    assert replies(fits) == []
    assert flaw_of(fits + b"x") is Flaw.LONG_LINE
    assert flaw_of(fits + b"x\n") is Flaw.LONG_LINE


def test_a_reply_without_end_is_nonsense() -> None:
    assert replies(b"250-x\r\n" * (MOST_LINES - 1) + b"250 x\r\n") == [
        Reply(250, ("x",) * MOST_LINES)
    ]
    assert flaw_of(b"250-x\r\n" * (MOST_LINES + 1)) is Flaw.MANY_LINES


def test_after_nonsense_nothing_is_believed_any_more() -> None:
    parser = ReplyParser()
    parser.feed(b"what?\r\n250 fine\r\n")
    first = parser.take()
    parser.feed(b"250 fine\r\n")
    assert isinstance(first, Nonsense)
    assert parser.take() is first
    assert parser.unread


def test_bytes_behind_a_reply_are_seen_to_be_there() -> None:
    parser = ReplyParser()
    parser.feed(b"220 go\r\n")
    assert parser.take() == Reply(220, ("go",))
    assert not parser.unread
    parser.feed(b"220 go\r\n2")
    assert parser.take() == Reply(220, ("go",))
    assert parser.unread


def test_half_a_reply_counts_as_unread() -> None:
    parser = ReplyParser()
    parser.feed(b"250-a\r\n")
    assert parser.take() is None
    assert parser.unread


def test_what_a_terminal_could_obey_is_shown_as_an_escape() -> None:
    (reply,) = replies(b"220 \x1b[2J\x07\xff \xc3\xa9 \xe2\x80\xae\r\n")
    assert reply == Reply(220, (r"\x1b[2J\x07\xff é \u202e",))


def test_a_long_reply_is_cut_when_it_is_quoted() -> None:
    (reply,) = replies(b"250-" + b"x" * 300 + b"\r\n250 y\r\n")
    assert len(str(reply)) < 210


WIRE = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [b"250-a\r\n", b"250 b\r\n", b"220 go\r\n", b"354\n", b"\r\n", b"\r", b"\n", b"2",
             b"99", b"250-", b"x" * 900, b"\xff", b"\0", b"250 \xc3"]
        ),
        max_size=30,
    ).map(b"".join),
)  # fmt: skip


@given(WIRE, st.data())
def test_any_split_of_any_bytes_gives_the_same_replies(wire: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    pieces = [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]
    assert replies(*pieces) == replies(wire)


@given(WIRE)
def test_one_byte_at_a_time_gives_the_same_replies(wire: bytes) -> None:
    assert replies(*(wire[at : at + 1] for at in range(len(wire)))) == replies(wire)


@given(st.binary(max_size=400))
def test_any_bytes_become_printable_text(data: bytes) -> None:
    assert printable(data).isprintable()


@given(st.lists(st.text("abc XYZ-.", max_size=20), min_size=1, max_size=5), st.integers(200, 599))
def test_what_is_written_as_a_reply_is_read_as_one(lines: list[str], code: int) -> None:
    marks = "-" * (len(lines) - 1) + " "
    wire = "".join(f"{code}{m}{line}\r\n" for m, line in zip(marks, lines, strict=True))
    assert replies(wire.encode()) == [Reply(code, tuple(lines))]
