"""Which scenario is simulated: one that comes with the program, a file's, or one made of a list."""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_time_and_zone
from esashell.commands.partners import destinations_in
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask
from esashell.dialogue.requests import Ask, Kind, Notice, ReadText, Remark, Show, Simulate
from esashell.errors import BadAnswer, BadConfiguration, OperatorError
from esashell.simulate.account import document
from esashell.simulate.retry import DOUBLING
from esashell.simulate.scenario import (
    Scenario,
    Tier,
    Traffic,
    built_in,
    built_in_scenario,
    read_scenario,
)
from esashell.simulate.tables import LONGEST, span_of

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.simulate.listed import Listed

SECOND = 1_000_000
HOUR = 3600 * SECOND
USUAL = 60  # messages an hour for a destination that has no number


def span(text: str) -> int:
    """A time like "1d 12h" in microseconds, a year at most. Raises `BadAnswer`."""
    try:
        found = span_of(text.removeprefix("+"))
    except ValueError as error:
        raise BadAnswer(f"Error: {quoted(str(error), 200)[1:-1]}.") from None
    if found > LONGEST:
        raise BadAnswer("Error: A simulation is of a year at most.")
    return found


SPAN: Kind[int] = Kind(
    span, lambda it: f"{it // HOUR}h", sample="1h", about='A time like "1h", "90m" or "1d 12h"'
)


def load(appliance: "Appliance") -> "Dialogue[None]":
    names = tuple(name for name, _ in built_in())
    prompt = "Enter the name of a scenario, or of a file that has one."
    kind: Kind[str] = Kind(
        str, words=names, sample="example.toml", about="One of the list, or the path of a file"
    )
    name = yield from ask(Ask("scenario", prompt, kind, takes=len))
    scenario = built_in_scenario(name)
    if scenario is None and "/" not in name and "." not in name:
        known = ", ".join(names)
        raise OperatorError(
            f"Error: There is no scenario {quoted(name, 60)}; these are: {known}. "
            "A file is named with its path or its ending."
        )
    if scenario is None:
        try:
            scenario = read_scenario((yield ReadText(name)), name)
        except BadConfiguration as error:
            raise OperatorError(f"Error: {quoted(str(error), 500)[1:-1]}.") from None
    yield from _begin(appliance, scenario)


def new(appliance: "Appliance") -> "Dialogue[None]":
    """Simulate mail to the destinations of a list, as `plan --domains` takes it."""
    kind: Kind[str] = Kind(str, sample="partners.txt", about="The path of a file")
    prompt = "Enter the name of a file that lists destinations."
    file = yield from ask(Ask("file", prompt, kind))
    length = yield from ask(Ask("length", "How long is it to be?", SPAN, 96 * HOUR, batch="96h"))
    destined = destinations_in((yield ReadText(file)), file)
    yield from _begin(appliance, _of(destined, appliance.now, length))


def _of(destined: "Listed", now: int, length: int) -> Scenario:
    """Mail to these destinations, from now on."""
    rows = (destined.destined(row) for row in range(len(destined)))
    traffic = tuple(
        Traffic(each.domain, (USUAL if each.per_hour is None else each.per_hour) * length / HOUR)
        for each in rows
    )
    title = f"Mail to {len(traffic):,} destination{'' if len(traffic) == 1 else 's'}"
    return Scenario(
        name="list",
        title=title,
        story="",
        begin=now // SECOND * SECOND,
        length=length,
        seed=1,
        growth=DOUBLING,
        lab=(),
        tiers=(Tier("", lambda config: config),),
        traffic=traffic,
        messages=(),
        timeline=(),
    )


def _begin(appliance: "Appliance", scenario: Scenario) -> "Dialogue[None]":
    from esashell.commands.simulated_account import account

    yield Simulate(scenario)
    loaded = appliance.simulation
    if loaded is None:
        return
    when = date_time_and_zone(loaded.begun, appliance.running.timezone)
    yield Notice(" ".join((loaded.story or f"{loaded.title}.").split()))
    yield Remark(f"It begins at {when}; what is committed is its own.")
    yield Show(document(account(loaded)))
