"""What Tab offers: the names of commands, then whatever the command's dialogue could take next.

A pure function of the text before the cursor and of the appliance. Nothing is listed here: after
the command's name its own dialogue is run along the words typed so far (`outline.upcoming`), so the
servers that can be deleted are the ones that are configured now.
"""

from msgspec import Struct

from esashell.commands.registry import TABLE, TYPE_CHECKING, find
from esashell.shell.parse import last_statement

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance


class Candidate(Struct, frozen=True):
    """A text to put in the place of what is typed from `start` (negative) on, and a word on it."""

    text: str
    start: int
    help: str = ""


def complete(line: str, appliance: "Appliance") -> tuple[Candidate, ...]:
    """The candidates at the end of the line."""
    statement = last_statement(line)
    typed = statement.open_word
    words = statement.words if typed is None else statement.words[:-1]
    prefix = "" if typed is None else statement.words[-1]
    start = -len(typed or "")
    if not words:
        found = sorted(name for name in TABLE if name.startswith(prefix))
        return tuple(Candidate(name, start, TABLE[name]) for name in found)
    command = find(words[0])
    if command is None:
        return ()
    from esashell.dialogue.outline import upcoming
    from esashell.errors import OperatorError

    try:
        following = upcoming(command.function(appliance), words[1:], prefix)
    except OperatorError:
        return ()
    return tuple(Candidate(each, start) for each in following)
