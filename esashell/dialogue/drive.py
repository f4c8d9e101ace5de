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
    from collections.abc import Callable, Generator, Iterable
    from typing import Any, Protocol, TypeVar

    from esashell.config.revision import Revision
    from esashell.config.tree import Config
    from esashell.dialogue.requests import Ask
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

        def commit(self, comment: str) -> Revision:
            """Make the working configuration the running one; raises `CommitRefused`."""

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


class Say(str):
    """A piece of text for the operator; a line end is put after it."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.say(self)


class Notice(Say):
    """The outcome of what was asked: under an answer it stands apart, after a blank line."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.notice(self)


class Moot(Say):
    """There is nothing to do, and this is why; more words on the line would not change that."""

    __slots__ = ()

    def perform(self, driver: Driver) -> None:
        driver.moot(self)


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
        if question.kind.name_in is not None:
            self.desk.note(question.kind.name_in(answer))

    def say(self, text: str) -> None:
        raise NotImplementedError

    def notice(self, text: str) -> None:
        self.say(text)

    def moot(self, text: str) -> None:
        self.say(text)

    def refuse(self, text: str) -> None:
        """An operation cannot be done, and why; the dialogue goes on."""
        self.say(text)

    def stage(self, config: Config) -> None:
        self.desk.stage(config)

    def commit(self, comment: str) -> Revision:
        return self.desk.commit(comment)

    def clear(self) -> int:
        return self.desk.clear()

    def flush(self) -> None:
        self.desk.flush()

    def leave(self) -> None:
        self.desk.leave()

    def converse(self, steps: Steps[R], tell: Callable[[Any], Iterable[str]]) -> R:
        """Hold a conversation; what `tell` has to say to its events is shown as they happen."""

        def listen(event: Any) -> None:
            for line in tell(event):
                self.say(line)

        return self.desk.converse(steps, listen)

    def show(self, record: Any) -> None:
        self.desk.show(record)
