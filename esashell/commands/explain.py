"""explain: why `daneverify` says what it says. Ours; the appliance has nothing like it."""

from typing import TYPE_CHECKING

from esashell.commands.daneverify import PROMPT, verification
from esashell.commands.registry import TABLE, command
from esashell.dane.table import Verified
from esashell.dialogue.drive import Say
from esashell.dialogue.kinds import domain
from esashell.dialogue.requests import Show, do
from esashell.reports.evidence import document
from esashell.reports.explain import lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue


@command("explain", help=TABLE["explain"])
def explain(appliance: "Appliance") -> "Dialogue[int]":
    name = yield from domain("domain", PROMPT)
    evidence = yield from do(verification(appliance, name))
    yield Show(document(evidence))
    yield Say("\n".join(lines(evidence)))
    return 0 if evidence.verdict is Verified.SUCCESS else 1
