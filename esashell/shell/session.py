"""One operator's session: the desk that dialogues have their effects on.

It is the `Appliance` that a command reads and the `Desk` that its requests end at: the working
configuration, the store behind it, and the world, each brought in when first wanted, so that a
command that needs none of them costs nothing. What it says to the network is `conversations`.

Two sessions may share an appliance. One that has nothing pending follows the other's commits; one
that has is told at `commit` what happened meanwhile, its changes are put on top of that, and the
next `commit` is accepted. Where both changed the same value it has to decide first (`conflict`).
"""

from __future__ import annotations

import os

from esashell.errors import BadConfiguration, CommitRefused
from esashell.shell.conversations import Conversations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from esashell.clock import Clock
    from esashell.config.revision import Revision
    from esashell.config.store import Store
    from esashell.config.tree import Config
    from esashell.config.working import Working
    from esashell.delivery.verification import Sender
    from esashell.resolver.budget import Effort
    from esashell.shell.conversations import Cost
    from esashell.shell.options import Options
    from esashell.shell.output import Output
    from esashell.steps import Steps, World
    from esashell.worlds.recorder import Recorder

    R = TypeVar("R")


class Session:
    """`folder` is the appliance's state; `make_world` is called at the first conversation."""

    def __init__(
        self,
        options: Options,
        folder: str,
        output: Output,
        *,
        clock: Clock | None = None,
        make_world: Callable[[Options, Clock], World] | None = None,
    ) -> None:
        self.options = options
        self.folder = folder
        self.output = output
        self.conversations = Conversations(options)
        self.left = False
        self.names: dict[str, None] = {}  # that commands were asked about, the latest last
        self._clock = clock
        self._make_world = make_world
        self._world: World | None = None
        self._store: Store | None = None
        self._working: Working | None = None
        self._seen: tuple[int, ...] | None = None
        self._recorder: Recorder | None = None
        self._memory: str | None = None

    # What commands read.

    @property
    def running(self) -> Config:
        return self._work().committed

    @property
    def config(self) -> Config:
        return self._work().pending

    @property
    def dirty(self) -> bool:
        return self._working is not None and self._working.dirty

    @property
    def sender(self) -> Sender:
        # The world first: where it is recorded, the recording has the clock.
        world = self.world
        return self.conversations.sender(self.running, world, self.clock, self.memory)

    @property
    def effort(self) -> Effort:
        return self.conversations.effort

    @property
    def now(self) -> int:
        return self.clock.now()

    # What dialogues ask for.

    def stage(self, config: Config) -> None:
        self._work().stage(config)

    def commit(self, comment: str) -> Revision:
        work = self._work()
        try:
            revision = self._stored().commit(work.base, work.pending, _login_name(), comment)
        except CommitRefused as refusal:
            self._catch_up(work, refusal)
            raise
        work.committed_as(revision)
        self._seen = self._signature()
        return revision

    def clear(self) -> int:
        self._work().clear()
        self.refresh()
        return self.clock.now()

    def flush(self) -> None:
        self.conversations.flush()

    def leave(self) -> None:
        self.left = True

    def note(self, name: str) -> None:
        self.names.pop(name, None)
        self.names[name] = None

    def converse(self, steps: Steps[R], listen: Callable[[Any], None]) -> R:
        return self.conversations.hold(self.world, steps, listen)

    def show(self, record: Any) -> None:
        self.output.show(record)

    # What the shell needs besides.

    @property
    def cost(self) -> Cost:
        return self.conversations.cost

    @property
    def clock(self) -> Clock:
        if self._clock is None and self.options.world == "replay":
            self._replay()
        if self._clock is None:
            from esashell.clock import SystemClock

            self._clock = SystemClock()
        return self._clock

    @property
    def world(self) -> World:
        if self._world is None and self.options.world == "replay":
            self._replay()
        if self._world is None:
            if self._make_world is None:
                from esashell.shell.worlds import make_world

                self._make_world = make_world
            self._world = self._make_world(self.options, self.clock)
            if self.options.record is not None:
                self._record(self._world)
        return self._world

    @property
    def memory(self) -> str:
        """The folder of what outlives a session: `folder`, but a replay's dies with it."""
        if self._memory is None:
            self._memory = self.folder
            if self.options.world == "replay":
                from esashell.shell.taped import own_memory

                self._memory = own_memory(self)
        return self._memory

    def close(self) -> None:
        """End the recording, if there is one; without this it is good up to its last entry."""
        if self._recorder is not None:
            self._recorder.tape.close()

    def _record(self, world: World) -> None:
        from esashell.shell.taped import recorded
        from esashell.shell.worlds import anchors, root_hints

        self._recorder = recorded(
            self.options,
            world,
            self.clock,
            config=self.running,
            believed=anchors(self.options, world),
            hints=root_hints(world),
            memory=self.memory,
        )
        self._world, self._clock = self._recorder, self._recorder.clock

    def _replay(self) -> None:
        from esashell.shell.taped import Replayed

        replay = Replayed(self.options.tape, self.memory)
        self._world, self._clock = replay, replay.clock

    def refresh(self) -> None:
        """Follow what another session has committed, unless something is pending here.

        A file that has been damaged meanwhile is not followed; `commit` will tell.
        """
        from contextlib import suppress

        if self._recorder is not None:
            self._recorder.clock.release()
        seen = self._signature()
        if self._working is None or self.dirty or seen == self._seen:
            return
        with suppress(BadConfiguration):
            self._working.committed_as(self._stored().load())
            self._seen = seen

    def _stored(self) -> Store:
        if self._store is None:
            import time
            from pathlib import Path

            from esashell.config.store import Store
            from esashell.shell.state import in_the_way
            from esashell.shell.worlds import new_appliance

            folder = Path(self.memory, "config")
            if fault := in_the_way(str(folder)):
                raise BadConfiguration(f"{fault}. Move it away.")

            factory = new_appliance(
                self.options, self.world if self.options.world == "replay" else None
            )
            self._store = Store(folder, self.clock, factory, time.sleep)
        return self._store

    def _work(self) -> Working:
        if self._working is None:
            from esashell.config.working import Working

            # The signature first: a commit in between is then noticed once more than needed.
            self._seen = self._signature()
            self._working = Working(self._stored().load())
        return self._working

    def _signature(self) -> tuple[int, ...] | None:
        """What changes whenever the running configuration's file is replaced."""
        try:
            found = os.stat(os.path.join(self.memory, "config", "running.toml"))
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _catch_up(self, work: Working, refusal: CommitRefused) -> None:
        """After a commit that came too late: put the changes on top of what runs now."""
        try:
            revision = self._stored().load()
        except BadConfiguration:
            return
        if revision.number == work.base and revision.config == work.committed:
            return
        base, pending = work.committed, work.pending
        try:
            work.rebase(revision)
        except CommitRefused as conflict:
            from esashell.shell.conflict import told

            lines = told(str(conflict), base, pending, revision.config)
            raise CommitRefused("\n".join((str(refusal), *lines))) from None
        self._seen = self._signature()
        if not work.dirty:
            raise CommitRefused(
                f"{refusal}\nNone is left: revision {revision.number} has them all."
            )
        raise CommitRefused(
            f"{refusal}\nThey now stand on revision {revision.number}: look at them with "
            "'showchanges', then 'commit' again."
        ) from None


def _login_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
