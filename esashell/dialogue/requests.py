"""What a dialogue can ask for. `Ask`, a question, is the only request that the operator answers."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from esashell.dialogue.drive import Driver, Moot, Notice, Progress, Remark, Say
from esashell.dialogue.questions import Ask, Kind, show_prompt
from esashell.errors import OperatorError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from esashell.config.revision import Revision
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

__all__ = [
    "Act",
    "Archive",
    "Aside",
    "Ask",
    "Ciphers",
    "Clear",
    "Commit",
    "Do",
    "DoUntilStopped",
    "Flush",
    "KeepPem",
    "Kind",
    "Leave",
    "Moot",
    "Notice",
    "ReadFile",
    "ReadText",
    "Refuse",
    "Remark",
    "RollOver",
    "SaveText",
    "Say",
    "Search",
    "Show",
    "Simulate",
    "Stage",
    "WriteFile",
    "do",
    "do_until_stopped",
    "show_prompt",
]

R = TypeVar("R")


class Refuse(Struct, frozen=True):
    """An operation cannot be done. A menu goes on after it; a one-line command fails with it.

    The reply is whether to go on with the operation all the same, as one does who only reads which
    questions it has. It matters where some are still to come.
    """

    text: str

    def perform(self, driver: Driver) -> bool:
        return driver.refuse(self.text)


class Stage(Struct, frozen=True):
    """An operation is complete: its result becomes the working configuration."""

    config: "Config"

    def perform(self, driver: Driver) -> None:
        driver.stage(self.config)


class Commit(Struct, frozen=True):
    """Make the working configuration the running one. The reply is the new `Revision`.

    With `minutes` it is taken back after so many, unless it is confirmed.
    """

    comment: str
    minutes: int = 0

    def perform(self, driver: Driver) -> "Revision":
        return driver.commit(self.comment, self.minutes)


class Clear(Struct, frozen=True):
    """Forget what is staged. The reply is the time in microseconds."""

    def perform(self, driver: Driver) -> int:
        return driver.clear()


class Flush(Struct, frozen=True):
    """Forget what the resolver has learnt, so that everything is asked for anew."""

    def perform(self, driver: Driver) -> None:
        driver.flush()


class Leave(Struct, frozen=True):
    """The session ends after this command."""

    def perform(self, driver: Driver) -> None:
        driver.leave()


class ReadFile(Struct, frozen=True):
    """The bytes of a file in the appliance's folder for configurations; or the `OperatorError`
    that says why there are none, for the dialogue to go on with."""

    name: str

    def perform(self, driver: Driver) -> bytes | OperatorError:
        try:
            return driver.read_file(self.name)
        except OperatorError as error:
            return error


class WriteFile(Struct, frozen=True):
    """Put a text into the appliance's folder for configurations under this name, whole. The reply
    is why that could not be done, or None."""

    name: str
    text: str

    def perform(self, driver: Driver) -> OperatorError | None:
        try:
            driver.write_file(self.name, self.text)
        except UsageError:
            raise  # of the line that the words are on, and not of the file
        except OperatorError as error:
            return error
        return None


class KeepPem(Struct, frozen=True):
    """Keep a certificate and its key, or authorities; nothing that is kept is ever changed.

    `make` is called when it is time for that, since making a key costs something. The reply is the
    fingerprint that it is kept under, or why that could not be done.
    """

    make: Callable[[], str]

    def perform(self, driver: Driver) -> str | OperatorError:
        try:
            return driver.keep_pem(self.make)
        except UsageError:
            raise
        except OperatorError as error:
            return error


class Ciphers(Struct, frozen=True):
    """The cipher suites that a side of our TLS offers, as the library knows them, best first; or
    the `OperatorError` that says what is wrong with the list."""

    ciphers: str
    methods: tuple[str, ...]

    def perform(self, driver: Driver) -> tuple[str, ...] | OperatorError:
        try:
            return driver.ciphers(self.ciphers, self.methods)
        except OperatorError as error:
            return error


def _silent(event: Any) -> Iterable[str | Progress]:
    return ()


class Do(Struct, frozen=True):
    """Hold a conversation with the network; the reply is what the steps return.

    `tell` turns an event of the conversation into lines, which are shown while it goes on.
    """

    steps: "Steps[Any]"
    tell: Callable[[Any], Iterable[str | Progress]] = _silent

    def perform(self, driver: Driver) -> Any:
        return driver.converse(self.steps, self.tell)


class Aside(Struct, frozen=True):
    """Hold a conversation, and say what comes of it, where that is anything.

    It changes nothing and nothing depends on it. So what fails there is not said, and on a command
    line it waits until all of the line is understood.
    """

    steps: "Steps[str]"

    def perform(self, driver: Driver) -> None:
        driver.aside(self.steps)


class DoUntilStopped(Do, frozen=True):
    """A conversation that Ctrl-C ends, and not the command: the reply is whether it came to its
    own end."""

    def perform(self, driver: Driver) -> bool:
        try:
            driver.converse(self.steps, self.tell)
        except KeyboardInterrupt:
            return False
        return True


class ReadText(Struct, frozen=True):
    """Read a file of the operator's own, wherever it is; the reply is its text."""

    path: str

    def perform(self, driver: Driver) -> str:
        return driver.read_text(self.path)


class SaveText(Struct, frozen=True):
    """Write a file of the operator's own, wherever it is, over what it held."""

    path: str
    text: str

    def perform(self, driver: Driver) -> None:
        driver.save_text(self.path, self.text)


class Archive(Struct, frozen=True):
    """What a search of logs is given.

    `folder` has a folder for each log. Lines go to `put`, whole and as octets, in large pieces:
    they are never held back. `watched` says that somebody sees them come, and `machines` that they
    are to be JSON. `wait` lets some time pass; Ctrl-C is what ends that. `processes` may be used.
    """

    folder: "Path"
    put: Callable[[bytes], None]
    wait: Callable[[], None]
    watched: bool = False
    machines: bool = False
    processes: int = 1


class Search(Struct, frozen=True):
    """Look into the files of logs; the reply is what `work` returns.

    `paged`: stop at each screenful, where there is a screen.
    """

    work: Callable[[Archive], Any]
    paged: bool = False

    def perform(self, driver: Driver) -> Any:
        return driver.search(self.work, self.paged)


class RollOver(Struct, frozen=True):
    """Save the current files of these logs and begin others."""

    names: tuple[str, ...]

    def perform(self, driver: Driver) -> None:
        driver.roll_over(self.names)


class Simulate(Struct, frozen=True):
    """Be the appliance of this scenario from here on; of none: be the one that there was before."""

    scenario: Any

    def perform(self, driver: Driver) -> None:
        driver.simulate(self.scenario)


class Act(Struct, frozen=True):
    """Do something to the mail that waits; the reply is what `work` returns."""

    work: Callable[[], Any]

    def perform(self, driver: Driver) -> Any:
        return driver.act(self.work)


class Show(Struct, frozen=True):
    """The command's result as a record, for those who asked for JSON instead of lines; of one that
    is long in the making, what makes it."""

    record: Any

    def perform(self, driver: Driver) -> None:
        driver.show(self.record)


def do(
    steps: "Steps[R]", tell: Callable[[Any], Iterable[str | Progress]] = _silent
) -> "Dialogue[R]":
    """`Do`, with the reply's type kept."""
    result: R = yield Do(steps, tell)
    return result


def do_until_stopped(
    steps: "Steps[Any]", tell: Callable[[Any], Iterable[str | Progress]]
) -> "Dialogue[bool]":
    """`DoUntilStopped`, with the reply's type kept."""
    ended: bool = yield DoUntilStopped(steps, tell)
    return ended
