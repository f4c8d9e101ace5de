"""The server machine: the order of commands, the limits, and departures as data."""

from hypothesis import given
from hypothesis import strategies as st

from esashell.smtp.peer import (
    LARGEST_MESSAGE,
    LONGEST_COMMAND,
    MOST_ERRORS,
    MOST_RECIPIENTS,
    PeerSettings,
    SmtpPeer,
)

ENVELOPE = b"EHLO us\r\nMAIL FROM:<a@us.example>\r\nRCPT TO:<b@mx.example>\r\n"


def peer(*, starttls: bool = True, **replies: str | None) -> SmtpPeer:
    made = SmtpPeer(PeerSettings("mx.example", starttls, replies))
    made.greeting()
    return made


def codes(answer: bytes) -> list[int]:
    """The code of each reply in these bytes."""
    return [int(line[:3]) for line in answer.split(b"\r\n") if line[3:4] == b" "]


def test_a_message_is_taken_as_it_was_sent() -> None:
    host = peer()
    answer = host.feed(ENVELOPE + b"DATA\r\n" + b"Subject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n")
    assert codes(answer) == [250, 250, 250, 354, 250, 221]
    assert host.closed
    (message,) = host.messages
    assert message.sender == "a@us.example"
    assert message.recipients == ("b@mx.example",)
    assert message.content == b"Subject: x\r\n\r\n.dot\r\n"
    assert not message.tls


def test_commands_out_of_order_are_refused() -> None:
    assert codes(peer().feed(b"MAIL FROM:<a@b>\r\n")) == [503]
    assert codes(peer().feed(b"EHLO us\r\nRCPT TO:<a@b>\r\nDATA\r\n")) == [250, 503, 503]


def test_starttls_is_offered_only_by_a_server_that_has_it() -> None:
    assert b"STARTTLS" in peer().feed(b"EHLO us\r\n")
    plain = peer(starttls=False)
    assert b"STARTTLS" not in plain.feed(b"EHLO us\r\n")
    assert codes(plain.feed(b"STARTTLS\r\n")) == [502]
    assert not plain.wants_tls


def test_what_a_client_sends_in_the_clear_behind_starttls_is_thrown_away() -> None:
    host = peer()
    answer = host.feed(b"EHLO us\r\nSTARTTLS\r\nMAIL FROM:<evil@us>\r\n")
    assert codes(answer) == [250, 220]
    assert host.wants_tls
    assert host.feed(b"NOOP\r\n") == b""
    host.tls_established()
    assert codes(host.feed(b"RCPT TO:<a@b>\r\n")) == [503]


def test_an_envelope_begun_in_the_clear_does_not_go_on_in_tls() -> None:
    for begun, next_command in (
        (b"EHLO us\r\n", b"MAIL FROM:<a@us>\r\n"),
        (b"EHLO us\r\nMAIL FROM:<a@us>\r\n", b"RCPT TO:<b@mx>\r\n"),
        (ENVELOPE, b"DATA\r\n"),
    ):
        host = peer()
        host.feed(begun + b"STARTTLS\r\n")
        host.tls_established()
        assert codes(host.feed(next_command)) == [503]


def test_tls_is_offered_once_and_what_was_said_before_it_is_forgotten() -> None:
    host = peer()
    host.feed(ENVELOPE + b"STARTTLS\r\n")
    host.tls_established()
    assert codes(host.feed(b"MAIL FROM:<a@us>\r\n")) == [503]
    assert b"STARTTLS" not in host.feed(b"EHLO us\r\n")
    assert codes(host.feed(b"STARTTLS\r\n")) == [503]


def test_a_reply_from_the_settings_decides_what_happens_next() -> None:
    refusing = peer(RCPT="550 5.1.1 No such user")
    assert codes(refusing.feed(ENVELOPE + b"DATA\r\n")) == [250, 250, 550, 503]
    busy = peer(STARTTLS="454 4.7.0 Not now")
    assert codes(busy.feed(b"EHLO us\r\nSTARTTLS\r\nNOOP\r\n")) == [250, 454, 250]
    chatty = peer(STARTTLS="220 Go\r\n250 Injected")
    assert chatty.feed(b"STARTTLS\r\n") == b"220 Go\r\n250 Injected\r\n"
    assert chatty.wants_tls


def test_silence_lasts() -> None:
    host = peer(EHLO=None)
    assert host.feed(b"EHLO us\r\n") == b""
    assert host.feed(b"NOOP\r\nQUIT\r\n") == b""
    assert not host.closed


def test_after_a_554_greeting_only_quit_is_answered_kindly() -> None:
    host = SmtpPeer(PeerSettings("mx.example", replies={"greeting": "554 5.7.1 No"}))
    assert host.greeting() == b"554 5.7.1 No\r\n"
    assert codes(host.feed(b"EHLO us\r\nQUIT\r\n")) == [503, 221]


def test_a_421_closes_whatever_was_asked() -> None:
    host = peer(MAIL="421 4.3.2 Shutting down")
    assert codes(host.feed(ENVELOPE)) == [250, 421]
    assert host.closed


def test_there_is_a_limit_to_recipients() -> None:
    host = peer()
    host.feed(b"EHLO us\r\nMAIL FROM:<>\r\n")
    answers = codes(host.feed(b"RCPT TO:<a@b>\r\n" * (MOST_RECIPIENTS + 1)))
    assert answers == [250] * MOST_RECIPIENTS + [452]


def test_there_is_a_limit_to_errors() -> None:
    host = peer()
    answers = codes(host.feed(b"WHAT\r\n" * (MOST_ERRORS + 5)))
    assert answers == [500] * MOST_ERRORS + [421]
    assert host.closed


def test_a_message_that_says_it_is_too_large_is_refused_before_it_is_sent() -> None:
    host = peer()
    size = LARGEST_MESSAGE + 1
    assert codes(host.feed(b"EHLO us\r\nMAIL FROM:<a@b> SIZE=%d\r\n" % size)) == [250, 552]


def test_a_message_that_is_too_large_is_refused_and_not_kept() -> None:
    host = peer()
    host.feed(ENVELOPE + b"DATA\r\n")
    for _ in range(LARGEST_MESSAGE // 1_000_000 + 1):
        host.feed(b"x" * 999_998 + b"\r\n")
    assert codes(host.feed(b".\r\n")) == [552]
    assert not host.messages


def test_a_command_line_without_end_is_refused_once() -> None:
    for pieces in ([b"x" * 9000 + b"\r\n"], [b"x" * 3000, b"x" * 6000 + b"\r", b"\n"]):
        host = peer()
        assert [code for piece in pieces for code in codes(host.feed(piece))] == [500]
        assert codes(host.feed(b"NOOP\r\n")) == [250]


COMMANDS = st.lists(
    st.sampled_from(
        [b"EHLO us\r\n", b"helo us\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n",
         b".\r\n", b"..\r\n", b"\r\n", b"\r", b"\n", b".", b"RSET\r\n", b"NOOP\r\n", b"\xff\0",
         b"x" * (LONGEST_COMMAND - 2), b"STARTTLS x\r\n", b"QUIT now"]
    ),
    max_size=25,
).map(b"".join)  # fmt: skip


def test_a_dot_at_the_end_of_a_long_line_does_not_end_the_message() -> None:
    host = peer()
    host.feed(ENVELOPE + b"DATA\r\n")
    line = b"x" * 3000 + b"."
    assert host.feed(line) == b""
    assert host.feed(b"\r\n") == b""
    assert codes(host.feed(b".\r\n")) == [250]
    assert host.messages[0].content == line + b"\r\n"


@given(
    st.sampled_from([b"", ENVELOPE, ENVELOPE + b"DATA\r\n"]),
    st.one_of(COMMANDS, st.binary(max_size=200)),
    st.data(),
)
def test_any_split_of_any_bytes_gives_the_same_answers(
    start: bytes, rest: bytes, data: st.DataObject
) -> None:
    wire = start + rest
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    whole, split = peer(), peer()
    answers = b"".join(
        split.feed(wire[a:b]) for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)
    )
    assert answers == whole.feed(wire)
    assert split.messages == whole.messages


@given(st.lists(st.sampled_from([b".", b"..x", b"", b"x" * 5000, b"." * 2500, b"a\rb\nc"])))
def test_a_stuffed_message_arrives_whole_whatever_its_lines(lines: list[bytes]) -> None:
    stuffed = b"".join((b"." if line[:1] == b"." else b"") + line + b"\r\n" for line in lines)
    host = peer()
    host.feed(ENVELOPE + b"DATA\r\n")
    wire = stuffed + b".\r\n"
    answers = [host.feed(wire[at : at + 1000]) for at in range(0, len(wire), 1000)]
    assert codes(b"".join(answers)) == [250]
    assert host.messages[0].content == b"".join(line + b"\r\n" for line in lines)
