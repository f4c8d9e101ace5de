"""What the commands that read logs have in common: their options, and which log is meant."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, row_kind
from esashell.dialogue.requests import Archive, Ask, Kind
from esashell.errors import BadAnswer, UsageError
from esashell.logs.files import log_files
from esashell.logs.kept import kept_files
from esashell.logs.pattern import BadPattern, Pattern, pattern

if TYPE_CHECKING:
    from esashell.config.tree import Config
    from esashell.dialogue.drive import Dialogue


class Words(Struct, frozen=True):
    """A command line taken apart: options with what stood behind them, and the other words."""

    options: dict[str, list[str]]
    bare: tuple[str, ...]

    def has(self, option: str) -> bool:
        return option in self.options

    def last(self, option: str, otherwise: str = "") -> str:
        """What stood behind the last of an option."""
        return self.options.get(option, [otherwise])[-1]


def taken_apart(
    words: Sequence[str], command: str, flags: Collection[str], valued: Collection[str]
) -> Words:
    """The options of a line: `-i -v`, `-iv`, `-C 2`, `-C2`, `--since X`, `--since=X`.

    Behind `--` there are none. Raises `UsageError`.
    """
    options: dict[str, list[str]] = {}
    bare: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            bare += rest
        elif not word.startswith("-") or word == "-":
            bare.append(word)
        else:
            for option, value in _options(word, rest, command, flags, valued):
                options.setdefault(option, []).append(value)
    return Words(options, tuple(bare))


def _options(
    word: str,
    rest: Iterator[str],
    command: str,
    flags: Collection[str],
    valued: Collection[str],
) -> Iterator[tuple[str, str]]:
    """The options of one word, which takes the word behind it where the last of them needs it."""
    if word.startswith("--") or word in valued:
        option, sign, value = word.partition("=")
        if option in valued:
            yield option, value if sign else _operand(option, rest)
        elif option in flags and not sign:
            yield option, ""
        else:
            raise UsageError(f"Error: {quoted(word, 40)} is not an option of {command}.")
        return
    letters = word[1:]
    while letters:
        option, letters = f"-{letters[0]}", letters[1:]
        if option in valued:
            yield option, letters or _operand(option, rest)
            return
        if option not in flags:
            raise UsageError(f"Error: {quoted(word, 40)} is not an option of {command}.")
        yield option, ""


def _operand(option: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise UsageError(f"Error: {option}: a value is required.")
    return value


def log_names(config: "Config") -> tuple[str, ...]:
    return tuple(each.name for each in config.logs.subscriptions)


def log_named(name: str, config: "Config") -> str:
    """The log of this name or number. Raises `UsageError`."""
    names = log_names(config)
    try:
        return row_kind(names, "log").parse(name)
    except BadAnswer as error:
        raise UsageError(f"{error} The logs are {', '.join(names)}.") from None


def which_log(config: "Config", prompt: str) -> "Dialogue[str]":
    """Ask for one of the logs, which are listed."""
    from esashell.commands.logconfig import summary  # a line that names its log needs no list

    shown = f"{summary(config)}\n{prompt}"
    return ask(Ask("log", shown, row_kind(log_names(config), "log"), label="log_name"))


def compiled(expressions: Sequence[str], ignore_case: bool) -> Pattern:
    """What a command line asks to search for. Raises `UsageError`."""
    try:
        return pattern(expressions, ignore_case)
    except BadPattern as error:
        raise UsageError(f"Error: {error}") from None


def _expression(text: str) -> str:
    try:
        return pattern([text]).text
    except BadPattern as error:
        raise BadAnswer(f"Error: {error}") from None


EXPRESSION: Kind[str] = Kind(
    _expression, sample="success", about="A regular expression, as Python has them"
)


def paths_of(archive: Archive, log: str, directory: str) -> list[Path]:
    """The files of a log, oldest first; those of a directory, where one is named.

    Raises `OperatorError` for a directory that has none.
    """
    if directory:
        return kept_files(Path(directory))
    return [each.path for each in log_files(archive.folder / log)]
