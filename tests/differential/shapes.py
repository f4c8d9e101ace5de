"""By what road a certificate matched, or failed to: names for what a comparison has to have met."""

from collections.abc import Iterator

from esashell.dane.tlsa import MatchingType, Tlsa, association_data
from esashell.dane.verify import DaneVerdict, Finding, RecordResult
from esashell.pki.certificate import certificate
from tests.differential.dane_cases import Case

_MATCHES = (
    "the issuer, which was sent",
    "an authority further up, which was sent",
    "a whole certificate that is in DNS only",
    "a bare key that is in DNS only",
    "an exact name",
    "a wildcard",
    "a common name",
    "another name than the first reference",
)
DECOY = "a decoy"
SHAPES = (*_MATCHES, DECOY)


def shapes(case: Case, verdict: DaneVerdict) -> Iterator[str]:
    """What the case is an example of."""
    for finding in verdict.findings:
        record = finding.record
        if not isinstance(record, Tlsa) or record.usage != 2:
            continue
        if finding.result is RecordResult.NO_PATH and _sent(case, record):
            yield DECOY
        if finding.result is RecordResult.MATCHED:
            yield from _road(case, record, finding)
            yield from _name(case, finding)


def _sent(case: Case, record: Tlsa) -> bool:
    """Whether the server sends what the record stands for."""
    kind = record.selector, record.matching_type
    readable = (each for each in case.chain if not certificate(each).doubts)
    return record.data in [association_data(each, *kind) for each in readable]


def _road(case: Case, record: Tlsa, finding: Finding) -> Iterator[str]:
    if _sent(case, record):
        # Never 0: a server's own certificate, self-signed or not, is none of its authorities.
        near = finding.depth == 1
        yield f"{'the issuer' if near else 'an authority further up'}, which was sent"
    elif record.matching_type == MatchingType.FULL:
        whole = "a whole certificate" if record.selector == 0 else "a bare key"
        yield f"{whole} that is in DNS only"


def _name(case: Case, finding: Finding) -> Iterator[str]:
    pair = finding.identity
    if pair is None:
        return
    if not certificate(case.chain[0]).dns_names:
        yield "a common name"
    elif pair.presented.startswith("*"):
        yield "a wildcard"
    else:
        yield "an exact name"
    if pair.reference.rstrip(".") != case.names[0]:
        yield "another name than the first reference"
