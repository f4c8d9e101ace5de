"""Messages that are found by what was said about them: the first half of `findevent`.

The envelope sender, the subject and the recipients stand in lines of their own, with the message's
number. An expression is about what stands in them and not about the line around it. A message of
the appliance's own (ICID 0: a bounce, an alert) is none that somebody sent, and a search for a
sender passes over it.
"""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from esashell.logs.blocks import blocks
from esashell.logs.limit import watched
from esashell.logs.lines import ByLiteral
from esashell.logs.pattern import Pattern


class Field(StrEnum):
    """What is searched; the values are the words of a command line."""

    SENDER = "from"
    SUBJECT = "subject"
    RECIPIENT = "to"


_FIELDS = {
    Field.SENDER: (b" From: <", re.compile(rb"\bMID (\d{1,18}) ICID (?!0 )\d+ From: <([^\n]*)>")),
    Field.SUBJECT: (b" Subject ", re.compile(rb"\bMID (\d{1,18}) Subject ([^\n]*)")),
    Field.RECIPIENT: (b" To: <", re.compile(rb"\bMID (\d{1,18}) ICID \d+ RID \d+ To: <([^\n]*)>")),
}
_TIME = re.compile(rb"(?:\S+ +){4}\d{4}(?= )")


class Message(Struct, frozen=True):
    """A message that was found, and when the line was written that it was found by."""

    mid: int
    time: str


def messages(paths: Iterable[Path], field: Field, sought: Pattern) -> list[Message]:
    """The messages in whose lines the expression finds something, each once, in their order."""
    literal, expression = _FIELDS[field]
    way = ByLiteral([literal], ignore_case=False)
    matches = _matcher(sought)
    found: dict[int, Message] = {}
    with watched() as watch:
        for path in paths:
            watch.path = path
            for block in blocks(path):
                for begin, end in way.spans(block):
                    watch.block += 1
                    line = expression.search(block, begin, end)
                    if line is None or not matches(line[2].rstrip(b"\r")):
                        continue
                    time = _TIME.match(block, begin, end)
                    mid = int(line[1])
                    shown = time[0].decode("ascii", "replace") if time else ""
                    found.setdefault(mid, Message(mid, shown))
    return list(found.values())


def _matcher(sought: Pattern) -> Callable[[bytes], bool]:
    decoded, plain = sought.decoded, sought.line
    if decoded is not None:
        return lambda text: decoded.search(text.decode("utf-8", "surrogateescape")) is not None
    return lambda text: plain.search(text) is not None
