"""`esashell lab serve` with a lab in which something happens once a file is there.

    python -m tests.differential.changing_lab EVENTS TRIGGER OPTION...

EVENTS is a file with a happening on each line, as `simulate event` has them; they happen as soon as
there is a file TRIGGER and somebody connects. The options are those of the command.
"""

import sys
from pathlib import Path
from typing import Any

from esashell.clock import SystemClock
from esashell.shell import lab as served
from esashell.simulate.happenings import happening
from esashell.worlds.lab.change import Changes
from esashell.worlds.lab.hosts import HostSpec
from esashell.worlds.lab.world import Lab


class Changing(Lab):
    """A lab whose hosts ask at every connection whether it is time."""

    def __init__(self, events: str, trigger: Path) -> None:
        super().__init__(SystemClock())
        self._events = [happening(each) for each in events.splitlines()]
        self._trigger = trigger
        self._find = self.directory.at
        self.directory.at = self._at  # type: ignore[method-assign]

    def _at(self, address: str) -> HostSpec | None:
        if self._events and self._trigger.exists():
            due, self._events = self._events, []
            for each in due:
                each.happen(Changes(self), self.clock.now())
        return self._find(address)


def main() -> int:
    events, trigger = Path(sys.argv[1]).read_text(), Path(sys.argv[2])
    changing: Any = Changing(events, trigger)
    served._lab = lambda options: changing
    return served.main(["serve", *sys.argv[3:]])


if __name__ == "__main__":
    sys.exit(main())
