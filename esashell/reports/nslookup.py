"""What `nslookup` prints: a line for each record, or one line that says why there is none."""

from collections.abc import Iterator
from textwrap import wrap

from esashell.reports.evidence import Document, lookup_document, moment
from esashell.reports.screen import PLAIN, Screen
from esashell.resolver.answer import Answer, Existence
from esashell.resolver.rdata import text as rdata_text
from esashell.resolver.rrtypes import RRType, type_text

SCHEMA = "esashell.nslookup"
VERSION = 1

_UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def answer_lines(host: str, answer: Answer, ttl: int, screen: Screen = PLAIN) -> Iterator[str]:
    """The records with the cache's TTL in seconds; `host` is what the operator typed."""
    kind = type_text(answer.rdtype)
    if answer.found:
        for rdata in answer.rdatas:
            yield f"{kind}={_value(answer.rdtype, rdata)} TTL={duration(ttl)}"
    elif answer.existence is Existence.NX_DOMAIN:
        yield f"{host}: there is no such name (NXDOMAIN)."
    elif answer.existence is not None:
        yield f"{host}: there is no {kind} record."
    else:
        why = f": {answer.reason.finding}" if answer.reason else ""
        text = f"{host}: {answer.security}{why}."
        for line in wrap(text, screen.width, subsequent_indent="  ", break_on_hyphens=False):
            yield screen.by_meaning(line)


def duration(seconds: int) -> str:
    """30m, 1h30m, 2d, 45s."""
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def nslookup_document(answer: Answer, when: int) -> Document:
    """The look-up for machines, proof included."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(when),
        **lookup_document(answer),
    }


def _value(rdtype: int, rdata: bytes) -> str:
    text = rdata_text(rdtype, rdata)
    if rdtype == RRType.TXT:
        return text
    return " ".join(word.removesuffix(".") or "." for word in text.split(" "))
