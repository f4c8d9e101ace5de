"""Two operators at one appliance, each with a program of her own: nothing is lost silently."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from esashell.clock import SystemClock
from esashell.config.changes import changes
from esashell.config.store import Store
from esashell.shell.options import Options
from esashell.shell.worlds import new_appliance

ROOT = Path(__file__).resolve().parents[2]


def kept(state: Path) -> Store:
    return Store(state / "config", SystemClock(), new_appliance(Options(), None))


@contextmanager
def operator(state: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """The program, with its lines coming through a pipe."""
    with subprocess.Popen(
        [sys.executable, "-m", "esashell", "--state", str(state), *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def say(process: "subprocess.Popen[str]", line: str) -> list[str]:
    """What is said to a command line, up to the block that `version` prints after it."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\nversion\n")
    process.stdin.flush()
    said: list[str] = []
    while not (heard := process.stdout.readline()).startswith("Version: "):
        assert heard, f"{line}: it ended after {said}"
        said.append(heard.rstrip("\n"))
    return said[:-4]


def test_two_shells_merge_what_differs_and_refuse_what_does_not(tmp_path: Path) -> None:
    with operator(tmp_path) as alice, operator(tmp_path) as bob:
        assert say(alice, "smtproutes new a.example relay.example.com") == []
        assert say(bob, "smtproutes new b.example relay.example.com") == []
        assert say(bob, "sethostname bob.example.com") == []
        assert say(alice, "sethostname alice.example.com") == []
        assert say(alice, 'commit "hers"')[-1].startswith("Changes committed: ")
        refused = "\n".join(say(bob, 'commit "his"'))
        # Who, when and what; and both sides of what is contested.
        assert "Not committed: your changes began from revision 0" in refused
        assert '"hers":' in refused
        assert "UTC" in refused
        assert "smtp_routes[a.example]: added" in refused
        assert 'hostname: "myesa.local" -> "bob.example.com" (yours)' in refused
        assert 'hostname: "myesa.local" -> "alice.example.com" (running)' in refused
        # His work is still there, whole, until he decides.
        pending = "\n".join(say(bob, "showchanges"))
        assert "b.example: added" in pending
        assert "bob.example.com" in pending
        assert say(bob, "sethostname alice.example.com") == []
        assert "They now stand on revision 1" in "\n".join(say(bob, 'commit "his"'))
        assert say(bob, 'commit "his"')[-1].startswith("Changes committed: ")
    running = kept(tmp_path).load()
    assert running.config.hostname == "alice.example.com"
    assert [each.domain for each in running.config.smtp_routes] == ["a.example", "b.example"]
    assert [head.comment for head in kept(tmp_path).history()] == ["his", "hers"]


LINES = {
    "alice": 'sethostname a{0}.example.com; commit "alice {0}"; commit "alice {0} again"\n',
    "bob": 'smtproutes new d{0}.example relay.example.com; commit "bob {0}"; commit "bob {0}"\n',
}


@pytest.mark.slow
def test_programs_that_are_killed_leave_one_whole_history(tmp_path: Path) -> None:
    """Both type as fast as they can, and neither is let come to an end."""
    dice = Random(7)
    history = tmp_path / "config" / "history"
    told = 0
    for turn in range(4):
        with operator(tmp_path) as alice, operator(tmp_path) as bob:
            # Not after a time: how much that is depends on what else the machine has to do.
            enough = len(list(history.glob("*"))) + dice.randrange(2, 9)
            for name, process in (("alice", alice), ("bob", bob)):
                assert process.stdin
                lines = (LINES[name].format(1000 * turn + each) for each in range(200))
                process.stdin.write("".join(lines))
                process.stdin.flush()
            deadline = time.monotonic() + 60
            while len(list(history.glob("*"))) < enough:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            for process in dice.sample([alice, bob], 2):
                time.sleep(dice.uniform(0, 0.1))
                process.kill()
                assert process.stdout
                said = process.stdout.read()
                assert "mistake of this program" not in said
                told += said.count("Changes committed: ")
    store = kept(tmp_path)
    heads = store.history()
    assert told <= len(heads)
    assert len(heads) >= 8
    assert len(heads) - told <= 8 + len(heads) // 2  # the last words of a killed program are lost
    for head in heads:
        was, now = store.revision(head.base).config, store.revision(head.number).config
        touched = {each.path.partition("[")[0] for each in changes(was, now)}
        assert touched == ({"hostname"} if head.comment.startswith("alice") else {"smtp_routes"})
    # And the next one finds no lock.
    with operator(tmp_path) as carol:
        say(carol, "sethostname carol.example.com")
        assert say(carol, 'commit "hers"')[-1].startswith("Changes committed: ")
