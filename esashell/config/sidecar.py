"""What a long configuration file was read as, kept beside it, so that it is read only once.

Reading 100,000 entries as TOML takes seconds; as `rows` reads them, a quarter of that or less, the
rules among them. The same tables in a form of our own take a thirtieth. So beside a running file of
some size stands `running.cache` with what the file was read as. It is never believed: it counts for
the very octets that the file has, and for the very program that read them, both by their SHA-256,
and anything else is passed over as if it were not there. The file stays the truth, to be read and
edited by hand; whoever does that waits once more.

What is added to the file's end (see `later`) leaves what was kept good for all that is before it:
the side-car says for how many octets it counts.
"""

import hashlib
import os
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from esashell.config.revision import LONG, Revision

_LENGTH = 8
_BEGUN = _LENGTH + hashlib.sha256().digest_size


class Kept(Struct, frozen=True):
    """What is known of a file; `ours` if this program has written it, and not a hand."""

    ours: bool
    revision: Revision


def known(raw: bytes, path: Path) -> tuple[Kept, int] | None:
    """What is known of the beginning of a file's octets, and how many they are."""
    if len(raw) < LONG:
        return None
    try:
        whole = _beside(path).read_bytes()
    except OSError:
        return None
    length = int.from_bytes(whole[:_LENGTH], "big")
    digest, found = whole[_LENGTH:_BEGUN], memoryview(whole)[_BEGUN:]
    if length > len(raw) or digest != _digest(memoryview(raw)[:length], found):
        return None
    return msgspec.msgpack.decode(found, type=Kept), length


def keep(raw: bytes, path: Path, kept: Kept) -> None:
    """Keep what they were read as. Where that cannot be done, the file is read again next time."""
    if len(raw) < LONG:
        return
    found = msgspec.msgpack.encode(kept)
    beside = _beside(path)
    # Two may read the file at once; what each puts there is right, and whole.
    temporary = beside.with_name(f".{beside.name}.{os.getpid()}")
    digest = _digest(memoryview(raw), memoryview(found))
    with suppress(OSError):
        try:
            temporary.write_bytes(b"".join((len(raw).to_bytes(_LENGTH, "big"), digest, found)))
            os.replace(temporary, beside)
        finally:
            temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_suffix(".cache")


def _digest(raw: memoryview, found: memoryview) -> bytes:
    whole = hashlib.sha256(_program())
    whole.update(len(raw).to_bytes(8, "big"))
    whole.update(raw)
    whole.update(found)
    return whole.digest()


@cache
def _program() -> bytes:
    """The program that reads configurations, as a number: it is all in this folder."""
    whole = hashlib.sha256(msgspec.__version__.encode())
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes()
        whole.update(f"{path.relative_to(folder)} {len(text)} ".encode())
        whole.update(text)
    return whole.digest()
