"""`daneverify`: can this domain's mail be delivered with DANE, from here, now?

The walk is the appliance's, as its transcripts show it: for each MX host in order, for each of its
addresses in order, connect first, then ask for TLSA, then shake hands and compare. The first
address where everything is SECURE and the certificate matches ends it with success. An insecure
address is not connected to, as DANE cannot apply there. No mail is sent, and no destination control
is asked: the question is about the destination. The verdict on a host is the decision table's.
"""

from msgspec import Struct, structs

from esashell.clock import Clock
from esashell.dane.applicability import Applicability, Level, applicability
from esashell.dane.base_domain import server_name
from esashell.dane.reason import DaneReason, Fault, ResultType
from esashell.dane.table import (
    CertificateState,
    Row,
    Verified,
    certificate_state,
    row,
    situation,
)
from esashell.dane.verify import DaneVerdict, verify
from esashell.delivery.connections import OWN, Connections, Meeting
from esashell.delivery.destinations import (
    Destination,
    DestinationKind,
    MxHost,
    find_destination,
    why_not_known,
)
from esashell.delivery.evidence import (
    Address,
    AddressesFound,
    AddressEvidence,
    AddressTried,
    CertificateJudged,
    Concluded,
    Connected,
    Connecting,
    DestinationFound,
    Evidence,
    HostAddresses,
    HostEvidence,
    HostTried,
    NotConnected,
    TlsaFound,
    TlsChecked,
)
from esashell.delivery.hosts import find_addresses, find_tlsa, has_secure_name
from esashell.delivery.nexthops import MOST_HOSTS, drawn
from esashell.errors import TransportError
from esashell.pki.roots import Trust
from esashell.resolver.answer import Answer, Security
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import Name
from esashell.smtp.client import SmtpDialogue
from esashell.steps import Steps, Tell, TlsPolicy


class Sender(Struct, frozen=True):
    """Who asks: the resolver, the clock, the name said in EHLO, what our TLS offers, whether
    connections are the conversation's own or shared with others, which authorities are trusted
    where DANE has no say, whether the strongest digest of a TLSA set alone counts (RFC 7671 9), and
    the seed by which MX hosts of one preference are drawn.
    """

    resolver: Resolver
    clock: Clock
    helo: str = "myesa.local"
    policy: TlsPolicy = TlsPolicy()
    port: int = 25
    connections: Connections = OWN
    trust: Trust = Trust()
    digest_agility: bool = True
    seed: int = 0


def verify_domain(domain: Name, sender: Sender) -> Steps[Evidence]:
    """Walk from the MX records to the certificate, telling each finding when it is made."""
    when = sender.clock.now()
    found = yield from find_destination(domain, sender.resolver)
    # The order is that of a delivery with this seed, and so is the bound.
    destination = structs.replace(found, hosts=drawn(found.hosts, sender.seed, domain))
    yield Tell(DestinationFound(destination))
    hosts: list[HostEvidence] = []
    for host in destination.hosts[:MOST_HOSTS]:
        yield Tell(HostTried(destination, host, first=not hosts))
        hosts.append((yield from _Host(destination, host, sender).verify()))
        if hosts[-1].failure is None:
            break
    evidence = _conclude(destination, tuple(hosts), when)
    yield Tell(Concluded(evidence))
    return evidence


def _conclude(destination: Destination, hosts: tuple[HostEvidence, ...], when: int) -> Evidence:
    if not hosts:
        verdict, reason = Verified.FAILED, _no_host(destination)
    elif (failure := hosts[-1].failure) is None:
        text = f"every step to {hosts[-1].host.name} is secure and its certificate matches"
        verdict, reason = Verified.SUCCESS, DaneReason("verified", text, "RFC 7672 2.2")
    else:
        # The best host's reason stands for the domain; the others' are in the evidence.
        verdict, reason = Verified.FAILED, hosts[0].failure or failure
    return Evidence(destination.domain, when, destination, hosts, verdict, reason)


def _no_host(destination: Destination) -> DaneReason:
    """Why there was no host to try."""
    domain = destination.domain
    match destination.kind:
        case DestinationKind.NULL_MX:
            text = f"{domain} accepts no mail (null MX)"
            return DaneReason("null-mx", text, "RFC 7505 3", fault=Fault.THEIRS)
        case DestinationKind.NO_SUCH_DOMAIN:
            return DaneReason("no-such-domain", f"{domain} does not exist", "RFC 5321 5.1")
    return why_not_known(destination)


class _Host:
    """One MX host on trial."""

    def __init__(self, destination: Destination, host: MxHost, sender: Sender) -> None:
        self.destination = destination
        self.domain = destination.domain
        self.host = host
        self.sender = sender
        self.tlsa: tuple[Answer, ...] | None = None
        self.demand: Applicability | None = None
        # Asked for when everything that they depend on is known.
        self._rows: dict[CertificateState, Row | None] = {}

    def verify(self) -> Steps[HostEvidence]:
        lookups = yield from find_addresses(self.host.name, self.sender.resolver)
        yield Tell(AddressesFound(self.domain, lookups))
        attempts: list[AddressEvidence] = []
        for address in lookups.addresses:
            yield Tell(AddressTried(self.domain, self.host.name, address, first=not attempts))
            attempts.append((yield from self._verify_address(lookups, address)))
            # A match ends the walk even below an insecure MX: no other address changes that.
            if attempts[-1].matched:
                break
        return self._evidence(lookups, tuple(attempts))

    def _evidence(
        self, lookups: HostAddresses, attempts: tuple[AddressEvidence, ...]
    ) -> HostEvidence:
        if not attempts:
            failure: DaneReason | None = self._applicability(lookups, ()).why
        elif attempts[-1].failure is None:
            failure = None
        else:
            best = attempts[-1] if attempts[-1].matched else attempts[0]
            failure = best.failure
        verdict = attempts[-1].verdict if attempts else None
        return HostEvidence(
            self.host,
            lookups,
            self.tlsa or (),
            self.demand,
            attempts,
            self._row(lookups, certificate_state(verdict)),
            failure,
        )

    def _verify_address(self, lookups: HostAddresses, address: Address) -> Steps[AddressEvidence]:
        if not has_secure_name(lookups, address):
            # RFC 7672 2.2.2: such an address takes no part in DANE, and TLSA is not asked for.
            text = f"the address {address.text} of {lookups.host} is not secure"
            return AddressEvidence(
                address, failure=DaneReason("insecure-address", text, "RFC 7672 2.2.2")
            )
        yield Tell(Connecting(address.text, self.sender.port))
        try:
            interface = yield from self.sender.connections.connect(address.text, self.sender.port)
        except TransportError as fault:
            yield Tell(NotConnected(address.text, fault.text))
            text = f"no connection to {address.text}: {fault.text}"
            failure = DaneReason("no-connection", text, "RFC 7672 2.2", fault=Fault.THEIRS)
            return AddressEvidence(address, failure=failure)
        yield Tell(Connected(address.text, interface))
        demand = yield from self._demand(lookups)
        yield Tell(TlsaFound(self.domain, self.host.name, self.tlsa or (), demand))
        if demand.level not in (Level.MUST_AUTHENTICATE, Level.MUST_ENCRYPT):
            return AddressEvidence(address, interface, failure=demand.why)
        return (yield from self._check_tls(lookups, address, interface, demand))

    def _demand(self, lookups: HostAddresses) -> Steps[Applicability]:
        """What DANE demands of this host; asked for once, at the first connection."""
        if self.demand is None:
            self.tlsa = yield from find_tlsa(lookups, self.sender.resolver, self.sender.port)
            self.demand = self._applicability(lookups, self.tlsa)
        return self.demand

    def _applicability(self, lookups: HostAddresses, tlsa: tuple[Answer, ...]) -> Applicability:
        mx, port = self.destination.mx, self.sender.port
        return applicability(self.domain, self.host.name, mx, lookups.families, tlsa, port=port)

    def _check_tls(
        self, lookups: HostAddresses, address: Address, interface: str, demand: Applicability
    ) -> Steps[AddressEvidence]:
        sender = self.sender
        name = server_name(demand.base_domain or self.host.name)
        meeting = Meeting(address.text, sender.port, sender.helo, name, sender.policy)
        smtp = yield from sender.connections.shake_hands(meeting)
        yield Tell(TlsChecked(self.domain, address.text, smtp))
        if smtp.peer is None:
            return AddressEvidence(address, interface, name, smtp, failure=_no_tls(smtp))
        verdict = verify(
            demand.records,
            smtp.peer.chain,
            demand.reference_identifiers,
            sender.clock.now(),
            sender.digest_agility,
        )
        yield Tell(CertificateJudged(self.domain, verdict))
        failure = self._failure(lookups, verdict)
        return AddressEvidence(address, interface, name, smtp, verdict, failure)

    def _failure(self, lookups: HostAddresses, verdict: DaneVerdict) -> DaneReason | None:
        """Why this is no success although TLS came about; None when the table says that it is."""
        certificate = certificate_state(verdict)
        decided = self._row(lookups, certificate)
        if decided is not None and decided.verified is Verified.SUCCESS:
            return None
        if certificate is CertificateState.MATCHES:
            # RFC 7672 2.2.1: the host is the one that TLSA speaks of, but whoever answered the MX
            # question chose the host. Mail may go there; it does not prove the domain.
            step = self.destination.security is Security.SECURE
            text = f"{self.host.name} is authenticated, but "
            text += "a step to it" if step else "the MX record that names it"
            return DaneReason("insecure-mx", f"{text} is not secure", "RFC 7672 2.2.1")
        return verdict.reason

    def _row(self, lookups: HostAddresses, certificate: CertificateState) -> Row | None:
        """The line of the decision table that speaks of this host, once enough is known."""
        if certificate not in self._rows:
            self._rows[certificate] = self._looked_up(lookups, certificate)
        return self._rows[certificate]

    def _looked_up(self, lookups: HostAddresses, certificate: CertificateState) -> Row | None:
        try:
            found = situation(
                self.destination.mx,
                lookups.families,
                self.tlsa or (),
                certificate,
                port=self.sender.port,
            )
        except ValueError:
            # No address could be connected to, so TLSA was never asked for.
            return None
        return row(found)


def _no_tls(smtp: SmtpDialogue) -> DaneReason:
    """The finding of a conversation that did not come to TLS, as RFC 8460 calls it."""
    finding = smtp.failure
    if finding is None:
        raise AssertionError("no TLS, and nothing that prevented it")
    codes = {each.value: each for each in ResultType}
    return DaneReason(
        finding.kind.value.replace(" ", "-").lower(),
        finding.text,
        "RFC 7672 2.2",
        codes.get(finding.code),
        Fault.THEIRS,
    )
