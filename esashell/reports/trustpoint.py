"""What is believed of the root, and since when: the keys that RFC 5011 follows.

A pending key shows the day on which it will be believed if it stays, a missing one that it is still
believed, a revoked one that it never will be again. Anchors that are not followed, such as those of
an operator's file, are shown with their records and nothing else.
"""

from collections.abc import Iterator, Sequence

from esashell.reports.evidence import Document, moment
from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import algorithm_text
from esashell.resolver.anchors import Anchor
from esashell.resolver.rollover import KeyState, TrackedKey, TrustPoint, retry_time
from esashell.resolver.rrtypes import RRType, type_text

SCHEMA = "esashell.dnsanchors"
VERSION = 1

_SAID = {
    KeyState.VALID: "trusted",
    KeyState.MISSING: "trusted, but not published at present",
    KeyState.REVOKED: "revoked, never trusted again",
    KeyState.REMOVED: "revoked and gone",
}


def anchor_lines(point: TrustPoint | None, fixed: Sequence[Anchor]) -> Iterator[str]:
    """The state of the trust anchors, the followed one first."""
    if point is not None:
        yield f'Trust anchor of "{point.zone.dotted}", followed by RFC 5011:'
        yield f"  Last asked for:  {_when(point.asked)}"
        yield f"  Last valid:      {_when(point.seen)}"
        yield f"  To be asked for: {_when(point.due) if point.asked else 'with the next look-up'}"
        yield ""
        yield f"  {'Key':>5}  {'Record':<8}{'Algorithm':<17}{'State':<9}Since"
        for key in point.keys:
            named = algorithm_text(_algorithm(key.rdtype, key.rdata))
            kind = type_text(key.rdtype)
            yield f"  {key.tag:>5}  {kind:<8}{named:<17}{key.state:<9}{_when(key.since)}"
            yield f"         {_outlook(key)}"
    for anchor in fixed:
        records = [(RRType.DS, each) for each in anchor.ds]
        records += [(RRType.DNSKEY, each) for each in anchor.dnskeys]
        if point is None or anchor.zone != point.zone:
            yield f'Trust anchor of "{anchor.zone.dotted}", fixed:'
            for rdtype, rdata in records:
                named = algorithm_text(_algorithm(rdtype, rdata))
                kind = type_text(rdtype)
                yield f"  {_tag(rdtype, rdata):>5}  {kind:<8}{named:<17}trusted"
            if not records:
                yield "         nothing below it is validated"


def _outlook(key: TrackedKey) -> str:
    if key.state is KeyState.PENDING:
        return f"new; will be trusted after {_when(key.since + key.hold)} if it stays"
    return _SAID[key.state] + (f"; last seen {_when(key.seen)}" if key.seen else "")


def _when(seconds: int) -> str:
    return moment(seconds * 1_000_000) if seconds else "never"


def _algorithm(rdtype: int, rdata: bytes) -> int:
    return rdata[2] if rdtype == RRType.DS else rdata[3]


def _tag(rdtype: int, rdata: bytes) -> int:
    return int.from_bytes(rdata[:2], "big") if rdtype == RRType.DS else rd.key_tag(rdata)


def anchors_document(point: TrustPoint | None, fixed: Sequence[Anchor], when: int) -> Document:
    """The same for machines."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(when),
        "followed": _followed(point) if point is not None else None,
        "fixed": [
            {
                "zone": str(each.zone),
                "ds": [rd.text(RRType.DS, data) for data in each.ds],
                "dnskey": [rd.text(RRType.DNSKEY, data) for data in each.dnskeys],
            }
            for each in fixed
            if point is None or each.zone != point.zone
        ],
    }


def _followed(point: TrustPoint) -> Document:
    return {
        "zone": str(point.zone),
        "asked": _moment(point.asked),
        "seen": _moment(point.seen),
        "due": _moment(point.due),
        "retry_seconds": retry_time(point.ttl, point.life),
        "keys": [
            {
                "key_tag": key.tag,
                "state": key.state.value,
                "trusted": key.believed,
                "since": _moment(key.since),
                "seen": _moment(key.seen),
                "trusted_from": _moment(key.since + key.hold) if key.hold else None,
                "record": rd.text(key.rdtype, key.rdata),
            }
            for key in point.keys
        ],
    }


def _moment(seconds: int) -> str | None:
    return moment(seconds * 1_000_000) if seconds else None
