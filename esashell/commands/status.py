"""status: the counters and gauges of the whole appliance; `status detail` has all of them."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.dates import date_time_and_zone
from esashell.commands.queues import queues, simulation_name
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import choice_kind, word
from esashell.dialogue.requests import Say, Show
from esashell.reports.status import status_document, status_lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

DETAIL = choice_kind(("detail",))


@command("status", help=TABLE["status"], usage=("status [detail]",))
def status(appliance: "Appliance") -> "Dialogue[None]":
    detail = yield from word("detail", DETAIL, "")
    figures, timezone = queues(appliance).figures(), appliance.running.timezone
    if appliance.simulation is not None and appliance.simulation.numbers is not None:
        mid, icid, dcid = appliance.simulation.numbers()
        figures = replace(figures, mid=mid, icid=icid, dcid=dcid)
    lines = status_lines(
        figures, lambda when: date_time_and_zone(when, timezone), detail=bool(detail)
    )
    yield Say("\n".join(lines))
    yield Show(status_document(figures, simulation_name(appliance)))
