"""The path from the MX question to the verdict, with the rule that decided it.

Where `daneverify` prints what the appliance prints, this says why. For each host it goes through
the steps in the order they were taken, each with its security and, where something is wrong, the
reason in words that name the record and the cure; then the line of the decision table that speaks
of the host, what it means for a destination control set to Mandatory or Opportunistic, whose affair
it is, and what would mend it: the record that the destination could publish, or what it takes else
(`cure`).
"""

import textwrap
from collections.abc import Iterator, Mapping

from esashell.dane.applicability import Applicability
from esashell.dane.reason import DaneReason, Fault
from esashell.dane.table import Row, Verified, row, situation
from esashell.dane.tlsa import Malformed, Tlsa, from_rdata
from esashell.delivery.destinations import Destination, DestinationKind
from esashell.delivery.evidence import AddressEvidence, Evidence, HostEvidence
from esashell.reports.cure import Cure, cures
from esashell.reports.screen import PLAIN, Screen
from esashell.resolver.answer import Answer, Ede, Existence, Hop
from esashell.resolver.names import Name
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import RRType, type_text

_LABEL = 10
WHOSE = {
    Fault.NOBODYS: "nobody's: nothing is broken, but DANE does not apply",
    Fault.THEIRS: "theirs: only those who run the domain, or its mail host, can mend it",
    Fault.OURS_BY_CONFIGURATION: "ours by configuration: the destination may be in perfect order",
}
_LONG_RECORD = 24
_EDE = {each.value: each.name.replace("_", " ").lower() for each in Ede}


def lines(
    evidence: Evidence,
    chains: Mapping[Name, tuple[bytes, ...]] | None = None,
    screen: Screen | None = None,
) -> list[str]:
    """The explanation, in lines no longer than the screen is wide where words allow it.

    `chains` are what hosts presented beyond the evidence (`delivery.presented`).
    """
    screen = screen or PLAIN
    found = [screen.by_meaning(x) for e in _entries(evidence) for x in e.wrapped(screen.width)]
    for cure in dict.fromkeys(cures(evidence, chains or {})):
        found += _cure(cure, screen)
    return found


def _cure(cure: Cure, screen: Screen) -> list[str]:
    """What to do, and the record on lines that a zone file takes as they are."""
    shown = Entry("cure", cure.text + (":" if cure.record else "")).wrapped(screen.width)
    if cure.record:
        record = [" " * _LABEL + cure.record]
        if len(record[0]) > screen.width:
            # RFC 1035 5.1: parentheses group what goes on over a line's end.
            head, data = cure.record.rsplit(" ", 1)
            record = [f"{head} (", f"  {data} )"]
            indent = max(0, min(_LABEL, screen.width - max(map(len, record))))
            record = [" " * indent + each for each in record]
        shown += map(screen.to_copy, record)
    return shown


class Entry:
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


def _entries(evidence: Evidence) -> Iterator[Entry]:
    yield Entry(f"{evidence.domain}", "")
    yield from _destination(evidence.destination)
    for host in evidence.hosts:
        yield Entry("", "")
        yield Entry(f"host {host.host.name}", "")
        yield from _host(host)
    yield Entry("", "")
    if not evidence.hosts:
        yield from _rule(row(situation(evidence.destination.mx)), 0)
    yield Entry("verdict", f"{evidence.verdict}: {_sentence(evidence.reason, whole=True)}")
    if evidence.verdict is not Verified.SUCCESS:
        yield Entry("whose", WHOSE[evidence.reason.fault])


def _destination(it: Destination) -> Iterator[Entry]:
    yield from _lookup("MX", it.mx)
    if it.kind is DestinationKind.IMPLICIT_MX:
        text = f"{it.domain} has no MX record and is its own mail host (RFC 5321 5.1)"
        yield Entry("", text, 0)


def _host(it: HostEvidence) -> Iterator[Entry]:
    for answer in (it.lookups.a, it.lookups.aaaa, it.lookups.alias, *it.tlsa):
        yield from _lookup(type_text(answer.rdtype), answer, 1)
    demand = it.applicability
    if demand is not None:
        yield Entry("DANE", f"{demand.level.value}: {_sentence(demand.why)}", 1)
        for aside in demand.unusable:
            text = f"{_short(aside.record)} cannot be used: {aside.why.text} ({aside.why.section})"
            yield Entry("", text, 1)
    for attempt in it.attempts:
        yield from _attempt(attempt, demand)
    yield from _rule(it.row, 1)


def _rule(decided: Row | None, depth: int) -> Iterator[Entry]:
    """The line of the decision table, and what it means for each DANE setting."""
    if decided is not None:
        text = (
            f"row {decided.number} of the decision table: Mandatory: {decided.mandatory.value}; "
            f"Opportunistic: {decided.opportunistic.value} ({decided.source})"
        )
        yield Entry("rule", text, depth)


def _attempt(it: AddressEvidence, demand: Applicability | None) -> Iterator[Entry]:
    yield Entry(f"address {it.address.text} ({it.address.security})", "", 1)
    if it.smtp is not None and it.smtp.peer is not None:
        peer = it.smtp.peer
        text = f"{peer.version}, {peer.cipher}, {len(peer.chain)} certificates sent"
        yield Entry("TLS", text, 2)
    if it.verdict is not None:
        for finding in it.verdict.findings:
            reason = _sentence(finding.reason)
            text = f"{_short(finding.record)} {finding.result.value}: {reason}"
            yield Entry("record", text, 2)
    if it.failure is not None and (demand is None or it.failure is not demand.why):
        yield Entry("failed", _sentence(it.failure), 2)


def _lookup(label: str, it: Answer, depth: int = 0) -> Iterator[Entry]:
    if it.found:
        what = ", ".join(_record(it.rdtype, each) for each in it.rdatas)
    elif it.existence is not None:
        what = "no such name" if it.existence is Existence.NX_DOMAIN else "no record"
    else:
        what = "no usable answer"
    yield Entry(label, f"{it.security}  {what}", depth)
    for hop in it.hops:
        if hop.target is not None:
            yield Entry("", f"{hop.owner} is an alias of {hop.target} ({hop.security})", depth)
    if it.reason is not None:
        yield Entry("", f"{it.reason.finding}{_published(it.reason.code)}", depth)
    yield from _tried(it.hops, depth)


def _published(code: int) -> str:
    """The published code of a reason, where there is one that says anything."""
    return f" (RFC 8914 {code}, {_EDE.get(code, code)})" if code != Ede.OTHER else ""


def _record(rdtype: int, rdata: bytes) -> str:
    return _short(from_rdata(rdata)) if rdtype == RRType.TLSA else rdata_text(rdtype, rdata)


def _tried(hops: tuple[Hop, ...], depth: int) -> Iterator[Entry]:
    """The signatures that did not hold."""
    for hop in hops:
        for link in hop.chain:
            for trial in link.trials:
                if trial.result != "verified":
                    text = f"{link.zone.dotted} {link.what}: key {trial.key_tag} of {trial.signer}"
                    yield Entry("", f"{text}: {trial.result}", depth)


def _short(record: Tlsa | Malformed) -> str:
    """A record to tell it from its neighbours; whoever needs all of it has `--json`."""
    text = record.text
    return text if len(text) <= _LONG_RECORD else f"{text[:_LONG_RECORD]}..."


def _sentence(reason: DaneReason, *, whole: bool = False) -> str:
    kind = f", {reason.result_type.value}" if reason.result_type else ""
    return f"{reason.whole if whole else reason.text} ({reason.section}{kind})"
