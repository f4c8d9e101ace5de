"""Two who commit to one appliance, each killed again and again in the middle of it.

    python -m tests.config.crashes DIR COMMITS SEED [long]

Two processes commit without end and write down each revision that they were told is committed. At
random moments one of them is killed, and another takes its place, until there are so many commits.
After every kill the files must be whole, and in the end the history must be: nobody was told of a
commit that is not in it, and whatever is in it without anybody having been told was in the making
when somebody was killed. One process forks all the others, since starting Python a thousand times
would be most of the test. With `long`, commits are added to the running file (see `committer`).
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from random import Random

from msgspec import Struct

from esashell.config.later import is_block
from esashell.config.revision import read
from esashell.config.tree import factory
from esashell.errors import CommitRefused
from tests.config.committer import one_commit, store, take_all_for_long

# A commit takes some milliseconds; a kill comes within about two of them.
SOON = 0.008


class Outcome(Struct, frozen=True):
    """What came of it: revisions, kills, how many were killed while the lock was theirs, and how
    many commits nobody was told of."""

    commits: int
    kills: int
    holding: int
    untold: int
    added: int


class Shell:
    """A process that commits until it is killed."""

    def __init__(self, directory: str, who: str) -> None:
        self.who = who
        self._told, theirs = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                _commit_without_end(directory, who, theirs)
            finally:
                os._exit(1)
        os.close(theirs)

    def kill(self) -> list[int]:
        """The revisions that it was told of before it died."""
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        with open(self._told, "rb") as pipe:
            said = pipe.read()
        assert os.WIFSIGNALED(status), f"{self.who} ended by itself: {said!r}"
        return [int(line) for line in said.split(b"\n")[:-1]]


def _commit_without_end(directory: str, who: str, told: int) -> None:
    kept = store(directory)
    while True:
        try:
            number = one_commit(kept, who)
            os.write(told, b"%d\n" % number)
            if number % 4 == 0:
                kept.settle()
        except CommitRefused as refused:
            said = str(refused)
            if "your changes began from revision" in said or "is committing" in said:
                continue  # the other one was faster
            os.write(told, repr(refused).encode())
            raise


def lock_is_free(directory: Path) -> bool:
    with open(directory / "lock", "rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def running(directory: Path) -> int:
    """What runs, after checking that it is a revision of the history."""
    # The running file is replaced meanwhile; the history's file of that number is there before it.
    found = read((directory / "running.toml").read_bytes(), "running.toml")
    assert store(str(directory)).revision(found.number) == found
    return found.number


def crash(directory: Path, commits: int, seed: int) -> Outcome:
    """Kill until there are so many revisions; AssertionError where something is not whole."""
    dice = Random(seed)
    where = str(directory)
    told = {one_commit(store(where), "first")}
    shells = [Shell(where, "alice"), Shell(where, "bob")]
    kills = holding = last = 0
    try:
        while last < commits:
            time.sleep(dice.uniform(0, SOON))
            place = dice.randrange(2)
            holder = f"(process {shells[place].pid})"
            told.update(shells[place].kill())
            kills += 1
            holding += holder in (directory / "lock").read_text("utf-8", "replace")
            shells[place] = Shell(where, shells[place].who)
            number = running(directory)
            assert number >= last, "an older revision runs again"
            last = number
    finally:
        for each in shells:
            told.update(each.kill())
    kills += 2
    assert lock_is_free(directory), "a lock stayed"
    untold = look_whole(directory, told, kills)
    assert one_commit(store(where), "last") > max(told)
    added = sum(is_block(path.read_bytes()) for path in (directory / "history").glob("*.toml"))
    return Outcome(last, kills, holding, untold, added)


def look_whole(directory: Path, told: set[int], kills: int) -> int:
    """Check the history to its beginning; how many of it nobody was told of."""
    kept = store(str(directory))
    history = kept.history()
    numbers = [head.number for head in history]
    assert numbers[0] == running(directory)
    assert [head.base for head in history] == [*numbers[1:], 0], "the chain is broken"
    assert told <= set(numbers), f"committed and lost: {sorted(told - set(numbers))}"
    for head in history:
        revision = kept.revision(head.number)
        base = revision.base
        assert revision.comment == f"on {base}"
        assert revision.config == factory(f"10.{base >> 16}.{base >> 8 & 255}.{base & 255}")
    untold = len(set(numbers) - told)
    assert untold <= kills
    for path in (directory / "history").glob("*.toml"):
        assert kept.revision(int(path.stem)).number == int(path.stem)
    return untold


if __name__ == "__main__":
    if sys.argv[4:] == ["long"]:
        take_all_for_long()
    print(crash(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), flush=True)
