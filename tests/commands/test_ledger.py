"""Every command, operation and question has its mark, and what is called documented has a source.

Nothing here is listed by hand: the commands are the registry's and the questions are read out of
the dialogues, so a new one without an entry is found, and an entry of one that is gone as well.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from esashell.commands import ledger
from esashell.commands.fidelity import WIDTH
from esashell.commands.help import explored
from esashell.commands.ledger import Mark, fidelity
from esashell.commands.registry import find, names
from esashell.config.tree import factory
from esashell.dialogue.batch import Batch
from esashell.dialogue.script import Logbook
from esashell.errors import UsageError

FOLDER = Path(ledger.__file__).parent
SOURCES = "".join(path.read_text() for path in FOLDER.parent.glob("*.py"))
APPLIANCE = Logbook(factory("192.0.2.1", "192.0.2.2"))


def of_the_dialogue(name: str) -> tuple[set[str], set[str]]:
    """The operations and the questions that the dialogue has, by name."""
    command = find(name)
    assert command is not None
    forms = explored(command, APPLIANCE)
    paths = (tuple(w for w in f.words if not w.startswith("<") and "|" not in w) for f in forms)
    return {" ".join(p) for p in paths if p}, {q.key for form in forms for q in form.questions}


@pytest.mark.parametrize("name", names())
def test_every_operation_and_every_question_has_an_entry(name: str) -> None:
    operations, questions = of_the_dialogue(name)
    assert operations == set(fidelity(name).operations)
    # What is asked only behind a file, or a text that was pasted, nobody can reach by reading.
    assert questions <= set(fidelity(name).questions)
    for key in set(fidelity(name).questions) - questions:
        assert re.search(rf"\b{key}\b", SOURCES), f"nothing asks for {key}"


@pytest.mark.parametrize("name", names())
def test_what_is_documented_names_its_source(name: str) -> None:
    for sort, called, entry in fidelity(name).entries():
        assert entry.source or entry.mark is not Mark.DOCUMENTED, f"{sort} {called}"
        # Documented and without a line of what it means is a question that "?" cannot answer.
        assert entry.about.endswith(".") or not entry.about, f"{sort} {called}"
        for text in (entry.about, entry.source, entry.note):
            assert text.isprintable()
            assert text == text.strip()


@pytest.mark.parametrize("name", names())
def test_what_a_question_mark_shows_is_one_line(name: str) -> None:
    command = find(name)
    assert command is not None
    lines = command.about()
    assert set(lines) <= set(fidelity(name).questions)
    for line in lines.values():
        assert line.endswith(")")
        assert len(line) <= 2.5 * WIDTH


def test_no_file_is_left_of_a_command_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(names())


def said(*words: str) -> str:
    lines: list[str] = []
    command = find("fidelity")
    assert command is not None
    Batch(words, APPLIANCE, lines.append).run(command.function(APPLIANCE))
    return "\n".join(lines)


def test_the_totals_are_those_of_the_files() -> None:
    rows = {line.split()[0]: line.split()[1:] for line in said().splitlines() if line.strip()}
    every = [0 if each == "-" else int(each) for each in rows["all"]]
    assert sum(every) == sum(len(list(fidelity(name).entries())) for name in names())
    assert [row for name, row in rows.items() if name in names()] == [
        [str(fidelity(name).totals()[mark] or "-") for mark in Mark] for name in names()
    ]


@pytest.mark.parametrize("name", names())
def test_a_command_s_entries_are_all_shown_and_where_to_correct_them(name: str) -> None:
    text = said(name)
    assert f"esashell/commands/{name}.py" in text
    for _, called, entry in fidelity(name).entries():
        assert f"  {called or name:<31} {entry.mark.value}" in text.splitlines()
    assert all(len(line) <= WIDTH for line in text.splitlines())


@pytest.mark.parametrize("mark", Mark)
def test_all_that_bears_a_mark_is_found_by_it(mark: Mark) -> None:
    text = said(mark.value).splitlines()
    for name in names():
        marked = [called for _, called, each in fidelity(name).entries() if each.mark is mark]
        assert bool(marked) == (f"{name} (esashell/commands/{name}.py)" in text)
    shown = [line for line in text if line.startswith("  ") and not line.startswith("   ")]
    assert len(shown) == sum(fidelity(name).totals()[mark] for name in names())


def test_what_is_neither_a_command_nor_a_mark_is_refused() -> None:
    with pytest.raises(UsageError, match='"doubtful" is neither a command nor one of documented'):
        said("doubtful")


def test_the_readme_has_the_totals() -> None:
    totals = sum((fidelity(each).totals() for each in names()), Counter[Mark]())
    wanted = ", ".join(f"{totals[mark]} {mark.value}" for mark in Mark)
    readme = " ".join((FOLDER.parents[2] / "README.md").read_text().split())
    assert f"of {totals.total()} entries {wanted}" in readme
