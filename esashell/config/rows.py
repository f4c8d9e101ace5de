"""TOML with long tables, read at a tenth of the general reader's price.

A table of 100,000 records is 100,000 times the same few lines, and tomllib looks at each of their
characters. Here the text is cut at the headers of the long tables; the first line of a record, its
key, is taken as it is, and what follows, which many records have in common, is read once for each
wording. All the rest of the file, with the first and the last record of each table, goes to
tomllib. So does the whole file as soon as anything is not as the writer would have it and a cut
might be in the wrong place: whoever edits by hand may write any TOML, and waits a little longer.

Why a cut cannot be in the wrong place. Without a string of several lines, which is looked for
first, every line begins outside of strings. `[[smtp_routes]]` on a line of its own is then a
header, or stands in an array that was begun above, where it means nothing and tomllib refuses what
is left: the record above a header either is complete by itself or is in what tomllib gets. And a
record between two headers that is nothing but complete settings, each key once, is a table of them.
"""

import re
import tomllib
from typing import Any

# Fewer than so many records are not worth it.
MANY = 200
TABLES = ("destinations.entries", "smtp_routes")
_KEY = 'domain = "'

_PLAIN = r"[ !#-\[\]-~]*"  # what may stand between quotes as it is
_keys_only = re.compile(rf'(?:{_KEY}{_PLAIN}"\n)+').fullmatch
_setting = re.compile(
    rf'([a-z_]+) = (?:"({_PLAIN})"|(true|false)|(0|[1-9][0-9]{{0,17}})'
    rf'|\[\n((?:    "{_PLAIN}",\n)+)\])\n'
).match
_header = re.compile(r"^[ \t]*\[", re.MULTILINE).search


class _Unlike(Exception):
    """The text is not what the writer makes of a table."""


def loads(text: str) -> dict[str, Any]:
    """What `tomllib.loads` makes of the text; raises what that raises."""
    if '"""' not in text and "'''" not in text:
        try:
            return _cut(text.replace("\r\n", "\n"))
        except (_Unlike, tomllib.TOMLDecodeError):
            pass  # where it is wrong is told of the whole
    return tomllib.loads(text)


def _cut(text: str) -> dict[str, Any]:
    found = {}
    for name in TABLES:
        header = f"\n[[{name}]]\n"
        before, *records = text.split(header)
        if len(records) >= MANY:
            text = header.join((before, records[0], records[-1]))
            found[name] = _rows(records[1:-1])
    table = tomllib.loads(text)
    for name, rows in found.items():
        here: Any = table
        for each in name.split("."):
            here = here[each]
        if len(here) != 2:  # more records under a header that is spelt differently
            raise _Unlike
        here[1:1] = rows
    return table


def _rows(records: list[str]) -> list[dict[str, Any]]:
    parted = [each.partition("\n") for each in records]
    if not _keys_only("".join([f"{key}\n" for key, _, _ in parted])):
        raise _Unlike
    known = {rest: _settings(rest) for rest in {rest for _, _, rest in parted}}
    begun = len(_KEY)
    return [{"domain": key[begun:-1], **known[rest]} for key, _, rest in parted]


def _settings(text: str) -> dict[str, Any]:
    """The settings of a record below its key."""
    settings: dict[str, Any] = {}
    end = len(text)
    at = count = 0
    while at < end and (found := _setting(text, at)):
        key, plain, flag, number, listed = found.groups()
        value: Any = plain
        if plain is None:
            if listed:
                value = [each[5:-2] for each in listed.split("\n")[:-1]]
            else:
                value = int(number) if number else flag == "true"
        settings[key] = value
        count += 1
        at = found.end()
    if at < end or count > len(settings):
        if _header(text):
            raise _Unlike
        settings = tomllib.loads(text)
    if "domain" in settings:
        raise _Unlike
    return settings
