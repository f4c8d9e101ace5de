"""A list of domains: a line for each, a summary, and both for machines (CSV, JSON).

The order of CSV and JSON is that of the list, that of the lines is the order in which the domains
were done. JSON's shape is a contract like `evidence`'s; CSV's columns are `COLUMNS`, and new ones
are added at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from esashell.dane.reason import DaneReason, Fault
from esashell.dane.table import Verified
from esashell.delivery.evidence import Evidence
from esashell.reports.evidence import moment
from esashell.resolver.answer import Security

SCHEMA = "esashell.daneverify-batch"
VERSION = 1
COLUMNS = ("domain", "verdict", "mx", "host", "row", "reason", "result_type", "whose", "text")

_NO_RESULT_TYPE = "without one"


class Verdict(Struct, frozen=True):
    """What a list keeps of one domain. `host` is the MX host that decided, "" where none did."""

    domain: str
    verdict: Verified
    mx: tuple[str, ...]
    mx_security: Security
    host: str
    row: int | None
    reason: DaneReason


class DomainList(Struct, frozen=True):
    """What a file asks for: `domains` without those given twice, and the lines that are none.

    `bad` are the lines to show, file and line number in front.
    """

    file: str
    domains: tuple[Any, ...]
    repeated: int
    bad: tuple[str, ...]


def verdict_of(evidence: Evidence) -> Verdict:
    """The verdict on a domain, without all that it rests on."""
    hosts = evidence.hosts
    decided = None
    if hosts:
        decided = hosts[-1] if evidence.verdict is Verified.SUCCESS else hosts[0]
    return Verdict(
        str(evidence.domain),
        evidence.verdict,
        tuple(str(each.name) for each in evidence.destination.hosts),
        evidence.destination.security,
        str(decided.host.name) if decided else "",
        decided.row.number if decided and decided.row else None,
        evidence.reason,
    )


def line(it: Verdict, width: int = 0) -> str:
    """One line about one domain; `width` is that of the column of names."""
    head = f"{it.domain:{width}}  {it.verdict.value:12}"
    if it.verdict is Verified.SUCCESS:
        return f"{head}  {it.host}"
    words = [each for each in (_type(it.reason), _whose(it.reason)) if each]
    tail = f" ({', '.join(words)})" if words else ""
    return f"{head}  {it.host or '-'}: {it.reason.detail or it.reason.text}{tail}"


def summary(wanted: DomainList, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The table at the end: how many of each verdict, of each result type, and whose affair."""
    total, done = len(wanted.domains), len(verdicts)
    counted = f"{done:,} of {total:,}" if done < total else f"{total:,}"
    yield f"{counted} domain{'' if total == 1 else 's'} of {wanted.file}"
    failed = [each for each in verdicts if each.verdict is Verified.FAILED]
    yield _count(Verified.SUCCESS.value, done - len(failed), done)
    yield _count(Verified.FAILED.value, len(failed), done)
    if failed:
        yield "whose affair the failures are"
        yield from _table(each.reason.fault.value for each in failed)
        yield "result types of the failures (RFC 8460)"
        yield from _table(_type(each.reason) or _NO_RESULT_TYPE for each in failed)
    if wanted.repeated:
        yield f"{wanted.repeated:,} more given a second time"
    if wanted.bad:
        yield f"{len(wanted.bad):,} line{'' if len(wanted.bad) == 1 else 's'} not understood"


def csv_text(verdicts: Iterable[Verdict]) -> str:
    """RFC 4180, with a header line."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for it in verdicts:
        writer.writerow(
            (
                it.domain,
                it.verdict.value,
                " ".join(it.mx),
                it.host,
                it.row if it.row is not None else "",
                it.reason.code,
                _type(it.reason),
                it.reason.fault.value,
                it.reason.whole,
            )
        )
    return out.getvalue()


def batch_document(
    wanted: DomainList, verdicts: Sequence[Verdict], when: int, stopped: bool
) -> dict[str, Any]:
    """The same as JSON-able values; `stopped` says that not every domain had its turn."""
    failed = [each for each in verdicts if each.verdict is Verified.FAILED]
    types = Counter(_type(each.reason) for each in failed)
    whose = Counter(each.reason.fault.value for each in failed)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "file": wanted.file,
        "when": moment(when),
        "stopped": stopped,
        "summary": {
            "domains": len(wanted.domains),
            "verified": len(verdicts),
            "repeated": wanted.repeated,
            "not_understood": list(wanted.bad),
            "verdicts": {
                Verified.SUCCESS.value: len(verdicts) - len(failed),
                Verified.FAILED.value: len(failed),
            },
            "result_types": {key: types[key] for key in sorted(types) if key},
            "without_result_type": types[""],
            "whose": {each.value: whose[each.value] for each in Fault},
        },
        "domains": [
            {
                "domain": it.domain,
                "verdict": it.verdict.value,
                "mx": list(it.mx),
                "mx_security": it.mx_security.value,
                "host": it.host or None,
                "row": it.row,
                "reason": {
                    "code": it.reason.code,
                    "text": it.reason.whole,
                    "section": it.reason.section,
                    "result_type": _type(it.reason) or None,
                    "fault": it.reason.fault.value,
                },
            }
            for it in verdicts
        ],
    }


def _type(reason: DaneReason) -> str:
    return reason.result_type.value if reason.result_type else ""


def _whose(reason: DaneReason) -> str:
    return "" if reason.fault is Fault.NOBODYS else reason.fault.value


def _table(words: Iterable[str]) -> Iterator[str]:
    for word, number in sorted(Counter(words).items(), key=lambda each: (-each[1], each[0])):
        yield _count(word, number)


def _count(word: str, number: int, of: int = 0) -> str:
    share = f"  {100 * number / of:5.1f} %" if of else ""
    return f"  {word:44}{number:9,}{share}"
