"""Keys and signatures of the lab's zones (RFC 4034, RFC 6605, RFC 8080, RFC 5702).

Every key is a function of the lab's seed and the name of its zone, and every signature a function
of its key, its data and the day: two processes on one day make the same bytes, so a transcript can
be compared, and a running shell agrees with `lab serve` in the next window. Nothing is kept on
disk and nothing secret is protected by these keys.

Signatures run from the day before today to two weeks after it. Once the clock has moved into
another day, they are made again when they are next asked for. A zone whose signer has stopped has
signatures that end at a given second, whatever day it is.
"""

import hashlib
import hmac
import struct
from collections.abc import Callable

from msgspec import Struct

from esashell.clock import SECOND
from esashell.resolver.names import Name
from esashell.resolver.rdata import key_tag
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import Rrset
from esashell.worlds.lab.faults import Flaw, spoilt
from esashell.worlds.lab.roll import Stage

RSASHA256, ECDSAP256SHA256, ED25519 = 8, 13, 15
_DAY = 86400
_BEFORE, _AFTER = 1 * _DAY, 14 * _DAY

# The order of the group of P-256 (FIPS 186-4 D.1.2.3): a private key is a number below it.
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

ZONE_KEY, REVOKE, SECURE_ENTRY = 0x0100, 0x0080, 0x0001


class ZoneKey:
    """One key pair of a zone; made from the seed when it is first used."""

    def __init__(
        self, zone: Name, role: str, flags: int, algorithm: int, seed: bytes, *, generation: int = 0
    ) -> None:
        self.zone = zone
        self.algorithm = algorithm
        message = b"zone key" + zone + role.encode() + bytes((algorithm, generation))
        self._sign, public = _pair(algorithm, hmac.digest(seed, message, "sha512"))
        self.dnskey = struct.pack("!HBB", flags, 3, algorithm) + public
        self.tag = key_tag(self.dnskey)

    def ds(self, digest_type: int = 2) -> bytes:
        """The DS rdata that stands for this key in the parent zone (RFC 4509)."""
        digest = hashlib.sha256(self.zone + self.dnskey).digest()
        return struct.pack("!HBB", self.tag, self.algorithm, digest_type) + digest

    def rrsig(self, rrset: Rrset, since: int, until: int) -> bytes:
        """A whole RRSIG rdata over this RRset (RFC 4034 3.1.8.1); dates in seconds since 1970."""
        owner, rdtype, ttl = rrset.owner, rrset.rdtype, rrset.ttl
        labels = len(owner.labels()) - owner.is_wildcard
        head = (
            struct.pack("!HBBIIIH", rdtype, self.algorithm, labels, ttl, until, since, self.tag)
            + self.zone
        )
        fixed = owner + struct.pack("!HHI", rdtype, 1, ttl)
        # RFC 4034 6.3: the records in the order of their rdata, as octets.
        body = b"".join(
            fixed + struct.pack("!H", len(each)) + each for each in sorted(rrset.rdatas)
        )
        return head + self._sign(head + body)


class Day(Struct, frozen=True):
    """The day on which signatures are made: its first second, since 1970.

    `end` is the second at which all of them end, 0 where each day makes new ones.
    """

    start: int
    end: int = 0

    def window(self, flaw: Flaw | None) -> tuple[int, int]:
        """From when until when a signature made today holds; a flaw may move the dates."""
        if flaw is Flaw.EXPIRED:
            return self.start - 30 * _DAY, self.start - 2 * _DAY
        if flaw is Flaw.FUTURE:
            return self.start + 7 * _DAY, self.start + 30 * _DAY
        if self.end:
            return self.end - _AFTER, self.end
        return self.start - _BEFORE, self.start + _AFTER


def day_of(now: int) -> Day:
    """The UTC day of a time in microseconds."""
    seconds = now // SECOND
    return Day(seconds - seconds % _DAY)


UNROLLED = (Stage.SIGNING,)


class KeySet:
    """The keys of one zone: either one for everything, or one for the keys and one for the rest.

    The entry key may be on its way out and another on its way in: `rolled` says how far each is.
    `entries` are those that sign the keys and may be believed; `entry` is the newest of them.
    """

    def __init__(
        self,
        zone: Name,
        algorithm: int,
        split: bool,
        seed: bytes,
        rolled: tuple[Stage, ...] = UNROLLED,
        *,
        generation: int = 0,
    ) -> None:
        role = "KSK" if split else "CSK"
        made: list[tuple[Stage, ZoneKey]] = []
        for number, stage in enumerate(rolled, generation):
            if stage not in (Stage.ABSENT, Stage.REMOVED):
                flags = ZONE_KEY | SECURE_ENTRY | (REVOKE if stage is Stage.REVOKED else 0)
                key = ZoneKey(zone, role, flags, algorithm, seed, generation=number)
                made.append((stage, key))
        self.entries = tuple(key for stage, key in made if stage is Stage.SIGNING)
        self.entry = self.entries[-1]
        self.signing = ZoneKey(zone, "ZSK", ZONE_KEY, algorithm, seed) if split else self.entry
        self._signing_keys = [key for stage, key in made if stage is not Stage.PUBLISHED]
        self.dnskeys = tuple(key.dnskey for _, key in made)
        if split:
            self.dnskeys += (self.signing.dnskey,)

    def signatures(self, rrset: Rrset, day: Day, flaw: Flaw | None = None) -> tuple[bytes, ...]:
        """The RRSIG rdatas that a zone serves with this RRset; none, or bad ones, with a flaw."""
        if flaw is Flaw.UNSIGNED:
            return ()
        keys = self._signing_keys if rrset.rdtype == RRType.DNSKEY else [self.signing]
        made = [key.rrsig(rrset, *day.window(flaw)) for key in keys]
        if flaw is Flaw.BOGUS:
            at = 18 + len(self.entry.zone)
            made = [each[:at] + spoilt(each[at:]) for each in made]
        return tuple(made)


def _pair(algorithm: int, secret: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
    """How to sign, and the public key as DNSKEY writes it."""
    if algorithm == ECDSAP256SHA256:
        return _p256(secret)
    if algorithm == ED25519:
        return _ed25519(secret)
    if algorithm == RSASHA256:
        return _rsa(secret)
    raise ValueError(f"the lab has no keys of algorithm {algorithm}")


def _p256(secret: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    number = int.from_bytes(secret, "big") % (_P256_ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    # Without a nonce from the machine (RFC 6979), or the same zone would differ at each start.
    method = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

    def sign(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, method))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    public = private.public_key().public_numbers()
    return sign, public.x.to_bytes(32, "big") + public.y.to_bytes(32, "big")


def _ed25519(secret: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(secret[:32])
    return private.sign, private.public_key().public_bytes_raw()


def _rsa(secret: bytes) -> tuple[Callable[[bytes], bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    from esashell.worlds.lab.rsakeys import rsa_key

    private = rsa_key(int.from_bytes(secret, "big"))
    numbers = private.public_key().public_numbers()
    exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
    modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    # RFC 3110 2: one octet for the length of the exponent, the exponent, the modulus.
    return (
        lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256()),
        bytes((len(exponent),)) + exponent + modulus,
    )
