"""What lies between two configurations: what `showchanges` shows and a commit's message tells.

A path names a value the way a file does, except that a record in a list is named by its key and
not by its position: `dns.servers[192.0.2.53].priority`. The key of a record is its first field.
So adding a server is one change, whatever stood before and after it, and two operators who
touch different servers have not touched the same thing.

A list of records whose *order* changed, apart from what was added and removed, has one more
change, at the path of the list, from one tuple of keys to the other. Lists of anything else, and
lists in which a key occurs twice, change as a whole.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.errors import CommitRefused

S = TypeVar("S", bound=Struct)

FEW = 20


class Change(Struct, frozen=True):
    """A value, a record or the order of a list, before and after; None for what is not there or
    not set."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        """One line for the operator."""
        if self.before is None and isinstance(self.after, Struct):
            added = _shown(self.after)
            return f"{self.path}: added{', ' + added if added else ''}"
        if self.after is None and isinstance(self.before, Struct):
            return f"{self.path}: removed"
        return f"{self.path}: {_shown(self.before)} -> {_shown(self.after)}"


def changes(before: Config, after: Config) -> tuple[Change, ...]:
    """The changes that make `after` out of `before`, in the order of the tables."""
    return tuple(_between("", before, after))


def apply(config: Config, changes: Iterable[Change]) -> Config:
    """The configuration with these changes made to it.

    They may have been found between two other configurations: a value that already is what the
    change wants stays, and one that is neither the change's before nor its after raises
    `CommitRefused`, since somebody else changed it.
    """
    wanted = {each.path: each for each in changes}
    changed: Config = _with_changes("", config, wanted)
    for left in wanted.values():
        # A record that is to go may be gone already.
        if left.after is not None or not isinstance(left.before, Struct):
            raise CommitRefused(f"{left.path} is not there any more.")
    return changed


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Struct):
        # The key is in the path already.
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__[1:])
        # What is empty says nothing.
        said = ((name, field) for name, field in fields if field is not None and field != "")
        return ", ".join(f"{name} {_shown(field)}" for name, field in said)
    if isinstance(value, tuple):
        return ", ".join(map(_listed, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return quoted(str(value))[1:-1]


def _listed(value: Any) -> str:
    """A value among others of a list: a record there brings its key with it."""
    if not isinstance(value, Struct):
        return _shown(value)
    rest = _shown(value)
    return f"{_shown(_key(value))} ({rest})" if rest else _shown(_key(value))


def _below(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _at(path: str, record: Struct) -> str:
    """The path of a record in a list; a key that could be mistaken for more path is quoted."""
    key = str(_key(record))
    plain = key.isprintable() and not set(key) & set("[]\"\\' ")
    return f"{path}[{key if plain and key else quoted(key, len(key) + 1)}]"


def _key(record: Struct) -> Any:
    return getattr(record, record.__struct_fields__[0])


def _by_key(value: Any) -> dict[Any, Struct] | None:
    """The records of a list by their keys, or None where they have none that tells them apart."""
    if not isinstance(value, tuple) or not all(isinstance(each, Struct) for each in value):
        return None
    records = {_key(each): each for each in value}
    return records if len(records) == len(value) else None


def _between(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before is after:
        return  # as most records of a long table are
    if isinstance(before, Struct) and type(before) is type(after):
        for field in before.__struct_fields__:
            yield from _between(_below(path, field), getattr(before, field), getattr(after, field))
    elif before != after:
        old, new = _by_key(before), _by_key(after)
        if old is None or new is None:
            yield Change(path, before, after)
        else:
            yield from _between_lists(path, old, new)


def _between_lists(path: str, old: dict[Any, Struct], new: dict[Any, Struct]) -> Iterator[Change]:
    for key, record in old.items():
        if key in new:
            yield from _between(_at(path, record), record, new[key])
        else:
            yield Change(_at(path, record), record, None)
    for key, record in new.items():
        if key not in old:
            yield Change(_at(path, record), None, record)
    if tuple(new) != _natural_order(old, new):
        yield Change(path, tuple(old), tuple(new))


def _natural_order(old: Iterable[Any], new: Iterable[Any]) -> tuple[Any, ...]:
    """The keys after removing from the old order and adding at its end."""
    remaining, present = dict.fromkeys(new), dict.fromkeys(old)
    return (*(k for k in present if k in remaining), *(k for k in remaining if k not in present))


def _with_changes(path: str, value: Any, wanted: dict[str, Change]) -> Any:
    """The value with the changes at and below this path, which are taken out of `wanted`."""
    records = _by_key(value)
    if path in wanted and not (records and _is_order(wanted[path])):
        return _changed(value, wanted.pop(path))
    if isinstance(value, Struct):
        return _struct_with_changes(path, value, wanted)
    if records is not None:
        return _list_with_changes(path, records, wanted)
    return value


def _is_order(change: Change) -> bool:
    after = change.after
    return bool(after) and not any(isinstance(each, Struct) for each in after)


def _changed(value: Any, change: Change) -> Any:
    if value not in (change.before, change.after):
        raise CommitRefused(f"{change.path} was changed meanwhile, to {_shown(value)}.")
    return change.after


def _struct_with_changes(path: str, record: S, wanted: dict[str, Change]) -> S:
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return replace(
        record,
        **{name: _with_changes(_below(path, name), old, wanted) for name, old in fields.items()},
    )


def _list_with_changes(
    path: str, records: dict[Any, Struct], wanted: dict[str, Change]
) -> tuple[Any, ...]:
    order = wanted.pop(path, None)
    if order and tuple(records) not in (order.before, order.after):
        raise CommitRefused(f"The list {path} was changed meanwhile.")
    # In a long table with few changes most records need no look at their fields.
    few = tuple(wanted) if len(wanted) <= FEW else None
    changed = {}
    for key, record in records.items():
        at = _at(path, record)
        touched = few is None or any(each.startswith(at) for each in few)
        changed[key] = _with_changes(at, record, wanted) if touched else record
    kept = {key: record for key, record in changed.items() if record is not None}
    for each in tuple(wanted.values()):
        if isinstance(each.after, Struct) and each.path == _at(path, each.after):
            kept[_key(each.after)] = _changed(None, wanted.pop(each.path))
    return tuple(kept[key] for key in order.after) if order else tuple(kept.values())
