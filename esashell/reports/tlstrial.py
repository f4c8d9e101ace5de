"""The lines that `tlsverify` prints, and its result for machines.

The lines of a success, and those that end a failure, are the appliance's as they are remembered;
what its TLS library said of a chain stands there in that library's words. A failure before TLS, and
the alternative names, have lines of ours in the same voice.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from esashell.delivery.evidence import Connected, Connecting, NotConnected
from esashell.delivery.tlstrial import AddressTrial, CertificateTried, TlsTrial, TrialEnded
from esashell.pki.identity import Identity, Mismatch
from esashell.pki.path import NoPath, Path, PathFault
from esashell.reports.evidence import Document, moment, peer_document, smtp_document
from esashell.reports.verification import lines as shared_lines

SCHEMA = "esashell.tlsverify"
VERSION = 1
NAMES_SHOWN = 10

# What OpenSSL says (X509_verify_cert_error_string).
_REASONS = {
    PathFault.NO_ISSUER: "unable to get local issuer certificate",
    PathFault.BAD_SIGNATURE: "certificate signature failure",
    PathFault.UNREADABLE: "unspecified certificate verification error",
    PathFault.EXPIRED: "certificate has expired",
    PathFault.NOT_YET_VALID: "certificate is not yet valid",
    PathFault.NOT_AN_AUTHORITY: "invalid CA certificate",
    PathFault.MAY_NOT_SIGN: "key usage does not include certificate signing",
    PathFault.PATH_TOO_LONG: "path length constraint exceeded",
    PathFault.NOT_FOR_TLS: "unsupported certificate purpose",
    PathFault.NAME_CONSTRAINTS: "permitted subtree violation",
    PathFault.UNKNOWN_CRITICAL: "unhandled critical extension",
    PathFault.TOO_MUCH_WORK: "certificate chain too long",
}


def lines(finding: Any) -> Iterable[str]:
    """What the operator reads about a finding, while the trial goes on."""
    match finding:
        case Connecting() | Connected() | NotConnected():
            return shared_lines(finding)
        case TrialEnded(trial=trial):
            return _trial(trial)
    return ()


def _trial(it: AddressTrial) -> Iterator[str]:
    if it.smtp is None:
        return
    where = it.address.text
    yield "Checking TLS connection."
    if it.smtp.peer is None or it.certificate is None:
        why = it.smtp.failure.text if it.smtp.failure else "no certificate"
        yield f"TLS connection to {where} failed: {why}."
        return
    peer = it.smtp.peer
    yield f"TLS connection established: protocol {peer.version}, cipher {peer.cipher}."
    yield "Verifying peer certificate."
    yield from _names(it.certificate)
    if not it.certificate.verified:
        yield f"Certificate verification failed: {reason(it.certificate)}."
        yield f"TLS connection to {where} failed: verify error."
    elif it.smtp.failure is not None:
        yield "TLS certificate verified."
        yield f"TLS connection to {where} failed: {it.smtp.failure.text}."
    else:
        yield "TLS certificate verified."
        yield f"TLS connection to {where} succeeded."


def _names(it: CertificateTried) -> Iterator[str]:
    """The names one after the other, up to the one that agrees."""
    agreed = it.agreed.presented if isinstance(it.agreed, Identity) else None
    until = it.presented.index(agreed) + 1 if agreed is not None else len(it.presented)
    for name in it.presented[:until][:NAMES_SHOWN]:
        kind = "common" if name in it.common else "alternative"
        yield f"Verifying certificate {kind} name {name}."
    if until > NAMES_SHOWN:
        yield f"Verifying {until - NAMES_SHOWN} more names."
    if agreed is not None:
        yield f"TLS certificate match {agreed}"


def reason(it: CertificateTried) -> str:
    """Why a certificate is not verified, without the end of a sentence."""
    if isinstance(it.path, NoPath):
        fault = it.path.findings[0].fault
        if fault is PathFault.NO_ISSUER and it.self_issued:
            return "self-signed certificate"
        return _REASONS[fault]
    if isinstance(it.agreed, Mismatch):
        return f"no name is {' or '.join(it.agreed.references)}"
    return "no name was looked at"


def conclusion(it: TlsTrial) -> Iterator[str]:
    """The last lines."""
    if it.failure is not None:
        yield f"{it.failure.text}."
    yield ""
    if it.verified:
        yield f"TLS successfully connected to {it.host}."
    else:
        if any(each.smtp is not None for each in it.trials):
            yield "TLS was required but could not be successfully negotiated."
        yield f"Failed to connect to [{it.host}]."
    yield "TLS verification completed."


def document(it: TlsTrial) -> Document:
    """The same for machines."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "domain": str(it.domain),
        "host": it.host,
        "port": it.port,
        "when": moment(it.when),
        "verified": it.verified,
        "failure": it.failure.text if it.failure else None,
        "addresses": [_address(each) for each in it.trials],
    }


def _address(it: AddressTrial) -> Document:
    peer = it.smtp.peer if it.smtp else None
    return {
        "address": it.address.text,
        "interface": it.interface or None,
        "failure": it.failure or None,
        "smtp": smtp_document(it.smtp) if it.smtp else None,
        "tls": peer_document(peer, it.server_name) if peer else None,
        "certificate": _certificate(it.certificate) if it.certificate else None,
    }


def _certificate(it: CertificateTried) -> Document:
    path = it.path
    return {
        "verified": it.verified,
        "reason": None if it.verified else reason(it),
        "findings": [
            {"fault": each.fault.value, "text": each.text, "about": each.about}
            for each in (path.findings if isinstance(path, NoPath) else ())
        ],
        "path": [each.subject_text for each in path.certificates] if isinstance(path, Path) else [],
        "names": list(it.presented),
        "accepted": list(it.agreed.references) if isinstance(it.agreed, Mismatch) else None,
        "match": it.agreed.presented if isinstance(it.agreed, Identity) else None,
    }
