"""Chains, TLSA sets, names and dates, drawn at random: what DANE may meet at a mail server.

A case follows from a seed and a number, all but the keys, which come from a small pool since making
them would take most of the time. Most chains are good or have one thing wrong, so that
matches and failures of every kind come up; a few are wrong in many ways at once.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from random import Random
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from msgspec import Struct

from esashell.dane.tlsa import Malformed, Tlsa, record_for
from esashell.pki.certificate import BadCertificate, certificate
from esashell.pki.der import BIT_STRING, SEQUENCE, outline
from tests.pki.forge import DAY, NOW, SECOND, Issued, authority, distinguished, issue, new_key
from tests.pki.forge import usages as granted

HOST = "mx.example.com"


class Case(Struct, frozen=True):
    """A TLSA set, what the server sends (leaf first) with its private key, the reference
    identifiers, and the time in microseconds."""

    index: int
    records: tuple[Tlsa | Malformed, ...]
    chain: tuple[bytes, ...]
    key: bytes
    names: tuple[str, ...]
    now: int

    def __str__(self) -> str:
        lines = [f"case {self.index}, for {' '.join(self.names)}, at NOW{self.now - NOW:+d} µs"]
        lines += [f"  {each.text[:60]}" for each in self.records]
        for der in self.chain:
            try:
                it = certificate(der)
            except BadCertificate as error:
                lines.append(f"  {error}")
                continue
            lines.append(
                f"  {it.subject_text!r} by {it.issuer_text!r}, key {it.spki[-4:].hex()} {it.key}"
                f" {it.dns_names} {(it.not_before - NOW) // SECOND}"
                f"…{(it.not_after - NOW) // SECOND} s, ca {it.authority} {it.path_length}"
                f" {it.key_usage or ''} {it.extended_key_usage or ''}"
                f"{' constrained' if it.constrained else ''} {it.unknown_critical or ''}"
                f" {it.doubts or ''}"
            )
        return "\n".join(lines)


def planned(seed: int, index: int) -> Case:
    """The case of this number; equal arguments, equal cases but for the keys."""
    dice = Random(f"{seed}/{index}")
    authorities = _authorities(dice)
    names = dice.choice(_REFERENCES)
    end = _leaf(dice, authorities)
    sent, unsent = _sent(dice, end, authorities)
    records = _records(dice, end, authorities, unsent)
    chain = tuple(each.der for each in (end, *sent))
    return Case(index, records, chain, _private(end.key), names, _now(dice, chain))


def damaged(seed: int, index: int) -> Case:
    """A good chain in which an octet or two of one certificate are others, and which is signed
    again, so that nothing but the meaning of the octets stands between it and a match."""
    dice = Random(f"{seed}/damaged/{index}")
    root, middle, end = _good()
    record = record_for(
        dice.choice((root, root, middle)).der, 2, dice.choice((0, 1)), dice.choice((0, 1))
    )
    which = dice.choice((0, 0, 1, 2))
    chain = [end.der, middle.der, root.der]
    chain[which] = _signed_again(dice, chain[which], (middle, root, root)[which].key)
    if which and dice.random() < 0.7:
        # Otherwise a record for the damaged authority itself would hardly ever fit.
        with suppress(BadCertificate):
            record = record_for(chain[which], 2, record.selector, record.matching_type)
    return Case(index, (record,), tuple(chain), _private(end.key), (HOST,), NOW)


@lru_cache(maxsize=1)
def _good() -> tuple[Issued, Issued, Issued]:
    """Root, middle and leaf with an extension of every kind that is judged."""
    signing = granted("key_cert_sign", "crl_sign"), True
    policies = x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier("1.2.3.4.5"), None)]
    )
    own = x509.SubjectKeyIdentifier(b"12345678"), False
    root = authority("Root", extensions=[signing])
    middle = authority(
        "Middle", root, path_length=0, extensions=[signing, _limits(["example.com"])]
    )
    served = [_purposes(_SERVER), (granted("digital_signature"), True), (policies, False), own]
    end = issue("a server", middle, dns=[HOST, "*.example.com"], extensions=served)
    return root, middle, end


def _signed_again(dice: Random, der: bytes, key: Any) -> bytes:
    body = bytearray(x509.load_der_x509_certificate(der).tbs_certificate_bytes)
    for _ in range(dice.choice((1, 1, 1, 2))):
        # Not the header, which would only make the whole unreadable.
        at = dice.randrange(4, len(body))
        body[at] = dice.choice((body[at] ^ (1 << dice.randrange(8)), dice.randrange(256)))
    signature = key.sign(bytes(body), ec.ECDSA(hashes.SHA256()))
    algorithm = outline(der).signature_algorithm
    signed = bytes(body) + algorithm + _element(BIT_STRING, b"\0" + signature)
    return _element(SEQUENCE, signed)


def _element(tag: int, contents: bytes) -> bytes:
    if (size := len(contents)) < 0x80:
        return bytes((tag, size)) + contents
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + contents


# -- keys


@lru_cache(maxsize=1)
def _pool() -> dict[str, list[Any]]:
    return {
        "ec": [new_key() for _ in range(12)],
        "rsa": [new_key("rsa") for _ in range(3)],
        "ed25519": [new_key("ed25519") for _ in range(4)],
    }


def _key(dice: Random, *but: Any) -> Any:
    kind = dice.choice(("ec", "ec", "ec", "rsa", "ed25519"))
    return dice.choice([each for each in _pool()[kind] if each not in but])


@lru_cache(maxsize=64)
def _private(key: Any) -> bytes:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert isinstance(der, bytes)
    return der


# -- certificates


def _purposes(*purposes: x509.ObjectIdentifier) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage(purposes), False


def _limits(
    permitted: Sequence[str] = (), excluded: Sequence[str] = ()
) -> tuple[x509.ExtensionType, bool]:
    lists = ([x509.DNSName(each) for each in names] or None for names in (permitted, excluded))
    return x509.NameConstraints(*lists), True


def _directory_limit(common_name: str, excluded: bool = False) -> tuple[x509.ExtensionType, bool]:
    names = [x509.DirectoryName(distinguished(common_name))]
    return x509.NameConstraints(None if excluded else names, names if excluded else None), True


_SERVER, _CLIENT, _ANY = (
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.CLIENT_AUTH,
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
)
_UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
_ODD: list[dict[str, Any]] = [
    {"until": -1},
    {"since": 1},
    {"until": 10},
    {"extensions": [_purposes(_SERVER)]},
    {"extensions": [_purposes(_CLIENT)]},
    {"extensions": [_purposes(_ANY)]},
    {"extensions": [_purposes(_CLIENT, _SERVER)]},
    {"extensions": [(_UNKNOWN, True)]},
    {"extensions": [(_UNKNOWN, False)]},
]
_ODD_AUTHORITY = [
    *_ODD,
    {"ca": False},
    {"ca": None},
    {"ca": None, "extensions": [(granted("key_cert_sign"), True)]},
    {"ca": None, "extensions": [(granted("key_cert_sign"), True)]},
    {"ca": False, "extensions": [(granted("key_cert_sign"), True)]},
    {"path_length": 0},
    {"path_length": 0},
    {"path_length": 1},
    {"path_length": 2},
    {"extensions": [(granted("key_cert_sign", "crl_sign"), True)]},
    {"extensions": [(granted("digital_signature", "crl_sign"), True)]},
    {"extensions": [_limits(["example.com"])]},
    {"extensions": [_limits([".example.com"])]},
    {"extensions": [_limits(["example.org", "MX.example.com"])]},
    {"extensions": [_limits((), ["example.com"])]},
    {"extensions": [_limits((), ["mx.example.com"])]},
    {"extensions": [_limits(["ample.com"])]},
    {"extensions": [_directory_limit("a server")]},
    {"extensions": [_directory_limit("A  SERVER")]},
    {"extensions": [_directory_limit("a server", True)]},
    {"extensions": [_directory_limit("another")]},
]
_ODD_LEAF = [
    *_ODD,
    {"ca": True},
    {"ca": False},
    {"extensions": [(granted("digital_signature"), True)]},
    {"extensions": [(granted("key_encipherment"), True)]},
    {"extensions": [(granted("key_agreement"), False)]},
    {"extensions": [(granted("key_cert_sign", "crl_sign"), True)]},
    {"extensions": [(granted("content_commitment"), True)]},
]


def _odd(dice: Random, choices: list[dict[str, Any]], chance: float) -> dict[str, Any]:
    return dict(dice.choice(choices)) if dice.random() < chance else {}


def _certificate(dice: Random, name: str | None, issuer: Issued | None, **more: Any) -> Issued:
    """A certificate with identifiers of the keys, or without, or once in a while misleading."""
    key = more.pop("key")
    extensions = list(more.pop("extensions", ()))
    if dice.random() < 0.5:
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        extensions.append((own, False))
        above = issuer.key if issuer else key
        if dice.random() < 0.04:
            above = _key(dice)
        theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key())
        extensions.append((theirs, False))
    if issuer and "issuer_name" not in more and dice.random() < 0.05:
        written = certificate(issuer.der).subject_text.removeprefix("CN=")
        # The same name in another spelling (RFC 5280 7.1).
        more["issuer_name"] = distinguished(f" {written.upper()}  ".replace(" ", "  "))
    return issue(name, issuer, key=key, extensions=extensions, **({"until": 300} | more))


def _authorities(dice: Random) -> list[Issued]:
    """From the leaf's issuer up to the root; empty for a leaf that signs itself."""
    trouble = dice.choice((0.0, 0.15, 0.15, 0.15, 0.5))
    found: list[Issued] = []
    for level in range(dice.choice((0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4))):
        above = found[0] if found else None
        # A self-issued one changes its key and not its name (RFC 5280 3.2).
        same = above is not None and dice.random() < 0.06
        name = f"Authority {level - same}"
        odd = {"ca": True} | _odd(dice, _ODD_AUTHORITY, trouble)
        found.insert(0, _certificate(dice, name, above, key=_key(dice), **odd))
    return found


def _leaf(dice: Random, authorities: list[Issued]) -> Issued:
    common_name, presented = dice.choice(_PRESENTED)
    odd = _odd(dice, _ODD_LEAF, 0.25)
    extensions = list(odd.pop("extensions", ()))
    if presented:
        extensions.append((x509.SubjectAlternativeName(presented), dice.random() < 0.1))
    issuer = authorities[0] if authorities else None
    if issuer and dice.random() < 0.03:
        # By the right key under another name, or by another key under the right name.
        other = authority("Somebody Else", key=issuer.key)
        issuer = other if dice.random() < 0.5 else Issued(issuer.der, _key(dice), issuer.name)
    key = issuer.key if issuer and dice.random() < 0.02 else _key(dice)
    return _certificate(dice, common_name, issuer, key=key, extensions=extensions, **odd)


def _dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(each) for each in names]


_MAIL = x509.RFC822Name("postmaster@example.com")
_REFERENCES = (
    *((HOST,),) * 4,
    *((HOST, "example.com"),) * 2,
    (HOST, "example.com", "mail.example.net"),
    ("mail.example.net", "example.org"),
    ("mx_1.example.com",),
    ("xn--mx-8ia.example.com",),
    ("a.mx.example.com", "com"),
)
# Common name and alternative names.
_PRESENTED: tuple[tuple[str | None, list[x509.GeneralName]], ...] = (
    *(("a server", _dns(HOST)),) * 12,
    *(("a server", _dns("*.example.com")),) * 4,
    ("a server", _dns("other.example", "MX.Example.COM")),
    ("a server", _dns("example.com")),
    ("a server", _dns("mail.example.net", "www.example.net")),
    ("a server", _dns("*.mx.example.com")),
    ("a server", _dns("*.com")),
    ("a server", _dns("*")),
    ("a server", _dns("m*.example.com")),
    ("a server", _dns("*x.example.com")),
    ("a server", _dns("*.*.com")),
    ("a server", _dns("mx.*.com")),
    ("a server", _dns(".example.com")),
    ("a server", _dns("mx.example.com.")),
    ("a server", _dns("*.example.com.")),
    ("a server", _dns("mx_1.example.com")),
    ("a server", _dns("xn--*.example.com")),
    ("a server", _dns("xn--mx-8ia.example.com")),
    ("a server", _dns("*.xn--mx-8ia.example.com", "*.EXAMPLE.net")),
    ("a server", _dns("com", "localhost")),
    ("a server", _dns("other.example")),
    (HOST, _dns("other.example")),
    *((HOST, []),) * 3,
    ("Mx.eXample.com", []),
    ("*.example.com", []),
    ("*.example.net", []),
    ("a server", []),
    (f" {HOST}", []),
    (f"{HOST}\0.example", []),
    ("mx.exämple.com", []),
    (HOST, [_MAIL]),
    ("a server", [_MAIL, *_dns(HOST)]),
    (HOST, [x509.IPAddress(ip_address("192.0.2.1"))]),
    (None, _dns(HOST)),
    (None, []),
)


# -- what is sent, and when


def _sent(
    dice: Random, end: Issued, authorities: list[Issued]
) -> tuple[list[Issued], list[Issued]]:
    """What the server sends above its own certificate; and certificates that have to do with it
    and are not sent."""
    sent, unsent = list(authorities), []
    if sent and dice.random() < 0.3:
        unsent.append(sent.pop())
    if sent and dice.random() < 0.1:
        unsent.append(sent.pop(dice.randrange(len(sent))))
    for _ in range(dice.choice((0, 0, 0, 0, 1, 1, 2))):
        extra = _extra(dice, end, authorities)
        if dice.random() < 0.7:
            sent.insert(dice.randint(0, len(sent)), extra)
        else:
            unsent.append(extra)
    if dice.random() < 0.15:
        dice.shuffle(sent)
    return sent, unsent


def _extra(dice: Random, end: Issued, authorities: list[Issued]) -> Issued:
    """A certificate that does not belong: a stranger, a double, a namesake, a second issue."""
    model = dice.choice(authorities) if authorities else end
    name = certificate(model.der).subject_text.removeprefix("CN=") or None
    odd = {"ca": True} | _odd(dice, _ODD_AUTHORITY, 0.4)
    match dice.choice(("stranger", "double", "namesake", "renewed", "crossed")):
        case "stranger":
            return _certificate(dice, "A Stranger", None, key=_key(dice), **odd)
        case "double":
            return dice.choice((end, model))
        case "namesake":
            return _certificate(dice, name, None, key=_key(dice, model.key), **odd)
        case "renewed":
            return _certificate(dice, name, None, key=model.key, **odd)
    other = authority("Another Root", key=_key(dice))
    return _certificate(dice, name, other, key=model.key, **odd)


def _now(dice: Random, chain: tuple[bytes, ...]) -> int:
    """Mostly NOW; or later; or at the very edge of some certificate's period."""
    days = dice.choice((*(0,) * 12, 20, 200, 400, -40, None))
    if days is not None:
        return NOW + days * DAY + dice.randrange(SECOND)
    it = certificate(dice.choice(chain))
    edge = dice.choice((it.not_before, it.not_after))
    return edge + dice.choice((-1, 0, 0, 1)) * SECOND + dice.randrange(SECOND)


# -- records


def _records(
    dice: Random, end: Issued, authorities: list[Issued], unsent: list[Issued]
) -> tuple[Tlsa | Malformed, ...]:
    others = [*authorities, *unsent, end]
    favourite = dice.choice((end, *authorities))
    found: list[Tlsa | Malformed] = []
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        it = favourite if dice.random() < 0.6 else dice.choice(others)
        usage = 3 if it is end else 2
        if dice.random() < 0.15:
            usage = dice.choice((0, 1, 2, 3))
        selector, matching_type = dice.choice((0, 1)), dice.choice((0, 1, 1, 2))
        record = record_for(it.der, usage, selector, matching_type)
        found.append(_spoilt(dice, record) if dice.random() < 0.12 else record)
    if dice.random() < 0.15 and isinstance(it := found[0], Tlsa):
        # Two digests for one usage and selector, of which one is of something else.
        changed = (
            Tlsa(it.usage, it.selector, 1, bytes(32)),
            Tlsa(it.usage, it.selector, 2, bytes(64)),
        )
        found.append(dice.choice(changed))
    dice.shuffle(found)
    return tuple(found)


def _spoilt(dice: Random, record: Tlsa) -> Tlsa | Malformed:
    data = record.data
    at = dice.randrange(len(data))
    flipped = data[:at] + bytes((data[at] ^ (1 << dice.randrange(8)),)) + data[at + 1 :]
    numbers: Iterable[int] = (record.usage, record.selector, record.matching_type)
    match dice.randrange(9):
        case 0:
            data = data[:-1]
        case 1:
            data += b"\0"
        case 2:
            data = b""
        case 3:
            return Malformed(bytes(numbers)[: dice.randrange(3)])
        case 4:
            numbers = (dice.choice((4, 128, 254, 255)), *tuple(numbers)[1:])
        case 5:
            numbers = (record.usage, dice.choice((2, 255)), record.matching_type)
        case 6:
            numbers = (record.usage, record.selector, dice.choice((3, 128, 255)))
        case _:
            data = flipped
    return Tlsa(*numbers, data)
