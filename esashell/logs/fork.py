"""Searching with two processors: shares of the text, each in a process, the output in its order.

The parts of the text are dealt out in turn. While this process searches one and hands it out, a
child searches the next, into memory that both see; then that is handed out, and so on. What is held
at any time is the output of two parts at most, in the child's pages or the kernel's.

The child is this process itself, forked, so it needs nothing to be sent but which part is next. It
ends without running anything of the shell's own way out.
"""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from esashell.logs.blocks import line_begin

PART = 32 * 1024 * 1024

Put = Callable[[bytes], None]


class Part(Struct, frozen=True):
    """A share of a file, from the beginning of a line to the end of one; None is all the rest."""

    path: Path
    begin: int = 0
    end: int | None = None


def parts(paths: Iterable[Path], size: int = PART) -> list[Part]:
    """Files cut into shares of about this size, at the ends of lines."""
    found: list[Part] = []
    for path in paths:
        if path.suffix == ".gz":
            found.append(Part(path))
            continue
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            whole = os.fstat(descriptor).st_size
            begin = 0
            while begin < whole:
                end = min(line_begin(descriptor, begin + size), whole)
                found.append(Part(path, begin, end))
                begin = end
        finally:
            os.close(descriptor)
    return found


def in_two(
    shares: Sequence[Part],
    search: Callable[[Part, Put], None],
    put: Put,
) -> None:
    """`search` every share and `put` what it finds, in order, every second one in a child.

    What goes wrong in the child is met once more here, where it can be told: its share is searched
    again in this process.
    """
    for first, second in zip(shares[::2], [*shares[1::2], None], strict=False):
        child = _Child(second, search) if second is not None else None
        try:
            search(first, put)
            if child is not None and second is not None and not child.hand_out(put):
                search(second, put)
        finally:
            if child is not None:
                child.end()


class _Child:
    """A copy of this process that searches one share into memory."""

    def __init__(self, share: Part, search: Callable[[Part, Put], None]) -> None:
        self._output = os.memfd_create("esashell-grep")
        self._process = os.fork()
        if self._process:
            return
        # No exception may get past here: it would go on up the stack as a second shell.
        status = 1
        try:
            search(share, self._keep)
            status = 0
        except BaseException:
            status = 1
        finally:
            os._exit(status)

    def _keep(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._output, text) :]

    def hand_out(self, put: Put) -> bool:
        """Wait for the end and put everything that was found; False if the search failed."""
        _, status = os.waitpid(self._process, 0)
        self._process = 0
        if status:
            return False
        place = 0
        while text := os.pread(self._output, 1 << 18, place):
            put(text)
            place += len(text)
        return True

    def end(self) -> None:
        """Leave nothing behind, whether it came to its end or not."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        os.close(self._output)
