"""One message over an open conversation: MAIL, RCPT, DATA, and the dot (RFC 5321 3.3).

The sender learns of each recipient by itself; the message goes out when at least one was accepted.
Whatever answers the final dot is the last word on all of those. A connection that breaks behind
the dot leaves it open whether the message arrived, and it is sent again (RFC 5321 4.5.3.2.6).
"""

import re

from msgspec import Struct

from esashell.clock import SECOND
from esashell.smtp.client import PATIENCE, Conversation, Finding, Stage
from esashell.smtp.replies import Reply
from esashell.steps import CONVERSATION, Steps

_BLOCK = 64 * 1024  # octets; RFC 5321 does not say how large a block of data is
_BLOCK_TIME = 180 * SECOND  # RFC 5321 4.5.3.2.5
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Message(Struct, frozen=True):
    """What is to be delivered; an empty `sender` is the null reverse-path of a bounce."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes = b"Subject: test\r\n\r\ntest\r\n"

    def __post_init__(self) -> None:
        for each in (self.sender, *self.recipients):
            if not each.isascii() or not each.isprintable() or set(each) & set("<> "):
                raise ValueError(f"{each!r} cannot be said in an envelope")
        if not self.recipients:
            raise ValueError("a message needs a recipient")


def longest(message: Message) -> int:
    """How long a connection may last that hands over the message (RFC 5321 4.5.3.2), in
    microseconds; no less than one that does not."""
    said = PATIENCE[Stage.MAIL] + len(message.recipients) * PATIENCE[Stage.RCPT]
    blocks = 1 + len(message.content) // _BLOCK
    sent = PATIENCE[Stage.DATA] + blocks * _BLOCK_TIME + PATIENCE[Stage.CONTENT]
    return CONVERSATION + said + sent


class Transaction(Struct, frozen=True):
    """How it ended. `accepted` had the message taken for them; `refused` have a reply of their own.

    `failure` is what ended it for all the others, at `stage`; None when the message was taken.
    """

    stage: Stage
    accepted: tuple[str, ...] = ()
    refused: tuple[tuple[str, Reply], ...] = ()
    failure: Reply | Finding | None = None
    reply: Reply | None = None


def transact(conversation: Conversation, message: Message) -> Steps[Transaction]:
    """Hand over one message; the conversation stays open."""
    reply = yield from conversation.say(f"MAIL FROM:<{message.sender}>", Stage.MAIL)
    if isinstance(reply, Finding) or reply.code // 100 != 2:
        return Transaction(Stage.MAIL, failure=reply)
    willing: list[str] = []
    refused: list[tuple[str, Reply]] = []
    for each in message.recipients:
        reply = yield from conversation.say(f"RCPT TO:<{each}>", Stage.RCPT)
        if isinstance(reply, Finding):
            return Transaction(Stage.RCPT, refused=tuple(refused), failure=reply)
        if reply.code // 100 == 2:
            willing.append(each)
        else:
            refused.append((each, reply))
    if not willing:
        # One recipient that may be tried again keeps the message alive.
        worst = min((each for _, each in refused), key=lambda it: it.code)
        return Transaction(Stage.RCPT, refused=tuple(refused), failure=worst)
    reply = yield from conversation.say("DATA", Stage.DATA)
    if isinstance(reply, Finding) or reply.code != 354:
        return Transaction(Stage.DATA, refused=tuple(refused), failure=reply)
    reply = yield from conversation.say_content(on_the_wire(message.content))
    if isinstance(reply, Finding) or reply.code // 100 != 2:
        return Transaction(Stage.CONTENT, refused=tuple(refused), failure=reply)
    return Transaction(Stage.CONTENT, tuple(willing), tuple(refused), reply=reply)


def on_the_wire(content: bytes) -> bytes:
    """The message with CRLF line ends, a dot before each leading dot, and the final dot.

    A bare CR or LF becomes a line end of its own: sent as it is, some server would see the end of
    the message where another does not (SMTP smuggling, CVE-2023-51764).
    """
    lines = _LINE_END.split(content)
    if not lines[-1]:
        lines.pop()
    stuffed = (b"." + line if line.startswith(b".") else line for line in lines)
    return b"".join(line + b"\r\n" for line in (*stuffed, b"."))
