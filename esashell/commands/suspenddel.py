"""suspenddel: deliver nothing to some domains, or to any, until `resumedel`."""

from typing import TYPE_CHECKING

from esashell.commands.queues import ALL, queues
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import DOMAIN_NAMES, ask, number
from esashell.dialogue.requests import Act, Ask, Kind, Notice, Say

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

DOMAINS = "Enter one or more domains [comma-separated] to which you want to suspend\ndelivery."
SECONDS = "Enter the number of seconds to wait before abruptly closing connections."


def _domains(text: str) -> tuple[str, ...]:
    return (ALL,) if text.upper() == ALL else DOMAIN_NAMES.parse(text)


WHICH: Kind[tuple[str, ...]] = Kind(
    _domains,
    ", ".join,
    words=(ALL,),
    sample="example.com",
    about="Domain names with commas between them, or ALL",
)


@command("suspenddel", help=TABLE["suspenddel"])
def suspenddel(appliance: "Appliance") -> "Dialogue[None]":
    domains = yield from ask(Ask("domains", DOMAINS, WHICH, (ALL,), positional=True))
    yield from number("seconds", SECONDS, 30, 0, 86_400, positional=True)
    yield Act(lambda: queues(appliance).suspend(domains))
    yield Notice("Waiting for outgoing deliveries to finish...")
    yield Say("Mail delivery suspended.")
