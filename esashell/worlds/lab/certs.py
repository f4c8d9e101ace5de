"""Certificates for the lab's hosts, good ones and bad ones, the same on every run of a day.

Two families of authorities exist. The *lab's* stands for the public ones: a root that lab
clients may hold in their store, and an issuing authority under it. The *private* one stands for a
company's own, which nobody trusts until a DANE-TA record says so. Three more are there to go
wrong: a decoy that signs nothing, one that lacks the CA flag, and one that has expired.

Everything follows from the seed and the day: keys are derived from the seed and a name, serial
numbers from what the certificate says, dates are whole UTC days around the lab's now, and ECDSA
signs without a random number (RFC 6979). So two processes that look at one lab on one day see
the same bytes, and a TLSA record computed in one matches the chain that the other sends. RSA
leaves share three published keys (`rsakeys`): two RSA hosts may well have the same public key.

A certificate is made when it is first asked for, so that a large lab costs nothing at start.
"""

import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from esashell.clock import SECOND

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

DAY = 86_400 * SECOND
CACHED = 4096  # identities kept; beyond that the oldest is made again when it is needed
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")  # RFC 5758 3.2, as DER

LEAF = "leaf"


class Issuer(StrEnum):
    """Who signs a leaf."""

    LAB = "lab"
    LAB_ROOT = "lab-root"
    PRIVATE = "private"
    PRIVATE_ISSUING = "private-issuing"
    DECOY = "decoy"
    NOT_A_CA = "not-a-ca"
    EXPIRED_CA = "expired-ca"
    SELF = "self"


class KeyType(StrEnum):
    ECDSA = "ecdsa"
    RSA = "rsa"


class _Authority(Struct, frozen=True):
    """An authority: what it is called, who signed it, and what is wrong with it."""

    name: str
    issuer: Issuer
    ca_flag: bool = True
    expired: bool = False


_AUTHORITIES = {
    Issuer.LAB_ROOT: _Authority("Lab Public Root", Issuer.LAB_ROOT),
    Issuer.LAB: _Authority("Lab Public Issuing CA", Issuer.LAB_ROOT),
    Issuer.PRIVATE: _Authority("Lab Private CA", Issuer.PRIVATE),
    Issuer.PRIVATE_ISSUING: _Authority("Lab Private Issuing CA", Issuer.PRIVATE),
    Issuer.DECOY: _Authority("Lab Decoy CA", Issuer.DECOY),
    Issuer.NOT_A_CA: _Authority("Lab Without The CA Flag", Issuer.NOT_A_CA, ca_flag=False),
    Issuer.EXPIRED_CA: _Authority("Lab Expired CA", Issuer.EXPIRED_CA, expired=True),
}


class CertificateSpec(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a host's certificate is to be, as a scenario file writes it.

    An empty `name` stands for the host's own; `alternative_names` None for just that name, and an
    empty list for a certificate without any. `chain` lists what the host sends, "leaf" and the
    names of authorities in the order sent; None is what a careful postmaster sends: the leaf and
    all above it, but not the public root. `generation` picks another key, as a renewal does.
    `ends` is the second since 1970 at which it ends, 0 where the other fields say when.
    """

    name: str = ""
    alternative_names: tuple[str, ...] | None = None
    issuer: Issuer = Issuer.LAB
    key: KeyType = KeyType.ECDSA
    generation: int = 0
    expired: bool = False
    not_yet_valid: bool = False
    ends: int = 0
    chain: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.chain is not None and self.chain[:1] != (LEAF,):
            raise ValueError("a chain begins with the leaf (RFC 8446 4.4.2)")
        for each in self.chain or ():
            if each != LEAF and each not in tuple(_AUTHORITIES):
                known = ", ".join((LEAF, *_AUTHORITIES))
                raise ValueError(f"{each!r} is not a certificate of the lab; these are: {known}")


class Identity(Struct, frozen=True):
    """A host's certificates as they are sent, DER, and the leaf's private key, PEM (PKCS #8).

    `leaf` is the host's own certificate, whether or not the chain begins with it.
    """

    chain: tuple[bytes, ...]
    key_pem: bytes
    spec: CertificateSpec
    leaf: bytes


class CertificateMaker:
    """Makes the lab's certificates. Only the day of `now` (microseconds) matters, in UTC."""

    def __init__(self, seed: bytes, now: int) -> None:
        self._seed = seed
        self._today = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=now // DAY)
        self._authorities: dict[Issuer, bytes] = {}
        self._identities: dict[tuple[str, CertificateSpec], Identity] = {}

    def identity(self, host: str, spec: CertificateSpec) -> Identity:
        """What this host shows, and the key behind it."""
        known = self._identities.get((host, spec))
        if known is None:
            if len(self._identities) >= CACHED:
                del self._identities[next(iter(self._identities))]
            known = self._identities[host, spec] = self._made(host, spec)
        return known

    def authority(self, name: Issuer) -> bytes:
        """The certificate of one of the lab's authorities, DER."""
        if name not in self._authorities:
            self._authorities[name] = self._sealed_authority(name)
        return self._authorities[name]

    def roots(self) -> tuple[bytes, ...]:
        """What a lab client may trust without DANE: the roots that stand for the public ones."""
        return (self.authority(Issuer.LAB_ROOT),)

    def _made(self, host: str, spec: CertificateSpec) -> Identity:
        from cryptography.hazmat.primitives.serialization import (
            Encoding,
            NoEncryption,
            PrivateFormat,
        )

        key = self._leaf_key(host, spec)
        leaf = self._sealed_leaf(host, spec, key)
        return Identity(
            chain=tuple(
                leaf if each == LEAF else self.authority(Issuer(each))
                for each in (_careful_chain(spec.issuer) if spec.chain is None else spec.chain)
            ),
            key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            spec=spec,
            leaf=leaf,
        )

    def _number(self, *about: str) -> int:
        """A number that only the seed and these words decide."""
        words = b"\0".join(each.encode() for each in about)
        return int.from_bytes(hashlib.sha256(self._seed + b"\0" + words).digest())

    def _ec_key(self, *about: str) -> "ec.EllipticCurvePrivateKey":
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.derive_private_key(
            self._number("key", *about) % (P256_ORDER - 1) + 1, ec.SECP256R1()
        )

    def _leaf_key(self, host: str, spec: CertificateSpec) -> "PrivateKey":
        if spec.key is KeyType.ECDSA:
            return self._ec_key(LEAF, host, str(spec.generation))
        from esashell.worlds.lab.rsakeys import rsa_key

        # The next generation takes the next key, so that it surely differs from this one.
        return rsa_key(self._number("rsa", host) + spec.generation)

    def _sealed_authority(self, name: Issuer) -> bytes:
        from cryptography import x509

        authority = _AUTHORITIES[name]
        above = _AUTHORITIES[authority.issuer]
        key = self._ec_key("authority", name)
        builder = self._begun(
            authority.name, above.name, key, self._dates(-3650, -2 if authority.expired else 3650)
        )
        builder = builder.add_extension(
            x509.BasicConstraints(ca=authority.ca_flag, path_length=None), critical=True
        ).add_extension(_key_usage(sign_certificates=authority.ca_flag), critical=True)
        signer = self._ec_key("authority", authority.issuer)
        return self._sealed(builder, authority.issuer, signer, name)

    def _sealed_leaf(self, host: str, spec: CertificateSpec, key: "PrivateKey") -> bytes:
        from cryptography import x509
        from cryptography.x509.oid import ExtendedKeyUsageOID

        name = spec.name or host
        own = spec.issuer is Issuer.SELF
        dates = (-400, -3) if spec.expired else (30, 120) if spec.not_yet_valid else (-30, 60)
        since, until = self._dates(*dates)
        if spec.ends:
            until = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=spec.ends)
            since = min(since, until - timedelta(days=90))
        issuer = name if own else _AUTHORITIES[spec.issuer].name
        builder = self._begun(name, issuer, key, (since, until))
        builder = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        names = (name,) if spec.alternative_names is None else spec.alternative_names
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(each) for each in names]), critical=False
            )
        signer = key if own else self._ec_key("authority", spec.issuer)
        what = f"{host} {msgspec.json.encode(spec).decode()}"
        return self._sealed(builder, spec.issuer, signer, what)

    def _dates(self, first: int, last: int) -> tuple[datetime, datetime]:
        return self._today + timedelta(days=first), self._today + timedelta(days=last)

    def _begun(
        self, subject: str, issuer: str, key: "PrivateKey", dates: tuple[datetime, datetime]
    ) -> "x509.CertificateBuilder":
        from cryptography import x509

        return (
            x509.CertificateBuilder()
            .subject_name(_distinguished_name(subject))
            .issuer_name(_distinguished_name(issuer))
            .public_key(key.public_key())
            .not_valid_before(dates[0])
            .not_valid_after(dates[1])
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )

    def _sealed(
        self,
        builder: "x509.CertificateBuilder",
        issuer: Issuer,
        signer: "PrivateKey",
        what: str,
    ) -> bytes:
        """The finished certificate, DER. `what` tells it from the issuer's others on this day."""
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding

        # RFC 5280 4.1.2.2: positive, at most 20 octets, and never twice from one issuer.
        serial = self._number("serial", issuer, what, self._today.isoformat()) >> 100 | 1
        sealed = (
            builder.serial_number(serial)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False
            )
            .sign(signer, hashes.SHA256())
        )
        if isinstance(signer, rsa.RSAPrivateKey):
            return sealed.public_bytes(Encoding.DER)  # PKCS #1 v1.5 draws no random number
        return _signed_without_chance(sealed, signer)


def _careful_chain(issuer: Issuer) -> tuple[str, ...]:
    """The leaf and all above it, but not the public root, which clients hold themselves.

    A private root is sent, because a DANE-TA digest can only match what is (RFC 7672 3.1.2).
    """
    chain: list[str] = [LEAF]
    while issuer not in (Issuer.SELF, Issuer.LAB_ROOT, *chain):
        chain.append(issuer)
        issuer = _AUTHORITIES[issuer].issuer
    return tuple(chain)


def _signed_without_chance(
    sealed: "x509.Certificate", signer: "ec.EllipticCurvePrivateKey"
) -> bytes:
    """The same certificate under a signature that draws no random number (RFC 6979), DER.

    The library's certificate builder cannot be asked for one in every version that is supported,
    so the three parts of a certificate are put together here (RFC 5280 4.1).
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    content = sealed.tbs_certificate_bytes
    try:
        signature = signer.sign(content, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    except UnsupportedAlgorithm:
        # An OpenSSL before 3.2 behind the library: all is well except that another process sees
        # another signature, which matters only to TLSA records over whole certificates.
        return sealed.public_bytes(Encoding.DER)
    return _der(0x30, content + ECDSA_WITH_SHA256 + _der(0x03, b"\0" + signature))


def _der(tag: int, content: bytes) -> bytes:
    """A DER element (X.690 8.1.3): short length below 128, else the long form."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _distinguished_name(common_name: str) -> "x509.Name":
    """A subject of one common name; none at all when it would be longer than X.520 allows."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    fits = 0 < len(common_name) <= 64
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if fits else [])


def _general_name(text: str) -> "x509.GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _key_usage(*, sign_certificates: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_encipherment=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
