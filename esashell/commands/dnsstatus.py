"""dnsstatus: what the resolver has done, and (ours) why it believes an answer.

The counters are the appliance's. `dnsstatus trace NAME TYPE` is not: it looks the name up as a
delivery would, cache included, and shows the proof from the trust anchor down, with every signature
that was tried, and the verdict with its reason.
"""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_and_time
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import QUERY_NAME, RECORD_TYPE, word
from esashell.dialogue.kinds import ask as put_question
from esashell.dialogue.requests import Ask, Kind, Say, Show, do
from esashell.errors import BadAnswer
from esashell.reports.dnsstatus import status_document, status_lines
from esashell.reports.proof import proof, trace_document

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.answer import Answer
    from esashell.resolver.names import Name
    from esashell.steps import Steps


def _operation(text: str) -> str:
    if text.lower() != "trace":
        raise BadAnswer("Error: The value must be TRACE.")
    return "trace"


OPERATION = Kind(_operation, words=("trace",), sample="trace")
USAGE = ("dnsstatus", "dnsstatus trace <name> [<type>]    (esashell's own)")


@command("dnsstatus", help=TABLE["dnsstatus"], usage=USAGE)
def dnsstatus(appliance: "Appliance") -> "Dialogue[int]":
    if (yield from word("operation", OPERATION, "")):
        return (yield from _trace(appliance))
    yield Say(f"Status as of: {date_and_time(appliance.now)} GMT")
    yield Say("\n".join(status_lines(appliance.effort)))
    yield Show(status_document(appliance.effort, appliance.now))
    return 0


def _trace(appliance: "Appliance") -> "Dialogue[int]":
    name = yield from put_question(Ask("name", "Please enter the name to trace.", QUERY_NAME))
    rdtype = yield from put_question(
        Ask("type", "Please enter the query type.", RECORD_TYPE, 1, positional=True)
    )
    answer = yield from do(looked_up(appliance, name, rdtype))
    yield Say("\n".join(proof(answer)))
    yield Show(trace_document(answer, appliance.now))
    return 0 if answer.existence is not None else 1


def looked_up(appliance: "Appliance", name: "Name", rdtype: int) -> "Steps[Answer]":
    """The conversation; the resolver is made only when it begins."""
    return (yield from appliance.sender.resolver.look_up(name, rdtype))
