"""The whole check as one command: `python3 -m tests`, or `python3 tests` from anywhere.

It needs a Python and nothing else. The tools live in `.venv` in the checkout; that is made when it
is missing and brought up to date when `pyproject.toml` has changed, and in every other case no
package index is asked. Then, in this order: formatting, lint, types, and the tests, of which the
layer rules are one. All of them run even when one is red, so that one look shows everything; the
exit status is that of the first red one.

    python3 -m tests                       everything
    python3 -m tests --fast                without other people's programs and without benchmarks
    python3 -m tests -k referral -x        whatever else is written goes to pytest

Only the standard library is imported here: this file runs before the environment exists.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "made-from"
OLDEST = (3, 11)

Command = list  # of words

# Seconds after which a check has gone wrong somehow.
_LONGEST = 900.0

# What cannot be spread over processes, since it wants the terminal for itself.
_ALONE = ("--pdb", "--trace", "-s", "--capture=no", "--collect-only", "--co")


def wanted_stamp() -> str:
    """What an environment that is up to date was made from: these needs, for this folder."""
    needs = (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(needs + str(ROOT).encode()).hexdigest()


def _works(python: Path) -> bool:
    try:
        asked = subprocess.run([str(python), "-c", ""], check=False, capture_output=True)
    except OSError:
        return False
    return asked.returncode == 0


def make_environment() -> None:
    """Make `.venv`, or bring it up to date; does nothing when it is."""
    working = _works(PYTHON)
    if working and STAMP.is_file() and STAMP.read_text() == wanted_stamp():
        return
    print("making .venv ..." if not working else "bringing .venv up to date ...", flush=True)
    commands = [[str(PYTHON), "-m", "pip", "install", "-q", "-e", ".[dev]"]]
    if not working:
        commands.insert(0, [sys.executable, "-m", "venv", "--clear", str(VENV)])
    quiet = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    for command in commands:
        if subprocess.run(command, cwd=ROOT, env=quiet, check=False).returncode:
            sys.exit("the environment could not be made: " + " ".join(command))
    STAMP.write_text(wanted_stamp())


def inside() -> bool:
    """Whether the Python that runs this is the one in `.venv`."""
    return VENV.is_dir() and os.path.samefile(sys.prefix, VENV)


def checks(words: Command) -> dict:
    """Each check by its name, as the command that makes it."""
    words = list(words)
    fast = "--fast" in words
    if fast:
        words = [word for word in words if word != "--fast"]
    python = str(PYTHON)
    pytest = [python, "-m", "pytest", "-q"]
    if not any(word in _ALONE or word.startswith("-n") for word in words):
        # Two, and no more: beyond that, starting the workers costs what they save.
        pytest += ["-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadgroup"]
    if fast:
        pytest += ["--ignore=tests/differential", "--ignore=tests/bench"]
    return {
        "format": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "lint": [python, "-m", "ruff", "check", "--quiet", "."],
        "types": [python, "-m", "mypy", "--no-error-summary"],
        "tests": pytest + words,
    }


def outcome(commands: dict, longest: float = _LONGEST) -> int:
    """Run every command, say how each went and how long it took; the first bad status, or 0."""
    results = []
    for name, command in commands.items():
        sys.stdout.flush()
        started = time.monotonic()
        try:
            status = subprocess.run(command, cwd=ROOT, check=False, timeout=longest).returncode
        except subprocess.TimeoutExpired:
            print(f"{name}: no end after {longest} s", flush=True)
            status = 1
        results.append((name, status, time.monotonic() - started))
    print()
    for name, status, seconds in results:
        print(f"{name:8} {'ok' if status == 0 else 'RED':4} {seconds:6.1f} s")
    # A negative status is a signal's number; an exit status must not be cut down to 0 by the shell.
    return next((abs(status) & 0xFF or 1 for _, status, _ in results if status), 0)


def main(words: Command) -> int:
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"esashell needs Python {'.'.join(map(str, OLDEST))} or newer; this is {found}")
    if not inside():
        make_environment()
        os.chdir(ROOT)
        os.execv(PYTHON, [str(PYTHON), "-m", "tests", *words])
    return outcome(checks(words))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
