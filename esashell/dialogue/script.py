"""A console that plays a list of typed lines and keeps what a terminal would have shown.

For tests and for documentation: the transcript is exact, prompts and typed text included. `^C` and
`^D` among the lines are those keys. Lines that run out are a closed input.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from esashell.config.revision import Revision
from esashell.config.tree import Config
from esashell.dialogue.interview import Interview
from esashell.dialogue.requests import Ask, show_prompt
from esashell.resolver.budget import Effort
from esashell.steps import Session, run

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

R = TypeVar("R")


class Script:
    """The lines to come, and the screen so far."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._screen: list[str] = []

    @property
    def transcript(self) -> str:
        return "".join(self._screen)

    def say(self, text: str) -> None:
        self._screen.append(text + "\n")

    def reject(self, text: str) -> None:
        self.say(text)

    def interrupted(self) -> None:
        """Nothing was typed ahead."""

    def command(self, prompt: str) -> str:
        return self._typed(prompt)

    def answer(self, question: Ask[Any]) -> str:
        return self._typed(show_prompt(question))

    def _typed(self, prompt: str) -> str:
        self._screen.append(prompt)
        try:
            line = next(self._lines)
        except StopIteration:
            raise EOFError from None
        self._screen.append(line + "\n")
        if line == "^C":
            raise KeyboardInterrupt
        if line == "^D":
            raise EOFError
        return line


class Logbook:
    """A desk without a disk: it writes down what it is asked for, and tells what is configured.

    Conversations go through `session`; without one, a dialogue that holds any is a failure.
    """

    def __init__(self, config: Config, session: Session | None = None) -> None:
        self.running = config
        self.staged: list[Config] = []
        self.commits: list[Revision] = []
        self.left = False
        self.effort = Effort()
        self.now = 0
        self.flushed = 0
        self.shown: list[Any] = []
        self.noted: list[str] = []
        self._session = session

    @property
    def config(self) -> Config:
        """The working configuration."""
        return self.staged[-1] if self.staged else self.running

    @property
    def dirty(self) -> bool:
        return self.config != self.running

    def stage(self, config: Config) -> None:
        self.staged.append(config)

    def commit(self, comment: str) -> Revision:
        number = len(self.commits) + 1
        self.commits.append(Revision(number, self.config, "admin", 0, comment, number - 1))
        self.running = self.config
        return self.commits[-1]

    def clear(self) -> int:
        self.staged.clear()
        return 0

    def flush(self) -> None:
        self.flushed += 1

    def leave(self) -> None:
        self.left = True

    def note(self, name: str) -> None:
        self.noted.append(name)

    def converse(self, steps: "Steps[R]", listen: Callable[[Any], None]) -> R:
        if self._session is None:
            raise AssertionError("this dialogue was not expected to use the network")
        return run(steps, self._session, listen)

    def show(self, record: Any) -> None:
        self.shown.append(record)


def scripted(dialogue: "Dialogue[Any]", lines: Iterable[str], desk: Logbook) -> str:
    """Run a dialogue against typed lines; the transcript. Ctrl-C and Ctrl-D just end it."""
    script = Script(lines)
    with suppress(KeyboardInterrupt, EOFError):
        Interview(desk, script).run(dialogue)
    return script.transcript
