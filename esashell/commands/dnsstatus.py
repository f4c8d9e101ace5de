"""dnsstatus: what the resolver has done, and (ours) why it believes an answer.

The counters are the appliance's. `dnsstatus trace NAME TYPE` is not: it looks the name up as a
delivery would, cache included, and shows the proof from the trust anchor down, with every signature
that was tried, and the verdict with its reason. `limits`, `algorithms` and `anchors` are ours too:
by which rules the resolver judges, and which keys of the root it believes.
"""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_and_time
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import QUERY_NAME, RECORD_TYPE, word
from esashell.dialogue.kinds import ask as put_question
from esashell.dialogue.requests import Ask, Kind, Say, Show, do
from esashell.errors import BadAnswer
from esashell.reports.dnsstatus import status_document, status_lines
from esashell.reports.policy import (
    algorithm_lines,
    algorithms_document,
    limit_lines,
    limits_document,
)
from esashell.reports.proof import proof, trace_document
from esashell.reports.trustpoint import anchor_lines, anchors_document
from esashell.resolver.algorithms import Policy
from esashell.resolver.budget import Budget

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.anchors import Anchor
    from esashell.resolver.answer import Answer
    from esashell.resolver.names import Name
    from esashell.steps import Steps


def _operation(text: str) -> str:
    if text.lower() not in WORDS:
        raise BadAnswer(f"Error: The value must be one of {', '.join(map(str.upper, WORDS))}.")
    return text.lower()


WORDS = ("trace", "limits", "algorithms", "anchors")
OPERATION = Kind(_operation, words=WORDS, sample="trace")
USAGE = (
    "dnsstatus",
    "dnsstatus trace <name> [<type>]    (esashell's own, as are those below)",
    "dnsstatus limits",
    "dnsstatus algorithms",
    "dnsstatus anchors",
)


@command("dnsstatus", help=TABLE["dnsstatus"], usage=USAGE)
def dnsstatus(appliance: "Appliance") -> "Dialogue[int]":
    operation = yield from word("operation", OPERATION, "")
    if operation == "trace":
        return (yield from _trace(appliance))
    if operation:
        return (yield from _shown(appliance, operation))
    yield Say(f"Status as of: {date_and_time(appliance.now)} GMT")
    uptime, lifetime = appliance.effort, appliance.lifetime
    yield Say("\n".join(status_lines(uptime, lifetime)))
    yield Show(status_document(uptime, lifetime, appliance.now))
    return 0


def _shown(appliance: "Appliance", table: str) -> "Dialogue[int]":
    """One of the tables by which the resolver works."""
    budget, policy = Budget(), Policy(sha1=appliance.running.dns.sha1)
    if table == "anchors":
        fixed = yield from do(believed(appliance))
        point = appliance.trust_point
        yield Say("\n".join(anchor_lines(point, fixed)))
        yield Show(anchors_document(point, fixed, appliance.now))
    elif table == "limits":
        yield Say("\n".join(limit_lines(budget, policy)))
        yield Show(limits_document(budget, policy))
    else:
        pending = Policy(sha1=appliance.config.dns.sha1)
        yield Say("\n".join(algorithm_lines(policy, pending=pending)))
        yield Show(algorithms_document(policy))
    return 0


def believed(appliance: "Appliance") -> "Steps[tuple[Anchor, ...]]":
    """The trust anchors, as a conversation: before any, the root's keys are followed if due."""
    yield from ()
    return appliance.sender.resolver.anchors


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
