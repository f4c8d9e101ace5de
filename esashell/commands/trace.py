"""trace: what would become of a message, from the connection to its delivery. Nothing is sent.

    trace 192.168.42.10 host.example.com OutgoingMail ann@example.com bob@dane.lab

The sections are the appliance's, by the configuration as it stands, pending changes included. The
last one is ours: how the message would be delivered to each recipient, by which route, destination
control and rule, down to the handshake with the mail host. Where pending changes have the world
looked at in another way, by other resolvers for instance, that is not known before `commit`.

There are no filters, aliases and scanners here, and nobody's reputation is known: their sections
are not shown, and a score is what is typed. The status is 0 when the mail would go to everybody it
is for, else 1.
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from esashell.commands.dates import date_and_time
from esashell.commands.registry import TABLE, command
from esashell.commands.rehearsal import looks_different
from esashell.config.lookup import Destinations, Routes
from esashell.config.model.listeners import Behavior, Listener
from esashell.config.quoting import quoted
from esashell.delivery.acceptance import Client, access, reception
from esashell.delivery.attempt import attempt, outcome
from esashell.delivery.settings import origins, settings_for
from esashell.dialogue.kinds import ADDRESS, DOMAIN, ask, choice, file_kind, host_name, yes_no
from esashell.dialogue.requests import Ask, Kind, ReadFile, Refuse, Say, Show, do
from esashell.errors import BadAnswer, OperatorError
from esashell.reports.delivery import RUNNING, Delivery
from esashell.reports.tracing import (
    Recipient,
    Trace,
    trace_document,
    trace_lines,
)
from esashell.simulate.plan import not_observed

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

BODY = "Enter or paste the message body here.  Enter '.' on a blank line to end."
END = "."
UNKNOWN = "N/A"
LARGEST = 1024 * 1024  # characters that can be typed
USAGE = (
    "trace <source_ip> <host> <listener> <sender> <recipient>[,<recipient>] [sbo=<id>] "
    "[sbrs=<score>] [file=<name>]",
)


def _owner(text: str) -> str:
    if text.upper() == UNKNOWN or (text.isascii() and text.isdigit() and len(text) <= 12):
        return "" if text.upper() == UNKNOWN else text
    raise BadAnswer(f"Error: The value must be a number, or {UNKNOWN}.")


def _score(text: str) -> tuple[float, ...]:
    if text.upper() == UNKNOWN:
        return ()
    if re.fullmatch(r"-?\d{1,2}(\.\d)?", text, re.ASCII) and -10 <= float(text) <= 10:
        return (float(text),)
    raise BadAnswer(f"Error: The value must be a score from -10.0 to 10.0, or {UNKNOWN}.")


OWNER: Kind[str] = Kind(
    _owner, lambda it: it or UNKNOWN, sample="34", about=f"A number, or {UNKNOWN}"
)
SCORE: Kind[tuple[float, ...]] = Kind(
    _score,
    lambda it: f"{it[0]:.1f}" if it else UNKNOWN,
    sample="-7.5",
    about=f"A score from -10.0 to 10.0, or {UNKNOWN}",
)


def _mailbox(text: str) -> str:
    """An address, its domain in small letters; a user name alone is left as it is."""
    inner = text[1:-1] if text[:1] == "<" and text[-1:] == ">" else text
    local, at, domain = inner.rpartition("@") if "@" in inner else (inner, "", "")
    if not re.fullmatch(r"[!#-'*+./0-9=?A-Z^-~-]{1,64}", local):
        raise BadAnswer(f"Error: {quoted(text, 60)} is not an address.")
    return f"{local}@{DOMAIN.parse(domain)}" if at else local


def _sender(text: str) -> str:
    return "" if text == "<>" else _mailbox(text)


def _mailboxes(text: str) -> tuple[str, ...]:
    return tuple(_mailbox(each.strip()) for each in text.split(","))


SENDER: Kind[str] = Kind(
    _sender, lambda it: it or "<>", sample="ann@example.com", about="An address, or <>"
)
RECIPIENTS: Kind[tuple[str, ...]] = Kind(
    _mailboxes, ", ".join, sample="bob@example.net", about="Addresses with commas between them"
)
LINE: Kind[str | None] = Kind(
    str, lambda it: "", sample=END, about="Lines of text, and a dot to end them"
)


class _Message(Struct, frozen=True):
    """What was typed, for the next turn to begin with."""

    client: Client
    listener: str
    sender: str
    recipients: tuple[str, ...]
    text: str


@command("trace", help=TABLE["trace"], usage=USAGE)
def trace(appliance: "Appliance") -> "Dialogue[int]":
    last: _Message | None = None
    while True:
        if not appliance.config.listeners:
            yield Refuse("Error: There is no listener.")
            return 1
        last = yield from _message(appliance, last)
        config = appliance.config
        by = RUNNING if config == appliance.running else "the pending configuration"
        found = yield from do(_traced(appliance, last))
        yield Say("\n".join(("", *trace_lines(found, by, appliance.screen))))
        yield Show(trace_document(found))
        if found.queued:
            prompt = "Would you like to see the resulting message?"
            if (yield from yes_no("show", prompt, True, batch="no")):
                yield Say("\n".join(_resulting(found, last, config, appliance.now)))
        if not (
            yield from yes_no("again", "Run through another debug session?", False, batch="no")
        ):
            return 0 if found.delivered else 1


def _message(appliance: "Appliance", last: _Message | None) -> "Dialogue[_Message]":
    before = last.client if last is not None else None
    source = Ask(
        "source_ip",
        "Enter the source IP",
        ADDRESS,
        before.address if before else None,
        positional=True,
    )
    at = yield from ask(source)
    host = yield from host_name(
        "host",
        "Enter the fully qualified domain name of the source IP",
        before.host if before else None,
    )
    listeners = {each.name: each.name for each in appliance.config.listeners}
    listener = yield from choice(
        "listener",
        "Select the listener to trace behavior on:",
        listeners,
        last.listener if last and last.listener in listeners else next(iter(listeners)),
        positional=True,
    )
    owner, score = yield from _reputation(before)
    client = Client(at, host, score, owner)
    ask_sender = Ask(
        "sender",
        "Enter the Envelope Sender address:",
        SENDER,
        last.sender if last else None,
        positional=True,
    )
    sender = yield from ask(ask_sender)
    ask_recipients = Ask(
        "recipients",
        "Enter the Envelope Recipient addresses.  Separate multiple addresses by commas.",
        RECIPIENTS,
        last.recipients if last else None,
        positional=True,
    )
    recipients = yield from ask(ask_recipients)
    text = yield from _text(appliance)
    return _Message(client, listener, sender, recipients, text)


def _reputation(before: Client | None) -> "Dialogue[tuple[str, float | None]]":
    yield Say("\nFetching default SenderBase values...")
    known = f"The actual ID is {UNKNOWN}."
    owner = yield from ask(
        Ask(
            "sbo",
            f"Enter the SenderBase Org ID of the source IP.  {known}",
            OWNER,
            before.owner if before else "",
        )
    )
    known = f"The actual score is {UNKNOWN}."
    score = yield from ask(
        Ask(
            "sbrs",
            f"Enter the SenderBase Reputation Score of the source IP.  {known}",
            SCORE,
            () if before is None or before.score is None else (before.score,),
        )
    )
    return owner, score[0] if score else None


def _text(appliance: "Appliance") -> "Dialogue[str]":
    """The message, from a file or as it is typed; "" where there is none."""
    load = "Load message from disk?"
    while (yield from yes_no("load", load, True, gates=("file",), batch="no")):
        kind = file_kind(appliance.files())
        name = yield from ask(Ask("file", "Enter the name of the file to load:", kind))
        found: bytes | OperatorError = yield ReadFile(name)
        if not isinstance(found, OperatorError):
            return found.decode("utf-8", "replace")
        if (yield Refuse(str(found))):
            return ""
    lines: list[str] = []
    size = 0
    # A command line has no body: there the default ends it at once.
    question = Ask("body", BODY, LINE, END, ends=True)
    while size <= LARGEST:
        line = yield from ask(question)
        if line is None or line.strip() == END:
            break
        lines.append(line)
        size += len(line)
        question = Ask("body", "", LINE, END, ends=True)
    return "".join(f"{line}\n" for line in lines)


def _traced(appliance: "Appliance", message: _Message) -> "Steps[Trace]":
    config = appliance.config
    listener = next(each for each in config.listeners if each.name == message.listener)
    received = reception(listener, message.client)
    sender = _completed(message.sender, listener)
    recipients = []
    for given in message.recipients:
        whole = _completed(given, listener)
        recipients.append(Recipient(given, whole, access(listener, whole)))
    size = len(message.text.encode())
    found = Trace(message.client, received, message.sender, sender, tuple(recipients), size)
    if not found.queued:
        return found
    for place, each in enumerate(recipients):
        if each.taken:
            delivery = yield from _delivery(appliance, config, each.address, received.behavior)
            recipients[place] = replace(each, delivery=delivery)
    return replace(found, recipients=tuple(recipients))


def _completed(mailbox: str, listener: Listener) -> str:
    """An address with the listener's default domain, where it has none of its own."""
    if not mailbox or "@" in mailbox or not listener.default_domain:
        return mailbox
    return f"{mailbox}@{listener.default_domain}"


def _delivery(
    appliance: "Appliance", config: "Config", mailbox: str, behavior: Behavior
) -> "Steps[Delivery]":
    name = DOMAIN.parse(mailbox.rpartition("@")[2])
    tables = Destinations(config.destinations), Routes(config.smtp_routes)
    agility = config.dns.digest_agility
    settings = settings_for(str(name), *tables, behavior, agility)
    found = origins(str(name), *tables)
    if looks_different(appliance.running, config):
        unseen = not_observed(str(name))
        return Delivery(name, settings, found, unseen, unseen)
    tried = yield from attempt(name, settings, appliance.sender)
    seen = tried.observation
    accepted = outcome(seen, replace(settings, behavior=Behavior.ACCEPT), seen.when)
    return Delivery(name, settings, found, tried.outcome, accepted)


def _resulting(it: Trace, message: _Message, config: "Config", now: int) -> list[str]:
    """The message as it would stand in the queue."""
    taken = [each.address for each in it.recipients if each.taken]
    return [
        f"Final Envelope Sender:  {it.sender or '<>'}",
        "Final Recipients:",
        *(f" - {each}" for each in taken),
        "",
        "Final Message Content:",
        "",
        f"Received: from {it.client.host} ([{it.client.address}])",
        f"  by {config.hostname} with TEST; {date_and_time(now, config.timezone)}",
        *(line for line in message.text.splitlines()),
    ]
