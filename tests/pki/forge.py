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


# A group for DSA keys of 2048 bits: keys are made in no time, finding a group takes seconds.
_DSA_P = int(
    "dcce2c18f8c98a38e93bc45cbd84a98f8ca2f07defe87f145dd4458df36c608c0c036cece889686f0aeba43a"
    "6ce0fc4b991654331a64a5023a1fd7ad0b2a81114a0223e4cea2eea0bb743649310deaf852c8ce5d23ab8eda"
    "c999d840d6b4fe0bcfbeee298f170cd589ba859616bc5fd53faf983c97f0246a42d01058c22748c87f2620e5"
    "d34b8de72b0fa0d0300d4fbdac9fa1e7ee6813af0f47e96837468c0a4070f4bacefba8b3a9330ed121642955"
    "9848f7244e2f2a86effa1c54d7c72d6d1d1c6a705141fa6572c701c1795fdabd9e88f7546936e74245437099"
    "0137c74f97a48e174df81176d258351dcd6975f3762bd058051ef47f1812785e74e52df9",
    16,
)
_DSA_Q = int("b0eaeddd017a235eddc0193b3377943bef8f55673d7a00ed755ead21d90e9a5f", 16)
_DSA_G = int(
    "22932e50192072124c00c08fe0981ac8cff61d8e1a3a508f9e88b296069ba1607d1892bbe1e0e671d0cb8164"
    "5eae59977ccb674d92426b34429b7bf8e19d9158171f11cb383a3886ea7d5f9942a00e51ff1af08e0b732768"
    "1a92e74dac0301b522e3c8511758f0595512f5abad74b925e394a237f6fd6d7c822987821ee7480aa14ab8d8"
    "e0c3b0807457f1e3fad832556ba21eb4699cfaaca075c6aa88baf072e1ee58f542e4037efcb6fc83e2e054ad"
    "78468bd51cc4c08c8d056872f4df060de3c49769ac026c1bc3ddfcdcbcbb03496c091e6aaf01a4f227845a09"
    "f350f12c5035f75813dcdebdbe873497b83814a26f5d2b5b46366fd70af7a41dc08c7a74",
    16,
)


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
            group = dsa.DSAParameterNumbers(_DSA_P, _DSA_Q, _DSA_G).parameters()
            return group.generate_private_key()
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
