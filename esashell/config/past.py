"""The history: a file for each revision that was ever committed, by its number.

A revision is there whole, or as the block of what it changed of its base (see `later`); then it is
put together from the nearest whole one below it, by reading their files one behind the other. That
very text is what the running file had.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from esashell.config.changes import Change, changes
from esashell.config.later import is_block
from esashell.config.revision import Head, Revision, read, read_changes, read_head
from esashell.errors import BadConfiguration

# A comment of 1,000 characters may need 10 bytes for each when escaped.
HEAD_SIZE = 16_384


class Past:
    """The files in a folder, which need not exist; `factory` is revision 0."""

    def __init__(self, folder: Path, factory: Revision) -> None:
        self.folder = folder
        self._factory = factory

    def file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.toml"

    def numbers(self) -> list[int]:
        """The revisions that have a file, in no order."""
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return [int(name[:-5]) for name in names if re.fullmatch(r"[0-9]{6,9}\.toml", name)]

    def head(self, number: int) -> Head | None:
        """A revision's head; None where there is none, or it is damaged."""
        with suppress(BadConfiguration, OSError), open(self.file(number), "rb") as file:
            return read_head(file.read(HEAD_SIZE), str(self.file(number)))
        return None

    def revision(self, number: int) -> Revision:
        """A revision as it was committed. Raises `FileNotFoundError` for one that is not there."""
        if number == 0:
            return self._factory
        pieces = self._pieces(number)
        return read(b"".join([raw for _, raw in pieces]), str(pieces[-1][0]))

    def files(self, number: int) -> list[Path]:
        """The files that are a revision together, the whole one first."""
        return [path for path, _ in self._pieces(number)]

    def _pieces(self, number: int) -> list[tuple[Path, bytes]]:
        # Each is read once: somebody may put a whole revision in the place of its block meanwhile.
        path = self.file(number)
        found = [(path, path.read_bytes())]
        while is_block(found[-1][1]):
            path, raw = found[-1]
            head = read_head(raw[:HEAD_SIZE], str(path))
            if head is None:
                raise BadConfiguration(f"{path}: it has no head.")
            path = self.file(head.base)
            try:
                found.append((path, path.read_bytes()))
            except FileNotFoundError:
                raise BadConfiguration(
                    f"{path} is missing, on which revision {number} was built."
                ) from None
        return found[::-1]

    def changes(self, number: int) -> tuple[Change, ...]:
        """What a revision has changed of its base."""
        path = self.file(number)
        if is_block(raw := path.read_bytes()):
            return tuple(read_changes(raw, str(path)))
        after = self.revision(number)
        return changes(self.revision(after.base).config, after.config)

    def cure(self, running: Path) -> str:
        """How to get a running file again, as the last sentence of a complaint."""
        import shlex

        away = f"move {running} away"
        found = self._newest()
        if found is None:
            return f"To begin with the factory's settings, {away}."
        number, paths = found
        first = f"{away}, and then " if running.is_dir() else ""
        copy = shlex.join(["cp", str(paths[0]), str(running)])
        if len(paths) > 1:
            copy = f"{shlex.join(['cat', *map(str, paths)])} > {shlex.quote(str(running))}"
        return f"To go back to revision {number}, the last good one: {first}{copy}"

    def _newest(self) -> tuple[int, list[Path]] | None:
        """The newest revision that is good, and its files."""
        with suppress(OSError):
            for number in sorted(self.numbers(), reverse=True):
                with suppress(BadConfiguration, OSError):
                    self.revision(number)
                    return number, self.files(number)
        return None
