"""A console over plain lines: stdin that is not a terminal, or a file of commands.

A line answers the question that is open and is a command otherwise, exactly as if the file had been
sent to an appliance over ssh. Questions are shown with their answers, so that the output of a
script can be read; the main prompt is not.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TextIO

    from esashell.dialogue.requests import Ask


class Piped:
    """`say` takes the text of commands, `prompt` whatever belongs to a question.

    `echo` shows the answers too, which only a terminal does by itself.
    """

    def __init__(
        self,
        lines: TextIO,
        say: Callable[[str], None],
        prompt: Callable[[str], None],
        *,
        echo: bool = True,
    ) -> None:
        self._lines = lines
        self._say = say
        self._prompt = prompt
        self._echo = echo
        self._begun = False

    def say(self, text: str) -> None:
        self._say(text)

    def tell(self, text: str) -> None:
        self._say(text)

    def reject(self, text: str) -> None:
        self._prompt(text + "\n")

    def interrupted(self) -> None:
        """Nothing was typed ahead."""

    def command(self, prompt: str) -> str:
        return self._line()

    def answer(self, question: Ask[Any]) -> str:
        from esashell.config.quoting import quoted
        from esashell.dialogue.requests import show_prompt

        self._prompt(show_prompt(question))
        try:
            text = self._line()
        except (EOFError, KeyboardInterrupt):
            self._prompt("\n")
            raise
        if self._echo:
            self._prompt(quoted(text, 500)[1:-1] + "\n")
        return text

    def _line(self) -> str:
        line = self._lines.readline()
        if not line:
            raise EOFError
        if not self._begun:
            self._begun = True
            line = line.removeprefix("\ufeff")  # some editors begin a file with this mark
        return line.removesuffix("\n").removesuffix("\r")
