"""What the lines of a log are made by: for each sort of event, at which level it says what.

A table for a type of log maps event types to their lines. A subscription takes from it what its
level asks for, once, so that an event that says nothing there costs a look into a dictionary.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from esashell.config.model.logs import LogLevel, LogSettings
from esashell.events import Event
from esashell.logs.stamp import Zone, line_stamp, utc

# The levels in the order in which they ask for more, and their names in a line.
RANK = {level: rank for rank, level in enumerate(LogLevel)}
WORD = {level: level.value for level in LogLevel} | {LogLevel.INFORMATION: "Info"}


class Form(Struct, frozen=True):
    """How lines are written on this appliance: its time zone, and what it is to log at all."""

    zone: Zone = utc
    settings: LogSettings = LogSettings()

    def dated(self, now: int) -> str:
        """A time in the middle of a line, as the beginnings of lines have it."""
        return line_stamp(now, self.zone)


class Lines(Struct, frozen=True):
    """What an event says at a level: a text for each line, without time and level."""

    level: LogLevel
    texts: Callable[[Any, Form], tuple[str, ...]]


Table = Mapping[type[Event], tuple[Lines, ...]]


def asked_for(table: Table, level: LogLevel) -> dict[type[Event], tuple[Lines, ...]]:
    """The part of a table that a subscription of this level takes."""
    most = RANK[level]
    found = {
        kind: tuple(each for each in lines if RANK[each.level] <= most)
        for kind, lines in table.items()
    }
    return {kind: lines for kind, lines in found.items() if lines}
