"""The lab behind real sockets, so that other people's programs can look at it.

Each of the lab's servers gets a *door*: an address and a port on this machine. Behind a door there
is the very machine that answers in memory, fed with bytes from a socket instead; nothing here
knows what a zone or a mail host is. What cannot be shown through a socket of our own is left out:
a host that refuses has no door, and neither has one that does not answer at all.

Doors open on loopback, 127.0.0.0/8, each server with an address to itself. The lab's zones,
though, hold the lab's own addresses, and some of those belong to somebody on the real internet. A
program that is to *follow* the zones therefore has to run in a network namespace, where the lab may
have its true addresses and the ports 53 and 25, and nothing can leave. `addresses` sees to that.

One thread does everything. A handshake or a signature is a matter of a millisecond, and a person or
a test is all the load there will ever be.
"""

import asyncio
import contextlib
import errno
import functools
import signal
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import cast

from msgspec import Struct

from esashell.clock import SECOND
from esashell.errors import OperatorError, TransportError
from esashell.worlds.lab.hosts import HostSide

# How long a client may say nothing: RFC 7766 6.2.3 (seconds), RFC 5321 4.5.3.2.7 (five minutes).
_DNS_IDLE = 10.0
_SMTP_IDLE = 300.0

# The response to a query at a lab server's address, None for silence.
Answer = Callable[[str, bytes, bool], bytes | None]
# A mail host's side of a new connection to its lab address; raises TransportError for none.
Accept = Callable[[str], HostSide]


class Service(StrEnum):
    DNS = "dns"
    SMTP = "smtp"


class Door(Struct, frozen=True):
    """One of the lab's servers: what it is, its address in the lab, and where it is reached."""

    service: Service
    name: str
    lab_address: str
    address: str
    port: int


def loopback_doors(
    servers: Iterable[tuple[Service, str, str]], dns_port: int, smtp_port: int
) -> Iterator[Door]:
    """A door on 127.53.0.0/16 or 127.25.0.0/16 for each (service, name, lab address), in order."""
    counts = {Service.DNS: 0, Service.SMTP: 0}
    for service, name, lab_address in servers:
        high, low = divmod(counts[service], 250)
        counts[service] += 1
        network, port = (53, dns_port) if service is Service.DNS else (25, smtp_port)
        yield Door(service, name, lab_address, f"127.{network}.{high}.{low + 1}", port)


def true_doors(servers: Iterable[tuple[Service, str, str]]) -> Iterator[Door]:
    """The same at the lab's own addresses and the services' own ports."""
    for service, name, lab_address in servers:
        yield Door(service, name, lab_address, lab_address, 53 if service is Service.DNS else 25)


async def serve(
    doors: Iterable[Door], answer: Answer, accept: Accept, ready: Callable[[], None]
) -> None:
    """Open every door, say that all are open, and serve until SIGINT or SIGTERM.

    Raises `OperatorError` when one cannot be opened; none stays open then.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    connections: set[asyncio.Transport] = set()

    def stream(door: Door) -> asyncio.Protocol:
        if door.service is Service.SMTP:
            return _Mail(door, accept, connections)
        return _DnsStream(door, answer, connections)

    with contextlib.ExitStack() as opened:
        for door in doors:
            sock = _bound(door, socket.SOCK_STREAM)
            server = await loop.create_server(functools.partial(stream, door), sock=sock)
            opened.callback(server.close)
            if door.service is Service.DNS:
                transport, _ = await loop.create_datagram_endpoint(
                    functools.partial(_DnsDatagrams, door, answer),
                    sock=_bound(door, socket.SOCK_DGRAM),
                )
                opened.callback(transport.close)
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, stop.set)
            opened.callback(loop.remove_signal_handler, each)
        ready()
        await stop.wait()
    for connection in list(connections):
        connection.abort()
    # What was told to close does so at the loop's next turn.
    await asyncio.sleep(0)


def _bound(door: Door, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in door.address else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((door.address, door.port))
    except OSError as error:
        sock.close()
        raise OperatorError(_why_not(door, error)) from error
    sock.setblocking(False)
    return sock


def _why_not(door: Door, error: OSError) -> str:
    place = f"{door.address} port {door.port}"
    match error.errno:
        case errno.EADDRNOTAVAIL:
            return f"{place}: this machine does not have that address."
        case errno.EADDRINUSE:
            return f"{place}: another program listens there already."
        case errno.EACCES | errno.EPERM:
            return f"{place}: this user may not listen there."
    return f"{place}: {error.strerror}."


class _DnsDatagrams(asyncio.DatagramProtocol):
    """A name server's UDP side."""

    def __init__(self, door: Door, answer: Answer) -> None:
        self._door = door
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own class for this does not descend from the one that it documents.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = self._answer(self._door.lab_address, data, False)
        if response is not None:
            self._transport.sendto(response, addr)


class _Stream(asyncio.Protocol):
    """A TCP connection that is given up when its client has been silent for too long."""

    patience = _SMTP_IDLE

    def __init__(self, door: Door, connections: set[asyncio.Transport]) -> None:
        self._door = door
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(transport)
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._transport)
        self._timer.cancel()

    def pause_writing(self) -> None:
        # Whoever asks and asks and never takes an answer is not read any further.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self.patience, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._timer.cancel()
        self._wake()
        self.take(data)

    def take(self, data: bytes) -> None:
        raise NotImplementedError


class _DnsStream(_Stream):
    """A name server's TCP side: messages with their length in front (RFC 1035 4.2.2)."""

    patience = _DNS_IDLE

    def __init__(self, door: Door, answer: Answer, connections: set[asyncio.Transport]) -> None:
        super().__init__(door, connections)
        self._answer = answer
        self._buffer = bytearray()

    def take(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 2:
            end = 2 + int.from_bytes(self._buffer[:2], "big")
            if len(self._buffer) < end:
                return
            query = bytes(self._buffer[2:end])
            del self._buffer[:end]
            response = self._answer(self._door.lab_address, query, True)
            if response is None:
                # Over TCP there is no silence: a server that will not answer hangs up.
                self._transport.close()
                return
            self._transport.write(struct.pack("!H", len(response)) + response)


class _Mail(_Stream):
    """A mail host's connection: bytes to the host's machine, and its bytes back."""

    def __init__(self, door: Door, accept: Accept, connections: set[asyncio.Transport]) -> None:
        super().__init__(door, connections)
        self._accept = accept
        self._host: HostSide | None = None
        self._unsaid = bytearray()  # what a tarpit still has to say

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        try:
            self._host = self._accept(self._door.lab_address)
        except TransportError:
            self._cut_off()
            return
        self._say(self._host.greeting())

    def take(self, data: bytes) -> None:
        if self._host is None:
            return
        try:
            wire = self._host.feed(data)
        except TransportError:
            self._cut_off()
            return
        self._say(wire)

    def _say(self, wire: bytes) -> None:
        if self._host is None or not self._host.pace:
            self._transport.write(wire)
            self._part()
            return
        silent = not self._unsaid
        self._unsaid += wire
        if silent and wire:
            self._drip_later(self._host.pace)

    def _drip_later(self, pace: int) -> None:
        asyncio.get_running_loop().call_later(pace / SECOND, self._drip, pace)

    def _drip(self, pace: int) -> None:
        """One octet, as a tarpit says it, and the next after as long again."""
        if self._transport.is_closing():
            return
        self._transport.write(self._unsaid[:1])
        del self._unsaid[:1]
        if self._unsaid:
            self._drip_later(pace)
        else:
            self._part()

    def _part(self) -> None:
        """Hang up if the host has, in its manner."""
        if self._host is not None and self._host.broken:
            self._cut_off()
        elif self._host is not None and self._host.closed:
            self._transport.close()

    def _cut_off(self) -> None:
        """End the connection with a reset, as a crash does."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
