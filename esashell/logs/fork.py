"""Searching with two processors: shares of the text, each in a process, the output in its order.

The parts of the text are dealt out in turn. While this process searches one and hands it out, a
child searches the next, into memory that both see; then that is handed out, and so on. What is held
at any time is the output of two parts at most, in pages of the kernel's.

The child is this process itself, forked, so it knows its parts and needs nothing to be sent. It
ends without running anything of the shell's own way out.
"""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import zip_longest

from esashell.logs.blocks import Part, line_begin, opened

PART = 2 * 1024 * 1024
SLOTS = 8

Put = Callable[[bytes], None]


def divided(shares: Iterable[Part], size: int = PART) -> list[Part]:
    """The shares, cut into smaller ones of about this size, at the ends of lines."""
    found: list[Part] = []
    for share in shares:
        if share.path.suffix == ".gz":
            found.append(share)
            continue
        descriptor = opened(share.path)
        if descriptor is None:
            continue
        try:
            end = os.fstat(descriptor).st_size if share.end is None else share.end
            begin = share.begin
            while begin < end:
                stop = min(line_begin(descriptor, begin + size), end)
                found.append(Part(share.path, begin, stop))
                begin = stop
        finally:
            os.close(descriptor)
    return found


def in_two(
    shares: Sequence[Part],
    search: Callable[[Part, Put], None],
    put: Put,
) -> None:
    """`search` every share and `put` what it finds, in order, every second one in a child.

    What goes wrong in the child is met once more here, where it can be told: what it did not come
    to is searched in this process.
    """
    # Ctrl-C must strike neither the child before it has come as far as its `try`, nor this process
    # before it has come as far as its own.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child: _Child | None = None
    try:
        with suppress(OSError):  # there are no more processes or files to be had: one will do
            child = _Child(shares[1::2], search, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for own, other in zip_longest(shares[::2], shares[1::2]):
            search(own, put)
            if other is not None and not (child is not None and child.hand_out(put)):
                search(other, put)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if child is not None:
            child.end()


class _Child:
    """A copy of this process that searches its shares into memory, one ahead of what is asked for.

    Two files in memory take turns. For each share that is done the child writes an octet into a
    pipe, and for each file that is free again it reads one out of another.
    """

    def __init__(
        self,
        shares: Sequence[Part],
        search: Callable[[Part, Put], None],
        signals: set[signal.Signals] | set[int],
    ) -> None:
        """`signals` are those that the child holds back from then on."""
        with ExitStack() as opened:
            self._outputs = [os.memfd_create(f"esashell-grep-{each}") for each in range(SLOTS)]
            for each in self._outputs:
                opened.callback(os.close, each)
            self._done, done = _pipe(opened)
            free, self._free = _pipe(opened)
            self._turn = 0
            self._process = os.fork()
            opened.pop_all()
        if self._process:
            os.close(done)
            os.close(free)
            return
        # No exception may get past here: it would go on up the stack as a second shell.
        try:
            os.close(self._done)
            os.close(self._free)
            signal.pthread_sigmask(signal.SIG_SETMASK, signals)
            for number, share in enumerate(shares):
                if number >= len(self._outputs) and not os.read(free, 1):
                    break
                search(share, partial(_keep, self._outputs[number % SLOTS]))
                os.write(done, b"+")
        finally:
            os._exit(0)

    def hand_out(self, put: Put) -> bool:
        """Put all that was found in the child's next share; False if it came to no end there."""
        if not os.read(self._done, 1):
            return False
        output = self._outputs[self._turn % SLOTS]
        self._turn += 1
        place = 0
        while text := os.pread(output, 1 << 17, place):
            put(text)
            place += len(text)
        os.ftruncate(output, 0)
        os.lseek(output, 0, os.SEEK_SET)
        with suppress(BrokenPipeError):  # it has come to its own end
            os.write(self._free, b"+")
        return True

    def end(self) -> None:
        """Leave nothing behind, whether it came to its end or not."""
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        for each in (*self._outputs, self._done, self._free):
            os.close(each)


def _pipe(opened: ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for each in ends:
        opened.callback(os.close, each)
    return ends


def _keep(output: int, text: bytes) -> None:
    while text:
        text = text[os.write(output, text) :]
