"""Fuzzing of the certificates that a server sends."""

from contextlib import suppress

from esashell.dane.tlsa import record_for
from esashell.dane.verify import RecordResult, verify
from esashell.pki.certificate import BadCertificate, certificate
from esashell.pki.identity import identity
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Issuer, KeyType
from tests.fuzz.engine import Target, main
from tests.fuzz.tlsa import NAMES, NOW

_MAKER = CertificateMaker(b"fuzz", NOW)
_SPECS = (
    CertificateSpec(issuer=Issuer.PRIVATE),
    CertificateSpec(issuer=Issuer.PRIVATE, alternative_names=("*.example", "mx.example")),
    CertificateSpec(issuer=Issuer.PRIVATE, alternative_names=()),
    CertificateSpec(issuer=Issuer.SELF, key=KeyType.RSA),
)
_ROOT = _MAKER.authority(Issuer.PRIVATE)
_LEAVES = tuple(_MAKER.identity("mx.example", each).leaf for each in _SPECS)
_RECORDS = (record_for(_ROOT, 2, 0, 1), record_for(_ROOT, 2, 1, 1), record_for(_ROOT, 2, 0, 0))


def reads(data: bytes) -> None:
    """A certificate is refused or understood; an altered leaf has no path to the authority."""
    with suppress(BadCertificate):
        it = certificate(data)
        assert it.der == data
        assert it.key.isprintable()
        identity(it, ("mx.example",))
    altered = data not in _LEAVES
    for chain in ((data, _ROOT), (_LEAVES[0], data, _ROOT), (_LEAVES[0], data)):
        verdict = verify(_RECORDS, chain, NAMES, NOW)
        assert verdict.reason.text.isprintable()
        if altered and chain[0] is data and data != _ROOT:
            assert not any(each.result is RecordResult.MATCHED for each in verdict.findings)


TRACED = ("esashell/pki/", "esashell/dane/verify")
_WORDS = (
    b"\x30\x82",
    b"\x02\x01",
    b"\x06\x03\x55\x1d",
    b"\x30\x80",
    b"\xff\xff\xff\xff",
    b"\x17\x0d",
)
CERTIFICATE = Target("certificates", reads, (*_LEAVES, _ROOT), TRACED, _WORDS)

if __name__ == "__main__":
    main(CERTIFICATE)
