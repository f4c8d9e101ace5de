"""What would become of a message, section by section, as `trace` shows it.

A section for each thing that is configured, in the order in which a message meets it: the host
access table with the policy's parameters, the sender, each recipient, the queue. The guides list
the sections and print some of their headings (User Guide 9.1.2, Debugging Mail Flow Using Test
Messages). What an appliance without filters, masquerading, aliases and scanning has to say of those
is that nothing changes; here they do not exist, and nothing is said.

The appliance ends at the queue. What follows here is ours: how the mail would be delivered.
"""

from collections.abc import Iterator

from msgspec import Struct

from esashell.config.model.listeners import NO_RATE, ReceivingTls, RecipientAccess
from esashell.delivery.acceptance import Client, Reception
from esashell.delivery.outcome import Result
from esashell.reports.delivery import Delivery, delivery_document, delivery_lines
from esashell.reports.evidence import Document
from esashell.reports.screen import Screen

ENQUEUED = "Message Enqueued for Delivery"


class Recipient(Struct, frozen=True):
    """One recipient: as it was given and as it is, and what the recipient access table says of it.

    `entry` is None where there is no such table; `delivery` where it is not taken.
    """

    given: str
    address: str
    entry: RecipientAccess | None
    delivery: Delivery | None = None

    @property
    def taken(self) -> bool:
        return self.entry is None or self.entry.accept


class Trace(Struct, frozen=True):
    """A message on its way in. `size` is in bytes; too large a message is not taken."""

    client: Client
    reception: Reception
    given_sender: str
    sender: str
    recipients: tuple[Recipient, ...]
    size: int = 0

    @property
    def too_many(self) -> bool:
        return len(self.recipients) > self.reception.parameters.max_recipients_per_message

    @property
    def too_large(self) -> bool:
        return self.size > self.reception.parameters.max_message_size

    @property
    def queued(self) -> bool:
        """Whether the message comes into the queue, for one recipient at least."""
        refused = self.too_many or self.too_large or not self.reception.takes_mail
        return not refused and any(each.taken for each in self.recipients)

    @property
    def delivered(self) -> bool:
        """Whether it would go to everybody it is for."""
        return self.queued and all(
            each.delivery is not None and each.delivery.outcome.result is Result.DELIVER
            for each in self.recipients
        )


def reception_lines(it: Reception) -> list[str]:
    """The section about the host access table."""
    kind = "unnamed sender group" if it.group.single else f"named sender group {it.group.name}"
    name = f"${it.policy.name}" if it.policy is not None else it.behavior.value
    lines = [
        f"HAT matched on {kind}, host {it.match}",
        f" - Applying {name} policy ({it.behavior.value} behavior).",
    ]
    if not it.takes_mail:
        return lines
    return lines + [
        f" - {text}{' (Default)' if name in it.unset else ''}" for name, text in _of(it)
    ]


def _of(it: Reception) -> Iterator[tuple[str, str]]:
    own = it.parameters
    rate = "No Limit" if own.max_recipients_per_hour == NO_RATE else own.max_recipients_per_hour
    tls = {ReceivingTls.NO: "No", ReceivingTls.REQUIRED: "Required"}.get(own.tls, "Preferred")
    yield "max_message_size", f"Maximum Message Size:  {_size(own.max_message_size)}"
    connections = f"Maximum Number Of Connections From A Single IP:  {own.max_concurrency}"
    yield "max_concurrency", connections
    messages = f"Maximum Number Of Messages Per Connection:  {own.max_messages_per_session}"
    yield "max_messages_per_session", messages
    recipients = f"Maximum Number Of Recipients Per Message:  {own.max_recipients_per_message}"
    yield "max_recipients_per_message", recipients
    yield "max_recipients_per_hour", f"Maximum Recipients Per Hour:  {rate}"
    yield "use_senderbase", f"Use SenderBase For Flow Control:  {_yes(own.use_senderbase)}"
    yield "spam_check", f"Spam Detection Enabled:  {_yes(own.spam_check)}"
    yield "virus_check", f"Virus Detection Enabled:  {_yes(own.virus_check)}"
    yield "tls", f"Allow TLS Connections:  {tls}"


def _yes(value: bool) -> str:
    return "Yes" if value else "No"


def _size(size: int) -> str:
    for unit, count in (("M", 1024**2), ("K", 1024)):
        if size % count == 0:
            return f"{size // count}{unit}"
    return str(size)


def trace_lines(it: Trace, by: str, screen: Screen | None = None) -> list[str]:
    """All sections; `by` is how the configuration is called that decides."""
    lines = reception_lines(it.reception)
    if not it.reception.takes_mail:
        return lines
    lines += ["", "Processing MAIL FROM:", _default_domain(it.given_sender, it.sender)]
    lines += ["", "Processing Recipient List:"]
    for each in it.recipients:
        lines += _recipient(each)
    if it.too_many:
        lines += ["", "Rejected: more recipients than a message may have."]
    elif it.too_large:
        lines += ["", "Rejected: larger than a message may be."]
    if not it.queued:
        return lines
    lines += ["", ENQUEUED]
    for each in it.recipients:
        if each.delivery is not None:
            lines += ["", *delivery_lines(each.delivery, screen, by)]
    return lines


def _recipient(it: Recipient) -> Iterator[str]:
    yield f"Processing {it.given}"
    yield _default_domain(it.given, it.address)
    if it.entry is not None:
        access = "ACCEPT" if it.entry.accept else "REJECT"
        yield f" - RAT matched on {it.entry.address}, behavior = {access}"
        if it.entry.response and not it.entry.accept:
            yield f" - Response: {it.entry.response}"
        if it.entry.bypass:
            yield " - Bypass Receiving Control: Yes"


def _default_domain(given: str, address: str) -> str:
    change = "No Change" if given == address else address
    return f" - Default Domain Processing:  {change}"


def trace_document(it: Trace) -> Document:
    """The same for machines."""
    at = it.reception
    return {
        "schema": "esashell.trace",
        "version": 1,
        "client": {"address": it.client.address, "host": it.client.host},
        "sender_group": at.group.name,
        "match": at.match,
        "policy": at.policy.name if at.policy is not None else None,
        "behavior": at.behavior.value,
        "sender": it.sender,
        "recipients": [
            {
                "address": each.address,
                "entry": each.entry.address if each.entry is not None else None,
                "accepted": each.taken,
                "delivery": delivery_document(each.delivery) if each.delivery else None,
            }
            for each in it.recipients
        ],
        "queued": it.queued,
        "delivered": it.delivered,
    }
