"""A configuration that an operator names, to be looked at and not to be taken.

    pending, running    what is being worked on, and what runs
    r7                  revision 7, as it was committed
    000007.toml         the same, as its file in the history is called
    7                   the same, where no list is shown: `rollbackconfig` numbers the list it shows
    FILE                what `saveconfig` writes, any piece of it, a revision's file, or the XML of
                        an appliance; what it does not say is as it runs

A file of the folder for configurations goes before one of the same name elsewhere.
"""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.config.quoting import quoted
from esashell.dialogue.requests import ReadFile, ReadText
from esashell.errors import BadConfiguration, OperatorError

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Dialogue

PENDING = "pending"
RUNNING = "running"
LONGEST_NUMBER = 8  # digits
RECENT = 10
REVISION = re.compile(r"[rR]([0-9]{1,8})|([0-9]{6,8})\.toml")
LONGEST_TITLE = 200


class Configuration(Struct, frozen=True):
    """A configuration, how it is called, and the command that leads to it, "" where none does.

    `raw` is the file that it was read from, which says a whole configuration or a part of one.
    """

    config: "Config"
    title: str
    back: str = ""
    raw: bytes = b""


def pending(appliance: "Appliance") -> Configuration:
    return Configuration(appliance.config, PENDING)


def running(appliance: "Appliance") -> Configuration:
    number = appliance.head.number
    return Configuration(
        appliance.running, f"running configuration (revision {number})", _back(number)
    )


def _back(revision: int) -> str:
    return f"rollbackconfig {revision_word(revision)}" if revision else "resetconfig"


def configuration(appliance: "Appliance", word: str) -> "Dialogue[Configuration]":
    """The configuration that goes by this word; raises `OperatorError`."""
    if word == PENDING:
        return pending(appliance)
    if word == RUNNING:
        return running(appliance)
    if word.isascii() and word.isdigit():
        if len(word) > LONGEST_NUMBER:
            raise OperatorError(f"Error: {quoted(word, 40)} is not the number of a revision.")
        return committed(appliance, int(word))
    number = revision_number(word)
    if number is not None and word not in appliance.files():
        return committed(appliance, number)
    return (yield from _file(appliance, word))


def revision_number(word: str) -> int | None:
    """The revision that a word names wherever it is typed: `r7`, `000007.toml`; None for others."""
    found = REVISION.fullmatch(word)
    return int(found[1] or found[2]) if found else None


def revision_word(number: int) -> str:
    return f"r{number}"


def committed(appliance: "Appliance", number: int) -> Configuration:
    """A revision as it was committed; raises `OperatorError` where it is damaged or there is none.

    0 is what there was before the first commit.
    """
    try:
        config = appliance.revision(number).config
    except BadConfiguration as damage:
        text = str(damage)
        raise OperatorError(text if text.startswith("Error: ") else f"Error: {text}") from None
    return Configuration(config, f"revision {number}", _back(number))


def words(appliance: "Appliance") -> tuple[str, ...]:
    """What Tab offers where a configuration is wanted: the words, and the last revisions."""
    recent = (revision_word(head.number) for head in appliance.history()[:RECENT] if head.number)
    return (PENDING, RUNNING, *recent)


def _file(appliance: "Appliance", name: str) -> "Dialogue[Configuration]":
    from esashell.config.files.whole import read

    kept = name in appliance.files()
    if kept:
        found: bytes | OperatorError = yield ReadFile(name)
        if isinstance(found, OperatorError):
            raise found
        raw = found
    else:
        text: str = yield ReadText(name)
        raw = text.encode()
    if not raw.strip():
        raise OperatorError(f"Error: {quoted(name)[1:-1]} is empty.")
    try:
        # Nothing is going to be done with certificates, so they need not be there.
        loaded = read(raw, name, appliance.running, lambda each: appliance.pem(each) or "-")
    except BadConfiguration as refusal:
        text = str(refusal)
        raise OperatorError(text if text.startswith("Error: ") else f"Error: {text}") from None
    return Configuration(
        loaded.config,
        f"file {quoted(name, LONGEST_TITLE)[1:-1]}",
        f"loadconfig {name}" if kept else "",
        raw,
    )
