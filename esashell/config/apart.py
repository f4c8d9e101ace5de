"""Where two lists part that have most of their records in common, and are very long.

Records never change: another list has the same objects in it, apart from those that were exchanged.
Comparing slices goes by that at the interpreter's own speed, some nanoseconds for a record, and
only what lies between the first and the last difference is ever looked at one by one.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from msgspec import Struct

_SLICE = 1024

# A table of so many records is not gone through again where it is known already.
LONG = 1000

# The pairs that were asked for last: a commit wants to know of one several times.
_found: deque[tuple[tuple[Any, ...], tuple[Any, ...], tuple[int, int, int]]] = deque(maxlen=3)


def apart(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, int, int]:
    """(start, end, other end): all before the start is the same, and all from the ends on."""
    if before is after:
        return len(before), len(before), len(after)
    for known, other, found in _found:
        if known is before and other is after:
            return found
    start = _same(before, after, lambda at, size: slice(at, at + size))
    same = _same(before, after, lambda at, size: slice(-at - size, -at or None))
    # From the end, but not further back than the start: [a] and [a, a] part in one place only.
    same = min(same, len(before) - start, len(after) - start)
    found = start, len(before) - same, len(after) - same
    if len(after) >= LONG and isinstance(before, tuple) and isinstance(after, tuple):
        _found.append((before, after, found))
    return found


def _same(before: Sequence[Any], after: Sequence[Any], piece: Callable[[int, int], slice]) -> int:
    """How many are the same, piece by piece from one side."""
    most = min(len(before), len(after))
    at, size = 0, _SLICE
    while at < most:
        size = min(size, most - at)
        here = piece(at, size)
        if before[here] == after[here]:
            at += size
        elif size == 1:
            break
        else:
            size = (size + 1) // 2
    return at


def exchanged(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """What is in the first list only and what is in the second only, as the objects they are."""
    start, end, other = apart(before, after)
    gone, come = before[start:end], after[start:other]
    were, are = set(map(id, gone)), set(map(id, come))
    return (
        [each for each in gone if id(each) not in are],
        [each for each in come if id(each) not in were],
    )


def keys(records: Sequence[Struct]) -> Iterator[Any]:
    """The keys of a list's records: a record's first field."""
    if not records:
        return iter(())
    return map(attrgetter(records[0].__struct_fields__[0]), records)


class KeySets:
    """The keys of tables, known from one version of a table to the next.

    Each table is remembered as it was asked for last. What is asked for next has most of its
    records, and only what was exchanged is taken out of the set and put into it.
    """

    def __init__(self, folded: Callable[[Any], Any] = lambda key: key) -> None:
        self._folded = folded
        self._known: dict[Hashable, tuple[Sequence[Struct], set[Any]]] = {}

    def of(self, table: Hashable, records: Sequence[Struct]) -> set[Any] | None:
        """The keys of this table's records, not to be changed; None where two have the same."""
        last, found = self._known.get(table, ((), set()))
        if last is not records:
            found = self._moved(last, found, records)
        if len(found) < len(records):
            self._known.pop(table, None)
            return None
        self._known[table] = records, found
        return found

    def _moved(
        self, last: Sequence[Struct], found: set[Any], records: Sequence[Struct]
    ) -> set[Any]:
        start, end, other = apart(last, records)
        if other - start > len(records) // 4 or end - start > len(last) // 4:
            return set(map(self._folded, keys(records)))
        found.difference_update(map(self._folded, keys(last[start:end])))
        found.update(map(self._folded, keys(records[start:other])))
        return found
