"""dnsflush: forget what the resolver has learnt, so that everything is asked for anew.

Answers, keys, delegations, and which servers kept silent; the trust anchors stay. It is what one
does after a zone was repaired, since a failure is remembered for a while as well.
"""

from typing import TYPE_CHECKING

from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import yes_no
from esashell.dialogue.requests import Flush, Notice

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


@command("dnsflush", help=TABLE["dnsflush"])
def dnsflush(appliance: "Appliance") -> "Dialogue[None]":
    prompt = "Are you sure you want to clear out the DNS cache?"
    if (yield from yes_no("confirm", prompt, False, positional=True)):
        yield Flush()
        yield Notice("DNS cache cleared.")
