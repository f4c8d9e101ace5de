"""What two operators have both changed, and how the later one goes on.

The rest of the work need not be given up for what is contested (see `config.merge`). A change that
is taken back is none any more, and an object in which mine has all that theirs has is no
contradiction; after either the others go through.
"""

from collections.abc import Iterator, Sequence

from esashell.config.changes import Change, changes
from esashell.config.merge import contested, touches
from esashell.config.quoting import quoted
from esashell.config.revision import Head, utc
from esashell.config.tree import Config

INDENT = " " * len("Changed on both sides: ")


def told(
    reason: str,
    base: Config,
    mine: Config,
    theirs: Config,
    since: Sequence[tuple[Head, Sequence[Change]]] = (),
) -> Iterator[str]:
    """Lines for the operator of `mine`, while `theirs` is what runs; `reason` is why nothing was
    put on top of it, and `since` is who has changed what from the base to there, newest first."""
    contests = contested(base, mine, theirs)
    if not contests:
        yield reason
    for each in contests:
        lines = [f"{yours} (yours)" for yours in each.mine]
        lines += [f"{other} (running)" for other in each.theirs]
        who = next(
            (head for head, made in since if any(touches(it, each.path) for it in made)), None
        )
        if who is not None:
            lines.append(f"by {quoted(who.who)[1:-1]}, revision {who.number}, {utc(who.when)}")
        yield f"Changed on both sides: {lines[0]}"
        yield from (f"{INDENT}{line}" for line in lines[1:])
    yield "To keep what is running, take your change of it back, or make the same one, and"
    yield "'commit'. To have yours, make it again after that."
    if sum(len(each.mine) for each in contests) < len(changes(base, mine)):
        yield "Your other changes stay as they are; 'clearchanges' would forget them too."
    else:
        yield "'clearchanges' takes it back."
