"""help: the list of commands, or what one of them does and how it is written on one line.

The one-line forms are read out of the command's own dialogue, so they cannot be out of date.
"""

from typing import TYPE_CHECKING

from esashell.commands.registry import ALIASES, TABLE, Command, command, find, names
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import word
from esashell.dialogue.requests import Kind, Say
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

WIDTH = 80


def _name(text: str) -> str:
    name = ALIASES.get(text, text)
    if name not in TABLE:
        raise BadAnswer(f"There is no command {quoted(text)}.")
    return name


NAME = Kind(_name, words=names(), sample="help")


@command("help", help=TABLE["help"], aliases=("h", "?"), usage=("help [<command>]",))
def show_help(appliance: "Appliance") -> "Dialogue[None]":
    name = yield from word("command", NAME, "")
    found = find(name) if name else None
    yield Say(_one(found, appliance) if found else _all())


def _all() -> str:
    width = max(map(len, names())) + 2
    lines = [f"{name:<{width}}{TABLE[name]}" for name in names()]
    return "\n".join((*lines, "", 'Type "help <command>" for the one-line form of a command.'))


def _one(found: Command, appliance: "Appliance") -> str:
    lines = [f"{found.name} - {found.help}", ""]
    if found.aliases:
        lines += [f"Also called: {', '.join(found.aliases)}"]
    if found.commits:
        lines += ["Its changes take effect with 'commit'."]
    lines += ["Usage:", *(line for each in usage(found, appliance) for line in _wrapped(each))]
    return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    from textwrap import wrap

    return wrap(
        line,
        WIDTH,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def usage(found: Command, appliance: "Appliance") -> tuple[str, ...]:
    """The lines that the command can be typed as, the bare name among them."""
    from esashell.dialogue.outline import outline

    if found.usage:
        return found.usage
    forms = (form.usage for form in outline(lambda: found.function(appliance)))
    return (found.name, *(f"{found.name} {form}" for form in forms if form))
