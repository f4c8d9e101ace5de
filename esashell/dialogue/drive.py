"""What a dialogue is driven by.

A dialogue is a generator. It yields *requests* (say this, ask that, make this the working
configuration) and is sent the replies; it never touches a keyboard, a disk or a network, so the
same dialogue serves a terminal, a script on stdin and the one-line form, and a test runs it against
a list of typed lines. Three things meet here:

* a request knows which of a driver's duties it is (`perform`);
* a `Driver` answers requests. `Interview` puts every question to a console, `Batch` answers from
  the words of a command line, `outline` answers out of nothing to see what could be asked;
* a `Desk` is where the effects go: the session of a shell, or a test's logbook.

Ctrl-C arrives as KeyboardInterrupt and a closed input as EOFError. Both fly through `run`, which
closes the generator: the operation in hand is forgotten, whatever was staged before stays staged.
For that reason a dialogue must not yield inside `finally`.

This module and `interview`, `piped` are imported for every command line, however short. They
therefore leave msgspec and typing (30 ms, three times the interpreter's own start) to modules that
are wanted only when something is asked; this is why `Say` is a str and not a Struct.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from typing import Any, Protocol, TypeVar

    from esashell.config.revision import Revision
    from esashell.config.tree import Config
    from esashell.dialogue.requests import Archive, Ask
    from esashell.steps import Steps

    R = TypeVar("R")

    class Request(Protocol):
        """Anything that a dialogue may yield."""

        def perform(self, driver: Driver) -> Any:
            """The reply, which is sent into the dialogue."""

    Dialogue = Generator[Request, Any, R]

    class Desk(Protocol):
        """Where the effects of a dialogue go."""

        def stage(self, config: Config) -> None:
            """Make this the working configuration; nothing is running it yet."""

        def commit(self, comment: str, minutes: int = 0) -> Revision:
            """Make the working configuration the running one; raises `CommitRefused`.

            With `minutes` it is taken back after so many, unless it is confirmed.
            """

        def clear(self) -> int:
            """Forget what was staged; the time at which that was done, in microseconds."""

        def flush(self) -> None:
            """Forget what the resolver has learnt."""

        def leave(self) -> None:
            """End the session after this command."""

        def note(self, name: str) -> None:
            """Keep a domain name that was asked about, to offer it when one is wanted again."""

        def converse(self, steps: Steps[R], listen: Callable[[Any], None]) -> R:
            """Hold a conversation with the network and return what came of it."""

        def show(self, record: Any) -> None:
            """Hand over a result in the form that machines read."""

        def read_file(self, name: str) -> bytes:
            """A file of the folder for configurations; `OperatorError` where there is none."""

        def write_file(self, name: str, text: str) -> None:
            """Put a file there, whole; `OperatorError` where that is not possible."""

        def keep_pem(self, fingerprint: str, pem: str) -> None:
            """Keep certificates and a key for good; `OperatorError` where that is not possible."""

        def ciphers(self, ciphers: str, methods: tuple[str, ...]) -> tuple[str, ...]:
            """The suites that the TLS library knows by this list; `OperatorError` if it is none."""

        def progress(self, done: int, total: int) -> None:
            """Show how far a long conversation has come, where somebody watches it."""

        def read_text(self, path: str) -> str:
            """The text of an operator's file; raises `OperatorError`."""

        def save_text(self, path: str, text: str) -> None:
            """Write an operator's file, over what it held; raises `OperatorError`."""

        def search(self, work: Callable[[Archive], Any], paged: bool) -> Any:
            """Have logs searched; what `work` returns. Raises `OperatorError`."""

        def roll_over(self, names: Sequence[str]) -> None:
            """Begin new files of these logs; raises `OperatorError`."""

        def simulate(self, scenario: Any) -> None:
            """Be the appliance of a scenario, or with None the one that there was before."""


class Say(str):
    """A piece of text for the operator; a line end is put after it."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.say(self)


class Remark(Say):
    """A sentence or several: where the screen is narrow, a line of it ends between two words."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.remark(self)


class Notice(Remark):
    """The outcome of what was asked: under an answer it stands apart, after a blank line."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.notice(self)


class Moot(Remark):
    """There is nothing to do, and this is why; more words on the line would not change that."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.moot(self)


class Progress:
    """How far a long conversation has come: no line, but what a terminal may show in its last."""

    __slots__ = ("done", "total")

    def __init__(self, done: int, total: int) -> None:
        self.done = done
        self.total = total


class Driver:
    """Answers the requests of one dialogue. A driver is used once."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def run(self, dialogue: Dialogue[R]) -> R:
        """Drive the dialogue to its end; its result. Always leaves the generator closed."""
        reply: Any = None
        try:
            while True:
                try:
                    request = dialogue.send(reply)
                except StopIteration as stop:
                    result: R = stop.value
                    return result
                perform = getattr(request, "perform", None)
                if perform is None:
                    raise TypeError(f"{request!r} was yielded; did you mean 'yield from'?")
                reply = perform(self)
        finally:
            dialogue.close()

    def ask(self, question: Ask[Any]) -> Any:
        """The answer, already parsed."""
        raise NotImplementedError

    def note(self, question: Ask[Any], answer: Any) -> None:
        """Keep the name in the answer, where the question is one for names."""
        if question.kind.name_in is not None and (name := question.kind.name_in(answer)):
            self.desk.note(name)

    def say(self, text: str) -> None:
        raise NotImplementedError

    def remark(self, text: str) -> None:
        self.say(text)

    def notice(self, text: str) -> None:
        self.remark(text)

    def moot(self, text: str) -> None:
        self.remark(text)

    def refuse(self, text: str) -> bool:
        """An operation cannot be done, and why; the dialogue goes on. Whether the operation does as
        well: only where there is no operator, and nothing to spoil."""
        self.remark(text)
        return False

    def stage(self, config: Config) -> None:
        self.desk.stage(config)

    def commit(self, comment: str, minutes: int = 0) -> Revision:
        return self.desk.commit(comment, minutes)

    def clear(self) -> int:
        return self.desk.clear()

    def flush(self) -> None:
        self.desk.flush()

    def leave(self) -> None:
        self.desk.leave()

    def converse(self, steps: Steps[R], tell: Callable[[Any], Iterable[str | Progress]]) -> R:
        """Hold a conversation; what `tell` has to say to its events is shown as they happen."""
        return self.desk.converse(steps, self.listener(tell, self.say))

    def aside(self, steps: Steps[str]) -> None:
        """Hold a conversation and say what it comes to; nothing where it fails."""
        self.say_aside(steps, self.remark)

    def say_aside(self, steps: Steps[str], say: Callable[[str], None]) -> None:
        from esashell.errors import OperatorError

        try:
            text = self.desk.converse(steps, lambda event: None)
        except OperatorError:
            return
        if text:
            say(text)

    def listener(
        self, tell: Callable[[Any], Iterable[str | Progress]], say: Callable[[str], None]
    ) -> Callable[[Any], None]:
        """What listens to a conversation and shows what `tell` has to say to it."""

        def listen(event: Any) -> None:
            for line in tell(event):
                if isinstance(line, Progress):
                    self.desk.progress(line.done, line.total)
                else:
                    say(line)

        return listen

    def show(self, record: Any) -> None:
        self.desk.show(record)

    def read_file(self, name: str) -> bytes:
        return self.desk.read_file(name)

    def write_file(self, name: str, text: str) -> None:
        self.desk.write_file(name, text)

    def keep_pem(self, make: Callable[[], str]) -> str:
        from esashell.config.files.whole import fingerprint

        pem = make()
        name = fingerprint(pem)
        self.desk.keep_pem(name, pem)
        return name

    def ciphers(self, ciphers: str, methods: tuple[str, ...]) -> tuple[str, ...]:
        return self.desk.ciphers(ciphers, methods)

    def read_text(self, path: str) -> str:
        return self.desk.read_text(path)

    def save_text(self, path: str, text: str) -> None:
        self.desk.save_text(path, text)

    def search(self, work: Callable[[Archive], Any], paged: bool) -> Any:
        return self.desk.search(work, paged)

    def roll_over(self, names: Sequence[str]) -> None:
        self.desk.roll_over(names)

    def simulate(self, scenario: Any) -> None:
        self.desk.simulate(scenario)

    def act(self, work: Callable[[], Any]) -> Any:
        return work()
