"""The session's side towards the network: its conversations, and what they cost.

A conversation is held in a world (`steps`), one at a time. It uses the resolver of the running
settings, which is made when it is first wanted and lives, with its cache, as long as these stay the
same; a change of them begins with an empty cache. Before a conversation the root's keys are
followed when it is time for that, with requests of that very conversation.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from esashell.clock import Clock
    from esashell.config.model.dnsserver import DnsSettings
    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.resolver.budget import Effort
    from esashell.resolver.lookup import Resolver
    from esashell.shell.anchors import RootKeys
    from esashell.shell.options import Options
    from esashell.steps import Session as Conversation
    from esashell.steps import Steps, World

    R = TypeVar("R")


class Counters:
    """What the session's conversations cost on the network."""

    def __init__(self) -> None:
        self.queries = 0
        self.handshakes = 0


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

        with world.session() as conversation:
            self._present = _Counted(conversation, self.counters)
            try:
                return run(steps, self._present, listen)
            finally:
                self._present = None

    def sender(self, config: Config, world: World, clock: Clock, memory: str) -> Sender:
        """What a conversation needs of the appliance, by this configuration."""
        from esashell.shell.network import sender

        return sender(config, self._resolving(config, world, clock, memory), clock)

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
            believed, hints = anchors(self._options, world), root_hints(world)
            if follows_root(self._options, world):
                from esashell.shell.anchors import RootKeys

                self._root_keys = self._root_keys or RootKeys(memory, believed[0], clock)
                believed = (self._root_keys.anchor,)
            self._resolver = config.dns, resolver(config, believed, clock, hints)
        if self._root_keys is not None and self._present is not None:
            self._root_keys.follow(self._resolver[1], self._present)
        return self._resolver[1]


class _Counted:
    """A conversation's session that counts what it performs."""

    def __init__(self, inner: Conversation, counters: Counters) -> None:
        self._inner = inner
        self._counters = counters

    def perform(self, request: Any) -> Any:
        name = type(request).__name__
        if name == "Exchange":
            self._counters.queries += 1
        elif name == "StartTls":
            self._counters.handshakes += 1
        return self._inner.perform(request)
