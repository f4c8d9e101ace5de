"""What would mend a failed verification: the record to publish, or whatever else it is.

Where the destination's server shows a certificate, the record that makes DANE work with it can be
computed, and is given whole, ready for a zone file (`3 1 1`, the key's SHA-256, which outlives the
renewal of a certificate: RFC 7671 5.1, RFC 7672 3.1). But no record helps where it would not be
believed, or nothing answers: then the cure is to sign the zone, to mend the DS, to offer STARTTLS.
Cures are in the order in which they have to be applied.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from esashell.dane.base_domain import tlsa_name
from esashell.dane.reason import Fault
from esashell.dane.tlsa import Tlsa
from esashell.dane.verify import advice
from esashell.delivery.evidence import Evidence, HostEvidence
from esashell.resolver.answer import Answer, Security
from esashell.resolver.names import Name

OUR_RESOLVER = (
    "have the appliance ask resolvers that carry DNSSEC, or the root servers ('dnsconfig'); "
    "'daneverify' of a domain that is known to be good shows whether it helped"
)
_STARTTLS = "let the server offer STARTTLS on port 25, and take it, with a certificate of its own"

# By the code of the reason; what stands for the rest is below.
_CURES: Mapping[str, str] = {
    "starttls-not-offered": _STARTTLS,
    "starttls-refused": _STARTTLS,
    "tls-handshake-failed": "let the server complete a handshake with TLS 1.2 or newer",
    "text-after-the-starttls-reply": "let the server send nothing behind its reply to STARTTLS",
    "no-connection": "let the host accept connections on port 25, or take it out of the MX records",
    "no-address": "give the host an address, or take it out of the MX records",
    "greeting-refused": "let the server take mail from us, or take it out of the MX records",
    "null-mx": "nothing: the domain says that it takes no mail",
    "no-such-domain": "nothing, if the name is right: it does not exist",
}
_SERVER = "let the server answer on port 25 as RFC 5321 and RFC 3207 say"


class Cure(Struct, frozen=True):
    """One thing to do, in words; and the record to publish, where it is one."""

    text: str
    record: str = ""


def cures(evidence: Evidence, chains: Mapping[Name, tuple[bytes, ...]]) -> Iterator[Cure]:
    """What would make a success of a failure; nothing for a success.

    `chains` are what hosts presented beyond the evidence. Of several hosts the best one is mended:
    one good host is enough for a SUCCESS, and its mail goes there first.
    """
    reason = evidence.reason
    if not evidence.hosts:
        text = _CURES.get(reason.code, "")
        yield Cure(text) if text else _of_answer(evidence.destination.mx, reason.fault)
        return
    host = evidence.hosts[0]
    if evidence.hosts[-1].failure is None or host.failure is None:
        return
    mx = evidence.destination.mx
    if mx.security is Security.INSECURE:
        yield _of_answer(mx, Fault.NOBODYS)
    yield from _of_host(host, chains.get(host.host.name, ()))


def cures_document(
    evidence: Evidence, chains: Mapping[Name, tuple[bytes, ...]]
) -> list[dict[str, str | None]]:
    """The same as JSON-able values."""
    found = dict.fromkeys(cures(evidence, chains))
    return [{"text": each.text, "record": each.record or None} for each in found]


def _of_host(host: HostEvidence, chain: tuple[bytes, ...]) -> Iterator[Cure]:
    failure = host.failure
    assert failure is not None
    code = failure.code
    if text := _CURES.get(code):
        yield Cure(text)
        return
    verdict = next((each.verdict for each in host.attempts if each.verdict), None)
    if verdict is not None:
        if not any(each.matched for each in host.attempts):
            yield from _publish(host, verdict.advice)
        elif code == "insecure-mx":
            yield from _aliases(host)
        return
    if code == "insecure-address" or code.startswith("address-"):
        bad = _worst(host.lookups.families)
        yield _of_answer(bad, failure.fault)
    elif code.startswith("tlsa-") or code == "insecure-tlsa":
        yield _of_answer(host.tlsa[-1], failure.fault)
        if code != "insecure-tlsa" or host.tlsa[-1].found:
            return  # the records are there; they only have to be believed
    elif code != "no-tlsa":
        yield Cure(_SERVER)
        return
    if failure.fault is not Fault.OURS_BY_CONFIGURATION and not code.startswith("address-"):
        yield from _publish(host, advice(chain) if chain else None)


def _publish(host: HostEvidence, record: Tlsa | None) -> Iterator[Cure]:
    owner = _owner(host)
    if record is None:
        yield Cure(f"publish a TLSA record at {owner} for the key of the server")
    else:
        yield Cure("publish the record of the key in use", f"{owner} IN TLSA {record.text}")


def _owner(host: HostEvidence) -> str:
    """Where the record belongs, as a zone file has it."""
    demand = host.applicability
    if demand is not None and demand.base_domain is not None:
        return tlsa_name(demand.base_domain).dotted
    return host.tlsa[0].qname.dotted if host.tlsa else tlsa_name(host.host.name).dotted


def _aliases(host: HostEvidence) -> Iterator[Cure]:
    """Steps to an authenticated host that are not secure, other than the MX itself."""
    for answer in host.lookups.families:
        if answer.found and answer.security is Security.INSECURE:
            yield _of_answer(answer, Fault.NOBODYS)
            return


def _worst(answers: tuple[Answer, ...]) -> Answer:
    order = (Security.BOGUS, Security.INDETERMINATE, Security.INSECURE, Security.SECURE)
    return min(answers, key=lambda each: order.index(each.security))


def _of_answer(answer: Answer, fault: Fault) -> Cure:
    """The cure that a look-up's own reason names."""
    if fault is Fault.OURS_BY_CONFIGURATION:
        return Cure(OUR_RESOLVER)
    reason = answer.reason
    if reason is not None and reason.cure:
        return Cure(reason.cure)
    return Cure(f"have {answer.qname.dotted} signed, and its DS published by the zone above")
