"""`tlsverify`: does this host come to TLS, and is its certificate for this domain?

It is what a destination control with a Verify setting would ask, of one host and without a message:
a chain to a trusted authority, and a name by the algorithm *Verify*. A delivery under *Hosted
Verify* accepts more names and may get through where this fails (`tlsrules`). DANE has no part in
it, and so the states of DNSSEC have none either. A host's addresses are tried in turn until one
is verified.
"""

from msgspec import Struct

from esashell.config.model.destination import IpPreference
from esashell.config.model.routes import RouteHost
from esashell.dane.base_domain import server_name
from esashell.dane.reason import DaneReason
from esashell.delivery.connections import Meeting
from esashell.delivery.evidence import Address, Connected, Connecting, HostAddresses, NotConnected
from esashell.delivery.families import no_address, preferred
from esashell.delivery.hosts import find_addresses
from esashell.delivery.tlsrules import VERIFY, compared
from esashell.delivery.tlstrust import authorities, names_wanted
from esashell.delivery.unvalidated import unvalidated
from esashell.delivery.verification import Sender
from esashell.errors import TransportError
from esashell.pki.certificate import BadCertificate, certificate
from esashell.pki.identity import Identity, Mismatch
from esashell.pki.path import NoPath, Path
from esashell.pki.roots import trusted
from esashell.resolver.answer import Security
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.smtp.client import SmtpDialogue
from esashell.steps import Steps, Tell


class CertificateTried(Struct, frozen=True):
    """What came of one certificate. `presented` are its names in the order in which they count;
    `agreed` is None where they were not looked at, as the path came first."""

    presented: tuple[str, ...]
    common: frozenset[str]
    path: Path | NoPath
    agreed: Identity | Mismatch | None = None
    self_issued: bool = False

    @property
    def verified(self) -> bool:
        return isinstance(self.agreed, Identity)


class AddressTrial(Struct, frozen=True):
    """What came of one address. `failure` is why no connection came about; else there is `smtp`."""

    address: Address
    interface: str = ""
    server_name: str = ""
    failure: str = ""
    smtp: SmtpDialogue | None = None
    certificate: CertificateTried | None = None

    @property
    def verified(self) -> bool:
        return self.certificate is not None and self.certificate.verified and not self._lost

    @property
    def _lost(self) -> bool:
        return self.smtp is None or self.smtp.failure is not None


class TlsTrial(Struct, frozen=True):
    """All of it. `failure` is why there was no address to try."""

    domain: Name
    host: str
    port: int
    when: int
    trials: tuple[AddressTrial, ...] = ()
    failure: DaneReason | None = None

    @property
    def verified(self) -> bool:
        return any(each.verified for each in self.trials)


class TrialEnded(Struct, frozen=True):
    """An address has been tried. No connection is told as `NotConnected` before."""

    trial: AddressTrial


def try_tls(
    domain: Name, place: RouteHost, sender: Sender, preference: IpPreference
) -> Steps[TlsTrial]:
    """Try the host's addresses, telling what comes of each."""
    when = sender.clock.now()
    name = None if place.is_address else name_from_text(place.host)
    addresses: tuple[Address, ...] = (_given(place.host),) if name is None else ()
    failure: DaneReason | None = None
    if name is not None:
        lookups: HostAddresses = yield from find_addresses(name, sender.resolver)
        families = tuple(unvalidated(each) for each in lookups.families)
        addresses = preferred(families, preference)
        failure = None if addresses else no_address(name, families)
    trials: list[AddressTrial] = []
    for address in addresses:
        trials.append((yield from _tried(domain, name, address, place.port, sender)))
        yield Tell(TrialEnded(trials[-1]))
        if trials[-1].verified:
            break
    return TlsTrial(domain, place.host, place.port, when, tuple(trials), failure)


def _given(text: str) -> Address:
    return Address(text, RRType.AAAA if ":" in text else RRType.A, Security.INSECURE)


def _tried(
    domain: Name, host: Name | None, address: Address, port: int, sender: Sender
) -> Steps[AddressTrial]:
    yield Tell(Connecting(address.text, port))
    try:
        interface = yield from sender.connections.connect(address.text, port)
    except TransportError as fault:
        yield Tell(NotConnected(address.text, fault.text))
        return AddressTrial(address, failure=fault.text)
    yield Tell(Connected(address.text, interface))
    sni = server_name(host or domain)
    smtp = yield from sender.connections.shake_hands(
        Meeting(address.text, port, sender.helo, sni, sender.policy)
    )
    if smtp.peer is None:
        return AddressTrial(address, interface, sni, smtp=smtp)
    chain = smtp.peer.chain
    roots = yield from authorities(chain, sender.trust)
    path = trusted(chain, roots, sender.clock.now())
    tried = CertificateTried((), frozenset(), path, self_issued=_self_issued(chain))
    if isinstance(path, Path):
        leaf = path.certificates[0]
        references = yield from names_wanted(VERIFY, domain, host, (), address.text)
        names = tuple(dict.fromkeys((*leaf.common_names, *leaf.dns_names)))
        agreed = compared(leaf, VERIFY, references)
        tried = CertificateTried(names, frozenset(leaf.common_names), path, agreed)
    return AddressTrial(address, interface, sni, smtp=smtp, certificate=tried)


def _self_issued(chain: tuple[bytes, ...]) -> bool:
    try:
        return bool(chain) and certificate(chain[0]).self_issued
    except BadCertificate:
        return False
