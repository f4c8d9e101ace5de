"""SMTP replies, read from bytes as they come (RFC 5321 4.2).

A reply is a three-digit code and some text; over several lines each but the last has a hyphen
behind the code. That is all the grammar there is, and every part of it has been got wrong by
somebody's server, so the rule here is: *any bytes at all give a value, never an exception*. What
cannot be a reply is a `Nonsense` that says why and shows the beginning of the line.

The parser is fed whatever arrives and gives replies as they are complete; how the bytes were split
on their way never matters. After nonsense it gives the same nonsense for ever: where one reply ends
and the next begins is no longer known, and guessing has cost others a security hole.

A line may end in a bare LF, which many servers send and which cannot be mistaken on this side of
the conversation. Text is kept as text; what a terminal could obey (control characters, broken
UTF-8) is written as `\\xNN`, so that a reply may be printed anywhere.
"""

import re
from enum import StrEnum

from msgspec import Struct

# RFC 5321 4.5.3.1.5 allows 512 octets. Servers exceed it; Postfix reads 2048 (line_length_limit).
LONGEST_LINE = 2048
# No RFC gives a number. EHLO is the longest reply there is, some thirty lines on a rich server.
MOST_LINES = 128
QUOTED = 200  # characters of a reply that are quoted within a sentence
SHOWN = 60  # octets of a bad line that are kept to be shown

# RFC 5321 4.2: the first digit is 2 to 5, the second 0 to 5. A bare code is to be accepted
# (4.2.1, "SHOULD"), and other second digits are taken too: nothing depends on them.
LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class Reply(Struct, frozen=True):
    """One reply: its code, and the text of each line without the code."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """The reply on one line, for a sentence; cut where nobody would read on."""
        text = f"{self.code} {' / '.join(self.lines)}".rstrip()
        return text if len(text) <= QUOTED else text[:QUOTED] + "…"


class Flaw(StrEnum):
    """What makes bytes into no reply."""

    NO_CODE = "a line that does not begin with a reply code"
    MIXED_CODES = "two different codes in one reply"
    LONG_LINE = "a line without end"
    MANY_LINES = "a reply without end"


class Nonsense(Struct, frozen=True):
    """Bytes where a reply should be: why they are none, and how they begin."""

    flaw: Flaw
    shown: str

    def __str__(self) -> str:
        return f'{self.flaw} ("{self.shown}")'


class ReplyParser:
    """Bytes in, replies out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._code = b""
        self._lines: list[str] = []
        self._nonsense: Nonsense | None = None

    @property
    def unread(self) -> bool:
        """Whether bytes are left behind the replies taken so far."""
        return bool(self._buffer or self._lines or self._nonsense)

    def feed(self, data: bytes) -> None:
        if self._nonsense is None:
            self._buffer += data

    def take(self) -> Reply | Nonsense | None:
        """The next reply; None when it is not all there yet."""
        while self._nonsense is None:
            end = self._buffer.find(b"\n", 0, LONGEST_LINE)
            if end < 0:
                if len(self._buffer) < LONGEST_LINE:
                    return None
                return self._give_up(Flaw.LONG_LINE, bytes(self._buffer[:SHOWN]))
            line = bytes(self._buffer[:end]).removesuffix(b"\r")
            del self._buffer[: end + 1]
            if reply := self._read(line):
                return reply
        return self._nonsense

    def _read(self, line: bytes) -> Reply | Nonsense | None:
        """Take one whole line; a reply if it was the last of one."""
        parts = LINE.fullmatch(line)
        if parts is None:
            return self._give_up(Flaw.NO_CODE, line)
        code, separator, words = parts.groups()
        if self._lines and code != self._code:  # RFC 5321 4.2.1: the code is on every line
            return self._give_up(Flaw.MIXED_CODES, line)
        if len(self._lines) == MOST_LINES:
            return self._give_up(Flaw.MANY_LINES, line)
        self._code = code
        self._lines.append(printable(words or b""))
        if separator == b"-":
            return None
        reply = Reply(int(code), tuple(self._lines))
        self._lines.clear()
        return reply

    def _give_up(self, flaw: Flaw, line: bytes) -> Nonsense:
        self._buffer.clear()
        self._nonsense = Nonsense(flaw, printable(line[:SHOWN]))
        return self._nonsense


def printable(data: bytes) -> str:
    """Bytes as text that no terminal will act on: what is not printable is shown as an escape."""
    text = data.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
