"""The one-line form: a command's words answer its questions.

`dnsconfig parent new 192.0.2.54 1` runs the very dialogue that a terminal would, with the words for
answers (`requests` says in which order a question looks for its own). Nothing takes effect and
nothing is shown before the last word is understood: a line with a mistake in it does nothing. Where
a dialogue must act before it ends (a conversation with the network, a commit), all words have to be
used up by then.

On a terminal a value that is missing falls through to being asked, which is what `fallback` is for,
and so do all questions of an operation that the line only names; a script gets a refusal that names
the value, and the present values where there are any.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from esashell.config.quoting import quoted
from esashell.dialogue.drive import Driver, Progress
from esashell.dialogue.questions import BLANK, Ask
from esashell.errors import BadAnswer, OperatorError, UsageError

if TYPE_CHECKING:
    from esashell.config.revision import Revision
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Desk, Dialogue
    from esashell.dialogue.requests import Archive
    from esashell.steps import Steps

R = TypeVar("R")


def option_key(word: str) -> str:
    """The key of a `key=value` word, or "" when the word is a bare one."""
    key, sign, _ = word.partition("=")
    return key if sign and key.isidentifier() and key.isascii() else ""


class Batch(Driver):
    """Answers from `words`; `say` is where the lines go once the whole line is understood, and
    `tell` where sentences go, if that is another place."""

    def __init__(
        self,
        words: Sequence[str],
        desk: "Desk",
        say: Callable[[str], None],
        fallback: Driver | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(desk)
        self._words = list(words)
        self._out = say
        self._tell = tell or say
        self._fallback = fallback
        self._menus: set[str] = set()
        self._held: list[Callable[[], None]] = []
        self._begun = False  # a word has answered a question that is no menu
        self._acted = False  # nothing can be taken back any more, so nothing is held back
        self._asking = False  # the words are used up and the operator has taken over

    def run(self, dialogue: "Dialogue[R]") -> R:
        result = super().run(dialogue)
        self._settle()
        return result

    def ask(self, question: Ask[Any]) -> Any:
        if self._asking and self._fallback is not None and question.key not in self._menus:
            return self._fallback.ask(question)
        had = len(self._words)
        try:
            found, answer = self._answer(question)
        except BadAnswer as error:
            reason = str(error).removeprefix("Error: ")
            raise UsageError(f"Error: {question.key}: {reason}") from None
        self._begun = self._begun or (len(self._words) < had and not question.kind.menu)
        if found and not self._opens(question):
            if question.kind.name_in is not None:
                self._effect(lambda: self.note(question, answer))
            return answer
        if self._fallback is not None:
            if not self._words:
                self._settle()
                self._asking = True
            return self._fallback.ask(question)
        raise UsageError(f"Error: {question.label or question.key}: a value is required.")

    def _opens(self, question: Ask[Any]) -> bool:
        """Whether the line has only led to an operation, whose questions come now: nobody types
        `dnsconfig setup` to have everything stay as it is."""
        return (
            self._fallback is not None
            and bool(self._menus)
            and not self._begun
            and not self._words
            and not (question.silent or question.kind.menu or question.batch is not None)
        )

    def _answer(self, question: Ask[Any]) -> tuple[bool, Any]:
        """Whether the line answers this question, and how."""
        if question.reads is not None:
            taken, self._words = self._words, []
            return True, question.reads(taken) if taken else question.default
        named = next((word for word in self._words if option_key(word) == question.key), None)
        if named is not None:
            self._words.remove(named)
            text = named.partition("=")[2]
            if not text.strip() and question.default != "":
                raise BadAnswer(BLANK)  # not the default: somebody meant to write something
            return True, question.take(text)
        if question.gates and any(option_key(word) in question.gates for word in self._words):
            return True, True
        if question.batch is not None:
            return True, question.take(question.batch)
        if question.kind.menu and question.key in self._menus:
            return True, ""  # one line, one operation: the menu's second turn is its last
        if question.takes is not None and (count := question.takes(self._words)):
            taken, self._words = self._words[:count], self._words[count:]
            return True, question.take(" ".join(taken))
        if question.default is None or question.positional:
            bare = next((word for word in self._words if not option_key(word)), None)
            if bare is not None:
                self._words.remove(bare)
                if question.kind.menu:
                    self._menus.add(question.key)
                return True, question.take(bare)
        if question.kind.bare and not self._words:
            return True, question.take(question.kind.bare)
        if question.default is None or question.kind.menu:
            return False, None
        return True, question.default

    def _settle(self) -> None:
        """Every word must be understood by now; then what was held back takes effect."""
        if self._words:
            words = quoted(", ".join(self._words))[1:-1]
            raise UsageError(f"Error: Not understood: {words}.")
        held, self._held = self._held, []
        for effect in held:
            effect()

    def _effect(self, effect: Callable[[], None]) -> None:
        if self._asking or self._acted:
            effect()
        else:
            self._held.append(effect)

    def say(self, text: str) -> None:
        self._effect(lambda: self._out(text))

    def remark(self, text: str) -> None:
        self._effect(lambda: self._tell(text))

    def moot(self, text: str) -> None:
        self._words.clear()
        self.remark(text)

    def refuse(self, text: str) -> bool:
        if not self._asking:
            raise OperatorError(text)
        self._tell(text)
        return False

    def stage(self, config: "Config") -> None:
        self._effect(lambda: self.desk.stage(config))

    def commit(self, comment: str, minutes: int = 0) -> "Revision":
        self._settle()
        return self.desk.commit(comment, minutes)

    def clear(self) -> int:
        self._settle()
        return self.desk.clear()

    def flush(self) -> None:
        self._effect(self.desk.flush)

    def leave(self) -> None:
        self._effect(self.desk.leave)

    def converse(self, steps: "Steps[R]", tell: Callable[[Any], Iterable[str | Progress]]) -> R:
        self._settle()
        self._acted = True
        return self.desk.converse(steps, self.listener(tell, self._out))

    def aside(self, steps: "Steps[str]") -> None:
        self._effect(lambda: self.say_aside(steps, self._tell))

    def read_text(self, path: str) -> str:
        self._settle()
        return super().read_text(path)

    def save_text(self, path: str, text: str) -> None:
        self._settle()
        super().save_text(path, text)

    def search(self, work: Callable[["Archive"], Any], paged: bool) -> Any:
        self._settle()
        self._acted = True
        return super().search(work, paged)

    def roll_over(self, names: Sequence[str]) -> None:
        self._settle()
        super().roll_over(names)

    def simulate(self, scenario: Any) -> None:
        self._settle()
        self._acted = True
        super().simulate(scenario)

    def act(self, work: Callable[[], Any]) -> Any:
        self._settle()
        self._acted = True
        return super().act(work)

    def show(self, record: Any) -> None:
        self._effect(lambda: self.desk.show(record))

    def keep_pem(self, make: Callable[[], str]) -> str:
        self._settle()
        return super().keep_pem(make)

    def write_file(self, name: str, text: str) -> None:
        # Before the rest of what is held: where it fails, nothing else is to be said.
        self._settle()
        self.desk.write_file(name, text)
