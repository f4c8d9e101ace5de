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

Of a long configuration, what was committed after it was written out may stand below that line, as
blocks of changes, each with a head and a last line of its own (see `later`).
"""

import datetime
import re

from msgspec import Struct

from esashell.config.changes import Change
from esashell.config.codec import Document, encode
from esashell.config.later import block, told, without_torn
from esashell.config.tree import Config, KeyPath
from esashell.errors import BadConfiguration

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)

# To a longer file than this, commits are added; it is read in some 30 ms without a side-car.
LONG = 150_000
AT_ITS_END = "# What was committed later stands at its end, as blocks of changes, and counts.\n"

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
    config = encode(revision.config)
    return "".join(
        [
            "# A configuration of esashell. Edit it only while no esashell runs.\n",
            AT_ITS_END if len(config) > LONG else "",
            _head_lines(revision.head),
            f"\n{config}",
            f"\n{_last_line(revision.number)}\n",
        ]
    )


def written_as_block(revision: Revision, before: Config) -> str | None:
    """The text of a block that makes the revision out of this configuration, the one of its base;
    None where it is better written whole."""
    return block(_head_lines(revision.head), revision.number, before, revision.config)


def _head_lines(of: Head) -> str:
    import tomli_w

    head = {
        "number": of.number,
        "base": of.base,
        "who": of.who,
        "when": _moment(of.when),
        "comment": of.comment,
    }
    if of.confirm_by:
        head |= {"confirm_by": _moment(of.confirm_by), "back_to": of.back_to}
    lines = tomli_w.dumps(head).removesuffix("\n").split("\n")
    return "".join(f"revision.{_printable(line)}\n" for line in lines)


class Text(Struct, frozen=True):
    """What a file says: its last revision, and the one that it was written out as."""

    revision: Revision
    written_as: Revision


def read(raw: bytes, where: str) -> Revision:
    """The revision in a file; raises `BadConfiguration` as `codec.decode` does."""
    return read_text(raw, where).revision


def read_text(raw: bytes, where: str) -> Text:
    """The same with the revision that stands before the blocks at the end."""
    document = Document(without_torn(raw), where)
    config = document.config()
    assert document.before is not None
    head = _head(document)
    if head is None:
        head = Head(0, BY_HAND, 0, "")
    else:
        _refuse_cut_off(document, head)
    first = _of(head, document.before)
    blocks = document.table.get("later", ())
    for position in range(len(blocks)):
        head = _block_head(document, position, head)
    return Text(_of(head, config) if blocks else first, first)


def read_on(raw: bytes, where: str, revision: Revision) -> Revision:
    """What the revision becomes by the blocks in these octets, and nothing but blocks."""
    document = Document(without_torn(raw), where)
    if document.table.keys() - {"later"}:
        raise BadConfiguration(f"{where}: there is more than changes at the end.")
    head = revision.head
    blocks = document.blocks()
    for position in range(len(blocks)):
        head = _block_head(document, position, head)
    return _of(head, document.with_blocks(revision.config))


def read_changes(raw: bytes, where: str) -> list[Change]:
    """What the blocks in these octets have changed."""
    document = Document(raw, where)
    return told(document, document.blocks())


def _of(head: Head, config: Config) -> Revision:
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


def _refuse_cut_off(document: Document, head: Head) -> None:
    last = _last_line(head.number)
    # The first look is quick, the second one is for a file that a hand has edited.
    if f"\n{last}\n" not in document.text and last not in map(str.strip, document.text.split("\n")):
        document.refuse(
            (), f"the file is cut off: its last line, `{last}`, is missing, so settings may be too."
        )


def _block_head(document: Document, position: int, before: Head) -> Head:
    """The head of a block, which follows this one."""
    found = document.table["later"][position].get("revision")
    head = _checked(document, found, ("later", position, "revision"))
    _refuse_cut_off(document, head)
    if head.number <= before.number or head.base != before.number:
        document.refuse(
            ("later", position),
            f"revision {head.number} was made from revision {head.base}, and above it is "
            f"{before.number}.",
        )
    return head


def read_head(raw: bytes, where: str) -> Head | None:
    """The head of a revision's file alone, for lists; the rest may be damaged."""
    return _head(Document(re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0], where))


def _head(document: Document) -> Head | None:
    if "revision" in document.table:
        return _checked(document, document.table["revision"], ("revision",))
    if blocks := document.blocks():
        return _checked(document, blocks[0].get("revision"), ("later", 0, "revision"))
    return None


def _checked(document: Document, found: object, at: KeyPath) -> Head:
    table = document.record(_HeadTable, found, at)
    if not 0 <= table.base < table.number:
        document.refuse(
            (*at, "number"),
            "revision.number must be above revision.base, and that above -1.",
        )
    if not 0 <= table.back_to < table.number:
        document.refuse((*at, "back_to"), "revision.back_to must be an earlier revision's number.")
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
