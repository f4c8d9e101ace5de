"""How the benchmarks measure: whole processes, prompts on a pseudo-terminal, calls in this process.

Every figure is a median of repeats, and a figure and its peer take turns, so that a machine that is
busy for a while is busy for both. Trust the ratios.
"""

import os
import pty
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

# Compiled modules must be kept between the runs, as they are for everybody: without them each start
# would compile esashell anew, and not its peers.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

PYTHON = sys.executable  # the environment's own interpreter, never a version manager's shim
Measure = Callable[[], float]


def process(
    command: Sequence[str], env: Mapping[str, str] | None = None, *, said: str = ""
) -> Measure:
    """The milliseconds that a whole process takes; if something has to be said, and is not, it
    raises AssertionError instead."""
    heard = subprocess.PIPE if said else subprocess.DEVNULL

    def measure() -> float:
        started = time.perf_counter()
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=heard,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        taken = (time.perf_counter() - started) * 1000
        assert said.encode() in (done.stdout or b""), f"{command}: {done.stdout!r}"
        return taken

    return measure


def prompt(command: Sequence[str], shown: bytes, env: Mapping[str, str] | None = None) -> Measure:
    """The milliseconds from fork to the moment a prompt's text is seen on a pseudo-terminal."""

    def measure() -> float:
        started = time.perf_counter()
        pid, terminal = pty.fork()
        if pid == 0:  # pragma: no cover - the child becomes the program
            os.execvpe(command[0], list(command), {**os.environ, "TERM": "xterm", **(env or {})})
        seen = b""
        try:
            while shown not in seen:
                if not select.select([terminal], [], [], 20)[0]:
                    raise TimeoutError(f"no prompt; seen so far: {seen!r}")
                seen += os.read(terminal, 4096)
                if b"\x1b[6n" in seen:  # a terminal answers where its cursor is
                    os.write(terminal, b"\x1b[1;1R")
                    seen = seen.replace(b"\x1b[6n", b"")
            return (time.perf_counter() - started) * 1000
        finally:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
            os.close(terminal)

    return measure


def call(function: Callable[[], object]) -> Measure:
    """The milliseconds that one call takes in this process."""

    def measure() -> float:
        started = time.perf_counter()
        function()
        return (time.perf_counter() - started) * 1000

    return measure


def side_by_side(measures: Mapping[str, Measure], repeats: int) -> dict[str, float]:
    """The median of each measure, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(repeats):
        for name, measure in measures.items():
            taken[name].append(measure())
    return {name: statistics.median(values) for name, values in taken.items()}


def report(title: str, medians: Mapping[str, float], peer: str, aim: str = "") -> str:
    """A small table: milliseconds, and the ratio to the peer."""
    rows = [f"{title}{'   aim: ' + aim if aim else ''}"]
    for name, value in medians.items():
        ratio = value / medians[peer]
        rows.append(f"  {name:44} {value:9.2f} ms   {ratio:6.2f}x")
    return "\n".join(rows)
