"""The store among processes that die and processes that race."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from esashell.config.tree import factory
from tests.config.committer import one_commit, store
from tests.conftest import LONG

ROOT = Path(__file__).resolve().parents[2]


# A short configuration is written whole by every commit, to a long one commits are added.
both = pytest.mark.parametrize("length", [(), ("long",)], ids=["short", "long"])


@pytest.fixture(autouse=True)
def _as_the_committers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.getfixturevalue("length"):
        for name in ("revision.LONG", "running.LONG", "sidecar.LONG"):
            monkeypatch.setattr(f"esashell.config.{name}", 0)
        monkeypatch.setattr("esashell.config.running.MOST_BLOCKS", 5)


@contextmanager
def committer(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.config.committer", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def say(process: subprocess.Popen[str], line: str) -> str:
    """What the process answers to a line."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def look_whole(directory: Path) -> int:
    """The running revision's number, after checking that it and all before it are as committed."""
    kept = store(str(directory))
    running = kept.load()
    if not running.number:
        return 0
    # What runs is what was committed under that number.
    assert kept.revision(running.number) == running
    numbers = [head.number for head in kept.history()]
    assert numbers[0] == running.number
    assert [head.base for head in kept.history()] == [*numbers[1:], 0]
    for number in numbers:
        revision = kept.revision(number)
        assert revision.comment == f"on {revision.base}"
        base = revision.base
        assert revision.config == factory(f"10.{base >> 16}.{base >> 8 & 255}.{base & 255}")
    # Nor is anything else in the history damaged.
    for path in (directory / "history").glob("*.toml"):
        assert kept.revision(int(path.stem)).number == int(path.stem)
    return running.number


@both
def test_a_process_killed_at_any_moment_leaves_a_whole_revision(
    tmp_path: Path, length: tuple[str, ...]
) -> None:
    directory = tmp_path / "config"
    one_commit(store(str(directory)), "first")
    moments = Random(42)
    reached = [1]
    # Mostly about the first commit of its life, however fast this machine is at the moment, so
    # that every step of a commit gets its turn.
    longest = 0.012
    with committer("kill", str(directory), *length) as process:
        for _ in range(30):
            assert say(process, f"{moments.uniform(0, longest):.6f}") == "killed"
            reached.append(look_whole(directory))
            longest *= 0.8 if reached[-1] > reached[-2] else 1.4
    assert reached == sorted(reached)
    assert len(set(reached)) > 5  # they did get to commit
    assert one_commit(store(str(directory)), "admin") > reached[-1]
    assert look_whole(directory) > reached[-1]


@both
@pytest.mark.parametrize("earlier", [0, 2])
def test_a_process_that_stops_before_any_of_its_steps_leaves_a_whole_revision(
    tmp_path: Path, earlier: int, length: tuple[str, ...]
) -> None:
    outcomes = []
    reached = []
    with committer("steps", *length) as process:
        for step in range(1, 100):
            directory = tmp_path / str(step) / "config"
            for _ in range(earlier):
                one_commit(store(str(directory)), "earlier")
            outcomes.append(say(process, f"{step} {directory}"))
            reached.append(look_whole(directory))
            # And the next commit goes through, whatever was left lying about.
            one_commit(store(str(directory)), "later")
            assert look_whole(directory) > reached[-1]
            if outcomes[-1] == "done":
                break
    # The old revision up to some step, the new one from there on, and never anything else.
    renaming = reached.index(earlier + 1)
    assert reached == [earlier] * renaming + [earlier + 1] * (len(reached) - renaming)
    assert outcomes == ["stopped"] * (len(outcomes) - 1) + ["done"]
    assert renaming > 10
    assert len(reached) - renaming > 3


@both
def test_of_two_who_commit_at_once_exactly_one_wins_each_base(
    tmp_path: Path, length: tuple[str, ...]
) -> None:
    directory = tmp_path / "config"
    times = 25
    with (
        committer("race", str(directory), "alice", str(times), *length) as alice,
        committer("race", str(directory), "bob", str(times), *length) as bob,
    ):
        said = {who: process.communicate()[0] for who, process in (("alice", alice), ("bob", bob))}
        assert (alice.returncode, bob.returncode) == (0, 0)
    assert look_whole(directory) == 2 * times
    heads = store(str(directory)).history()
    assert [head.number for head in heads] == list(range(2 * times, 0, -1))
    for who, text in said.items():
        won = [int(line) for line in text.splitlines() if line.isdecimal()]
        assert won == [head.number for head in reversed(heads) if head.who == who]
        assert len(won) == times
        lost = [line for line in text.splitlines() if not line.isdecimal()]
        assert all("your changes began from revision" in line for line in lost)


@pytest.mark.slow
@both
def test_hundreds_of_commits_of_two_who_are_killed_all_the_time(
    tmp_path: Path, length: tuple[str, ...]
) -> None:
    # A thousand and more: python -m tests.config.crashes DIR COMMITS SEED [long]
    wanted = 1000 if LONG else 120
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.config.crashes"),
            *(str(tmp_path / "config"), str(wanted), "42", *length),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(
        r"Outcome\(commits=(\d+), kills=(\d+), holding=(\d+), untold=(\d+), added=(\d+)\)",
        done.stdout.strip(),
    )
    assert found
    commits, kills, holding, untold, added = map(int, found.groups())
    assert commits >= wanted
    assert kills > wanted // 4
    # They were killed in the middle of it, too: with the lock in hand, and after the renaming.
    assert holding > wanted // 40
    assert untold > 0 or not LONG
    assert (added > wanted // 3) == bool(length)
