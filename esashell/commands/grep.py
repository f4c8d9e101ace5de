"""grep: the lines of a log that hold something, from the oldest file of it to the newest.

    grep [-C count] [-e regex]... [-i] [-p] [-t] [-v] [regex] log_name

The expressions are Python's. Without words every option is asked for. These options are ours:

    -m                  the whole story of each message that a line found belongs to
    --since, --until    only what was written between two times, found by bisection
    --count             how many lines there are
    --hist 5m           how many there are in each five minutes
    --json              each line as an object; with --count and --hist, the figures
    --dir PATH          the files of a directory, packed ones too, in place of a log
    --follow            with -t: go on, also where nobody watches

A line is found as it stands in the file. On a terminal it is shown with its control characters
written out, since a log holds what strangers have sent.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

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
from esashell.dialogue.kinds import ask, number_kind, yes_no
from esashell.dialogue.requests import Archive, Ask, Kind, Search
from esashell.errors import BadAnswer, OperatorError, UsageError
from esashell.logs.blocks import Part
from esashell.logs.moments import between, moment_named
from esashell.logs.pattern import Pattern
from esashell.logs.search import count, grep, whole

if TYPE_CHECKING:
    from pathlib import Path

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue
    from esashell.logs.fork import Put

USAGE = (
    "grep [-C <count>] [-i] [-p] [-t] [-v] <regex> <log_name>",
    "grep [-C <count>] [-i] [-p] [-t] [-v] -e <regex> [-e <regex>]... <log_name>",
    "grep [--since <time>] [--until <time>] [--count | --hist <interval> | -m] [--json] ... "
    "(esashell's own)",
    "grep ... --dir <directory>            (logs from elsewhere; esashell's own)",
    "grep -t --follow ...                  (also where nobody watches; esashell's own)",
)
FLAGS = ("-i", "-p", "-t", "-v", "-m", "--count", "--json", "--follow")
VALUED = ("-C", "-e", "--since", "--until", "--hist", "--dir")

# Forms of output: at most one of them, since each says what is to become of the lines.
FORMS = ("-C", "-t", "-m", "--count", "--hist")

CONTEXT = number_kind(0, 1000)


class Wish(Struct, frozen=True):
    """What is to be searched for, where, and what is to become of the lines."""

    expressions: tuple[str, ...] = ()
    log: str = ""
    directory: str = ""
    ignore_case: bool = False
    inverted: bool = False
    paged: bool = False
    tail: bool = False
    follow: bool = False
    context: int = 0
    stories: bool = False
    counted: bool = False
    interval: int = 0
    json: bool = False
    since: int | None = None
    until: int | None = None


def _wish(words: Sequence[str], appliance: "Appliance") -> Wish:
    """What a command line asks for; the expression and the log are empty where it lacks them."""
    found = taken_apart(words, "grep", FLAGS, VALUED)
    forms = [each for each in FORMS if found.has(each)]
    if len(forms) > 1:
        raise UsageError(f"Error: {forms[0]} does not go with {forms[1]}.")
    if found.has("-t") and (found.has("--dir") or found.has("--since") or found.has("--until")):
        raise UsageError("Error: -t is about what comes yet: it goes without --dir and times.")
    since, until = _time("--since", found), _time("--until", found)
    if since is not None and until is not None and since >= until:
        raise UsageError("Error: --until must be later than --since.")
    expressions, log = _subject(found, appliance)
    return Wish(
        expressions,
        log,
        found.last("--dir"),
        found.has("-i"),
        found.has("-v"),
        found.has("-p"),
        found.has("-t"),
        found.has("--follow"),
        _taken(CONTEXT, "-C", found, 0),
        found.has("-m"),
        found.has("--count"),
        _interval(found),
        found.has("--json"),
        since,
        until,
    )


def _subject(found: Words, appliance: "Appliance") -> tuple[tuple[str, ...], str]:
    """The expressions and the log. The log's name stands last; alone it is known by its name."""
    bare, expressions = list(found.bare), tuple(found.options.get("-e", ()))
    log = ""
    if not found.has("--dir"):
        names = log_names(appliance.running)
        if bare and (expressions or len(bare) > 1 or bare[-1] in names):
            log = log_named(bare.pop(), appliance.running)
    if not expressions and bare:
        expressions = (bare.pop(0),)
    if bare:
        raise UsageError(f"Error: Not understood: {quoted(bare[0], 40)}.")
    return expressions, log


def _interval(found: Words) -> int:
    if not found.has("--hist"):
        return 0
    from esashell.commands.log_questions import DURATION

    return _taken(DURATION, "--hist", found, 0)


def _taken(kind: Kind[int], option: str, found: Words, otherwise: int) -> int:
    if not found.has(option):
        return otherwise
    try:
        return kind.parse(found.last(option))
    except BadAnswer as error:
        raise UsageError(f"Error: {option}: {str(error).removeprefix('Error: ')}") from None


def _time(option: str, found: Words) -> int | None:
    if not found.has(option):
        return None
    try:
        return moment_named(found.last(option))
    except UsageError as error:
        raise UsageError(f"Error: {option}: {error}") from None


@command("grep", help=TABLE["grep"], usage=USAGE)
def grep_command(appliance: "Appliance") -> "Dialogue[int]":
    words: Kind[Wish | None] = Kind(
        lambda text: None, words=(*log_names(appliance.running), *FLAGS, *VALUED)
    )
    wish: Wish | None = yield Ask(
        "words",
        "",
        words,
        None,
        silent=True,
        reads=lambda words: _wish(words, appliance),
    )
    wish = yield from (_asked(appliance) if wish is None else _completed(wish, appliance))
    sought = compiled(wish.expressions, wish.ignore_case)
    found: bool | None = yield Search(lambda archive: _found(archive, wish, sought), wish.paged)
    return 1 if found is False else 0


def _asked(appliance: "Appliance") -> "Dialogue[Wish]":
    log = yield from _log(appliance)
    expression = yield from _expression()
    ignore_case = yield from yes_no(
        "ignore_case", "Do you want this search to be case insensitive?", True
    )
    inverted = yield from yes_no("inverted", "Do you want to search for non-matching lines?", False)
    tail = yield from yes_no("tail", "Do you want to tail the logs?", False)
    paged = yield from yes_no("paginate", "Do you want to paginate the output?", False)
    return Wish((expression,), log, "", ignore_case, inverted, paged, tail)


def _completed(wish: Wish, appliance: "Appliance") -> "Dialogue[Wish]":
    """Ask for what a line lacks."""
    if not wish.log and not wish.directory:
        log = yield from _log(appliance)
        wish = replace(wish, log=log)
    if not wish.expressions:
        expression = yield from _expression()
        wish = replace(wish, expressions=(expression,))
    return wish


def _log(appliance: "Appliance") -> "Dialogue[str]":
    return which_log(appliance.running, "Enter the number of the log you wish to grep.")


def _expression() -> "Dialogue[str]":
    return ask(Ask("regex", "Enter the regular expression to grep.", EXPRESSION))


def _found(archive: Archive, wish: Wish, sought: Pattern) -> bool:
    """Search; whether anything was found."""
    if wish.tail:
        return _tail(archive, wish, sought)
    paths = paths_of(archive, wish.log, wish.directory)
    shares = whole(paths)
    if wish.since is not None or wish.until is not None:
        shares = list(between(paths, wish.since, wish.until))
    if wish.counted:
        return _count(archive, wish, sought, shares)
    put, said = _counted(archive, wish)
    if wish.stories:
        _stories(wish, sought, paths, shares, put)
    elif wish.context:
        from esashell.logs.context import around

        around(shares, sought, put, wish.context, inverted=wish.inverted)
    elif wish.interval:
        from esashell.logs.shown import Histogram

        histogram = Histogram(wish.interval)
        grep(shares, sought, histogram.put, inverted=wish.inverted, processes=archive.processes)
        as_json = wish.json or archive.machines
        drawn = "".join(f"{line}\n" for line in histogram.drawn()).encode()
        archive.put(histogram.as_json() if as_json else drawn)
        return bool(drawn)
    else:
        grep(shares, sought, put, inverted=wish.inverted, processes=archive.processes)
    return said()


def _stories(
    wish: Wish, sought: Pattern, paths: "list[Path]", shares: list[Part], put: "Put"
) -> None:
    from esashell.logs.story import Joins, belonging_to_hits, story

    ids = belonging_to_hits(paths, shares, sought, inverted=wish.inverted)
    nobody = not (ids.mids or ids.icids or ids.dcids)
    if nobody and count(shares, sought, inverted=wish.inverted):
        raise OperatorError(
            "Error: The lines found belong to no message and no connection; without -m they are "
            "shown."
        )
    for line in story(paths, ids, Joins.EVERYTHING):
        put(line)


def _count(archive: Archive, wish: Wish, sought: Pattern, shares: list[Part]) -> bool:
    found = count(shares, sought, inverted=wish.inverted, processes=archive.processes)
    text = f'{{"count":{found}}}\n' if wish.json or archive.machines else f"{found}\n"
    archive.put(text.encode())
    return found > 0


def _counted(archive: Archive, wish: Wish) -> tuple[Callable[[bytes], None], Callable[[], bool]]:
    """Where lines go in the form that is wanted, and whether any did."""
    some = False
    as_json = wish.json or archive.machines
    if as_json:
        from esashell.logs.shown import as_json as encoded

    def put(text: bytes) -> None:
        nonlocal some
        some = True
        archive.put(encoded(text) if as_json else text)

    return put, lambda: some


def _tail(archive: Archive, wish: Wish, sought: Pattern) -> bool:
    from esashell.commands.tail import PRESS
    from esashell.logs.choice import way
    from esashell.logs.follow import followed
    from esashell.logs.limit import watched

    put, said = _counted(archive, wish)
    if archive.watched:
        archive.put(PRESS)
    wait = archive.wait if archive.watched or wish.follow else None
    found = way(sought, inverted=wish.inverted)
    with watched() as watch:

        def chosen(text: bytes) -> bytes:
            watch.block += 1
            return found.text(text)

        followed(archive.folder / wish.log, put, wait, chosen)
    return said()
