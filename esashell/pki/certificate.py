"""A certificate as the fields that are judged here, read once and kept as plain values.

Reading is tolerant and judging is not. Whatever has the shape of a certificate becomes a
`Certificate`; what cannot be understood is left empty and named in `doubts`, and a certificate with
doubts serves neither as a link nor as the end of a path. DANE-EE does not care: it looks at `der`
and `spki` alone (RFC 7671 5.1).

Only bytes without the outer shape are `BadCertificate`. No other exception leaves this module,
whatever the bytes are.
"""

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from esashell.pki.der import BadCertificate, outline

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["BadCertificate", "Certificate", "certificate", "key_text"]

# The extensions whose meaning is taken into account below or in `path`, and those that only add
# information; any other one that is marked critical makes a certificate unfit (RFC 5280 4.2).
_UNDERSTOOD = frozenset(
    (
        "2.5.29.14",  # subjectKeyIdentifier
        "2.5.29.15",  # keyUsage
        "2.5.29.17",  # subjectAltName
        "2.5.29.19",  # basicConstraints
        "2.5.29.30",  # nameConstraints
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies: no policy is required of a mail server
        "2.5.29.33",  # policyMappings
        "2.5.29.35",  # authorityKeyIdentifier
        "2.5.29.36",  # policyConstraints
        "2.5.29.37",  # extKeyUsage
        "2.5.29.54",  # inhibitAnyPolicy
    )
)
_LONGEST = 300  # characters of a subject or issuer that are shown
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


class Certificate(Struct, frozen=True):
    """What one certificate says. Times are microseconds since 1970 and both belong to the period.

    `subject_match` and `issuer_match` are the names in a form to be compared (case and white space
    folded, RFC 5280 7.1); the `_text` ones are for people. `key_usage` and `extended_key_usage`
    are None when the certificate does not limit them. `spki` is cut from `der`, as sent.
    """

    der: bytes
    spki: bytes
    version: int
    serial: str = ""
    subject_text: str = ""
    issuer_text: str = ""
    subject_match: str = ""
    issuer_match: str = ""
    common_names: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    not_before: int = 0
    not_after: int = 0
    authority: bool = False
    path_length: int | None = None
    key_usage: tuple[str, ...] | None = None
    extended_key_usage: tuple[str, ...] | None = None
    constrained: bool = False
    unknown_critical: tuple[str, ...] = ()
    key: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def self_issued(self) -> bool:
        """Subject and issuer are one name (RFC 5280 3.2); says nothing about the signature."""
        return bool(self.subject_match) and self.subject_match == self.issuer_match


# A chain is judged once for every TLSA record and every host that shares it.
@lru_cache(maxsize=512)
def certificate(der: bytes) -> Certificate:
    """The certificate in these bytes; `BadCertificate` when they do not have the shape of one."""
    found = outline(der)
    with warnings.catch_warnings():
        # The library warns of certificates it means to refuse one day; here that is no news.
        warnings.simplefilter("ignore")
        try:
            parsed = _load(der)
        except _not_understood() as error:
            doubts = (f"certificate cannot be read: {_short(error)}",)
            return Certificate(der, found.spki, found.version, doubts=doubts)
        fields: dict[str, Any] = {}
        doubts_met = []
        for reader in (_names, _period, _extensions, _public_key):
            try:
                fields |= reader(parsed)
            except _not_understood() as error:
                subject = reader.__name__.strip("_").replace("_", " ")
                doubts_met.append(f"{subject} cannot be read: {_short(error)}")
    return Certificate(der, found.spki, found.version, **fields, doubts=tuple(doubts_met))


def _load(der: bytes) -> "x509.Certificate":
    from cryptography import x509

    return x509.load_der_x509_certificate(der)


def _not_understood() -> tuple[type[Exception], ...]:
    """All that the library raises for bytes it does not like; found by feeding it damage."""
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


def _short(error: Exception) -> str:
    return shown(str(error).partition(":")[0][:120]) or type(error).__name__


def _names(parsed: "x509.Certificate") -> dict[str, Any]:
    from cryptography.x509.oid import NameOID

    subject = parsed.subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return {
        "serial": f"{parsed.serial_number:x}",
        "subject_text": _cut(shown(subject.rfc4514_string())),
        "issuer_text": _cut(shown(parsed.issuer.rfc4514_string())),
        "subject_match": ",".join(folded(subject)),
        "issuer_match": ",".join(folded(parsed.issuer)),
        "common_names": tuple(shown(each.value) for each in names if isinstance(each.value, str)),
    }


def shown(text: str) -> str:
    """Text of a certificate as it may be printed: what a terminal could obey is an escape.

    No host name has such a character or a backslash, so that no name agrees because of this.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def _cut(text: str) -> str:
    """A name may be as long as its owner likes; nobody reads on for ever."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def folded(name: "x509.Name") -> tuple[str, ...]:
    """A name as RFC 5280 7.1 compares it, from the top down: values without case or extra space."""
    rdns = []
    for rdn in name.rdns:
        values = []
        for each in rdn:
            value = each.value if isinstance(each.value, str) else each.value.hex()
            values.append(f"{each.oid.dotted_string}={' '.join(value.split()).casefold()!r}")
        rdns.append("+".join(sorted(values)))
    return tuple(rdns)


def _period(parsed: "x509.Certificate") -> dict[str, Any]:
    from datetime import UTC, datetime, timedelta

    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    microsecond = timedelta(microseconds=1)
    return {
        "not_before": (parsed.not_valid_before_utc - epoch) // microsecond,
        "not_after": (parsed.not_valid_after_utc - epoch) // microsecond,
    }


def _extensions(parsed: "x509.Certificate") -> dict[str, Any]:
    from cryptography import x509

    fields: dict[str, Any] = {}
    unknown = []
    for extension in parsed.extensions:
        value = extension.value
        match value:
            case x509.BasicConstraints():
                fields |= {"authority": value.ca, "path_length": value.path_length}
            case x509.KeyUsage():
                granted = tuple(each for each in _KEY_USAGES if getattr(value, each))
                fields["key_usage"] = granted
            case x509.ExtendedKeyUsage():
                fields["extended_key_usage"] = tuple(each.dotted_string for each in value)
            case x509.SubjectAlternativeName():
                fields["dns_names"] = tuple(
                    shown(each) for each in value.get_values_for_type(x509.DNSName)
                )
            case x509.NameConstraints():
                fields["constrained"] = True
        if extension.critical and extension.oid.dotted_string not in _UNDERSTOOD:
            unknown.append(extension.oid.dotted_string)
    fields["unknown_critical"] = tuple(unknown)
    return fields


def _public_key(parsed: "x509.Certificate") -> dict[str, Any]:
    return {"key": key_text(parsed.public_key())}


def key_text(key: object) -> str:
    """The kind and size of a public key: `RSA 2048`, `EC secp256r1`, `Ed25519`."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")
