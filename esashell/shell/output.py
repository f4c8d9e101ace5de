"""What goes to standard output, and in which form.

With `--json` a command's lines are held back until it ends. If it had a result for machines, that
is printed as one line of JSON and the lines are dropped; a command without one prints its lines
after all. Whatever is not a result (questions, complaints) goes to standard error then.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DIM, NORMAL = "\x1b[2m", "\x1b[0m"


class Output:
    def __init__(self, json: bool) -> None:
        self._json = json
        self._held: list[str] = []
        self._shown = False

    def say(self, text: str) -> None:
        if self._json:
            self._held.append(text)
        else:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def show(self, record: Any) -> None:
        """A command's result; without `--json` its lines have told it already."""
        if not self._json:
            return
        import msgspec

        self._shown = True
        sys.stdout.write(msgspec.json.encode(record).decode() + "\n")

    def prompt(self, text: str) -> None:
        """Part of a question, put by a console that is not a terminal."""
        stream = sys.stderr if self._json else sys.stdout
        stream.write(text)
        stream.flush()

    def command_ends(self) -> None:
        if self._held and not self._shown:
            sys.stdout.write("\n".join(self._held) + "\n")
        self._held.clear()
        self._shown = False
        sys.stdout.flush()


def complain(text: str) -> None:
    """A line that is not a command's output."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
