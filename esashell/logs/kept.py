"""Log files that were brought here from another appliance, in a directory of the operator's.

They need not have the names they had there, and may be packed. What tells their order is the time
of their first line.
"""

from pathlib import Path

from esashell.errors import OperatorError
from esashell.logs.blocks import blocks, lines
from esashell.logs.moments import moment

# So many lines at the beginning of a file are looked at for a time.
LOOKED_AT = 200
NEVER = 1 << 62


def kept_files(path: Path) -> list[Path]:
    """The files of a directory in the order in which they were written; a file is itself.

    Hidden ones are left out, and what is below in other directories. Raises `OperatorError`.
    """
    try:
        if path.is_file():
            return [path]
        inside = [each for each in path.iterdir() if not each.name.startswith(".")]
        found = [(_began(each), each.name, each) for each in inside if each.is_file()]
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        at = (error.filename if isinstance(error, OSError) else None) or path
        raise OperatorError(f"Error: {at} cannot be read: {reason}.") from None
    if not found:
        raise OperatorError(f"Error: There are no files in {path}.")
    return [each for _, _, each in sorted(found)]


def _began(path: Path) -> int:
    first = next(blocks(path), b"")
    times = (moment(line) for line in lines(first)[:LOOKED_AT])
    return next((each for each in times if each is not None), NEVER)
