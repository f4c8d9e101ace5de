"""The running configuration's file: read when it is another one than before, and written.

A file of some size is never read twice. What it was read as stands beside it (`sidecar`), and this
process remembers it; when the file has grown, only what was added is read. Whether it is another
file is asked of the file system: its number, size and times. They say nothing about a file that was
written a moment before it was read, so such a one is compared, octet by octet.

`ours` is whether the file is what this program has written, so that the history has the very same
text: one file that is whole, and the blocks that follow it (see `later`). Only to such a file a
block may be added. One that was edited by hand is written whole at the next commit.
"""

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from esashell.clock import SECOND, Clock
from esashell.config import durable, sidecar
from esashell.config.codec import remember
from esashell.config.later import BEGINNING, without_torn
from esashell.config.revision import (
    LONG,
    Revision,
    read_on,
    read_text,
    written,
    written_as_block,
)
from esashell.errors import BadConfiguration

# So many blocks, or octets of them, stand at the end of a file before it is written anew.
MOST_BLOCKS = 100
MOST_ADDED = 256_000

# A file that was changed less than this before it was read is compared the next time.
AT_REST = 2 * SECOND

_LONG_STRINGS = (b'"' * 3, b"'" * 3)
_BLOCK = re.compile(rb"\n# Revision [0-9]+ has changed what is above\.\r?\n\[\[later\]\]")


class _Seen(Struct, frozen=True):
    """A file as it was read: its octets in two pieces, and what they say.

    `whole` is up to the first block, `added` the blocks. Without a `rest`, another file may have
    the same stamp. `ours` is None as long as nobody looked.
    """

    stamp: durable.Stamp
    rest: bool
    whole: bytes
    added: bytes
    first: Revision
    revision: Revision
    kept: bool = False  # the side-car says that the whole was ours
    learnt: bool = False  # the writer has made the whole in this process
    ours: bool | None = None

    @property
    def blocks(self) -> int:
        return len(_BLOCK.findall(self.added))


class Running:
    """The file at this path. `in_history` is where the history keeps a revision."""

    def __init__(self, path: Path, clock: Clock, in_history: Callable[[int], Path]) -> None:
        self.path = path
        self._clock = clock
        self._in_history = in_history
        self._seen: _Seen | None = None

    def revision(self) -> Revision:
        """What it says. Raises `OSError`, `BadConfiguration`."""
        seen = self._seen
        if seen is not None and seen.rest and seen.stamp == durable.stamp(self.path):
            return seen.revision
        raw, stamp = self._contents()
        found = self._grown(raw, stamp) or self._known(raw, stamp) or self._read(raw, stamp)
        # A later change is certain to be seen only if the last one is some time ago.
        rest = max(stamp[2:]) // 1000 + AT_REST < self._clock.now()
        self._seen = replace(found, stamp=stamp, rest=rest and len(raw) == stamp[1])
        return found.revision

    def is_ours(self) -> bool:
        """Whether what was read last is what the history has."""
        seen = self._seen
        if seen is None:
            return False
        if seen.ours is None:
            try:
                ours = self._matches_history(seen)
            except (OSError, BadConfiguration):
                ours = False
            self._seen = seen = replace(seen, ours=ours)
        return bool(seen.ours)

    @property
    def has_blocks(self) -> bool:
        return self._seen is not None and bool(self._seen.added)

    def block(self, revision: Revision) -> bytes | None:
        """The revision as a block for the end of the file; None where it is to be written whole."""
        seen = self._seen
        if seen is None or len(seen.whole) < LONG or not self.is_ours():
            return None
        if len(seen.added) > MOST_ADDED or seen.blocks >= MOST_BLOCKS:
            return None
        text = written_as_block(revision, seen.revision.config)
        return text.encode() if text is not None and len(text) < MOST_ADDED else None

    def text(self, revision: Revision) -> bytes:
        """The revision as a whole file."""
        if self._seen is not None and not self._seen.learnt and self.is_ours():
            # Most of it is in the file already, letter by letter.
            remember(self._seen.whole.decode(), self._seen.first.config)
        return written(revision).encode()

    def append(self, block: bytes, revision: Revision) -> None:
        """Make the revision run that this block makes of what runs."""
        seen = self._seen
        assert seen is not None
        size = len(seen.whole) + len(seen.added)
        stamp = durable.append(self.path, block, size, seen.stamp)
        # Nobody's hand is so fast as to be in the same moment.
        self._seen = replace(
            seen, stamp=stamp, rest=True, added=seen.added + block, revision=revision
        )

    def replaced(self, text: bytes, revision: Revision) -> None:
        """This whole text of ours has been put under the name."""
        stamp = durable.stamp(self.path)
        self._seen = _Seen(stamp, True, text, b"", revision, revision, learnt=True, ours=True)
        sidecar.keep(text, self.path, sidecar.Kept(True, revision))

    # Reading.

    def _contents(self) -> tuple[bytes, durable.Stamp]:
        with open(self.path, "rb") as file:
            stamp = durable.stamp(file.fileno())
            return file.read(), stamp

    def _grown(self, raw: bytes, stamp: durable.Stamp) -> _Seen | None:
        """The file, if it begins as the last one, with what was added to it."""
        seen = self._seen
        if seen is None or not raw.startswith(seen.whole):
            return None
        added = without_torn(raw)[len(seen.whole) :]
        if added == seen.added:
            return seen
        if not added.startswith(seen.added) or not _BLOCK.match(added, len(seen.added)):
            return None
        return self._with(seen, added)

    def _with(self, seen: _Seen, added: bytes) -> _Seen | None:
        """The same beginning with these blocks; None where something is wrong with them."""
        known = len(seen.added)
        try:
            revision = read_on(added[known:], str(self.path), seen.revision)
        except BadConfiguration:
            return None
        return replace(seen, added=added, revision=revision, ours=None)

    def _known(self, raw: bytes, stamp: durable.Stamp) -> _Seen | None:
        found = sidecar.known(raw, self.path)
        if found is None:
            return None
        kept, length = found
        first = kept.revision
        seen = _Seen(stamp, False, raw[:length], b"", first, first, kept.ours)
        added = without_torn(raw)[length:]
        if not added:
            return seen
        return self._with(seen, added) if _BLOCK.match(added) else None

    def _read(self, raw: bytes, stamp: durable.Stamp) -> _Seen:
        text = read_text(raw, str(self.path))
        raw = without_torn(raw)
        first = text.written_as
        if text.revision is first:
            sidecar.keep(raw, self.path, sidecar.Kept(False, first))
            return _Seen(stamp, False, raw, b"", first, first)
        # Only where the blocks are the end of the file, and nothing in it just looks like them.
        begun = raw.find(BEGINNING)
        if _BLOCK.match(raw, begun) and not any(each in raw for each in _LONG_STRINGS):
            whole = raw[:begun]
            seen = self._with(_Seen(stamp, False, whole, b"", first, first), raw[len(whole) :])
            if seen is not None and seen.revision == text.revision:
                sidecar.keep(whole, self.path, sidecar.Kept(False, first))
                return seen
        return _Seen(stamp, False, raw, b"", text.revision, text.revision, ours=False)

    def _matches_history(self, seen: _Seen) -> bool:
        whole = self._in_history(seen.first.number)
        if seen.kept:
            same = whole.stat().st_size == len(seen.whole)
        else:
            same = whole.read_bytes() == seen.whole
        starts = [found.start() for found in _BLOCK.finditer(seen.added)]
        blocks = [seen.added[start:end] for start, end in pairwise([*starts, len(seen.added)])]
        return same and all(self._in_history(_number(each)).read_bytes() == each for each in blocks)


def _number(block: bytes) -> int:
    """The number of the revision in a block's first line."""
    return int(block.split(b" ", 3)[2])
