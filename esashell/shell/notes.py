"""Lines that commands write down for later sessions, about one state of affairs.

    notes/observations-4f0e…    lines, of which the first says what they are about

Each state of affairs has a file of its own, which is only ever added to; of one kind a few files
are kept, those that were used last. A file may be deleted at any time. A line that was cut off by
the end of a session is nobody's: it is ended, and who reads it passes it over.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from esashell.shell.options import Options
    from esashell.steps import World

# Of the files of one kind so many are kept.
FILES = 8


def notes(options: Options, folder: str, world: World, kind: str, about: str) -> Notes | None:
    """The notes of a session in this world.

    None for one that is recorded or played again: a tape has to hold all that was asked for.
    """
    from pathlib import Path

    from esashell import __version__
    from esashell.resolver.anchors import anchor_text
    from esashell.shell.worlds import anchors, root_hints

    if options.record is not None or options.world == "replay":
        return None
    stands = [
        __version__,
        options.world,
        f"{options.smtp_port} {options.dns_port}",
        *map(anchor_text, anchors(options, world)),
        *root_hints(options, world),
        *(sha256(Path(each).read_bytes()).hexdigest() for each in options.scenarios),
    ]
    return Notes(folder, kind, f"{about} {' '.join(stands)!r}")


class Notes:
    """The notes of one kind about one state of affairs, which `about` describes."""

    def __init__(self, folder: str, kind: str, about: str) -> None:
        digest = sha256(about.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._folder = os.path.join(folder, "notes")
        self._kind = kind
        self._about = about
        self._path = os.path.join(self._folder, f"{kind}-{digest}")

    def read(self) -> Iterator[str]:
        """The lines, without their ends; none where the notes are about something else."""
        with suppress(OSError), open(self._path, encoding="utf-8", errors="replace") as file:
            if next(file, "") != self._heading:
                return
            for line in file:
                yield line.rstrip("\n")

    def add(self, lines: Sequence[str]) -> str:
        """Write lines at the end; why that could not be done, "" if it was."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                end = os.lseek(descriptor, 0, os.SEEK_END)
                begin = "" if end else self._heading
                if end and os.pread(descriptor, 1, end - 1) != b"\n":
                    begin = "\n"
                _write(descriptor, (begin + "".join(f"{it}\n" for it in lines)).encode())
            finally:
                os.close(descriptor)
            if not end:
                self._forget()
        except OSError as error:
            return f"{self._path}: {error.strerror or error}"
        return ""

    @property
    def _heading(self) -> str:
        return f"esashell {self._kind} 1, about {self._about}\n"

    def _forget(self) -> None:
        """Delete the files of this kind that were not used for longest."""
        names = [each for each in os.listdir(self._folder) if each.startswith(f"{self._kind}-")]
        paths = [os.path.join(self._folder, each) for each in names]
        paths.sort(key=os.path.getmtime)
        for each in paths[:-FILES]:
            os.unlink(each)


def _write(descriptor: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]
