"""What the size of the tables costs: loading, committing one change, finding the entry of a domain.

    .venv/bin/python -m tests.bench.config [REPEATS]

The peer is tomllib, reading the same file and making nothing of it. A file is loaded by a store
that is new each time: with what was kept beside the file, as a rule, and without, as after an edit
by hand. A commit changes one setting of one destination and is on the disk when it returns.
"""

import sys
import tempfile
import tomllib
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

from esashell.clock import SystemClock
from esashell.config.lookup import Destinations, Routes
from esashell.config.revision import Revision
from esashell.config.store import Store
from esashell.config.tree import Config, factory
from tests.bench.timing import call, report, side_by_side
from tests.config.large import large, with_another_limit

SIZES = (100, 10_000, 100_000)
LOOKUPS = 1000
PEER = "tomllib"


def open_store(directory: Path) -> Store:
    return Store(directory, SystemClock(), factory("192.0.2.1"))


def disk(entries: int, repeats: int, directory: Path) -> str:
    """Load and commit with so many entries."""
    kept = open_store(directory)
    running = kept.commit(0, large(entries), "bench", "")
    file = directory / "running.toml"

    def without() -> Revision:
        (directory / "running.cache").unlink(missing_ok=True)
        return open_store(directory).load()

    limits = cycle((998, 999))

    def one_change() -> None:
        nonlocal running
        config = with_another_limit(running.config, 7, next(limits))
        running = kept.commit(running.number, config, "bench", "")

    loaded = open_store(directory).load()
    assert loaded == without() == running
    medians = side_by_side(
        {
            PEER: call(lambda: tomllib.loads(file.read_text())),
            "load, edited by hand": call(without),
            "load": call(lambda: open_store(directory).load()),
            "commit of one change": call(one_change),
        },
        repeats,
    )
    return report(f"{entries:,} entries, {file.stat().st_size / 1e6:.1f} MB", medians, PEER)


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
            print(disk(size, repeats, Path(folder)), flush=True)
    print(look_ups(max(repeats, 5)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
