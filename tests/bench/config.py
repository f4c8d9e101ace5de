"""What the size of the tables costs: loading, committing one change, finding the entry of a domain.

    .venv/bin/python -m tests.bench.config [REPEATS]

There are so many destination controls, and two routes for each five of them. The peer is tomllib,
reading the same file and making nothing of it. A file is loaded by a store that is new each time:
with what was kept beside the file, as a rule, and without, as after an edit by hand. A commit
changes one setting of one destination and is on the disk when it returns; what the disk has of it
is beside it, the same flushes of next to nothing. The first commit of a process has more to find
out than those after it. At the prompt a commit is also warned of and foretold.
"""

import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median

from esashell.clock import SystemClock
from esashell.config import durable
from esashell.config.lookup import Destinations, Routes
from esashell.config.revision import Revision
from esashell.config.store import Store
from esashell.config.tree import Config, factory
from esashell.dialogue.script import Script
from esashell.shell.loop import Shell
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from tests.bench.timing import call, report, side_by_side
from tests.config.large import large, with_another_limit, with_tables

SIZES = (100, 10_000, 100_000)
LOOKUPS = 1000
PEER = "tomllib"


def open_store(directory: Path) -> Store:
    return Store(directory, SystemClock(), factory("192.0.2.1"))


def disk(controls: int, repeats: int, directory: Path) -> str:
    """Load and commit with so many destination controls."""
    kept = open_store(directory)
    running = kept.commit(0, with_tables(controls, controls * 2 // 5), "bench", "")
    file = directory / "running.toml"

    def without() -> Revision:
        (directory / "running.cache").unlink(missing_ok=True)
        return open_store(directory).load()

    limits = count(1)

    def one_change() -> None:
        nonlocal running
        number = next(limits)
        config = with_another_limit(running.config, number % 50, number % 900 + 1)
        running = kept.commit(running.number, config, "bench", "")

    def flushes() -> None:
        durable.replace(directory / "flushed", b"x" * 400)
        with open(directory / "flushed", "ab") as added:
            added.write(b"x" * 400)
            added.flush()
            os.fsync(added.fileno())

    loaded = open_store(directory).load()
    assert loaded == without() == running
    time.sleep(2.1)  # a file that was changed a moment ago is compared, octet by octet
    # The file grows by 400 octets for each commit, and not while it is loaded.
    medians = side_by_side(
        {
            PEER: call(lambda: tomllib.loads(file.read_text())),
            "load, edited by hand": call(without),
            "load": call(lambda: open_store(directory).load()),
        },
        repeats,
    )
    commits: list[float] = []
    first: list[float] = []
    disk_alone: list[float] = []
    for _ in range(repeats):
        kept = open_store(directory)
        kept.load()
        first.append(_timed(one_change))
        for _ in range(9):
            commits.append(_timed(one_change))
            disk_alone.append(_timed(flushes))
    medians["first commit of a process"] = median(first)
    medians["commit of one change"] = median(commits)
    medians["the disk's part of it"] = median(disk_alone)
    medians["everything put in its place"] = _timed(kept.settle)
    medians["commit at the prompt"] = at_the_prompt(directory.parent, repeats)
    return report(f"{controls:,} controls, {file.stat().st_size / 1e6:.1f} MB", medians, PEER)


def at_the_prompt(state: Path, repeats: int) -> float:
    """From Enter behind `commit` to the next prompt."""
    session = Session(Options(), str(state), Output(json=False), login=lambda: "bench")
    script = Script([])
    shell = Shell(session, script, script.say)
    times = []
    for each in range(max(repeats, 3) + 1):
        tls = "on" if each % 2 else "require"
        shell.run_line(f"destconfig edit d{each * 3}.example.com use_tls={tls}")
        assert session.dirty, script.transcript
        times.append(_timed(lambda: shell.run_line("commit bench y")))
        assert not session.dirty
    session.close()
    return median(times[1:])


def _timed(work: Callable[[], object]) -> float:
    """In milliseconds."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def look_ups(repeats: int) -> str:
    """A thousand look-ups in tables of each size: exact names, names below one, unknown names."""
    measures = {f"{size:,} entries": call(searching(large(size))) for size in SIZES}
    medians = side_by_side(measures, repeats)
    return report(f"{LOOKUPS:,} look-ups", medians, f"{SIZES[0]:,} entries", "1x")


def searching(config: Config) -> Callable[[], None]:
    destinations, routes = Destinations(config.destinations), Routes(config.smtp_routes)
    known = len(config.smtp_routes)
    names = [
        name
        for each in range(LOOKUPS // 4)
        for name in (
            f"d{each % known}.example.com",
            f"r{each % known}.example.net",
            f"a.b.d{each % known}.example.com",
            f"unknown{each}.example.org",
        )
    ]

    def search() -> None:
        for each in names:
            destinations.control(each)
            routes.route(each)

    return search


def main(repeats: int, sizes: tuple[int, ...] = SIZES) -> None:
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            print(disk(size, repeats, Path(folder, "config")), flush=True)
    print(look_ups(max(repeats, 5)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
