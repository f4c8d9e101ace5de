"""The client's conversation: each way in which it can end has its own finding."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.errors import HandshakeFailed, Refused, Reset, TimedOut, TransportError, Unreachable
from esashell.smtp.client import (
    Conversation,
    Failure,
    Greeting,
    SmtpDialogue,
    Stage,
    shake_hands,
)
from esashell.smtp.peer import PeerSettings, SmtpPeer
from esashell.smtp.replies import Nonsense, Reply
from esashell.steps import Receive, Send, StartTls, TlsPeer, TlsPolicy, run

PEER = TlsPeer("TLSv1.3", "TLS_AES_256_GCM_SHA384", (b"leaf",))
POLICY = TlsPolicy(minimum="TLSv1.2")
HELLO = b"250-mx\r\n250 STARTTLS\r\n"


class Script:
    """Answers each Receive with the next thing said; a fault is thrown, and then all is silence."""

    def __init__(self, *said: bytes | TransportError, handshake: Any = PEER) -> None:
        self.said = list(said)
        self.handshake = handshake
        self.sent: list[bytes] = []
        self.asked: list[StartTls] = []

    def perform(self, request: Any) -> Any:
        if isinstance(request, Send):
            self.sent.append(request.data)
            return None
        if isinstance(request, Receive):
            reply: Any = self.said.pop(0) if self.said else TimedOut()
        else:
            assert isinstance(request, StartTls)
            self.asked.append(request)
            reply = self.handshake
        if isinstance(reply, TransportError):
            raise reply
        return reply


def dialogue(script: Script) -> SmtpDialogue:
    return run(shake_hands("us.example", "mx.example", POLICY), script)


def ending(*said: bytes | TransportError, handshake: Any = PEER) -> tuple[Failure, Stage, str]:
    """What went wrong, where, and under which code."""
    failure = dialogue(Script(*said, handshake=handshake)).failure
    assert failure is not None
    assert failure.text.isprintable()
    assert not failure.text.endswith(".")
    return failure.kind, failure.stage, failure.code


def test_a_conversation_that_goes_well() -> None:
    script = Script(b"220 mx ESMTP\r\n", HELLO, b"220 go\r\n", b"250 mx\r\n", b"221 bye\r\n")
    result = dialogue(script)
    assert script.sent == [
        b"EHLO us.example\r\n",
        b"STARTTLS\r\n",
        b"EHLO us.example\r\n",
        b"QUIT\r\n",
    ]
    assert script.asked == [StartTls("mx.example", POLICY)]
    assert result.peer == PEER
    assert result.failure is None
    assert result.starttls_offered
    assert [turn.sent for turn in result.transcript] == [
        "", "EHLO us.example", "STARTTLS", "EHLO us.example", "QUIT",
    ]  # fmt: skip
    assert result.transcript[-1].reply == Reply(221, ("bye",))


def test_the_greeting_may_refuse_us() -> None:
    script = Script(b"554 5.7.1 Go away\r\n")
    result = dialogue(script)
    assert result.failure is not None
    assert result.failure.kind is Failure.GREETING_REFUSED
    assert result.failure.code == "5.7.1"
    assert "554 5.7.1 Go away" in result.failure.text
    assert script.sent == [b"QUIT\r\n"]
    assert not result.starttls_offered


def test_a_reply_without_an_enhanced_code_gets_its_class() -> None:
    assert ending(b"421 busy\r\n") == (Failure.GREETING_REFUSED, Stage.GREETING, "4.0.0")


def test_after_a_421_nothing_more_is_said() -> None:
    script = Script(b"421 4.3.2 Shutting down\r\n")
    dialogue(script)
    assert script.sent == []


def test_nonsense_is_not_a_greeting() -> None:
    script = Script(b"SSH-2.0-OpenSSH_9.2\r\n")
    result = dialogue(script)
    assert result.failure is not None
    assert result.failure.kind is Failure.NONSENSE
    assert "SSH-2.0" in result.failure.text
    assert isinstance(result.transcript[0].reply, Nonsense)
    assert script.sent == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (TimedOut(), Failure.SILENCE),
        (Reset(), Failure.RESET),
        (b"", Failure.CLOSED),
        (Unreachable(), Failure.NETWORK_ERROR),
        (Refused(), Failure.NETWORK_ERROR),
    ],
)
def test_a_fault_is_named_with_the_stage_where_it_came(fault: Any, kind: Failure) -> None:
    good = [b"220 mx\r\n", HELLO, b"220 go\r\n"]
    stages = [Stage.GREETING, Stage.EHLO, Stage.STARTTLS, Stage.EHLO_IN_TLS]
    for at, stage in enumerate(stages):
        assert ending(*good[:at], fault) == (kind, stage, "4.4.2")


def test_a_fault_while_sending_is_a_finding_too() -> None:
    class Gone(Script):
        def perform(self, request: Any) -> Any:
            if isinstance(request, Send):
                raise Reset()
            return super().perform(request)

    result = dialogue(Gone(b"220 mx\r\n"))
    assert result.failure is not None
    assert result.failure.kind is Failure.RESET
    assert result.transcript[-1].reply is None


def test_helo_is_tried_where_ehlo_is_not_known() -> None:
    script = Script(b"220 mx\r\n", b"502 what?\r\n", b"250 mx\r\n", b"221 bye\r\n")
    result = dialogue(script)
    assert script.sent == [b"EHLO us.example\r\n", b"HELO us.example\r\n", b"QUIT\r\n"]
    assert result.greeting is not None
    assert result.greeting.capabilities == ()
    assert result.failure is not None
    assert result.failure.kind is Failure.STARTTLS_NOT_OFFERED


def test_helo_is_not_tried_where_it_is_us_that_are_refused() -> None:
    script = Script(b"220 mx\r\n", b"550 5.7.1 Not you\r\n", b"221 bye\r\n")
    result = dialogue(script)
    assert script.sent == [b"EHLO us.example\r\n", b"QUIT\r\n"]
    assert result.failure is not None
    assert (result.failure.kind, result.failure.code) == (Failure.EHLO_REFUSED, "5.7.1")


def test_helo_refused_too() -> None:
    said = (b"220 mx\r\n", b"500 what?\r\n", b"500 what?\r\n", b"221 bye\r\n")
    assert ending(*said) == (Failure.EHLO_REFUSED, Stage.EHLO, "5.0.0")


def test_a_server_without_starttls_is_a_finding_for_tls_reports() -> None:
    said = (b"220 mx\r\n", b"250-mx\r\n250 STARTTLSX\r\n", b"221 bye\r\n")
    assert ending(*said) == (Failure.STARTTLS_NOT_OFFERED, Stage.EHLO, "starttls-not-supported")


def test_starttls_may_be_refused_after_all() -> None:
    script = Script(b"220 mx\r\n", HELLO, b"454 4.7.0 Not now\r\n", b"221 bye\r\n")
    result = dialogue(script)
    assert result.starttls_offered
    assert result.failure is not None
    assert result.failure.kind is Failure.STARTTLS_REFUSED
    assert result.failure.code == "starttls-not-supported"
    assert script.sent[-1] == b"QUIT\r\n"
    assert not script.asked


@pytest.mark.parametrize("more", [b"250 ok\r\n", b"2", b"\n", b"what?\r\n", b"\x16\x03\x03"])
def test_text_behind_the_starttls_reply_ends_the_conversation(more: bytes) -> None:
    script = Script(b"220 mx\r\n", HELLO, b"220 go\r\n" + more)
    result = dialogue(script)
    assert result.failure is not None
    assert result.failure.kind is Failure.TEXT_AFTER_STARTTLS
    assert not script.asked
    assert script.sent[-1] == b"STARTTLS\r\n"


def test_a_handshake_that_fails_keeps_the_reason() -> None:
    script = Script(
        b"220 mx\r\n", HELLO, b"220 go\r\n", handshake=HandshakeFailed("wrong version number")
    )
    result = dialogue(script)
    assert result.failure is not None
    assert result.failure.kind is Failure.HANDSHAKE_FAILED
    assert result.failure.code == "validation-failure"
    assert result.failure.text == "wrong version number"
    assert script.sent[-1] == b"STARTTLS\r\n"


def test_silence_in_the_handshake_is_silence() -> None:
    said = (b"220 mx\r\n", HELLO, b"220 go\r\n")
    assert ending(*said, handshake=TimedOut()) == (
        Failure.SILENCE, Stage.HANDSHAKE, "validation-failure",
    )  # fmt: skip


def test_a_server_that_refuses_us_inside_tls_still_has_shown_its_certificate() -> None:
    result = dialogue(Script(b"220 mx\r\n", HELLO, b"220 go\r\n", b"550 5.7.1 No\r\n"))
    assert result.peer == PEER
    assert result.failure is not None
    assert (result.failure.kind, result.failure.stage) == (Failure.EHLO_REFUSED, Stage.EHLO_IN_TLS)


def test_how_quit_is_answered_changes_nothing() -> None:
    for goodbye in (b"", b"what?\r\n", Reset(), b"500 no\r\n"):
        said = (b"220 mx\r\n", HELLO, b"220 go\r\n", b"250 mx\r\n", goodbye)
        result = dialogue(Script(*said))
        assert result.failure is None
        assert result.transcript[-1].sent == "QUIT"


@pytest.mark.parametrize("name", ["", "us\r\nMAIL FROM:<a@b>", "us example", "ü.example", "a\0"])
def test_a_name_that_cannot_be_said_is_our_own_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="EHLO"):
        Conversation(name)


def test_keywords_are_compared_whole_and_in_any_case() -> None:
    script = Script(b"220 mx\r\n", b"250-mx\r\n250-Size 100\r\n250 StartTls\r\n")
    greeting = run(Conversation("us").greet(), script)
    assert isinstance(greeting, Greeting)
    assert greeting.offers("STARTTLS")
    assert greeting.offers("SIZE")
    assert not greeting.offers("START")


def test_closing_the_conversation_at_any_request_is_quiet() -> None:
    said: list[Any] = [None, b"220 mx\r\n", None, HELLO, None, b"220 go\r\n", PEER, None]
    for stop in range(1, len(said) + 1):
        steps = shake_hands("us", "mx", POLICY)
        for reply in said[:stop]:
            steps.send(reply)
        steps.close()


class Driven:
    """The server machine under the client, in pieces of a few bytes."""

    def __init__(self, host: SmtpPeer, size: int) -> None:
        self.host = host
        self.size = size
        self.wire = host.greeting()

    def perform(self, request: Any) -> Any:
        if isinstance(request, Send):
            self.wire += self.host.feed(request.data)
            return None
        if isinstance(request, Receive):
            if not self.wire and not self.host.closed:
                raise TimedOut()
            piece, self.wire = self.wire[: self.size], self.wire[self.size :]
            return piece
        self.host.tls_established()
        return PEER


@pytest.mark.parametrize("size", [1, 2, 3, 7, 4096])
def test_client_and_server_understand_each_other_in_any_pieces(size: int) -> None:
    host = SmtpPeer(PeerSettings("mx.example"))
    result = run(shake_hands("us.example", "mx.example", POLICY), Driven(host, size))
    assert result.failure is None
    assert result.peer == PEER
    assert host.closed
    codes = [turn.reply.code for turn in result.transcript if isinstance(turn.reply, Reply)]
    assert codes == [220, 250, 220, 250, 221]


def pieces() -> st.SearchStrategy[list[bytes | TransportError]]:
    good: Iterable[bytes] = (b"220 a\r\n", HELLO, b"250 a\r\n", b"220-", b"2", b"50 \r\n")
    faults = st.sampled_from([TimedOut(), Reset(), HandshakeFailed("x"), Unreachable()])
    return st.lists(
        st.one_of(st.sampled_from(sorted(good)), st.binary(max_size=40), faults), max_size=10
    )


@given(pieces())
def test_whatever_a_server_sends_the_conversation_ends_in_a_record(
    said: list[bytes | TransportError],
) -> None:
    result = dialogue(Script(*said))
    assert (result.peer is None) <= (result.failure is not None)
