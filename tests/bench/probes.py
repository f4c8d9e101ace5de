"""STARTTLS probes by the thousand, beside posttls-finger: in a row, and eight at a time.

    .venv/bin/python -m tests.bench.probes [COUNT] [REPEATS] [--short] [--profile FILE]

Everything happens on loopback, in a network of its own, with one of the lab's mail hosts (P-256
certificates, TLS 1.2) at its true address: the same server, with the same work, for all three. A
probe is a connection, the greeting, EHLO, STARTTLS, a whole handshake, EHLO and QUIT. Nothing is
shared and nothing is resumed. Postfix's program is started anew for each, as it is made for; ours
is one process, its start included, as a batch is. They take turns, ours first and last.

Peers are measured with fewer probes, as they have no start-up that would spread; the figures are
milliseconds for each probe. Whoever does not come to TLS each time gets no figure.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pytest
from msgspec import Struct

from tests.bench.timing import PYTHON
from tests.conftest import lacking, need
from tests.differential.namespace import Namespace, own_network
from tests.differential.servers import lab_served
from tests.differential.test_posttls_finger import MAIN_CF

HOST = "4.31.198.44"  # mail.ietf.org, in the lab
WINDOW = 64
_ESTABLISHED = "TLS connection established to"


class Figures(Struct, frozen=True):
    """Milliseconds for each probe."""

    ours: float
    in_a_row: float
    eight_at_once: float
    handshakes: int

    def report(self, count: int) -> str:
        return "\n".join(
            (
                f"{count:,} STARTTLS probes   aim: 6x in a row, 3.5x eight at once",
                f"  {'esashell':32} {self.ours:8.2f} ms",
                f"  {'posttls-finger, in a row':32} {self.in_a_row:8.2f} ms   "
                f"{self.in_a_row / self.ours:6.2f}x",
                f"  {'xargs -P8 posttls-finger':32} {self.eight_at_once:8.2f} ms   "
                f"{self.eight_at_once / self.ours:6.2f}x",
            )
        )


class Bench:
    def __init__(self, space: Namespace, folder: Path) -> None:
        self.space = space
        self.folder = folder
        (folder / "main.cf").write_text(MAIN_CF)
        self._finger = space.without_privilege(
            "env", f"MAIL_CONFIG={folder}", need("posttls-finger"), "-c", "-l", "may", f"[{HOST}]"
        )

    def ours(self, count: int, *profile: str) -> tuple[float, int]:
        side = (PYTHON, "-m", "tests.bench.probe_side", str(count), HOST, str(WINDOW), *profile)
        began = time.perf_counter()
        done = self.space.run(*side, timeout=600)
        taken = time.perf_counter() - began
        assert done.returncode == 0, done.stderr
        good, handshakes = map(int, done.stdout.split())
        assert good == count, done.stdout
        return taken * 1000 / count, handshakes

    def theirs(self, count: int, at_once: int) -> float:
        """So many of them by `xargs`; one at a time is in a row."""
        words = ("xargs", "-I{}", f"-P{at_once}", *self._finger)
        began = time.perf_counter()
        done = self.space.run(
            *words, input="".join(f"{each}\n" for each in range(count)), timeout=600
        )
        taken = time.perf_counter() - began
        assert done.stdout.count(_ESTABLISHED) == count, (done.stdout[-500:], done.stderr[-500:])
        return taken * 1000 / count


def measured(count: int, repeats: int, folder: Path) -> Figures:
    """Medians; pytest's skip where this machine cannot have them."""
    need("posttls-finger")
    with own_network() as space:
        if space is None:
            lacking("this machine permits no network namespace")
        with lab_served(space.command, folder, "--add-addresses"):
            bench = Bench(space, folder)
            peers = max(1, count // 5)
            bench.ours(min(count, 20))
            ours, row, eight, handshakes = [], [], [], 0
            for _ in range(repeats):
                taken, handshakes = bench.ours(count)
                ours.append(taken)
                row.append(bench.theirs(peers, 1))
                eight.append(bench.theirs(peers, 8))
                ours.append(bench.ours(count)[0])
    return Figures(
        statistics.median(ours), statistics.median(row), statistics.median(eight), handshakes
    )


def profiled(count: int, profile: str, folder: Path) -> None:
    """Where our time goes."""
    with own_network() as space:
        assert space is not None
        with lab_served(space.command, folder, "--add-addresses"):
            Bench(space, folder).ours(count, str(Path(profile).resolve()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=1000)
    parser.add_argument("repeats", type=int, nargs="?", default=3)
    parser.add_argument("--short", action="store_true", help="50 probes, once")
    parser.add_argument("--profile", metavar="FILE", help="where our time goes, instead")
    given = parser.parse_args()
    count, repeats = (50, 1) if given.short else (given.count, given.repeats)
    with tempfile.TemporaryDirectory() as folder:
        if given.profile:
            profiled(count, given.profile, Path(folder))
            return
        try:
            print(measured(count, repeats, Path(folder)).report(count))
        except pytest.skip.Exception as missing:
            sys.exit(f"probes are not measured: {missing}")


if __name__ == "__main__":
    main()
