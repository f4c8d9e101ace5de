"""What it costs to write a simulation's log: lines a second, from a queue's history to files.

    .venv/bin/python -m tests.bench.story [REPEATS]

The story is that of the built-in scenario `route`, whose messages wait for three days: most of its
lines are of attempts that failed. Events alone are what the story costs; with the logs of a new
appliance, what an operator waits for. Beside them the same lines, ready made, are written with one
`file.write` each.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from esashell.logs.files import log_files
from esashell.logs.subscriptions import Subscriptions
from esashell.simulate.run import Simulation
from esashell.simulate.story import Story
from esashell.simulate.volume import Volume
from tests.bench.timing import Measure, call, side_by_side
from tests.simulate.simulating import built

NAMES = ("mail_logs", "bounces")


def simulated(name: str = "route") -> Simulation:
    found = built(name)
    found.run(found.end)
    return found


def story_of(it: Simulation, volume: Volume) -> Story:
    return Story(it.lanes(), lambda: it.config, it.begun, volume)


def telling(it: Simulation, volume: Volume) -> Callable[[], None]:
    def tell() -> None:
        for _ in story_of(it, volume).tell(it.end):
            pass

    return tell


def writing(it: Simulation, volume: Volume, folder: Path) -> Callable[[], None]:
    def write() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            written(it, volume, Path(place))

    return write


def written(it: Simulation, volume: Volume, folder: Path) -> list[str]:
    """The lines, of all logs together."""
    logs = Subscriptions(str(folder))
    logs.follow(it.config, it.begun)
    for when, event in story_of(it, volume).tell(it.end):
        logs.record(event, when)
    assert logs.flush(it.end) == ()
    files = [each.path for name in NAMES for each in log_files(folder / name)]
    return [line for path in files for line in path.read_text().splitlines(keepends=True)]


def plain(lines: list[str], folder: Path) -> Callable[[], None]:
    def write() -> None:
        with (folder / "plain").open("w") as file:
            for line in lines:
                file.write(line)

    return write


def lines_per_second(repeats: int, folder: Path, every: int = 5) -> str:
    it, volume = simulated(), Volume(every=every, most=1 << 40)
    lines = written(it, volume, folder / "once")
    rows: dict[str, Measure] = {
        "file.write, lines ready made": call(plain(lines, folder)),
        "events alone": call(telling(it, volume)),
        "into mail_logs and bounces": call(writing(it, volume, folder)),
    }
    medians = side_by_side(rows, repeats=repeats)
    least = min(medians.values())
    return "\n".join(
        [
            f"lines a second of a simulated story, {len(lines):,} lines",
            *(
                f"  {name:42} {len(lines) / each * 1000:12,.0f} /s  {each / least:6.2f}x"
                for name, each in medians.items()
            ),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="What the log of a simulation costs.")
    parser.add_argument("repeats", nargs="?", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as place:
        print(lines_per_second(repeats, Path(place)))


if __name__ == "__main__":
    main()
