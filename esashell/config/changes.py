"""What lies between two configurations: what `showchanges` shows and a commit's message tells.

A path names a value the way a file does, except that a record in a list is named by its key and
not by its position: `dns.servers[192.0.2.53].priority`. The key of a record is its first field.
So adding a server is one change, whatever stood before and after it, and two operators who
touch different servers have not touched the same thing.

A list of records whose *order* changed, apart from what was added and removed, has one more
change, at the path of the list, from one tuple of keys to the other. Lists of anything else, and
lists in which a key occurs twice, change as a whole.
"""

from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.apart import KeySets, apart, keys
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.errors import CommitRefused

S = TypeVar("S", bound=Struct)

_key_sets = KeySets()

# Where a value stands: fields, and the key of a record as a tuple of one.
At = tuple[str | tuple[Any], ...]

# The long tables in which the rules allow a key once.
ONCE: tuple[At, ...] = (("destinations", "entries"), ("smtp_routes",))


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
    return tuple(Change(dotted(at), old, new) for at, old, new in differences(before, after))


def differences(
    before: Config, after: Config, *, checked: bool = False
) -> Iterator[tuple[At, Any, Any]]:
    """The same changes, each as where it is, before, and after.

    If both were `checked` no long table has a key twice, and none has to be gone through for that.
    """
    yield from _between((), before, after, ONCE if checked else ())


def dotted(at: At) -> str:
    """The place as a `Change` has it: dns.servers[192.0.2.53].priority."""
    path = ""
    for step in at:
        if isinstance(step, tuple):
            path = _at(path, step[0])
        else:
            path = f"{path}.{step}" if path else step
    return path


def apply(config: Config, changes: Iterable[Change]) -> Config:
    """The configuration with these changes made to it.

    They may have been found between two other configurations: a value that already is what the
    change wants stays, and one that is neither the change's before nor its after raises
    `CommitRefused`, since somebody else changed it.
    """
    wanted = _Wanted({each.path: each for each in changes})
    changed: Config = _with_changes("", config, wanted)
    for left in wanted.changes.values():
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


def _at(path: str, key: Any) -> str:
    """The path of a record in a list; a key that could be mistaken for more path is quoted."""
    text = str(key)
    plain = text.isprintable() and not set(text) & set("[]\"\\' ")
    return f"{path}[{text if plain and text else quoted(text, len(text) + 1)}]"


def _key(record: Struct) -> Any:
    return getattr(record, record.__struct_fields__[0])


def _by_key(value: Any) -> dict[Any, Struct] | None:
    """The records of a list by their keys, or None where they have none that tells them apart."""
    if not _has_records(value):
        return None
    records = dict(zip(keys(value), value, strict=True))
    return records if len(records) == len(value) else None


def _between(at: At, before: Any, after: Any, once: Container[At]) -> Iterator[tuple[At, Any, Any]]:
    if before is after:
        return
    if isinstance(before, Struct) and type(before) is type(after):
        for field in before.__struct_fields__:
            yield from _between((*at, field), getattr(before, field), getattr(after, field), once)
    elif before != after:
        if _has_records(before) and _has_records(after):
            yield from _between_tables(at, before, after, once)
        else:
            yield at, before, after


def _has_records(value: Any) -> bool:
    """Whether it is a list of records; an empty one is of anything."""
    return isinstance(value, tuple) and (not value or isinstance(value[0], Struct))


def _between_tables(
    at: At, before: tuple[Struct, ...], after: tuple[Struct, ...], once: Container[At]
) -> Iterator[tuple[At, Any, Any]]:
    start, end, other = apart(before, after)
    old = {_key(each): each for each in before[start:end]}
    new = {_key(each): each for each in after[start:other]}
    added = [key for key in new if key not in old]
    if at not in once:
        known = _key_sets.of(at, before)
        unlike = len(old) == end - start and len(new) == other - start
        if known is None or not unlike or any(key in known for key in added):
            yield at, before, after
            return
    for key, record in old.items():
        if key in new:
            yield from _between((*at, (key,)), record, new[key], once)
        else:
            yield (*at, (key,)), record, None
    for key in added:
        yield (*at, (key,)), None, new[key]
    # What is added goes to the end of the list, and not before what both have there.
    if (added and end < len(before)) or list(new) != [k for k in old if k in new] + added:
        yield at, tuple(keys(before)), tuple(keys(after))


class _Wanted:
    """The changes that are still to be made, by their paths."""

    def __init__(self, changes: dict[str, Change]) -> None:
        self.changes = changes
        self._paths = sorted(changes)
        self._order = {path: at for at, path in enumerate(changes)}

    def additions(self, path: str) -> list[Change]:
        """What is to be added to the list at this path, or in it, in the changes' own order."""
        found = sorted(self.below(f"{path}["), key=self._order.__getitem__)
        added = (self.changes[each] for each in found)
        return [each for each in added if isinstance(each.after, Struct)]

    def below(self, path: str) -> Iterator[str]:
        """The paths that begin like this."""
        for at in range(bisect_left(self._paths, path), len(self._paths)):
            if not self._paths[at].startswith(path):
                return
            if self._paths[at] in self.changes:
                yield self._paths[at]


def _with_changes(path: str, value: Any, wanted: _Wanted) -> Any:
    """The value with the changes at and below this path, which are taken out of `wanted`."""
    if next(wanted.below(path), None) is None:
        return value
    change = wanted.changes.get(path)
    if change and not (value and _by_key(value) is not None and _is_order(change)):
        return _changed(value, wanted.changes.pop(path))
    if isinstance(value, Struct):
        return _struct_with_changes(path, value, wanted)
    records = _by_key(value)
    return value if records is None else _list_with_changes(path, records, wanted)


def _is_order(change: Change) -> bool:
    after = change.after
    return bool(after) and not any(isinstance(each, Struct) for each in after)


def _changed(value: Any, change: Change) -> Any:
    if value not in (change.before, change.after):
        raise CommitRefused(f"{change.path} was changed meanwhile, to {_shown(value)}.")
    return change.after


def _struct_with_changes(path: str, record: S, wanted: _Wanted) -> S:
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return replace(
        record,
        **{name: _with_changes(_below(path, name), old, wanted) for name, old in fields.items()},
    )


def _list_with_changes(path: str, records: dict[Any, Struct], wanted: _Wanted) -> tuple[Any, ...]:
    order = wanted.changes.pop(path, None)
    if order and tuple(records) not in (order.before, order.after):
        raise CommitRefused(f"The list {path} was changed meanwhile.")
    for key in _touched(path, records, wanted):
        changed = _with_changes(_at(path, key), records[key], wanted)
        if changed is None:
            del records[key]
        else:
            records[key] = changed
    for each in wanted.additions(path):
        if each.path == _at(path, _key(each.after)):
            records[_key(each.after)] = _changed(None, wanted.changes.pop(each.path))
    return tuple(records[key] for key in order.after) if order else tuple(records.values())


def _touched(path: str, records: dict[Any, Struct], wanted: _Wanted) -> list[Any]:
    """The keys of the records that are to be changed or removed."""
    begun = len(path) + 1
    found: dict[str, None] = {}
    for each in wanted.below(f"{path}["):
        key = each[begun : each.index("]", begun)]
        if key.startswith('"'):
            return list(records)  # where a quoted key ends cannot be seen
        found[key] = None
    return [key for key in found if key in records]
