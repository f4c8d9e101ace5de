"""loadconfig: settings from a file, whole or in part.

It reads what `saveconfig` writes, any piece of that, and the XML of an appliance as far as the
names of its elements are published; what it left out is listed. The file is taken whole or not at
all, and is pending then: `showchanges` tells what it would change, `commit` makes it run.
"""

from typing import TYPE_CHECKING

from esashell.commands.pasting import pasted
from esashell.commands.registry import TABLE, command
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, choice_kind, file_kind, numbered
from esashell.dialogue.requests import Ask, KeepPem, Notice, ReadFile, Refuse, Say, Stage
from esashell.errors import BadConfiguration, OperatorError

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.files.whole import Loaded
    from esashell.dialogue.drive import Dialogue

SOURCES = choice_kind(("paste", "file"))
MOST_LEFT = 40  # names of elements that are told
USAGE = ("loadconfig", "loadconfig <file>")
PASTE = """\
Paste the configuration file now. Press CTRL-D on a blank line when done, or end
with a line that is a dot."""


@command("loadconfig", help=TABLE["loadconfig"], usage=USAGE)
def loadconfig(appliance: "Appliance") -> "Dialogue[None]":
    appliance.config  # noqa: B018  (a damaged one is told before anything is asked)
    prompt = numbered(("Paste via CLI", "Load from file"))
    # A command line cannot be pasted into, so it means a file.
    source = yield from ask(Ask("source", prompt, SOURCES, "paste", batch="file"))
    if source == "paste":
        name, raw = "pasted", (yield from pasted("text", PASTE)).encode("utf-8", "replace")
    else:
        kind = file_kind(appliance.files())
        name = yield from ask(Ask("file", "Enter the name of the file to import:", kind))
        found: bytes | OperatorError = yield ReadFile(name)
        if isinstance(found, OperatorError):
            yield Refuse(str(found))
            return
        raw = found
    if not raw.strip():
        yield Refuse(f"Error: {quoted(name)[1:-1]} is empty. Nothing was imported.")
        return
    yield from _take(appliance, raw, name)


def _take(appliance: "Appliance", raw: bytes, name: str) -> "Dialogue[None]":
    from esashell.config.files.whole import read

    try:
        loaded: Loaded = read(raw, name, appliance.config, appliance.pem)
    except BadConfiguration as refusal:
        text = str(refusal)
        yield Refuse(text if text.startswith("Error: ") else f"Error: {text}")
        return
    for _, pem in loaded.pems:
        kept: str | OperatorError = yield KeepPem(lambda pem=pem: pem)  # type: ignore[misc]
        if isinstance(kept, OperatorError):
            yield Refuse(str(kept))
            return
    if loaded.config != appliance.config:
        yield Stage(loaded.config)
    yield Notice("Values have been loaded.")
    for line in _left(loaded.left):
        yield Say(line)
    if loaded.config == appliance.running:
        yield Say("They are what runs already.")
    else:
        yield Say('Be sure to run "commit" to make these settings active.')


def _left(names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    from textwrap import wrap

    shown = ", ".join(quoted(each, 60)[1:-1] for each in names[:MOST_LEFT])
    more = f" and {len(names) - MOST_LEFT} more" if len(names) > MOST_LEFT else ""
    text = f"Left out, since nothing here goes by these names: {shown}{more}."
    return wrap(text, 80, break_long_words=False, break_on_hyphens=False)
