"""Does DANE apply to this host, and what does it demand? (RFC 7672 2.2)

The answers of the DNS decide before any connection is made. In this order:

1. The MX answer. Bogus or missing: nothing can be said of the domain, defer (2.2.1).
2. The host's addresses. Insecure: the host takes no part in DANE, and its TLSA records are not even
   asked for (2.2.2). A failed look-up is never "no address": defer (2.1.2).
3. TLSA, at each base domain in turn. Secure records oblige us. Secure or insecure absence, and
   insecure records, mean that DANE does not apply. Failure: defer; asking for another name would
   let whoever suppressed the first answer choose the second.
4. The records themselves. One usable record obliges us to authenticate; a set without any still
   obliges us to encrypt (2.2).

Everything here is a function of the answers. "Does not apply" is no permission to send in clear
text: what happens then is the destination control's affair.
"""

from enum import StrEnum

from msgspec import Struct

from esashell.dane.answers import (
    AddressState,
    TlsaState,
    address_state,
    next_tlsa_question,
    tlsa_state,
)
from esashell.dane.base_domain import base_domain_of, reference_identifiers, tlsa_base_domains
from esashell.dane.blame import fault_of
from esashell.dane.reason import DaneReason, Fault, ResultType
from esashell.dane.tlsa import Malformed, Tlsa, Unusable, from_rdata, usable
from esashell.resolver.answer import Answer, Security
from esashell.resolver.names import Name


class Level(StrEnum):
    """What DANE demands of a delivery to this host, the weakest demand first."""

    NOT_APPLICABLE = "not applicable"
    MUST_ENCRYPT = "must encrypt"
    MUST_AUTHENTICATE = "must authenticate"
    MUST_DEFER = "must defer"


class SetAside(Struct, frozen=True):
    """A record that cannot be used, and why."""

    record: Tlsa | Malformed
    why: Unusable


class Applicability(Struct, frozen=True):
    """What DANE demands of one MX host.

    `records` are all the records of the set that counts; `usable` and `unusable` divide them.
    `base_domain` is None unless there is such a set. `mx_security` is that of the step from the
    next-hop domain to this host: with an insecure one, even a verified host is only the host that
    somebody named (RFC 7672 2.2.1).
    """

    level: Level
    why: DaneReason
    mx_security: Security
    base_domain: Name | None = None
    records: tuple[Tlsa | Malformed, ...] = ()
    usable: tuple[Tlsa, ...] = ()
    unusable: tuple[SetAside, ...] = ()
    reference_identifiers: tuple[Name, ...] = ()


def applicability(
    next_hop: Name,
    host: Name,
    mx: Answer,
    addresses: tuple[Answer, ...],
    tlsa: tuple[Answer, ...],
    *,
    port: int = 25,
) -> Applicability:
    """What DANE demands of `host`, found for `next_hop` by `mx`.

    `tlsa` holds the answers to `next_tlsa_question`, in that order; empty when it asked nothing.
    Leaving a question open is the caller's mistake, not an absence of records: `ValueError`.
    A host equal to the next-hop domain is the implicit MX (RFC 5321 5.1).
    """
    if not (mx.found or mx.denied):
        return _defer(mx.security, "mx", f"MX of {next_hop}", mx, "RFC 7672 2.2.1")
    step = mx.security
    match address_state(addresses, port):
        case AddressState.FAILED:
            bad = next((each for each in addresses if not (each.found or each.denied)), mx)
            return _defer(step, "address", f"the addresses of {host}", bad, "RFC 7672 2.1.2")
        case AddressState.ABSENT:
            text = f"{host} has no address"
            why = DaneReason("no-address", text, "RFC 5321 5.1", fault=Fault.THEIRS)
            return Applicability(Level.MUST_DEFER, why, step)
        case AddressState.INSECURE:
            text = f"no secure address or alias leads to {host}, so TLSA is not asked for"
            return _not_applicable(step, "insecure-address", text, "RFC 7672 2.2.2")
    if next_tlsa_question(tlsa_base_domains(addresses, port), tlsa, port) is not None:
        raise ValueError(f"TLSA of {host} has not been asked for")
    last = tlsa[-1]
    match tlsa_state(last):
        case TlsaState.FAILED:
            return _defer(step, "tlsa", f"TLSA of {last.qname}", last, "RFC 7672 2.1.2")
        case TlsaState.INSECURE:
            what = "the absence of TLSA records at" if last.denied else "the TLSA records of"
            text = f"{what} {last.qname} {'is' if last.denied else 'are'} not secure"
            return _not_applicable(step, "insecure-tlsa", text, "RFC 6698 4.1")
        case TlsaState.ABSENT:
            text = f"{last.qname} has no TLSA records"
            return _not_applicable(step, "no-tlsa", text, "RFC 7672 2.2")
    return _obliged(next_hop, host, mx, last)


def _obliged(next_hop: Name, host: Name, mx: Answer, tlsa: Answer) -> Applicability:
    """A secure TLSA set is there: encrypt at least, authenticate where a record can be used."""
    records = tuple(from_rdata(each) for each in tlsa.rdatas)
    judged = [(each, usable(each)) for each in records]
    good = tuple(each for each, why in judged if why is None and isinstance(each, Tlsa))
    base = base_domain_of(tlsa.qname)
    secure = mx.security is Security.SECURE or host == next_hop
    expanded = mx.name if mx.security is Security.SECURE else next_hop
    if good:
        text = f"{len(good)} of {len(records)} TLSA records at {tlsa.qname} can be used"
        level, why = Level.MUST_AUTHENTICATE, DaneReason("usable-tlsa", text, "RFC 7672 2.2")
    else:
        # RFC 7672 2.2: the set still says that the host does TLS, so clear text is ruled out.
        text = f"none of the TLSA records at {tlsa.qname} can be used"
        why = DaneReason(
            "unusable-tlsa", text, "RFC 7672 2.2", ResultType.TLSA_INVALID, Fault.THEIRS
        )
        level = Level.MUST_ENCRYPT
    return Applicability(
        level,
        why,
        mx.security,
        base,
        records,
        good,
        tuple(SetAside(each, why) for each, why in judged if why is not None),
        reference_identifiers(base, next_hop, expanded, secure),
    )


def _defer(step: Security, what: str, subject: str, answer: Answer, section: str) -> Applicability:
    """RFC 7672 2.1.2: an answer we could not get, or not believe, is not a "no"."""
    if answer.security is Security.BOGUS:
        word, result = "bogus", ResultType.DNSSEC_INVALID
        text = f"the answer to the question for {subject} is bogus"
    else:
        word, result = "failed", ResultType.VALIDATION_FAILURE
        text = f"the question for {subject} was not answered"
    detail = answer.reason.text if answer.reason else ""
    return Applicability(
        Level.MUST_DEFER,
        DaneReason(f"{what}-{word}", text, section, result, fault_of(answer), detail),
        step,
    )


def _not_applicable(step: Security, code: str, text: str, section: str) -> Applicability:
    return Applicability(Level.NOT_APPLICABLE, DaneReason(code, text, section), step)
