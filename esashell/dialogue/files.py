"""The operations IMPORT and EXPORT of a menu: files in the appliance's folder for configurations.

An import is read whole before anything changes, and asks first where it replaces something. What
the file holds is the command's own: `read` makes the next configuration of it, or raises
`BadConfiguration` with the line and the reason; `write` is the text of an export.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, file_kind, yes_no
from esashell.dialogue.requests import Ask, Notice, ReadFile, Refuse, WriteFile
from esashell.dialogue.table import Operation, always
from esashell.errors import BadConfiguration, OperatorError

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

Files = Callable[[], Sequence[str]]
"""The names of the files there are, sought when one is asked for."""


def importing(
    text: str,
    read: Callable[[Config, bytes, str], Config],
    files: Files,
    replaces: Callable[[Config], bool],
    called: str,
) -> Operation:
    """`replaces` says whether there is anything that the file would replace; `called` is what the
    records are called, all of them."""

    def run(config: Config) -> "Dialogue[Config]":
        kind = file_kind(files())
        name = yield from ask(Ask("file", "Enter the name of the file to import:", kind))
        if replaces(config):
            prompt = f"The file replaces all {called}. Do you want to continue?"
            if not (yield from yes_no("confirm", prompt, True, batch="yes")):
                return config
        found: bytes | OperatorError = yield ReadFile(name)
        if isinstance(found, OperatorError):
            yield Refuse(str(found))
            return config
        try:
            after = read(config, found, name)
        except BadConfiguration as refusal:
            yield Refuse(str(refusal))
            return config
        yield Notice(f"The {called} have been imported from {quoted(name)[1:-1]}.")
        return after

    return Operation("import", text, run)


def exporting(
    text: str,
    write: Callable[[Config], str],
    files: Files,
    offered: Callable[[Config], bool] = always,
) -> Operation:
    def run(config: Config) -> "Dialogue[Config]":
        kind = file_kind(files())
        name = yield from ask(Ask("file", "Enter a name for the exported file:", kind))
        fault: OperatorError | None = yield WriteFile(name, write(config))
        if fault is None:
            yield Notice(f"The file {quoted(name)[1:-1]} has been written.")
        else:
            yield Refuse(str(fault))
        return config

    return Operation("export", text, run, offered)
