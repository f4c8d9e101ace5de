"""A console that plays a list of typed lines and keeps what a terminal would have shown.

For tests and for documentation: the transcript is exact, prompts and typed text included. `^C` and
`^D` among the lines are those keys. Lines that run out are a closed input.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from esashell.config.revision import Head, Revision
from esashell.config.tree import Config
from esashell.dialogue.interview import Interview
from esashell.dialogue.requests import Archive, Ask, show_prompt
from esashell.errors import BadConfiguration, OperatorError
from esashell.resolver.budget import Effort
from esashell.resolver.rollover import TrustPoint
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

    def tell(self, text: str) -> None:
        self.say(text)

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
        self.running = self.factory = config
        self.staged: list[Config] = []
        self.commits: list[Revision] = []
        self.left = False
        self.effort = Effort()
        self.lifetime = Effort()
        self.trust_point: TrustPoint | None = None
        self.now = 0
        self.screen: Any = None  # plain
        self.flushed = 0
        self.shown: list[Any] = []
        self.noted: list[str] = []
        self.kept: dict[str, bytes] = {}
        self.texts: dict[str, str] = {}
        self.pems: dict[str, str] = {}
        self.log_folder = Path("logs")
        self.lines: list[bytes] = []
        self.rolled_over: list[str] = []
        self.foretells = False
        self.destinations: tuple[str, ...] = ()
        self.simulation: Any = None
        self.begun = 0
        self.user = "admin"
        self.simulated: list[Any] = []
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

    @property
    def head(self) -> Head:
        """Who committed what runs, and when."""
        return self.history()[0]

    def history(self) -> tuple[Head, ...]:
        """The commits, newest first; before the first, the factory's."""
        heads = tuple(each.head for each in reversed(self.commits))
        return heads or (Head(0, "factory", 0, ""),)

    def revision(self, number: int) -> Revision:
        """What was committed; 0 is what there was at the beginning."""
        if number == 0:
            return Revision(0, self.factory, "factory", 0, "")
        if not 0 < number <= len(self.commits):
            raise BadConfiguration(f"There is no revision {number}.")
        return self.commits[number - 1]

    def commit(self, comment: str, minutes: int = 0) -> Revision:
        number = len(self.commits) + 1
        deadline = self.now + minutes * 60_000_000 if minutes else 0
        self.commits.append(
            Revision(number, self.config, "admin", self.now, comment, number - 1, deadline)
        )
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

    def read_file(self, name: str) -> bytes:
        if name not in self.kept:
            raise OperatorError(f"Error: There is no file {name}.")
        return self.kept[name]

    def write_file(self, name: str, text: str) -> None:
        self.kept[name] = text.encode()

    def files(self) -> tuple[str, ...]:
        """The names of the files there are."""
        return tuple(sorted(self.kept))

    def keep_pem(self, fingerprint: str, pem: str) -> None:
        self.pems[fingerprint] = pem

    def pem(self, fingerprint: str) -> str:
        """What is kept under a fingerprint; "" for nothing."""
        return self.pems.get(fingerprint, "")

    def ciphers(self, ciphers: str, methods: tuple[str, ...]) -> tuple[str, ...]:
        """Without a TLS library, the words of the list."""
        if "no-such" in ciphers:
            raise OperatorError(f"Error: no cipher is known by {ciphers}.")
        return tuple(ciphers.split(":"))

    def search(self, work: Callable[[Archive], Any], paged: bool) -> Any:
        """Let logs in `log_folder` be searched; the lines are kept in `lines`. Waiting is ended by
        Ctrl-C at once."""
        return work(Archive(self.log_folder, self.lines.append, self._interrupt))

    def _interrupt(self) -> None:
        raise KeyboardInterrupt

    def roll_over(self, names: Sequence[str]) -> None:
        self.rolled_over += names

    def simulate(self, scenario: Any) -> None:
        self.simulated.append(scenario)

    def progress(self, done: int, total: int) -> None:
        """Nobody watches."""

    def read_text(self, path: str) -> str:
        return self.texts[path]

    def save_text(self, path: str, text: str) -> None:
        self.texts[path] = text


def scripted(dialogue: "Dialogue[Any]", lines: Iterable[str], desk: Logbook) -> str:
    """Run a dialogue against typed lines; the transcript. Ctrl-C and Ctrl-D just end it."""
    script = Script(lines)
    with suppress(KeyboardInterrupt, EOFError):
        Interview(desk, script).run(dialogue)
    return script.transcript
