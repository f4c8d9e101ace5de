"""What a session's appliance stands in: its time, its world, and the folder it remembers in.

Each is there from when it is first wanted. A world that is recorded is put together with the clock
that writes its tape; a recording that is played brings its own clock, and a folder that dies with
the session. So whoever wants both takes the world first.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from esashell.clock import Clock
    from esashell.config.tree import Config
    from esashell.shell.options import Options
    from esashell.steps import World
    from esashell.worlds.recorder import Recorder


class Surroundings:
    """`folder` is the appliance's state; `make_world` is called when the world is first wanted."""

    def __init__(
        self,
        options: Options,
        folder: str,
        *,
        clock: Clock | None = None,
        make_world: Callable[[Options, Clock], World] | None = None,
    ) -> None:
        self.options = options
        self._folder = folder
        self._clock = clock
        self._make_world = make_world
        self._world: World | None = None
        self._recorder: Recorder | None = None
        self._memory: str | None = None

    @property
    def clock(self) -> Clock:
        if self._clock is None and self.replays:
            self._replay()
        if self._clock is None:
            from esashell.clock import SystemClock

            self._clock = SystemClock()
        return self._clock

    @property
    def world(self) -> World:
        if self._world is None and self.replays:
            self._replay()
        if self._world is None:
            if self._make_world is None:
                from esashell.shell.worlds import make_world

                self._make_world = make_world
            self._world = self._make_world(self.options, self.clock)
        return self._world

    @property
    def memory(self) -> str:
        """The folder of what outlives a session: the appliance's own, but a replay's dies with
        it."""
        if self._memory is None:
            self._memory = self._folder
            if self.replays:
                from esashell.shell.taped import own_memory

                self._memory = own_memory(self)
        return self._memory

    @property
    def replays(self) -> bool:
        return self.options.world == "replay"

    @property
    def moment(self) -> int:
        """The time, without what a clock would import where nothing has wanted one yet."""
        if self._clock is not None:
            return self._clock.now()
        import time

        return time.time_ns() // 1000

    @property
    def to_be_recorded(self) -> bool:
        """Whether a recording is wanted that has not begun."""
        return self.options.record is not None and self._recorder is None and not self.replays

    def record(self, config: Config) -> None:
        """Begin it; this configuration runs."""
        from esashell.shell.taped import recorded
        from esashell.shell.worlds import anchors, root_hints

        world = self.world
        self._recorder = recorded(
            self.options,
            world,
            self.clock,
            config=config,
            believed=anchors(self.options, world),
            hints=root_hints(self.options, world),
            memory=self.memory,
        )
        self._world, self._clock = self._recorder, self._recorder.clock

    def factory(self) -> Config:
        """What a new appliance has in this world."""
        from esashell.shell.worlds import new_appliance

        return new_appliance(self.options, self.world if self.replays else None)

    def between_commands(self) -> None:
        """Let a recorded clock go on, which stands still while a command runs."""
        if self._recorder is not None:
            self._recorder.clock.release()

    def close(self) -> None:
        """End the recording; without this it is good to its last entry."""
        if self._recorder is not None:
            self._recorder.tape.close()

    def _replay(self) -> None:
        from esashell.shell.taped import Replayed

        replay = Replayed(self.options.tape, self.memory)
        self._world, self._clock = replay, replay.clock
