"""The lines that `daneverify` prints, one finding at a time.

The wording of TechNote 214794's transcripts is kept letter for letter, odd spacing included:
`MX record(host)` has no blank, `A record (ip)` has one, and only some lines end in a full stop. The
transcripts show four ends; every other line here is ours, in the same voice, since no copy of the
appliance's own is at hand.
"""

from collections.abc import Iterable
from typing import Any

from esashell.dane.verify import DaneResult, DaneVerdict
from esashell.delivery.destinations import DestinationKind
from esashell.delivery.evidence import (
    AddressesFound,
    AddressTried,
    CertificateJudged,
    Concluded,
    Connected,
    Connecting,
    DestinationFound,
    HostAddresses,
    HostTried,
    NotConnected,
    TlsaFound,
    TlsChecked,
)
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.names import Name
from esashell.resolver.rrtypes import type_text


def lines(finding: Any) -> Iterable[str]:
    """What the operator reads about a finding; nothing for one that has no line of its own."""
    match finding:
        case DestinationFound():
            return _destination(finding)
        case HostTried():
            return _host(finding)
        case AddressesFound():
            return _addresses(finding.domain, finding.lookups)
        case AddressTried():
            return _address(finding)
        case Connecting():
            return (f"Connecting to {finding.address} on port {finding.port}.",)
        case Connected():
            return (f"Connected to {finding.address} from interface {finding.interface}.",)
        case NotConnected():
            return (f"Connection to {finding.address} failed: {finding.reason}.",)
        case TlsaFound():
            return _tlsa(finding)
        case TlsChecked():
            return _tls(finding)
        case CertificateJudged():
            return _certificate(finding.domain, finding.verdict)
        case Concluded():
            return _conclusion(finding)
    return ()


def _destination(finding: DestinationFound) -> Iterable[str]:
    it = finding.destination
    domain = it.domain
    match it.kind:
        case DestinationKind.NO_SUCH_DOMAIN:
            yield f"{it.security} NXDOMAIN: {domain} does not exist."
        case DestinationKind.NULL_MX:
            yield f"{it.security} null MX record found for {domain}. It accepts no mail."
        case DestinationKind.NOT_KNOWN if it.security is Security.BOGUS:
            yield f"BOGUS MX record found for {domain}"
        case DestinationKind.NOT_KNOWN:
            yield f"MX record lookup failed for {domain}: {_why(it.mx)}"
        case DestinationKind.IMPLICIT_MX:
            yield f"No MX record found for {domain}. The domain itself is tried."


def _host(finding: HostTried) -> Iterable[str]:
    it = finding.destination
    if not finding.first:
        yield f"Trying next MX record in {it.domain}"
    host = finding.host.name
    if it.kind is DestinationKind.MX_HOSTS:
        yield f"{it.security} MX record({host}) found for {it.domain}"
    if it.security is Security.INSECURE:
        yield f"INSECURE MX record({host}) found. The command will still proceed."


def _addresses(domain: Name, it: HostAddresses) -> Iterable[str]:
    """Lines only for what is not a list of addresses: those have their turn one by one."""
    for answer in (it.a, it.aaaa):
        kind = type_text(answer.rdtype)
        if answer.security is Security.BOGUS:
            yield f"BOGUS {kind} record found for MX({it.host}) in {domain}"
        elif answer.security is Security.INDETERMINATE:
            yield f"{kind} record lookup failed for MX({it.host}) in {domain}: {_why(answer)}"
    if it.a.denied and it.aaaa.denied:
        word = " (NXDOMAIN)" if it.a.existence is Existence.NX_DOMAIN else ""
        yield f"No A record found for MX({it.host}) in {domain}{word}"


def _address(finding: AddressTried) -> Iterable[str]:
    it = finding.address
    kind = type_text(it.rdtype)
    where = f"MX({finding.host}) in {finding.domain}"
    if not finding.first:
        yield f"Trying next {kind} record ({it.text}) for {where}"
    yield f"{it.security} {kind} record ({it.text}) found for {where}"


def _tlsa(finding: TlsaFound) -> Iterable[str]:
    answer = finding.answers[-1] if finding.answers else None
    where = f"MX({finding.host}) in {finding.domain}"
    if answer is None or answer.denied:
        word = f" ({answer.security} {answer.existence})" if answer is not None else ""
        yield f"No TLSA record found for {where}{word}"
        return
    if answer.security is Security.INDETERMINATE:
        yield f"TLSA record lookup failed for {where}: {_why(answer)}"
        return
    yield f"{answer.security} TLSA record found for {where}"
    if answer.security is Security.SECURE:
        for each in finding.applicability.unusable:
            yield f"TLSA record ({each.record.text}) cannot be used: {each.why.text}"


def _tls(finding: TlsChecked) -> Iterable[str]:
    yield "Checking TLS connection."
    smtp = finding.smtp
    if smtp.peer is not None:
        peer = smtp.peer
        yield f"TLS connection established: protocol {peer.version}, cipher {peer.cipher}."
    elif smtp.failure is not None:
        yield f"TLS connection to {finding.address} failed: {smtp.failure.text}."
        yield f"TLS connection failed {finding.domain}."


def _certificate(domain: Name, verdict: DaneVerdict) -> Iterable[str]:
    if verdict.result is DaneResult.MATCHED:
        yield "Certificate verification successful"
        yield f"TLS connection succeeded {domain}."
        return
    yield f"Certificate verification failed: {verdict.reason.text}"
    yield f"TLS connection failed {domain}."


def _conclusion(finding: Concluded) -> Iterable[str]:
    evidence = finding.evidence
    last = evidence.hosts[-1] if evidence.hosts else None
    if last and last.failure and last.attempts and last.attempts[-1].matched:
        # Table row 9: everything after the MX step is in order, and the lines above look like it.
        yield f"INSECURE MX record({last.host.name}): the host is authenticated, the domain is not."
    yield f"{evidence.verdict.value} for {evidence.domain}"
    yield "DANE verification completed."


def _why(answer: Answer) -> str:
    return answer.reason.finding if answer.reason else "no usable answer"
