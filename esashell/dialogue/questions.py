"""A question: how it looks, how its answer is read, and where a command line has it.

One question serves every form of dialogue: its `key` names the answer on a command line
(`priority=1`), its kind reads, shows and completes the answer, and its own words of refusal are
used wherever it is put.

In the one-line form a question is answered, in this order, by `key=value`; by `batch`, for
confirmations, which nobody who typed the whole line wants to be asked for; by the next bare word,
when it has no default or is `positional`; by its default, which in an edit is the present value.
A question with `gates` stands in front of others ("Do you wish to apply a limit?") and is a yes
when one of those is named; that comes before its `batch`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from esashell.dialogue.drive import Driver
from esashell.errors import BadAnswer

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
