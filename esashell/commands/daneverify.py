"""daneverify: can mail for a domain be delivered with DANE from this appliance?

It asks with the resolvers of the running configuration, changes nothing, and sends no mail. Run
against a domain that is known to be good it tells whether the resolvers can carry DNSSEC at all.
"""

from typing import TYPE_CHECKING

from esashell.commands.registry import TABLE, command
from esashell.dane.table import Verified
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import verify_domain
from esashell.dialogue.kinds import domain
from esashell.dialogue.requests import Show, do
from esashell.reports.evidence import document
from esashell.reports.verification import lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.names import Name
    from esashell.steps import Steps


PROMPT = "Enter the domain to verify DANE support:"


@command("daneverify", help=TABLE["daneverify"])
def daneverify(appliance: "Appliance") -> "Dialogue[int]":
    name = yield from domain("domain", PROMPT)
    evidence = yield from do(verification(appliance, name), lines)
    yield Show(document(evidence))
    return 0 if evidence.verdict is Verified.SUCCESS else 1


def verification(appliance: "Appliance", name: "Name") -> "Steps[Evidence]":
    """The conversation; the sender is made only when it begins."""
    return (yield from verify_domain(name, appliance.sender))
