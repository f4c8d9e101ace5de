"""The appliance's folder for configurations: what its commands import and export.

On an appliance it is /configuration, filled and emptied by FTP or SCP; here it is `configuration`
in the state folder. It is flat: a name leads to a file in it or is refused, also where somebody put
a link there that leads out.
"""

from __future__ import annotations

import os
import stat

from esashell.config.quoting import quoted
from esashell.errors import OperatorError

LARGEST = 64 * 1024 * 1024  # bytes; 40,000 routes are 2 MB


def names(folder: str) -> tuple[str, ...]:
    """The files that are there, sorted."""
    try:
        with os.scandir(folder) as found:
            return tuple(
                sorted(
                    each.name
                    for each in found
                    if not each.name.startswith(".")
                    and each.name.isprintable()
                    and each.is_file(follow_symlinks=False)
                )
            )
    except OSError:
        return ()


def read(folder: str, name: str) -> bytes:
    path = _path(folder, name)
    try:
        # Without waiting: a pipe of that name would never be opened otherwise.
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(opened, "rb") as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                raise OperatorError(f"Error: {_shown(name)} is not a file.")
            found = file.read(LARGEST + 1)
    except OSError as error:
        raise OperatorError(f"Error: {_shown(name)}: {error.strerror}. {_place(folder)}") from None
    if len(found) > LARGEST:
        raise OperatorError(f"Error: {_shown(name)} is longer than {LARGEST:,} bytes.")
    return found


def write(folder: str, name: str, text: str) -> None:
    """Put the file there, whole, in the place of one of that name."""
    from pathlib import Path

    from esashell.config import durable

    path = Path(_path(folder, name))
    try:
        if path.is_dir():
            raise OperatorError(f"Error: {_shown(name)} is a folder.")
        durable.folder(Path(folder))
        durable.replace(path, text.encode("utf-8", "replace"), mode=0o600)
    except OSError as error:
        raise OperatorError(f"Error: {durable.reason(error)}.") from None


def _path(folder: str, name: str) -> str:
    if not name or "/" in name or "\0" in name or name.startswith("."):
        raise OperatorError(f"Error: {_shown(name)} is not a file name.")
    return os.path.join(folder, name)


def _shown(name: str) -> str:
    return quoted(name)


def _place(folder: str) -> str:
    return f"Files to import belong in {quoted(folder, 500)[1:-1]}."
