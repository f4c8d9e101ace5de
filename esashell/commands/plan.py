"""plan: what the pending changes would do to the mail, before anybody commits them. Ours.

    plan [A [B]] [--domains FILE] [--all] [--html FILE] [-o FILE]

Without words it compares the running configuration with the pending one. A and B are numbers of
revisions (`rollbackconfig` lists them), `running`, `pending`, or files; one alone is compared with
the pending configuration. The destinations are those of the lab, or of a file, one a line; a number
behind a domain is its messages in an hour.

Every destination that the changes treat differently is looked at, as far as either configuration
would lead; no mail is sent. A change of the resolvers or of our own TLS is not tried out: what it
would show is not known, and is said to be so.

`--html` writes a page for those who decide about changes. `-o` saves the plan, with the
configuration that it ends in: `commit --plan FILE` commits that, and nothing else, as long as what
runs is what the plan began with.

The status is 0 when no outcome changes, 2 when some do and none for the worse, 3 when one does, and
1 when the operation failed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.commands.configurations import PENDING, RUNNING, configuration, pending, running
from esashell.commands.dates import date_time_and_zone
from esashell.commands.log_choice import taken_apart
from esashell.commands.partners import destinations_in
from esashell.commands.registry import TABLE, command
from esashell.commands.rehearsal import Rehearsed, rehearse
from esashell.dialogue.kinds import ask
from esashell.dialogue.requests import Ask, Kind, ReadText, SaveText, Say, Show
from esashell.errors import OperatorError, UsageError
from esashell.simulate.listing import lines
from esashell.simulate.plan import Destined
from esashell.simulate.saved import base, saved
from esashell.simulate.telling import destinations_text, document

if TYPE_CHECKING:
    from esashell.commands.configurations import Configuration
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

USAGE = (
    "plan [--domains <file>] [--all] [--html <file>] [-o <file>]",
    "plan <revision>|<file>|running [<revision>|<file>|pending] [...]",
)
FLAGS = ("--all",)
VALUED = ("--domains", "--html", "-o")


class Wish(Struct, frozen=True):
    """The two sides by their words, and what is to become of the plan."""

    sides: tuple[str, ...] = ()
    domains: str = ""
    every: bool = False
    page: str = ""
    saved: str = ""


def _wish(words: Sequence[str]) -> Wish:
    try:
        found = taken_apart(words, "plan", FLAGS, VALUED)
    except UsageError as error:
        # 2 is the status of a plan with changes.
        raise OperatorError(str(error)) from None
    for option in VALUED:
        if found.has(option) and not found.last(option):
            raise OperatorError(f"Error: {option}: a file is required.")
    if len(found.bare) > 2:
        raise OperatorError("Error: plan compares two configurations, and not more.")
    return Wish(
        found.bare,
        found.last("--domains"),
        found.has("--all"),
        found.last("--html"),
        found.last("-o"),
    )


WISH: Kind[Wish] = Kind(lambda text: Wish(), words=(*VALUED, *FLAGS, RUNNING, PENDING))


@command("plan", help=TABLE["plan"], usage=USAGE)
def plan_command(appliance: "Appliance") -> "Dialogue[int]":
    wish = yield from ask(Ask("plan", "", WISH, Wish(), silent=True, reads=_wish))
    before, after = yield from _sides(appliance, wish.sides)
    destined = yield from _destined(appliance, wish.domains)
    seen = yield from rehearse(appliance, before.config, after.config, destined)
    rehearsed = Rehearsed(seen, before.config, after.config, appliance.now)
    found, told = rehearsed.plan, rehearsed.told()
    undo = _undo(appliance, before, after)
    title = f"{before.title[:1].upper()}{before.title[1:]} -> {after.title}"
    heading = f"{title}, over {destinations_text(len(destined))}"
    record = document(found, told, undo)
    if wish.saved:
        runs = before.config == appliance.running
        begun = base(appliance.head, appliance.running) if runs else None
        yield SaveText(wish.saved, saved(record, begun, after.config))
    if wish.page:
        from esashell.simulate.page import Circumstances, page

        when = date_time_and_zone(appliance.now, appliance.running.timezone)
        yield SaveText(wish.page, page(found, told, Circumstances(heading, when, undo)))
    yield Show(record)
    width = appliance.screen.width
    yield Say("\n".join(lines(found, told, heading, undo, width, every=wish.every)))
    if not found.affected:
        return 0
    return 3 if found.is_regression else 2


def _sides(
    appliance: "Appliance", words: Sequence[str]
) -> "Dialogue[tuple[Configuration, Configuration]]":
    if not words:
        return running(appliance), pending(appliance)
    before = yield from configuration(appliance, words[0])
    if len(words) == 1:
        return before, pending(appliance)
    return before, (yield from configuration(appliance, words[1]))


def _undo(appliance: "Appliance", before: "Configuration", after: "Configuration") -> str:
    """The command that leads back to the first side; "" where none does."""
    if before.config == appliance.running and after.title == PENDING:
        return "clearchanges"
    return before.back


def _destined(appliance: "Appliance", file: str) -> "Dialogue[list[Destined]]":
    if file:
        text: str = yield ReadText(file)
        return destinations_in(text, file)
    if not appliance.destinations:
        raise OperatorError(
            "Error: this world has no list of destinations: name a file, plan --domains FILE."
        )
    return [Destined(each) for each in appliance.destinations]
