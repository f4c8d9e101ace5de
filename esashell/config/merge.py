"""Two operators' changes to one configuration, put together where they differ.

What is put together is objects, not settings: one destination's entry or the default for all, one
route, one profile, one listener with its groups, one log subscription, one side of TLS; and of what
is not part of any, the single setting. An operator has looked at an object as a whole when changing
it: a limit that was right with the TLS setting of then may be wrong with somebody else's of now.

So an object that both have changed is *contested*, and nothing is put anywhere: which of the two
is right, no program can know. It is not contested where the one did all that the other did, and
perhaps more. The order of a list is an object too, which does not mind what the list's records say
but does mind which there are.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from esashell.config.changes import At, Change, apply, changes, differences, dotted
from esashell.config.tree import Config
from esashell.errors import CommitRefused

Difference = tuple[At, Any, Any]


class Contest(Struct, frozen=True):
    """An object by its path, and what has been changed of it on either side."""

    path: str
    mine: tuple[Change, ...]
    theirs: tuple[Change, ...]


def merged(base: Config, mine: Config, theirs: Config) -> Config:
    """What `mine` has changed of the base, made to `theirs`.

    Raises `CommitRefused` where something is contested.
    """
    if contests := contested(base, mine, theirs):
        named = ", ".join(each.path for each in contests[:5])
        raise CommitRefused(f"{named} was changed meanwhile.")
    return apply(theirs, changes(base, mine))


def contested(base: Config, mine: Config, theirs: Config) -> tuple[Contest, ...]:
    """The objects that both have changed, and not in the same way."""
    own, others = _by_object(base, mine), _by_object(base, theirs)
    return tuple(_contests(own, others))


def touches(change: Change, path: str) -> bool:
    """Whether the change is of the object at this path, or of the list that it is in."""
    return _within(change.path, path) or path.startswith(f"{change.path}[")


def _within(path: str, above: str) -> bool:
    return path == above or path.startswith((f"{above}.", f"{above}["))


def _by_object(base: Config, after: Config) -> dict[At, list[Difference]]:
    found: dict[At, list[Difference]] = {}
    for each in differences(base, after):
        found.setdefault(_object(each[0]), []).append(each)
    return found


def _object(at: At) -> At:
    """The object that a place belongs to."""
    for position, step in enumerate(at):
        if isinstance(step, tuple):
            return at[: position + 1]
    # A table in a table, as destinations.default; a setting of a table stands for itself.
    return at[:2] if len(at) > 2 else at


def _contests(
    own: dict[At, list[Difference]], others: dict[At, list[Difference]]
) -> Iterator[Contest]:
    for at, mine in own.items():
        theirs = others.get(at, [])
        if _contain(mine, theirs) or _contain(theirs, mine):
            theirs = []
        theirs = theirs + _in_the_way(at, mine, others)
        if theirs:
            yield Contest(dotted(at), _shown(mine), _shown(theirs))


def _contain(all_of: list[Difference], some: list[Difference]) -> bool:
    made = {dotted(at): after for at, _, after in all_of}
    return all(dotted(at) in made and made[dotted(at)] == after for at, _, after in some)


def _in_the_way(
    at: At, mine: list[Difference], others: dict[At, list[Difference]]
) -> list[Difference]:
    """What others did to the list that this is in, or to the records of this list."""
    if isinstance(at[-1], tuple):
        above = others.get(at[:-1], [])
        return [each for each in above if not (_is_order(each) and all(map(_is_edit, mine)))]
    below = [
        each
        for place, found in others.items()
        if len(place) == len(at) + 1 and place[:-1] == at and isinstance(place[-1], tuple)
        for each in found
    ]
    return [each for each in below if not (_is_edit(each) and all(map(_is_order, mine)))]


def _is_edit(found: Difference) -> bool:
    """Whether a record stays what it is but for a setting."""
    return not isinstance(found[1], Struct) and not isinstance(found[2], Struct)


def _is_order(found: Difference) -> bool:
    """Whether a list of records has another order, and that is all."""
    _, before, after = found
    return (
        isinstance(before, tuple)
        and isinstance(after, tuple)
        and not any(isinstance(each, Struct) for each in (*before[:1], *after[:1]))
    )


def _shown(found: list[Difference]) -> tuple[Change, ...]:
    return tuple(Change(dotted(at), before, after) for at, before, after in found)
