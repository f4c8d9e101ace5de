"""showchanges: what a commit would change, as a tree of the settings.

dns
  servers
    192.0.2.54: added, priority 1
    194.191.40.83
      priority: 0 -> 10
hostname: "myesa.local" -> "mail.example.com"
"""

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from esashell.commands.registry import TABLE, command
from esashell.config.changes import changes
from esashell.dialogue.requests import Say

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.config.changes import Change
    from esashell.dialogue.drive import Dialogue

WIDTH = 80
_STEP = re.compile(r'\["(?:\\.|[^"\\])*"\]|\[[^\]]*\]|[^.\[\]]+')


@command("showchanges", help=TABLE["showchanges"])
def showchanges(appliance: "Appliance") -> "Dialogue[None]":
    # Whoever could not read the configuration does not know whether it was changed.
    found = changes(appliance.running, appliance.config)
    if not found:
        yield Say("There are no changes since the last commit.")
        return
    yield Say("\n".join(tree(found)))


def tree(found: "tuple[Change, ...]") -> list[str]:
    """The changes as indented lines; settings that have their path in common share its lines."""
    lines: list[str] = []
    open_at: list[str] = []
    for change in found:
        *above, name = (step.strip("[]") for step in _STEP.findall(change.path))
        shared = 0
        while shared < min(len(above), len(open_at)) and above[shared] == open_at[shared]:
            shared += 1
        lines += [f"{'  ' * depth}{above[depth]}" for depth in range(shared, len(above))]
        open_at = above
        lines += _leaf("  " * len(above), name, str(change).removeprefix(f"{change.path}: "))
    return lines


def _leaf(indent: str, name: str, text: str) -> list[str]:
    """One change on one line, or on several when it is too wide."""
    before, arrow, after = text.partition(" -> ")
    if len(indent) + len(name) + 2 + len(text) < WIDTH:
        return [f"{indent}{name}: {text}"]
    if not arrow:
        lines = wrap(f"{name}: {text}", WIDTH - len(indent) - 2, break_on_hyphens=False)
        return [f"{indent}{'  ' if at else ''}{line}" for at, line in enumerate(lines)]
    return [f"{indent}{name}: {before}", f"{indent}{' ' * (len(name) - 1)}-> {after}"]
