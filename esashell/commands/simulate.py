"""simulate: days of mail in seconds, by the engine that answers `daneverify`. Ours.

    simulate load NAME|FILE                     simulate run [T+3d]
    simulate new FILE
    simulate list                               simulate step [1h]
    simulate event WHAT [DOMAIN]                simulate continue
    simulate status [--csv|--json] [-o FILE] [--html FILE]
    simulate hosts                              simulate tier NAME
    simulate reset                              simulate end

A scenario says who writes to whom, what happens in the world meanwhile, and by which configuration
the appliance begins; what it does not say of that is the appliance's own, pending changes included.
While one is loaded the session is the simulation's appliance: its time, its world, its logs and its
queue are what every command sees, and what is committed holds from that moment on. Nothing of it
touches the appliance that was there before, which `simulate end` gives back.

Ctrl-C pauses a run, and nothing is lost. `reset` begins again with the configuration as it is now.
"""

import shlex
from collections.abc import Callable, Iterator, Sequence
from heapq import nsmallest
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from esashell.commands.dates import date_time_and_zone
from esashell.commands.registry import TABLE, command
from esashell.commands.simulated_account import FLAGS, VALUED, Wish, account, reported, wish
from esashell.commands.simulated_scenario import SPAN, load, new, span
from esashell.config.quoting import quoted
from esashell.dialogue.drive import Progress
from esashell.dialogue.kinds import ask, menu, numbered, row_kind
from esashell.dialogue.requests import (
    Act,
    Ask,
    Kind,
    Moot,
    Notice,
    Remark,
    Say,
    Show,
    Simulate,
    do_until_stopped,
)
from esashell.errors import BadAnswer, OperatorError, UsageError
from esashell.reports.screen import PLAIN
from esashell.reports.tophosts import delivery_status, top_document
from esashell.simulate.account import MOST, document, headline, spoken
from esashell.simulate.happenings import Happening, What, happening
from esashell.simulate.run import Moved
from esashell.simulate.scenario import built_in
from esashell.simulate.tables import LONGEST, span_of

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.simulate.run import Simulation

SECOND = 1_000_000
HOUR = 3600 * SECOND
END = "end"
# The names that a session keeps the end of an interrupted run under, and the events typed.
KEPT, TYPED = "simulate", "events"

OPERATIONS = {
    "load": "Load a scenario, in the place of any other.",
    "new": "Make one of a list of destinations.",
    "list": "List the scenarios that come with the program.",
}
LOADED = {
    "run": "Run it, to its end or to a time.",
    "step": "Go on by a time.",
    "continue": "Go on to where an interrupted run was to end.",
    "event": "Let something happen in its world, now.",
    "status": "Show what has become of the mail so far.",
    "hosts": "Show the page Delivery Status of the appliance, as text.",
    "tier": "Be another appliance of it, where it has several.",
    "reset": "Begin again, with the configuration as it is now.",
    "end": "Leave it; the appliance is what it was before.",
}
USAGE = (
    "simulate load <name>|<file>",
    "simulate new <file> [length=<time>]",
    "simulate list",
    "simulate run [T+3d|+6h|end] [--csv|--json] [-o <file>] [--html <file>]",
    "simulate step [<time>]",
    "simulate continue [--csv|--json] [-o <file>] [--html <file>]",
    "simulate event <what> [<domain>|<resolver>]",
    "simulate status [--csv|--json] [-o <file>] [--html <file>]",
    "simulate hosts",
    "simulate tier <name>",
    "simulate reset",
    "simulate end",
)


@command("simulate", help=TABLE["simulate"], usage=USAGE)
def simulate(appliance: "Appliance") -> "Dialogue[None]":
    it = appliance.simulation
    offered = OPERATIONS if it is None else LOADED | OPERATIONS
    hidden = [word for word in LOADED if word not in offered]
    word = yield from menu("operation", _summary(appliance), offered, hidden)
    match word:
        case "":
            return
        case "load":
            yield from load(appliance)
        case "new":
            yield from new(appliance)
        case "list":
            yield Notice("\n".join(_listed((appliance.screen or PLAIN).width)))
        case _:
            if it is None:
                raise OperatorError(f"Error: No simulation is loaded. {HOW}")
            yield from ACTIONS[word](appliance, it)


HOW = "'simulate list' shows what there is, 'simulate load' loads one."


def _summary(appliance: "Appliance") -> str:
    it = appliance.simulation
    if it is None:
        return "No simulation is loaded."
    return f"Simulation {it.scenario.name}: {headline(account(it))}"


def _listed(width: int) -> Iterator[str]:
    rows = built_in()
    room = max((len(name) for name, _ in rows), default=0) + 2
    for name, title in rows:
        yield from wrap(f"{name:<{room}}{title}", width, subsequent_indent=" " * room)


def _no_words(words: Sequence[str]) -> Wish:
    found = wish(words)
    if found.until:
        raise UsageError(f"Error: Not understood: {quoted(found.until, 40)[1:-1]}.")
    return found


def _options(reads: Callable[[Sequence[str]], Wish]) -> "Dialogue[Wish]":
    words = (*FLAGS, *VALUED) if reads is wish else (*FLAGS, *VALUED[:2])
    kind: Kind[Wish] = Kind(lambda text: Wish(), words=words)
    return ask(Ask("options", "", kind, Wish(), silent=True, reads=reads))


def _run(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    found = yield from _options(wish)
    kind: Kind[int] = Kind(
        lambda text: _instant(text, it),
        lambda when: END,
        words=(END,),
        sample=END,
        about='A time from the beginning ("T+3d", "72h"), one from now ("+6h"), or "end"',
    )
    if found.until:
        until = kind.parse(found.until)
    else:
        until = yield from ask(
            Ask("until", "Run until when?", kind, max(it.end, it.now), batch=END)
        )
    yield from _advanced(appliance, it, until, found)


def _instant(text: str, it: "Simulation") -> int:
    if text.lower() == END:
        return max(it.end, it.now)
    begin = it.now if text.startswith("+") else it.begun
    try:
        until = begin + span_of(text.removeprefix("+").removeprefix("T+").removeprefix("t+"))
    except ValueError as error:
        raise BadAnswer(f"Error: {quoted(str(error), 200)[1:-1]}.") from None
    if until < it.now:
        at = spoken(it.now - it.begun)
        raise BadAnswer(f"Error: The simulation is at T+{at} already.")
    if until - it.begun > LONGEST:
        raise BadAnswer("Error: A simulation is of a year at most.")
    return until


def _continue(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    found = yield from _options(_no_words)
    until = appliance.kept.get(KEPT)
    yield from _advanced(appliance, it, max(until or it.end, it.now), found)


def _advanced(appliance: "Appliance", it: "Simulation", until: int, form: Wish) -> "Dialogue[None]":
    """Go on to an instant, and report; Ctrl-C ends it before that."""
    ended = yield from _on(appliance, it, until)
    yield from reported(appliance, it, form, whole=False)
    if not ended:
        yield Remark("\nPaused. 'simulate continue' goes on.")
        raise KeyboardInterrupt


def _on(appliance: "Appliance", it: "Simulation", until: int) -> "Dialogue[bool]":
    """Whether it came so far."""
    begun, whole = it.now, max((until - it.now) // HOUR, 1)

    def tell(event: Any) -> Iterator[Progress]:
        if isinstance(event, Moved):
            yield Progress(min((event.now - begun) // HOUR, whole), whole)

    appliance.kept[KEPT] = until
    ended = yield from do_until_stopped(it.advance(until), tell)
    if ended:
        appliance.kept.pop(KEPT, None)
    return ended


def _span_words(words: Sequence[str]) -> int:
    return span(" ".join(words))


def _step(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    by = yield from ask(Ask("by", "", SPAN, 0, silent=True, reads=_span_words))
    if not by:
        by = yield from ask(Ask("by", "Go on by how much?", SPAN, HOUR, batch="1h"))
    before = it.now
    if before + by - it.begun > LONGEST:
        raise OperatorError("Error: A simulation is of a year at most.")
    typed = appliance.kept.get(TYPED, ())
    ended = yield from _on(appliance, it, before + by)
    for when, text in it.events():
        if before <= when < it.now and (when, text) not in typed:
            yield Remark(f"T+{spoken(when - it.begun)}: {text}")
    reached = account(it)
    yield Notice(headline(reached))
    yield Show(document(reached))
    if not ended:
        raise KeyboardInterrupt


def _event_words(words: Sequence[str]) -> Happening:
    return happening(shlex.join(words))


def _event_line(text: str) -> Happening:
    try:
        return happening(text)
    except OperatorError as error:
        raise BadAnswer(str(error)) from None


EVENT: Kind[Happening] = Kind(
    _event_line,
    words=tuple(each.value for each in What if each is not What.COMMIT),
    sample="resolver-dies 192.0.2.53",
    about="What happens, and the domain or the resolver's address that it happens to",
)


def _event(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    prompt = "What happens?"
    found = yield from ask(Ask("event", prompt, EVENT, reads=_event_words))

    yield Act(lambda: it.happen(found))
    appliance.kept[TYPED] = (*appliance.kept.get(TYPED, ()), (it.now, str(found)))
    yield Notice(f"T+{spoken(it.now - it.begun)}: {found}")


def _status(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    found = yield from _options(_no_words)
    yield from reported(appliance, it, found, whole=True)


def _hosts(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    """Those with most to wait for them first, as the page has them."""
    hosts = nsmallest(MOST, it.hosts(), key=lambda host: (-host.active, host.domain))
    yield Notice("\n".join(delivery_status(hosts, (appliance.screen or PLAIN).width)))
    if (others := it.figures().destinations - len(hosts)) > 0:
        yield Say(f"{others:,} more destinations are not shown.")
    yield Show(top_document(hosts, "active_rcpts", it.now, it.scenario.name))


def _tier(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    names = it.tiers
    if len(names) < 2:
        yield Moot("There is one appliance only in this simulation.")
        return
    prompt = f"{numbered(names)}\nWhich appliance do you want to be?"
    name = yield from ask(Ask("tier", prompt, row_kind(names, "appliance")))

    def be() -> None:
        it.tier = name

    yield Act(be)
    yield Notice(headline(account(it)))


def _reset(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    def work() -> None:
        it.reset()
        if it.config != appliance.running:
            it.reconfigure(appliance.running, "as it was at the reset")
        appliance.kept.clear()

    yield Act(work)
    when = date_time_and_zone(it.now, appliance.running.timezone)
    yield Notice(f"It begins again at {when}.")


def _end(appliance: "Appliance", it: "Simulation") -> "Dialogue[None]":
    yield Simulate(None)
    yield Notice("The simulation has ended; the appliance is what it was before.")


ACTIONS: "dict[str, Callable[[Appliance, Simulation], Dialogue[None]]]" = {
    "run": _run,
    "step": _step,
    "continue": _continue,
    "event": _event,
    "status": _status,
    "hosts": _hosts,
    "tier": _tier,
    "reset": _reset,
    "end": _end,
}
