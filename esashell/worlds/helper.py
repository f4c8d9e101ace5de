"""A second process that verifies signatures, for whoever has many conversations under way.

Most of what a validated look-up costs is public-key arithmetic, and a program in one thread leaves
the machine's other processors idle meanwhile. A thread would not help: it has to take the lock of
the interpreter twice for each signature, which costs as much as many a signature does. So the
helper is a process of its own, at the other end of a pair of sockets. Whatever has come up
since the last time goes there in one piece, and the answers come back as they are found.

It is started when there is enough to do to be worth the start, and only where there is a processor
for it. Nothing depends on it: while it is not there yet, and should it die, signatures are verified
on the spot. It is told a key, a signature and the data, and decides nothing but whether they fit.
"""

import os
import socket
import struct
import subprocess
import sys
from typing import Any

from esashell.steps import Verify

WORTH = 200  # signatures before it is started: it takes a tenth of a second to begin with
_JOB = struct.Struct("!IHHI")  # number, and the lengths of key, signature and data
_RESULT = struct.Struct("!I?")
_READY = b"\x01"
_LARGEST = 1 << 18
_AT_ONCE = 4  # verified before the answers are sent
_KEYS = 4096
_CODE = "import sys; from esashell.worlds.helper import serve; serve(int(sys.argv[1]))"


class Helper:
    """The process and what it was given; close it in the end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._sock: socket.socket | None = None
        self._ready = False
        self._seen = 0
        self._number = 0
        self._given: dict[int, tuple[Any, Verify]] = {}
        self._unsent = bytearray()
        self._unread = b""

    def start(self) -> None:
        """Have it begin; until it says that it is there it takes nothing."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._sock = ours
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _CODE, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Ctrl-C is not for it.
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        except OSError:
            self.close()
        finally:
            theirs.close()

    def wait(self, seconds: float = 10.0) -> bool:
        """Until it is there; whether it is."""
        if self._sock is not None and not self._ready:
            self._sock.settimeout(seconds)
            try:
                self._ready = self._sock.recv(1) == _READY
            except OSError:
                self._ready = False
            self._sock.setblocking(False)
        return self._ready

    def fileno(self) -> int:
        """What to watch for answers; -1 while there is nothing."""
        return self._sock.fileno() if self._sock is not None else -1

    def takes(self, whose: Any, request: Verify) -> bool:
        """Whether it verifies this signature; `answers` tells whose it was."""
        if not self._ready:
            self._seen += 1
            if self._seen == WORTH and self._process is None and _processors() > 1:
                self.start()
            return False
        self._number = (self._number + 1) & 0xFFFFFFFF
        key, signature, data = request.key.rdata, request.signature, request.data
        self._unsent += _JOB.pack(self._number, len(key), len(signature), len(data))
        self._unsent += key
        self._unsent += signature
        self._unsent += data
        self._given[self._number] = whose, request
        return True

    def flush(self) -> list[tuple[Any, Verify, bool]]:
        """Send what was taken; the answers to all of it when nobody is there any more."""
        if not self._unsent or self._sock is None:
            return []
        try:
            sent = self._sock.send(self._unsent)
        except BlockingIOError:
            return []  # there is enough to do; an answer will come, and it is tried again
        except OSError:
            return self._gone()
        del self._unsent[:sent]
        return []

    def answers(self) -> list[tuple[Any, Verify, bool]]:
        """What has been found out: whose signature, which, and whether it holds."""
        if self._sock is None:
            return []
        try:
            octets = self._sock.recv(_LARGEST)
        except BlockingIOError:
            return []
        except OSError:
            return self._gone()
        if not octets:
            return self._gone()
        if not self._ready:
            self._ready, octets = True, octets[1:]
        octets = self._unread + octets
        whole = len(octets) - len(octets) % _RESULT.size
        self._unread = octets[whole:]
        return [
            (*self._given.pop(number), holds)
            for number, holds in _RESULT.iter_unpack(octets[:whole])
        ]

    def _gone(self) -> list[tuple[Any, Verify, bool]]:
        """It has died: what it owes is verified here."""
        owed = list(self._given.values())
        self.close()
        return [(whose, request, request.holds()) for whose, request in owed]

    def close(self) -> None:
        """End it; what was given to it is forgotten."""
        self._ready = False
        self._given.clear()
        self._unsent.clear()
        self._unread = b""
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        if self._process is not None:
            # It ends by itself when nobody is at the other end; one that is stuck does not.
            self._process.kill()
            self._process.wait()
            self._process = None
            self._seen = WORTH  # one is enough


def _processors() -> int:
    """How many processors we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def serve(handle: int) -> None:
    """The helper's own side: verify whatever comes, until nobody is there."""
    from esashell.resolver.algorithms import Key

    keys: dict[bytes, Key] = {}
    with socket.socket(fileno=handle) as sock:
        sock.sendall(_READY)
        waiting = b""
        while octets := sock.recv(_LARGEST):
            waiting += octets
            at, found = 0, bytearray()
            while len(waiting) >= at + _JOB.size:
                number, of_key, of_signature, of_data = _JOB.unpack_from(waiting, at)
                begin = at + _JOB.size
                signature, data = begin + of_key, begin + of_key + of_signature
                end = data + of_data
                if end > len(waiting):
                    break
                rdata = waiting[begin:signature]
                key = keys.get(rdata)
                if key is None:
                    if len(keys) >= _KEYS:
                        keys.clear()
                    key = keys[rdata] = Key(rdata)
                found += _RESULT.pack(
                    number, key.verifies(waiting[signature:data], waiting[data:end])
                )
                at = end
                if len(found) >= _AT_ONCE * _RESULT.size:
                    sock.sendall(found)
                    found.clear()
            waiting = waiting[at:]
            if found:
                sock.sendall(found)
