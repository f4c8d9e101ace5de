"""Just enough DER to find the parts of a certificate (X.690; RFC 5280 4.1).

DANE-EE compares bytes: the whole certificate, or its SubjectPublicKeyInfo as it was sent. Nothing
else of the certificate matters (RFC 7671 5.1), so a certificate with a negative serial number, a
broken extension or a key of a kind nobody here knows must still be matched. General X.509 parsers
refuse such certificates whole. This walk steps over the fields in front of the key instead, and
also takes less time than parsing everything.

Every length is checked against the element around it, so no input makes this read outside its own
bytes; what does not fit is `BadCertificate`. Indefinite lengths and tag numbers above 30 do not
occur in DER certificates and are refused.
"""

from functools import lru_cache

from msgspec import Struct

SEQUENCE = 0x30
INTEGER = 0x02
BIT_STRING = 0x03
VERSION = 0xA0


class BadCertificate(ValueError):
    """The bytes are not a certificate, or not a public key; the message says where it stopped."""


class Outline(Struct, frozen=True):
    """Where things are in a certificate: each field's own DER, tag and length included.

    The algorithm of the signature stands there twice, `algorithm` in the part that is signed and
    `signature_algorithm` beside it; the two should be one (RFC 5280 4.1.1.2).
    """

    version: int
    algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    spki: bytes
    signature_algorithm: bytes


@lru_cache(maxsize=256)
def outline(der: bytes) -> Outline:
    """The parts of a certificate that can be found without understanding them."""
    body, end = enter(der, 0, len(der), SEQUENCE, "certificate")
    if end != len(der):
        raise BadCertificate(f"{len(der) - end} octets behind the certificate")
    at, tbs_end = enter(der, body, end, SEQUENCE, "tbsCertificate")
    signed_end = tbs_end
    version = 1
    if at < tbs_end and der[at] == VERSION:
        inside, at = enter(der, at, tbs_end, VERSION, "version")
        number, _ = enter(der, inside, at, INTEGER, "version")
        version = int.from_bytes(der[number:at][:1], "big") + 1
    _, at = enter(der, at, tbs_end, INTEGER, "serialNumber")
    fields = []
    for what in ("signature", "issuer", "validity", "subject", "subjectPublicKeyInfo"):
        start = at
        _, at = enter(der, start, tbs_end, SEQUENCE, what)
        fields.append(der[start:at])
    _, at = enter(der, signed_end, end, SEQUENCE, "signatureAlgorithm")
    fields.append(der[signed_end:at])
    _, at = enter(der, at, end, BIT_STRING, "signatureValue")
    if at != end:
        raise BadCertificate("something follows the signature inside the certificate")
    return Outline(version, *fields)


def check_spki(der: bytes) -> None:
    """`BadCertificate` unless the bytes have the shape of one SubjectPublicKeyInfo."""
    body, end = enter(der, 0, len(der), SEQUENCE, "subjectPublicKeyInfo")
    if end != len(der):
        raise BadCertificate(f"{len(der) - end} octets behind the key")
    _, at = enter(der, body, end, SEQUENCE, "algorithm")
    _, at = enter(der, at, end, BIT_STRING, "subjectPublicKey")
    if at != end:
        raise BadCertificate("something follows the key's bit string")


def enter(der: bytes, at: int, limit: int, tag: int, what: str) -> tuple[int, int]:
    """Where the contents of the element at `at` begin, and where the element ends."""
    if at + 2 > limit:
        raise BadCertificate(f"the {what} is missing")
    if der[at] != tag:
        raise BadCertificate(f"no {what} where one should be")
    length = der[at + 1]
    at += 2
    if length >= 0x80:
        octets = length & 0x7F
        if not 0 < octets <= 4 or at + octets > limit:
            raise BadCertificate(f"the length of the {what} cannot be read")
        length = int.from_bytes(der[at : at + octets], "big")
        at += octets
    if at + length > limit:
        raise BadCertificate(f"the {what} is cut off")
    return at, at + length
