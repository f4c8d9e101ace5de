"""The files of a log subscription: what they are called, and which of them there are.

Each subscription has a folder, `NAME/`, with files `FILENAME.@20190204T200847.s`: the time at
which the file was begun, in the appliance's time zone, and its status, `c` for the current one and
`s` for those that are saved. A letter stands behind the time where a second file was begun within
one second; names then still sort by age, oldest first.
"""

import re
from pathlib import Path

from msgspec import Struct

CURRENT = "c"
SAVED = "s"

_NAME = re.compile(r"(.+)\.@(\d{8}T\d{6})([a-z]*)\.(c|s|current)(\.gz)?\Z")


class LogFile(Struct, frozen=True):
    """A file of a log. `began` is as in its name, with what keeps two of one second apart."""

    path: Path
    filename: str
    began: str
    status: str

    @property
    def is_current(self) -> bool:
        return self.status != SAVED


def log_file(path: Path) -> LogFile | None:
    """What a file's name says; None when it is no log file's."""
    found = _NAME.match(path.name)
    if found is None:
        return None
    return LogFile(path, found[1], found[2] + found[3], found[4])


def log_files(folder: Path) -> list[LogFile]:
    """The files in a folder, oldest first; none where there is no such folder."""
    if not folder.is_dir():
        return []
    found = (log_file(path) for path in folder.iterdir())
    return sorted((each for each in found if each), key=lambda each: (each.began, each.is_current))


def next_name(filename: str, stamp: str, newest: str) -> str:
    """A name for a file that begins now and sorts behind `newest`, the last one's `began`.

    That holds also when the clock was set back; the time in the name is then the last one's.
    """
    began = stamp if stamp > newest else _behind(newest)
    return f"{filename}.@{began}.{CURRENT}"


def _behind(began: str) -> str:
    if began[-1].islower() and began[-1] < "z":
        return began[:-1] + chr(ord(began[-1]) + 1)
    return began + "a"
