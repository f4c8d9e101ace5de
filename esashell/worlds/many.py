"""Many conversations on real sockets at once, on one thread.

A conversation spends nearly all of its time waiting. Here a window of them waits together: each
DNS question goes out on a socket of its own, with a random port and a random ID exactly as in
`live`, connections and handshakes go on without blocking (`stream`), and whichever reply comes
first is taken first. Questions over TCP, which are rare, are asked by `live` in a worker thread.

    for index, answer in many((resolver.look_up(n, t) for n, t in wanted), Live(), window=100):

Results come as they are finished; the order is not that of the questions. The conversations may
share what they share (a cache); only one of them runs at any moment. `ear` makes what listens to a
conversation's requests and replies, in the order in which the conversations hear them.
"""

import heapq
import os
import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from esashell.errors import TimedOut, TransportError
from esashell.steps import Authorities, Exchange, Listener, Steps, Verify, Wait, deaf
from esashell.worlds.conversing import Conversation, Conversing, Ear
from esashell.worlds.datagram import (
    CHANCE,
    LARGEST,
    bind_at_random,
    same_question,
    socket_address,
    source_for,
)
from esashell.worlds.helper import Helper
from esashell.worlds.live import Live
from esashell.worlds.stream import Stream
from esashell.worlds.tls import fault

R = TypeVar("R")

WINDOW = 64
_WORKERS = 16
_DRAWN = 64  # drawn at a time
# The plain one: `socket.socket` adds to it what is not wanted here.
_Socket = socket.SocketType
_DATAGRAMS = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK


def _chances() -> Iterator[bytes]:
    """Octets from the system's own source of randomness: an ID, and what a port is drawn by."""
    size = 2 + CHANCE
    while True:
        octets = os.urandom(_DRAWN * size)
        for at in range(0, len(octets), size):
            yield octets[at : at + size]


class _Question:
    """A question on its way: its socket, and until when a reply is waited for."""

    __slots__ = ("again", "conversation", "over", "query", "request", "sock")

    def __init__(
        self, conversation: Conversation, request: Exchange, query: bytes, sock: _Socket
    ) -> None:
        self.conversation = conversation
        self.request = request
        self.query = query
        self.sock = sock
        self.again = 0.0  # when time is up for good; 0 once that is what is waited for
        self.over = False


def many(
    conversations: Iterable[Steps[R]],
    live: Live,
    *,
    window: int = WINDOW,
    listen: Listener = deaf,
    ear: Callable[[], Ear] | None = None,
    helper: Helper | None = None,
) -> Iterator[tuple[int, R]]:
    """Each conversation's number and result, as they end; at most so many go on at once.

    With a `helper` signatures are verified on another processor where there are many.
    """
    driver = _Driver(live, listen, ear, helper)
    try:
        yield from driver.results(conversations, lambda running: running < window)
    finally:
        driver.close()


class _Driver(Conversing):
    """Whatever is waited for: sockets, times, and workers."""

    def __init__(
        self,
        live: Live,
        listen: Listener,
        ear: Callable[[], Ear] | None,
        helper: Helper | None = None,
    ) -> None:
        super().__init__(listen, ear)
        self._helper = helper
        self._helped = -1  # what is watched of the helper
        self._live = live
        self._poll = select.epoll()
        self._asked: dict[int, _Question] = {}
        self._streams: dict[int, Stream] = {}
        self._watched: dict[int, int] = {}
        self._times: list[tuple[float, int, Any]] = []
        self._counted = 0
        self._roads: dict[tuple[str, str], tuple[int, Any, str]] = {}
        self._chances = _chances()
        self._buffer = memoryview(bytearray(LARGEST))
        self._workers = _Workers()
        self._bell = self._workers.bell.fileno()
        self._poll.register(self._bell, select.EPOLLIN)

    def close(self) -> None:
        """Close whatever is open, also after Ctrl-C; a worker closes what it is still using."""
        for question in self._asked.values():
            question.sock.close()
        self._asked.clear()
        super().close()
        self._workers.close()
        self._poll.close()

    def perform(self, it: Conversation, request: Any) -> None:
        if isinstance(request, Exchange):
            if request.tcp:
                self._workers.put(it, request, self._live)
                return
            try:
                self._ask(it, request)
            except TransportError as error:
                self.replied(it, request, None, error)
            except OSError as error:
                self.replied(it, request, None, fault(error))
        elif isinstance(request, Authorities):
            self.replied(it, request, self._live.roots.named(request.names))
        elif isinstance(request, Wait):
            self._at(time.monotonic() + request.microseconds / 1e6, (it, request))
        else:
            if it.place.stream is None:
                it.place.stream = self._stream(it.place)
            it.place.stream.perform(
                request, lambda reply, failed: self.replied(it, request, reply, failed)
            )

    def place(self) -> "_Place":
        return _Place()

    # -- signatures

    def hand_out(self, it: Conversation, request: Verify) -> bool:
        """Whether the helper verifies the signature."""
        return self._helper is not None and self._helper.takes(it, request)

    def _hand_over(self, helper: Helper) -> None:
        """Give the helper what it has taken, and watch for its answers."""
        self._verified(helper.flush())
        handle = helper.fileno()
        if handle != self._helped:
            # One that is closed is no longer watched.
            self._helped = handle
            if handle >= 0:
                self._poll.register(handle, select.EPOLLIN)

    def _verified(self, answers: list[tuple[Any, Verify, bool]]) -> None:
        for it, request, holds in answers:
            self.replied(it, request, holds)

    # -- connections

    def _stream(self, place: "_Place") -> Stream:
        def watch(sock: socket.socket, events: int) -> None:
            handle = sock.fileno()
            before = self._watched.get(handle, 0)
            if events == before:
                return
            if not events:
                self._poll.unregister(handle)
                del self._watched[handle], self._streams[handle]
                return
            (self._poll.modify if before else self._poll.register)(handle, events)
            self._watched[handle] = events
            assert place.stream is not None
            self._streams[handle] = place.stream

        def patience(stream: Stream, turn: int, microseconds: int) -> None:
            self._at(time.monotonic() + microseconds / 1e6, (stream, turn))

        return Stream(watch, patience, self._live.source, self._live.smtp_port)

    # -- questions over UDP

    def _ask(self, it: Conversation, request: Exchange) -> None:
        road = self._roads.get((request.server, request.source))
        family, peer, source = road if road is not None else self._road(request)
        chance = next(self._chances)
        query = chance[:2] + request.message[2:]
        sock = _Socket(family, _DATAGRAMS)
        try:
            bind_at_random(sock, source, chance[2:])
            sock.connect(peer)
            sock.send(query)
            handle = sock.fileno()
            self._poll.register(handle, select.EPOLLIN)
        except BaseException:
            sock.close()
            raise
        question = self._asked[handle] = _Question(it, request, query, sock)
        now = time.monotonic()
        # Half of the time for the first datagram, the other half for the one that repeats it.
        half = request.timeout / 2e6
        question.again = now + 2 * half
        self._at(now + half, question)

    def _road(self, request: Exchange) -> tuple[int, Any, str]:
        """Family and address of a server, and the address of ours to ask it from."""
        family, peer = socket_address(request.server, self._live.dns_port, socket.SOCK_DGRAM)
        road = family, peer, source_for(family, request.source or self._live.source)
        self._roads[request.server, request.source] = road
        return road

    def _receive(self, handle: int, question: _Question) -> None:
        while True:
            try:
                length = question.sock.recv_into(self._buffer)
            except BlockingIOError:
                return
            except OSError as error:
                self._answered(handle, None, fault(error))
                return
            reply = bytes(self._buffer[:length])
            if same_question(question.query, reply):
                break
        # The ID is ours alone: the engine wrote 0 and reads 0.
        self._answered(handle, b"\0\0" + reply[2:], None)

    def _answered(self, handle: int, reply: bytes | None, failed: TransportError | None) -> None:
        # A socket that is closed is no longer waited for; there is nothing to unregister.
        question = self._asked.pop(handle)
        question.over = True
        question.sock.close()
        self.replied(question.conversation, question.request, reply, failed)

    # -- time

    def _at(self, when: float, what: Any) -> None:
        self._counted += 1
        heapq.heappush(self._times, (when, self._counted, what))

    def wait(self) -> None:
        times = self._times
        if self._helper is not None:
            self._hand_over(self._helper)
            if self._ready:
                return
        # What was answered in time waits for nothing, and is not kept.
        while times and type(times[0][2]) is _Question and times[0][2].over:
            heapq.heappop(times)
        timeout = max(0.0, times[0][0] - time.monotonic()) if times else -1
        asked, streams = self._asked, self._streams
        for handle, _ in self._poll.poll(timeout):
            question = asked.get(handle)
            if question is not None:
                self._receive(handle, question)
            elif handle in streams:
                streams[handle].go_on()
            elif handle == self._helped and self._helper is not None:
                self._verified(self._helper.answers())
            elif handle == self._bell:
                for it, request, reply, failed in self._workers.back():
                    self.replied(it, request, reply, failed)
        if times and times[0][0] <= time.monotonic():
            self._expire()

    def _expire(self) -> None:
        now = time.monotonic()
        while self._times and self._times[0][0] <= now:
            _, _, what = heapq.heappop(self._times)
            if isinstance(what, _Question):
                self._late(what)
            elif isinstance(what[0], Stream):
                what[0].time_is_up(what[1])
            else:
                self.replied(what[0], what[1], None)

    def _late(self, question: _Question) -> None:
        """A reply has not come: ask once more, or give up."""
        if question.over:
            return
        failed: TransportError = TimedOut()
        if question.again:
            try:
                question.sock.send(question.query)
            except OSError as error:
                failed = fault(error)
            else:
                self._at(question.again, question)
                question.again = 0.0
                return
        self._answered(question.sock.fileno(), None, failed)


class _Place:
    """A conversation's connection, once it has had one."""

    __slots__ = ("stream",)

    def __init__(self) -> None:
        self.stream: Stream | None = None

    def close(self) -> None:
        if self.stream is not None:
            self.stream.close()


class _Workers:
    """Threads that have `live` perform one request each; nobody waits for them at the end."""

    def __init__(self) -> None:
        self.bell, self._ringer = socket.socketpair()
        self.bell.setblocking(False)
        self._ringer.setblocking(False)
        self._work: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads = 0
        self._busy = 0

    def put(self, it: Conversation, request: Exchange, live: Live) -> None:
        self._work.put((it, request, live))
        self._busy += 1
        if self._busy > self._threads < _WORKERS:
            self._threads += 1
            threading.Thread(target=self._perform, daemon=True).start()

    def back(self) -> Iterator[tuple[Conversation, Any, Any, TransportError | None]]:
        """What is finished; raises a mistake of ours where it was made in a worker."""
        self.bell.recv(4096)
        while not self._done.empty():
            self._busy -= 1
            it, request, reply, failed = self._done.get()
            if failed is not None and not isinstance(failed, TransportError):
                raise failed
            yield it, request, reply, failed

    def close(self) -> None:
        for _ in range(self._threads):
            self._work.put(None)
        self.bell.close()
        self._ringer.close()

    def _perform(self) -> None:
        """In a worker's thread."""
        while (work := self._work.get()) is not None:
            it, request, live = work
            reply: Any = None
            failed: BaseException | None = None
            try:
                with live.session() as session:
                    reply = session.perform(request)
            except BaseException as error:  # it is raised again where the conversation goes on
                failed = error
            self._done.put((it, request, reply, failed))
            try:
                self._ringer.send(b"\0")
            except BlockingIOError:
                pass  # there are enough rings waiting to be heard
            except OSError:
                return  # nobody listens any more
