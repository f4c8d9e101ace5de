"""Certificates with their keys as text (PEM, RFC 7468), for `certconfig`: reading and making them.

What is kept is the certificate first, then those above it as they were given, then the private key
without a passphrase. Everything that comes from a file or a prompt is read here, and refused with
`BadAnswer` in one line.
"""

import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from esashell.config.quoting import quoted
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from cryptography import x509

LARGEST = 1024 * 1024  # characters of one certificate with what is above it
MOST = 5000  # certificates in a list
DAY = 86_400


class Profile(Struct, frozen=True):
    """What a certificate says of itself; times in seconds since 1970."""

    common_name: str
    issued_by: str
    not_before: int
    not_after: int
    subject: str
    serial: str
    sha256: str
    above: int  # certificates that came with it
    names: tuple[str, ...]

    def status(self, now: int) -> str:
        """In force or not, at this time in microseconds."""
        if now < self.not_before * 1_000_000:
            return "Not yet valid"
        return "Active" if now <= self.not_after * 1_000_000 else "Expired"

    def remaining(self, now: int) -> str:
        days = (self.not_after - now // 1_000_000) // DAY
        return f"{max(days, 0)} days"


def profile(pem: str) -> Profile:
    """The first certificate of a text; `BadAnswer` when there is none to be read."""
    from cryptography.hazmat.primitives.hashes import SHA256

    found = _certificates(pem)
    leaf = found[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a serial number that is not positive
        serial = leaf.serial_number
    return Profile(
        _common_name(leaf.subject),
        _common_name(leaf.issuer),
        int(leaf.not_valid_before_utc.timestamp()),
        int(leaf.not_valid_after_utc.timestamp()),
        quoted(leaf.subject.rfc4514_string(), 200)[1:-1],
        f"{serial:x}",
        leaf.fingerprint(SHA256()).hex(),
        len(found) - 1,
        _dns_names(leaf),
    )


def authorities(pem: str) -> int:
    """How many certificates a list of authorities has; `BadAnswer` when it is none."""
    return len(_certificates(pem))


def joined(certificate: str, key: str, above: str = "") -> str:
    """Certificate, those above it and the key, as they are kept; `BadAnswer` where they do not
    belong together."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    chain = _certificates(certificate) + (_certificates(above) if above.strip() else [])
    try:
        private = load_pem_private_key(key.encode("ascii", "replace"), None)
    except TypeError:
        raise BadAnswer("Error: The private key has a passphrase; take it off first.") from None
    except _unreadable():  # the library's own and those of its parts
        raise BadAnswer("Error: This is not a private key in PEM format.") from None
    return _kept(chain, private)


def from_file(raw: bytes, password: str) -> str:
    """The same from a file in PEM or PKCS #12 format."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

    secret = password.encode() or None
    try:
        if b"-----BEGIN" in raw:
            chain = _certificates(raw.decode("ascii", "replace"))
            return _kept(chain, load_pem_private_key(_key_block(raw), secret))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            private, leaf, others = pkcs12.load_key_and_certificates(raw, secret)
    except BadAnswer:
        raise
    except _unreadable():  # a wrong password among them: the library does not always tell
        raise BadAnswer(
            "Error: The file holds no certificate with its private key, in PEM or PKCS #12 "
            "format, or the password is wrong."
        ) from None
    if private is None or leaf is None:
        raise BadAnswer("Error: The file holds no certificate with its private key.")
    return _kept([leaf, *others], private)


def self_signed(common_name: str, organisation: str, country: str, days: int, now: int) -> str:
    """A new key (RSA, 2048 bits) and a certificate for it that nobody else vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import NameOID

    private = generate_private_key(65537, 2048)
    parts = [
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.COMMON_NAME, common_name),
    ]
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in parts if text])
    begin = datetime.fromtimestamp(now // 1_000_000, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(common_name)]), critical=False)
        .sign(private, SHA256())
    )
    return _kept([certificate], private)


def without_key(pem: str) -> str:
    """The certificates alone."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return "".join(each.public_bytes(Encoding.PEM).decode() for each in _certificates(pem))


def private_key(pem: str) -> str:
    """The key alone; `BadAnswer` when the text has none."""
    return _key_block(pem.encode("ascii", "replace")).decode()


def signing_request(pem: str) -> str:
    """What an authority is sent for a certificate of the same names and key (PKCS #10)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    leaf = _certificates(pem)[0]
    names = [x509.DNSName(each) for each in _dns_names(leaf)]
    builder = x509.CertificateSigningRequestBuilder().subject_name(leaf.subject)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    try:
        private: Any = load_pem_private_key(private_key(pem).encode(), None)
        # These two hash for themselves (RFC 8410).
        alone = isinstance(private, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
        request = builder.sign(private, None if alone else SHA256())
    except _unreadable():
        raise BadAnswer("Error: Nothing can be signed with a key of this kind.") from None
    return request.public_bytes(Encoding.PEM).decode()


def _certificates(pem: str) -> "list[x509.Certificate]":
    from cryptography import x509

    if len(pem) > LARGEST * 4:
        raise BadAnswer("Error: The text is too long.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a later release will not read any more
            found = x509.load_pem_x509_certificates(pem.encode("ascii", "replace"))
            for each in found:  # what is looked at later: it must not fail then
                each.subject.rfc4514_string(), each.issuer.rfc4514_string()
                each.not_valid_before_utc, each.not_valid_after_utc, _dns_names(each)
    except _unreadable():
        raise BadAnswer("Error: This is not a certificate in PEM format.") from None
    if len(found) > MOST:
        raise BadAnswer(f"Error: There are more than {MOST:,} certificates.")
    return found


def _unreadable() -> tuple[type[Exception], ...]:
    """All that the library raises for bytes it does not like."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    return (
        ValueError,
        TypeError,
        OverflowError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    )


def _kept(chain: "list[x509.Certificate]", private: Any) -> str:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    subject = PublicFormat.SubjectPublicKeyInfo
    try:
        own = chain[0].public_key().public_bytes(Encoding.DER, subject)
        belongs = private.public_key().public_bytes(Encoding.DER, subject) == own
        blocks = [each.public_bytes(Encoding.PEM) for each in chain]
        blocks.append(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    except _unreadable():  # a key of a kind that the library only knows by name
        raise BadAnswer("Error: The key of this certificate is of an unknown kind.") from None
    if not belongs:
        raise BadAnswer("Error: The private key does not belong to the certificate.")
    return b"".join(blocks).decode()


def _key_block(raw: bytes) -> bytes:
    import re

    found = re.search(
        rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", raw, re.DOTALL
    )
    if found is None:
        raise BadAnswer("Error: The file holds no private key.")
    return found[0] + b"\n"


def _common_name(name: "x509.Name") -> str:
    from cryptography.x509.oid import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    text = str(found[0].value) if found else name.rfc4514_string()
    return quoted(text, 60)[1:-1]


def _dns_names(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    names = extension.value.get_values_for_type(x509.DNSName)
    return tuple(quoted(each, 100)[1:-1] for each in names[:20])
