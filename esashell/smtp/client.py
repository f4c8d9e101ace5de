"""The client's side of an SMTP conversation, up to TLS (RFC 5321, RFC 3207).

    220 mx.example ESMTP            the greeting, within minutes or never
    EHLO us                         what can you do?
    250-mx.example, 250 STARTTLS    a list; without STARTTLS there is no TLS to be had
    STARTTLS                        220, and *nothing* behind it
    (the handshake)
    EHLO us                         again: what was said in the clear may have been forged
    QUIT

Every way in which this can go wrong is a `Finding`, a value that says which way, at which point and
in what words; no exception of the network leaves this module. That is what lets the caller go on
with the next address, and a report say more than "TLS failed".

Bytes that follow the reply to STARTTLS in the clear are refused. Somebody on the path could have
put them there, and a client that keeps them takes them for the first words of the encrypted
conversation (CVE-2011-0411 and its many successors).

Codes are the result types of RFC 8460 4.3 where one fits, so that findings can be counted in a TLS
report; otherwise the enhanced status codes of RFC 3463.
"""

from enum import StrEnum

from msgspec import Struct

from esashell.clock import SECOND
from esashell.errors import HandshakeFailed, Overdue, Reset, TimedOut, TransportError
from esashell.smtp.replies import Nonsense, Reply, ReplyParser
from esashell.steps import Receive, Send, StartTls, Steps, TlsPeer, TlsPolicy

STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
VALIDATION_FAILURE = "validation-failure"
BAD_CONNECTION = "4.4.2"
PROTOCOL_ERROR = "4.5.0"


class Failure(StrEnum):
    """What went wrong; never more than one of these, the first."""

    GREETING_REFUSED = "greeting refused"
    EHLO_REFUSED = "EHLO refused"
    NONSENSE = "nonsense instead of a reply"
    SILENCE = "silence"
    OVERDUE = "conversation without end"
    CLOSED = "connection closed"
    RESET = "connection reset"
    NETWORK_ERROR = "network error"
    STARTTLS_NOT_OFFERED = "STARTTLS not offered"
    STARTTLS_REFUSED = "STARTTLS refused"
    TEXT_AFTER_STARTTLS = "text after the STARTTLS reply"
    HANDSHAKE_FAILED = "TLS handshake failed"


class Stage(StrEnum):
    """How far the conversation had come."""

    GREETING = "the greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    HANDSHAKE = "the TLS handshake"
    EHLO_IN_TLS = "EHLO after STARTTLS"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    CONTENT = "the end of the message"
    QUIT = "QUIT"


# How long an answer is waited for, in microseconds (RFC 5321 4.5.3.2): what a server does with a
# message takes its time, and giving up behind the final dot would send it twice. Where no message
# is at stake half a minute will do.
PATIENCE = {
    Stage.MAIL: 300 * SECOND,
    Stage.RCPT: 300 * SECOND,
    Stage.DATA: 120 * SECOND,
    Stage.CONTENT: 600 * SECOND,
}
_NO_MESSAGE = 30 * SECOND


class Finding(Struct, frozen=True):
    """Why the conversation did not come where it should, in a published code and in words."""

    kind: Failure
    stage: Stage
    code: str
    text: str


class Turn(Struct, frozen=True):
    """One command and what was answered; the greeting answers to nothing, and None is no answer."""

    sent: str
    reply: Reply | Nonsense | None


class Greeting(Struct, frozen=True):
    """How the server presented itself. `capabilities` are as in its EHLO reply, in capitals.

    A server that knows HELO only has none.
    """

    banner: Reply
    hello: Reply
    capabilities: tuple[str, ...]

    def offers(self, keyword: str) -> bool:
        return any(each.split(" ", 1)[0] == keyword for each in self.capabilities)


class SmtpDialogue(Struct, frozen=True):
    """A conversation from the greeting to QUIT.

    `peer` is the other end of the handshake, None when there was none. Both `peer` and `failure`
    are set when TLS came about and the server then failed to talk inside it: its certificate can
    be judged, but no mail would get through.
    """

    transcript: tuple[Turn, ...]
    greeting: Greeting | None
    starttls_offered: bool
    peer: TlsPeer | None
    failure: Finding | None


class Conversation:
    """An open connection as the client sees it: what was said, and what is not read yet.

    The methods that wait are `Steps`; each gives what was asked for, or the finding why not.
    """

    def __init__(self, helo: str) -> None:
        if not helo.isascii() or not helo.isprintable() or " " in helo or not helo:
            raise ValueError(f"{helo!r} cannot be said in EHLO")
        self._helo = helo
        self._replies = ReplyParser()
        self._turns: list[Turn] = []
        self._over = False  # nothing more can be said on this connection

    @property
    def transcript(self) -> tuple[Turn, ...]:
        return tuple(self._turns)

    def say(self, line: str, stage: Stage) -> Steps[Reply | Finding]:
        """Send a command and hear the answer to it."""
        try:
            yield Send(line.encode("ascii") + b"\r\n")
        except TransportError as fault:
            self._turns.append(Turn(line, None))
            return self._lost(fault, stage)
        return (yield from self.hear(line, stage))

    def say_content(self, data: bytes) -> Steps[Reply | Finding]:
        """Send a message, with its dots and its end as they go on the wire, and hear the answer."""
        try:
            yield Send(data)
        except TransportError as fault:
            self._turns.append(Turn("(message)", None))
            return self._lost(fault, Stage.CONTENT)
        return (yield from self.hear("(message)", Stage.CONTENT))

    @property
    def over(self) -> bool:
        """Whether nothing more can be said on this connection."""
        return self._over

    def hear(self, sent: str, stage: Stage) -> Steps[Reply | Finding]:
        """Read one reply; what was sent before is for the transcript."""
        while (reply := self._replies.take()) is None:
            try:
                data = yield Receive(PATIENCE.get(stage, _NO_MESSAGE))
            except TransportError as fault:
                self._turns.append(Turn(sent, None))
                return self._lost(fault, stage)
            if not data:
                self._over = True
                self._turns.append(Turn(sent, None))
                text = f"the server closed the connection at {stage}"
                return Finding(Failure.CLOSED, stage, BAD_CONNECTION, text)
            self._replies.feed(data)
        self._turns.append(Turn(sent, reply))
        if isinstance(reply, Nonsense):
            self._over = True
            text = f"no SMTP reply at {stage}: {reply}"
            return Finding(Failure.NONSENSE, stage, PROTOCOL_ERROR, text)
        if reply.code == 421:  # RFC 5321 3.8: the server is closing, whatever was asked
            self._over = True
        return reply

    def greet(self) -> Steps[Greeting | Finding]:
        """Hear the banner, say EHLO, and learn what the server can do."""
        banner = yield from self.hear("", Stage.GREETING)
        if isinstance(banner, Finding):
            return banner
        if banner.code != 220:
            text = f"the server refused us with {banner}"
            return Finding(Failure.GREETING_REFUSED, Stage.GREETING, status_of(banner), text)
        return (yield from self._hello(banner, Stage.EHLO))

    def _hello(self, banner: Reply, stage: Stage) -> Steps[Greeting | Finding]:
        hello = yield from self.say(f"EHLO {self._helo}", stage)
        if isinstance(hello, Finding):
            return hello
        if hello.code == 250:
            return Greeting(banner, hello, tuple(each.upper() for each in hello.lines[1:]))
        # RFC 5321 3.2: HELO is for servers that do not know the command (500, 502); any other
        # refusal is about us, and HELO would meet it again.
        if hello.code in (500, 502):
            old = yield from self.say(f"HELO {self._helo}", stage)
            if isinstance(old, Finding):
                return old
            if old.code == 250:
                return Greeting(banner, old, ())
            hello = old
        text = f"the server refused {stage} with {hello}"
        return Finding(Failure.EHLO_REFUSED, stage, status_of(hello), text)

    def start_tls(self, server_name: str, policy: TlsPolicy) -> Steps[TlsPeer | Finding]:
        """Ask for TLS and shake hands; `server_name` goes out as SNI."""
        reply = yield from self.say("STARTTLS", Stage.STARTTLS)
        if isinstance(reply, Finding):
            return reply
        if reply.code != 220:
            text = f"the server refused STARTTLS with {reply}"
            return Finding(Failure.STARTTLS_REFUSED, Stage.STARTTLS, STARTTLS_NOT_SUPPORTED, text)
        if self._replies.unread:
            self._over = True
            text = "the server, or somebody on the path, sent more than the reply to STARTTLS"
            return Finding(Failure.TEXT_AFTER_STARTTLS, Stage.STARTTLS, VALIDATION_FAILURE, text)
        try:
            peer: TlsPeer = yield StartTls(server_name, policy)
        except TransportError as fault:
            return self._lost(fault, Stage.HANDSHAKE)
        return peer

    def greet_again(self, before: Greeting) -> Steps[Greeting | Finding]:
        """EHLO inside TLS; nothing said in the clear counts any longer (RFC 3207 4.2)."""
        return (yield from self._hello(before.banner, Stage.EHLO_IN_TLS))

    def quit(self) -> Steps[None]:
        """Say goodbye if there is anybody to hear it; how it is answered changes nothing."""
        if not self._over:
            yield from self.say("QUIT", Stage.QUIT)

    def _lost(self, fault: TransportError, stage: Stage) -> Finding:
        """The finding that a fault of the network amounts to."""
        self._over = True
        if isinstance(fault, HandshakeFailed):
            return Finding(Failure.HANDSHAKE_FAILED, stage, VALIDATION_FAILURE, fault.text)
        code = VALIDATION_FAILURE if stage is Stage.HANDSHAKE else BAD_CONNECTION
        if isinstance(fault, TimedOut):
            return Finding(Failure.SILENCE, stage, code, f"no answer at {stage}: {fault.text}")
        if isinstance(fault, Overdue):
            return Finding(Failure.OVERDUE, stage, code, f"{fault.text} at {stage}")
        kind = Failure.RESET if isinstance(fault, Reset) else Failure.NETWORK_ERROR
        return Finding(kind, stage, code, f"{fault.text} at {stage}")


def shake_hands(helo: str, server_name: str, policy: TlsPolicy) -> Steps[SmtpDialogue]:
    """On a connection just opened: greet, start TLS, greet again, quit."""
    conversation = Conversation(helo)
    greeting: Greeting | None = None
    peer: TlsPeer | None = None
    offered = False
    found = yield from conversation.greet()
    failure = found if isinstance(found, Finding) else None
    if isinstance(found, Greeting):
        greeting, offered = found, found.offers("STARTTLS")
        if offered:
            outcome = yield from conversation.start_tls(server_name, policy)
            if isinstance(outcome, TlsPeer):
                peer = outcome
                again = yield from conversation.greet_again(greeting)
                failure = again if isinstance(again, Finding) else None
            else:
                failure = outcome
        else:
            failure = Finding(
                Failure.STARTTLS_NOT_OFFERED,
                Stage.EHLO,
                STARTTLS_NOT_SUPPORTED,
                "the server does not offer STARTTLS",
            )
    yield from conversation.quit()
    return SmtpDialogue(conversation.transcript, greeting, offered, peer, failure)


def status_of(reply: Reply) -> str:
    """The reply's enhanced status code if it has one (RFC 2034), else what the basic code says."""
    first = reply.lines[0].split(" ", 1)[0] if reply.lines else ""
    parts = first.split(".")
    if len(parts) == 3 and all(part.isdigit() and len(part) <= 3 for part in parts):
        return first
    return f"{reply.code // 100}.0.0"
