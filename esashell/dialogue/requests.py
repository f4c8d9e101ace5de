"""What a dialogue can ask for, and how a question looks.

`Ask` is the only request that is answered by the operator. One question serves every form of
dialogue: its `key` names the answer on a command line (`priority=1`), its kind reads, shows and
completes the answer, and its own words of refusal are used wherever it is put.

In the one-line form a question is answered, in this order, by `key=value`; by `batch`, for
confirmations, which nobody who typed the whole line wants to be asked for; by the next bare word,
when it has no default or is `positional`; by its default, which in an edit is the present value.
A question with `gates` stands in front of others ("Do you wish to apply a limit?") and is a yes
when one of those is named; that comes before its `batch`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from esashell.dialogue.drive import Driver, Moot, Notice, Progress, Say
from esashell.errors import BadAnswer, OperatorError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from esashell.config.revision import Revision
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

__all__ = [
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
    "RollOver",
    "SaveText",
    "Say",
    "Search",
    "Show",
    "Stage",
    "WriteFile",
    "do",
    "do_until_stopped",
    "show_prompt",
]

R = TypeVar("R")
T = TypeVar("T")

BLANK = "Error: The value cannot be blank."
LONGEST_ANSWER = 4096  # characters; nothing that a line can set is anywhere near it


class Kind(Struct, Generic[T], frozen=True):
    """How one sort of answer is read, shown and completed.

    `parse` raises `BadAnswer` with the line that is shown. `words` are what Tab offers; a `closed`
    kind takes no others, on any appliance. `sample` is an answer that parses, for reading a
    dialogue without an operator. `name_in` finds the domain name in an answer of a kind that has
    one; where it is given, Tab offers names besides.
    """

    parse: Callable[[str], T]
    show: Callable[[T], str] = str
    words: Sequence[str] = ()
    sample: str = ""
    closed: bool = False
    inline: bool = False  # answered at the end of the question's own line, as yes and no are
    menu: bool = False  # each word starts an operation of its own
    bare: str = ""  # the menu's operation where a command line ends without one
    name_in: Callable[[T], str] | None = None
    about: str = ""  # what an answer is, as a sentence without its end
    secret: bool = False  # an answer is not to be seen in a log

    def offered(self, prefix: str, names: Callable[[], Iterable[str]]) -> tuple[str, ...]:
        """What an answer that begins with `prefix` could be: the words, and names that would do.

        `names` are all that are known; they are sought only where one is wanted.
        """
        typed = prefix.lower()
        found = [each for each in self.words if each.lower().startswith(typed)]
        if self.name_in is not None:
            found += (n for n in names() if n.lower().startswith(typed) and self._takes(n))
        return tuple(dict.fromkeys(found))

    def _takes(self, text: str) -> bool:
        try:
            self.parse(text)
        except BadAnswer:
            return False
        return True


class Ask(Struct, Generic[T], frozen=True):
    """One question.

    A `silent` question is never put: it is a word that a command line may have (`help commit`), and
    its default stands wherever nobody typed one.
    `takes` is for free text: how many of the bare words left on a command line belong to it.
    `reads` is for commands with options of their own: it is given all words that are left, each as
    it was typed, and what it returns is the answer.
    `ends` is for lines of a paste: Ctrl-D ends it, and the answer is None.
    `label` is what usage lines call the value, where the key alone would not say enough.
    """

    key: str
    prompt: str
    kind: Kind[T]
    default: T | None = None
    gates: frozenset[str] = frozenset()
    batch: str | None = None
    positional: bool = False
    silent: bool = False
    takes: Callable[[Sequence[str]], int] | None = None
    reads: Callable[[Sequence[str]], T] | None = None
    label: str = ""
    ends: bool = False

    def perform(self, driver: Driver) -> Any:
        return driver.ask(self)

    def take(self, text: str) -> T:
        """The answer that a typed line gives, `BadAnswer` if none; the one place text is read."""
        if self.ends:
            return self.kind.parse(text)  # one line of a file, which is judged as a whole
        text = text.strip()
        if not text:
            if self.default is None:
                raise BadAnswer(BLANK)
            return self.default
        if len(text) > LONGEST_ANSWER:
            raise BadAnswer(f"Error: The value is too long ({len(text):,} characters).")
        if not is_plain(text):
            raise BadAnswer("Error: The value holds a control character.")
        return self.kind.parse(text)


def is_plain(text: str) -> bool:
    """Whether the text has no control character, line separator or half a surrogate pair.

    Stricter `str.isprintable` would refuse a no-break space, which pasted prose often holds.
    """
    return text.isprintable() or not any(
        ord(each) < 0x20
        or 0x7F <= ord(each) < 0xA0
        or 0xD800 <= ord(each) < 0xE000
        or each in "\u2028\u2029"
        for each in text
    )


def show_prompt(question: Ask[Any]) -> str:
    """The question as it stands on the screen, up to where the answer is typed.

    A blank line, the question, and the default in brackets: on a line of its own, but for yes and
    no, where it ends the question's line. A line that follows others, in a paste, has no question.
    """
    if not question.prompt:
        return "[]> "
    default = "" if question.default is None else question.kind.show(question.default)
    gap = " " if question.kind.inline else "\n"
    return f"\n{question.prompt}{gap}[{default}]> "


class Refuse(Struct, frozen=True):
    """An operation cannot be done. A menu goes on after it; a one-line command fails with it."""

    text: str

    def perform(self, driver: Driver) -> None:
        driver.refuse(self.text)


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


class Show(Struct, frozen=True):
    """The command's result as a record, for those who asked for JSON instead of lines."""

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
