"""Certificates for the tests: good ones, and bad ones of every kind we can think of."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from msgspec import Struct

SECOND = 1_000_000
START = datetime(2025, 3, 1, 12, tzinfo=UTC)
NOW = int(START.timestamp()) * SECOND
DAY = 86_400 * SECOND
_SERIALS = iter(range(0x1000, 0x7FFFFFFF))
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Issued(Struct, frozen=True):
    """A certificate together with its key, so that it can issue further ones."""

    der: bytes
    key: Any
    name: x509.Name

    @property
    def spki(self) -> bytes:
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert isinstance(der, bytes)
        return der

    @property
    def pem(self) -> bytes:
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM)


def new_key(kind: str = "ec") -> Any:
    match kind:
        case "ec":
            return ec.generate_private_key(ec.SECP256R1())
        case "rsa":
            return rsa.generate_private_key(65537, 2048)
        case "ed25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "ed448":
            return ed448.Ed448PrivateKey.generate()
        case "dsa":
            return dsa.generate_private_key(2048)
    raise ValueError(kind)


def distinguished(common_name: str | None) -> x509.Name:
    if common_name is None:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def usages(*granted: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{each: each in granted for each in _USAGES})


def issue(
    common_name: str | None = "mx.example.com",
    issuer: Issued | None = None,
    *,
    dns: Iterable[str] = (),
    ca: bool | None = None,
    path_length: int | None = None,
    since: int = -30,
    until: int = 30,
    key: Any = None,
    extensions: Iterable[tuple[x509.ExtensionType, bool]] = (),
    issuer_name: x509.Name | None = None,
    digest: Any = None,
    padding: Any = None,
) -> Issued:
    """A certificate; without an issuer it signs itself. Days count from NOW.

    `ca` None leaves basicConstraints out.
    """
    own = key or new_key()
    name = distinguished(common_name)
    signer = issuer.key if issuer else own
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer_name or (issuer.name if issuer else name))
        .public_key(own.public_key())
        .serial_number(next(_SERIALS))
        .not_valid_before(START + timedelta(days=since))
        .not_valid_after(START + timedelta(days=until))
    )
    if names := list(dns):
        alternative = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
        builder = builder.add_extension(alternative, critical=False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, path_length), critical=True)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        signed = builder.sign(signer, None)
    else:
        signed = builder.sign(signer, digest or hashes.SHA256(), rsa_padding=padding)
    return Issued(signed.public_bytes(Encoding.DER), own, name)


def authority(common_name: str = "Root", issuer: Issued | None = None, **more: Any) -> Issued:
    return issue(common_name, issuer, **({"ca": True, "until": 300} | more))


def leaf(issuer: Issued | None = None, *names: str, **more: Any) -> Issued:
    """A server's certificate, for mx.example.com unless told otherwise."""
    return issue("a server", issuer, dns=names or ("mx.example.com",), **more)


def with_serial(der: bytes, negative: bool = True) -> bytes:
    """The same certificate with a negative serial number (its signature no longer fits)."""
    certificate = x509.load_der_x509_certificate(der)
    serial = certificate.serial_number
    octets = serial.to_bytes((serial.bit_length() + 8) // 8, "big")
    at = der.index(b"\x02" + bytes((len(octets),)) + octets) + 2
    return der[:at] + bytes((der[at] | 0x80,)) + der[at + 1 :] if negative else der


def signed_part(der: bytes) -> range:
    """Where the octets lie that the signature covers. Of the others some are free: a signature that
    ends in a zero bit may just as well say that this bit is unused."""
    body = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    at = der.index(body)
    return range(at, at + len(body))
