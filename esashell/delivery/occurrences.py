"""What happened in an attempt, as events: connections, TLS, DANE, and what became of messages.

An attempt knows what it found, in the order in which it found it, and what came of it; this tells
it again in the words of `events`, for logs and reports. Nothing is decided here.

One attempt may speak for many messages: a queue is tried as a whole, and a destination that shows
what another one shows is not asked again. So the messages are handed in, and may be others than the
one that the attempt was made with.

`TlsNegotiated.dane_domain` is set exactly where DANE succeeded: the certificate matched, and the
decision table calls that a success. Where the handshake came about and the certificate was not the
one, TLS has failed: no mail goes over such a connection.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from esashell.config.model.destination import DaneSetting
from esashell.delivery.attempt import Attempt
from esashell.delivery.destinations import destination
from esashell.delivery.evidence import HostAddresses
from esashell.delivery.observation import (
    AddressesWanted,
    Contact,
    ContactWanted,
    DeliveryWanted,
    Handshake,
    MxWanted,
    TlsaWanted,
    TlsWanted,
)
from esashell.delivery.outcome import Outcome, Protection, Result, Try
from esashell.events import (
    Bounced,
    ConnectionFailed,
    DaneFailed,
    DaneFellBack,
    DaneRecordFound,
    DaneTried,
    DaneVerified,
    Deferred,
    Delivered,
    DeliveryClosed,
    DeliveryConnection,
    DeliveryStarted,
    DestinationUnknown,
    Discarded,
    Event,
    MessageFinished,
    TlsFailed,
    TlsMissing,
    TlsNegotiated,
)
from esashell.resolver.answer import Answer, Existence
from esashell.resolver.rrtypes import type_text
from esashell.smtp.client import Finding, status_of
from esashell.smtp.replies import Reply
from esashell.smtp.transaction import Message, Transaction

# What the appliance calls a status (RFC 3463): those that its logs are known to show, and by their
# subject those that are inferred from them.
STATUS_TEXTS = {
    "1.0": "Unknown address error",
    "1.1": "Bad destination email address",
    "1.2": "Bad destination host",
    "3.2": "Not accepting messages at this time",
    "4.7": "Delivery expired (message too old)",
}
SUBJECT_TEXTS = {
    "1": "Unknown address error",
    "2": "Other mailbox problem",
    "3": "Other mail system problem",
    "4": "Other network problem",
    "5": "Other mail protocol problem",
    "6": "Other media problem",
    "7": "Other security problem",
}


def status_text(status: str) -> str:
    """The words beside an enhanced status code."""
    _, _, detail = status.partition(".")
    return STATUS_TEXTS.get(detail) or SUBJECT_TEXTS.get(detail.partition(".")[0], "Other problem")


class Envelope(Struct, frozen=True):
    """A message as an attempt sees it. `size` is in bytes."""

    mid: int
    sender: str
    recipients: tuple[str, ...]
    size: int = 0


class Waiting(Struct, frozen=True):
    """When what is deferred is tried again (microseconds, 0 if nobody knows), by which profile."""

    until: int = 0
    profile: str = "Default"


NOT_KNOWN = Waiting()


def occurrences(
    attempt: Attempt, message: Message, mid: int, next_dcid: Callable[[], int]
) -> Iterator[Event]:
    """The events of one attempt with its own message, in the order in which they happened."""
    envelope = Envelope(mid, message.sender, message.recipients, len(message.content))
    walk = Walk(attempt, next_dcid)
    yield from walk.told((envelope,))
    yield from walk.hang_up()


def said_at_the_end(outcome: Outcome) -> tuple[int, tuple[str, ...]]:
    """The reply that ended an attempt, or code 0 and our own words."""
    failure = outcome.transaction.failure if outcome.transaction else None
    if failure is None or isinstance(failure, Finding):
        return 0, (outcome.reason.text,)
    return failure.code, failure.lines


class Walk:
    """The way of an attempt from host to host; `dcid` is the connection that is open, 0 for none.

    `domain` is whose mail it is, where that is another than the one that was looked at: one of
    which the same was seen.
    """

    def __init__(self, attempt: Attempt, next_dcid: Callable[[], int], domain: str = "") -> None:
        seen_of = str(attempt.observation.domain)
        self.domain = domain or seen_of
        self._seen_of: re.Pattern[str] | None = None
        if self.domain != seen_of:
            self._seen_of = re.compile(rf"(?<![\w-]){re.escape(seen_of)}(?![\w-])")
        self.facts = attempt.observation.facts
        self.dane = attempt.settings.dane_in_force
        self.outcome: Outcome = attempt.outcome
        self.next_dcid = next_dcid
        self.dcid = 0
        self.last = 0  # the last connection, open or not
        self.interface = ""

    def told(self, envelopes: Sequence[Envelope], waiting: Waiting = NOT_KNOWN) -> Iterator[Event]:
        """All that happens, up to where the last connection is left open."""
        if self.dane is not DaneSetting.NONE:
            yield DaneTried(self.domain, self.dane.value)
        for fact in self.facts:
            match fact.want:
                case MxWanted():
                    yield from self._mx(fact.found)
                case AddressesWanted():
                    yield from self._addresses(fact.found)
                case TlsaWanted(host=host):
                    for answer in fact.found[-1:]:
                        yield from self._record(answer, "", str(host))
                case ContactWanted(address=address, port=port):
                    yield from self._contact(fact.found, address, port)
                case TlsWanted(address=address):
                    yield from self._tls(fact.found, address)
                case DeliveryWanted():
                    for each in envelopes:
                        yield from self._transaction(fact.found, each, waiting)
        if self.dane is not DaneSetting.NONE:
            yield from self._of_dane()
        for each in envelopes:
            yield from self._end(each, waiting)

    def carried(self, envelope: Envelope) -> Iterator[Event]:
        """One more message, on the connection that is open."""
        yield from self._transaction(self.outcome.transaction, envelope, NOT_KNOWN)
        yield from self._end(envelope, NOT_KNOWN)

    def hang_up(self) -> Iterator[Event]:
        if self.dcid:
            yield DeliveryClosed(self.dcid)
        self.dcid = 0

    def _named(self, text: str) -> str:
        """A text that may name the domain that was looked at, with the domain that it is about."""
        if self._seen_of is None:
            return text
        return self._seen_of.sub(self.domain, text)

    # The steps of DANE; where it is off, nothing is said of them.

    def _mx(self, answer: Answer) -> Iterator[Event]:
        if not (answer.found or answer.denied):
            yield DestinationUnknown(self.domain)
        for host in destination(answer.qname, answer).hosts:
            yield from self._record(answer, "", str(host.name))

    def _addresses(self, found: HostAddresses) -> Iterator[Event]:
        for each in found.addresses:
            answer = next(it for it in found.families if it.rdtype == each.rdtype)
            yield from self._record(answer, each.text, str(found.host))

    def _record(self, answer: Answer, value: str, host: str) -> Iterator[Event]:
        if self.dane is not DaneSetting.NONE and answer.rdatas:
            kind = type_text(answer.rdtype)
            security, named = answer.security.value, self._named(host)
            yield DaneRecordFound(security, kind, value, named, self.domain)

    # One address.

    def _contact(self, contact: Contact, address: str, port: int) -> Iterator[Event]:
        yield from self.hang_up()
        why = self._named(contact.failure.text) if contact.failure is not None else ""
        if not contact.interface:
            yield ConnectionFailed(self.domain, address, port, why, "")
            return
        self.dcid, self.interface = self.next_dcid(), contact.interface
        self.last = self.dcid
        yield DeliveryConnection(self.dcid, contact.interface, address, port)
        if contact.failure is not None:
            yield ConnectionFailed(self.domain, address, port, why, self.interface, self.dcid)
        elif (given_up := self._try(address)) and given_up.status == "4.7.4":
            yield TlsMissing(self.dcid, address)

    def _tls(self, shaken: Handshake, address: str) -> Iterator[Event]:
        given_up = self._try(address)
        protection = given_up.protection if given_up else self.outcome.protection
        if shaken.peer is None or shaken.failure is not None:
            why = shaken.failure.text if shaken.failure else "no TLS"
            yield TlsFailed(self.dcid, self._named(why))
        elif protection is None:
            # The certificate was not good enough for what is required here.
            why = given_up.reason.text if given_up else "not trusted"
            yield TlsFailed(self.dcid, self._named(why))
        else:
            with_dane = protection is Protection.DANE
            peer, domain = shaken.peer, self.domain if with_dane else ""
            yield TlsNegotiated(self.dcid, peer.version, peer.cipher, domain)
            if with_dane:
                yield DaneVerified(self.dcid, self.domain)

    def _try(self, address: str) -> Try | None:
        """How this address was given up; None where it was not."""
        return next((each for each in self.outcome.tries if each.address == address), None)

    def _of_dane(self) -> Iterator[Event]:
        it = self.outcome
        if it.result is Result.DELIVER and it.protection is not Protection.DANE:
            yield DaneFellBack(self.domain, it.rule.name)
        elif it.result is Result.DEFER and it.rule.name.startswith("row "):
            yield DaneFailed(self.domain, self._named(it.reason.text), self.dcid)

    # What becomes of a message.

    def _transaction(
        self, done: Transaction | None, envelope: Envelope, waiting: Waiting
    ) -> Iterator[Event]:
        """A message is handed over; it is taken for all or for some of its recipients."""
        if done is None:
            return
        everybody = tuple(range(len(envelope.recipients)))
        yield DeliveryStarted(self.dcid, envelope.mid, everybody)
        if done.reply is None:
            return
        rids = {each: rid for rid, each in enumerate(envelope.recipients)}
        # Of a message other than the attempt's own it is known that it went, and for nobody not.
        own = all(each in rids for each in (*done.accepted, *(to for to, _ in done.refused)))
        taken = tuple(rids[each] for each in done.accepted) if own else everybody
        yield Delivered(
            self.dcid,
            envelope.mid,
            taken,
            " ".join(done.reply.lines),
            sender=envelope.sender,
            recipients=tuple(envelope.recipients[rid] for rid in taken),
            address=self.outcome.address,
            size=envelope.size,
        )
        for each, reply in done.refused if own else ():
            yield self._refused(envelope, rids[each], reply, waiting)

    def _refused(self, envelope: Envelope, rid: int, reply: Reply, waiting: Waiting) -> Event:
        """A recipient that was not taken, while others were."""
        said = reply.code, reply.lines
        return self._not_delivered(envelope, rid, status_of(reply), said, waiting)

    def _not_delivered(
        self,
        envelope: Envelope,
        rid: int,
        status: str,
        said: tuple[int, tuple[str, ...]],
        waiting: Waiting,
    ) -> Event:
        about = (envelope.mid, rid, status, status_text(status), *said, self.dcid)
        sender, recipient = envelope.sender, envelope.recipients[rid]
        if status.startswith("5"):
            # Nobody is told that a bounce could not be delivered (RFC 5321 6.1).
            return Bounced(*about, sender=sender, recipient=recipient, double=not sender)
        return Deferred(
            *about,
            until=waiting.until,
            profile=waiting.profile,
            sender=sender,
            recipient=recipient,
        )

    def _end(self, envelope: Envelope, waiting: Waiting) -> Iterator[Event]:
        it = self.outcome
        rids = tuple(range(len(envelope.recipients)))
        if it.result is Result.DROP:
            yield Discarded(envelope.mid, rids)
            yield MessageFinished(envelope.mid)
        elif it.result is not Result.DELIVER:
            code, words = said_at_the_end(it)
            hard = self._hard_error()
            said = code, (hard,) if hard else tuple(map(self._named, words))
            for rid in rids:
                yield self._not_delivered(envelope, rid, it.status, said, waiting)
            if it.status.startswith("5"):
                yield MessageFinished(envelope.mid)
        elif it.transaction is not None and self._has_ended(it.transaction):
            yield MessageFinished(envelope.mid)

    def _hard_error(self) -> str:
        """What the log says of a domain that does not exist, instead of our own words."""
        if self.outcome.status != "5.1.2":
            return ""
        for fact in self.facts:
            if isinstance(fact.want, MxWanted) and fact.found.existence is Existence.NX_DOMAIN:
                # Two blanks, as published logs have it.
                return f"DNS Hard Error looking up {self.domain} (MX):  NXDomain"
        return ""

    def _has_ended(self, done: Transaction) -> bool:
        """Whether no recipient is left that has to wait."""
        return all(status_of(reply).startswith("5") for _, reply in done.refused)
