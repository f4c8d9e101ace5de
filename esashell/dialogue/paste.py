"""Pastes, kept from stopping the shell.

prompt_toolkit collects a bracketed paste by searching everything received so far again for every
kilobyte, and lays the whole line out again for every key: five megabytes take a quarter of a
minute bracketed, and without brackets they never end. `PasteReader` stands between the terminal and
its parser, sees the paste through at the speed at which it arrives, and passes on at most one
character more than is allowed, which is how the key binding knows that it was too long.
"""

from typing import Protocol

BEGIN, END = "\x1b[200~", "\x1b[201~"
READ_SIZE = 16 * 1024
BURST = 256  # characters in one read that nobody has typed


class Reader(Protocol):
    @property
    def closed(self) -> bool: ...

    def read(self, count: int = ...) -> str: ...


class PasteReader:
    """Reads from `inner`; a paste comes out in one piece, of `most` + 1 characters at most."""

    def __init__(self, inner: Reader, most: int) -> None:
        self._inner = inner
        self._most = most
        self._inside = False
        self._pasted: list[str] = []
        self._length = 0
        self._tail = ""  # what may be the beginning of the end mark

    @property
    def closed(self) -> bool:
        return self._inner.closed

    def read(self, count: int = READ_SIZE) -> str:
        data = self._inner.read(max(count, READ_SIZE))
        if not self._inside and len(data) >= BURST and data.isprintable():
            # A terminal without bracketed paste.
            return f"{BEGIN}{data[: self._most + 1]}{END}"
        out = ""
        while data:
            if self._inside:
                data, ended = self._in_paste(data)
                if ended:
                    self._inside = False
                    out += f"{BEGIN}{''.join(self._pasted)[: self._most + 1]}{END}"
                    self._pasted.clear()
                    self._length = 0
            else:
                before, mark, data = data.partition(BEGIN)
                out += before
                self._inside = bool(mark)
        return out

    def _in_paste(self, data: str) -> tuple[str, bool]:
        """Take what belongs to the paste; what comes after it, and whether it is over."""
        content, mark, after = (self._tail + data).partition(END)
        self._tail = ""
        if not mark:
            keep = len(END) - 1
            content, self._tail = content[:-keep], content[-keep:]
        if self._length <= self._most:
            self._pasted.append(content)
        self._length += len(content)
        return after, bool(mark)
