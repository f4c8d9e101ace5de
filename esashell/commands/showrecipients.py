"""showrecipients: what waits in the queue, by recipient host, by sender or all of it.

The oldest are shown first, and at most so many as anybody would read; how many more there are is
said.
"""

from typing import TYPE_CHECKING

from esashell.commands.chosen_recipients import chosen, usage, waiting
from esashell.commands.queues import queues
from esashell.commands.registry import TABLE, command
from esashell.dialogue.requests import Notice, Say, Show
from esashell.reports.recipients import recipient_lines, recipients_document
from esashell.reports.screen import PLAIN

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

MOST = 100


@command("showrecipients", help=TABLE["showrecipients"], usage=usage("showrecipients"))
def showrecipients(appliance: "Appliance") -> "Dialogue[None]":
    which = yield from chosen("show")
    yield Notice("Showing messages, please wait.")
    width = (appliance.screen or PLAIN).width
    matching = waiting(appliance, which)
    found = queues(appliance).queued(domain=which.domain, sender=which.sender, limit=MOST)
    yield Say("\n".join(("", *recipient_lines(found, width))))
    if matching > len(found):
        yield Say(f"\n{matching - len(found):,} more are not shown.")
    yield Show(recipients_document(found, matching, appliance.now))
