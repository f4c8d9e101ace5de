"""Puts very many questions to a resolver on this machine, a window full at a time.

A program of its own, since it is run inside a network namespace. On standard input it takes the
port, the flags of the queries and the questions, as JSON, and it prints the responses, in hex:

    echo '[53, 32, [["ietf.org", 15]]]' | python -m tests.differential.questions
"""

import json
import socket
import sys
import time
from collections.abc import Sequence

from esashell.resolver import wire
from esashell.resolver.names import name_from_text

_WINDOW = 24
_PATIENCE = 5.0


def responses(port: int, flags: int, questions: Sequence[tuple[str, int]]) -> list[bytes]:
    """The response to each question, which is put until there is one."""
    found: dict[int, bytes] = {}
    waiting: dict[int, float] = {}
    left = list(range(len(questions)))[::-1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.settimeout(0.2)
        sock.connect(("127.0.0.1", port))
        while left or waiting:
            while left and len(waiting) < _WINDOW:
                at = left.pop()
                name, rdtype = questions[at]
                query = wire.query(name_from_text(name), rdtype, checking_disabled=False)
                bits = int.from_bytes(query[2:4], "big") | flags
                sock.send(at.to_bytes(2, "big") + bits.to_bytes(2, "big") + query[4:])
                waiting[at] = time.monotonic()
            try:
                reply = sock.recv(65535)
            except TimeoutError:
                late = [e for e, since in waiting.items() if since + _PATIENCE < time.monotonic()]
                for at in late:
                    del waiting[at]
                    left.append(at)
                continue
            at = int.from_bytes(reply[:2], "big")
            if waiting.pop(at, None) is not None:
                found[at] = reply
    return [found[at] for at in range(len(questions))]


def main() -> None:
    port, flags, questions = json.load(sys.stdin)
    json.dump([each.hex() for each in responses(port, flags, questions)], sys.stdout)


if __name__ == "__main__":
    main()
