"""What makes an appliance of a session; a session is one of them at a time."""

from __future__ import annotations

import os

from esashell.shell.logbook import Logbook
from esashell.shell.workbench import Workbench

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from esashell.shell.conversations import Conversations
    from esashell.shell.surroundings import Surroundings


class Parts:
    """`login` tells who the operator is; `tell` takes what happens without a command.

    `kept` is what commands keep for later ones.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        conversations: Conversations,
        login: Callable[[], str],
        tell: Callable[[str], None],
    ) -> None:
        self.surroundings = surroundings
        self.conversations = conversations
        self._login = login
        self.logbook = self._new_logbook()
        self.workbench = Workbench(surroundings, login, self.logbook, tell)
        self.kept: dict[str, Any] = {}

    def renew_logbook(self) -> None:
        """Forget what was logged, and whoever had files open for it."""
        self.logbook = self._new_logbook()
        self.workbench.log_to(self.logbook)

    def _new_logbook(self) -> Logbook:
        # Not by way of `self`: what refers to itself would not go when the session does, nor would
        # the folder that a replay has for its time.
        around = self.surroundings
        return Logbook(self._login, lambda: os.path.join(around.memory, "logs"))
