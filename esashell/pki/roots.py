"""The public authorities, for the TLS settings that verify: does a chain lead to one of them?

Mail servers share no list of authorities, which is why DANE does without one (RFC 7672 1.3.4); the
Verify settings of a destination control need one all the same. There are two lists (`certconfig`):
the system's, which is the machine's own store and so a part of the world that is asked for by name
(`steps.Authorities`), and one that the operator imported. A store is read when it is first wanted.

Finding who could have signed a chain and judging the chain are apart, because a chain that was seen
at one time can be judged for another.
"""

import base64
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path as File

from msgspec import Struct

from esashell.pki.certificate import BadCertificate, Certificate, certificate
from esashell.pki.path import Anchor, NoPath, Path, PathFault, PathFinding, Work, path_to

SYSTEM_STORE = File("/etc/ssl/certs/ca-certificates.crt")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


class Roots:
    """A list of authorities, as DER."""

    def __init__(self, certificates: Iterable[bytes] = ()) -> None:
        self._given = tuple(certificates)

    @property
    def certificates(self) -> tuple[bytes, ...]:
        return self._given

    def named(self, names: Iterable[str]) -> tuple[bytes, ...]:
        """The authorities that are called so, as `issuers` gives names."""
        return tuple(der for each in names for der in self._by_subject.get(each, ()))

    @cached_property
    def _by_subject(self) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = {}
        for der in dict.fromkeys(self.certificates):
            try:
                found.setdefault(certificate(der).subject_match, []).append(der)
            except BadCertificate:
                continue  # one that cannot be read never costs the others
        return found


class StoredRoots(Roots):
    """The authorities in a file of PEM certificates, read when they are first wanted."""

    def __init__(self, file: File = SYSTEM_STORE) -> None:
        super().__init__()
        self._file = file

    @cached_property
    def certificates(self) -> tuple[bytes, ...]:
        try:
            return from_pem(self._file.read_bytes())
        except OSError:
            return ()  # a machine without a store trusts nobody


def from_pem(text: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file; blocks that do not decode are passed over."""
    found = []
    for block in _PEM.findall(text):
        try:
            found.append(base64.b64decode(b"".join(block.split()), validate=True))
        except ValueError:
            continue
    return tuple(found)


class Trust(Struct, frozen=True):
    """Which lists are believed (`certconfig`)."""

    system: bool = True
    custom: Roots = Roots()


def issuers(chain: tuple[bytes, ...]) -> tuple[str, ...]:
    """The names of all that could have signed a certificate of the chain."""
    return tuple(dict.fromkeys(it.issuer_match for it in _readable(chain) if it.issuer_match))


def trusted(chain: tuple[bytes, ...], roots: tuple[bytes, ...], now: int) -> Path | NoPath:
    """The path from a server's certificate to one of the authorities; `chain` is as it was sent."""
    if not chain:
        return NoPath((PathFinding(PathFault.UNREADABLE, "no certificate was sent"),))
    try:
        leaf = certificate(chain[0])
    except BadCertificate as error:
        return NoPath((PathFinding(PathFault.UNREADABLE, str(error)),))
    sent = tuple(_readable(chain[1:]))
    work = Work()
    best: tuple[PathFinding, ...] = ()
    for root in _readable(roots):
        path = path_to(Anchor(root.spki, root), leaf, sent, now, work)
        if isinstance(path, Path):
            return path
        if not best or len(path.findings) < len(best):
            best = path.findings
    text = f"issued by {leaf.issuer_text}, which leads to no authority that is trusted"
    return NoPath(best or (PathFinding(PathFault.NO_ISSUER, text, leaf.subject_text),))


def _readable(chain: Iterable[bytes]) -> Iterable[Certificate]:
    for each in chain:
        try:
            yield certificate(each)
        except BadCertificate:
            continue
