"""`daneverify` beside posttls-finger: one domain, one resolver, one mail host, in the same run.

    .venv/bin/python -m tests.bench.verification [REPEATS]

Both live in a network of their own, where the lab has its true addresses and a validating unbound
stands in front of it. Each is started, verifies `ietf.org`, and ends. Postfix's program is written
in C and takes unbound's word for what is secure; ours is written in Python and validates everything
once more, from the root's key. Behind an unbound that knows the answers that is a comparison of the
two programs; behind one that has just been started and has to ask for all of them, it is what an
operator waits for in the morning.

The same verification inside of a running process, through the same sockets, shows how much of that
is the start of an interpreter: with a resolver that knows nothing, and with its cache full. Whoever
does not verify the domain gets no figure, but stops the benchmark.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from esashell.clock import SystemClock
from esashell.dane.table import Verified
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.anchors import anchor_text
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from esashell.worlds.live import Live
from tests.bench.timing import PYTHON, Measure, call, process, report, side_by_side
from tests.conftest import lacking, need
from tests.differential.namespace import own_network
from tests.differential.servers import here, lab_served, root_hints, unbound
from tests.differential.test_posttls_finger import MAIN_CF, RESOLV_CONF

DOMAIN = "ietf.org"
PEER = f"posttls-finger {DOMAIN}"
OURS = f"esashell -c 'daneverify {DOMAIN}'"
_RESOLVER = "127.0.0.1"
_LONGEST = 600.0  # seconds for all of it


class Bench:
    """The two programs, inside of the network; `borrowing` is what takes borrowed privileges away
    from a command."""

    def __init__(self, lab: Lab, folder: Path, borrowing: Sequence[str]) -> None:
        self.lab = lab
        self.folder = folder
        self._anchor = folder / "anchor"
        self._anchor.write_text(anchor_text(lab.anchor) + "\n")
        self._hints = root_hints(lab, folder)
        self._borrowing = list(borrowing)
        (folder / "main.cf").write_text(MAIN_CF)

    def unbound(self) -> AbstractContextManager[None]:
        way = f'    root-hints: "{self._hints}"'
        return unbound(here, self.folder, self._anchor.read_text(), port=53, way=way)

    def theirs(self) -> Measure:
        patience = ("-t", "5", "-T", "5")
        return process(
            [*self._borrowing, need("posttls-finger"), "-c", "-l", "dane", *patience, DOMAIN],
            {"MAIL_CONFIG": str(self.folder)},
            said="Verified TLS connection established to",
        )

    def ours(self, command: str, said: str) -> Measure:
        shell = [*self._borrowing, PYTHON, "-m", "esashell", "--world", "live", "--anchor"]
        state = self.folder / "state"
        return process([*shell, str(self._anchor), "--state", str(state), "-c", command], said=said)

    def within(self, resolver: Resolver | None = None) -> Measure:
        """The verification in this process; without a resolver, by a new one each time."""
        clock, world = SystemClock(), Live()

        def verify() -> None:
            asked = resolver or self.resolver()
            with world.session() as session:
                evidence = run(verify_domain(name_from_text(DOMAIN), Sender(asked, clock)), session)
            assert evidence.verdict is Verified.SUCCESS, evidence.reason

        return call(verify)

    def resolver(self) -> Resolver:
        return Resolver((Server(_RESOLVER),), (self.lab.anchor,), SystemClock())

    def programs(self) -> dict[str, Measure]:
        return {
            PEER: self.theirs(),
            OURS: self.ours(f"daneverify {DOMAIN}", f"DANE SUCCESS for {DOMAIN}"),
        }

    def behind_an_unbound_that_knows(self, repeats: int) -> str:
        measures = {
            **self.programs(),
            "esashell -c version": self.ours("version", "Version:"),
            "in a running process, cold cache": self.within(),
            "in a running process, warm cache": self.within(self.resolver()),
        }
        with self.unbound():
            side_by_side(measures, 1)
            medians = side_by_side(measures, repeats)
        return report(f"{DOMAIN} verified, unbound knows the answers", medians, PEER)

    def behind_a_new_unbound(self, repeats: int) -> str:
        def behind_a_new_one(measure: Measure) -> Measure:
            def once() -> float:
                with self.unbound():
                    return measure()

            return once

        measures = {**self.programs(), "in a running process, cold cache": self.within()}
        anew = {name: behind_a_new_one(each) for name, each in measures.items()}
        medians = side_by_side(anew, repeats)
        return report(f"{DOMAIN} verified, unbound has to ask for all of it", medians, PEER)


def inside(repeats: int, folder: Path, borrowing: Sequence[str]) -> None:
    """What is run in the network of one's own."""
    with lab_served(here, folder, "--add-addresses"):
        bench = Bench(Lab(SystemClock()), folder, borrowing)
        print(bench.behind_an_unbound_that_knows(repeats))
        print(bench.behind_a_new_unbound(repeats))


def measured(repeats: int, folder: Path) -> str:
    """Both tables; pytest's skip where this machine cannot have them."""
    for program in ("posttls-finger", "unbound"):
        need(program)
    with own_network() as space:
        if space is None:
            lacking("this machine permits no network namespace")
        space.put_over("/etc/resolv.conf", RESOLV_CONF, folder)
        command = (sys.executable, "-m", "tests.bench.verification", str(repeats), "--inside")
        done = space.run(*command, folder, *space.without_privilege(), timeout=_LONGEST)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("repeats", type=int, nargs="?", default=11)
    parser.add_argument("--inside", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        folder, *borrowing = given.inside
        inside(given.repeats, Path(folder), borrowing)
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(measured(given.repeats, Path(folder)), end="")
        except pytest.skip.Exception as missing:
            print(f"daneverify is not measured beside posttls-finger: {missing}")


if __name__ == "__main__":
    main()
