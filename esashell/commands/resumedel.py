"""resumedel: deliver again to what `suspenddel` has suspended."""

from typing import TYPE_CHECKING

from esashell.commands.queues import ALL, queues
from esashell.commands.registry import TABLE, command
from esashell.commands.suspenddel import WHICH
from esashell.dialogue.kinds import ask
from esashell.dialogue.requests import Act, Ask, Moot, Notice

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

DOMAINS = "Enter one or more domains [comma-separated] to which you want to resume\ndelivery."


@command("resumedel", help=TABLE["resumedel"])
def resumedel(appliance: "Appliance") -> "Dialogue[None]":
    suspended = queues(appliance).figures().suspended
    domains: tuple[str, ...] = (ALL,)
    if set(suspended) - {ALL}:
        # There is something to choose from.
        domains = yield from ask(Ask("domains", DOMAINS, WHICH, (ALL,), positional=True))
    elif not suspended:
        yield Moot("Mail delivery is not suspended.")
        return
    yield Act(lambda: queues(appliance).resume(domains))
    yield Notice("Mail delivery resumed.")
