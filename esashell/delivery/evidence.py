"""The evidence of a verification: every fact it rests on, in the order it was found.

`Evidence` is complete: if a report wants a fact, the fact is put in here, never looked up again.
The same records are told while the conversation goes on (`steps.Tell`), wrapped in the small
findings at the end of this module, so that an operator sees each line when it happens.
"""

from msgspec import Struct

from esashell.dane.applicability import Applicability
from esashell.dane.reason import DaneReason
from esashell.dane.table import CertificateState, Row, Verified, certificate_state
from esashell.dane.verify import DaneVerdict
from esashell.delivery.destinations import Destination, MxHost
from esashell.resolver.answer import Answer, Security
from esashell.resolver.names import Name
from esashell.smtp.client import SmtpDialogue


class Address(Struct, frozen=True):
    """An address of a host, the type of record it stood in, and that RRset's security."""

    text: str
    rdtype: int
    security: Security


class HostAddresses(Struct, frozen=True):
    """The three look-ups that tell where a host is, and which of its names DANE may build on."""

    host: Name
    a: Answer
    aaaa: Answer
    alias: Answer
    addresses: tuple[Address, ...]

    @property
    def families(self) -> tuple[Answer, ...]:
        """The answers that addresses stand in."""
        return self.a, self.aaaa


class AddressEvidence(Struct, frozen=True):
    """What happened at one address; `failure` is None exactly when DANE succeeded there.

    `server_name` is what went out as SNI, empty when it did not come to that.
    """

    address: Address
    interface: str = ""
    server_name: str = ""
    smtp: SmtpDialogue | None = None
    verdict: DaneVerdict | None = None
    failure: DaneReason | None = None

    @property
    def matched(self) -> bool:
        """Whether the certificate is the one that the TLSA records speak of."""
        return certificate_state(self.verdict) is CertificateState.MATCHES


class HostEvidence(Struct, frozen=True):
    """What happened at one MX host. `tlsa` holds an answer for each base domain that was tried.

    `applicability` is None when the host was given up before DANE was asked about. `row` is the
    line of the decision table that speaks of it.
    """

    host: MxHost
    lookups: HostAddresses
    tlsa: tuple[Answer, ...] = ()
    applicability: Applicability | None = None
    attempts: tuple[AddressEvidence, ...] = ()
    row: Row | None = None
    failure: DaneReason | None = None


class Evidence(Struct, frozen=True):
    """Everything that was learnt about a domain. `when` is in microseconds since 1970.

    A domain without DNSSEC FAILS, which is no fault of anybody's (TechNote 214794).
    """

    domain: Name
    when: int
    destination: Destination
    hosts: tuple[HostEvidence, ...]
    verdict: Verified
    reason: DaneReason


# Findings: what is told while it happens. Each is one thing an operator may want a line about.


class DestinationFound(Struct, frozen=True):
    destination: Destination


class HostTried(Struct, frozen=True):
    """A host has its turn; `first` is false when another was tried before it."""

    destination: Destination
    host: MxHost
    first: bool


class AddressesFound(Struct, frozen=True):
    domain: Name
    lookups: HostAddresses


class AddressTried(Struct, frozen=True):
    domain: Name
    host: Name
    address: Address
    first: bool


class Connecting(Struct, frozen=True):
    address: str
    port: int


class Connected(Struct, frozen=True):
    address: str
    interface: str


class NotConnected(Struct, frozen=True):
    address: str
    reason: str


class TlsaFound(Struct, frozen=True):
    domain: Name
    host: Name
    answers: tuple[Answer, ...]
    applicability: Applicability


class TlsChecked(Struct, frozen=True):
    domain: Name
    address: str
    smtp: SmtpDialogue


class CertificateJudged(Struct, frozen=True):
    domain: Name
    verdict: DaneVerdict


class Concluded(Struct, frozen=True):
    evidence: Evidence
