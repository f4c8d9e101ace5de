"""sethostname: the name that the appliance has, in its prompt and in its greetings."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import host_name
from esashell.dialogue.requests import Stage

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


PROMPT = "Please enter the fully qualified host name of this machine."


@command("sethostname", help=TABLE["sethostname"], commits=True)
def sethostname(appliance: "Appliance") -> "Dialogue[None]":
    config = appliance.config
    name = yield from host_name("hostname", PROMPT, config.hostname)
    if name != config.hostname:
        yield Stage(replace(config, hostname=name))
