"""The proof of one look-up, from the trust anchor down to the verdict.

For a reader at 80 columns: below each step of the answer (an alias, or the records at the end) the
zones on the way to it, what was shown about each, and every signature that was tried with what came
of it. What an earlier step has shown already is not repeated. The document for machines has all of
it, records included.
"""

import re
from collections.abc import Iterator
from textwrap import wrap

from esashell.reports.evidence import Document, lookup_document, moment
from esashell.resolver.algorithms import algorithm_text
from esashell.resolver.answer import Answer, Ede, Hop, Link, Reason, Security, Strike, Trial
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import rcode_text, type_text

SCHEMA = "esashell.dnstrace"
VERSION = 1
WIDTH = 80

_EDE_NAMES = {each.value: each.name for each in Ede}
# What the records of these links say is short, and is what the next zone hangs from.
_SHOWN = ("anchor", "DS")
# The records of a denial say what there is instead; without them its text is a mere claim.
_DENIES = re.compile(r" NSEC3? ")


def trace_document(answer: Answer, when: int) -> Document:
    """The look-up and its proof, as JSON-able values."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(when),
        **lookup_document(answer),
        "rcode": rcode_text(answer.rcode),
    }


def proof(answer: Answer) -> Iterator[str]:
    """The lines of the proof."""
    yield f"{answer.qname.dotted} {type_text(answer.rdtype)}"
    yield _from_where(answer)
    shown: set[Link] = set()
    for hop in answer.hops:
        yield ""
        yield from _hop(hop, answer.rdtype, shown)
    yield ""
    yield from _verdict(answer)


def _from_where(answer: Answer) -> str:
    if answer.cached:
        return f"From the cache, for {answer.ttl} more seconds."
    counts: dict[str, int] = {}
    for each in answer.asked:
        counts[each.server] = counts.get(each.server, 0) + 1
    if not counts:
        return "No server was asked."
    servers = ", ".join(f"{server} ({count})" for server, count in counts.items())
    return "\n".join(_wrapped(f"Queries: {servers}", "", "  "))


def _hop(hop: Hop, rdtype: int, shown: set[Link]) -> Iterator[str]:
    if hop.target is not None:
        text = f"{hop.owner.dotted} is an alias of {hop.target.dotted}: {hop.security}"
    else:
        text = f"{hop.owner.dotted} {type_text(rdtype)}: {hop.security}"
    yield from _wrapped(text, "", "  ")
    zone = None
    for link in hop.chain:
        if link in shown:
            continue
        if link.zone != zone:
            zone = link.zone
            yield from _wrapped(zone.dotted, "  ", "    ")
        shown.add(link)
        yield from _link(link)


def _link(link: Link) -> Iterator[str]:
    head = f"    {link.what:<10} {link.security:<8} "
    yield from _wrapped(link.text, head, " " * 24)
    if link.what in _SHOWN:
        yield from (_cut(f"{' ' * 15}{each}") for each in link.records)
    else:
        for each in link.records:
            if _DENIES.search(each):
                yield from _wrapped(each, " " * 15, " " * 17)
    for trial in link.trials:
        yield from _wrapped(_trial(trial), " " * 15, " " * 17)


def _trial(trial: Trial) -> str:
    if not trial.signer:
        return f"a signature: {trial.result}"
    signer = trial.signer if trial.signer.endswith(".") else f"{trial.signer}."
    by = f"key {trial.key_tag} of {signer} ({algorithm_text(trial.algorithm)})"
    return f"{by}: {trial.result}"


def _verdict(answer: Answer) -> Iterator[str]:
    what = f", {answer.existence}" if answer.existence else ""
    yield f"Verdict: {answer.security}{what}"
    if answer.reason is not None:
        yield from _reason(answer.reason)
    for strike in answer.strikes:
        yield from _strike(strike)
    if answer.security in (Security.SECURE, Security.INSECURE):
        for rdata in answer.rdatas:
            yield from _wrapped(rdata_text(answer.rdtype, rdata), "  ", "    ")


def _reason(reason: Reason) -> Iterator[str]:
    name = _EDE_NAMES.get(reason.code, "unassigned")
    yield f"  RFC 8914 code {reason.code}, {name}"
    yield from _wrapped(_sentence(reason.finding), "  ", "  ")
    yield from _wrapped(f"Cure: {_sentence(reason.cure)}", "  ", "  ")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _strike(strike: Strike) -> Iterator[str]:
    """A work limit that was reached."""
    text = f"Limit {strike.limit}: {strike.number} {strike.counted}, reached at {strike.about}"
    yield from _wrapped(f"{text}; it stops {strike.attack}", "  ", "    ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    """The text over as many lines as it takes; a word that is too long for one is broken."""
    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first.rstrip()]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}..."
