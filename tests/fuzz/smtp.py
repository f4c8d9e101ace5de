"""Fuzzing of what a mail server says: the reply parser, and the conversation around it."""

from typing import Any

from esashell.errors import TimedOut
from esashell.smtp.client import shake_hands
from esashell.smtp.replies import LONGEST_LINE, MOST_LINES, Nonsense, Reply, ReplyParser
from esashell.steps import Receive, StartTls, TlsPeer, TlsPolicy, run
from tests.fuzz.engine import Target, main

_PEER = TlsPeer("TLSv1.3", "TLS_AES_256_GCM_SHA384", (b"leaf",))
_SAID = (
    b"220 mx ESMTP\r\n250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n220 go\r\n250 mx\r\n221 bye\r\n",
    b"554 5.7.1 no\r\n221 bye\r\n",
    b"220-a\n220-b\n220 c\n502 what\r\n250 mx\r\n",
    b"421\r\n",
)
_WORDS = (b"\r\n", b"\n", b"-", b" ", b"220 ", b"250-", b"STARTTLS", b"\xff", b"4.7.0 ", b"x" * 600)


def replies(data: bytes) -> list[Reply | Nonsense]:
    """Everything in the octets, as one piece."""
    parser = ReplyParser()
    parser.feed(data)
    return _taken(parser)


def _taken(parser: ReplyParser) -> list[Reply | Nonsense]:
    found: list[Reply | Nonsense] = []
    while (reply := parser.take()) is not None:
        found.append(reply)
        if isinstance(reply, Nonsense):
            break
    return found


def reads_replies(data: bytes) -> None:
    """However the octets are split, they are the same replies, and every one may be shown."""
    whole = replies(data)
    size = 1 + (data[0] % 5 if data else 0)
    parser = ReplyParser()
    found: list[Reply | Nonsense] = []
    for at in range(0, len(data), size):
        parser.feed(data[at : at + size])
        found += _taken(parser)
        if found and isinstance(found[-1], Nonsense):
            break
    assert found == whole
    for each in found:
        assert str(each).isprintable()
        if isinstance(each, Reply):
            assert 200 <= each.code <= 599
            assert 1 <= len(each.lines) <= MOST_LINES
            assert all(line.isprintable() for line in each.lines)
            assert all(len(line) <= 4 * LONGEST_LINE for line in each.lines)


class _Server:
    """Says what the input has, a line for each time that we listen, and then nothing more."""

    def __init__(self, data: bytes) -> None:
        self.said = data.splitlines(keepends=True)

    def perform(self, request: Any) -> Any:
        if isinstance(request, Receive):
            if not self.said:
                raise TimedOut()
            return self.said.pop(0)
        return _PEER if isinstance(request, StartTls) else None


def converses(data: bytes) -> None:
    """A conversation ends in a record: with TLS, or with the finding why not."""
    result = run(shake_hands("us.example", "mx.example", TlsPolicy()), _Server(data))
    assert result.peer is not None or result.failure is not None
    if result.failure is not None:
        assert result.failure.text.isprintable()
        assert len(result.failure.text) < 1000
    assert [turn.sent for turn in result.transcript].count("STARTTLS") <= 1


TRACED = ("esashell/smtp/",)
REPLIES = Target("replies", reads_replies, _SAID, TRACED, _WORDS)
CONVERSATION = Target("conversation", converses, _SAID, TRACED, _WORDS)

if __name__ == "__main__":
    main(REPLIES, CONVERSATION)
