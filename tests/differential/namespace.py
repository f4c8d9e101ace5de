"""A network of one's own for other people's programs: a loopback interface, and no way out.

Programs that follow the lab's zones meet addresses that belong to somebody on the real internet.
In here they belong to the lab, and nothing that is sent can leave, whatever a program does.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import need

ROOT = Path(__file__).resolve().parent.parent.parent

# As root, and else as the root of a user namespace of one's own, where the machine allows that.
_WAYS: tuple[tuple[list[str], list[str]], ...] = (
    ([], []),
    (["--map-root-user"], ["--user", "--preserve-credentials"]),
)


def with_our_modules() -> dict[str, str]:
    """The environment of a program that imports from this checkout, wherever it is started."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


class Namespace:
    """An open network namespace, with a mount namespace beside it."""

    def __init__(self, holder: int, entering: list[str]) -> None:
        self._dropping = [need("unshare"), "--user", "--map-user=1000", "--"] if entering else []
        self._enter = [need("nsenter"), f"--target={holder}", "--net", "--mount", *entering, "--"]

    def command(self, *words: str | Path) -> list[str]:
        """The command as it is run inside."""
        return [*self._enter, *map(str, words)]

    def run(self, *words: str | Path, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run inside and wait; what it said, as text. Our own modules are found there."""
        return subprocess.run(
            self.command(*words),
            text=True,
            capture_output=True,
            check=False,
            env=with_our_modules(),
            **how,
        )

    def without_privilege(self, *words: str | Path) -> list[str]:
        """A command for `run` that has no root's privilege, if that is only borrowed."""
        return [*self._dropping, *map(str, words)]

    def put_over(self, path: str, text: str, folder: Path) -> None:
        """Let a file of the machine read like this, inside only."""
        mine = folder / Path(path).name
        mine.write_text(text)
        # A symbolic link is not mounted over; what it leads to is.
        done = self.run("mount", "--bind", mine, Path(path).resolve())
        assert done.returncode == 0, done.stderr


@contextmanager
def own_network() -> Iterator[Namespace | None]:
    """A namespace for as long as it is needed; None where the machine does not permit any.

    Its holder waits for its standard input to end, so that it goes even when we are killed.
    """
    unshare, ip = need("unshare"), need("ip")
    for leaving, entering in _WAYS:
        with subprocess.Popen(
            [unshare, *leaving, "--net", "--mount", "sh", "-c",
             f"{ip} link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as holder:  # fmt: skip
            assert holder.stdout is not None
            if holder.stdout.readline() == "up\n":
                yield Namespace(holder.pid, entering)
                return
    yield None
