"""tail: the end of a log, and what is written to it from there on, until Ctrl-C.

Where nobody watches (a script's output to a file) it is the end of the log only; `-f` follows it
there too, which is ours.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from esashell.commands.log_choice import log_named, log_names, taken_apart, which_log
from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dialogue.requests import Archive, Ask, Kind, Search
from esashell.errors import UsageError
from esashell.logs.follow import followed

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

USAGE = ("tail", "tail <log_name>", "tail -f <log_name>   (also where nobody watches)")
PRESS = b"Press Ctrl-C to stop.\n"

Wish = tuple[str, bool]


def _wish(words: Sequence[str], appliance: "Appliance") -> Wish:
    """The log, which may be missing, and whether it is followed wherever it goes."""
    found = taken_apart(words, "tail", ("-f",), ())
    if len(found.bare) > 1:
        raise UsageError(f"Error: Not understood: {quoted(found.bare[1], 40)}.")
    log = log_named(found.bare[0], appliance.running) if found.bare else ""
    return log, found.has("-f")


@command("tail", help=TABLE["tail"], usage=USAGE)
def tail(appliance: "Appliance") -> "Dialogue[None]":
    words: Kind[Wish] = Kind(lambda text: ("", False), words=log_names(appliance.running))
    log, follow = yield Ask(
        "words", "", words, ("", False), silent=True, reads=lambda each: _wish(each, appliance)
    )
    if not log:
        prompt = "Enter the number of the log you wish to tail."
        log = yield from which_log(appliance.running, prompt)

    def work(archive: Archive) -> None:
        if archive.watched:
            archive.put(PRESS)
        wait = archive.wait if archive.watched or follow else None
        followed(archive.folder / log, archive.put, wait)

    yield Search(work)
