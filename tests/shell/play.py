"""Plays lines to a whole session: at a scripted console, or at a real prompt through a pipe."""

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from esashell.clock import FixedClock
from esashell.dialogue.script import Script
from esashell.dialogue.terminal import Terminal
from esashell.shell.complete import complete
from esashell.shell.loop import Shell
from esashell.shell.names import KnownNames
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.input import Input

    from esashell.dialogue.interview import Console

NINE = 1_740_819_600_000_000  # 2025-03-01 09:00:00 UTC
KEYS = {"^C": "\x03", "^D": "\x04"}


LOGS = Path(__file__).parent.parent / "transcripts" / "logs"


class Heard(Output):
    """What goes to standard output as octets is said on the console, as on a terminal. Whoever
    follows a log presses Ctrl-C when nothing new has come."""

    console: "Console | None" = None
    watched = True

    def _put_octets(self, text: bytes) -> None:
        assert self.console is not None
        for line in text.decode().removesuffix("\n").split("\n"):
            self.console.say(line)

    def wait(self) -> None:
        raise KeyboardInterrupt


def session(folder: Path, logs: str = "") -> Session:
    """A session on an appliance in this folder, at nine o'clock on the first of March 2025.

    `logs` are files under `transcripts/logs` that the appliance has written.
    """
    if logs:
        copytree(LOGS / logs, folder / "logs", dirs_exist_ok=True)
    return Session(
        Options(), str(folder), Heard(json=False), clock=FixedClock(NINE), login=lambda: "admin"
    )


def shell(at: Session, console: "Console", *, hints: bool = True) -> Shell:
    """Its shell, which says everything on the console."""
    if isinstance(at.output, Heard):
        at.output.console = console
    return Shell(at, console, console.say, console.say if hints else None, attended=True)


class Overheard(Script):
    """A script that also keeps what commands said, and that ends the session after its lines."""

    def __init__(self, at: Session, lines: Iterable[str]) -> None:
        self._left = deque(lines)
        super().__init__(self._next_lines())
        self._at = at
        self.said: list[str] = []

    def _next_lines(self) -> Iterable[str]:
        while self._left:
            yield self._left.popleft()

    def command(self, prompt: str) -> str:
        if not self._left:
            self._at.leave()
            return ""
        return super().command(prompt)

    def say(self, text: str) -> None:
        self.said.append(text)
        super().say(text)

    def reject(self, text: str) -> None:
        super().say(text)


def scripted(at: Session, lines: Iterable[str]) -> Overheard:
    console = Overheard(at, lines)
    shell(at, console).run_all()
    return console


class Watched(Terminal):
    """A real terminal whose screen is written down: what was shown, asked and typed, in order."""

    def __init__(self, at: Session, keyboard: "Input") -> None:
        self.said: list[str] = []
        self._shown: list[str] = []
        names = KnownNames(at)
        super().__init__(
            lambda line: [(each.text, each.start, each.help) for each in complete(line, at, names)],
            self._hear,
            self._shown.append,
            names=names,
            input=keyboard,
            output=DummyOutput(),
        )

    @property
    def screen(self) -> str:
        return "".join(self._shown)

    def folded(self, text: str) -> str:
        return text  # the same on every screen

    def _hear(self, text: str) -> None:
        self.said.append(text)
        self._shown.append(text + "\n")

    def _line(self, session: "PromptSession[str]", prompt: str) -> str:
        pasted = bool(self._ahead)  # shown by the terminal itself
        try:
            text = super()._line(session, prompt)
        except KeyboardInterrupt:
            self._shown.append(f"{prompt}^C\n")
            raise
        if not pasted:
            self._shown.append(f"{prompt}{text}\n")
        return text


def keyed(at: Session, lines: Iterable[str]) -> Watched:
    """Type the lines at a real prompt, key by key."""
    keys = "".join(KEYS.get(line) or f"{line}\r" for line in lines)
    return _watched(at, lambda send: send(keys))


def typed(at: Session, lines: Iterable[str]) -> list[str]:
    """What commands said to lines that were typed at a real prompt."""
    return keyed(at, lines).said


def at_terminal(at: Session, play: Callable[[Callable[[str], None]], None]) -> list[str]:
    """What commands said to whatever `play` sends; the terminal then goes away."""
    return _watched(at, play).said


def _watched(at: Session, play: Callable[[Callable[[str], None]], None]) -> Watched:
    with create_pipe_input() as keyboard:
        terminal = Watched(at, keyboard)
        play(keyboard.send_text)
        keyboard.close()
        shell(at, terminal).run_all()
    return terminal
