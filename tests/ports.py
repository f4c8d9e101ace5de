"""Ports for servers that a test starts, or knows to be closed.

A port that the kernel chooses for a moment and that is then released is the first that the kernel
gives to whoever asks next. So these lie outside the range from which it chooses; every worker of a
parallel run has a stretch of its own, begins anywhere in it, and hands out none twice. One thing
remains: resolvers, ours too, send from ports of the whole range. Whoever starts a server therefore
does it with `on_free_ports`, which begins anew elsewhere when somebody listens there already.
"""

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

from esashell.errors import OperatorError

T = TypeVar("T")

_LOWEST = 10_000
_TRIES = 10
_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
# As the system says it, and as `lab serve` does.
_TAKEN = ("address already in use", "another program listens there already")


def chosen_by_nobody() -> range:
    """The ports that the kernel does not choose by itself, and no well-known service has."""
    try:
        said = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    except OSError:
        said = ["32768", "60999"]
    low, high = map(int, said)
    found = max(range(_LOWEST, low), range(high + 1, 65_536), key=len)
    return found or range(_LOWEST, 65_536)


def stretch(ports: range, worker: int, workers: int) -> range:
    """One worker's part of them, all of the same size."""
    size = len(ports) // workers
    return ports[worker * size : (worker + 1) * size]


@cache
def _candidates() -> Iterator[int]:
    """This process's ports, each once, in order from anywhere."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = stretch(chosen_by_nobody(), worker, workers)
    start = random.SystemRandom().randrange(len(ports))
    return iter([*ports[start:], *ports[:start]])


def _is_free(port: int) -> bool:
    for kind in _KINDS:
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind(("", port))
            except OSError:
                return False
    return True


def free_port() -> int:
    """A port on which nothing listens now at any address, over TCP or UDP."""
    return next(port for port in _candidates() if _is_free(port))


def on_free_ports(count: int, start: Callable[..., T]) -> T:
    """What `start` returns when it is given so many ports; it is called again with others while it
    raises that somebody listens at one of them."""
    for left in reversed(range(_TRIES)):
        try:
            return start(*(free_port() for _ in range(count)))
        except (AssertionError, OSError, OperatorError) as error:
            if not left or not any(words in str(error).lower() for words in _TAKEN):
                raise
    raise AssertionError("not reached")


@contextmanager
def closed_port(host: str = "127.0.0.1") -> Iterator[int]:
    """A port of this address at which nobody answers, and nobody else can begin to.

    It is held: by a TCP socket that does not listen, and by a UDP one that hears only itself.
    """

    def held(port: int) -> list[socket.socket]:
        sockets = [socket.socket(socket.AF_INET, kind) for kind in _KINDS]
        try:
            for sock in sockets:
                sock.bind((host, port))
            sockets[1].connect((host, port))
        except OSError:
            for sock in sockets:
                sock.close()
            raise
        return sockets

    sockets = on_free_ports(1, held)
    try:
        yield sockets[0].getsockname()[1]
    finally:
        for sock in sockets:
            sock.close()
