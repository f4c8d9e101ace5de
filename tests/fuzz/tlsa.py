"""Fuzzing of TLSA records: what stands in DNS, beside a chain that is sound."""

from esashell.dane.tlsa import Malformed, from_rdata, record_for, usable
from esashell.dane.verify import DaneResult, RecordResult, verify
from esashell.resolver.names import name_from_text
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Issuer
from tests.fuzz.engine import Target, main

NOW = 1_700_000_000_000_000
NAMES = (name_from_text("mx.example"),)
CHAIN = (
    CertificateMaker(b"fuzz", NOW)
    .identity("mx.example", CertificateSpec(issuer=Issuer.PRIVATE_ISSUING))
    .chain
)
_GOOD = tuple(
    record_for(CHAIN[depth], usage, selector, matching).rdata
    for depth, usage in ((0, 3), (1, 2), (2, 2), (0, 1))
    for selector in (0, 1)
    for matching in (0, 1, 2)
)


def records_of(data: bytes) -> list[bytes]:
    """Several rdatas in one input: each with its length in front, in two octets."""
    found: list[bytes] = []
    while len(data) > 2 and len(found) < 6:
        end = 2 + int.from_bytes(data[:2], "big") % 3000
        found.append(data[2:end])
        data = data[end:]
    return found


def _packed(*rdatas: bytes) -> bytes:
    return b"".join(len(each).to_bytes(2, "big") + each for each in rdatas)


def judges(data: bytes) -> None:
    """Only a record that really speaks of the chain matches it, whatever stands beside it."""
    rdatas = records_of(data)
    records = tuple(from_rdata(each) for each in rdatas)
    for rdata, record in zip(rdatas, records, strict=True):
        if not isinstance(record, Malformed):
            assert record.rdata == rdata
        assert record.text.isprintable()
    verdict = verify(records, CHAIN, NAMES, NOW)
    assert len(verdict.findings) == len(records)
    assert verdict.reason.text.isprintable()
    for finding in verdict.findings:
        matched = finding.result is RecordResult.MATCHED
        if isinstance(finding.record, Malformed) or usable(finding.record) is not None:
            assert finding.result is RecordResult.UNUSABLE
        elif matched and finding.record.parameters != "2 0 0":
            # Full(0) brings its own certificate: another one of the same name and key will do.
            assert finding.record.rdata in _GOOD
    matched = any(each.result is RecordResult.MATCHED for each in verdict.findings)
    assert (verdict.result is DaneResult.MATCHED) is matched


_SEEDS = (*(_packed(each) for each in _GOOD), _packed(*_GOOD[:4]), _packed(_GOOD[1], b"", b"\3"))
TRACED = ("esashell/dane/tlsa", "esashell/dane/verify", "esashell/pki/")
TLSA = Target("TLSA records", judges, _SEEDS, TRACED, tuple(each[:3] for each in _GOOD))

if __name__ == "__main__":
    main(TLSA)
