"""One appliance of a simulation, as a session is it: its store, its history and its logs.

A simulation of several tiers has several. Each has a folder of its own, from when the session is it
for the first time.

Two sides change its configuration: the operator by `commit`, and the scenario, whose changes are
put into the store as another session would put them there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from esashell.clock import FixedClock
from esashell.config.store import Store
from esashell.delivery.statusline import status_taken
from esashell.events import DnsAsked, Event, Remarked
from esashell.shell.conversations import Conversations
from esashell.shell.interrupts import held_back
from esashell.shell.parts import Parts
from esashell.shell.surroundings import Surroundings
from esashell.simulate.happenings import MEANINGS, What
from esashell.simulate.run import Moved, Simulation
from esashell.simulate.story import Story
from esashell.simulate.volume import volume_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from esashell.clock import Clock
    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.logs.subscriptions import Subscriptions
    from esashell.resolver.budget import Effort
    from esashell.resolver.rollover import TrustPoint
    from esashell.shell.options import Options
    from esashell.steps import Steps, World

    R = TypeVar("R")

SCENARIO = "scenario"  # who commits what a scenario changes
WATCHED = 10_000  # queues whose sums are taken for the status log; of more it would cost too much


class _Clock:
    """The simulation's time, also after it has begun again with a clock of its own."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def now(self) -> int:
        return self._simulation.clock.now()


class SimulatedSurroundings(Surroundings):
    """Where a simulation's appliance stands; a new one has the configuration that it began with."""

    def __init__(self, options: Options, folder: str, simulation: Simulation) -> None:
        super().__init__(options, folder, clock=_Clock(simulation))
        self._simulation = simulation
        self._factory = simulation.config

    @property
    def world(self) -> World:
        # Another one after a simulation has begun again.
        return self._simulation.world

    def factory(self) -> Config:
        return self._factory


class SimulatedConversations(Conversations):
    """Conversations by the resolver that the simulation's deliveries have, with its cache.

    A run is interrupted where everything before is settled, and nowhere else.
    """

    def __init__(
        self, options: Options, simulation: Simulation, hear: Callable[[Any], None]
    ) -> None:
        super().__init__(options)
        self._simulation = simulation
        self._hear = hear

    def hold(self, world: World, steps: Steps[R], listen: Callable[[Any], None]) -> R:
        with held_back() as let_through:

            def heard(told: Any) -> None:
                listen(told)
                self._hear(told)
                let_through()

            return super().hold(world, steps, heard)

    def sender(self, config: Config, world: World, clock: Clock, memory: str) -> Sender:
        return self._simulation.sender

    def flush(self) -> None:
        self._simulation.sender.resolver.flush()

    @property
    def effort(self) -> Effort:
        return self._simulation.sender.resolver.effort

    @property
    def trust_point(self) -> TrustPoint | None:
        return self._simulation.trust_point


class SimulatedAppliance:
    """The appliance that the simulation is about when this is made."""

    def __init__(
        self,
        simulation: Simulation,
        options: Options,
        folder: str,
        login: Callable[[], str],
        tell: Callable[[str], None],
    ) -> None:
        self.simulation = simulation
        self.folder = folder
        surroundings = SimulatedSurroundings(options, folder, simulation)
        conversations = SimulatedConversations(options, simulation, self._take_status)
        self.parts = Parts(surroundings, conversations, login, tell)
        self._agreed = simulation.config
        self._story: Story | None = None
        self._written = simulation.begun
        self._taken: list[tuple[int, Event]] = []

    def _take_status(self, told: Any) -> None:
        """Part of a run is over: the status log has a line for it."""
        it = self.simulation
        if isinstance(told, Moved) and len(it.lanes()) <= WATCHED:
            self._taken.append((told.now, status_taken(it.figures())))

    def agree(self) -> None:
        """Let the simulation and the store have the same configuration, the later one."""
        workbench = self.parts.workbench
        if self.simulation.config != self._agreed:
            self._agreed = self.simulation.config
            self._take_over()
        elif (running := workbench.running) != self._agreed:
            self.simulation.reconfigure(running, workbench.head.comment)
            self._agreed = running

    def _take_over(self) -> None:
        """Commit what the scenario has committed, at its own time, as another session would."""
        parts = self.parts
        committed = MEANINGS[What.COMMIT]
        when, text = next(
            (each for each in reversed(self.simulation.events()) if each[1].startswith(committed)),
            (self.simulation.now, ""),
        )
        clock = FixedClock(min(when, self.simulation.now))
        store = Store(Path(self.folder, "config"), clock, parts.surroundings.factory())
        comment = text.removeprefix(committed).removeprefix(": ")
        made = store.commit(store.load().number, self._agreed, SCENARIO, comment)
        parts.logbook.committed(made.config, made.comment, made.number, made.when)
        parts.workbench.refresh()

    def write_logs(self) -> None:
        """Put what has happened since the last time into the logs."""
        it = self.simulation
        if it.now < self._written:
            self._begin_logs_anew()
        if it.now == self._written:
            return
        self._written = it.now
        logs = self.parts.logbook.following(self.parts.workbench.running, it.begun)
        if self._story is None:
            self._story = self._new_story(logs)
        taken, self._taken = self._taken, []
        for when, event in (*self._story.tell(it.now), *taken):
            logs.record(event, when)
        logs.flush(it.now)

    def _new_story(self, logs: Subscriptions) -> Story:
        """A story that begins with a remark on how much it tells."""
        it = self.simulation
        lanes = it.lanes()
        messages = sum(each.stream.come(it.end) for each in lanes)
        story = Story(
            lanes,
            lambda: it.config,
            it.begun,
            volume_for(messages),
            trails=lambda: logs.wants(DnsAsked),
        )
        logs.record(Remarked(story.remark(messages)), it.begun)
        return story

    def mid_of(self, place: int, number: int) -> int:
        """The MID of a message, as the logs have it."""
        self.write_logs()
        return self._story.mid(place, number) if self._story is not None else 0

    def numbers(self) -> tuple[int, int, int]:
        """The MID, ICID and DCID that were given last."""
        self.write_logs()
        if self._story is None:
            return 0, 0, 0
        given = self._story.numbers
        return given.mid, given.icid, given.dcid

    def _begin_logs_anew(self) -> None:
        """The simulation has begun again, and what was written has not happened yet."""
        shutil.rmtree(os.path.join(self.folder, "logs"), ignore_errors=True)
        self._story, self._written, self._taken = None, self.simulation.begun, []
        self.parts.renew_logbook()
