"""Many conversations on real sockets at once, on one thread.

A look-up spends nearly all of its time waiting. Here a window of conversations waits together: each
DNS question goes out on a socket of its own, with a random port and a random ID exactly as in
`live`, and whichever reply comes first is taken first. Everything that is not a question over UDP
(TCP, SMTP, handshakes) is performed by `live` in a worker thread, one conversation at a time in
each, so that there is one way to do each thing and no second implementation of TLS.

    for index, answer in many((resolver.look_up(n, t) for n, t in wanted), Live(), window=100):

Results come as they are finished; the order is not that of the questions. The conversations may
share what they share (a cache): only one of them runs at any moment.
"""

import heapq
import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, TypeVar

from esashell.errors import TimedOut, TransportError
from esashell.steps import All, Exchange, Listener, Steps, Tell, Wait, deaf
from esashell.worlds.datagram import (
    CHANCE,
    LARGEST,
    bind_at_random,
    same_question,
    socket_address,
    source_for,
)
from esashell.worlds.live import Live, LiveSession
from esashell.worlds.tls import fault

R = TypeVar("R")

WINDOW = 64
_WORKERS = 16
_READABLE = select.EPOLLIN | select.EPOLLERR | select.EPOLLHUP


class _Conversation:
    """One generator, and where its result goes: out, or into a parent's slot."""

    __slots__ = ("index", "missing", "parent", "results", "session", "steps", "working")

    def __init__(
        self, steps: Steps[Any], index: int, parent: "_Conversation | None" = None
    ) -> None:
        self.steps = steps
        self.index = index
        self.parent = parent
        self.session: LiveSession | None = None
        self.working = False  # whether a worker has the session
        self.missing = 0  # parts of an `All` that are still going on
        self.results: list[Any] = []


class _Question:
    """A question on its way: its socket, and until when a reply is waited for."""

    __slots__ = ("again", "conversation", "query", "sock")

    def __init__(self, conversation: _Conversation, query: bytes, sock: socket.socket) -> None:
        self.conversation = conversation
        self.query = query
        self.sock = sock
        self.again = 0.0  # when time is up for good; 0 once that is what is waited for


def many(
    conversations: Iterable[Steps[R]],
    live: Live,
    *,
    window: int = WINDOW,
    listen: Listener = deaf,
) -> Iterator[tuple[int, R]]:
    """Each conversation's number and result, as they end; at most so many go on at once."""
    with _Driver(live, listen) as driver:
        waiting = enumerate(conversations)
        running = 0
        more = True
        while True:
            while more and running < window:
                following = next(waiting, None)
                if following is None:
                    more = False
                    break
                running += 1
                driver.begin(_Conversation(following[1], following[0]))
            if not running:
                return
            for conversation, result in driver.ended():
                running -= 1
                yield conversation.index, result


class _Driver:
    """Whatever is waited for: sockets, times, and workers."""

    def __init__(self, live: Live, listen: Listener) -> None:
        self._live = live
        self._listen = listen
        self._stack = ExitStack()
        self._poll = select.epoll()
        self._asked: dict[int, _Question] = {}
        self._times: list[tuple[float, int, Any]] = []
        self._counted = 0
        self._ready: deque[tuple[_Conversation, Any, TransportError | None]] = deque()
        self._ended: list[tuple[_Conversation, Any]] = []
        self._alive: set[_Conversation] = set()
        self._addresses: dict[str, tuple[int, Any]] = {}
        self._workers: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._over = False
        self._back: list[tuple[_Conversation, Any, BaseException | None]] = []
        self._bell, self._ringer = socket.socketpair()

    def __enter__(self) -> "_Driver":
        self._stack.callback(self._poll.close)
        self._stack.enter_context(self._bell)
        self._stack.enter_context(self._ringer)
        self._bell.setblocking(False)
        self._poll.register(self._bell, select.EPOLLIN)
        return self

    def __exit__(self, *exception: object) -> None:
        """Close whatever is open, also after Ctrl-C; a worker closes what it is still using."""
        for question in self._asked.values():
            question.sock.close()
        with self._lock:
            self._over = True
            idle = [each for each in self._alive if not each.working]
        if self._workers is not None:
            self._workers.shutdown(wait=False, cancel_futures=True)
        for each in self._alive:
            each.steps.close()
        for each in idle:
            self._leave(each)
        self._stack.close()

    @staticmethod
    def _leave(it: _Conversation) -> None:
        if it.session is not None:
            it.session.__exit__(None, None, None)
            it.session = None

    # -- conversations

    def begin(self, conversation: _Conversation) -> None:
        self._alive.add(conversation)
        self._ready.append((conversation, None, None))

    def ended(self) -> list[tuple[_Conversation, Any]]:
        """The conversations that have ended; waits until there is one."""
        while not self._ended:
            while self._ready:
                self._advance(*self._ready.popleft())
            if not self._ended:
                self._wait()
        ended, self._ended = self._ended, []
        return ended

    def _advance(self, it: _Conversation, reply: Any, failed: TransportError | None) -> None:
        """On to the next request that has to wait."""
        steps = it.steps
        while True:
            try:
                request = steps.throw(failed) if failed is not None else steps.send(reply)
            except StopIteration as stop:
                self._end(it, stop.value)
                return
            reply = failed = None
            if isinstance(request, Exchange) and not request.tcp:
                try:
                    self._ask(it, request)
                except TransportError as error:
                    failed = error
                    continue
                except OSError as error:
                    failed = fault(error)
                    continue
                return
            if isinstance(request, Tell):
                self._listen(request.event)
                continue
            if isinstance(request, Wait):
                self._at(time.monotonic() + request.microseconds / 1e6, it)
                return
            if isinstance(request, All):
                reply = ()
                if request.steps:
                    self._divide(it, request)
                    return
                continue
            self._hand_over(it, request)
            return

    def _divide(self, it: _Conversation, request: All) -> None:
        it.missing = len(request.steps)
        it.results = [None] * it.missing
        for index, steps in enumerate(request.steps):
            self.begin(_Conversation(steps, index, it))

    def _end(self, it: _Conversation, result: Any) -> None:
        self._alive.discard(it)
        self._leave(it)
        parent = it.parent
        if parent is None:
            self._ended.append((it, result))
            return
        parent.results[it.index] = result
        parent.missing -= 1
        if not parent.missing:
            self._ready.append((parent, tuple(parent.results), None))

    # -- questions over UDP

    def _ask(self, it: _Conversation, request: Exchange) -> None:
        where = self._addresses.get(request.server)
        if where is None:
            where = socket_address(request.server, self._live.dns_port, socket.SOCK_DGRAM)
            self._addresses[request.server] = where
        family, peer = where
        chance = os.urandom(2 + CHANCE)
        query = chance[:2] + request.message[2:]
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            source = source_for(family, request.source or self._live.source)
            bind_at_random(sock, source, chance[2:])
            sock.connect(peer)
            sock.send(query)
            handle = sock.fileno()
            self._poll.register(handle, select.EPOLLIN)
        except BaseException:
            sock.close()
            raise
        question = self._asked[handle] = _Question(it, query, sock)
        now = time.monotonic()
        # Half of the time for the first datagram, the other half for the one that repeats it.
        half = request.timeout / 2e6
        question.again = now + 2 * half
        self._at(now + half, question)

    def _receive(self, handle: int) -> None:
        question = self._asked[handle]
        while True:
            try:
                reply = question.sock.recv(LARGEST)
            except BlockingIOError:
                return
            except OSError as error:
                self._close(handle)
                self._ready.append((question.conversation, None, fault(error)))
                return
            if same_question(question.query, reply):
                break
        self._close(handle)
        # The ID is ours alone: the engine wrote 0 and reads 0.
        self._ready.append((question.conversation, b"\0\0" + reply[2:], None))

    def _close(self, handle: int) -> None:
        # A socket that is closed is no longer waited for; there is nothing to unregister.
        self._asked.pop(handle).sock.close()

    # -- time

    def _at(self, when: float, what: Any) -> None:
        self._counted += 1
        heapq.heappush(self._times, (when, self._counted, what))

    def _wait(self) -> None:
        timeout = max(0.0, self._times[0][0] - time.monotonic()) if self._times else -1
        for handle, _ in self._poll.poll(timeout):
            if handle == self._bell.fileno():
                self._take_back()
            elif handle in self._asked:
                self._receive(handle)
        if self._times and self._times[0][0] <= time.monotonic():
            self._expire()

    def _expire(self) -> None:
        now = time.monotonic()
        while self._times and self._times[0][0] <= now:
            _, _, what = heapq.heappop(self._times)
            if isinstance(what, _Conversation):
                self._ready.append((what, None, None))
                continue
            handle = what.sock.fileno()
            if handle == -1:
                continue
            failed: TransportError | None = None
            if what.again:
                try:
                    what.sock.send(what.query)
                except OSError as error:
                    failed = fault(error)
                else:
                    self._at(what.again, what)
                    what.again = 0.0
                    continue
            self._close(handle)
            self._ready.append((what.conversation, None, failed or TimedOut()))

    # -- everything else

    def _hand_over(self, it: _Conversation, request: Any) -> None:
        if it.session is None:
            it.session = self._live.session()
        if self._workers is None:
            self._workers = ThreadPoolExecutor(_WORKERS)
        it.working = True
        self._workers.submit(self._performed, it, it.session, request)

    def _performed(self, it: _Conversation, session: LiveSession, request: Any) -> None:
        """In a worker's thread."""
        reply: Any = None
        failed: BaseException | None = None
        try:
            reply = session.perform(request)
        except BaseException as error:  # it is raised again where the conversation goes on
            failed = error
        with self._lock:
            it.working = False
            if self._over:
                self._leave(it)
                return
            self._back.append((it, reply, failed))
            self._ringer.send(b"\0")

    def _take_back(self) -> None:
        self._bell.recv(4096)
        with self._lock:
            back, self._back = self._back, []
        for it, reply, failed in back:
            if failed is not None and not isinstance(failed, TransportError):
                raise failed
            self._ready.append((it, reply, failed))
