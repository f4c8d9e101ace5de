"""rollbackconfig: go back to a configuration that was committed before.

The appliance lists the last ten, and a number is one of that list. Here every one is kept: `r7` is
revision 7, however long ago, as `plan` and `explain` have it (`configurations` reads it for all of
them), and `all` lists them. What is gone back to becomes the pending configuration, and runs after
`commit`, which can be done at once; so the history only ever grows, and a rollback can itself be
rolled back.
"""

from typing import TYPE_CHECKING

from esashell.commands.configurations import committed, revision_number, revision_word
from esashell.commands.dates import date_and_time
from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, confirm, yes_no
from esashell.dialogue.requests import Ask, Commit, Kind, Moot, Notice, Refuse, Stage
from esashell.errors import BadAnswer, OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esashell.commands.registry import Appliance
    from esashell.config.revision import Head
    from esashell.dialogue.drive import Dialogue

LISTED = 10
ALL = "all"
PROMPT = "Enter the number of the config to revert to."


USAGE = ("rollbackconfig", "rollbackconfig <number>|r<revision> [commit=yes|no]")


@command("rollbackconfig", help=TABLE["rollbackconfig"], usage=USAGE)
def rollbackconfig(appliance: "Appliance") -> "Dialogue[None]":
    zone = appliance.config.timezone
    history = appliance.history()
    past = history[1:]
    if not past and history and (fault := _fault(appliance, history[0].base)):
        yield Refuse(fault)
        return
    if not past:
        yield Moot("There is no earlier configuration to go back to.")
        return
    prompt = f"{_table(past[:LISTED], zone)}\n\n{PROMPT}"
    kind = _kind(past, lambda number: _fault(appliance, number))
    number = yield from ask(Ask("revision", prompt, kind, label="revision"))
    while number < 0:
        number = yield from ask(Ask("revision", f"{_table(past, zone)}\n\n{PROMPT}", kind))
    head = next(each for each in past if each.number == number)
    sure = "Are you sure you want to roll back the configuration?"
    if appliance.dirty:
        sure = f"Changes that are not committed will be lost.\n{sure}"
    if not (yield from confirm(sure)):
        return
    try:
        config = committed(appliance, number).config
    except OperatorError as damage:
        yield Refuse(str(damage))
        return
    yield Stage(config)
    yield Notice(f"Reverted to {_line(head, zone)}")
    if (yield from yes_no("commit", "Do you want to commit this configuration now?", False)):
        if config == appliance.running:
            yield Notice("It is what runs already.")
            return
        yield Commit(f"Rolled back to revision {number}.")
        yield Notice("Committed the changes successfully.")
    elif config != appliance.running:
        yield Notice("Type 'commit' at the command prompt to commit changes.")


def _fault(appliance: "Appliance", number: int) -> str:
    """Why a revision is not in the history: its file is damaged or gone; "" for the factory's."""
    try:
        committed(appliance, number)
    except OperatorError as damage:
        return str(damage)
    return ""


def _line(head: "Head", zone: str) -> str:
    who, comment = quoted(head.who, 20)[1:-1], quoted(head.comment, 60)[1:-1]
    return f"{date_and_time(head.when, zone)}  {who:<12}  r{head.number:<5}  {comment}".rstrip()


def _table(heads: "Sequence[Head]", zone: str) -> str:
    lines = [f"{at:>4}. {_line(each, zone)}" for at, each in enumerate(heads, 1)]
    title = f"      {'Committed On':<24}  {'User':<12}  {'':<6}  Description"
    return "\n".join(("Previous Commits:", "", title, "-" * 79, *lines))


def _kind(past: "Sequence[Head]", fault: "Callable[[int], str]") -> Kind[int]:
    """A number of the list, or of a revision; -1 is the word for the whole list."""
    known = {each.number for each in past}

    def parse(text: str) -> int:
        word = text.lower()
        if word == ALL:
            return -1
        if (number := revision_number(word)) is not None:
            if number in known:
                return number
            # One that the history has to pass over; a later one than runs is nobody's past.
            if 0 < number < past[0].number and (why := fault(number)):
                raise BadAnswer(why)
        elif word.isascii() and word.isdigit() and len(word) < 9 and 1 <= int(word) <= len(past):
            return past[int(word) - 1].number
        raise BadAnswer(f"Error: There is no earlier configuration {quoted(text)}.")

    words = (*(revision_word(each.number) for each in past[:LISTED]), ALL)
    return Kind(parse, words=words, sample="1", about="The number of an earlier configuration")
