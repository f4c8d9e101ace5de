"""Output at a terminal, a screenful at a time.

Any key shows the next screenful, Enter one line more, `q` or Ctrl-C is enough.
"""

from __future__ import annotations

import os
import shutil
import sys

from esashell.shell.output import Enough, put_octets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MORE = b"-Press Any Key For More-"
CLEAR = b"\r\x1b[K"


class Pager:
    """`show` takes what is shown, `key` waits for one and returns it."""

    def __init__(
        self,
        show: Callable[[bytes], None],
        key: Callable[[], bytes] | None = None,
        raw: Callable[[bytes], None] | None = None,
    ) -> None:
        self._show = show
        self._raw = raw or put_octets
        self._key = key or _key
        self._room = self._screenful()

    def put(self, text: bytes) -> None:
        """Show whole lines; raises `Enough`."""
        place = 0
        while place < len(text):
            if self._room <= 0:
                self._pause()
            begin = place
            wide = shutil.get_terminal_size().columns
            while place < len(text) and self._room > 0:
                end = text.find(b"\n", place) + 1 or len(text)
                self._room -= max(1, -(-(end - place - 1) // wide))
                place = end
            self._show(text[begin:place])

    def _pause(self) -> None:
        self._raw(MORE)
        key = self._key()
        self._raw(CLEAR)
        if key in (b"q", b"Q", b"\x03", b"\x04", b""):
            raise Enough
        self._room = 1 if key in (b"\r", b"\n") else self._screenful()

    def _screenful(self) -> int:
        return max(1, shutil.get_terminal_size().lines - 1)


def _key() -> bytes:
    """One key, without waiting for Enter and without showing it."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        # Without throwing away what was typed ahead, which is how this is done otherwise.
        tty.setcbreak(terminal, termios.TCSANOW)
        return os.read(terminal, 16)
    except KeyboardInterrupt:
        return b"\x03"
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
