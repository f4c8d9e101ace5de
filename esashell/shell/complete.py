"""What Tab offers: the names of commands, then whatever the command's dialogue could take next.

A pure function of the text before the cursor and of the appliance. Nothing is listed here: after
the command's name its own dialogue is run along the words typed so far (`outline.upcoming`), so the
servers that can be deleted are the ones that are configured now. Where it would take a domain name,
those that are known are offered.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from esashell.commands.registry import TABLE, TYPE_CHECKING, find
from esashell.shell.parse import last_statement

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance


class Candidate(Struct, frozen=True):
    """A text to put in the place of what is typed from `start` (negative) on, and a word on it.

    Where it is the only one, it ends in a blank if the line may go on after it.
    """

    text: str
    start: int
    help: str = ""


def complete(
    line: str, appliance: "Appliance", names: Callable[[], Iterable[str]] = tuple
) -> tuple[Candidate, ...]:
    """The candidates at the end of the line; `names` are the domain names to offer for one."""
    statement = last_statement(line)
    typed = statement.open_word
    words = statement.words if typed is None else statement.words[:-1]
    prefix = "" if typed is None else statement.words[-1]
    start = -len(typed or "")
    if not words:
        found = sorted(name for name in TABLE if name.startswith(prefix))
        # No command is imported for its name's sake: every one has a blank behind it.
        blank = " " if len(found) == 1 else ""
        return tuple(Candidate(name + blank, start, TABLE[name]) for name in found)
    command = find(words[0])
    if command is None:
        return ()
    from esashell.dialogue.outline import goes_on, upcoming
    from esashell.errors import OperatorError

    try:
        following = upcoming(command.function(appliance), words[1:], prefix, names)
    except OperatorError:
        return ()
    match following:
        case (only,) if not only.endswith("="):
            more = goes_on(command.function(appliance), (*words[1:], only))
            return (Candidate(only + " " if more else only, start),)
    return tuple(Candidate(each, start) for each in following)
