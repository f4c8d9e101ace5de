"""resetconfig: all settings as they were on the new appliance, at once.

It commits by itself, as the appliance's does, and what was pending is given up with the rest. What
ran before stays in the history: `rollbackconfig` brings it back.
"""

from typing import TYPE_CHECKING

from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import yes_no
from esashell.dialogue.requests import Commit, Moot, Notice, Stage

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.revision import Revision
    from esashell.dialogue.drive import Dialogue

PROMPT = "Are you sure you want to reset all configuration values?"


@command("resetconfig", help=TABLE["resetconfig"])
def resetconfig(appliance: "Appliance") -> "Dialogue[None]":
    factory = appliance.revision(0).config
    if appliance.running == appliance.config == factory:
        yield Moot("All settings are the factory's already.")
        return
    if not (yield from yes_no("confirm", PROMPT, False, positional=True)):
        return
    if appliance.running != factory:
        number = appliance.head.number
        yield Stage(factory)
        revision: Revision = yield Commit("resetconfig")
        yield Notice("All settings have been restored to the factory default.")
        if number:
            yield Notice(
                f"They run as revision {revision.number}; 'rollbackconfig r{number}' goes back."
            )
    else:
        yield Stage(factory)
        yield Notice("All settings have been restored to the factory default.")
