"""Parts of a configuration laid over a whole one, as scenario files write them."""

from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from esashell.config.check import breaches
from esashell.config.tree import Config


def laid_over(config: Config, part: dict[str, Any]) -> Config:
    """The configuration with these settings; raises `ValueError` with where and what is wrong.

    Tables are merged. In a list of records the one whose first field is the same is merged too, or
    added at the end; `remove = true` takes it out, if it is there. Everything else is replaced.
    """
    if not part:
        return config
    try:
        made = msgspec.convert(_merged(msgspec.to_builtins(config), part, Config), Config)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    for each in breaches(made, config):
        raise ValueError(str(each))
    return made


def _merged(present: Any, part: Any, kind: Any) -> Any:
    if isinstance(present, dict) and isinstance(part, dict):
        kinds = {each.name: each.type for each in fields(kind)} if _is_struct(kind) else {}
        return present | {
            key: _merged(present.get(key), value, kinds.get(key)) for key, value in part.items()
        }
    record = _record_in(kind)
    if isinstance(part, list) and record is not None:
        key = fields(record)[0].name
        made = {each[key]: each for each in present or ()}
        for each in part:
            if not isinstance(each, dict) or key not in each:
                raise ValueError(f'a record without its "{key}"')
            if each.get("remove") is True:
                made.pop(each[key], None)
            else:
                made[each[key]] = _merged(made.get(each[key], {}), each, record)
        return list(made.values())
    return part.value if isinstance(part, Enum) else part


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _record_in(kind: Any) -> Any:
    """The record that a list is of, if it is one of records."""
    for each in getattr(kind, "__args__", ()):
        if _is_struct(each):
            return each
    return None
