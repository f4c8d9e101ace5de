"""What happened in an attempt, as events: connections, TLS, DANE, and what became of a message.

An attempt knows what it found, in the order in which it found it, and what came of it; this tells
it again in the words of `events`, for logs and reports. Nothing is decided here.

`TlsNegotiated.dane_domain` is set exactly where DANE succeeded: the certificate matched, and the
decision table calls that a success. Where the handshake came about and the certificate was not the
one, TLS has failed: no mail goes over such a connection.
"""

from collections.abc import Callable, Iterator

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
    Event,
    MessageAborted,
    MessageFinished,
    TlsFailed,
    TlsMissing,
    TlsNegotiated,
)
from esashell.resolver.answer import Answer
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


def occurrences(
    attempt: Attempt, message: Message, mid: int, next_dcid: Callable[[], int]
) -> Iterator[Event]:
    """The events of one attempt, in the order in which they happened."""
    return _Telling(attempt, message, mid, next_dcid).events()


class _Telling:
    def __init__(
        self, attempt: Attempt, message: Message, mid: int, next_dcid: Callable[[], int]
    ) -> None:
        self.domain = str(attempt.observation.domain)
        self.facts = attempt.observation.facts
        self.dane = attempt.settings.dane_in_force
        self.outcome: Outcome = attempt.outcome
        self.message = message
        self.mid = mid
        self.next_dcid = next_dcid
        self.dcid = 0
        self.interface = ""

    def events(self) -> Iterator[Event]:
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
                    yield from self._transaction(fact.found)
        yield from self._conclusion()

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
            yield DaneRecordFound(answer.security.value, kind, value, host, self.domain)

    # One address.

    def _contact(self, contact: Contact, address: str, port: int) -> Iterator[Event]:
        yield from self._hang_up()
        why = contact.failure.text if contact.failure is not None else ""
        if not contact.interface:
            yield ConnectionFailed(self.domain, address, port, why, "")
            return
        self.dcid, self.interface = self.next_dcid(), contact.interface
        yield DeliveryConnection(self.dcid, contact.interface, address, port)
        if contact.failure is not None:
            yield ConnectionFailed(self.domain, address, port, why, self.interface, self.dcid)
        elif (given_up := self._try(address)) and given_up.status == "4.7.4":
            yield TlsMissing(self.dcid, address)

    def _tls(self, shaken: Handshake, address: str) -> Iterator[Event]:
        given_up = self._try(address)
        protection = given_up.protection if given_up else self.outcome.protection
        if shaken.peer is None or shaken.failure is not None:
            yield TlsFailed(self.dcid, shaken.failure.text if shaken.failure else "no TLS")
        elif protection is None:
            # The certificate was not good enough for what is required here.
            yield TlsFailed(self.dcid, given_up.reason.text if given_up else "not trusted")
        else:
            with_dane = protection is Protection.DANE
            peer, domain = shaken.peer, self.domain if with_dane else ""
            yield TlsNegotiated(self.dcid, peer.version, peer.cipher, domain)
            if with_dane:
                yield DaneVerified(self.dcid, self.domain)

    def _try(self, address: str) -> Try | None:
        """How this address was given up; None where it was not."""
        return next((each for each in self.outcome.tries if each.address == address), None)

    def _hang_up(self) -> Iterator[Event]:
        if self.dcid:
            yield DeliveryClosed(self.dcid)
        self.dcid = 0

    # What became of the message.

    def _transaction(self, done: Transaction | None) -> Iterator[Event]:
        if done is None:
            return
        rids = {each: rid for rid, each in enumerate(self.message.recipients)}
        yield DeliveryStarted(self.dcid, self.mid, tuple(rids.values()))
        if done.reply is not None:
            taken = done.accepted
            yield Delivered(
                self.dcid,
                self.mid,
                tuple(rids[each] for each in taken),
                " ".join(done.reply.lines),
                sender=self.message.sender,
                recipients=taken,
                address=self.outcome.address,
                size=len(self.message.content),
            )
            for each, reply in done.refused:
                yield self._refused(rids[each], reply)

    def _refused(self, rid: int, reply: Reply) -> Event:
        """A recipient that was not taken, while others were."""
        return self._not_delivered(rid, status_of(reply), reply.code, reply.lines)

    def _not_delivered(self, rid: int, status: str, code: int, said: tuple[str, ...]) -> Event:
        for_good = status.startswith("5")
        return (Bounced if for_good else Deferred)(
            self.mid,
            rid,
            status,
            status_text(status),
            code,
            said,
            self.dcid,
            sender=self.message.sender,
            recipient=self.message.recipients[rid],
        )

    def _conclusion(self) -> Iterator[Event]:
        it = self.outcome
        if self.dane is not DaneSetting.NONE:
            yield from self._of_dane()
        if it.result is Result.DROP:
            yield MessageAborted(self.mid, it.rule.name)
        elif it.result is not Result.DELIVER:
            code, said = self._said()
            for rid in range(len(self.message.recipients)):
                yield self._not_delivered(rid, it.status, code, said)
        elif it.transaction is not None and not it.transaction.refused:
            yield MessageFinished(self.mid)
        yield from self._hang_up()

    def _of_dane(self) -> Iterator[Event]:
        it = self.outcome
        if it.result is Result.DELIVER and it.protection is not Protection.DANE:
            yield DaneFellBack(self.domain, it.rule.name)
        elif it.result is Result.DEFER and it.rule.name.startswith("row "):
            yield DaneFailed(self.domain, it.reason.text, self.dcid)

    def _said(self) -> tuple[int, tuple[str, ...]]:
        """The reply that ended it, or code 0 and our own words."""
        failure = self.outcome.transaction.failure if self.outcome.transaction else None
        if failure is None or isinstance(failure, Finding):
            return 0, (self.outcome.reason.text,)
        return failure.code, failure.lines
