"""Processes that commit, for the tests to kill and to race.

    python -m tests.config.committer kill DIR       for every line of stdin, a number of seconds:
                                                    fork a process that commits without end, kill
                                                    it after that time, and say so
    python -m tests.config.committer steps          for every line of stdin, "N DIR": fork a process
                                                    that commits and stops dead at its Nth step
    python -m tests.config.committer race DIR WHO N commit N times, beginning anew when refused

With one more word, `long`, they take every configuration for a long one: commits are added to the
running file, which is written anew after a few of them, and when a process has done with it.

One process forks the others, since starting Python thirty times would be most of the test.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from esashell.clock import SystemClock
from esashell.config import revision, running, sidecar
from esashell.config.store import Store
from esashell.config.tree import factory
from esashell.errors import CommitRefused


def store(directory: str) -> Store:
    return Store(Path(directory), SystemClock(), factory("192.0.2.1"), time.sleep)


def take_all_for_long() -> None:
    revision.LONG = running.LONG = sidecar.LONG = 0
    running.MOST_BLOCKS = 5


def one_commit(kept: Store, who: str) -> int:
    """The number of the revision; its only server says which revision it was built on."""
    base = kept.load().number
    address = f"10.{base >> 16}.{base >> 8 & 255}.{base & 255}"
    return kept.commit(base, factory(address), who, f"on {base}").number


def committing(directory: str) -> None:
    kept = store(directory)
    while True:
        if one_commit(kept, f"process {os.getpid()}") % 4 == 0:
            kept.settle()


def stopping_at(step: int) -> None:
    """Let every step on the disk of this process count, and end it without a word at this one."""
    left = step

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(9)
            return real(*arguments, **named)

        return call

    for name in ("open", "replace", "fsync", "ftruncate", "pwrite", "mkdir", "close"):
        setattr(os, name, counted(getattr(os, name)))
    import builtins

    builtins.open = counted(builtins.open)  # type: ignore[assignment]


def kill(directory: str) -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            committing(directory)
        time.sleep(float(line))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print("killed", flush=True)


def steps() -> None:
    for line in sys.stdin:
        step, directory = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if not child:
            kept = store(directory)
            kept.load()
            stopping_at(int(step))
            one_commit(kept, "stopped")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("stopped" if os.waitstatus_to_exitcode(status) == 9 else "done", flush=True)


def race(directory: str, who: str, times: str) -> None:
    kept = store(directory)
    won = 0
    while won < int(times):
        try:
            print(one_commit(kept, who), flush=True)
            won += 1
            if won % 4 == 0:
                kept.settle()
        except CommitRefused as refused:
            print(f"refused: {str(refused).splitlines()[0]}", flush=True)


if __name__ == "__main__":
    if sys.argv[-1] == "long":
        take_all_for_long()
        sys.argv.pop()
    {"kill": kill, "steps": steps, "race": race}[sys.argv[1]](*sys.argv[2:])
