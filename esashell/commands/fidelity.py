"""fidelity: what is known of the appliance's own dialogues, and what is ours.

The ledger has a mark for every command, operation and question. Here it is read in two directions:
what one command's words are worth, and which words of all commands are worth a look at a real
appliance (`fidelity uncertain`, `fidelity ours`).
"""

from typing import TYPE_CHECKING

from esashell.commands.ledger import MEANING, Entry, Mark, fidelity
from esashell.commands.registry import ALIASES, TABLE, command, find, names
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import word
from esashell.dialogue.requests import Kind, Say, Show
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

WIDTH = 80
MARKS = {mark.value: mark for mark in Mark}


def _subject(text: str) -> str:
    name = ALIASES.get(text, text)
    if name not in TABLE and name not in MARKS:
        raise BadAnswer(f"{quoted(text, 60)} is neither a command nor one of {', '.join(MARKS)}.")
    return name


SUBJECT = Kind(_subject, words=(*names(), *MARKS), sample="version")


@command(
    "fidelity",
    help=TABLE["fidelity"],
    usage=("fidelity", "fidelity <command>", f"fidelity {'|'.join(MARKS)}"),
)
def show_fidelity(appliance: "Appliance") -> "Dialogue[None]":
    subject = yield from word("subject", SUBJECT, "")
    if subject in MARKS:
        yield Say("\n".join(_everywhere(MARKS[subject], appliance)))
        wanted = [each for each in _records(names()) if each["mark"] == subject]
    else:
        yield Say("\n".join(_of(subject, appliance) if subject else _totals()))
        wanted = list(_records((subject,) if subject else names()))
    yield Show(wanted)


def _records(of: "Iterable[str]") -> "Iterator[dict[str, str]]":
    for name in of:
        for sort, called, entry in fidelity(name).entries():
            known = {"about": entry.about, "source": entry.source, "note": entry.note}
            said = {key: text for key, text in known.items() if text}
            yield {"command": name, sort: called or name, "mark": entry.mark.value, **said}


def _totals() -> "Iterator[str]":
    found = {name: fidelity(name).totals() for name in names()}
    wide = max(map(len, found)) + 2
    yield f"{'':<{wide}}" + "".join(f"{mark:>12}" for mark in MARKS)
    yield from (f"{name:<{wide}}{_row(counts)}" for name, counts in found.items())
    every = sum(found.values(), start=type(found["version"])())
    yield f"{'all':<{wide}}{_row(every)}"
    yield ""
    yield "The marks are about the words on the screen:"
    yield from (f"  {mark.value:<12}{MEANING[mark]}" for mark in Mark)
    yield ""
    yield 'Type "fidelity <command>" or "fidelity <mark>" to see the entries.'


def _row(counts: "Counter[Mark]") -> str:
    return "".join(f"{counts[mark] or '-':>12}" for mark in Mark)


def _of(name: str, appliance: "Appliance") -> "Iterator[str]":
    found = fidelity(name)
    yield f"{name} - {TABLE[name]}"
    yield f"  The words: esashell/commands/{name}.py"
    yield f"  The marks: esashell/commands/ledger/{name}.toml"
    prompts = _prompts(name, appliance)
    heading = ""
    for sort, called, entry in found.entries():
        if sort != heading:
            heading = sort
            yield ""
            yield f"{sort.capitalize()}{'' if sort == 'command' else 's'}"
        yield from _entry(called or name, entry, prompts.get(called) if sort == "question" else "")


def _everywhere(mark: Mark, appliance: "Appliance") -> "Iterator[str]":
    yield f"{mark.value}: {MEANING[mark]}"
    for name in names():
        found = [each for each in fidelity(name).entries() if each[2].mark is mark]
        if not found:
            continue
        yield ""
        yield f"{name} (esashell/commands/{name}.py)"
        prompts = _prompts(name, appliance)
        for sort, called, entry in found:
            what = f"{sort} {called}" if called else "the command"
            prompt = prompts.get(called) if sort == "question" else ""
            yield from _entry(what, entry, prompt, marked=False)


def _entry(
    called: str, entry: Entry, prompt: str | None, *, marked: bool = True
) -> "Iterator[str]":
    from textwrap import wrap

    yield f"  {called:<31} {entry.mark.value}" if marked else f"  {called}"
    first, _, more = (prompt or "").partition("\n")
    texts = [f"{first} ..." if more else first, entry.note]
    if entry.about:
        texts.append(entry.line)
    elif entry.source:
        texts.append(f"({entry.source})")
    for text in filter(None, texts):
        yield from wrap(text, WIDTH, initial_indent="      ", subsequent_indent="      ")


def _prompts(name: str, appliance: "Appliance") -> dict[str, str]:
    """The command's questions as they are put, by their keys."""
    from esashell.commands.help import explored

    found: dict[str, str] = {}
    one = find(name)
    assert one is not None
    for form in explored(one, appliance):
        for each in form.questions:
            found.setdefault(each.key, each.prompt)
    return found
