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
    from collections.abc import Mapping
    from typing import Any, TextIO

    from esashell.shell.bar import Bar

PAUSE = 0.2  # seconds between two looks at what is followed
DIM, NORMAL = "\x1b[2m", "\x1b[0m"


class OutputLost(Exception):
    """Standard output takes nothing more; the text says why, and is empty where a reader left."""

    def __init__(self, error: OSError | None = None) -> None:
        if isinstance(error, BrokenPipeError):
            super().__init__("")
        else:
            super().__init__((error.strerror or str(error)) if error else "it is closed")


class Enough(Exception):
    """The operator does not want to see more of a command's output."""


def put(text: str) -> None:
    """Write to standard output; raises `OutputLost`."""
    if sys.stdout is None:  # the program was started with `>&-`
        raise OutputLost
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise OutputLost(error) from None


def put_octets(text: bytes) -> None:
    """Write octets to standard output; raises `OutputLost`."""
    if sys.stdout is None:
        raise OutputLost
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputLost(error) from None


def columns() -> int | None:
    """How wide the terminal is that standard output is; None when it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def shows_blocks() -> bool:
    """Whether standard output can have the block elements of Unicode."""
    try:
        "\u2581\u2588".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def wants_colour(wanted: bool | None, environment: Mapping[str, str]) -> bool:
    """Whether output is coloured: as the options say, else where a terminal wants it."""
    if wanted is not None:
        return wanted
    return sys.stdout is not None and sys.stdout.isatty() and terminal_colour(environment)


def terminal_colour(environment: Mapping[str, str]) -> bool:
    """Whether a terminal wants colour (no-color.org: any value but the empty one says no)."""
    return not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def abandon(stream: TextIO | None) -> None:
    """Let what a stream still holds go nowhere, or Python would fail with it once more at exit."""
    if stream is not None:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Output:
    def __init__(self, json: bool) -> None:
        self._json = json
        self._bar: Bar | None = None
        self._held: list[str] = []
        self._shown = False

    def say(self, text: str) -> None:
        if self._json:
            self._held.append(text)
        else:
            self._clear()
            put(text + "\n")

    def page(self, text: str) -> None:
        """`say` on a terminal, a screenful at a time; an operator who has seen enough says so."""
        if self._json:
            self._held.append(text)
            return
        from esashell.shell.pager import Pager

        self._clear()
        with suppress(Enough):
            Pager(put_octets).put(f"{text}\n".encode(errors="backslashreplace"))

    def octets(self, text: bytes) -> None:
        """Whole lines that are octets, such as a log's: never held back, and a result themselves.

        On a terminal they are made printable; anything else gets them as they are.
        """
        self._shown = True
        self._clear()
        if self.watched:
            from esashell.logs.shown import printable

            text = printable(text)
        self._put_octets(text)

    def _put_octets(self, text: bytes) -> None:
        put_octets(text)

    @property
    def watched(self) -> bool:
        """Whether somebody sees the output come."""
        return sys.stdout is not None and sys.stdout.isatty()

    def wait(self) -> None:
        """Let some time pass in which something new may come. Ctrl-C ends it."""
        from time import sleep

        try:
            sleep(PAUSE)
        except KeyboardInterrupt:
            if self.watched:
                put("\n")  # the terminal has written ^C where the prompt would begin
            raise

    @property
    def json(self) -> bool:
        """Whether results are for machines."""
        return self._json

    def progress(self, done: int, total: int) -> None:
        """Draw how far it has come, on standard error if that is a terminal, and nowhere else."""
        if self._bar is None:
            from esashell.shell.bar import Bar

            self._bar = Bar(total)
        self._bar.draw(done)

    def _clear(self) -> None:
        if self._bar is not None:
            self._bar.clear()

    @property
    def wants_records(self) -> bool:
        return self._json

    def show(self, record: Any) -> None:
        """A command's result; without `--json` its lines have told it already."""
        if not self._json:
            return
        import msgspec

        self._shown = True
        self._clear()
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
        self._clear()
        self._bar = None
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
