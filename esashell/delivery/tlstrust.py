"""Whether a server is who it should be, by the conventional rules: path, then name."""

from collections.abc import Generator
from typing import Any

from esashell.dane.reason import DaneReason, Fault, ResultType
from esashell.delivery.observation import PointerWanted
from esashell.delivery.tlsrules import NameRule, compared
from esashell.delivery.unvalidated import unvalidated
from esashell.pki.certificate import certificate
from esashell.pki.identity import Mismatch, presented_identifiers
from esashell.pki.path import Path, PathFault
from esashell.pki.roots import Trust, issuers, trusted
from esashell.resolver.answer import Answer
from esashell.resolver.names import Name
from esashell.resolver.rdata import BadRdata, one_name
from esashell.steps import Authorities, Steps


def names_wanted(
    rule: NameRule,
    domain: Name,
    host: Name | None,
    mx_names: tuple[Name, ...],
    address: str,
) -> Generator[PointerWanted, Any, tuple[str, ...]]:
    """The names of ours that a certificate may carry, by this rule."""
    names = [domain] if host is None else [host, domain]
    if rule.hosted:
        names += mx_names
        answer: Answer = unvalidated((yield PointerWanted(address)))
        for rdata in answer.rdatas if answer.found else ():
            try:
                names.append(one_name(rdata))
            except BadRdata:
                continue
    return tuple(dict.fromkeys(map(str, names)))


def authorities(chain: tuple[bytes, ...], trust: Trust) -> Steps[tuple[bytes, ...]]:
    """The authorities that could have signed the chain, of those that are believed."""
    names = issuers(chain)
    found = trust.custom.named(names)
    if trust.system and names:
        stored: tuple[bytes, ...] = yield Authorities(names)
        found += stored
    return found


def untrusted(
    chain: tuple[bytes, ...],
    roots: tuple[bytes, ...],
    rule: NameRule,
    references: tuple[str, ...],
    now: int,
) -> DaneReason | None:
    """Why the server is not verified by its chain and these authorities; None when it is."""
    trust = trusted(chain, roots, now)
    if not isinstance(trust, Path):
        first = trust.findings[0]
        text = first.text
        about = f"{first.about}: " if first.about else ""
        dated = first.fault is PathFault.EXPIRED
        result = ResultType.CERTIFICATE_EXPIRED if dated else ResultType.CERTIFICATE_NOT_TRUSTED
        return DaneReason("untrusted", f"{about}{text}", "RFC 5280 6.1", result, Fault.THEIRS)
    leaf = certificate(trust.certificates[0].der)
    if isinstance(compared(leaf, rule, references), Mismatch):
        shown = ", ".join(presented_identifiers(leaf)[:5]) or "no name"
        text = f"the certificate is for {shown}, not for {', '.join(references)}"
        return DaneReason(
            "name-mismatch", text, rule.source, ResultType.CERTIFICATE_HOST_MISMATCH, Fault.THEIRS
        )
    return None
