"""Conversations that go on side by side: what they owe to one another, whatever answers them.

A driver of many conversations advances whichever has its reply, one at a time and all in one
thread, so that they may share what they share (a cache, a result). This is the part of it that
knows no network: conversations within conversations (`All`), steps that several want and one goes
through (`Once`), and whose turn it is. What a request waits for is its subclass's affair.
"""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from esashell.errors import TransportError
from esashell.steps import All, Listener, Once, Steps, Tell, Verify, deaf

Ear = Callable[[Any, Any, TransportError | None], None]
"""Is told each request of a conversation when its reply, or its fault, is handed over."""


# Objects made before the collector looks for cycles; Python's own number is 700.
_OBJECTS = 100_000


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """While many conversations are held: hundreds of objects for each, and hardly ever a cycle.

    The collector would look at them all again and again, and would find nothing to do.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _OBJECTS) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Place(Protocol):
    """What belongs to a conversation while it goes on: its connection, above all."""

    def close(self) -> None: ...


class Conversation:
    """One generator, and where its result goes: out, into a parent's slot, or to all who wait."""

    __slots__ = ("ear", "index", "key", "missing", "parent", "place", "results", "steps")

    def __init__(self, steps: Steps[Any], index: int) -> None:
        self.steps = steps
        self.index = index
        self.parent: Conversation | None = None
        self.key: Any = None  # of the `Once` whose steps these are; the place is the asker's then
        self.place: Any = None
        self.ear: Ear | None = None
        self.missing = 0  # parts of an `All` that are still going on
        self.results: list[Any] = []


class Conversing:
    """Advances conversations; a subclass says how a request gets its reply."""

    def __init__(self, listen: Listener = deaf, ear: Callable[[], Ear] | None = None) -> None:
        self._listen = listen
        self._make_ear = ear
        self._ready: deque[tuple[Conversation, Any, Any, TransportError | None]] = deque()
        self._over: list[tuple[Conversation, Any]] = []
        self._alive: set[Conversation] = set()
        self._waiting: dict[Any, list[Conversation]] = {}

    def perform(self, it: Conversation, request: Any) -> None:
        """Have the request performed; its outcome goes to `replied`, now or later."""
        raise NotImplementedError

    def wait(self) -> None:
        """Until something may have been replied."""
        raise NotImplementedError

    def hand_out(self, it: Conversation, request: Verify) -> bool:
        """Whether somebody else verifies the signature; its outcome goes to `replied` then."""
        return False

    def place(self) -> Place | None:
        """What a new conversation has of its own."""
        return None

    def results(
        self, conversations: Iterable[Steps[Any]], room: Callable[[int], bool]
    ) -> Iterator[tuple[int, Any]]:
        """Each conversation's number and result, as they end; `room` is asked, with how many go
        on, whether one more may begin."""
        with seldom_collecting():
            yield from self._results(conversations, room)

    def _results(
        self, conversations: Iterable[Steps[Any]], room: Callable[[int], bool]
    ) -> Iterator[tuple[int, Any]]:
        following = enumerate(conversations)
        running = 0
        more = True
        while True:
            while more and room(running):
                index, steps = next(following, (0, None))
                if steps is None:
                    more = False
                    break
                running += 1
                self._begin(Conversation(steps, index))
                # As far as it goes by itself, before the next one begins.
                while self._ready:
                    self._advance(*self._ready.popleft())
            if not running:
                return
            if not self._over:
                self.wait()
                while self._ready:
                    self._advance(*self._ready.popleft())
            over, self._over = self._over, []
            for conversation, result in over:
                running -= 1
                yield conversation.index, result

    def replied(
        self, it: Conversation, request: Any, reply: Any, failed: TransportError | None = None
    ) -> None:
        """What came of a request."""
        self._ready.append((it, request, reply, failed))

    def close(self) -> None:
        """Leave every conversation where it is."""
        for each in self._alive:
            each.steps.close()
            if each.key is None and each.place is not None:
                each.place.close()
        self._alive.clear()

    def _begin(self, it: Conversation) -> None:
        if it.key is None:
            it.place = self.place()
            it.ear = self._make_ear() if self._make_ear is not None else None
        self._alive.add(it)
        self._ready.append((it, None, None, None))

    def _advance(
        self, it: Conversation, request: Any, reply: Any, failed: TransportError | None
    ) -> None:
        """On to the next request that has to wait."""
        if it.ear is not None and request is not None and type(request) is not Verify:
            it.ear(request, reply, failed)
        steps = it.steps
        while True:
            try:
                request = steps.throw(failed) if failed is not None else steps.send(reply)
            except StopIteration as stop:
                self._end(it, stop.value)
                return
            reply = failed = None
            kind = type(request)
            if kind is Tell:
                self._listen(request.event)
            elif kind is Verify:
                if self.hand_out(it, request):
                    return
                reply = request.holds()
            elif kind is Once:
                self._share(it, request)
                return
            elif kind is All:
                reply = ()
                if request.steps:
                    self._divide(it, request)
                    return
            else:
                self.perform(it, request)
                return

    def _divide(self, it: Conversation, request: All) -> None:
        it.missing = len(request.steps)
        it.results = [None] * it.missing
        for index, steps in enumerate(request.steps):
            part = Conversation(steps, index)
            part.parent = it
            self._begin(part)

    def _share(self, it: Conversation, request: Once) -> None:
        waiting = self._waiting.get(request.key)
        if waiting is not None:
            waiting.append(it)
            return
        self._waiting[request.key] = [it]
        first = Conversation(request.begin(), 0)
        first.key, first.place, first.ear = request.key, it.place, it.ear
        self._begin(first)

    def _end(self, it: Conversation, result: Any) -> None:
        self._alive.discard(it)
        if it.key is not None:
            for each in self._waiting.pop(it.key):
                self._ready.append((each, None, result, None))
            return
        if it.place is not None:
            it.place.close()
        parent = it.parent
        if parent is None:
            self._over.append((it, result))
            return
        parent.results[it.index] = result
        parent.missing -= 1
        if not parent.missing:
            self._ready.append((parent, None, tuple(parent.results), None))
