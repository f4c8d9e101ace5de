"""delivernow: attempt what waits before its time, for one domain or for all."""

from typing import TYPE_CHECKING

from esashell.commands.queues import queues
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import choice, domain
from esashell.dialogue.requests import Act, Notice

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

BY = {"host": "By recipient domain", "all": "All messages"}


USAGE = ("delivernow", "delivernow host <domain>", "delivernow all")


@command("delivernow", help=TABLE["delivernow"], usage=USAGE)
def delivernow(appliance: "Appliance") -> "Dialogue[None]":
    prompt = "Please choose an option for scheduling immediate delivery."
    by = yield from choice("by", prompt, BY, "host", positional=True)
    name = ""
    if by == "host":
        name = str((yield from domain("host", "Please enter the domain to schedule for delivery.")))
    yield Act(lambda: queues(appliance).deliver_now(name))
    yield Notice(f"Rescheduling all messages{f' to {name}' if name else ''} for delivery.")
