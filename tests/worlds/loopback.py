"""Small servers on 127.0.0.1 for the tests of the live world, each in a thread of its own."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from esashell.worlds.lab.hosts import HostSide

Datagrams = Callable[[bytes], list[bytes]]
Conversation = Callable[[socket.socket], None]


def _stopped(thread: threading.Thread) -> None:
    thread.join(60)
    assert not thread.is_alive()


@contextlib.contextmanager
def udp_server(answers: Datagrams, host: str = "127.0.0.1") -> Iterator[int]:
    """A port where every datagram is answered with those that the function returns."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))

        def serve() -> None:
            while True:
                query, client = sock.recvfrom(65535)
                if not query:
                    return
                for reply in answers(query):
                    sock.sendto(reply, client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield sock.getsockname()[1]
        finally:
            # An empty datagram is the word to stop.
            sock.sendto(b"", sock.getsockname())
            _stopped(thread)


@contextlib.contextmanager
def tcp_server(*conversations: Conversation) -> Iterator[int]:
    """A port where the first connection meets the first function, and so on, then no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for conversation in conversations:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(ConnectionError):
                    conversation(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            # Whoever was not called yet meets a connection that is closed at once.
            while thread.is_alive():
                with contextlib.suppress(OSError):
                    socket.create_connection(listener.getsockname(), 1).close()
                thread.join(0.05)


def exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            return data
        data += piece
    return data


def reset(connection: socket.socket) -> None:
    """Close so that the other side gets a reset instead of an orderly end."""
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def mail_host(side: HostSide) -> Conversation:
    """The conversation that carries bytes between a lab host's machine and a socket."""

    def carry(connection: socket.socket) -> None:
        connection.sendall(side.greeting())
        while not side.closed and (wire := connection.recv(65535)):
            connection.sendall(side.feed(wire))
            if side.broken:
                reset(connection)
                return

    return carry
