"""A committed configuration: its number, who committed it, when and why; and its file.

A revision's file is a configuration with a head above it and a last line below it:

    # A configuration of esashell. Edit it only while no esashell runs.
    revision.number = 42
    revision.base = 41
    revision.who = "admin"
    revision.when = 2025-03-01 09:00:00+00:00
    revision.comment = "swap the resolvers"

    schema = 1
    hostname = "myesa.local"
    ...
    # End of revision 42.

`base` is the revision that this one was made from: the history is a chain, not a count. One that
was committed on trial says in two more lines until when it has to be confirmed, `confirm_by`, and
which revision runs again if it is not, `back_to`; both stay in the file, so that a restart, or
another shell, keeps the promise. A later revision ends the trial, whatever it holds. The last
line is there because a TOML file that is cut off between two lines is still a TOML file, only
with fewer settings, and would pass for a shorter configuration. A file without any head was
written by hand, needs no last line, and counts as revision 0.
"""

import datetime
import re

from msgspec import Struct

from esashell.config.codec import Document, encode
from esashell.config.tree import Config

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)

BY_HAND = "(by hand)"


class Head(Struct, frozen=True):
    """A revision without its configuration; `when` in microseconds, `base` what it followed.

    `confirm_by` is when revision `back_to` runs again if nobody commits before; 0 for never.
    """

    number: int
    who: str
    when: int
    comment: str
    base: int = 0
    confirm_by: int = 0
    back_to: int = 0


class Revision(Struct, frozen=True):
    """A whole revision. Number 0 is what was there before anything was committed."""

    number: int
    config: Config
    who: str
    when: int
    comment: str
    base: int = 0
    confirm_by: int = 0
    back_to: int = 0

    @property
    def head(self) -> Head:
        return Head(
            self.number,
            self.who,
            self.when,
            self.comment,
            self.base,
            self.confirm_by,
            self.back_to,
        )


class _HeadTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A head as the file has it."""

    number: int
    when: datetime.datetime
    base: int
    who: str = ""
    comment: str = ""
    confirm_by: datetime.datetime | None = None
    back_to: int = 0


def utc(when: int) -> str:
    """A moment as a message shows it: 2025-03-01 09:00:00 UTC."""
    return f"{_moment(when):%Y-%m-%d %H:%M:%S} UTC"


def written(revision: Revision) -> str:
    """The text of the revision's file."""
    import tomli_w

    head = {
        "number": revision.number,
        "base": revision.base,
        "who": revision.who,
        "when": _moment(revision.when),
        "comment": revision.comment,
    }
    if revision.confirm_by:
        head |= {"confirm_by": _moment(revision.confirm_by), "back_to": revision.back_to}
    lines = tomli_w.dumps(head).removesuffix("\n").split("\n")
    return "".join(
        [
            "# A configuration of esashell. Edit it only while no esashell runs.\n",
            *(f"revision.{_printable(line)}\n" for line in lines),
            f"\n{encode(revision.config)}",
            f"\n{_last_line(revision.number)}\n",
        ]
    )


def read(raw: bytes, where: str) -> Revision:
    """The revision in a file; raises `BadConfiguration` as `codec.decode` does."""
    document = Document(raw, where)
    config = document.config()
    head = _head(document)
    if head is None:
        return Revision(0, config, BY_HAND, 0, "")
    last = _last_line(head.number)
    if last not in map(str.strip, document.text.split("\n")):
        document.refuse(
            (), f"the file is cut off: its last line, `{last}`, is missing, so settings may be too."
        )
    return Revision(
        head.number,
        config,
        head.who,
        head.when,
        head.comment,
        head.base,
        head.confirm_by,
        head.back_to,
    )


def read_head(raw: bytes, where: str) -> Head | None:
    """The head of a revision's file alone, for lists; the rest may be damaged."""
    return _head(Document(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0], where))


def _head(document: Document) -> Head | None:
    if "revision" not in document.table:
        return None
    table = document.record(_HeadTable, document.table["revision"], ("revision",))
    if not 0 <= table.base < table.number:
        document.refuse(
            ("revision", "number"),
            "revision.number must be above revision.base, and that above -1.",
        )
    if not 0 <= table.back_to < table.number:
        document.refuse(
            ("revision", "back_to"), "revision.back_to must be an earlier revision's number."
        )
    confirm_by = _microseconds(table.confirm_by) if table.confirm_by else 0
    return Head(
        table.number,
        table.who,
        _microseconds(table.when),
        table.comment,
        table.base,
        confirm_by,
        table.back_to,
    )


def _microseconds(moment: datetime.datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return (aware - _EPOCH) // _MICROSECOND


def _printable(line: str) -> str:
    """The line with escapes for what TOML would let stand but no terminal should be sent."""
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in line)


def _moment(when: int) -> datetime.datetime:
    return _EPOCH + when * _MICROSECOND


def _last_line(number: int) -> str:
    return f"# End of revision {number}."
