"""commit: make the pending changes the running configuration.

On one line the comment may stand in quotes or not (`commit swap the resolvers`); a yes or no at the
end answers the question about rollback.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from esashell.commands.dates import date_and_time
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import text, yes_no
from esashell.dialogue.requests import Commit, Moot, Notice

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.revision import Revision
    from esashell.dialogue.drive import Dialogue


def _comment_words(words: Sequence[str]) -> int:
    answered = len(words) > 1 and words[-1].lower() in ("y", "n", "yes", "no")
    return len(words) - answered


@command("commit", help=TABLE["commit"], usage=("commit [<comment>] [y|n]",))
def commit(appliance: "Appliance") -> "Dialogue[None]":
    if appliance.config == appliance.running:
        yield Moot("There are no changes to commit.")
        return
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
    revision: Revision = yield Commit(comment)
    yield Notice(f"Changes committed: {date_and_time(revision.when)} GMT")
    if not rollback:
        # The appliance keeps ten; here the history is the record of who changed what.
        yield Notice("esashell keeps every committed configuration; this one is kept as well.")
