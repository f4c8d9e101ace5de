"""The path from the MX question to the verdict, with the rule that decided it.

Where `daneverify` prints what the appliance prints, this says why. For each host it goes through
the steps in the order they were taken, each with its security and, where something is wrong, the
reason in words that name the record and the cure; then the line of the decision table that speaks
of the host, what it means for a destination control set to Mandatory or Opportunistic, whose affair
it is, and the record that the destination could publish.
"""

import textwrap
from collections.abc import Iterator

from esashell.dane.applicability import Applicability
from esashell.dane.base_domain import tlsa_name
from esashell.dane.reason import DaneReason, Fault
from esashell.dane.table import Row, row, situation
from esashell.dane.tlsa import Malformed, Tlsa, from_rdata
from esashell.delivery.destinations import Destination, DestinationKind
from esashell.delivery.evidence import AddressEvidence, Evidence, HostEvidence
from esashell.resolver.answer import Answer, Ede, Existence, Hop
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import RRType, type_text

WIDTH = 79
_LABEL = 10
_LONG_RECORD = 24
_EDE = {each.value: each.name.replace("_", " ").lower() for each in Ede}


def lines(evidence: Evidence, width: int = WIDTH) -> list[str]:
    """The explanation, in lines no longer than `width` where words allow it."""
    return [line for entry in _entries(evidence) for line in entry.wrapped(width)]


class _Entry:
    """A label and what is said under it; `depth` indents it below its host or address."""

    def __init__(self, label: str, text: str, depth: int = 0) -> None:
        self.label = label
        self.text = text
        self.depth = depth

    def wrapped(self, width: int) -> list[str]:
        if not self.text:
            return ["  " * self.depth + self.label]
        head = f"{'  ' * self.depth}{self.label:{_LABEL}}"
        return textwrap.wrap(
            self.text,
            width,
            initial_indent=head,
            subsequent_indent=" " * len(head),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _entries(evidence: Evidence) -> Iterator[_Entry]:
    yield _Entry(f"{evidence.domain}", "")
    yield from _destination(evidence.destination)
    for host in evidence.hosts:
        yield _Entry("", "")
        yield _Entry(f"host {host.host.name}", "")
        yield from _host(host)
    yield _Entry("", "")
    if not evidence.hosts:
        yield from _rule(row(situation(evidence.destination.mx)), 0)
    yield _Entry("verdict", f"{evidence.verdict}: {_sentence(evidence.reason, whole=True)}")
    if evidence.reason.fault is not Fault.NOBODYS:
        yield _Entry("whose", f"{evidence.reason.fault.value}")


def _destination(it: Destination) -> Iterator[_Entry]:
    yield from _lookup("MX", it.mx)
    if it.kind is DestinationKind.IMPLICIT_MX:
        text = f"{it.domain} has no MX record and is its own mail host (RFC 5321 5.1)"
        yield _Entry("", text, 0)


def _host(it: HostEvidence) -> Iterator[_Entry]:
    for answer in (it.lookups.a, it.lookups.aaaa, it.lookups.alias, *it.tlsa):
        yield from _lookup(type_text(answer.rdtype), answer, 1)
    demand = it.applicability
    if demand is not None:
        yield _Entry("DANE", f"{demand.level.value}: {_sentence(demand.why)}", 1)
        for aside in demand.unusable:
            text = f"{_short(aside.record)} cannot be used: {aside.why.text} ({aside.why.section})"
            yield _Entry("", text, 1)
    for attempt in it.attempts:
        yield from _attempt(attempt, demand)
    yield from _rule(it.row, 1)
    yield from _advice(it)


def _rule(decided: Row | None, depth: int) -> Iterator[_Entry]:
    """The line of the decision table, and what it means for each DANE setting."""
    if decided is not None:
        text = (
            f"row {decided.number} of the decision table: Mandatory: {decided.mandatory.value}; "
            f"Opportunistic: {decided.opportunistic.value} ({decided.source})"
        )
        yield _Entry("rule", text, depth)


def _attempt(it: AddressEvidence, demand: Applicability | None) -> Iterator[_Entry]:
    yield _Entry(f"address {it.address.text} ({it.address.security})", "", 1)
    if it.smtp is not None and it.smtp.peer is not None:
        peer = it.smtp.peer
        text = f"{peer.version}, {peer.cipher}, {len(peer.chain)} certificates sent"
        yield _Entry("TLS", text, 2)
    if it.verdict is not None:
        for finding in it.verdict.findings:
            reason = _sentence(finding.reason)
            text = f"{_short(finding.record)} {finding.result.value}: {reason}"
            yield _Entry("record", text, 2)
    if it.failure is not None and (demand is None or it.failure is not demand.why):
        yield _Entry("failed", _sentence(it.failure), 2)


def _advice(it: HostEvidence) -> Iterator[_Entry]:
    """The record that would have matched, where none did and the server could be seen."""
    demand = it.applicability
    for attempt in it.attempts:
        verdict = attempt.verdict
        if attempt.matched or demand is None or verdict is None or verdict.advice is None:
            continue
        base = demand.base_domain or it.host.name
        text = f"{tlsa_name(base)}. TLSA {verdict.advice.text} would match the key in use"
        yield _Entry("advice", text, 1)
        return


def _lookup(label: str, it: Answer, depth: int = 0) -> Iterator[_Entry]:
    if it.found:
        what = ", ".join(_record(it.rdtype, each) for each in it.rdatas)
    elif it.existence is not None:
        what = "no such name" if it.existence is Existence.NX_DOMAIN else "no record"
    else:
        what = "no usable answer"
    yield _Entry(label, f"{it.security}  {what}", depth)
    for hop in it.hops:
        if hop.target is not None:
            yield _Entry("", f"{hop.owner} is an alias of {hop.target} ({hop.security})", depth)
    if it.reason is not None:
        code = _EDE.get(it.reason.code, str(it.reason.code))
        yield _Entry("", f"{it.reason.text} (RFC 8914 {it.reason.code}, {code})", depth)
    yield from _tried(it.hops, depth)


def _record(rdtype: int, rdata: bytes) -> str:
    return _short(from_rdata(rdata)) if rdtype == RRType.TLSA else rdata_text(rdtype, rdata)


def _tried(hops: tuple[Hop, ...], depth: int) -> Iterator[_Entry]:
    """The signatures that did not hold."""
    for hop in hops:
        for link in hop.chain:
            for trial in link.trials:
                if trial.result != "verified":
                    text = f"{link.zone.dotted} {link.what}: key {trial.key_tag} of {trial.signer}"
                    yield _Entry("", f"{text}: {trial.result}", depth)


def _short(record: Tlsa | Malformed) -> str:
    """A record to tell it from its neighbours; whoever needs all of it has `--json`."""
    text = record.text
    return text if len(text) <= _LONG_RECORD else f"{text[:_LONG_RECORD]}..."


def _sentence(reason: DaneReason, *, whole: bool = False) -> str:
    kind = f", {reason.result_type.value}" if reason.result_type else ""
    return f"{reason.whole if whole else reason.text} ({reason.section}{kind})"
