"""The console of a real terminal, on prompt_toolkit.

Commands have a history and completion by Tab; answers have the words of their own question and no
history, so that arrow-up at a question never brings back a command. A paste is typed text: each of
its line ends is an Enter, the lines after the first are taken by the prompts that follow, and what
stands after the last line end waits to be edited. One that is longer than any sensible script is
not entered at all, and a line says so.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from esashell.config.quoting import quoted
from esashell.dialogue.paste import PasteReader
from esashell.dialogue.requests import Ask, show_prompt

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.input import Input
    from prompt_toolkit.output import Output

LONG_QUESTION = 100  # lines: a table stands in it, and no list of choices is that long
EVERY = 1.0  # seconds between two looks at what is to be done first
LONGEST_PASTE = 256 * 1024  # characters; a long configuration script is a tenth of it
LONGEST_LINE = 8 * 1024  # characters; the whole line is laid out again at every key

Complete = Callable[[str], Sequence[tuple[str, int, str]]]
"""From the text before the cursor to (text, start relative to the cursor, one-line help)."""

Names = Callable[[], Iterable[str]]
"""The domain names that are known; they are sought only where Tab is pressed for one."""


class _Completer(Completer):
    def __init__(self, complete: Complete) -> None:
        self._complete = complete

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        blank_follows = document.text_after_cursor.startswith(" ")
        for text, start, meta in self._complete(document.text_before_cursor):
            put = text.removesuffix(" ") if blank_follows else text
            yield Completion(put, start, display=text.rstrip(), display_meta=meta or None)


def _words_of(question: Ask[Any], names: Names) -> Complete:
    def complete(typed: str) -> Sequence[tuple[str, int, str]]:
        return [(each, -len(typed), "") for each in question.kind.offered(typed, names)]

    return complete


class Terminal:
    """`say` takes the text of commands, `prompt` whatever belongs to a question.

    `recall` says whether the prompt for a command is to come back with an empty line, because there
    is something to be done first; what was typed so far stands at the next one. Where it says None,
    there is nothing to look out for; else it is asked every second.
    `page` shows a text that is longer than the screen.
    `history` is a file, created for the owner's eyes only; None keeps history in memory.
    """

    def __init__(
        self,
        complete: Complete,
        say: Callable[[str], None],
        prompt: Callable[[str], None],
        history: str | None = None,
        *,
        page: Callable[[str], None] | None = None,
        names: Names = tuple,
        input: "Input | None" = None,  # noqa: A002  (prompt_toolkit's own name)
        output: "Output | None" = None,
        recall: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._recall = recall
        self._ahead: deque[str] = deque()
        self._draft = ""
        self._too_long = False
        self._say = say
        self._page = page or say
        self._prompt = prompt
        self._names = names
        self._commands: PromptSession[str] = PromptSession(
            history=_history(history),
            completer=_Completer(complete),
            complete_while_typing=False,
            enable_suspend=False,
            key_bindings=self._keys(),
            input=input,
            output=output,
        )
        _long_pastes(self._commands.input)
        self._answers: PromptSession[str] | None = None

    def say(self, text: str) -> None:
        if self._is_longer_than(text, self._rows() - 1):
            self._page(text)
        else:
            self._say(text)

    def tell(self, text: str) -> None:
        self.say(self.folded(text))

    def reject(self, text: str) -> None:
        self._prompt(self.folded(text) + "\n")

    def _rows(self) -> int:
        return self._commands.output.get_size().rows

    def _is_longer_than(self, text: str, lines: int) -> bool:
        """Whether to stop on the way. What is pasted is not to answer where nothing was asked."""
        return not self._ahead and text.count("\n") >= lines

    def folded(self, text: str) -> str:
        """The text with its long lines broken between words, where the screen ends."""
        from textwrap import wrap

        width = self._commands.output.get_size().columns
        lines = (
            wrap(
                line,
                width,
                subsequent_indent=" " * (len(line) - len(line.lstrip())),
                break_long_words=False,
                break_on_hyphens=False,
            )
            if len(line) > width
            else [line]
            for line in text.split("\n")
        )
        return "\n".join(piece for line in lines for piece in line)

    def command(self, prompt: str) -> str:
        return self._line(self._commands, prompt)

    def answer(self, question: Ask[Any]) -> str:
        if self._answers is None:
            self._answers = PromptSession(
                complete_while_typing=False,
                key_bindings=self._commands.key_bindings,
                input=self._commands.input,
                output=self._commands.output,
            )
        # Only the last line is the prompt proper: the rest need not be painted at every key.
        shown = self.folded(show_prompt(question).removesuffix(" ")) + " "
        head, newline, last = shown.rpartition("\n")
        if self._is_longer_than(head, max(LONG_QUESTION, self._rows())):
            self._page(head.rpartition("\n\n")[0])
            head = "\n" + head.rpartition("\n\n")[2]
        self._prompt(head + newline)
        self._answers.completer = _Completer(_words_of(question, self._names))
        return self._line(self._answers, last)

    def interrupted(self) -> None:
        self._ahead.clear()
        self._draft = ""

    def _line(self, session: "PromptSession[str]", prompt: str) -> str:
        if self._ahead:
            text = self._ahead.popleft()
            self._prompt(f"{prompt}{quoted(text, 500)[1:-1]}\n")
            session.history.append_string(text)
            return text
        draft, self._draft = self._draft, ""
        self._too_long = False
        try:
            if session is self._commands and self._recall() is not None:
                return session.prompt(self._watching(prompt), default=draft, refresh_interval=EVERY)
            return session.prompt(prompt, default=draft, refresh_interval=0)
        except KeyboardInterrupt:
            self.interrupted()
            raise

    def _watching(self, prompt: str) -> Callable[[], str]:
        """The prompt, which is asked for whenever the line is drawn, and leaves when it is time."""
        recalled = False

        def message() -> str:
            nonlocal recalled
            if not recalled and self._recall():
                recalled = True
                self._draft = self._commands.default_buffer.text
                self._commands.app.exit(result="")
            return prompt

        return message

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add(Keys.BracketedPaste)
        def paste(event: KeyPressEvent) -> None:
            self._paste(event)

        @keys.add(Keys.Tab)
        def tab(event: KeyPressEvent) -> None:
            self._tab(event.current_buffer)

        return keys

    def _tab(self, buffer: "Buffer") -> None:
        """Put the only completion in at once, so that an Enter right behind Tab finds it there."""
        if buffer.complete_state:
            buffer.complete_next()
            return
        request = CompleteEvent(completion_requested=True)
        found = list(buffer.completer.get_completions(buffer.document, request))
        if len(found) == 1:
            buffer.apply_completion(found[0])
        elif found:
            buffer.start_completion(insert_common_part=True)

    def _paste(self, event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        lines = event.data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        room = LONGEST_LINE - len(buffer.text)
        if len(event.data) > LONGEST_PASTE or len(lines[0]) > room or _widest(lines) > LONGEST_LINE:
            self._refuse_paste(buffer)
            return
        buffer.insert_text(lines[0])
        if len(lines) > 1:
            self._ahead.extend(lines[1:-1])
            self._draft = lines[-1]
            buffer.validate_and_handle()

    def _refuse_paste(self, buffer: "Buffer") -> None:
        from prompt_toolkit.application import run_in_terminal

        buffer.reset()
        # Without brackets a paste comes in pieces; one line about it is enough.
        if not self._too_long:
            self._too_long = True
            line = (
                f"Error: The pasted text is too long (more than {LONGEST_PASTE:,} characters, "
                f"or {LONGEST_LINE:,} on a line).\nIt has not been entered."
            )
            run_in_terminal(lambda: self.reject(line))


def _widest(lines: Sequence[str]) -> int:
    return max(map(len, lines))


def _long_pastes(terminal: "Input") -> None:
    """Let the terminal's input through a `PasteReader`, where it has a reader to replace."""
    reader = getattr(terminal, "stdin_reader", None)
    if reader is not None and not isinstance(reader, PasteReader):
        terminal.stdin_reader = PasteReader(reader, LONGEST_PASTE)  # type: ignore[attr-defined]


def _history(path: str | None) -> History:
    if path is None:
        return InMemoryHistory()
    try:
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        os.chmod(path, 0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)
