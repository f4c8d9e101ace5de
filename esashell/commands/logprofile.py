"""logprofile: a mail log summed up by destination, for a simulation to take as its traffic.

    logprofile log_name [-o file]
    logprofile --dir directory [-o file]

The appliance has no such command. The directory is one of mail logs from elsewhere, packed or not.
What is written is TOML: domain, messages, recipients in each hour of the day, and how often TLS and
DANE came about on its connections (`logs.profile`). Without `-o` it is shown.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.commands.log_choice import (
    log_named,
    log_names,
    paths_of,
    taken_apart,
    which_log,
)
from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dialogue.requests import Ask, Kind, SaveText, Say, Search, Show
from esashell.errors import UsageError
from esashell.logs.profile import Profile, profile, written

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

USAGE = (
    "logprofile <log_name> [-o <file>]",
    "logprofile --dir <directory> [-o <file>]",
)


class Wish(Struct, frozen=True):
    """Which files are read, and where the profile is to go: "" is the screen."""

    log: str = ""
    directory: str = ""
    file: str = ""


def _wish(words: Sequence[str], appliance: "Appliance") -> Wish:
    found = taken_apart(words, "logprofile", (), ("--dir", "-o"))
    directory, bare = found.last("--dir"), list(found.bare)
    log = "" if directory or not bare else log_named(bare.pop(0), appliance.running)
    if bare:
        raise UsageError(f"Error: Not understood: {quoted(bare[0], 40)}.")
    return Wish(log, directory, found.last("-o"))


@command("logprofile", help=TABLE["logprofile"], usage=USAGE)
def logprofile(appliance: "Appliance") -> "Dialogue[int]":
    words: Kind[Wish] = Kind(
        lambda text: Wish(), words=(*log_names(appliance.running), "--dir", "-o")
    )
    wish: Wish = yield Ask(
        "words", "", words, Wish(), silent=True, reads=lambda each: _wish(each, appliance)
    )
    log = wish.log
    if not log and not wish.directory:
        prompt = "Enter the number of the log that the profile is made of."
        log = yield from which_log(appliance.running, prompt)
    found: Profile = yield Search(lambda archive: profile(paths_of(archive, log, wish.directory)))
    text = written(found)
    if wish.file:
        yield SaveText(wish.file, text)
        yield Say(_said(found, wish.file))
    else:
        yield Say(text.rstrip("\n"))
    yield Show(found)
    return 0 if found.destinations else 1


def _said(found: Profile, file: str) -> str:
    recipients = sum(each.recipients for each in found.destinations)
    many = len(found.destinations)
    return (
        f"{many} destination{'' if many == 1 else 's'} with {recipients} "
        f"recipient{'' if recipients == 1 else 's'} written to {file}."
    )
