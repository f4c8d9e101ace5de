"""DNSSEC's algorithms: which count, and how a key verifies.

Policy is a table, not code (RFC 8624 as updated by RFC 9904 and 9905). What it does not support is
as if it were not there: a zone that uses nothing else is *insecure*, not bogus (RFC 4035 5.2), so
"unsupported" must be known before a verification fails, never guessed from the failure. SHA-1
signatures can be checked here and are unsupported by policy (RFC 9905 2 demands exactly that),
with a switch for those who must still talk to such zones (`dnsconfig sha1`). RSA/MD5, DSA and GOST
are never supported. `ALGORITHMS` and `DIGESTS` have it all (`dnsstatus algorithms`).

Key material comes from strangers. A key that cannot be read is a finding: `Key.fault` says what is
wrong with it and `Key.verifies` is then always false.
"""

import hashlib
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import Any

from msgspec import Struct

from esashell.resolver import rdata as rd

Verifier = Callable[[bytes, bytes], bool]  # (signature, signed data) -> whether it fits

RSASHA1, RSASHA1_NSEC3, RSASHA256, RSASHA512 = 5, 7, 8, 10
ECDSAP256, ECDSAP384, ED25519, ED448 = 13, 14, 15, 16
SHA1, SHA256, SHA384 = 1, 2, 4

ZONE_KEY, REVOKED = 0x0100, 0x0080
REMEMBERED = 4  # signatures that one key remembers: two NSEC3 records, an NSEC and an SOA


class Use(StrEnum):
    """What is made of an algorithm."""

    YES = "yes"
    SWITCH = "by a switch"
    NO = "no"


class Algorithm(Struct, frozen=True):
    """One row of a table: the number of the registry, its mnemonic, and by what it is so used."""

    number: int
    name: str
    use: Use
    source: str


ALGORITHMS = (
    Algorithm(1, "RSAMD5", Use.NO, "RFC 8624 3.1: must not"),
    Algorithm(3, "DSA", Use.NO, "RFC 8624 3.1: must not"),
    Algorithm(RSASHA1, "RSASHA1", Use.SWITCH, "RFC 9905 2: no; RFC 8624 3.1: must"),
    Algorithm(6, "DSA-NSEC3-SHA1", Use.NO, "RFC 8624 3.1: must not"),
    Algorithm(
        RSASHA1_NSEC3,
        "RSASHA1-NSEC3-SHA1",
        Use.SWITCH,
        "RFC 9905 2: no; RFC 8624 3.1: must",
    ),
    Algorithm(RSASHA256, "RSASHA256", Use.YES, "RFC 8624 3.1: must"),
    Algorithm(RSASHA512, "RSASHA512", Use.YES, "RFC 8624 3.1: must"),
    Algorithm(12, "ECC-GOST", Use.NO, "RFC 9906: must not"),
    Algorithm(ECDSAP256, "ECDSAP256SHA256", Use.YES, "RFC 8624 3.1: must"),
    Algorithm(ECDSAP384, "ECDSAP384SHA384", Use.YES, "RFC 8624 3.1: recommended"),
    Algorithm(ED25519, "ED25519", Use.YES, "RFC 8624 3.1: recommended"),
    Algorithm(ED448, "ED448", Use.YES, "RFC 8624 3.1: recommended"),
    Algorithm(17, "SM2SM3", Use.NO, "RFC 9563: may"),
    Algorithm(23, "ECC-GOST12", Use.NO, "RFC 9558: may"),
)
DIGESTS = (
    Algorithm(SHA1, "SHA-1", Use.YES, "RFC 4509 3: where no better is offered"),
    Algorithm(SHA256, "SHA-256", Use.YES, "RFC 8624 3.3: must"),
    Algorithm(3, "GOST R 34.11-94", Use.NO, "RFC 9906: must not"),
    Algorithm(SHA384, "SHA-384", Use.YES, "RFC 8624 3.3: recommended"),
    Algorithm(5, "GOST R 34.11-2012", Use.NO, "RFC 9558: may"),
    Algorithm(6, "SM3", Use.NO, "RFC 9563: may"),
)
_SUPPORTED = frozenset(each.number for each in ALGORITHMS if each.use is Use.YES)
_BY_SWITCH = frozenset(each.number for each in ALGORITHMS if each.use is Use.SWITCH)
_NAMES = {each.number: each.name for each in ALGORITHMS}
_DIGESTS: dict[int, str] = {SHA1: "sha1", SHA256: "sha256", SHA384: "sha384"}


def algorithm_text(number: int) -> str:
    """The mnemonic of the registry, or the bare number."""
    return _NAMES.get(number) or f"algorithm {number}"


class Policy(Struct, frozen=True):
    """What counts. `sha1` admits algorithms 5 and 7, against RFC 9905 2.

    A zone whose NSEC3 records ask for more than `nsec3_iterations` counts as unsigned, whatever
    work could still be done (RFC 9276 3.2, RFC 5155 10.3).
    """

    sha1: bool = False
    nsec3_iterations: int = 150

    def supports(self, algorithm: int) -> bool:
        return algorithm in _SUPPORTED or (self.sha1 and algorithm in _BY_SWITCH)

    def usable(self, records: tuple[rd.Ds, ...]) -> tuple[rd.Ds, ...]:
        """The DS records that can authenticate a key; empty means that the child is insecure."""
        known = tuple(
            each
            for each in records
            if self.supports(each.algorithm) and each.digest_type in _DIGESTS
        )
        # RFC 4509 3: SHA-1 digests are ignored where a better one of ours is offered.
        better = tuple(each for each in known if each.digest_type != SHA1)
        return better or known


def digest(owner: bytes, dnskey: bytes, digest_type: int) -> bytes:
    """What a DS record of this type holds for a key (RFC 4034 5.1.4)."""
    if digest_type == SHA256:
        return hashlib.sha256(owner + dnskey).digest()
    return hashlib.new(_DIGESTS[digest_type], owner + dnskey, usedforsecurity=False).digest()


class Key:
    """One zone key, its public key read when it is first needed.

    Two keys may share a tag (RFC 4034 8.1), so a tag never identifies one. The last signatures
    that held are remembered on demand: the same denial comes with answer after answer.
    """

    __slots__ = ("_fault", "_held", "_verify", "algorithm", "flags", "rdata", "tag")

    def __init__(self, rdata: bytes) -> None:
        record = rd.dnskey(rdata)
        self.rdata = rdata
        self.flags = record.flags
        self.algorithm = record.algorithm
        self.tag = rd.key_tag(rdata)
        self._fault: str | None = None
        self._verify: Verifier | None = None
        self._held: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def fault(self) -> str:
        """What is wrong with the key material; empty when nothing is."""
        if self._fault is None:
            try:
                self._verify = verifier(self.algorithm, self.rdata[4:])
                self._fault = ""
            except BadKey as error:
                self._fault = str(error)
        return self._fault

    def remember(self, signature: bytes, data: bytes) -> None:
        """That this signature was found to hold."""
        self._held = (*self._held[1 - REMEMBERED :], (signature, data))

    def remembers(self, signature: bytes, data: bytes) -> bool:
        """Whether this very signature over this very data was found to hold, and is remembered."""
        return (signature, data) in self._held

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over the data was made with this key. Never raises."""
        if self.fault or self._verify is None:
            return False
        return self._verify(signature, data)


def zone_key(rdata: bytes) -> Key | None:
    """The key, when this DNSKEY may sign a zone's data (RFC 4034 2.1.1, 2.1.2; RFC 5011 2.1)."""
    try:
        record = rd.dnskey(rdata)
    except rd.BadRdata:
        return None
    if record.protocol != 3 or not record.flags & ZONE_KEY or record.flags & REVOKED:
        return None
    return Key(rdata)


class BadKey(ValueError):
    """The key material does not fit its algorithm."""


def verifier(algorithm: int, public: bytes) -> Verifier:
    """A callable bound to this public key; `BadKey` says what is wrong with the material."""
    try:
        if algorithm in (RSASHA1, RSASHA1_NSEC3, RSASHA256, RSASHA512):
            return _rsa(algorithm, public)
        if algorithm in (ECDSAP256, ECDSAP384):
            return _ecdsa(algorithm, public)
        if algorithm in (ED25519, ED448):
            return _eddsa(algorithm, public)
    except BadKey:
        raise
    except Exception as error:
        # Whatever the library says of a stranger's bytes, it is a finding about them.
        raise BadKey(f"the public key cannot be read ({error})") from error
    raise BadKey(f"{algorithm_text(algorithm)} is not supported")


def _rsa(algorithm: int, public: bytes) -> Verifier:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    exponent, modulus = _rsa_numbers(public)
    # RFC 3110 3 and RFC 5702 2 allow 512 to 4096 bits. An exponent of more than 64 bits serves
    # nobody but who wants our time.
    if not 512 <= modulus.bit_length() <= 4096:
        raise BadKey(f"an RSA modulus of {modulus.bit_length()} bits")
    if not 3 <= exponent < 1 << 64:
        raise BadKey("an RSA exponent that is out of range")
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    scheme = padding.PKCS1v15()
    hashing: hashes.HashAlgorithm
    if algorithm == RSASHA256:
        hashing = hashes.SHA256()
    elif algorithm == RSASHA512:
        hashing = hashes.SHA512()
    else:
        hashing = hashes.SHA1()
    verify = key.verify

    def check(signature: bytes, data: bytes) -> bool:
        try:
            verify(signature, data, scheme, hashing)
        except InvalidSignature:
            return False
        return True

    return check


def _rsa_numbers(public: bytes) -> tuple[int, int]:
    """Exponent and modulus (RFC 3110 2)."""
    if len(public) < 3:
        raise BadKey("an RSA key of less than three octets")
    length, at = public[0], 1
    if length == 0:
        length, at = int.from_bytes(public[1:3], "big"), 3
    if length == 0 or at + length >= len(public):
        raise BadKey("an RSA key that ends in its exponent")
    exponent = int.from_bytes(public[at : at + length], "big")
    return exponent, int.from_bytes(public[at + length :], "big")


def _ecdsa(algorithm: int, public: bytes) -> Verifier:
    from cryptography.exceptions import InvalidSignature

    size = 32 if algorithm == ECDSAP256 else 48
    if len(public) != 2 * size:
        raise BadKey(f"an ECDSA key of {len(public)} octets instead of {2 * size}")
    read, curve, scheme = _curve(algorithm)
    verify = read(curve, b"\x04" + public).verify

    def check(signature: bytes, data: bytes) -> bool:
        if len(signature) != 2 * size:  # RFC 6605 4
            return False
        numbers = _der_integer(signature[:size]) + _der_integer(signature[size:])
        try:
            verify(b"\x30" + bytes((len(numbers),)) + numbers, data, scheme)
        except InvalidSignature:
            return False
        return True

    return check


@lru_cache
def _curve(algorithm: int) -> tuple[Any, Any, Any]:
    """How a point of the curve is read, the curve, and how its keys sign."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    read = ec.EllipticCurvePublicKey.from_encoded_point
    if algorithm == ECDSAP256:
        return read, ec.SECP256R1(), ec.ECDSA(hashes.SHA256())
    return read, ec.SECP384R1(), ec.ECDSA(hashes.SHA384())


def _der_integer(octets: bytes) -> bytes:
    """An unsigned number as a DER INTEGER; at most 49 octets, so one length octet is enough."""
    trimmed = octets.lstrip(b"\x00") or b"\x00"
    if trimmed[0] & 0x80:
        trimmed = b"\x00" + trimmed
    return b"\x02" + bytes((len(trimmed),)) + trimmed


def _eddsa(algorithm: int, public: bytes) -> Verifier:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519

    size = 32 if algorithm == ED25519 else 57
    if len(public) != size:
        raise BadKey(f"an EdDSA key of {len(public)} octets instead of {size}")
    if algorithm == ED25519:
        verify = ed25519.Ed25519PublicKey.from_public_bytes(public).verify
    else:
        verify = ed448.Ed448PublicKey.from_public_bytes(public).verify

    def check(signature: bytes, data: bytes) -> bool:
        try:
            verify(signature, data)
        except InvalidSignature:
            return False
        return True

    return check
