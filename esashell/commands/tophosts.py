"""tophosts: the twenty destinations with most of something."""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_time_and_zone
from esashell.commands.queues import queues, simulation_name
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import choice
from esashell.dialogue.requests import Notice, Show
from esashell.reports.tophosts import SORTS, ranked, top_document, top_lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

CHOICES = {word: called for word, (called, _) in SORTS.items()}


@command("tophosts", help=TABLE["tophosts"])
def tophosts(appliance: "Appliance") -> "Dialogue[None]":
    by = yield from choice("sort", "Sort results by:", CHOICES, "active_rcpts", positional=True)
    now = appliance.now
    hosts = ranked(queues(appliance).hosts(), by)
    when = date_time_and_zone(now, appliance.running.timezone)
    yield Notice("\n".join(top_lines(hosts, when)))
    yield Show(top_document(hosts, by, now, simulation_name(appliance)))
