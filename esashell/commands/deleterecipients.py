"""deleterecipients: take messages out of the queue for good; nobody is told."""

from typing import TYPE_CHECKING

from esashell.commands.chosen_recipients import Chosen, removed, usage
from esashell.commands.queues import queues
from esashell.commands.registry import TABLE, command

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


@command("deleterecipients", help=TABLE["deleterecipients"], usage=usage("deleterecipients"))
def deleterecipients(appliance: "Appliance") -> "Dialogue[None]":
    def remove(which: Chosen) -> int:
        return queues(appliance).delete(domain=which.domain, sender=which.sender)

    yield from removed("delete", ("Deleting", "deleted"), remove)
