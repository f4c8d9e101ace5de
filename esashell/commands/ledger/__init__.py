"""How faithful each command is to the appliance, as data: one TOML file for a command.

What is known of the appliance's dialogues is of very different worth: a printed transcript, the
memory of a guide, a guess, or nothing. An operator who learns here must be able to tell which is
which, and whoever finds a real appliance must be able to see at once what is worth comparing. So
every command, every operation of its menus and every question has an entry with a `mark`, which is
about the words on the screen and their order:

    documented  in a public source, which is named
    recalled    from general knowledge of the guides and of appliances; right, or off by a word
    uncertain   as recalled, but only what it is about is certain, not how it is worded
    inferred    follows from something that is documented
    ours        nothing is known of it, or the appliance has no such thing

What a question *means* is often documented where its words are not: `about` is that in a line,
`source` where it is written. It is the same line that "?" shows at a prompt. A question that stands
before others as a gate may leave it out: it is about what they are about.

    [command]                   the command as such, and its one-line form
    [operations.new]            a word of a menu; in an inner menu with the words on the way there
    [questions.max_retries]     a question, by its key
    [screens.list]              what else is shown, where there is something to say about it
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache

from msgspec import Struct


class Mark(Enum):
    """How well the words are known, the best first."""

    DOCUMENTED = "documented"
    RECALLED = "recalled"
    UNCERTAIN = "uncertain"
    INFERRED = "inferred"
    OURS = "ours"


MEANING = {
    Mark.DOCUMENTED: "in a public source",
    Mark.RECALLED: "from general knowledge, right or off by a word",
    Mark.UNCERTAIN: "what it is about is known, the wording is not",
    Mark.INFERRED: "follows from what is documented",
    Mark.OURS: "nothing is known, or the appliance has no such thing",
}


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one thing on the screen; the texts are sentences or empty."""

    mark: Mark
    about: str = ""
    source: str = ""
    note: str = ""

    @property
    def line(self) -> str:
        """What it is about and where that is written, as "?" shows it."""
        recalled = self.mark in (Mark.RECALLED, Mark.UNCERTAIN)
        unknown = "from memory, not documented" if recalled else "not documented"
        return f"{self.about} ({self.source or unknown})"


class Fidelity(Struct, frozen=True, forbid_unknown_fields=True):
    """One command's file."""

    command: Entry
    operations: dict[str, Entry] = {}
    questions: dict[str, Entry] = {}
    screens: dict[str, Entry] = {}

    def entries(self) -> Iterator[tuple[str, str, Entry]]:
        """Everything in the file: the sort of thing, its name, what is known."""
        yield "command", "", self.command
        for sort in ("operations", "questions", "screens"):
            table: Mapping[str, Entry] = getattr(self, sort)
            for name, entry in table.items():
                yield sort.removesuffix("s"), name, entry

    def totals(self) -> Counter[Mark]:
        """How many entries have each mark."""
        return Counter(entry.mark for _, _, entry in self.entries())


@cache
def fidelity(name: str) -> Fidelity:
    """The file of this command. A mistake in one is a mistake of ours, and no operator's."""
    import tomllib
    from importlib.resources import files

    import msgspec

    text = files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Fidelity)


def explanations(name: str) -> dict[str, str]:
    """A line for each question of a command that there is something to say about, by its key."""
    return {key: entry.line for key, entry in fidelity(name).questions.items() if entry.about}
