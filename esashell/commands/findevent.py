"""findevent: the messages in a mail log by sender, subject or recipient, and the story of one.

    findevent [-i] [-f from | -s subject | -t to] log_name
    findevent -m mid log_name

The story has the message's own lines and those of the messages that came of it, the lines that
opened its incoming connection, and those of each delivery that was begun, with the `TLS success`
(`logs.story` has the joins). It has not the failures of TLS, as on the appliance.

These options are ours: `--all` brings every line of the connections, failures too; `--dir PATH`
reads the files of a directory, packed ones too; `--json` writes an object for each line.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.commands.log_choice import (
    EXPRESSION,
    Words,
    compiled,
    log_named,
    log_names,
    paths_of,
    taken_apart,
    which_log,
)
from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, choice, number_kind, numbered, yes_no
from esashell.dialogue.requests import Archive, Ask, Kind, Refuse, Search
from esashell.errors import BadAnswer, UsageError
from esashell.logs.event import Field, Message, messages
from esashell.logs.files import log_files
from esashell.logs.pattern import Pattern
from esashell.logs.story import Joins, Links, story

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

USAGE = (
    "findevent",
    "findevent [-i] (-f <from> | -s <subject> | -t <to>) <log_name>",
    "findevent -m <mid> <log_name>",
    "findevent ... [--all] [--json]        (esashell's own)",
    "findevent ... --dir <directory>       (logs from elsewhere; esashell's own)",
)
FLAGS = ("-i", "--all", "--json")
FIELDS = {"-f": Field.SENDER, "-s": Field.SUBJECT, "-t": Field.RECIPIENT}
VALUED = (*FIELDS, "-m", "--dir")

MID = number_kind(1, 2**63 - 1)
SEARCHES = {
    Field.SENDER.value: "Search by envelope FROM",
    "mid": "Search by Message ID",
    Field.SUBJECT.value: "Search by Subject",
    Field.RECIPIENT.value: "Search by envelope TO",
}
SETS = {
    "all": "All available log files",
    "dates": "Select log files by date list",
    "current": "Current log file",
}
NONE = "No matching message IDs were found."


class Wish(Struct, frozen=True):
    """One message by its number, or all that an expression finds something in."""

    log: str
    directory: str = ""
    mid: int = 0
    field: Field = Field.SENDER
    expression: str = ""
    ignore_case: bool = False
    joins: Joins = Joins.FINDEVENT
    json: bool = False


def _wish(words: Sequence[str], appliance: "Appliance") -> Wish:
    found = taken_apart(words, "findevent", FLAGS, VALUED)
    searches = [each for each in ("-m", *FIELDS) if found.has(each)]
    if len(searches) != 1 or len(found.options[searches[0]]) > 1:
        raise UsageError("Error: One of -f, -s, -t and -m is required, and once.")
    directory, bare = found.last("--dir"), list(found.bare)
    log = "" if directory or not bare else log_named(bare.pop(0), appliance.running)
    if bare:
        raise UsageError(f"Error: Not understood: {quoted(bare[0], 40)}.")
    if not log and not directory:
        raise UsageError("Error: log_name: a value is required.")
    return Wish(
        log,
        directory,
        _mid(found),
        FIELDS.get(searches[0], Field.SENDER),
        found.last(searches[0]),
        found.has("-i"),
        Joins.EVERYTHING if found.has("--all") else Joins.FINDEVENT,
        found.has("--json"),
    )


def _mid(found: Words) -> int:
    if not found.has("-m"):
        return 0
    try:
        return MID.parse(found.last("-m"))
    except BadAnswer as error:
        raise UsageError(f"Error: -m: {str(error).removeprefix('Error: ')}") from None


@command("findevent", help=TABLE["findevent"], usage=USAGE)
def findevent(appliance: "Appliance") -> "Dialogue[int]":
    words: Kind[Wish | None] = Kind(
        lambda text: None, words=(*log_names(appliance.running), *FLAGS, *VALUED)
    )
    wish: Wish | None = yield Ask(
        "words", "", words, None, silent=True, reads=lambda each: _wish(each, appliance)
    )
    if wish is None:
        return (yield from _wizard(appliance))
    if wish.mid:
        return (yield from _told(wish, None))
    sought = compiled([wish.expression], wish.ignore_case)
    found: bool | None = yield Search(lambda archive: _listed(archive, wish, sought))
    return 1 if found is False else 0


def _listed(archive: Archive, wish: Wish, sought: Pattern) -> bool:
    """Put the messages that were found; whether there are any."""
    import msgspec

    found = messages(paths_of(archive, wish.log, wish.directory), wish.field, sought)
    if wish.json or archive.machines:
        lines = [msgspec.json.encode(each) for each in found]
    else:
        lines = [_line(each).encode() for each in found] or [NONE.encode()]
    archive.put(b"".join(line + b"\n" for line in lines))
    return bool(found)


def _line(message: Message) -> str:
    return f"MID {message.mid} ({message.time})" if message.time else f"MID {message.mid}"


def _told(wish: Wish, paths: tuple[Path, ...] | None) -> "Dialogue[int]":
    """The story of one message; 1 where no line is about it."""

    def tell(archive: Archive) -> bool:
        files = paths_of(archive, wish.log, wish.directory) if paths is None else paths
        ids = Links(files).belonging_to([wish.mid])
        some = False
        for line in story(files, ids, wish.joins):
            some = True
            if wish.json or archive.machines:
                from esashell.logs.shown import as_json

                line = as_json(line)
            archive.put(line)
        return some

    found: bool | None = yield Search(tell)
    if found is False:
        yield Refuse(f"Error: There is nothing about MID {wish.mid} in these files.")
    return 1 if found is False else 0


def _wizard(appliance: "Appliance") -> "Dialogue[int]":
    prompt = "Please choose which type of search you want to perform:"
    kind = yield from choice("search", prompt, SEARCHES, Field.SENDER.value)
    mid, expression, ignore_case = 0, "", False
    if kind == "mid":
        mid = yield from ask(Ask("mid", "Please enter the Message ID to search for.", MID))
    else:
        prompt = "Please enter the regular expression to search for."
        expression = yield from ask(Ask("regex", prompt, EXPRESSION))
        ignore_case = yield from yes_no(
            "ignore_case", "Do you want this search to be case insensitive?", True
        )
    prompt = "Enter the number of the log you wish to use for message tracking."
    log = yield from which_log(appliance.running, prompt)
    paths = yield from _files(log)
    if not mid:
        sought = compiled([expression], ignore_case)
        found: list[Message] | None = yield Search(
            lambda archive: messages(paths, Field(kind), sought)
        )
        if not found:
            yield Refuse(NONE)
            return 1
        mid = yield from _one_of(found)
    return (yield from _told(Wish(log, mid=mid), paths))


def _one_of(found: Sequence[Message]) -> "Dialogue[int]":
    """Which of the messages; they are numbered, and known by their own numbers too."""
    prompt = (
        "The following matching message IDs were found. Please choose one to\n"
        f"show additional log information:\n{numbered(map(_line, found))}"
    )
    mids = [each.mid for each in found]

    def parse(text: str) -> int:
        at = number_kind(1, len(mids)).parse(text)
        return mids[at - 1]

    kind = Kind(parse, lambda mid: str(mids.index(mid) + 1), about="A number from the list")
    return ask(Ask("message", prompt, kind, mids[0]))


def _files(log: str) -> "Dialogue[tuple[Path, ...]]":
    prompt = "Please choose which set of logs to search:"
    chosen = yield from choice("files", prompt, SETS, "current")
    files: list[tuple[str, bool, Path]] = yield Search(
        lambda archive: [
            (each.began, each.is_current, each.path) for each in log_files(archive.folder / log)
        ]
    )
    if chosen == "current":
        return tuple(path for _, is_current, path in files if is_current)
    if chosen == "all":
        return tuple(path for _, _, path in files)
    days = sorted({began[:8] for began, _, _ in files})
    if not days:
        return ()
    prompt = (
        f"Please choose the dates to search, with commas between them.\n{numbered(_dated(days))}"
    )
    wanted = yield from ask(Ask("dates", prompt, _dates(len(days))))
    kept = {days[at - 1] for at in wanted}
    return tuple(path for began, _, path in files if began[:8] in kept)


def _dated(days: Sequence[str]) -> list[str]:
    """The days of the files' names, as they are read."""
    return [f"{date.fromisoformat(each):%a %b %d %Y}" for each in days]


def _dates(count: int) -> Kind[tuple[int, ...]]:
    one = number_kind(1, count)

    def parse(text: str) -> tuple[int, ...]:
        return tuple(one.parse(each.strip()) for each in text.split(","))

    return Kind(parse, sample="1", about="Numbers from the list, with commas between them")
