"""exit: end the session, with a warning when work would be lost."""

from typing import TYPE_CHECKING

from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import yes_no
from esashell.dialogue.requests import Leave

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

WARNING = """\
Configuration changes entered but not committed. Exiting will lose changes.
Type 'commit' at the command prompt to commit changes.
Are you sure you wish to exit?"""


@command("exit", help=TABLE["exit"], aliases=("quit", "q"))
def leave(appliance: "Appliance") -> "Dialogue[None]":
    if appliance.dirty and not (yield from yes_no("confirm", WARNING, False, positional=True)):
        return
    yield Leave()
