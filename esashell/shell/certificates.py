"""Certificates and their private keys on the disk, for the owner's eyes only.

The configuration names a certificate by its fingerprint, and the file of that name is written once
and never again, nor removed: a configuration of the past, that is rolled back to, still finds what
it names. What a dialogue kept and nobody committed stays as well; it does no harm.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from esashell.config import durable
from esashell.config.checks.certificates import is_fingerprint
from esashell.errors import OperatorError

LARGEST = 4 * 1024 * 1024  # bytes; the authorities of a whole system are 250 KB


def keep(memory: str, fingerprint: str, pem: str) -> None:
    """Keep the text under its fingerprint; `OperatorError` when the disk will not have it."""
    path = _path(memory, fingerprint)
    try:
        durable.folder(path.parent)
        os.chmod(path.parent, 0o700)
        if not path.exists():
            durable.replace(path, pem.encode("ascii", "replace"), mode=0o600)
    except OSError as error:
        raise OperatorError(f"Error: {durable.reason(error)}.") from None


def read(memory: str, fingerprint: str) -> str:
    """What is kept under a fingerprint; "" where that is nothing that can be read."""
    if is_fingerprint(fingerprint):
        with suppress(OSError), open(_path(memory, fingerprint), "rb") as file:
            return file.read(LARGEST).decode("ascii", "replace")
    return ""


def _path(memory: str, fingerprint: str) -> Path:
    return Path(memory, "certificates", f"{fingerprint}.pem")
