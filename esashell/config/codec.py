"""A configuration as text: TOML that can be read, compared with `diff`, and edited by hand.

Every setting is written out, the factory's value too: a later version with other defaults then
changes nothing on an appliance that is already set up. A setting that a file leaves out has its
default. Lists of records are always `[[name]]` blocks and never `{ ... }` lines, so that the
layout does not turn over when one record grows.

`schema` is the number of the layout. A file of a newer layout is refused, not guessed at: what
this version does not understand it would lose at the next commit.

A file that is not taken is answered with its name, the line, what is wrong there, and what to do.
"""

import codecs
import re
import tomllib
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from esashell.config.check import breaches
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath
from esashell.errors import BadConfiguration

SCHEMA = 1

# Tables at the top of a file that are not settings.
_NOT_SETTINGS = ("schema", "revision")

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
    import tomli_w

    sections = [tomli_w.dumps({"schema": SCHEMA, **_plain(config)}), *_sections(config, "")]
    return "\n".join(sections)


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
        name: msgspec.to_builtins(value)
        for name, value in fields.items()
        if value is not None and not isinstance(value, Struct) and not _is_records(value)
    }


def _is_records(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(v, Struct) for v in value)


def _sections(record: Struct, name: str) -> Iterator[str]:
    """The tables below a record, each as a block of text that begins with its header."""
    import tomli_w

    for field in record.__struct_fields__:
        value = getattr(record, field)
        path = f"{name}.{field}" if name else field
        if isinstance(value, Struct):
            yield f"[{path}]\n{tomli_w.dumps(_plain(value))}"
            yield from _sections(value, path)
        elif _is_records(value):
            for each in value:
                yield f"[[{path}]]\n{tomli_w.dumps(_plain(each))}"
                yield from _sections(each, path)


class Document:
    """A file's text as TOML has it, with the means to complain about what it says."""

    def __init__(self, text: str | bytes, where: str) -> None:
        self.where = where
        self.text = text if isinstance(text, str) else _characters(text, where)
        self.table = _parsed(self.text, where)

    def refuse(self, path: KeyPath, text: str) -> NoReturn:
        """Raise `BadConfiguration` about the value at this path; no path is the end of the file."""
        from esashell.config.lines import line_of

        line = line_of(self.text, path) if path else _last_line(self.text)
        raise BadConfiguration(_complaint(self.where, line, text))

    def config(self) -> Config:
        self._settle_schema()
        settings = {k: v for k, v in self.table.items() if k not in _NOT_SETTINGS}
        config = self.record(Config, settings, ())
        for breach in breaches(config):
            self.refuse(breach.path, breach.text)
        return config

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
            self.refuse((*at, *path), f"{name}: {_worded(fault)}." if name else f"{fault}.")

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
        return tomllib.loads(text)
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


def _worded(fault: str) -> str:
    if kinds := re.fullmatch(r"Expected `([^`]*)`, got `([^`]*)`", fault):
        wanted = " or ".join(_WORDS.get(each, each) for each in kinds[1].split(" | "))
        return f"this must be {wanted}, not {_WORDS.get(kinds[2], kinds[2])}"
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", fault):
        return f"{missing[1]} is missing"
    return quoted(fault, 200)[1:-1]


def _dotted(path: KeyPath) -> str:
    """dns.servers[1].priority: positions are counted from 1, as on screen."""
    steps = (f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")


def _unknown(kind: type, path: KeyPath, name: str) -> str:
    """What is known in the place of an unknown setting. Only ever needed for a complaint."""
    import difflib
    import typing

    for step in path:
        kind = (
            typing.get_args(kind)[0] if isinstance(step, int) else typing.get_type_hints(kind)[step]
        )
    known: tuple[str, ...] = getattr(kind, "__struct_fields__", ())
    near = difflib.get_close_matches(name[:80], known, 1)
    cure = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}."
    return f"there is no setting {quoted(name)}; {cure}"
