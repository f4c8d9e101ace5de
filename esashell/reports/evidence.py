"""The evidence of a verification as a document for machines.

The shape is a contract: `schema` names it and `version` counts its changes that break a reader. New
keys may appear within a version. Names are without their final dot, times are in UTC, rdata is in
presentation format, certificates are named by the SHA-256 of their DER.
"""

import hashlib
from datetime import UTC, datetime
from typing import Any

from msgspec import to_builtins

from esashell.dane.applicability import Applicability
from esashell.dane.reason import DaneReason
from esashell.dane.verify import DaneVerdict, Finding
from esashell.delivery.evidence import AddressEvidence, Evidence, HostEvidence
from esashell.pki.certificate import BadCertificate, certificate
from esashell.resolver.answer import Answer, Asked, Ede, Hop, Link, Reason
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import type_text
from esashell.smtp.client import SmtpDialogue
from esashell.steps import TlsPeer

SCHEMA = "esashell.daneverify"
VERSION = 1

Document = dict[str, Any]

_EDE_NAMES = {each.value: each.name for each in Ede}


def document(evidence: Evidence) -> Document:
    """Everything that is known about the domain, as JSON-able values."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "domain": str(evidence.domain),
        "when": moment(evidence.when),
        "verdict": evidence.verdict.value,
        "reason": reason_document(evidence.reason),
        "destination": evidence.destination.kind.value,
        "mx": lookup_document(evidence.destination.mx),
        "hosts": [_host(each) for each in evidence.hosts],
    }


def moment(when: int) -> str:
    """A time in microseconds as RFC 3339 has it, in UTC."""
    at = datetime.fromtimestamp(when / 1_000_000, UTC)
    return at.isoformat().replace("+00:00", "Z")


def _host(it: HostEvidence) -> Document:
    return {
        "name": str(it.host.name),
        "preference": it.host.preference,
        "row": {"number": it.row.number, "source": it.row.source} if it.row else None,
        "failure": reason_document(it.failure),
        "lookups": [
            lookup_document(each) for each in (it.lookups.a, it.lookups.aaaa, it.lookups.alias)
        ],
        "tlsa": [lookup_document(each) for each in it.tlsa],
        "dane": _demand(it.applicability) if it.applicability else None,
        "addresses": [_address(each) for each in it.attempts],
    }


def lookup_document(it: Answer) -> Document:
    """One look-up with its proof; the same shape wherever a document holds one."""
    return {
        "name": str(it.qname),
        "type": type_text(it.rdtype),
        "security": it.security.value,
        "existence": it.existence.value if it.existence else None,
        "records": [rdata_text(it.rdtype, each) for each in it.rdatas],
        "ttl": it.ttl,
        "cached": it.cached,
        "reason": _reason(it.reason),
        "hops": [_hop(each) for each in it.hops],
        "asked": [_asked(each) for each in it.asked],
        "limits": [to_builtins(each) for each in it.strikes],
    }


def _hop(it: Hop) -> Document:
    return {
        "owner": str(it.owner),
        "target": str(it.target) if it.target is not None else None,
        "security": it.security.value,
        "reason": _reason(it.reason),
        "chain": [_link(each) for each in it.chain],
    }


def _link(it: Link) -> Document:
    return {
        "zone": str(it.zone),
        "what": it.what,
        "security": it.security.value,
        "text": it.text,
        "records": list(it.records),
        "signatures": [
            {
                "signer": each.signer,
                "key_tag": each.key_tag,
                "algorithm": each.algorithm,
                "result": each.result,
            }
            for each in it.trials
        ],
    }


def _asked(it: Asked) -> Document:
    return {
        "server": it.server,
        "name": str(it.qname),
        "type": type_text(it.rdtype),
        "transport": "TCP" if it.tcp else "UDP",
        "result": it.result,
    }


def _demand(it: Applicability) -> Document:
    return {
        "level": it.level.value,
        "why": reason_document(it.why),
        "base_domain": str(it.base_domain) if it.base_domain is not None else None,
        "reference_identifiers": [str(each) for each in it.reference_identifiers],
        "unusable": [
            {"record": each.record.text, "why": each.why.text, "section": each.why.section}
            for each in it.unusable
        ],
    }


def _address(it: AddressEvidence) -> Document:
    return {
        "address": it.address.text,
        "type": type_text(it.address.rdtype),
        "security": it.address.security.value,
        "interface": it.interface or None,
        "smtp": smtp_document(it.smtp) if it.smtp else None,
        "tls": peer_document(it.smtp.peer, it.server_name) if it.smtp and it.smtp.peer else None,
        "certificate": _verdict(it.verdict) if it.verdict else None,
        "failure": reason_document(it.failure),
    }


def smtp_document(it: SmtpDialogue) -> Document:
    """A conversation up to TLS."""
    return {
        "starttls_offered": it.starttls_offered,
        "failure": (
            {
                "kind": it.failure.kind.value,
                "stage": it.failure.stage.value,
                "code": it.failure.code,
                "text": it.failure.text,
            }
            if it.failure
            else None
        ),
        "transcript": [
            {"sent": each.sent, "reply": str(each.reply) if each.reply is not None else None}
            for each in it.transcript
        ],
    }


def peer_document(it: TlsPeer, server_name: str) -> Document:
    """The other end of a handshake, and what it showed to a client that asked for this name."""
    return {
        "protocol": it.version,
        "cipher": it.cipher,
        "server_name": server_name,
        "chain": [_certificate(each) for each in it.chain],
    }


def _certificate(der: bytes) -> Document:
    """What a certificate says of itself; only its digest when it is none."""
    digest = {"sha256": hashlib.sha256(der).hexdigest()}
    try:
        it = certificate(der)
    except BadCertificate as error:
        return {**digest, "doubts": [str(error)]}
    return {
        **digest,
        "subject": it.subject_text,
        "issuer": it.issuer_text,
        "names": list(it.dns_names or it.common_names),
        "not_before": moment(it.not_before),
        "not_after": moment(it.not_after),
        "authority": it.authority,
        "key": it.key,
        "doubts": list(it.doubts),
    }


def _verdict(it: DaneVerdict) -> Document:
    return {
        "result": it.result.value,
        "reason": reason_document(it.reason),
        "records": [_record(each) for each in it.findings],
        "advice": it.advice.text if it.advice else None,
    }


def _record(it: Finding) -> Document:
    return {
        "record": it.record.text,
        "result": it.result.value,
        "depth": it.depth,
        "reason": reason_document(it.reason),
    }


def reason_document(it: DaneReason | None) -> Document | None:
    """Why, with its section and whose affair it is."""
    if it is None:
        return None
    return {
        "code": it.code,
        "text": it.whole,
        "section": it.section,
        "result_type": it.result_type.value if it.result_type else None,
        "fault": it.fault.value,
    }


def _reason(it: Reason | None) -> Document | None:
    if it is None:
        return None
    return {
        "ede": it.code,
        "code": _EDE_NAMES.get(it.code, str(it.code)),
        "text": it.text,
        "about": it.about,
        "zone": it.zone,
        "cure": it.cure,
        "situation": it.situation,
    }
