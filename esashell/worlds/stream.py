"""A connection that never blocks, for the driver of many: what `live` does, in small steps.

A stream is asked for one thing at a time (connect, send, receive, shake hands) and calls back with
what came of it, at once or when its socket has become ready and `go_on` was called. TLS is the same
`TlsEnd` as everywhere. The errors are those of `live`.
"""

import errno
import math
import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from esashell.errors import HandshakeFailed, Overdue, Reset, TimedOut, TransportError
from esashell.steps import Connect, Receive, Send, StartTls
from esashell.worlds.datagram import LARGEST, socket_address, source_for
from esashell.worlds.tls import TlsEnd, client_context, fault

SEND_SECONDS = 180  # RFC 5321 4.5.3.2.5: how long a client waits while a block of data is taken

READ = select.EPOLLIN | select.EPOLLERR | select.EPOLLHUP
WRITE = select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP

Done = Callable[[Any, TransportError | None], None]


class Stream:
    """At most one open connection; `watch` is told which socket to look at, and for what (0: for
    nothing), and `patience` after how many microseconds `time_is_up` is to be called."""

    def __init__(
        self,
        watch: Callable[[socket.socket, int], None],
        patience: Callable[["Stream", int, int], None],
        source: str,
        smtp_port: int,
    ) -> None:
        self._watch = watch
        self._patience = patience
        self._source = source
        self._smtp_port = smtp_port
        self._sock: socket.socket | None = None
        self._tls: TlsEnd | None = None
        self._half: TlsEnd | None = None  # a handshake that is not at its end
        self._done: Done | None = None
        self._ready: Callable[[], None] | None = None
        self._unsent = b""
        self._whole = 0
        self._until = math.inf  # when the connection has used up all its time
        self._lost = False  # cut off when it had just been opened
        self._turn = 0  # counts requests, so that a time that is up is for the present one

    def perform(self, request: Any, done: Done) -> None:
        """Begin what is asked for; `done` is called exactly once, unless the stream is closed."""
        self._done = done
        self._turn += 1
        self._attempt(lambda: self._begin(request))

    def go_on(self) -> None:
        """The socket is ready."""
        if self._ready is not None:
            self._attempt(self._ready)

    def time_is_up(self, turn: int) -> None:
        """The time that was given for this request has passed."""
        if self._done is not None and turn == self._turn:
            connecting = self._ready == self._connected
            late = not connecting and time.monotonic() >= self._until
            self._fail(Overdue() if late else TimedOut())

    def close(self) -> None:
        """Hang up; a goodbye over TLS is worth one try and no waiting."""
        sock, self._sock = self._sock, None
        self._done = self._ready = None
        if sock is not None:
            self._watch(sock, 0)
            with sock, suppress(OSError, TransportError):
                if self._tls is not None:
                    self._tls.close()
                    sock.send(self._tls.outgoing())
        self._tls = self._half = None

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(fault(error))
        except TransportError as error:
            self._fail(error)

    def _fail(self, error: TransportError) -> None:
        connecting = self._ready == self._connected
        if self._half is not None or connecting:
            # Half a handshake leaves a connection that neither side can speak on.
            done = self._done
            self.close()
            self._done = done
        self._end(None, error)

    def _end(self, reply: Any, error: TransportError | None = None) -> None:
        done, self._done, self._ready = self._done, None, None
        if self._sock is not None:
            self._watch(self._sock, 0)
        if done is not None:
            done(reply, error)

    def _await(self, ready: Callable[[], None], events: int, microseconds: int = 0) -> None:
        self._ready = ready
        self._watch(self._open, events)
        if microseconds:
            self._wait_for(microseconds)

    def _wait_for(self, microseconds: int) -> None:
        """At most so long for the present request, and never longer than the connection has."""
        left = max(0.0, self._until - time.monotonic())
        self._patience(self, self._turn, int(min(microseconds, left * 1e6)))

    def _begin(self, request: Any) -> None:
        match request:
            case Connect():
                self._connect(request)
            case Send(data=data):
                self._send(data)
            case Receive(timeout=timeout):
                self._receive(timeout)
            case StartTls():
                self._half = TlsEnd(client_context(request.policy), request.server_name)
                self._open  # noqa: B018  (without a connection there is nothing to wait for)
                self._wait_for(request.timeout)
                self._shake(b"")

    # -- the four

    def _connect(self, request: Connect) -> None:
        done = self._done
        self.close()
        self._done = done
        port = self._smtp_port if request.port == 25 else request.port
        family, peer = socket_address(request.address, port, socket.SOCK_STREAM)
        sock = self._sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            if self._source:
                sock.bind((source_for(family, self._source), 0))
            code = sock.connect_ex(peer)
        except BaseException:
            self._drop()
            raise
        if code not in (0, errno.EINPROGRESS):
            self._drop()
            raise OSError(code, os.strerror(code))
        self._until = math.inf
        self._lost = False
        self._whole = request.whole
        self._await(self._connected, WRITE, request.timeout)

    def _connected(self) -> None:
        code = self._open.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == errno.ECONNRESET:
            # It was open, and the peer has cut it off before anybody looked: who refuses a
            # connection says so in another way. The next thing that is asked for finds out.
            self._lost = True
        elif code:
            self._drop()
            raise OSError(code, os.strerror(code))
        self._until = time.monotonic() + self._whole / 1e6
        self._end(self._open.getsockname()[0])

    def _send(self, data: bytes) -> None:
        if self._tls is not None:
            self._tls.write(data)
            data = self._tls.outgoing()
        self._unsent = data
        self._open  # noqa: B018
        self._sending()
        if self._unsent:
            self._await(self._sending, WRITE, SEND_SECONDS * 1_000_000)

    def _sending(self) -> None:
        with suppress(BlockingIOError):
            while self._unsent:
                self._unsent = self._unsent[self._open.send(self._unsent) :]
        if not self._unsent:
            self._end(None)

    def _receive(self, timeout: int) -> None:
        sock = self._open
        plain = self._tls.plain() if self._tls is not None else b""
        if plain or (self._tls is not None and self._tls.closed):
            self._end(plain)
            return
        self._watch(sock, READ)
        self._await(self._received, READ, timeout)

    def _received(self) -> None:
        wire = self._open.recv(LARGEST)
        if self._tls is None:
            self._end(wire)
            return
        if wire:
            self._tls.feed(wire)
        else:
            self._tls.end()
        # A piece of the stream need not hold a whole TLS record, and a record need not hold data.
        plain = self._tls.plain()
        if plain or self._tls.closed:
            self._end(plain)

    def _shake(self, wire: bytes) -> None:
        """Further in the handshake, as `tls.shake_hands` goes."""
        end = self._half
        assert end is not None
        try:
            end.feed(wire)
        except HandshakeFailed:
            if alert := end.outgoing():
                with suppress(OSError):
                    self._open.send(alert)
            raise
        answer = end.outgoing()
        # Less than any socket's buffer holds; one that takes no more is as good as gone.
        if answer and self._open.send(answer) < len(answer):
            raise Reset
        if end.established:
            self._half, self._tls = None, end
            self._end(end.peer)
        else:
            self._await(self._shaken, READ)

    def _shaken(self) -> None:
        wire = self._open.recv(LARGEST)
        if not wire:
            raise HandshakeFailed("the peer closed the connection during the handshake")
        self._shake(wire)

    @property
    def _open(self) -> socket.socket:
        if self._sock is None:
            raise Reset("no connection is open")
        if self._lost and self._ready != self._connected:
            raise Reset
        return self._sock

    def _drop(self) -> None:
        if self._sock is not None:
            self._watch(self._sock, 0)
            self._sock.close()
            self._sock = None
