"""A configuration as text: TOML that can be read, compared with `diff`, and edited by hand.

Every setting is written out, the factory's value too: a later version with other defaults then
changes nothing on an appliance that is already set up. A setting that a file leaves out has its
default. Lists of records are always `[[name]]` blocks and never `{ ... }` lines, so that the
layout does not turn over when one record grows.

`schema` is the number of the layout. A file of an older layout is read as what it means in this
one. A file of a newer layout is refused, not guessed at: what this version does not understand it
would lose at the next commit.

    1   one [interface] with a name and an address
    2   [[interfaces]]

A file that is not taken is answered with its name, the line, what is wrong there, and what to do.
"""

import codecs
import re
import tomllib
from collections.abc import Iterator
from enum import Enum
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from esashell.config import rows
from esashell.config.check import breaches
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath
from esashell.errors import BadConfiguration

SCHEMA = 2

# A table of so many records is written record by record only where it has changed.
LONG = 1000

# Tables at the top of a file that are not settings.
_NOT_SETTINGS = ("schema", "revision", "later")

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a date and time",
    "date": "a date",
    "time": "a time of day",
    "null": "nothing",
}

T = TypeVar("T")


def encode(config: Config) -> str:
    """The configuration as the text of a file, ending in a newline."""
    sections = [_lines({"schema": SCHEMA, **_plain(config)}), *_sections(config, "")]
    _written.swap()
    return "\n".join(sections)


def remember(text: str, config: Config) -> None:
    """Learn from a text that `encode` has made of this configuration, so that the next one, which
    has most of its records, is made faster."""
    parts = text.split("\n\n")
    for path, records in _long_tables(config, ""):
        _written.take(records, path, parts)


def _long_tables(record: Struct, name: str) -> Iterator[tuple[str, tuple[Struct, ...]]]:
    for field in record.__struct_fields__:
        value = getattr(record, field)
        path = f"{name}.{field}" if name else field
        if isinstance(value, Struct):
            yield from _long_tables(value, path)
        elif _is_records(value) and len(value) >= LONG:
            yield path, value


def decode(text: str | bytes, where: str) -> Config:
    """The configuration in a file's text; `where` is the file's name in a complaint.

    Raises `BadConfiguration` for any text that is not a whole, valid configuration of a schema
    that this version reads.
    """
    return Document(text, where).config()


def _plain(record: Struct) -> dict[str, Any]:
    """The fields that fit behind an equals sign. TOML has no null: what is unset is left out."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return {
        name: value
        for name, value in fields.items()
        if value is not None and not isinstance(value, Struct) and not _is_records(value)
    }


def _is_records(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Struct)


# A text that may stand between quotes as it is.
_as_it_is = re.compile(r"[ !#-\[\]-~]*").fullmatch


def _lines(fields: dict[str, Any]) -> str:
    return "".join([f"{name} = {written_value(value)}\n" for name, value in fields.items()])


def written_value(value: Any) -> str:
    """What stands behind an equals sign, letter for letter as tomli_w has it, for what is simple.

    Most values are, in a long table, and it takes a tenth of the time.
    """
    if type(value) is str and _as_it_is(value):
        return f'"{value}"'
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is tuple:
        if not value:
            return "[]"
        return "".join(["[\n", *[f"    {written_value(each)},\n" for each in value], "]"])
    if isinstance(value, Enum):
        return written_value(value.value)
    import tomli_w

    return tomli_w.dumps({"x": value})[4:-1]


def _sections(record: Struct, name: str) -> Iterator[str]:
    """The tables below a record, each as a block of text that begins with its header."""
    for field in record.__struct_fields__:
        value = getattr(record, field)
        path = f"{name}.{field}" if name else field
        if isinstance(value, Struct):
            # A table of tables alone needs no header.
            if plain := _plain(value):
                yield f"[{path}]\n{_lines(plain)}"
            yield from _sections(value, path)
        elif _is_records(value):
            if len(value) < LONG:
                yield from (_block(each, path) for each in value)
            else:
                yield "\n".join(_written.blocks(value, path))


def _block(record: Struct, path: str) -> str:
    return "\n".join([f"[[{path}]]\n{_lines(_plain(record))}", *_sections(record, path)])


class _Written:
    """The blocks of the long tables that were written last, by the identity of their records.

    Records never change, and from one commit to the next few are exchanged: the rest is known. What
    the last configuration does not have any more is forgotten.
    """

    def __init__(self) -> None:
        # The records are kept with their texts, so that an id is nobody else's.
        self._last: dict[str, tuple[tuple[Struct, ...], dict[int, str]]] = {}
        self._now: dict[str, tuple[tuple[Struct, ...], dict[int, str]]] = {}

    def blocks(self, records: tuple[Struct, ...], path: str) -> list[str]:
        _, known = self._last.get(path, ((), {}))
        found = map(known.get, map(id, records))
        texts = [text or _block(each, path) for each, text in zip(records, found, strict=True)]
        self._now[path] = records, dict(zip(map(id, records), texts, strict=True))
        return texts

    def take(self, records: tuple[Struct, ...], path: str, parts: list[str]) -> None:
        """Learn a table's blocks from the parts of a text that was written here."""
        header = f"[[{path}]]\n"
        found = [at for at, part in enumerate(parts) if part.startswith(header)]
        # Records that have tables of their own are more than one part each.
        if len(found) == len(records) == found[-1] - found[0] + 1:
            texts = [f"{part}\n" for part in parts[found[0] : found[-1] + 1]]
            if texts[-1] == _block(records[-1], path):
                self._last[path] = records, dict(zip(map(id, records), texts, strict=True))

    def swap(self) -> None:
        self._last, self._now = self._now, {}


_written = _Written()


class Document:
    """A file's text as TOML has it, with the means to complain about what it says."""

    def __init__(self, text: str | bytes, where: str) -> None:
        self.where = where
        self.text = text if isinstance(text, str) else _characters(text, where)
        self.table = _parsed(self.text, where)
        self._oldest = False  # the layout of schema 1
        self.before: Config | None = None  # once it was read: without what came later

    def refuse(self, path: KeyPath, text: str) -> NoReturn:
        """Raise `BadConfiguration` about the value at this path; no path is the end of the file."""
        from esashell.config.lines import line_of

        if self._oldest and path[:2] == ("interfaces", 0):
            path = ("interface", *path[2:])
        line = line_of(self.text, path) if path else _last_line(self.text)
        raise BadConfiguration(_complaint(self.where, line, text))

    def config(self) -> Config:
        return self.over({})

    def over(self, present: dict[str, Any]) -> Config:
        """The configuration that these settings, as plain values, become with the file's instead:
        tables are merged, lists replaced. A file over nothing has to name its schema."""
        if present:
            self.table.setdefault("schema", SCHEMA)
        self._settle_schema()
        settings = {k: v for k, v in self.table.items() if k not in _NOT_SETTINGS}
        if self._oldest and "interface" in settings:
            settings["interfaces"] = [settings.pop("interface")]
        config = self.record(Config, _merged(present, settings), ())
        for breach in breaches(config):
            self.refuse(breach.path, breach.text)
        self.before = config
        return self.with_blocks(config)

    def blocks(self) -> list[dict[str, Any]]:
        """What was committed since the rest of the file was written, as tables."""
        blocks = self.table.get("later", [])
        if not isinstance(blocks, list) or not all(isinstance(each, dict) for each in blocks):
            self.refuse(("later",), "these must be [[later]] tables.")
        return blocks

    def with_blocks(self, config: Config) -> Config:
        """The configuration with the changes of the blocks made to it."""
        blocks = self.blocks()
        if not blocks:
            return config
        from esashell.config.later import made

        changed = made(self, config, blocks)
        for breach in breaches(changed, config):
            self.refuse(("later", len(blocks) - 1), breach.text)
        return changed

    def record(self, kind: type[T], table: object, at: KeyPath) -> T:
        """The table that stands at this path, as a record; refused when it is not one."""
        try:
            return msgspec.convert(table, kind)
        except msgspec.ValidationError as error:
            fault, path = _split(str(error))
            unknown = re.fullmatch(r"Object contains unknown field `(.*)`", fault, re.DOTALL)
            if unknown:
                self.refuse((*at, *path, unknown[1]), _unknown(kind, path, unknown[1]))
            name = _dotted((*at, *path))
            said = _worded(fault, kind, path)
            self.refuse((*at, *path), f"{name}: {said}." if name else f"{fault}.")

    def _settle_schema(self) -> None:
        schema = self.table.get("schema")
        if schema is None:
            what = "the file is empty" if not self.text.strip() else "there is no schema number"
            raise BadConfiguration(
                _complaint(
                    self.where, 1, f"{what}; a configuration has a line `schema = {SCHEMA}`."
                )
            )
        if type(schema) is not int or schema < 1:
            self.refuse(
                ("schema",), f"{quoted(str(schema))} is not a schema number: this is {SCHEMA}."
            )
        if schema > SCHEMA:
            shown = schema if schema < 10**9 else "unknown"
            self.refuse(
                ("schema",),
                f"written by a newer esashell, schema {shown}; this one reads up to {SCHEMA}. "
                "Start the newer one.",
            )
        self._oldest = schema == 1


def _merged(present: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    merged = dict(present)
    for name, value in settings.items():
        below = present.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _merged(below, value)
        merged[name] = value
    return merged


def _complaint(where: str, line: int | None, text: str) -> str:
    return f"{where}, line {line}: {text}" if line else f"{where}: {text}"


def _last_line(text: str) -> int:
    return text.rstrip().count("\n") + 1


def _characters(raw: bytes, where: str) -> str:
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        fault = f"byte 0x{error.object[error.start]:02x} is not UTF-8 text. Save the file as UTF-8."
        raise BadConfiguration(_complaint(where, line, fault)) from None


def _parsed(text: str, where: str) -> dict[str, Any]:
    line: int | None = None
    try:
        return rows.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = str(error)
        if place := re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", fault):
            fault = fault[: place.start()]
            if place[1]:
                line = int(place[1])
                fault = f"{fault} (column {place[2]})"
            else:
                line = _last_line(text)
                fault = f"{fault}: the file ends here, in the middle"
    except RecursionError:
        fault = "lists or tables are nested too deeply"
    except ValueError as error:
        # Python refuses to read a number of more than 4,300 digits.
        fault = str(error).partition(";")[0]
    fault = quoted(fault, 200)[1:-1]
    raise BadConfiguration(_complaint(where, line, f"{fault}. Correct it by hand."))


def _split(message: str) -> tuple[str, KeyPath]:
    """A fault as msgspec words it, and its path: "Expected `int`, got `str` - at `$.a[0].b`"."""
    fault, _, place = message.rpartition(" - at `")
    if not fault:
        return message, ()
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", place)
    return fault, tuple(key if key else int(position) for key, position in steps)


def _worded(fault: str, kind: type, path: KeyPath) -> str:
    if kinds := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", fault):
        # That a value may be left out is no news where one is given.
        wanted = " or ".join(_WORDS.get(k, k) for k in kinds[1].split(" | ") if k != "null")
        return f"this must be {wanted}, not {_WORDS.get(kinds[2], kinds[2])}"
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", fault):
        return f"{missing[1]} is missing"
    if odd := re.fullmatch(r"Invalid enum value '(.*)'", fault, re.DOTALL):
        known = ", ".join(str(each.value) for each in _kind_at(kind, path))
        return f"{quoted(odd[1])} is not known; known here: {known}"
    return quoted(fault, 200)[1:-1]


def _kind_at(kind: Any, path: KeyPath) -> Any:
    """The type that the path leads to, from this one. Only ever needed for a complaint."""
    import typing

    for step in path:
        kind = (
            typing.get_args(kind)[0] if isinstance(step, int) else typing.get_type_hints(kind)[step]
        )
        if type(None) in typing.get_args(kind):
            kind = next(each for each in typing.get_args(kind) if each is not type(None))
    return kind


def _dotted(path: KeyPath) -> str:
    """dns.servers[1].priority: positions are counted from 1, as on screen."""
    steps = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _unknown(kind: type, path: KeyPath, name: str) -> str:
    """What is known in the place of an unknown setting."""
    import difflib

    known: tuple[str, ...] = getattr(_kind_at(kind, path), "__struct_fields__", ())
    near = difflib.get_close_matches(name[:80], known, 1)
    cure = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}."
    return f"there is no setting {quoted(name)}; {cure}"
