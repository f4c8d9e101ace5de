"""The lines of the logs about the appliance itself: who typed what, who committed what, status.

A CLI audit line has the prompt as it stood on the screen, its line ends written as `\\n`, so that
an answer can be understood without knowing the dialogue.
"""

from esashell.config.model.logs import LogLevel
from esashell.events import CommandTyped, ConfigCommitted, StatusTaken
from esashell.logs.render.line import Form, Lines, Table


def _typed(it: CommandTyped, form: Form) -> tuple[str, ...]:
    prompt = it.prompt.replace("\\", "\\\\").replace("\n", "\\n")
    return (f"PID {it.pid}: User {it.user} entered '{it.text}'; prompt was '{prompt}'",)


def _committed(it: ConfigCommitted, form: Form) -> tuple[str, ...]:
    return (f"PID {it.pid}: User {it.user} commit changes: {it.comment}",)


def _status(it: StatusTaken, form: Form) -> tuple[str, ...]:
    return ("Status: " + " ".join(f"{name} {value}" for name, value in it.values),)


CLI: Table = {CommandTyped: (Lines(LogLevel.INFORMATION, _typed),)}
SYSTEM: Table = {ConfigCommitted: (Lines(LogLevel.INFORMATION, _committed),)}
STATUS: Table = {StatusTaken: (Lines(LogLevel.INFORMATION, _status),)}
