"""What was committed since a long file was written whole: blocks of changes at its end.

Writing out 100,000 entries takes a tenth of a second and more, and an operator has changed one of
them. So a commit to a long configuration adds to the end of the running file what it changed, in
TOML as all the rest, and the same octets are its file in the history:

    # Revision 42 has changed what is above.
    [[later]]
    revision.number = 42
    revision.base = 41
    ...

    [[later.changes]]
    at = ["destinations", "entries", "example.com", "concurrency"]
    before = 500
    after = 20

    # End of revision 42.

Whoever reads the file makes the changes in their order. A block that was cut short, at the very
end, belongs to a commit that died, and that nobody was told of: it is as if it were not there. A
change says what it found. If somebody has edited, by hand, another setting above it, both hold; if
it was the same one, the two contradict each other and the file is refused, with the line.

A list's order, and a list that changed as a whole, are not written like this but with all the rest.
"""

import re
import typing
from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from esashell.config.apart import keys
from esashell.config.changes import At, Change, differences, dotted
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

if TYPE_CHECKING:
    from esashell.config.codec import Document

# A commit of more than that is written whole.
MOST_CHANGES = 200

BEGINNING = b"\n# Revision "
_LAST = b"\n# End of revision "
_END = re.compile(_LAST + rb"[0-9]+\.[ \t\r]*(?:\n|\Z)")


class Contradiction(Exception):
    """What is there is neither what a change found nor what it made of it; it is the value."""


class _Change(Struct, frozen=True, forbid_unknown_fields=True):
    at: tuple[str, ...]
    before: Any = None
    after: Any = None


class _Block(Struct, frozen=True, forbid_unknown_fields=True):
    revision: dict[str, Any]
    changes: tuple[_Change, ...] = ()


def block(head: str, number: int, before: Config, after: Config) -> str | None:
    """The text of a block between two that may run; None where the changes are too many, or of
    another kind."""
    parts = [f"\n# Revision {number} has changed what is above.\n[[later]]\n{head}"]
    for at, old, new in differences(before, after, checked=True):
        if len(parts) > MOST_CHANGES or not (_fits(old) and _fits(new)) or _is_list(at, old, new):
            return None
        steps = [step[0] if isinstance(step, tuple) else step for step in at]
        lines = [f"at = {_inline(tuple(steps))}\n"]
        lines += [f"before = {_inline(old)}\n"] if old is not None else []
        lines += [f"after = {_inline(new)}\n"] if new is not None else []
        parts.append("".join(["[[later.changes]]\n", *lines]))
    return "\n".join([*parts, f"# End of revision {number}.\n"])


def is_block(raw: bytes) -> bool:
    """Whether these octets, of a file in the history, are a block and not a whole revision."""
    return raw.startswith(BEGINNING)


def without_torn(raw: bytes) -> bytes:
    """The octets of a file without a block at the end that was not written to its end."""
    at = raw.rfind(_LAST)
    while at >= 0:
        if found := _END.match(raw, at):
            end = found.end()
            rest = raw[end:].rstrip(b"\0")  # a disk may have the length before it has the text
            torn = rest.startswith(BEGINNING) or BEGINNING.startswith(rest)
            return raw[:end] if torn else raw
        at = raw.rfind(_LAST, 0, at)
    return raw


def made(document: "Document", config: Config, blocks: list[Any]) -> Config:
    """The configuration with the changes of these blocks, as TOML has them, made to it."""
    draft = Draft(config)
    for number, each in enumerate(blocks):
        table = document.record(_Block, each, ("later", number))
        for place, change in enumerate(table.changes):
            where: KeyPath = ("later", number, "changes", place)
            at, kind = _placed(document, change.at, where)
            before = _value(document, change.before, kind, (*where, "before"))
            after = _value(document, change.after, kind, (*where, "after"))
            try:
                draft.change(at, before, after)
            except Contradiction as found:
                told = Change(dotted(at), found.args[0], after)
                document.refuse(
                    where,
                    f"this has changed what was edited above it meanwhile ({told}). Take these "
                    "lines out, or take the edit back.",
                )
    return draft.config()


def told(document: "Document", blocks: list[Any]) -> list[Change]:
    """The changes of these blocks, as an operator is shown them."""
    found = []
    for number, each in enumerate(blocks):
        for change in document.record(_Block, each, ("later", number)).changes:
            at, kind = _placed(document, change.at, ("later", number))
            before, after = (
                _value(document, value, kind, ("later", number))
                for value in (change.before, change.after)
            )
            found.append(Change(dotted(at), before, after))
    return found


class Draft:
    """A configuration to which changes are made one after the other.

    A long table is a dictionary meanwhile: made once, however many of its records change.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._tables: dict[At, dict[Any, Struct]] = {}

    def change(self, at: At, before: Any, after: Any) -> None:
        """Raises `Contradiction` where neither of the two is there."""
        first = next((n for n, step in enumerate(at) if isinstance(step, tuple)), None)
        if first is None:
            self._config = _put(self._config, at, before, after)
            return
        field, key = at[:first], at[first][0]
        if field not in self._tables:
            here: Any = self._config
            for step in field:
                here = getattr(here, str(step))
            self._tables[field] = _by_key(here)
        _put_record(self._tables[field], key, at[first + 1 :], before, after)

    def config(self) -> Config:
        """The configuration as it has become."""
        config = self._config
        for field, table in self._tables.items():
            config = _set(config, field, tuple(table.values()))
        return config


def _by_key(records: tuple[Struct, ...]) -> dict[Any, Struct]:
    return dict(zip(keys(records), records, strict=True))


def _set(value: Any, at: At, new: Any) -> Any:
    if not at:
        return new
    field = str(at[0])
    return replace(value, **{field: _set(getattr(value, field), at[1:], new)})


def _put(value: Any, at: At, before: Any, after: Any) -> Any:
    if not at:
        if value not in (before, after):
            raise Contradiction(value)
        return after
    step = at[0]
    if isinstance(step, tuple):
        records = _by_key(value)
        _put_record(records, step[0], at[1:], before, after)
        return tuple(records.values())
    if value is None:
        raise Contradiction(None)
    return replace(value, **{step: _put(getattr(value, step), at[1:], before, after)})


def _put_record(records: dict[Any, Struct], key: Any, at: At, before: Any, after: Any) -> None:
    changed = _put(records.get(key), at, before, after)
    if changed is None:
        records.pop(key, None)
    else:
        records[key] = changed


# Writing.


def _fits(value: Any) -> bool:
    """Whether a block may say it: a list may have records in it where it is part of a record."""
    return not isinstance(value, tuple) or len(value) <= MOST_CHANGES


def _is_list(at: At, *values: Any) -> bool:
    """Whether this is about a list of records, not about one of them."""
    kind = _kind_of(at)
    return any(isinstance(each, tuple) for each in values) and _is_table(kind)


def _inline(value: Any) -> str:
    from esashell.config.codec import written_value

    if isinstance(value, Struct):
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return f"{{ {', '.join(f'{n} = {_inline(v)}' for n, v in fields if v is not None)} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return written_value(value.value if isinstance(value, Enum) else value)


# Reading.


def _is_table(kind: Any) -> bool:
    """Whether values of this kind are lists of records."""
    inner = typing.get_args(kind)[:1]
    return typing.get_origin(kind) is tuple and issubclass(inner[0], Struct)


@cache
def _fields(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}  # type: ignore[attr-defined]


def _kind_of(at: At) -> Any:
    kind: Any = Config
    for step in at:
        kind = typing.get_args(kind)[0] if isinstance(step, tuple) else _fields(kind)[step]
    return kind


def _placed(document: "Document", steps: Iterable[str], where: KeyPath) -> tuple[At, Any]:
    """Where a change is, and the kind of value that is there."""
    at: list[Any] = []
    kind: Any = Config
    for step in steps:
        if _is_table(kind):
            at.append((step,))
            kind = typing.get_args(kind)[0]
        elif isinstance(kind, type) and issubclass(kind, Struct) and step in _fields(kind):
            at.append(step)
            kind = _fields(kind)[step]
        else:
            document.refuse((*where, "at"), f"there is no setting {quoted(step)} here.")
    if not at or _is_table(kind):
        document.refuse((*where, "at"), "this is a table and not one of its settings.")
    return tuple(at), kind


def _value(document: "Document", value: Any, kind: Any, where: KeyPath) -> Any:
    if value is None:
        return None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        document.refuse(where, f"{quoted(str(error), 200)[1:-1]}.")


__all__ = ["Draft", "block", "is_block", "made", "told", "without_torn"]
