"""The operator's own files: read and written where a command is told to, and refused in a line."""

from esashell.errors import OperatorError

LARGEST = 256 * 1024 * 1024  # octets


def read_text(path: str) -> str:
    """The text of a file; octets that are no UTF-8 are shown as such where they matter."""
    try:
        with open(path, "rb") as file:
            octets = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise OperatorError(f"Error: {path} cannot be read: {_why(error)}.") from None
    if len(octets) > LARGEST:
        raise OperatorError(f"Error: {path} is too large (more than {LARGEST >> 20} MB).")
    return octets.decode("utf-8", "replace")


def save_text(path: str, text: str) -> None:
    """Write the file over what it held, in the operator's usual way (umask, links, devices)."""
    try:
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        raise OperatorError(f"Error: {path} cannot be written: {_why(error)}.") from None


def _why(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
