"""The live world: the same requests, performed on real sockets.

It is the only place where the program talks to a network, and it makes no decision beyond how to
carry bytes: what a reply means is judged by the engine, which cannot tell this world from a lab.
Foreign exceptions end here. An `OSError` or `ssl.SSLError` becomes the `TransportError` that is
thrown at the engine's `yield`; anything else that comes out is a mistake of ours.

A stub resolver's UDP exchange can be answered by anyone who guesses what it expects, so each
query makes guessing expensive (RFC 5452): a new socket with a random source port and a random
message ID every time, a connected socket so that the kernel drops what comes from elsewhere, and
a reply counts only when ID and question are the ones that went out. What does not match is
ignored rather than fatal, otherwise a forger could not poison a look-up but could still stop it.
Over TCP the sequence numbers do this work, and a mismatch there is the server's fault: it ends
the exchange.

Everything blocks, with a deadline for the whole request and not for each system call, and for SMTP
one for the whole connection besides: a server that sends one octet a second gets no more time than
one that is silent. Nothing listens here.
"""

import math
import secrets
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from esashell.clock import SECOND
from esashell.errors import Overdue, Reset, TransportError
from esashell.pki.roots import Roots, StoredRoots
from esashell.steps import Authorities, Connect, Exchange, Receive, Send, StartTls, TlsPeer, Wait
from esashell.worlds.datagram import (
    CHANCE,
    LARGEST,
    bind_at_random,
    same_question,
    socket_address,
    source_for,
)
from esashell.worlds.tls import TlsEnd, client_context, fault, shake_hands

# RFC 5321 4.5.3.2.5: how long a client waits while a block of data is taken.
_SEND_TIME = 180 * SECOND


class _Deadline:
    """The moment at which a request has used up its time, or its connection has."""

    def __init__(self, microseconds: int, latest: float = math.inf) -> None:
        self.at = min(time.monotonic() + microseconds / 1_000_000, latest)

    def arm(self, sock: socket.socket) -> None:
        """Give the socket's next call what is left; `TimeoutError` when nothing is."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)


class LiveSession:
    """One conversation on real sockets: at most one open connection, closed with the session."""

    def __init__(self, dns_port: int, smtp_port: int, source: str, roots: Roots) -> None:
        self.dns_port = dns_port
        self.smtp_port = smtp_port
        self.source = source
        self.roots = roots
        self._connection: socket.socket | None = None
        self._tls: TlsEnd | None = None
        self._until = math.inf  # when the open connection has used up all its time
        self._lost = False  # cut off when it had just been opened

    def __enter__(self) -> "LiveSession":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def perform(self, request: Any) -> Any:
        try:
            return self._PERFORM[type(request)](self, request)
        except OSError as error:
            on_connection = isinstance(request, Send | Receive | StartTls)
            raise self._overdue(error) if on_connection else fault(error) from error

    def _overdue(self, error: OSError) -> TransportError:
        """The fault, which is another one when no time is left for anything on this connection."""
        late = isinstance(error, TimeoutError) and time.monotonic() >= self._until
        return Overdue() if late else fault(error)

    # -- DNS

    def _exchange(self, request: Exchange) -> bytes:
        query = secrets.token_bytes(2) + request.message[2:]
        deadline = _Deadline(request.timeout)
        ask = self._ask_tcp if request.tcp else self._ask_udp
        reply = ask(request.server, query, deadline, request.source or self.source)
        # The ID is ours alone: the engine wrote 0 and reads 0.
        return b"\0\0" + reply[2:]

    def _ask_udp(self, server: str, query: bytes, deadline: _Deadline, source: str) -> bytes:
        family, peer = socket_address(server, self.dns_port, socket.SOCK_DGRAM)
        # Half of the time for the first datagram, the other half for the one that repeats it:
        # one lost packet must not cost the look-up, and a dead server must not cost the packets.
        half = (time.monotonic() + deadline.at) / 2
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            bind_at_random(sock, source_for(family, source), secrets.token_bytes(CHANCE))
            sock.connect(peer)
            for until in (half, deadline.at):
                deadline.arm(sock)
                sock.send(query)
                reply = self._matching_datagram(sock, query, until)
                if reply is not None:
                    return reply
        raise TimeoutError

    @staticmethod
    def _matching_datagram(sock: socket.socket, query: bytes, until: float) -> bytes | None:
        """The first datagram that answers the query; None when there is none in time."""
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                datagram = sock.recv(LARGEST)
            except TimeoutError:
                return None
            if same_question(query, datagram):
                return datagram
        return None

    def _ask_tcp(self, server: str, query: bytes, deadline: _Deadline, source: str) -> bytes:
        with self._open(server, self.dns_port, deadline, source) as sock:
            deadline.arm(sock)
            # RFC 7766 8: length and message in one piece, so that they can share a segment.
            sock.sendall(struct.pack("!H", len(query)) + query)
            (length,) = struct.unpack("!H", _exactly(sock, 2, deadline))
            reply = _exactly(sock, length, deadline)
        if not same_question(query, reply):
            raise TransportError("the reply answers another question")
        return reply

    # -- connections

    def _connect(self, request: Connect) -> str:
        self._close()
        port = self.smtp_port if request.port == 25 else request.port
        deadline = _Deadline(request.timeout)
        self._connection = self._open(request.address, port, deadline, self.source)
        self._lost = _cut_off(self._connection)
        self._until = time.monotonic() + request.whole / 1_000_000
        own: str = self._connection.getsockname()[0]
        return own

    def _send(self, request: Send) -> None:
        data = request.data
        if self._tls is not None:
            self._tls.write(data)
            data = self._tls.outgoing()
        sock = self._established()
        _Deadline(_SEND_TIME, self._until).arm(sock)
        sock.sendall(data)

    def _receive(self, request: Receive) -> bytes:
        deadline = _Deadline(request.timeout, self._until)
        sock = self._established()
        if self._tls is None:
            deadline.arm(sock)
            return sock.recv(LARGEST)
        # A piece of the stream need not hold a whole TLS record, and a record need not hold data.
        while not (plain := self._tls.plain()) and not self._tls.closed:
            deadline.arm(sock)
            if wire := sock.recv(LARGEST):
                self._tls.feed(wire)
            else:
                self._tls.end()
        return plain

    def _start_tls(self, request: StartTls) -> TlsPeer:
        deadline = _Deadline(request.timeout, self._until)
        sock = self._established()

        def transmit(wire: bytes) -> None:
            try:
                deadline.arm(sock)
                sock.sendall(wire)
            except OSError as error:
                raise self._overdue(error) from error

        def receive() -> bytes:
            deadline.arm(sock)
            return sock.recv(LARGEST)

        end = TlsEnd(client_context(request.policy), request.server_name)
        try:
            peer = shake_hands(end, transmit, receive)
        except BaseException:
            # Half a handshake leaves a connection that neither side can speak on, and nothing
            # may go out on it in the clear any more.
            self._close()
            raise
        self._tls = end
        return peer

    def _wait(self, request: Wait) -> None:
        time.sleep(request.microseconds / 1_000_000)

    def _open(self, address: str, port: int, deadline: _Deadline, source: str) -> socket.socket:
        family, peer = socket_address(address, port, socket.SOCK_STREAM)
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            if source:
                sock.bind((source_for(family, source), 0))
            deadline.arm(sock)
            # Who refuses a connection says so in another way: this one was open, and the peer has
            # cut it off before anybody looked. The next thing that is asked for finds out.
            with suppress(ConnectionResetError):
                sock.connect(peer)
        except BaseException:
            # Ctrl-C included: nobody else knows of this socket yet.
            sock.close()
            raise
        return sock

    def _established(self) -> socket.socket:
        if self._connection is None:
            raise Reset("no connection is open")
        if self._lost:
            raise Reset
        return self._connection

    def _close(self) -> None:
        if self._connection is None:
            return
        with self._connection, suppress(OSError):
            if self._tls is not None:
                # The goodbye is worth one try and no waiting.
                self._tls.close()
                self._connection.settimeout(0)
                self._connection.send(self._tls.outgoing())
        self._connection = self._tls = None

    # -- trust

    def _authorities(self, request: Authorities) -> tuple[bytes, ...]:
        return self.roots.named(request.names)

    _PERFORM: dict[type, Callable[["LiveSession", Any], Any]] = {  # noqa: RUF012
        Exchange: _exchange,
        Connect: _connect,
        Send: _send,
        Receive: _receive,
        StartTls: _start_tls,
        Wait: _wait,
        Authorities: _authorities,
    }


def _exactly(sock: socket.socket, count: int, deadline: _Deadline) -> bytes:
    """This many octets of a stream, however they come; a stream that ends early is a reset."""
    taken = bytearray()
    while len(taken) < count:
        deadline.arm(sock)
        piece = sock.recv(count - len(taken))
        if not piece:
            raise Reset("the server closed in the middle of a message")
        taken += piece
    return bytes(taken)


class Live:
    """Real sockets. `dns_port` and `smtp_port` stand in for 53 and 25, `source` is our address.

    A `Connect` to any port but 25 goes where it says.
    """

    def __init__(self, *, dns_port: int = 53, smtp_port: int = 25, source: str = "") -> None:
        self.dns_port = dns_port
        self.smtp_port = smtp_port
        self.source = source
        self.roots: Roots = StoredRoots()  # read when the first chain asks for it

    def session(self) -> LiveSession:
        return LiveSession(self.dns_port, self.smtp_port, self.source, self.roots)


def _cut_off(sock: socket.socket) -> bool:
    """Whether a connection that was opened is none any more."""
    try:
        sock.getpeername()
    except OSError:
        return True
    return False
