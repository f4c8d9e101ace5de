"""A small fuzzer that is guided by coverage.

It keeps a corpus of inputs. Again and again it takes one, changes it in a few places and runs the
target with it; an input that made the traced modules take a step from one line to another that no
input had made before joins the corpus. What the target raises, or a run that takes too long, is a
find: the input is printed and fuzzing ends.

    python -m tests.fuzz.smtp --minutes 5 [--seed N]

The interpreter traces lines itself, ten times slower than it runs without; the inputs are small.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from random import Random
from types import FrameType
from typing import Any

from msgspec import Struct

TOO_LONG = 5.0  # seconds for one input, on a busy machine
LARGEST = 20_000  # octets of an input
_ODD = (0, 1, 0x7F, 0x80, 0xFE, 0xFF, 0x0A, 0x0D, 0x20, 0x30)


class Target(Struct, frozen=True):
    """What is fuzzed: `run` raises when an input shows a mistake of ours.

    `traced` are parts of file names: whose lines count. `words` are pieces worth putting in.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    traced: tuple[str, ...]
    words: tuple[bytes, ...] = ()


class Report(Struct, frozen=True):
    """What a run of the fuzzer came to."""

    runs: int
    corpus: int
    steps: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.runs} inputs in {self.seconds:.0f} s, {self.corpus} kept, "
            f"{self.steps} steps between lines"
        )


class Found(AssertionError):
    """An input that shows a mistake."""

    def __init__(self, target: str, data: bytes, why: str) -> None:
        super().__init__(f"{target}: {why} for {data!r}")
        self.data = data


class _Coverage:
    """The steps from line to line that were taken in the traced files."""

    def __init__(self, traced: Sequence[str]) -> None:
        self._traced = tuple(traced)
        self._wanted: dict[Any, bool] = {}
        self.seen: set[tuple[Any, int, int]] = set()
        self.fresh = False

    def of(self, run: Callable[[bytes], None], data: bytes) -> bool:
        """Run it; whether it took a step that is new."""
        self.fresh = False
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            run(data)
        finally:
            sys.settrace(before)
        return self.fresh

    def _call(self, frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        wanted = self._wanted.get(code)
        if wanted is None:
            name = code.co_filename
            wanted = self._wanted[code] = any(each in name for each in self._traced)
        return self._lines(code) if wanted else None

    def _lines(self, code: Any) -> Callable[[FrameType, str, Any], Any]:
        last = 0
        seen = self.seen

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal last
            if event == "line":
                step = (code, last, frame.f_lineno)
                last = frame.f_lineno
                if step not in seen:
                    seen.add(step)
                    self.fresh = True
            return line

        return line


def mutated(data: bytes, dice: Random, words: Sequence[bytes], other: bytes) -> bytes:
    """The input with a few changes, mostly one."""
    piece = bytearray(data)
    for _ in range(1 + int(dice.expovariate(0.7))):
        at = dice.randrange(len(piece) + 1)
        end = min(len(piece), at + 1 + int(dice.expovariate(0.1)))
        match dice.randrange(8):
            case 0 if piece:
                piece[at % len(piece)] ^= 1 << dice.randrange(8)
            case 1 if piece:
                piece[at % len(piece)] = dice.choice(_ODD)
            case 2 if piece:
                piece[at % len(piece)] = (piece[at % len(piece)] + dice.choice((-1, 1))) % 256
            case 3:
                del piece[at:end]
            case 4:
                piece[at:at] = piece[at:end] * dice.choice((1, 1, 2, 50))
            case 5:
                piece[at:at] = dice.choice(words) if words else dice.randbytes(2)
            case 6:
                piece[at:end] = dice.randbytes(end - at)
            case _:
                piece[at:] = other[dice.randrange(len(other) + 1) :]
    return bytes(piece[:LARGEST])


def fuzz(target: Target, seconds: float, seed: int = 0) -> Report:
    """Fuzz for so long; raises `Found` for the first mistake."""
    dice = Random(seed)
    coverage = _Coverage(target.traced)
    corpus = list(target.seeds)
    for each in corpus:
        _run(target, coverage, each)
    runs, begun = len(corpus), time.monotonic()
    while (spent := time.monotonic() - begun) < seconds:
        # The later half is newer, and what is new leads on more often.
        first = dice.randrange(2) * (len(corpus) // 2)
        data = mutated(
            corpus[dice.randrange(first, len(corpus))], dice, target.words, dice.choice(corpus)
        )
        if _run(target, coverage, data):
            corpus.append(data)
        runs += 1
    return Report(runs, len(corpus), len(coverage.seen), spent)


def _run(target: Target, coverage: _Coverage, data: bytes) -> bool:
    begun = time.process_time()
    try:
        fresh = coverage.of(target.run, data)
    except Exception as error:
        raise Found(target.name, data, f"{type(error).__name__}: {error}") from error
    if (took := time.process_time() - begun) > TOO_LONG:
        raise Found(target.name, data, f"{took:.1f} s")
    return fresh


def main(*targets: Target) -> None:
    """The command line of a fuzzing module: the targets in turn, the time shared among them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    for each in targets:
        report = fuzz(each, options.minutes * 60 / len(targets), options.seed)
        print(f"{each.name}: {report}", flush=True)
