"""How a configuration that is not the running one decides about a destination, and where they part.

The destination is looked at as far as either configuration would lead, and then both decide by what
was seen. It was seen with the running configuration's resolvers and its side of TLS: where the
other one has others, its outcome is not known.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.configurations import PENDING, configuration
from esashell.commands.rehearsal import looks_different
from esashell.config.lookup import Destinations, Routes
from esashell.config.model.listeners import Behavior
from esashell.delivery.attempt import observe, outcome
from esashell.delivery.outcome import Result
from esashell.delivery.settings import origins, settings_for
from esashell.dialogue.requests import Say, Show, do
from esashell.reports.delivery import Delivery, delivery_document, delivery_lines, parting_lines
from esashell.simulate.plan import not_observed

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Dialogue
    from esashell.resolver.names import Name
    from esashell.steps import Steps


def explained_by(appliance: "Appliance", name: "Name", word: str) -> "Dialogue[int]":
    """The status is 0 where the configuration has mail delivered, else 1."""
    chosen = yield from configuration(appliance, word)
    known = not looks_different(appliance.running, chosen.config)
    here = yield from do(_delivery(name, appliance.running, appliance, known=True))
    there = yield from do(_delivery(name, chosen.config, appliance, known=known))
    yield Show({"running": delivery_document(here), "chosen": delivery_document(there)})
    screen = appliance.screen
    title = "the pending configuration" if chosen.title == PENDING else chosen.title
    yield Say(
        "\n".join(
            (
                *delivery_lines(there, screen, title),
                "",
                *parting_lines(here, there, screen),
            )
        )
    )
    return 0 if there.outcome.result is Result.DELIVER else 1


def _delivery(
    name: "Name", config: "Config", appliance: "Appliance", *, known: bool
) -> "Steps[Delivery]":
    domain, sender = str(name), appliance.sender
    tables = Destinations(config.destinations), Routes(config.smtp_routes)
    settings = settings_for(domain, *tables, digest_agility=sender.digest_agility)
    found = origins(domain, *tables)
    if not known:
        unseen = not_observed(domain)
        return Delivery(name, settings, found, unseen, unseen)
    seen = yield from observe(name, sender, settings.route)
    decided = outcome(seen, settings, seen.when)
    accepted = outcome(seen, replace(settings, behavior=Behavior.ACCEPT), seen.when)
    return Delivery(name, settings, found, decided, accepted)
