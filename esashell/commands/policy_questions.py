"""The questions about a mail flow policy, and about the parameters that policies leave to it.

The keys are the names that the parameters have in the file of the host access table. In a policy of
its own each may be left to the default parameters with the word `default`.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.commands.log_questions import UNITS
from esashell.config.faults import LARGEST
from esashell.config.files.hat import TLS
from esashell.config.model.listeners import (
    NO_RATE,
    Behavior,
    MailFlowPolicy,
    PolicyParameters,
)
from esashell.dialogue.kinds import YES_NO, ask, choice_kind, number_kind, numbered
from esashell.dialogue.requests import Ask, Kind
from esashell.dialogue.settings import THREE, three
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

T = TypeVar("T")


def _size(text: str) -> int:
    digits, unit = text.lower(), ""
    if digits[-1:] in ("k", "m"):
        digits, unit = digits[:-1], digits[-1]
    if digits.isascii() and digits.isdigit() and len(digits) < 12:
        size = int(digits) * UNITS[unit]
        if 1 <= size <= LARGEST:
            return size
    raise BadAnswer(f"Error: The value must be a size from 1 to {LARGEST} bytes, K or M behind it.")


def size_text(size: int) -> str:
    """The size as it is typed, in the largest unit that goes into it: `10M`."""
    for unit, count in (("M", 1024**2), ("K", 1024)):
        if size % count == 0:
            return f"{size // count}{unit}"
    return str(size)


SIZE: Kind[int] = Kind(_size, size_text, sample="10M", about="A size in bytes, K or M behind it")
COUNT = number_kind(1, LARGEST)
TLS_TEXTS = ("No", "Preferred", "Required")

# One-element tuples, since a value that is None would be a question without a default.
Left = tuple[T, ...]


def _or_left(kind: Kind[T]) -> "Kind[Left[T]]":
    """The kind's answers, or the word default, which is the empty tuple."""

    def parse(text: str) -> "Left[T]":
        return () if text.lower() == "default" else (kind.parse(text),)

    def show(value: "Left[T]") -> str:
        return kind.show(value[0]) if value else "default"

    words = (*kind.words, "default") if kind.words else ()
    return Kind(parse, show, words, kind.sample, closed=kind.closed, about=kind.about)


class _Asker(Struct, frozen=True):
    """Asks for parameters: of the default where not `own`, else of a policy."""

    own: bool

    def value(
        self, key: str, prompt: str, kind: Kind[T], present: T | None, label: str = ""
    ) -> "Dialogue[T | None]":
        if not self.own:
            return (yield from ask(Ask(key, prompt, kind, present, label=label)))
        left: tuple[T, ...] = () if present is None else (present,)
        found = yield from ask(Ask(key, prompt, _or_left(kind), left, label=label))
        return found[0] if found else None

    def switch(
        self, key: str, prompt: str, present: bool | None, gates: tuple[str, ...] = ()
    ) -> "Dialogue[bool | None]":
        answer: Any
        behind = frozenset(gates)
        if self.own:
            word = three(present)
            batch = word if gates else None
            answer = yield from ask(Ask(key, prompt, THREE, word, gates=behind, batch=batch))
        else:
            batch = ("yes" if present else "no") if gates else None
            answer = yield from ask(
                Ask(key, prompt, YES_NO, bool(present), gates=behind, batch=batch)
            )
        # A command line that names what stands behind the question has answered it with True.
        return None if answer == "default" else answer in (True, "yes")

    def limit(
        self, keys: tuple[str, str], prompts: tuple[str, str], present: int | None, off: int
    ) -> "Dialogue[int | None]":
        """A limit that there may be none of, which is written as `off`."""
        gate, key = keys
        there = None if present is None else present != off
        wanted = yield from self.switch(gate, prompts[0], there, (key,))
        if wanted is None:
            return None
        if not wanted:
            return off
        default = present if there else None
        return (yield from ask(Ask(key, prompts[1], COUNT, default, label="recipients")))


Parameters = TypeVar("Parameters", PolicyParameters, MailFlowPolicy)


def parameters(old: Parameters) -> "Dialogue[Parameters]":
    """All parameters, asked from the beginning; the old ones are what Enter keeps."""
    asker = _Asker(isinstance(old, MailFlowPolicy))
    size = yield from asker.value(
        "max_message_size",
        "Enter the maximum message size. Add a trailing K for kilobytes, M for\n"
        "megabytes, or no letters for bytes.",
        SIZE,
        old.max_message_size,
        "bytes",
    )
    concurrency = yield from asker.value(
        "max_concurrency",
        "Enter the maximum number of concurrent connections allowed from a single\nIP address.",
        COUNT,
        old.max_concurrency,
        "connections",
    )
    messages = yield from asker.value(
        "max_msgs_per_session",
        "Enter the maximum number of messages per connection.",
        COUNT,
        old.max_messages_per_session,
        "messages",
    )
    recipients = yield from asker.value(
        "max_rcpts_per_msg",
        "Enter the maximum number of recipients per message.",
        COUNT,
        old.max_recipients_per_message,
        "recipients",
    )
    changed = replace(
        old,
        max_message_size=size,
        max_concurrency=concurrency,
        max_messages_per_session=messages,
        max_recipients_per_message=recipients,
    )
    return (yield from _flow(asker, changed))


def _flow(asker: _Asker, old: Parameters) -> "Dialogue[Parameters]":
    """Rates, scanning and TLS."""
    rate = yield from asker.limit(
        ("rate_limiting", "max_rcpts_per_hour"),
        (
            "Do you want to enable rate limiting per host?",
            "Enter the maximum number of recipients per hour from a remote host.",
        ),
        old.max_recipients_per_hour,
        NO_RATE,
    )
    senderbase = yield from asker.switch(
        "use_sb",
        "Would you like to use SenderBase for flow control by default?",
        old.use_senderbase,
    )
    spam = yield from asker.switch(
        "spam_check", "Would you like to enable anti-spam scanning?", old.spam_check
    )
    virus = yield from asker.switch(
        "virus_check", "Would you like to enable anti-virus scanning?", old.virus_check
    )
    words = {tls: word for word, tls in TLS.items()}
    word = yield from asker.value(
        "tls",
        f"Do you want to allow encrypted TLS connections?\n{numbered(TLS_TEXTS)}",
        choice_kind(tuple(TLS)),
        None if old.tls is None else words[old.tls],
    )
    harvest = yield from asker.limit(
        ("dhap", "dhap_limit"),
        (
            "Would you like to enable Directory Harvest Attack Prevention per host?",
            "Enter the maximum number of invalid recipients per hour from a remote host.",
        ),
        old.dhap_limit,
        0,
    )
    return replace(
        old,
        max_recipients_per_hour=rate,
        use_senderbase=senderbase,
        spam_check=spam,
        virus_check=virus,
        tls=None if word is None else TLS[word],
        dhap_limit=harvest,
    )


def policy(old: MailFlowPolicy) -> "Dialogue[MailFlowPolicy]":
    """A policy's behaviour and, where mail is taken, its parameters."""
    words = {each.value: text for each, text in BEHAVIOR_TEXTS.items()}
    prompt = f"Select a behavior for this entry.\n{numbered(words.values())}"
    found = yield from ask(
        Ask("behavior", prompt, choice_kind(tuple(words)), old.behavior.value, positional=True)
    )
    behavior = Behavior(found)
    if behavior not in (Behavior.ACCEPT, Behavior.RELAY):
        return MailFlowPolicy(old.name, behavior, others=old.others)
    return (yield from parameters(replace(old, behavior=behavior)))


BEHAVIOR_TEXTS = {
    Behavior.ACCEPT: "Accept",
    Behavior.RELAY: "Relay",
    Behavior.REJECT: "Reject",
    Behavior.TCPREFUSE: "TCP refuse",
    Behavior.CONTINUE: "Continue",
}


def parameter_lines(found: PolicyParameters) -> str:
    """The default parameters, as NEW shows them."""
    rate, harvest = found.max_recipients_per_hour, found.dhap_limit
    lines = [
        "Default Policy Parameters",
        "==========================",
        f"Maximum Message Size: {size_text(found.max_message_size)}",
        f"Maximum Number Of Concurrent Connections From A Single IP: {found.max_concurrency:,}",
        f"Maximum Number Of Messages Per Connection: {found.max_messages_per_session:,}",
        f"Maximum Number Of Recipients Per Message: {found.max_recipients_per_message:,}",
        f"Directory Harvest Attack Prevention: {_enabled(harvest > 0)}",
        f"Maximum Number Of Invalid Recipients Per Hour: {harvest:,}",
        f"Maximum Number Of Recipients Per Hour: {'Disabled' if rate == NO_RATE else f'{rate:,}'}",
        f"Use SenderBase for Flow Control: {_yes(found.use_senderbase)}",
        f"Spam Detection Enabled: {_yes(found.spam_check)}",
        f"Virus Detection Enabled: {_yes(found.virus_check)}",
        f"Allow TLS Connections: {found.tls}",
    ]
    if not harvest:
        del lines[7]
    return "\n".join(lines)


def _enabled(on: bool) -> str:
    return "Enabled" if on else "Disabled"


def _yes(on: bool) -> str:
    return "Yes" if on else "No"
