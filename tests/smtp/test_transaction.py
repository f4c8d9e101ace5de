"""Handing over one message: each step's refusal, and what goes on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.smtp.client import Conversation, Finding, Stage
from esashell.smtp.peer import PeerSettings, SmtpPeer
from esashell.smtp.replies import Reply
from esashell.smtp.transaction import Message, Transaction, longest, on_the_wire, transact
from esashell.steps import CONVERSATION, Receive, Send, Steps, run

MESSAGE = Message("a@us.example", ("b@mx.example",), b"Subject: x\n\n.\n..dots\nend")


class Wire:
    """A lab server at the other end, in memory."""

    def __init__(self, **replies: str | None) -> None:
        self.peer = SmtpPeer(PeerSettings("mx.example", replies=replies))
        self.said = bytearray(self.peer.greeting())
        self.waits: list[int] = []

    def perform(self, request: object) -> object:
        if isinstance(request, Send):
            self.said += self.peer.feed(request.data)
            return None
        assert isinstance(request, Receive)
        self.waits.append(request.timeout // 60_000_000)
        data, self.said = bytes(self.said), bytearray()
        return data


def handed_over(wire: Wire, message: Message = MESSAGE) -> Transaction:
    def steps() -> Steps[Transaction]:
        talk = Conversation("us.example")
        yield from talk.greet()
        return (yield from transact(talk, message))

    return run(steps(), wire)


def test_the_message_arrives_as_it_was_with_the_line_ends_of_the_wire() -> None:
    wire = Wire()
    assert handed_over(wire).accepted == ("b@mx.example",)
    assert wire.peer.messages[0].content == b"Subject: x\r\n\r\n.\r\n..dots\r\nend\r\n"


@pytest.mark.parametrize("code", [450, 550])
@pytest.mark.parametrize(
    ("verb", "stage"),
    [
        ("MAIL", Stage.MAIL),
        ("RCPT", Stage.RCPT),
        ("DATA", Stage.DATA),
        ("content", Stage.CONTENT),
    ],
)
def test_a_refusal_ends_it_at_its_step(verb: str, stage: Stage, code: int) -> None:
    done = handed_over(Wire(**{verb: f"{code} no"}))
    assert (done.stage, done.accepted) == (stage, ())
    assert isinstance(done.failure, Reply)
    assert done.failure.code == code


def test_a_connection_that_ends_is_a_finding() -> None:
    done = handed_over(Wire(DATA=None))
    assert isinstance(done.failure, Finding)
    assert done.stage is Stage.DATA


def test_no_message_is_sent_when_no_recipient_is_wanted_and_one_to_come_again_counts() -> None:
    message = Message("", ("b@mx.example", "c@mx.example"))
    done = handed_over(Wire(RCPT="451 later"), message)
    assert [each for each, _ in done.refused] == ["b@mx.example", "c@mx.example"]
    assert isinstance(done.failure, Reply)
    assert done.failure.code == 451


@pytest.mark.parametrize("bad", ["a b@x", "a>@x", "ä@x", "a@x\r\nRCPT TO:<c@x>"])
def test_an_envelope_cannot_carry_a_command(bad: str) -> None:
    with pytest.raises(ValueError, match="envelope"):
        Message("a@x", (bad,))


@given(st.binary(max_size=60), st.sampled_from([b"\n", b"\r", b"\r\n"]))
def test_no_content_ends_the_message_early(content: bytes, end: bytes) -> None:
    wire = on_the_wire(content + end + b"." + end + content)
    assert wire.count(b"\r\n.\r\n") == 1
    assert wire.endswith(b"\r\n.\r\n")
    bare = wire.replace(b"\r\n", b"")
    assert b"\r" not in bare
    assert b"\n" not in bare


def test_a_server_has_the_minutes_that_rfc_5321_gives_it() -> None:
    """4.5.3.2: MAIL 5, RCPT 5, DATA 2, and 10 behind the final dot."""
    wire = Wire()
    handed_over(wire)
    assert wire.waits == [0, 0, 5, 5, 2, 10]


def test_the_whole_conversation_has_time_for_all_of_its_steps() -> None:
    minutes = 60_000_000
    small = longest(MESSAGE)
    assert small >= CONVERSATION + (5 + 5 + 2 + 3 + 10) * minutes
    two = Message("a@us.example", ("b@mx.example", "c@mx.example"))
    assert longest(two) - longest(Message("a@us.example", ("b@mx.example",))) == 5 * minutes
    large = Message("a@us.example", ("b@mx.example",), bytes(10_000_000))
    assert longest(large) > small + 150 * 3 * minutes
