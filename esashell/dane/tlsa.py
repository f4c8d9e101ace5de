"""The TLSA record: what it says, whether it can be used for SMTP, and what it is compared with.

A record names a *usage* (may a CA be trusted, or this very certificate?), a *selector* (the whole
certificate or only its key), a *matching type* (the bytes themselves or a digest), and the
*association data* (RFC 6698 2.1; the names of the numbers are RFC 7218's). Two usages make sense
between mail servers: DANE-TA(2), a trust anchor the domain chose itself, and DANE-EE(3), the
server's own key. The PKIX usages 0 and 1 would need a list of public CAs that both ends share, and
mail servers have none (RFC 7672 3.1.3).

A record that cannot be used is not an error: it is set aside, with the reason, and the others
count. The difference matters when *none* can be used, because the presence of the set still
obliges the client to use TLS (RFC 7672 2.2).
"""

import hashlib
from enum import IntEnum
from functools import lru_cache

from msgspec import Struct

from esashell.pki.der import BadCertificate, check_spki, outline


class Usage(IntEnum):
    PKIX_TA = 0
    PKIX_EE = 1
    DANE_TA = 2
    DANE_EE = 3


class Selector(IntEnum):
    CERT = 0
    SPKI = 1


class MatchingType(IntEnum):
    FULL = 0
    SHA2_256 = 1
    SHA2_512 = 2


_DIGEST_OCTETS = {MatchingType.SHA2_256: 32, MatchingType.SHA2_512: 64}
_MNEMONICS = (
    {each.value: f"{each.name.replace('_', '-')}({each.value})" for each in Usage},
    {0: "Cert(0)", 1: "SPKI(1)"},
    {0: "Full(0)", 1: "SHA2-256(1)", 2: "SHA2-512(2)"},
)


class Tlsa(Struct, frozen=True):
    """One TLSA record. The numbers are as published; whether they mean anything is `usable`'s."""

    usage: int
    selector: int
    matching_type: int
    data: bytes

    @property
    def text(self) -> str:
        """The record as a zone file has it: `3 1 1 8c6f…`."""
        return f"{self.parameters} {self.data.hex()}".rstrip()

    @property
    def parameters(self) -> str:
        """`3 1 1`."""
        return f"{self.usage} {self.selector} {self.matching_type}"

    @property
    def mnemonic(self) -> str:
        """`DANE-EE(3) SPKI(1) SHA2-256(1)`; a number without a name stays a number."""
        numbers = (self.usage, self.selector, self.matching_type)
        return " ".join(
            names.get(number) or str(number)
            for names, number in zip(_MNEMONICS, numbers, strict=True)
        )

    @property
    def rdata(self) -> bytes:
        return tlsa_rdata(self.usage, self.selector, self.matching_type, self.data)


class Malformed(Struct, frozen=True):
    """Rdata too short to be a TLSA record; it counts as a record that cannot be used."""

    data: bytes

    @property
    def text(self) -> str:
        return f"\\# {len(self.data)} {self.data.hex()}".rstrip()

    @property
    def parameters(self) -> str:
        return "malformed"


class Unusable(Struct, frozen=True):
    """Why a record cannot be acted on, and where that is laid down."""

    text: str
    section: str


def from_rdata(rdata: bytes) -> Tlsa | Malformed:
    """The record in these bytes; every byte string is one or the other."""
    if len(rdata) < 3:
        return Malformed(rdata)
    return Tlsa(rdata[0], rdata[1], rdata[2], rdata[3:])


def tlsa_rdata(usage: int, selector: int, matching_type: int, data: bytes) -> bytes:
    return bytes((usage, selector, matching_type)) + data


def association_data(certificate: bytes, selector: int, matching_type: int) -> bytes:
    """What a record with these parameters holds when it stands for this certificate (DER).

    The key is cut out of the certificate as it was sent, never decoded and encoded again, since a
    digest is of those very bytes (RFC 6698 2.1.2). `BadCertificate` when the bytes hold no key;
    `ValueError` for a selector or matching type that is not defined.
    """
    if selector == Selector.CERT:
        selected = certificate
    elif selector == Selector.SPKI:
        selected = outline(certificate).spki
    else:
        raise ValueError(f"selector {selector} is not defined")
    return digested(selected, matching_type)


def digested(selected: bytes, matching_type: int) -> bytes:
    """The bytes themselves or their digest, as the matching type has it (RFC 6698 2.1.3)."""
    match matching_type:
        case MatchingType.FULL:
            return selected
        case MatchingType.SHA2_256:
            return hashlib.sha256(selected).digest()
        case MatchingType.SHA2_512:
            return hashlib.sha512(selected).digest()
    raise ValueError(f"matching type {matching_type} is not defined")


def record_for(certificate: bytes, usage: int, selector: int, matching_type: int) -> Tlsa:
    """The record that its owner would publish for this certificate."""
    data = association_data(certificate, selector, matching_type)
    return Tlsa(usage, selector, matching_type, data)


@lru_cache(maxsize=256)
def usable(record: Tlsa | Malformed) -> Unusable | None:
    """Why the record cannot be used to authenticate an SMTP server; None when it can.

    Looks at the record alone, not at any certificate: a usable record may still match nothing.
    """
    if isinstance(record, Malformed):
        return Unusable(f"{len(record.data)} octets are too few for a record", "RFC 6698 4.1")
    if record.usage in (Usage.PKIX_TA, Usage.PKIX_EE):
        # RFC 7672 3.1.3 leaves the choice between "unusable" and guessing at a CA list; mapping
        # them to 2 and 3 is what it advises against.
        return Unusable(f"usage {_MNEMONICS[0][record.usage]} is not for SMTP", "RFC 7672 3.1.3")
    if record.usage not in _MNEMONICS[0]:
        return Unusable(f"unknown usage {record.usage}", "RFC 6698 4.1")
    if record.selector not in _MNEMONICS[1]:
        return Unusable(f"unknown selector {record.selector}", "RFC 6698 4.1")
    if record.matching_type not in _MNEMONICS[2]:
        return Unusable(f"unknown matching type {record.matching_type}", "RFC 6698 4.1")
    if record.matching_type == MatchingType.FULL:
        return _full_unusable(record)
    wanted = _DIGEST_OCTETS[MatchingType(record.matching_type)]
    if len(record.data) != wanted:
        name = _MNEMONICS[2][record.matching_type]
        text = f"{len(record.data)} octets where {name} has {wanted}"
        return Unusable(text, "RFC 6698 2.1.4")
    return None


def _full_unusable(record: Tlsa) -> Unusable | None:
    """Why Full(0) data is not what the selector promises."""
    if not record.data:
        return Unusable("no association data", "RFC 6698 2.1.4")
    try:
        if record.selector == Selector.CERT:
            outline(record.data)
        else:
            check_spki(record.data)
    except BadCertificate as error:
        what = "certificate" if record.selector == Selector.CERT else "public key"
        return Unusable(f"the data is not a {what}: {error}", "RFC 6698 2.1.2")
    return None
