"""The driver that puts every question to a console, until it has an answer that parses."""

from __future__ import annotations

from esashell.dialogue.drive import Driver
from esashell.errors import BadAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from esashell.dialogue.drive import Desk
    from esashell.dialogue.requests import Ask

    class Console(Protocol):
        """Where lines come from and text goes to: a terminal, a pipe, a test's script."""

        def say(self, text: str) -> None:
            """Show the text and end the line."""

        def tell(self, text: str) -> None:
            """Show sentences and end the line; long lines may be broken between words."""

        def reject(self, text: str) -> None:
            """Show why an answer was not taken."""

        def interrupted(self) -> None:
            """Forget what was typed ahead."""

        def command(self, prompt: str) -> str:
            """A line typed at the main prompt; EOFError when there are no more."""

        def answer(self, question: Ask[Any]) -> str:
            """A line typed at a question; the console shows the question as it sees fit."""


class Interview(Driver):
    """Asks the operator.

    A notice that follows an answer has a blank line before it, as on the appliance. A "?" for an
    answer explains the question: `about` brings the explanations by the questions' keys.
    """

    def __init__(
        self, desk: Desk, console: Console, about: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        super().__init__(desk)
        self.console = console
        self._about = about
        self._answered = False

    def ask(self, question: Ask[Any]) -> Any:
        if question.silent:
            return question.default
        while True:
            try:
                text = self.console.answer(question)
            except EOFError:
                if not question.ends:
                    raise
                return None
            self._answered = True
            if text.strip() == "?":
                self.console.reject(explained(question, self._about()))
                continue
            try:
                answer = question.take(text)
            except BadAnswer as error:
                self.console.reject(str(error))
            else:
                self.note(question, answer)
                return answer

    def say(self, text: str) -> None:
        self._answered = False
        self.console.say(text)

    def remark(self, text: str) -> None:
        self._answered = False
        self.console.tell(text)

    def notice(self, text: str) -> None:
        if self._answered:
            self.console.say("")
        self.remark(text)


MENUS = "(TechNote 117855; the empty answer from memory)"


def explained(question: Ask[Any], about: Mapping[str, str]) -> str:
    """One line about a question: what it is for, from where that is known, or what it takes."""
    # A question in front of others is about what they are about.
    for key in (question.key, *sorted(question.gates)):
        if key in about:
            return about[key]
    if question.kind.menu:
        return f"{question.kind.about}. {MENUS}"
    takes = f"{question.kind.about}. " if question.kind.about else ""
    return f"{takes}This question is not documented."
