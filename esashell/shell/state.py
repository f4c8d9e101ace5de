"""Where the appliance's memory is kept.

Each world is an appliance of its own: DIR for the lab, DIR/live for the live world, so that what
was tried in the one is never running in the other. A replay begins with what its recording knows,
each time; it has DIR/replay for what was typed and for our own mistakes only.

    config/         the configuration and its history
    configuration/  files that commands import and export
    certificates/   the appliance's certificates with their keys, and its own authorities
    anchors/        the root's trusted keys, as they are followed
    counters/       what all sessions together have asked of the DNS
    logs/           what log subscriptions have written, a folder for each
    history         what was typed, for the arrow keys
    faults/         reports of our own mistakes
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def state_folder(option: str | None, world: str, environment: Mapping[str, str]) -> str:
    """The folder for this world, which need not exist yet."""
    folder = option or environment.get("ESASHELL_STATE") or _default(environment)
    return folder if world == "lab" else os.path.join(folder, world)


def _default(environment: Mapping[str, str]) -> str:
    above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if os.path.exists(f"{above}/pyproject.toml") and os.path.isdir(f"{above}/state"):
        return os.path.join(above, "state")
    home = environment.get("XDG_STATE_HOME") or ""
    # The base directory specification: a relative path there is to be ignored.
    if not os.path.isabs(home):
        home = os.path.expanduser("~/.local/state")
    return os.path.join(home, "esashell")


def in_the_way(folder: str) -> str:
    """Says what stands where this folder, or one above it, would have to be; "" if nothing does."""
    path = folder
    while path and not os.path.isdir(path):
        if os.path.lexists(path):
            return (
                f"{path} is {'a file' if os.path.isfile(path) else 'something else'}, not a folder"
            )
        path = os.path.dirname(path)
    return ""


def make_folder(path: str) -> None:
    """The folder, for the owner alone if it is new."""
    os.makedirs(path, mode=0o700, exist_ok=True)


def write_fault(folder: str, report: str, when: int) -> str:
    """Keep a report of one of our own mistakes; the file's name, or "" if it cannot be kept."""
    name = os.path.join(folder, "faults", f"{when}-{os.getpid()}.txt")
    try:
        make_folder(os.path.dirname(name))
        with open(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            file.write(report)
    except OSError:
        return ""
    return name
