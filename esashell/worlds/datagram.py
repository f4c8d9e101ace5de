"""One question in one datagram, and what makes its reply hard to forge (RFC 5452).

A stub resolver's UDP exchange can be answered by anyone who guesses what it expects, so whoever
sends one, alone or among hundreds, binds a socket of its own to a port that cannot be foretold and
takes for a reply only what repeats the ID and the question that went out. Nothing here sends or
waits: how long is waited, and for how many at once, is what `live` and `many` differ in.
"""

import errno
import socket
from typing import Any

from esashell.errors import Unreachable

LARGEST = 65535
# Octets of randomness that `bind_at_random` asks for: two for each port that it tries.
CHANCE = 16
_HEADER = 12
# Source ports below this are other services' (RFC 6335 6).
_LOWEST_PORT = 1024


def socket_address(address: str, port: int, kind: int) -> tuple[int, Any]:
    """Family and socket address of an IP address; a name is refused, never looked up."""
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        found = socket.getaddrinfo(address, port, type=kind, flags=flags)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"not an address: {address}") from error
    return found[0][0], found[0][4]


def source_for(family: int, source: str) -> str:
    """Our own address to speak from; empty, for the system's choice, in the other family."""
    of_family = socket.AF_INET6 if ":" in source else socket.AF_INET
    return source if family == of_family else ""


def bind_at_random(sock: socket.SocketType, host: str, chance: bytes) -> None:
    """A source port that cannot be foretold, from the widest range (RFC 5452 9.2).

    `chance` is `CHANCE` octets from the system's own source of randomness.
    """
    for at in range(0, len(chance), 2):
        port = int.from_bytes(chance[at : at + 2], "big")
        if port < _LOWEST_PORT:
            continue
        try:
            sock.bind((host, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return
    # Somebody has taken them all but a few: the kernel's own choice is random as well.
    sock.bind((host, 0))


def same_question(query: bytes, reply: bytes) -> bool:
    """Whether a reply belongs to a query; both carry an ID already (RFC 5452 9.1)."""
    if len(reply) < _HEADER or reply[:2] != query[:2] or not reply[2] & 0x80:
        return False
    end = _question_end(query)
    if reply[4:6] == b"\0\0":
        # Servers that reject a query may leave its question out. Such a reply carries nothing
        # but a response code that is an error, and never an answer that could be believed.
        return reply[3] & 0x0F != 0
    if reply[4:6] != query[4:6]:
        return False
    asked, said = query[_HEADER:end], reply[_HEADER:end]
    # A server may answer in another case (RFC 4343 4.1); type and class are numbers.
    return said == asked or (said[:-4].lower() == asked[:-4].lower() and said[-4:] == asked[-4:])


def _question_end(query: bytes) -> int:
    """Where the question of our own query ends: one question, no compression."""
    at = _HEADER
    while query[at]:
        at += query[at] + 1
    return at + 5
