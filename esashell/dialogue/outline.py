"""A dialogue's questions, read out of it without an operator.

A dialogue is only a generator, so it can be run against nobody: `outline` follows every operation
of its menus and every choice once, and collects what was asked, which gives `help` the one-line
syntax and tests the list of questions to have seen. `upcoming` runs it along the words typed so
far and returns what may come next, which is what Tab shows; `goes_on` says whether anything may,
and `names_in` which domain names there are among the words.

Neither has any effect: requests other than questions are answered by nothing, and a dialogue that
would go to the network or finish an operation has told all it knows.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from esashell.config.tree import Config
from esashell.dialogue.batch import Batch, option_key
from esashell.dialogue.drive import Driver
from esashell.dialogue.requests import Ask, Kind
from esashell.dialogue.script import Logbook
from esashell.errors import BadAnswer, OperatorError

if TYPE_CHECKING:
    from esashell.config.revision import Revision
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

# A dialogue that asks without end must hang neither its own help nor Tab.
FORMS_AT_MOST = 200
QUESTIONS_AT_MOST = 1000
WORDS_AT_MOST = 12  # a longer list is of names, and what is asked next does not hang on them


class _Enough(Exception):
    """The dialogue has been followed as far as it can be."""


class _Nobody(Driver):
    """Answers no request but questions; stops where an operation would take effect."""

    def __init__(self) -> None:
        super().__init__(Logbook(Config()))

    def say(self, text: str) -> None:
        pass

    def stage(self, config: Config) -> NoReturn:
        raise _Enough

    def commit(self, comment: str) -> NoReturn:
        raise _Enough

    def clear(self) -> NoReturn:
        raise _Enough

    def flush(self) -> NoReturn:
        raise _Enough

    def leave(self) -> NoReturn:
        raise _Enough

    def converse(self, steps: "Steps[Any]", tell: Callable[[Any], Iterable[str]]) -> NoReturn:
        steps.close()
        raise _Enough


class Form(Struct, frozen=True):
    """One way through a dialogue: the menu words that lead into it, and its questions in order."""

    words: tuple[str, ...]
    questions: tuple[Ask[Any], ...]

    @property
    def usage(self) -> str:
        """The one-line syntax, without the command's name."""
        parts, named = list(self.words), []
        for each in self.questions:
            if each.batch is not None or each.gates:
                continue  # answers itself
            value = "|".join(each.kind.words) if each.kind.closed else f"<{each.label or each.key}>"
            if each.default is None:
                parts.append(value)
            elif each.positional or each.takes is not None:
                parts.append(f"[{value}]")
            else:
                named.append(f"[{each.key}={value}]")
        return " ".join((*parts, *named))


def _parts_ways(question: Ask[Any]) -> bool:
    """Whether what is asked next hangs on the answer, as it does on a menu's: one of a few words
    that nothing stands for."""
    return question.kind.closed and question.default is None and not question.kind.inline


class _Explorer(_Nobody):
    """Takes the menus as `path` says and, elsewhere, every word of a question once.

    A choice without a default that comes before any other question counts as a menu.
    """

    def __init__(self, path: Sequence[str], tried: set[tuple[str, str]]) -> None:
        super().__init__()
        self.path = list(path)
        self.seen: list[Ask[Any]] = []
        self.branches: tuple[str, ...] = ()
        self.ends = False  # a line may end at the menu
        self._menus: set[str] = set()
        self._tried = tried

    def ask(self, question: Ask[Any]) -> Any:
        if question.kind.menu or (not self.seen and _parts_ways(question)):
            if question.key in self._menus:
                raise _Enough  # the menu comes round again: the operation is over
            if not self.path:
                self.branches = tuple(question.kind.words)
                self.ends = bool(question.kind.bare)
                raise _Enough
            self._menus.add(question.key)
            return self.path.pop(0)
        self.seen.append(question)
        if len(self.seen) > QUESTIONS_AT_MOST:
            raise _Enough
        words = question.kind.words if len(question.kind.words) <= WORDS_AT_MOST else ()
        fresh = [word for word in words if (question.key, word) not in self._tried]
        self._tried.update((question.key, word) for word in fresh[:1])
        for text in (*fresh[:1], question.kind.sample):
            try:
                return question.kind.parse(text)
            except BadAnswer:
                continue
        if question.default is None:
            raise _Enough
        return question.default


def _follow(driver: Driver, dialogue: "Dialogue[Any]") -> None:
    with suppress(_Enough, OperatorError):
        driver.run(dialogue)


def outline(make: "Callable[[], Dialogue[Any]]") -> tuple[Form, ...]:
    """Every form of the dialogue, in the order of its menus. `make` starts it afresh each time."""
    forms: list[Form] = []
    paths: list[tuple[str, ...]] = [()]
    for _ in range(FORMS_AT_MOST):
        if not paths:
            break
        path = paths.pop(0)
        tried: set[tuple[str, str]] = set()
        questions: dict[str, Ask[Any]] = {}
        before = -1
        while before < len(tried) < FORMS_AT_MOST:
            before = len(tried)
            explorer = _Explorer(path, tried)
            _follow(explorer, make())
            for each in explorer.seen:
                questions.setdefault(each.key, each)
        if explorer.branches and not explorer.seen:
            if explorer.ends:
                forms.append(Form(path, ()))
            paths[:0] = [(*path, word) for word in explorer.branches]
        elif path or questions:
            forms.append(Form(path, tuple(questions.values())))
    return tuple(forms)


class _Ahead(Batch):
    """Answers from the words typed so far and notes what else could be said."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words, Logbook(Config()), lambda text: None)
        self.wanted: Kind[Any] | None = None  # what a bare word could be
        self.named: dict[str, tuple[str, ...]] = {}
        self.names: list[str] = []
        self._asked = 0

    def ask(self, question: Ask[Any]) -> Any:
        self._asked += 1
        if self._asked > QUESTIONS_AT_MOST or question.key in self._menus:
            raise _Enough
        had = len(self._words)
        if question.takes is not None and question.kind.words:
            # A text of several words: which of them is the next cannot be told.
            self.wanted = question.kind
            with suppress(BadAnswer):
                found, answer = self._answer(question)
                if found:
                    self.note(question, answer)
            raise _Enough
        try:
            found, answer = self._answer(question)
        except BadAnswer:
            raise _Enough from None
        if found and len(self._words) < had:
            self.note(question, answer)
            return answer
        words = tuple(question.kind.words)
        if question.default is None or question.positional:
            if self.wanted is None and all(map(option_key, self._words)):
                self.wanted = question.kind
            if question.default is None or question.kind.menu:
                raise _Enough
        elif question.batch is None and question.takes is None:
            if question.gates:
                return True  # so that what stands behind it is heard of
            self.named[question.key] = words
        return answer

    def note(self, question: Ask[Any], answer: Any) -> None:
        if question.kind.name_in is not None:
            self.names.append(question.kind.name_in(answer))

    def stage(self, config: Config) -> NoReturn:
        raise _Enough

    def commit(self, comment: str) -> "Revision":
        raise _Enough

    def clear(self) -> int:
        raise _Enough

    def flush(self) -> NoReturn:
        raise _Enough

    def converse(self, steps: "Steps[Any]", tell: Callable[[Any], Iterable[str]]) -> NoReturn:
        steps.close()
        raise _Enough


def _ahead(dialogue: "Dialogue[Any]", words: Sequence[str]) -> _Ahead:
    ahead = _Ahead(words)
    _follow(ahead, dialogue)
    return ahead


def upcoming(
    dialogue: "Dialogue[Any]",
    words: Sequence[str],
    prefix: str,
    names: Callable[[], Iterable[str]] = tuple,
) -> tuple[str, ...]:
    """What the word that begins with `prefix` could be, after these words of a command line.

    `names` are the domain names to offer where one is wanted.
    """
    ahead = _ahead(dialogue, words)
    key, sign, _ = prefix.partition("=")
    if sign:
        found = [f"{key}={word}" for word in ahead.named.get(key, ())]
    else:
        found = [f"{name}=" for name in ahead.named]
    bare = ahead.wanted.offered(prefix, names) if ahead.wanted is not None else ()
    return (*bare, *(each for each in found if each.lower().startswith(prefix.lower())))


def goes_on(dialogue: "Dialogue[Any]", words: Sequence[str]) -> bool:
    """Whether the command line could have another word after these."""
    ahead = _ahead(dialogue, words)
    return ahead.wanted is not None or bool(ahead.named)


def names_in(dialogue: "Dialogue[Any]", words: Sequence[str]) -> tuple[str, ...]:
    """The domain names that a command line asks about."""
    return tuple(_ahead(dialogue, words).names)
