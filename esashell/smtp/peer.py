"""The server's side of an SMTP conversation: bytes in, bytes out (RFC 5321, RFC 3207, RFC 1870).

This is the machine behind every mail host of the lab, in memory and behind real sockets alike. It
is a proper server: it knows the order of commands, its limits, dot-stuffing, and that what a
client sent in the clear after STARTTLS must be thrown away (RFC 3207 4.2; CVE-2011-0411 is what
came of not doing so).

It can also misbehave, as data: `replies` says what is answered to a verb instead of the ordinary
reply, letter for letter. Whether the machine then goes on as if it had agreed follows from the
code in that text, so a scenario needs to say nothing else:

    {"RCPT": "550 5.1.1 No such user"}          refuses every recipient
    {"STARTTLS": "454 4.7.0 Not now"}           offers TLS, and does not keep the promise
    {"STARTTLS": "220 Go\\r\\n250 Injected"}      text behind the STARTTLS reply
    {"greeting": "\\u0000\\u00ff what?"}          nonsense
    {"EHLO": None}                              silence from there on

It knows no clock, no address and no socket. Who drives it sends what it answers, starts TLS when
`wants_tls` says so, and hangs up when it is `closed`.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

LONGEST_COMMAND = 2048  # RFC 5321 4.5.3.1.4 asks for 512 at least; extensions lengthen lines
MOST_RECIPIENTS = 100  # RFC 5321 4.5.3.1.8: a server must take this many
LARGEST_MESSAGE = 10_485_760  # octets; the usual default (Postfix message_size_limit is 10240000)
MOST_ERRORS = 20  # Postfix smtpd_hard_error_limit
KEPT = 100  # messages remembered, the last ones

PATH = re.compile(rb"(FROM|TO):\s*<([^<>]*)>(.*)", re.IGNORECASE | re.DOTALL)


class PeerSettings(Struct, frozen=True):
    """How a server presents itself, and where it departs from the ordinary.

    Keys of `replies` are verbs, "greeting", or "content" (the reply after a message's last line).
    A text without a line end gets one; each character stands for one octet. None is silence.
    """

    name: str
    starttls: bool = True
    replies: Mapping[str, str | None] = {}


class Message(Struct, frozen=True):
    """A message that was accepted."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    tls: bool


class SmtpPeer:
    """One connection to a server. `greeting` first, then `feed`."""

    def __init__(self, settings: PeerSettings) -> None:
        self.settings = settings
        self.wants_tls = False
        self.closed = False
        self.messages: list[Message] = []
        self._mute = False
        self._tls = False
        self._buffer = bytearray()
        self._midline = False  # the beginning of the present line is out of the buffer already
        self._errors = 0
        self._refused = False
        self._greeted = False
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._content: list[bytes] | None = None
        self._size = 0

    def greeting(self) -> bytes:
        reply = self._spoken("greeting", f"220 {self.settings.name} ESMTP ready")
        # RFC 5321 3.1: after 554 the server waits for QUIT and refuses all else.
        self._refused = reply[:1] == b"5"
        return reply

    def feed(self, data: bytes) -> bytes:
        """What the server answers to these bytes; nothing more is read once it wants TLS."""
        if self.closed or self._mute or self.wants_tls:
            return b""
        self._buffer += data
        answers = bytearray()
        while not (self.closed or self._mute or self.wants_tls):
            end = self._buffer.find(b"\r\n")
            if end < 0:
                if len(self._buffer) > LONGEST_COMMAND:
                    self._swallow()
                break
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 2]
            answers += self._content_line(line) if self._content is not None else self._line(line)
            self._midline = False
        return bytes(answers)

    def _swallow(self) -> None:
        """Take a long line that has not ended out of the buffer: kept in a message, else lost."""
        kept = bytes(self._buffer[:-1])  # the last octet may be half of a line's end
        del self._buffer[:-1]
        if self._content is not None:
            self._gather(kept if self._midline else kept.removeprefix(b"."))
        self._midline = True

    def tls_established(self) -> None:
        """Hands have been shaken: everything learnt in the clear is forgotten (RFC 3207 4.2)."""
        self.wants_tls = False
        self._tls = True
        self._greeted = False
        self._buffer.clear()  # what stood behind STARTTLS in the same piece: CVE-2011-0411
        self._reset()

    def _reset(self) -> None:
        self._sender = None
        self._recipients.clear()
        self._content = None
        self._size = 0

    def _spoken(self, key: str, ordinary: str) -> bytes:
        """The reply to send: the ordinary one unless the settings have another, or silence."""
        text = self.settings.replies.get(key, ordinary)
        if text is None:
            self._mute = True
            return b""
        reply = text.encode("latin-1", "replace")
        if reply.startswith(b"421"):  # RFC 5321 3.8: the server closes after it
            self.closed = True
        return reply if reply.endswith(b"\r\n") else reply + b"\r\n"

    def _error(self, key: str, text: str) -> bytes:
        self._errors += 1
        if self._errors > MOST_ERRORS:
            return self._spoken(
                "too many errors", f"421 4.7.0 {self.settings.name} Too many errors"
            )
        return self._spoken(key, text)

    def _line(self, line: bytes) -> bytes:
        """The answer to one command line."""
        if self._midline or len(line) > LONGEST_COMMAND:
            return self._error("", "500 5.5.6 Line too long")
        verb, _, rest = line.partition(b" ")
        name = verb.decode("latin-1").upper()
        if self._refused and name != "QUIT":
            return self._error("", "503 5.5.1 No service here")
        answer = self._VERBS.get(name)
        if answer is None:
            return self._error(name, "500 5.5.2 Command not recognized")
        return answer(self, rest.strip())

    def _ehlo(self, rest: bytes) -> bytes:
        lines = [self.settings.name, "PIPELINING", f"SIZE {LARGEST_MESSAGE}"]
        if self.settings.starttls and not self._tls:  # RFC 3207 4.2: not offered twice
            lines.append("STARTTLS")
        lines += ["ENHANCEDSTATUSCODES", "8BITMIME"]
        marks = "-" * (len(lines) - 1) + " "
        text = "\r\n".join(f"250{mark}{each}" for mark, each in zip(marks, lines, strict=True))
        return self._hello("EHLO", text, rest)

    def _helo(self, rest: bytes) -> bytes:
        return self._hello("HELO", f"250 {self.settings.name}", rest)

    def _hello(self, verb: str, text: str, rest: bytes) -> bytes:
        if not rest:
            return self._error(verb, f"501 5.5.4 Syntax: {verb} hostname")
        reply = self._spoken(verb, text)
        if reply.startswith(b"2"):
            self._greeted = True
            self._reset()
        return reply

    def _starttls(self, rest: bytes) -> bytes:
        if not self.settings.starttls and "STARTTLS" not in self.settings.replies:
            return self._error("STARTTLS", "502 5.5.1 Command not implemented")
        if self._tls:
            return self._error("", "503 5.5.1 TLS is already active")
        if rest:
            return self._error("STARTTLS", "501 5.5.4 Syntax: STARTTLS")
        reply = self._spoken("STARTTLS", "220 2.0.0 Ready to start TLS")
        if reply.startswith(b"220"):
            self.wants_tls = True
        return reply

    def _mail(self, rest: bytes) -> bytes:
        if not self._greeted or self._sender is not None:
            return self._error("", "503 5.5.1 Bad sequence of commands")
        path = PATH.fullmatch(rest)
        if path is None or path[1].upper() != b"FROM":
            return self._error("MAIL", "501 5.5.4 Syntax: MAIL FROM:<address>")
        size = re.search(rb"\bSIZE=(\d{1,20})", path[3], re.IGNORECASE)
        if size and int(size[1]) > LARGEST_MESSAGE:
            return self._error("MAIL", "552 5.3.4 Message size exceeds fixed limit")
        reply = self._spoken("MAIL", "250 2.1.0 Sender ok")
        if reply.startswith(b"2"):
            self._sender = path[2].decode("utf-8", "replace")
        return reply

    def _rcpt(self, rest: bytes) -> bytes:
        if self._sender is None:
            return self._error("", "503 5.5.1 Bad sequence of commands")
        path = PATH.fullmatch(rest)
        if path is None or path[1].upper() != b"TO" or not path[2]:
            return self._error("RCPT", "501 5.5.4 Syntax: RCPT TO:<address>")
        if len(self._recipients) >= MOST_RECIPIENTS:
            return self._error("", "452 4.5.3 Too many recipients")
        reply = self._spoken("RCPT", "250 2.1.5 Recipient ok")
        if reply.startswith(b"2"):
            self._recipients.append(path[2].decode("utf-8", "replace"))
        return reply

    def _data(self, rest: bytes) -> bytes:
        if not self._recipients:
            return self._error("", "503 5.5.1 Bad sequence of commands")
        reply = self._spoken("DATA", "354 End data with <CR><LF>.<CR><LF>")
        if reply.startswith(b"3"):
            self._content = []
        return reply

    def _content_line(self, line: bytes) -> bytes:
        if self._midline or line != b".":
            # RFC 5321 4.5.2: the dot that the client put before a line's own dot is taken off.
            self._gather((line if self._midline else line.removeprefix(b".")) + b"\r\n")
            return b""
        too_large = self._size > LARGEST_MESSAGE
        message = Message(
            self._sender or "", tuple(self._recipients), b"".join(self._content or ()), self._tls
        )
        self._reset()
        if too_large:
            return self._error("", "552 5.3.4 Message size exceeds fixed limit")
        reply = self._spoken("content", "250 2.0.0 Accepted")
        if reply.startswith(b"2"):
            self.messages = [*self.messages[1 - KEPT :], message]
        return reply

    def _gather(self, piece: bytes) -> None:
        """Keep a piece of the message, but never more than the limit allows."""
        self._size += len(piece)
        if self._content is not None and self._size <= LARGEST_MESSAGE:
            self._content.append(piece)

    def _rset(self, rest: bytes) -> bytes:
        self._reset()
        return self._spoken("RSET", "250 2.0.0 Ok")

    def _noop(self, rest: bytes) -> bytes:
        return self._spoken("NOOP", "250 2.0.0 Ok")

    def _quit(self, rest: bytes) -> bytes:
        reply = self._spoken("QUIT", f"221 2.0.0 {self.settings.name} closing connection")
        self.closed = not self._mute
        return reply

    _VERBS: Mapping[str, Callable[["SmtpPeer", bytes], bytes]] = {
        "EHLO": _ehlo,
        "HELO": _helo,
        "STARTTLS": _starttls,
        "MAIL": _mail,
        "RCPT": _rcpt,
        "DATA": _data,
        "RSET": _rset,
        "NOOP": _noop,
        "QUIT": _quit,
    }
