"""Does the certificate chain that the server sent agree with its TLSA records?

One match of any usable record is enough (RFC 7671 5); records of both usages may stand side by
side. The two usages ask quite different questions:

* DANE-EE(3): is *this* the certificate, or the key? Nothing else is looked at: not the dates, not
  the names, not the issuer (RFC 7671 5.1, RFC 7672 3.1.1). The record's own lifetime replaces them.
* DANE-TA(2): is this certificate issued, through a real path, by that authority, is it in date, and
  does it carry one of the names? (RFC 7671 5.2, RFC 7672 3.1.2.) That the authority was *sent*
  proves nothing, as anybody can send anybody's certificate. Nor does a public CA list come in.

A digest says nothing but "this one", so the authority it stands for must be among the certificates
sent. Full(0) carries the certificate or key itself, which then need not be sent (RFC 7671 5.2.2).

*Digest agility* (RFC 7671 9): for each usage and selector only the strongest digest that both sides
know counts, so that a broken digest can be phased out. It means that adding a record with a
stronger digest can turn a match into a mismatch. Full(0) stands outside it.

Every record gets a finding of its own, and a failure ends with the record that would have matched,
so that the destination's operator can publish it.
"""

from enum import StrEnum

from msgspec import Struct

from esashell.dane.reason import DaneReason, Fault, ResultType
from esashell.dane.tlsa import (
    Malformed,
    MatchingType,
    Selector,
    Tlsa,
    Usage,
    association_data,
    record_for,
    usable,
)
from esashell.pki.certificate import BadCertificate, Certificate, certificate
from esashell.pki.identity import Identity, Mismatch, identity
from esashell.pki.path import Anchor, NoPath, PathFault, PathFinding, Work, path_to
from esashell.resolver.names import Name

# RFC 7671 9 leaves the order to the client; this one is everybody's. Full(0) is not a digest.
_STRENGTH = {MatchingType.SHA2_256: 1, MatchingType.SHA2_512: 2}


class DaneResult(StrEnum):
    """The verdict over all records."""

    MATCHED = "matched"
    NO_MATCH = "no match"
    NO_USABLE_RECORDS = "no usable records"


class RecordResult(StrEnum):
    """What one record came to."""

    MATCHED = "matched"
    NO_MATCH = "no match"
    NO_PATH = "no path to the trust anchor"
    NAME_MISMATCH = "name mismatch"
    SUPERSEDED = "superseded by a stronger digest"
    UNUSABLE = "unusable"


class Finding(Struct, frozen=True):
    """One TLSA record and what it came to.

    `depth` counts from the leaf, 0, to the certificate (or bare key) that the record stands for;
    None when it stands for nothing that was sent. `faults` are those of the best path.
    """

    record: Tlsa | Malformed
    result: RecordResult
    reason: DaneReason
    depth: int | None = None
    identity: Identity | None = None
    faults: tuple[PathFinding, ...] = ()


class DaneVerdict(Struct, frozen=True):
    """The verdict with a finding for each record, in the order of the records.

    `advice` is the record that would match the server's key as it is, None when the certificate
    cannot be taken apart; it is there after a match too.
    """

    result: DaneResult
    reason: DaneReason
    findings: tuple[Finding, ...]
    advice: Tlsa | None = None


def verify(
    records: tuple[Tlsa | Malformed, ...],
    chain: tuple[bytes, ...],
    references: tuple[Name, ...],
    now: int,
    digest_agility: bool = True,
) -> DaneVerdict:
    """The verdict for a chain as the server sent it, DER, leaf first.

    `references` are the names accepted for DANE-TA; `now` is in microseconds.
    """
    trial = _Trial(chain, tuple(str(each) for each in references), now)
    superseded = _superseded(records) if digest_agility else frozenset()
    findings = tuple(trial.finding(each, each in superseded) for each in records)
    return DaneVerdict(*_conclusion(findings), findings, advice(chain))


def advice(chain: tuple[bytes, ...]) -> Tlsa | None:
    """`3 1 1` for the key in use: the record RFC 7672 3.1 recommends above all others."""
    try:
        return record_for(chain[0], Usage.DANE_EE, Selector.SPKI, MatchingType.SHA2_256)
    except (IndexError, BadCertificate):
        return None


def _superseded(records: tuple[Tlsa | Malformed, ...]) -> frozenset[Tlsa]:
    """The usable records that digest agility takes out of the game (RFC 7671 9, RFC 7672 5).

    Only usable records are compared: a truncated SHA2-512 must not switch off a good SHA2-256.
    """
    strongest: dict[tuple[int, int], int] = {}
    digests = [
        each
        for each in records
        if isinstance(each, Tlsa) and each.matching_type in _STRENGTH and usable(each) is None
    ]
    for each in digests:
        pair = each.usage, each.selector
        strongest[pair] = max(strongest.get(pair, 0), _strength(each))
    return frozenset(
        each for each in digests if _strength(each) < strongest[each.usage, each.selector]
    )


def _strength(record: Tlsa) -> int:
    return _STRENGTH[MatchingType(record.matching_type)]


class _Trial:
    """One chain, judged record by record; what was learnt for one serves the next.

    The limits of `Work` hold for the whole set, so that many records do not multiply the work that
    a hostile chain makes.
    """

    def __init__(self, chain: tuple[bytes, ...], references: tuple[str, ...], now: int) -> None:
        self.chain = chain
        self.references = references
        self.now = now
        self.work = Work()
        self._read: tuple[Certificate, ...] | None = None

    @property
    def sent(self) -> tuple[Certificate, ...]:
        """The certificates above the leaf that have the shape of one."""
        if self._read is None:
            read = []
            for each in self.chain[1:]:
                try:
                    read.append(certificate(each))
                except BadCertificate:
                    continue
            self._read = tuple(read)
        return self._read

    def finding(self, record: Tlsa | Malformed, superseded: bool) -> Finding:
        why = usable(record)
        if why is not None or isinstance(record, Malformed):
            text = why.text if why else "malformed"
            section = why.section if why else "RFC 6698 4.1"
            reason = DaneReason("unusable", text, section, ResultType.TLSA_INVALID, Fault.THEIRS)
            return Finding(record, RecordResult.UNUSABLE, reason)
        if superseded:
            text = "records with a stronger digest are published for this usage and selector"
            reason = DaneReason("superseded", text, "RFC 7671 9")
            return Finding(record, RecordResult.SUPERSEDED, reason)
        if not self.chain:
            text = "the server sent no certificate"
            return _no_match(record, "no-certificate", text, "RFC 6698 2.1")
        if record.usage == Usage.DANE_EE:
            return self._end_entity(record)
        return self._trust_anchor(record)

    def _end_entity(self, record: Tlsa) -> Finding:
        """DANE-EE: the leaf's bytes decide, and they alone."""
        if _stands_for(record, self.chain[0]):
            # RFC 7671 5.1: neither dates nor names. An expired certificate matches like any other.
            text = "the record matches the server's certificate"
            reason = DaneReason("matched", text, "RFC 7671 5.1")
            return Finding(record, RecordResult.MATCHED, reason, 0)
        text = "the TLSA record does not match the server's certificate"
        if any(_stands_for(record, each) for each in self.chain[1:]):
            text = "the record matches an issuer's certificate; usage 3 is for the server's own"
        return _no_match(record, "mismatch", text, "RFC 7671 5.1")

    def _trust_anchor(self, record: Tlsa) -> Finding:
        """DANE-TA: a path to what the record stands for, and one of the names."""
        try:
            leaf = certificate(self.chain[0])
        except BadCertificate as error:
            text = f"the server's certificate is none: {error}"
            return _no_match(record, "bad-certificate", text, "RFC 7671 5.2")
        anchors = self._anchors(record)
        if not anchors:
            text = "no certificate that was sent above the server's own is the trust anchor"
            if _stands_for(record, self.chain[0]):
                text = "the record matches the server's own certificate; usage 2 is for its issuer"
            return _no_match(record, "no-trust-anchor", text, "RFC 7671 5.2")
        faults: tuple[PathFinding, ...] = ()
        depths = []
        for anchor in anchors:
            path = path_to(anchor, leaf, self.sent, self.now, self.work)
            if isinstance(path, NoPath):
                faults = faults or path.findings
            else:
                depths.append(path.depth)
        if depths:
            return self._named(record, leaf, min(depths))
        return Finding(record, RecordResult.NO_PATH, _path_reason(faults), faults=faults)

    def _anchors(self, record: Tlsa) -> tuple[Anchor, ...]:
        """What the record stands for: certificates that were sent, or what it carries itself."""
        if record.matching_type == MatchingType.FULL:
            # RFC 7671 5.2.2 and 5.2.3: usable as it is, sent or not.
            if record.selector == Selector.SPKI:
                return (Anchor(record.data),)
            carried = certificate(record.data)
            return (Anchor(carried.spki, carried),)
        return tuple(
            Anchor(each.spki, each)
            for each in dict.fromkeys(self.sent)
            # RFC 7671 5.2: an authority issues the leaf, so it is not the leaf sent once more.
            if each.der != self.chain[0] and _stands_for(record, each.der)
        )

    def _named(self, record: Tlsa, leaf: Certificate, depth: int) -> Finding:
        """RFC 7672 3.2: under an authority that also serves others, the name decides."""
        match identity(leaf, self.references):
            case Mismatch(presented=presented):
                shown = ", ".join(presented[:5]) or "no name"
                wanted = ", ".join(self.references)
                reason = DaneReason(
                    "name-mismatch",
                    f"the certificate is for {shown}, not for {wanted}",
                    "RFC 7672 3.2.2",
                    ResultType.CERTIFICATE_HOST_MISMATCH,
                    Fault.THEIRS,
                )
                return Finding(record, RecordResult.NAME_MISMATCH, reason, depth)
            case Identity() as pair:
                text = f"issued by the trust anchor at depth {depth}, for {pair.presented}"
                reason = DaneReason("matched", text, "RFC 7671 5.2")
                return Finding(record, RecordResult.MATCHED, reason, depth, pair)


def _stands_for(record: Tlsa, der: bytes) -> bool:
    """Whether the record's data is this certificate's, byte for byte (RFC 6698 2.1)."""
    try:
        return association_data(der, record.selector, record.matching_type) == record.data
    except BadCertificate:
        return False


def _no_match(record: Tlsa, code: str, text: str, section: str) -> Finding:
    reason = DaneReason(code, text, section, ResultType.VALIDATION_FAILURE, Fault.THEIRS)
    return Finding(record, RecordResult.NO_MATCH, reason)


def _path_reason(faults: tuple[PathFinding, ...]) -> DaneReason:
    """The fault of a path in the words of RFC 8460: only dates have a word of their own."""
    first = faults[0]
    dates = (PathFault.EXPIRED, PathFault.NOT_YET_VALID)
    dated = all(each.fault in dates for each in faults) and first.fault is PathFault.EXPIRED
    result = ResultType.CERTIFICATE_EXPIRED if dated else ResultType.CERTIFICATE_NOT_TRUSTED
    about = f"{first.about}: " if first.about else ""
    text = f"{about}{first.text}"
    return DaneReason(first.fault.value, text, "RFC 7671 5.2", result, Fault.THEIRS)


# Which record's reason stands for all when none matched: the one that came nearest.
_NEAREST = (
    RecordResult.NAME_MISMATCH,
    RecordResult.NO_PATH,
    RecordResult.NO_MATCH,
)


def _conclusion(findings: tuple[Finding, ...]) -> tuple[DaneResult, DaneReason]:
    by_result: dict[RecordResult, Finding] = {}
    for each in findings:
        by_result.setdefault(each.result, each)
    if matched := by_result.get(RecordResult.MATCHED):
        return DaneResult.MATCHED, matched.reason
    for result in _NEAREST:
        if result in by_result:
            return DaneResult.NO_MATCH, by_result[result].reason
    text = "no TLSA record can be used"
    reason = DaneReason(
        "unusable-tlsa", text, "RFC 7672 2.2", ResultType.TLSA_INVALID, Fault.THEIRS
    )
    return DaneResult.NO_USABLE_RECORDS, reason
