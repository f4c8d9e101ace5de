"""What goes to standard output, and in which form.

With `--json` a command's lines are held back until it ends. If it had a result for machines, that
is printed as one line of JSON and the lines are dropped; a command without one prints its lines
after all, and one that failed has its failure for a result. Whatever is not a result (questions,
complaints) goes to standard error then.

Where standard output takes nothing more, nothing that is done from there on can be seen, so the
program ends: `OutputLost` flies past everything, and is no mistake of ours and no fault of a
command's. Standard error is another matter. There is nobody left to tell that it fails.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

DIM, NORMAL = "\x1b[2m", "\x1b[0m"


class OutputLost(Exception):
    """Standard output takes nothing more; the text says why, and is empty where a reader left."""

    def __init__(self, error: OSError | None = None) -> None:
        if isinstance(error, BrokenPipeError):
            super().__init__("")
        else:
            super().__init__((error.strerror or str(error)) if error else "it is closed")


def put(text: str) -> None:
    """Write to standard output; raises `OutputLost`."""
    if sys.stdout is None:  # the program was started with `>&-`
        raise OutputLost
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise OutputLost(error) from None


def abandon(stream: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, or Python would fail with it once more at exit."""
    if stream is not None:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Output:
    def __init__(self, json: bool) -> None:
        self._json = json
        self._held: list[str] = []
        self._shown = False

    def say(self, text: str) -> None:
        if self._json:
            self._held.append(text)
        else:
            put(text + "\n")

    def show(self, record: Any) -> None:
        """A command's result; without `--json` its lines have told it already."""
        if not self._json:
            return
        import msgspec

        self._shown = True
        put(msgspec.json.encode(record).decode() + "\n")

    def failed(self, command: str, text: str) -> None:
        """A command was refused or came to nothing: that is its result, if it had none so far."""
        if self._json and not self._shown:
            reason = _encodable(text.removeprefix("Error: "))
            name = _encodable(command)
            self.show({"schema": "esashell.error", "version": 1, "command": name, "error": reason})

    def prompt(self, text: str) -> None:
        """Part of a question, put by a console that is not a terminal."""
        if self._json:
            _tell(text)
        else:
            put(text)

    def command_ends(self) -> None:
        held, shown = self._held, self._shown
        self._held, self._shown = [], False
        put("" if shown or not held else "\n".join(held) + "\n")


def complain(text: str) -> None:
    """A line that is not a command's output."""
    # What was said before stands before it. Whoever says something next finds out if it cannot.
    if sys.stdout is not None:
        with suppress(OSError):
            sys.stdout.flush()
    _tell(text + "\n")


def _tell(text: str) -> None:
    if sys.stderr is not None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)


def _encodable(text: str) -> str:
    """Without the lone surrogates that stand for undecodable bytes of a command line."""
    return text.encode("utf-8", "replace").decode("utf-8")
