"""A real terminal for the real program: a pane of a tmux that is ours alone.

Keys go in and the screen comes out, as whoever sits there types and sees it. The tmux server has
its own socket in a folder of its own, takes no notice of anybody's configuration, and is gone
afterwards. A pane outlives its program, so that the last words can be read.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import need
from tests.differential.namespace import with_our_modules

PROMPT = "myesa.local>"
_PATIENCE = 60.0
_SOCKET = "esashell"
_CONFIGURATION = """\
set-option -g status off
set-option -g default-terminal screen-256color
set-option -g history-limit 5000
set-option -g escape-time 0
"""
# As at a shell: there is a line above already, and the terminal's settings are looked at twice.
_SHELL = """\
echo '$ esashell'
stty -g >"$0/before"
"$@"
end=$?
stty -g >"$0/after"
echo $end >"$0/status"
exec cat
"""


class Screen:
    """One pane. What is read of it begins at the first line, scrolled away or not."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        configuration = folder / "tmux.conf"
        configuration.write_text(_CONFIGURATION)
        self._command = [program, "-u", "-L", _SOCKET, "-f", str(configuration)]
        self._environment = with_our_modules() | {
            "TMUX_TMPDIR": str(folder),
            "TMUX": "",
            "LC_ALL": "C.UTF-8",
        }

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            [*self._command, *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout

    # -- what is seen

    def text(self) -> str:
        """All of it, a line that the terminal has wrapped in one piece."""
        joined = self.tmux("capture-pane", "-p", "-J", "-S", "-").splitlines()
        return "\n".join(line.rstrip() for line in joined).rstrip()

    def until(self, seen: Callable[[str], bool], what: str) -> str:
        """The text, once it is as it should be."""
        deadline = time.monotonic() + _PATIENCE
        while not seen(text := self.text()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} is not seen:\n{text}")
            time.sleep(0.02)
        return text

    def until_end(self, end: str) -> str:
        return self.until(lambda text: text.endswith(end), f"{end!r} at the end")

    def status(self) -> int:
        """The exit status of the program, once it has ended."""
        status = self.folder / "status"
        self.until(lambda _: status.exists() and status.read_text() != "", "the end of the program")
        return int(status.read_text())

    # -- what is typed

    def keys(self, *names: str) -> None:
        """Keys by tmux's names: Up, Tab, Enter, C-c."""
        self.tmux("send-keys", *names)

    def write(self, text: str) -> None:
        """Keys for each of these characters."""
        self.tmux("send-keys", "-l", "--", text)

    def paste(self, text: str) -> None:
        """The clipboard, in brackets if the program has asked for them."""
        self.tmux("set-buffer", "--", text)
        self.tmux("paste-buffer", "-p")

    def enter(self, line: str, prompt: str = PROMPT) -> str:
        """Type a line, press Enter, wait for this prompt; what was said between the two."""
        self.write(line)
        typed = self.until_end(f" {line}".rstrip())
        return self.press("Enter", typed, prompt)[: -len(prompt)].strip("\n")

    def press(self, key: str, typed: str, prompt: str = PROMPT) -> str:
        """Press a key that ends a line, wait for this prompt; all that stands after `typed`."""
        self.keys(key)

        def answered(text: str) -> bool:
            return text.startswith(typed) and text[len(typed) :].endswith(f"\n{prompt}")

        return self.until(answered, f"an answer and {prompt!r}")[len(typed) :]


@contextmanager
def terminal(folder: Path, command: Sequence[str], columns: int = 80) -> Iterator[Screen]:
    """A screen of that many columns, on which the command is started."""
    screen = Screen(folder, need("tmux"))
    size = ("-x", str(columns), "-y", "50")
    try:
        screen.tmux("new-session", "-d", *size, "sh", "-c", _SHELL, str(folder), *command)
        yield screen
    finally:
        subprocess.run(
            [*screen._command, "kill-server"],
            env=screen._environment,
            capture_output=True,
            check=False,
            timeout=_PATIENCE,
        )


def esashell(state: Path) -> list[str]:
    """The program as it is installed, with its state there."""
    return [sys.executable, "-m", "esashell", "--state", str(state)]
