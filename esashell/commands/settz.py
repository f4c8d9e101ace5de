"""settz: the time zone that times are shown in.

Zones are those of the tz database that the machine has. The appliance asks for a continent, a
country and a zone; here the country is left out, and a zone's whole name is taken at once, with
`Europe/Berlin` at the first question or on a command line.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.dates import GMT
from esashell.commands.registry import TABLE, command
from esashell.config.checks.network import zone_fault
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, choice_kind, numbered
from esashell.dialogue.requests import Ask, Kind
from esashell.dialogue.table import Operation, operate
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
    "Etc",
)


def zones() -> dict[str, str]:
    """Every zone that this machine knows, by its name in lower case."""
    from zoneinfo import available_timezones

    names = (each for each in available_timezones() if zone_fault(each) is None)
    known = {each.lower(): each for each in names}
    return {**known, "gmt": GMT, "etc/gmt": GMT}


def _first(known: dict[str, str]) -> Kind[str]:
    """A continent, or a whole zone."""
    continents = choice_kind(CONTINENTS)

    def parse(text: str) -> str:
        if text.lower() in known:
            return known[text.lower()]
        try:
            return continents.parse(text)
        except BadAnswer:
            raise BadAnswer(f"Error: {quoted(text, 60)} is not a time zone.") from None

    words = (*CONTINENTS, *sorted(set(known.values())))
    return Kind(parse, continents.show, words, GMT, about="A continent, or a time zone's name")


def _setup(config: Config) -> "Dialogue[Config]":
    known = zones()
    continent = config.timezone.partition("/")[0]
    shown = f"Please choose your continent:\n{numbered(CONTINENTS)}"
    present = continent if continent in CONTINENTS else config.timezone
    found = yield from ask(Ask("zone", shown, _first(known), present, positional=True))
    if found in CONTINENTS:
        there = sorted(each for each in set(known.values()) if each.startswith(f"{found}/"))
        cities = [each.partition("/")[2] for each in there]
        city = config.timezone.partition("/")[2] if found == continent else None
        prompt = f"Please choose your timezone:\n{numbered(cities)}"
        kind = choice_kind(cities, closed=False)
        default = city if city in cities else None
        found = f"{found}/{(yield from ask(Ask('city', prompt, kind, default)))}"
    return replace(config, timezone=known.get(found.lower(), found))


def summary(config: Config) -> str:
    return f"Current time zone: {config.timezone}"


OPERATIONS = (Operation("setup", "Set the local time zone.", _setup),)


@command("settz", help=TABLE["settz"], commits=True)
def settz(appliance: "Appliance") -> "Dialogue[None]":
    yield from operate(appliance.config, summary, OPERATIONS)
