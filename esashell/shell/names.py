"""The domain names that Tab offers: those that were asked about, the latest first, then the lab's.

What was asked at questions is known for this session only, since answers have no history. Earlier
sessions are known by the command lines in the history file, read once, when a name is first wanted:
each is followed through its command's own dialogue, which knows best where its names are.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property

from esashell.commands.registry import find
from esashell.dialogue.outline import names_in
from esashell.errors import OperatorError
from esashell.shell.parse import statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from esashell.shell.session import Session

# What is looked at of a history file; in both, the end counts.
LONGEST = 64 * 1024  # bytes
LINES = 500


class KnownNames:
    """The names known to a session, for whoever calls it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self) -> tuple[str, ...]:
        asked = (*reversed(self._session.names), *self._earlier)
        known = dict.fromkeys((*asked, *self._lab))
        known.pop(".", None)
        return tuple(known)

    @cached_property
    def _earlier(self) -> tuple[str, ...]:
        lines = _last_lines(os.path.join(self._session.folder, "history"))
        return tuple(name for line in reversed(lines) for name in self._asked_in(line))

    def _asked_in(self, line: str) -> Iterator[str]:
        for statement in statements(line):
            name, *words = statement.words
            if words and (command := find(name)):
                with suppress(OperatorError):
                    yield from names_in(command.function(self._session), words)

    @property
    def _lab(self) -> tuple[str, ...]:
        if self._session.options.world != "lab":
            return ()
        from esashell.shell.worlds import lab_domains

        try:
            return lab_domains(self._session.world)
        except OperatorError:  # a scenario that is no good, which the first look-up will tell
            return ()


def _last_lines(path: str) -> list[str]:
    """The last command lines of a history file, as prompt_toolkit writes it: each behind a plus."""
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LONGEST))
            text = file.read(LONGEST).decode("utf-8", "replace")
    except OSError:
        return []
    return [line[1:] for line in text.splitlines() if line.startswith("+")][-LINES:]
