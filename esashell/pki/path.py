"""From a server's certificate to a trust anchor: finding the path, then judging it (RFC 5280 6.1).

The two halves are kept apart. *Finding* follows issuer names among the certificates that the server
sent, and believes a step only when the signature verifies; the order in which they were sent means
nothing, and certificates that lead nowhere do no harm. *Judging* then asks of a path that hangs
together whether every certificate is within its dates, every issuer is an authority that may sign
at that depth, and the leaf may serve TLS. Every fault of a path is reported, not the first.

The anchor is given from outside (a TLSA record, a list of roots) and may be any authority, a root
or not, self-signed or not, or only a public key. Strictly, nothing of an anchor but name and key
would have to be judged (RFC 5280 6.1.1 d). Its authority flag, path length, purposes and
constraints are judged all the same when its certificate is at hand, and its dates too when it is a
root, as OpenSSL and every mailer built upon it does. When only a key is given and the server sent a
certificate for that key, that certificate is judged.

A hostile server chooses what is sent, so the work is bounded: see `Work`. Revocation is not
looked at: mail servers do not, and a TLSA record is withdrawn instead (RFC 7671 5.2).
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from esashell.pki.certificate import Certificate
from esashell.pki.constraints import constraint_fault
from esashell.pki.signature import signature_fault

SECOND = 1_000_000
# Chains in use have three or four certificates. OpenSSL sends and takes up to 10 by default where
# a depth is configured, GnuTLS verifies at most 16.
MAX_DEPTH = 10
_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
_TLS_KEY_USAGES = frozenset(("digital_signature", "key_encipherment", "key_agreement"))


class PathFault(StrEnum):
    NO_ISSUER = "no-issuer"
    BAD_SIGNATURE = "bad-signature"
    UNREADABLE = "unreadable"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    NOT_AN_AUTHORITY = "not-an-authority"
    MAY_NOT_SIGN = "may-not-sign"
    PATH_TOO_LONG = "path-too-long"
    NOT_FOR_TLS = "not-for-tls"
    NAME_CONSTRAINTS = "name-constraints"
    UNKNOWN_CRITICAL = "unknown-critical-extension"
    TOO_MUCH_WORK = "too-much-work"


class PathFinding(Struct, frozen=True):
    """One thing that is wrong, and with which certificate (its subject)."""

    fault: PathFault
    text: str
    about: str = ""


class Anchor(Struct, frozen=True):
    """Where a path may end: a key, and the certificate it came with, if it did."""

    spki: bytes
    certificate: Certificate | None = None


class Path(Struct, frozen=True):
    """A path without a fault, leaf first. It ends in the anchor's certificate, or in the last
    certificate that the anchor's key signed when there is only a key."""

    certificates: tuple[Certificate, ...]
    anchor: Anchor

    @property
    def depth(self) -> int:
        """How far the anchor is from the leaf; 1 is the leaf's own issuer."""
        # A leaf may have its issuer's key and is below the anchor even so.
        return max(1, len(self.certificates) - (self.certificates[-1].spki == self.anchor.spki))


class NoPath(Struct, frozen=True):
    """No path will do. The findings are those of the best one, or say why there is none at all."""

    findings: tuple[PathFinding, ...]


class Work:
    """The limits of one judgement, and what was learnt on the way.

    A server that sends many certificates with one name and many keys would have a naive search
    try them in every order. Signatures are verified once for each pair, and at most `signatures`
    times in all (Go's library stops at 100); `steps` bounds the walk itself.
    """

    def __init__(self, signatures: int = 60, steps: int = 2000) -> None:
        self.signatures = signatures
        self.steps = steps
        self._tried: dict[tuple[bytes, bytes], str | None] = {}

    @property
    def spent(self) -> bool:
        return self.signatures <= 0 or self.steps <= 0

    def signature_fault(self, child: Certificate, spki: bytes) -> str | None:
        """Why the key did not sign the certificate; None when it did."""
        pair = (child.der, spki)
        if pair not in self._tried:
            if self.signatures <= 0:
                return "not tried: too many signatures"
            self.signatures -= 1
            self._tried[pair] = signature_fault(child.der, spki)
        return self._tried[pair]


def path_to(
    anchor: Anchor,
    leaf: Certificate,
    sent: tuple[Certificate, ...],
    now: int,
    work: Work | None = None,
) -> Path | NoPath:
    """The best path from the leaf to the anchor through certificates from `sent`.

    `sent` may hold the leaf and the anchor too, in any order. A certificate that *is* the leaf is
    no anchor: an authority signs, it is not what was signed (RFC 7671 5.2). A bare key is the
    signer wherever it verifies, be it in a leaf that signs itself.
    """
    work = work or Work()
    if leaf.doubts:
        finding = PathFinding(PathFault.UNREADABLE, "; ".join(leaf.doubts), leaf.subject_text)
        return NoPath((finding,))
    search = _Search(anchor, leaf, sent, work)
    best: tuple[PathFinding, ...] = ()
    for certificates in search.paths((leaf,)):
        findings = tuple(faults(certificates, anchor, now))
        if not findings:
            return Path(certificates, anchor)
        if not best or len(findings) < len(best):
            best = findings
    return NoPath(best or search.shortfall())


class _Search:
    """One walk from a leaf towards one anchor."""

    def __init__(
        self, anchor: Anchor, leaf: Certificate, sent: tuple[Certificate, ...], work: Work
    ) -> None:
        self.anchor = anchor
        self.work = work
        own = anchor.certificate.der if anchor.certificate else b""
        self.pool = tuple(
            each
            for each in {each.der: each for each in sent}.values()
            if each.der not in (leaf.der, own) and not each.doubts
        )
        self.bad_signatures: list[PathFinding] = []
        self.dead_ends: list[Certificate] = []

    def paths(self, so_far: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        """Every path that continues this one and whose signatures verify, up to the anchor."""
        self.work.steps -= 1
        child = so_far[-1]
        if self.work.spent or len(so_far) > MAX_DEPTH:
            self.dead_ends.append(child)
            return
        issuers = [each for each in self.pool if each.subject_match == child.issuer_match]
        ends = tuple(self._ends(so_far, issuers))
        yield from ends
        followed = bool(ends)
        for issuer in issuers:
            if issuer in so_far or (not self.anchor.certificate and self._is_end(issuer)):
                continue
            if self._signed(child, issuer.spki, issuer.subject_text):
                followed = True
                yield from self.paths((*so_far, issuer))
        if not followed:
            self.dead_ends.append(child)

    def _is_end(self, issuer: Certificate) -> bool:
        return issuer.spki == self.anchor.spki

    def _ends(
        self, so_far: tuple[Certificate, ...], issuers: list[Certificate]
    ) -> Iterator[tuple[Certificate, ...]]:
        """The steps from here to the anchor itself."""
        child, top = so_far[-1], self.anchor.certificate
        if top is not None:
            named = top.subject_match == child.issuer_match and top.der != so_far[0].der
            if named and self._signed(child, top.spki, top.subject_text):
                yield (*so_far, top)
            return
        sent = [each for each in issuers if self._is_end(each) and each not in so_far]
        # A bare key has no name to look for, so its signature is simply tried.
        if self._signed(child, self.anchor.spki, ""):
            if sent:
                yield from ((*so_far, each) for each in sent)
            else:
                yield so_far

    def _signed(self, child: Certificate, spki: bytes, issuer: str) -> bool:
        fault = self.work.signature_fault(child, spki)
        if fault is not None and issuer:
            text = f"signature by {issuer}: {fault}"
            self.bad_signatures.append(
                PathFinding(PathFault.BAD_SIGNATURE, text, child.subject_text)
            )
        return fault is None

    def shortfall(self) -> tuple[PathFinding, ...]:
        """Why no path reached the anchor."""
        if self.work.spent:
            text = "the certificates sent make too much work"
            return (PathFinding(PathFault.TOO_MUCH_WORK, text),)
        gaps = tuple(
            PathFinding(
                PathFault.NO_ISSUER,
                f"issued by {each.issuer_text}, which was not sent or leads to no trust anchor",
                each.subject_text,
            )
            for each in self.dead_ends[:1]
        )
        return (*dict.fromkeys(self.bad_signatures), *gaps)


def faults(
    certificates: tuple[Certificate, ...], anchor: Anchor, now: int
) -> Iterator[PathFinding]:
    """What is wrong with a path whose signatures verify, from the leaf up."""
    leaf = certificates[0]
    for depth, each in enumerate(certificates):
        about = each.subject_text
        if each.doubts:
            yield PathFinding(PathFault.UNREADABLE, "; ".join(each.doubts), about)
            continue
        # RFC 5280 6.1.1 d: an anchor's period is no part of it. For roots everybody asks.
        top = depth and depth == len(certificates) - 1
        if not top or each.self_issued or each.spki != anchor.spki:
            yield from _date_faults(each, now)
        if each.unknown_critical:
            text = f"unknown critical extension {', '.join(each.unknown_critical)}"
            yield PathFinding(PathFault.UNKNOWN_CRITICAL, text, about)
        # RFC 5280 4.2.1.12; an authority's list limits those below it, as all implementations
        # have it. anyExtendedKeyUsage alone MAY be refused, and OpenSSL does.
        if each.extended_key_usage is not None and _SERVER_AUTH not in each.extended_key_usage:
            yield PathFinding(PathFault.NOT_FOR_TLS, "not meant for TLS servers", about)
        if depth:
            yield from _authority_faults(certificates, depth)
    if leaf.key_usage is not None and not _TLS_KEY_USAGES.intersection(leaf.key_usage):
        text = "the key usage does not allow TLS"
        yield PathFinding(PathFault.NOT_FOR_TLS, text, leaf.subject_text)


def _date_faults(it: Certificate, now: int) -> Iterator[PathFinding]:
    """Both ends of the period belong to it, in whole seconds (RFC 5280 4.1.2.5)."""
    if now // SECOND < it.not_before // SECOND:
        yield PathFinding(PathFault.NOT_YET_VALID, "not valid yet", it.subject_text)
    if now // SECOND > it.not_after // SECOND:
        yield PathFinding(PathFault.EXPIRED, "expired", it.subject_text)


def _authority_faults(certificates: tuple[Certificate, ...], depth: int) -> Iterator[PathFinding]:
    """What forbids a certificate to stand above the others of its path."""
    it = certificates[depth]
    below = certificates[:depth]
    # RFC 5280 6.1.4 k: a version 1 certificate cannot carry the flag; one is taken only where
    # it is the root at the end, since that was pinned by other means.
    old_root = it.version == 1 and it.self_issued and depth == len(certificates) - 1
    if not it.authority and not old_root:
        yield PathFinding(PathFault.NOT_AN_AUTHORITY, "not a CA certificate", it.subject_text)
    if it.key_usage is not None and "key_cert_sign" not in it.key_usage:
        text = "the key usage does not allow signing certificates"
        yield PathFinding(PathFault.MAY_NOT_SIGN, text, it.subject_text)
    # RFC 5280 4.2.1.9: counts the intermediate certificates below it that are not self-issued.
    between = sum(not each.self_issued for each in below[1:])
    if it.path_length is not None and between > it.path_length:
        text = f"{between} certificates below it where it allows {it.path_length}"
        yield PathFinding(PathFault.PATH_TOO_LONG, text, it.subject_text)
    for index, each in enumerate(below):
        # RFC 5280 6.1.3 b: self-issued intermediates are exempt, the leaf never is.
        if (index and each.self_issued) or each.doubts or it.doubts:
            continue
        if fault := constraint_fault(it, each):
            yield PathFinding(PathFault.NAME_CONSTRAINTS, fault, each.subject_text)
