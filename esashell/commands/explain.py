"""explain: why `daneverify` says what it says. Ours; the appliance has nothing like it.

    explain DOMAIN [--config A]

Below the verdict stands what becomes of mail to the domain by the running configuration, which is
another question: the destination control may not ask for DANE, and a route may lead elsewhere.
Where DANE failed and nobody had a reason to look at the mail host's certificate, it is looked at
now, so that the record to publish can be shown. No mail is sent.

With `--config`, another configuration decides: `pending`, a revision's number, or a file. Shown is
how it does, step by step, and where it parts from the running one. `plan` tells of the same for all
destinations at once.
"""

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from esashell.commands.daneverify import PROMPT
from esashell.commands.explained_by import explained_by
from esashell.commands.registry import TABLE, command
from esashell.config.lookup import Destinations, Routes
from esashell.config.model.listeners import Behavior
from esashell.dane.reason import Fault
from esashell.dane.table import Verified
from esashell.delivery.attempt import attempt, outcome
from esashell.delivery.connections import Meetings
from esashell.delivery.presented import presented
from esashell.delivery.probe import blamed
from esashell.delivery.settings import origins, settings_for
from esashell.delivery.verification import verify_domain
from esashell.dialogue.drive import Say
from esashell.dialogue.kinds import ask, domain
from esashell.dialogue.requests import Ask, Kind, Show, do
from esashell.errors import BadAnswer
from esashell.reports.cure import cures_document
from esashell.reports.delivery import Delivery, delivery_document, delivery_lines
from esashell.reports.evidence import document
from esashell.reports.explain import lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esashell.commands.registry import Appliance
    from esashell.delivery.evidence import Evidence
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.names import Name
    from esashell.steps import Steps

    Chains = dict[Name, tuple[bytes, ...]]


CONFIG = "--config"
USAGE = ("explain <domain> [--config pending|<revision>|<file>]",)


def _config_words(words: "Sequence[str]") -> int:
    return min(2, len(words)) if words[:1] == [CONFIG] else 0


def _config(text: str) -> str:
    word = text.removeprefix(CONFIG).strip()
    if not word:
        raise BadAnswer("Error: pending, a revision or a file is required.")
    return word


CHOSEN: Kind[str] = Kind(_config, words=(CONFIG,), sample=f"{CONFIG} pending")


@command("explain", help=TABLE["explain"], usage=USAGE)
def explain(appliance: "Appliance") -> "Dialogue[int]":
    name = yield from domain("domain", PROMPT)
    chosen = yield from ask(Ask("config", "", CHOSEN, "", takes=_config_words, silent=True))
    if chosen:
        return (yield from explained_by(appliance, name, chosen))
    seen = yield from do(_conversation(appliance, name))
    evidence, chains = seen.evidence, seen.chains
    yield Show(
        document(evidence)
        | {"cures": cures_document(evidence, chains), "delivery": delivery_document(seen.delivery)}
    )
    shown = lines(evidence, chains, appliance.screen)
    yield Say("\n".join((*shown, "", *delivery_lines(seen.delivery, appliance.screen))))
    return 0 if evidence.verdict is Verified.SUCCESS else 1


class _Seen(Struct, frozen=True):
    """All that is known in the end."""

    evidence: "Evidence"
    chains: "Chains"
    delivery: Delivery


def _conversation(appliance: "Appliance", name: "Name") -> "Steps[_Seen]":
    """The verification, a look at what it had no reason to look at, and an attempt."""
    sender = replace(appliance.sender, connections=Meetings().connections())
    evidence = yield from verify_domain(name, sender)
    evidence = yield from blamed(evidence, sender.resolver)
    chains = yield from presented(evidence, sender)
    config, domain = appliance.running, str(name)
    tables = Destinations(config.destinations), Routes(config.smtp_routes)
    settings = settings_for(domain, *tables, digest_agility=sender.digest_agility)
    tried = yield from attempt(name, settings, sender)
    accepted = outcome(
        tried.observation, replace(settings, behavior=Behavior.ACCEPT), tried.observation.when
    )
    decided = tried.outcome
    ours = evidence.reason.fault is Fault.OURS_BY_CONFIGURATION
    if ours and evidence.reason.code == decided.reason.code:
        decided = replace(decided, reason=evidence.reason)
    delivery = Delivery(name, settings, origins(domain, *tables), decided, accepted)
    return _Seen(evidence, chains, delivery)
