"""bouncerecipients: return messages that wait to their senders."""

from typing import TYPE_CHECKING

from esashell.commands.chosen_recipients import Chosen, removed, usage
from esashell.commands.queues import queues
from esashell.commands.registry import TABLE, command

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


@command("bouncerecipients", help=TABLE["bouncerecipients"], usage=usage("bouncerecipients"))
def bouncerecipients(appliance: "Appliance") -> "Dialogue[None]":
    def remove(which: Chosen) -> int:
        return queues(appliance).bounce(domain=which.domain, sender=which.sender)

    yield from removed("bounce", ("Bouncing", "bounced"), remove)
