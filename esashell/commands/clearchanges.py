"""clearchanges: forget what has been changed since the last commit."""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_and_time
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import yes_no
from esashell.dialogue.requests import Clear, Moot, Notice

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


@command("clearchanges", help=TABLE["clearchanges"], aliases=("clear",))
def clearchanges(appliance: "Appliance") -> "Dialogue[None]":
    if appliance.config == appliance.running:
        yield Moot("There are no changes to clear.")
        return
    prompt = "Are you sure you want to clear all changes since the last commit?"
    if (yield from yes_no("confirm", prompt, True, positional=True)):
        when: int = yield Clear()
        yield Notice(f"Changes cleared: {date_and_time(when, appliance.running.timezone)}")
