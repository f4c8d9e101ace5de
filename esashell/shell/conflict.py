"""What two operators have both changed, and how the later one goes on.

Changes are put on top of somebody else's commit one setting at a time, so two operators are in each
other's way only where they touched the same value. Then nothing is put anywhere: which of the two
is right, no program can know. But the rest of the work need not be given up for it. A change that
is taken back is none any more, and one that ends in the same value is no contradiction; after
either the others go through.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from esashell.config.changes import Change, changes
from esashell.config.tree import Config


def contested(base: Config, mine: Config, theirs: Config) -> tuple[tuple[Change, Change], ...]:
    """The changes of mine that theirs contradict, each with the first one that does.

    One of a record as a whole (added, removed, or its list put into another order) touches all
    there is of it.
    """
    others = changes(base, theirs)
    found = ((each, _against(each, others)) for each in changes(base, mine))
    return tuple((each, other) for each, other in found if other is not None)


def told(reason: str, base: Config, mine: Config, theirs: Config) -> Iterator[str]:
    """Lines for the operator of `mine`, while `theirs` is what runs; `reason` is why nothing was
    put on top of it."""
    pairs = contested(base, mine, theirs)
    if not pairs:
        yield reason
    for yours, other in pairs:
        yield f"Changed on both sides: {yours} (yours)"
        yield f"                       {other} (running)"
    yield "To keep what is running, take your change of it back, or make the same one, and"
    yield "'commit'. To have yours, make it again after that."
    if len(pairs) < len(changes(base, mine)):
        yield "Your other changes stay as they are; 'clearchanges' would forget them too."
    else:
        yield "'clearchanges' takes it back."


def _against(change: Change, others: Iterable[Change]) -> Change | None:
    for each in others:
        if each.path == change.path:
            if each.after != change.after:
                return each
        elif (_within(each.path, change.path) or _within(change.path, each.path)) and not (
            _is_edit(each) and _is_edit(change)  # a list's order, and what a record of it says
        ):
            return each
    return None


def _is_edit(change: Change) -> bool:
    return not isinstance(change.before, Struct) and not isinstance(change.after, Struct)


def _within(path: str, above: str) -> bool:
    """Whether the path is the other one or below it."""
    return path == above or path.startswith((f"{above}.", f"{above}["))
