"""The session's side towards the network: its conversations, and what they cost.

A conversation is held in a world (`steps`). One that asks for many others to be held has them side
by side where there is something to wait for, in the live world and in a recording of it, and one
after the other in the lab. It uses the resolver of the running
settings, which is made when it is first wanted and lives, with its cache, as long as these stay the
same; a change of them begins with an empty cache. Before a conversation the root's keys are
followed when it is time for that, with requests of that very conversation.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from esashell.clock import Clock
    from esashell.config.model.dnsserver import DnsSettings
    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.errors import TransportError
    from esashell.resolver.budget import Effort
    from esashell.resolver.lookup import Resolver
    from esashell.resolver.rollover import TrustPoint
    from esashell.shell.anchors import RootKeys
    from esashell.shell.options import Options
    from esashell.steps import Many, Steps, World
    from esashell.steps import Session as Conversation
    from esashell.worlds.conversing import Ear

    R = TypeVar("R")


class Counters:
    """What the session's conversations cost on the network."""

    def __init__(self) -> None:
        self.queries = 0
        self.handshakes = 0

    def count(self, request: Any) -> None:
        name = type(request).__name__
        if name == "Exchange":
            self.queries += 1
        elif name == "StartTls":
            self.handshakes += 1


class Cost:
    """What the network work of some commands cost, for `--stats`."""

    NAMES = (
        ("query", "queries"),
        ("signature verification", "signature verifications"),
        ("handshake", "handshakes"),
        ("cache hit", "cache hits"),
        ("cache miss", "cache misses"),
    )

    def __init__(self, *counts: int) -> None:
        self._counts = counts or (0,) * len(self.NAMES)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(*(a - b for a, b in zip(self._counts, other._counts, strict=True)))

    def __bool__(self) -> bool:
        return any(self._counts)

    def __str__(self) -> str:
        counted = zip(self._counts, self.NAMES, strict=True)
        return ", ".join(f"{count} {one if count == 1 else many}" for count, (one, many) in counted)


class Conversations:
    """All of one session. Who holds them is told the world and the clock each time anew, since a
    recording may come between."""

    def __init__(self, options: Options) -> None:
        self.counters = Counters()
        self._options = options
        self._resolver: tuple[DnsSettings, Resolver] | None = None
        self._earlier: Effort | None = None  # of the resolvers before this one
        self._root_keys: RootKeys | None = None
        self._present: Conversation | None = None

    def hold(self, world: World, steps: Steps[R], listen: Callable[[Any], None]) -> R:
        from esashell.steps import run

        def many(request: Many) -> None:
            for _ in self._side_by_side(request, world, listen):
                pass

        with world.session() as conversation:
            self._present = _Counted(conversation, self.counters, many)
            try:
                return run(steps, self._present, listen)
            finally:
                self._present = None

    def _side_by_side(
        self, request: Many, world: World, listen: Callable[[Any], None]
    ) -> Iterator[Any]:
        """Hold each of many conversations, in the way of this world."""
        from esashell.steps import run
        from esashell.worlds.conversing import seldom_collecting
        from esashell.worlds.live import Live
        from esashell.worlds.recorder import Recorder
        from esashell.worlds.replay import Replay

        recorder = world if isinstance(world, Recorder) else None
        beneath = world.world if isinstance(world, Recorder) else world
        if isinstance(beneath, Live):
            from esashell.worlds.helper import Helper
            from esashell.worlds.many import many

            def ear() -> Ear:
                return _counting(self.counters, recorder.ear() if recorder else None)

            helper = Helper()
            try:
                yield from many(
                    request.conversations, beneath, listen=listen, ear=ear, helper=helper
                )
            finally:
                helper.close()
        elif isinstance(beneath, Replay) and not request.apart:
            from esashell.worlds.replay import side_by_side

            def count() -> Ear:
                return _counting(self.counters, None)

            yield from side_by_side(request.conversations, beneath, listen, count)
        else:
            with seldom_collecting():
                begun = beneath.apart if isinstance(beneath, Replay) else world.session
                for steps in request.conversations:
                    with begun() as session:
                        yield run(steps, _Counted(session, self.counters), listen)

    def sender(self, config: Config, world: World, clock: Clock, memory: str) -> Sender:
        """What a conversation needs of the appliance, by this configuration."""
        from esashell.shell.certificates import read
        from esashell.shell.network import sender

        resolver = self._resolving(config, world, clock, memory)
        return sender(config, resolver, clock, lambda fingerprint: read(memory, fingerprint))

    def flush(self) -> None:
        """Forget what the resolver has learnt."""
        if self._resolver is not None:
            self._resolver[1].flush()

    @property
    def effort(self) -> Effort:
        """What look-ups have cost, all resolvers together."""
        from esashell.resolver.budget import Effort

        present = self._resolver[1].effort if self._resolver else Effort()
        return present + (self._earlier or Effort())

    @property
    def resolved(self) -> bool:
        """Whether there has been anything to look up yet."""
        return self._resolver is not None

    @property
    def trust_point(self) -> TrustPoint | None:
        """The root's keys as they are followed; None where they are not, or are not known yet."""
        return self._root_keys.point if self._root_keys is not None else None

    @property
    def cost(self) -> Cost:
        """What the network work has cost so far; cheap where there was none."""
        if self._resolver is None:
            return Cost(self.counters.queries, 0, self.counters.handshakes, 0, 0)
        done = self.effort
        return Cost(
            self.counters.queries,
            done.verifications,
            self.counters.handshakes,
            done.cache_hits,
            done.cache_misses,
        )

    def _resolving(self, config: Config, world: World, clock: Clock, memory: str) -> Resolver:
        if self._resolver is None or self._resolver[0] != config.dns:
            from esashell.shell.network import resolver
            from esashell.shell.worlds import anchors, follows_root, root_hints

            self._earlier = self.effort
            believed, hints = anchors(self._options, world), root_hints(self._options, world)
            if follows_root(self._options, world):
                from esashell.shell.anchors import RootKeys

                self._root_keys = self._root_keys or RootKeys(memory, believed[0], clock)
                believed = (self._root_keys.anchor,)
            self._resolver = config.dns, resolver(config, believed, clock, hints)
        if self._root_keys is not None and self._present is not None:
            self._root_keys.follow(self._resolver[1], self._present)
        return self._resolver[1]


class _Counted:
    """A conversation's session that counts what it performs, and knows how many are held."""

    def __init__(
        self,
        inner: Conversation,
        counters: Counters,
        many: Callable[[Many], None] | None = None,
    ) -> None:
        self._inner = inner
        self._counters = counters
        self._many = many

    def perform(self, request: Any) -> Any:
        if self._many is not None and type(request).__name__ == "Many":
            self._many(request)
            return None
        self._counters.count(request)
        return self._inner.perform(request)


def _counting(counters: Counters, then: Ear | None) -> Ear:
    """An ear that counts what a conversation has had performed, in front of another ear."""

    def ear(request: Any, reply: Any, failed: TransportError | None) -> None:
        counters.count(request)
        if then is not None:
            then(request, reply, failed)

    return ear
