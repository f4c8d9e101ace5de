"""commit: make the pending changes the running configuration.

On one line the comment may stand in quotes or not (`commit swap the resolvers`); a yes or no at the
end answers the question about rollback.

`commit confirmed 10` is ours. What is committed is taken back after ten minutes unless another
`commit` confirms it: for a change that may lock out whoever makes it. A restart makes no
difference, since the time is kept with the configuration.

`commit --plan FILE` is ours too. It commits what `plan -o FILE` looked at, and nothing else; it is
refused if something else runs by now than the plan began with. `commit FILE.json` is the same: a
first word with that ending is always such a file, and never the beginning of a comment, so that
nobody commits what is pending who meant a plan.

Before its question a commit says in one line what becomes of the mail, where that changes: in the
lab always, elsewhere by what the session's last `plan` has seen. `esashell --no-plan` says nothing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from esashell.commands.dates import date_time_and_zone
from esashell.commands.registry import TABLE, command
from esashell.config.check import warnings
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, text, yes_no
from esashell.dialogue.requests import (
    Aside,
    Ask,
    Commit,
    Kind,
    Moot,
    Notice,
    ReadText,
    Remark,
    Stage,
)
from esashell.errors import BadAnswer, CommitRefused

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.revision import Revision
    from esashell.dialogue.drive import Dialogue
    from esashell.steps import Steps

CONFIRMED = "confirmed"
PLAN = "--plan"
PLAN_ENDING = ".json"
MOST_MINUTES = 7 * 24 * 60


def _comment_words(words: Sequence[str]) -> int:
    answered = len(words) > 1 and words[-1].lower() in ("y", "n", "yes", "no")
    return len(words) - answered


def _confirmed_words(words: Sequence[str]) -> int:
    """`confirmed` with a number, or alone: a comment may begin with the word as well."""
    if words[:1] != [CONFIRMED]:
        return 0
    return min(2, len(words)) if len(words) == 1 or words[1].isdigit() else 0


def _minutes(text: str) -> int:
    number = text.removeprefix(CONFIRMED).strip()
    if number.isascii() and number.isdigit() and len(number) < 9:
        minutes = int(number)
        if 1 <= minutes <= MOST_MINUTES:
            return minutes
    raise BadAnswer(f"Error: The minutes must be a number from 1 to {MOST_MINUTES}.")


# What usage lines and Tab make of it: an optional word with a number.
MINUTES: Kind[int] = Kind(_minutes, words=(CONFIRMED,), sample=f"{CONFIRMED} 10")


def _plan_words(words: Sequence[str]) -> int:
    if words[:1] == [PLAN]:
        return min(2, len(words))
    # A quoted comment is one word as well, and may end in a file's name.
    return int(bool(words) and words[0].endswith(PLAN_ENDING) and not set(words[0]) & set(" \t"))


def _plan_file(text: str) -> str:
    file = text.removeprefix(PLAN).strip()
    if not file:
        raise BadAnswer("Error: a file that plan -o wrote is required.")
    return file


PLANNED: Kind[str] = Kind(_plan_file, words=(PLAN,), sample=f"{PLAN} plan.json")


def _take_plan(appliance: "Appliance", file: str) -> "Dialogue[None]":
    """Make what a saved plan ends in the pending configuration, if it still begins with what runs.

    Raises `CommitRefused`: when it does not, or when something else is pending.
    """
    from esashell.simulate.saved import moved, read

    text: str = yield ReadText(file)
    plan, config = read(text, file)
    head, zone = appliance.head, appliance.config.timezone
    stale = moved(plan, head, appliance.running)
    if stale is None:
        raise CommitRefused("Not committed: the plan did not begin with what ran then.")
    if stale:
        assert plan.base is not None
        when = date_time_and_zone(head.when, zone)
        why = f" ({quoted(head.comment, 60)})" if head.comment else ""
        raise CommitRefused(
            f"Not committed: the plan began with revision {plan.base.number}, and revision "
            f"{head.number} runs, committed by {quoted(head.who, 40)[1:-1]} at {when}{why}. Make "
            "the plan anew."
        )
    if appliance.dirty and appliance.config != config:
        raise CommitRefused(
            "Not committed: something else than the plan is pending. 'showchanges' shows it, "
            "'clearchanges' forgets it."
        )
    if config == appliance.running:
        raise CommitRefused("Not committed: the plan has no changes.")
    yield Stage(config)
    yield Remark(quoted(plan.summary, 400)[1:-1])


def _foretold(appliance: "Appliance") -> "Steps[str]":
    from esashell.commands.rehearsal import foretold

    return (yield from foretold(appliance))


USAGE = (
    "commit [<comment>] [y|n]",
    "commit confirmed <minutes> [<comment>] [y|n]",
    "commit --plan <file> [<comment>] [y|n]",
    "commit <file>.json [<comment>] [y|n]",
)


@command("commit", help=TABLE["commit"], usage=USAGE)
def commit(appliance: "Appliance") -> "Dialogue[None]":
    minutes = yield from ask(Ask("confirmed", "", MINUTES, 0, takes=_confirmed_words, silent=True))
    file = yield from ask(Ask("plan", "", PLANNED, "", takes=_plan_words, silent=True))
    zone = appliance.config.timezone
    on_trial = appliance.head.confirm_by
    if not file and appliance.config == appliance.running and not on_trial:
        yield Moot("There are no changes to commit.")
        return
    for warning in warnings(appliance.config) if not file else ():
        yield Remark(f"Warning: {warning}")
    if appliance.foretells and not file:
        yield Aside(_foretold(appliance))
    if on_trial:
        until = date_time_and_zone(on_trial, zone)
        what = "gives it more time" if minutes else "confirms it"
        yield Remark(
            f"Revision {appliance.head.number} would be taken back at {until}; this commit {what}."
        )
    comment = yield from text(
        "comment",
        "Please enter some comments describing your changes:",
        "",
        takes=_comment_words,
    )
    rollback = yield from yes_no(
        "rollback",
        "Do you want to save the current configuration for rollback?",
        True,
        positional=True,
    )
    if file:
        yield from _take_plan(appliance, file)
    revision: Revision = yield Commit(comment, minutes)
    yield Notice(f"Changes committed: {date_time_and_zone(revision.when, zone)}")
    if minutes:
        until = date_time_and_zone(revision.confirm_by, zone)
        yield Remark(f"They are taken back at {until}, unless another 'commit' confirms them.")
    if not rollback:
        # The appliance keeps ten; here the history is the record of who changed what.
        yield Notice("esashell keeps every committed configuration; this one is kept as well.")
