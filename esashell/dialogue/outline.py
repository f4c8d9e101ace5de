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
from esashell.dialogue.drive import Driver, Progress
from esashell.dialogue.requests import Archive, Ask, Kind
from esashell.dialogue.script import Logbook
from esashell.errors import BadAnswer, OperatorError

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

    Tell = Callable[[Any], Iterable[str | Progress]]

# A dialogue that asks without end must hang neither its own help nor Tab.
FORMS_AT_MOST = 200
QUESTIONS_AT_MOST = 1000
WORDS_AT_MOST = 12  # a longer list is of names, and what is asked next does not hang on them


class _Enough(Exception):
    """The dialogue has been followed as far as it can be."""


class _Unheard:
    """Whatever would take effect is as far as a dialogue is followed."""

    def stage(self, config: Config) -> NoReturn:
        raise _Enough

    def commit(self, comment: str, minutes: int = 0) -> NoReturn:
        raise _Enough

    def clear(self) -> NoReturn:
        raise _Enough

    def flush(self) -> NoReturn:
        raise _Enough

    def converse(self, steps: "Steps[Any]", tell: "Tell") -> NoReturn:
        steps.close()
        raise _Enough

    def aside(self, steps: "Steps[str]") -> None:
        steps.close()

    def read_file(self, name: str) -> NoReturn:
        raise _Enough

    def write_file(self, name: str, text: str) -> NoReturn:
        raise _Enough

    def keep_pem(self, make: Callable[[], str]) -> NoReturn:
        raise _Enough

    def ciphers(self, ciphers: str, methods: tuple[str, ...]) -> NoReturn:
        raise _Enough

    def read_text(self, path: str) -> NoReturn:
        raise _Enough

    def save_text(self, path: str, text: str) -> NoReturn:
        raise _Enough

    def search(self, work: Callable[[Archive], Any], paged: bool) -> NoReturn:
        raise _Enough

    def roll_over(self, names: Sequence[str]) -> NoReturn:
        raise _Enough

    def simulate(self, scenario: Any) -> NoReturn:
        raise _Enough

    def act(self, work: Callable[[], Any]) -> NoReturn:
        raise _Enough


class _Nobody(_Unheard, Driver):
    """Answers no request but questions; stops where an operation would take effect."""

    def __init__(self) -> None:
        super().__init__(Logbook(Config()))

    def say(self, text: str) -> None:
        pass

    def refuse(self, text: str) -> bool:
        return True

    def leave(self) -> NoReturn:
        raise _Enough


class Form(Struct, frozen=True):
    """One way through a dialogue: what leads into it, and its questions in order.

    `words` are those of its menus, with the usage of what is asked between two of them; `passed`
    are the keys of those questions.
    """

    words: tuple[str, ...]
    questions: tuple[Ask[Any], ...]
    passed: frozenset[str] = frozenset()

    @property
    def usage(self) -> str:
        """The one-line syntax, without the command's name."""
        parts, named = list(self.words), []
        behind = {key for each in self.questions for key in each.gates}
        for each in self.questions:
            if each.batch is not None or each.gates or each.key in self.passed or each.ends:
                continue  # answers itself, is among the words, or is pasted
            value = _value(each)
            if each.default is None and each.key not in behind:
                parts.append(value)
            elif each.positional or each.takes is not None:
                parts.append(f"[{value}]")
            else:
                named.append(f"[{each.key}={value}]")
        return " ".join((*parts, *named))


def _value(question: Ask[Any]) -> str:
    """How usage lines write what the question takes."""
    kind = question.kind
    value = "|".join(kind.words) if kind.closed else f"<{question.label or question.key}>"
    return f"{value}..." if question.takes is not None and question.label else value


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
        self.lead: list[str] = []  # what is typed as far as the last menu
        self.passed = 0  # of the questions seen, those that come before it
        self._menus: set[str] = set()
        self._tried = tried

    def ask(self, question: Ask[Any]) -> Any:
        begun = len(self.seen) > self.passed
        if question.kind.menu or (not begun and _parts_ways(question)):
            if question.key in self._menus:
                raise _Enough  # the menu comes round again: the operation is over
            if not self.path:
                self.branches = tuple(question.kind.words)
                self.ends = bool(question.kind.bare)
                raise _Enough
            if self.path[0] not in question.kind.words:
                raise _Enough  # not offered for what was answered on the way here
            self._menus.add(question.key)
            between = (each for each in self.seen[self.passed :] if each.default is None)
            self.lead += (*map(_value, between), self.path[0])
            self.passed = len(self.seen)
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


def _along(
    path: tuple[str, ...], make: "Callable[[], Dialogue[Any]]"
) -> tuple[Form, tuple[str, ...], bool]:
    """The form behind these menu words; the words of the menu it leads to, where it does, and
    whether a line may end there."""
    tried: set[tuple[str, str]] = set()
    questions: dict[str, Ask[Any]] = {}
    branches: dict[str, None] = {}
    lead: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()
    ends, before = False, -1
    while before < len(tried) < FORMS_AT_MOST:
        before = len(tried)
        explorer = _Explorer(path, tried)
        _follow(explorer, make())
        branches.update(dict.fromkeys(explorer.branches))
        ends = ends or explorer.ends
        if explorer.path:
            continue  # what was answered on the way does not lead there
        lead = tuple(explorer.lead)
        passed = frozenset(each.key for each in explorer.seen[: explorer.passed])
        for each in explorer.seen:
            known = questions.setdefault(each.key, each)
            # Asked once more with more to choose from: the fuller one is told.
            if each.kind.closed and len(each.kind.words) > len(known.kind.words):
                questions[each.key] = each
    if branches:
        return Form(lead, ()), tuple(branches), ends
    return Form(lead, tuple(questions.values()), passed), (), False


def outline(make: "Callable[[], Dialogue[Any]]") -> tuple[Form, ...]:
    """Every form of the dialogue, in the order of its menus. `make` starts it afresh each time."""
    forms: list[Form] = []
    paths: list[tuple[str, ...]] = [()]
    for _ in range(FORMS_AT_MOST):
        if not paths:
            break
        path = paths.pop(0)
        form, branches, ends = _along(path, make)
        if branches:
            if ends:
                forms.append(form)
            paths[:0] = [(*path, word) for word in branches]
        elif form.words or form.questions:
            forms.append(form)
    return tuple(forms)


class _Ahead(_Unheard, Batch):
    """Answers from the words typed so far and notes what else could be said."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words, Logbook(Config()), lambda text: None)
        self.wanted: Kind[Any] | None = None  # what a bare word could be
        self.named: dict[str, tuple[str, ...]] = {}
        self.names: list[str] = []
        self._asked = 0
        self._behind: frozenset[str] = frozenset()  # what a gate has been passed for

    def ask(self, question: Ask[Any]) -> Any:
        self._asked += 1
        if self._asked > QUESTIONS_AT_MOST or question.key in self._menus:
            raise _Enough
        had = len(self._words)
        if (question.takes or question.reads) and question.kind.words:
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
        if question.gates:
            self._behind |= question.gates
            return True  # so that what stands behind it is heard of
        words = tuple(question.kind.words)
        if question.key in self._behind and question.default is None:
            self.named[question.key] = words
            return question.take(question.kind.sample)
        if question.default is None or question.positional:
            if self.wanted is None and all(map(option_key, self._words)):
                self.wanted = question.kind
            if question.default is None or question.kind.menu:
                raise _Enough
        elif question.batch is None and question.takes is None:
            self.named[question.key] = words
        return answer

    def note(self, question: Ask[Any], answer: Any) -> None:
        if question.kind.name_in is not None:
            self.names.append(question.kind.name_in(answer))


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
