"""plan: what the pending changes would do to the mail, before anybody commits them. Ours.

    plan [A [B]] [--domains FILE] [--fresh] [--all] [--json] [--html FILE] [-o FILE]

Without words it compares the running configuration with the pending one. A and B are numbers of
revisions (`rollbackconfig` lists them), `running`, `pending`, or files; one alone is compared with
the pending configuration. The destinations are those of the lab, or of a file, one a line; a number
behind a domain is its messages in an hour.

Every destination that the changes treat differently is looked at, as far as either configuration
would lead; no mail is sent. What was seen is kept, also of a plan that was interrupted, and told
with its age; `--fresh` looks again. A change of the resolvers or of our own TLS is not tried out:
what it would show is not known, and is said to be so.

`--html` writes a page for those who decide about changes. `-o` saves the plan, with the
configuration that it ends in: `commit --plan FILE` commits that, and nothing else, as long as what
runs is what the plan began with.

The status is 0 when no outcome changes, 2 when some do and none for the worse, 3 when one does, and
1 when the operation failed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from esashell.commands.configurations import PENDING, RUNNING, configuration, pending, running
from esashell.commands.dates import date_time_and_zone
from esashell.commands.log_choice import taken_apart
from esashell.commands.partners import destinations_in
from esashell.commands.registry import TABLE, command
from esashell.commands.rehearsal import LISTED, Rehearsal, known_list
from esashell.dialogue.kinds import ask
from esashell.dialogue.requests import Ask, Kind, ReadText, Remark, SaveText, Say, Show
from esashell.errors import OperatorError, UsageError
from esashell.simulate.listed import Listed
from esashell.simulate.listing import lines
from esashell.simulate.saved import base, saved
from esashell.simulate.telling import About, Undo, ages_text, destinations_text, document
from esashell.worlds.conversing import seldom_collecting

if TYPE_CHECKING:
    from esashell.commands.configurations import Configuration
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

USAGE = (
    "plan [--domains <file>] [--fresh] [--all] [--json] [--html <file>] [-o <file>]",
    "plan <revision>|<file>|running [<revision>|<file>|pending] [...]",
)
FLAGS = ("--all", "--fresh", "--json")
VALUED = ("--domains", "--html", "-o")


class Wish(Struct, frozen=True):
    """The two sides by their words, and what is to become of the plan."""

    sides: tuple[str, ...] = ()
    domains: str = ""
    every: bool = False
    fresh: bool = False
    json: bool = False
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
        found.has("--fresh"),
        found.has("--json"),
        found.last("--html"),
        found.last("-o"),
    )


WISH: Kind[Wish] = Kind(lambda text: Wish(), words=(*VALUED, *FLAGS, RUNNING, PENDING))


@command("plan", help=TABLE["plan"], usage=USAGE)
def plan_command(appliance: "Appliance") -> "Dialogue[int]":
    wish = yield from ask(Ask("plan", "", WISH, Wish(), silent=True, reads=_wish))
    before, after = yield from _sides(appliance, wish.sides)
    listed = yield from _listed(appliance, wish.domains)
    with seldom_collecting():
        rehearsal = Rehearsal(appliance, before.config, after.config, listed)
    yield from rehearsal.look(again=wish.fresh)
    if fault := rehearsal.observations.fault:
        yield Remark(f"What was seen could not be kept for later: {fault}.")
    with seldom_collecting():
        rehearsed = rehearsal.rehearsed()
        found, told, ages = rehearsed.plan, list(rehearsed.told()), rehearsal.ages()
    now = appliance.now
    about = About(
        f"{before.title[:1].upper()}{before.title[1:]} -> {after.title}, "
        f"over {destinations_text(len(listed))}",
        date_time_and_zone(now, appliance.running.timezone),
        _undo(appliance, before, after),
        ages_text(ages, now),
    )
    if wish.saved:
        runs = before.config == appliance.running
        begun = base(appliance.head, appliance.running) if runs else None
        record = document(found, told, about.undo, ages)
        yield SaveText(wish.saved, saved(record, begun, after.config))
    if wish.page:
        from esashell.simulate.page import page

        yield SaveText(wish.page, page(found, told, about))
    yield Show(lambda: document(found, told, about.undo, ages))
    width = appliance.screen.width
    with seldom_collecting():
        if wish.json:
            shown = _json(document(found, told, about.undo, ages))
        else:
            shown = "\n".join(lines(found, told, about, width, every=wish.every))
    yield Say(shown)
    if not found.affected:
        return 0
    return 3 if found.is_regression else 2


def _json(record: dict[str, Any]) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode(record)).decode()


def _sides(
    appliance: "Appliance", words: Sequence[str]
) -> "Dialogue[tuple[Configuration, Configuration]]":
    if not words:
        return running(appliance), pending(appliance)
    before = yield from configuration(appliance, words[0])
    if len(words) == 1:
        return before, pending(appliance)
    return before, (yield from configuration(appliance, words[1]))


def _undo(appliance: "Appliance", before: "Configuration", after: "Configuration") -> Undo:
    """The commands that lead back to the first side."""
    if before.config == after.config:
        return Undo()
    if before.config == appliance.running:
        back = running(appliance).back
        return Undo("clearchanges" if after.title == PENDING else "", back)
    if before.raw:
        # A file may say a part of a configuration only, and leave the rest as it is then.
        from esashell.config.files.whole import read

        loaded = read(before.raw, "", after.config, lambda each: appliance.pem(each) or "-")
        if loaded.config != before.config:
            return Undo()
    return Undo("", before.back)


def _listed(appliance: "Appliance", file: str) -> "Dialogue[Listed]":
    listed = known_list(appliance)
    if file:
        text: str = yield ReadText(file)
        with seldom_collecting():
            listed = destinations_in(text, file)
    if listed is None:
        raise OperatorError(
            "Error: this world has no list of destinations: name a file, plan --domains FILE."
        )
    appliance.kept[LISTED] = listed
    return listed
