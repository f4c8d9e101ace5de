"""What a simulation has come to, gathered from it for a report, and the forms it is reported in."""

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from esashell.commands.dates import date_time_and_zone
from esashell.commands.log_choice import taken_apart
from esashell.delivery.figures import Sample
from esashell.dialogue.requests import Notice, SaveText, Say, Show
from esashell.errors import UsageError
from esashell.reports.screen import PLAIN
from esashell.simulate.account import (
    MOST,
    Account,
    Course,
    Happened,
    besides,
    csv_lines,
    document,
    worst_first,
)
from esashell.simulate.account_lines import account_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.simulate.run import Simulation

POINTS = 400  # of a queue over time
QUEUES = 6  # destinations whose queue is told over time

FLAGS = ("--csv", "--json")
VALUED = ("--html", "-o", "--until")


class Wish(Struct, frozen=True):
    """In which form the report is wanted, and where to; and until when to run before."""

    until: str = ""
    form: str = ""
    output: str = ""
    page: str = ""


def wish(words: "Sequence[str]") -> Wish:
    """The options of a line; raises `UsageError`."""
    found = taken_apart(words, "simulate", FLAGS, VALUED)
    for option in VALUED:
        if found.has(option) and not found.last(option):
            raise UsageError(f"Error: {option}: a value is required.")
    bare = [*found.bare, *([found.last("--until")] if found.has("--until") else [])]
    forms = [each.removeprefix("--") for each in FLAGS if found.has(each)]
    if len(bare) > 1:
        raise UsageError(f"Error: Not understood: {bare[1]}.")
    if len(forms) > 1:
        raise UsageError("Error: --csv and --json cannot be used together.")
    if found.has("-o") and not forms:
        raise UsageError("Error: -o: --csv or --json is required with it.")
    return Wish(
        bare[0] if bare else "",
        forms[0] if forms else "",
        found.last("-o"),
        found.last("--html"),
    )


def account(simulation: "Simulation") -> Account:
    """Everything that a report tells, at the simulation's present instant."""
    figures = simulation.figures()
    # With their ages, which only a question for one destination has the time to count.
    hosts = tuple(simulation.host(it.domain) or it for it in worst_first(simulation.hosts()))
    waiting = [it.domain for it in hosts if it.active or it.first_deferral is not None]
    return Account(
        name=simulation.scenario.name,
        story=" ".join((simulation.story or simulation.title).split()),
        begun=simulation.begun,
        now=simulation.now,
        end=max(simulation.end, simulation.now),
        seed=simulation.seed,
        figures=figures,
        hosts=hosts,
        others=max(figures.destinations - len(hosts), 0) if len(hosts) >= MOST else 0,
        rest=besides(figures, hosts),
        course=_course(simulation, ""),
        courses=tuple(Course(each, _course(simulation, each)) for each in waiting[:QUEUES]),
        ages=simulation.ages(),
        happened=tuple(
            Happened(when, text) for when, text in simulation.events() if when <= simulation.now
        ),
        assumptions=simulation.assumptions,
    )


def _course(simulation: "Simulation", domain: str) -> tuple[Sample, ...]:
    """A queue from the beginning, when there was none."""
    if simulation.now <= simulation.begun:
        return ()
    return (Sample(simulation.begun, 0), *simulation.course(domain, POINTS))


def reported(
    appliance: "Appliance", simulation: "Simulation", form: Wish, *, whole: bool
) -> "Dialogue[None]":
    """The report, in every form that is wanted; as lines it may be less than the `whole`."""
    it = account(simulation)
    dated = date_time_and_zone(it.now, appliance.running.timezone)
    if form.page:
        from esashell.simulate.account_page import account_page

        yield SaveText(form.page, account_page(it, dated))
    if form.form:
        text = _json(document(it)) if form.form == "json" else _csv(simulation)
        if form.output:
            yield SaveText(form.output, text)
        else:
            yield Say(text.rstrip("\r\n"))
    if not form.form or form.output:
        screen = appliance.screen or PLAIN
        lines = account_lines(it, dated, screen.width, blocks=screen.blocks, whole=whole)
        yield Notice("\n".join(lines))
    yield Show(document(it))


def _csv(simulation: "Simulation") -> str:
    """Every destination, by name."""
    hosts = sorted(simulation.hosts(), key=lambda it: it.domain)
    return "".join(csv_lines(hosts, simulation.begun, simulation.now))


def _json(record: dict[str, Any]) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(record)).decode() + "\n"
