"""A simulation that a session has loaded: an appliance of its own, as a replay is.

It has a time and a world of its own, and a folder that dies with it: a store, a history, logs. So
what is committed while it is loaded is the simulation's, at the simulation's time, and the
appliance that was there before is given back untouched. Only the folder for imports and exports
stays the session's, so that a configuration that proved itself can be carried over.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.errors import OperatorError
from esashell.shell import certificates
from esashell.shell.network import resolver, sender
from esashell.shell.simulated_appliance import SimulatedAppliance
from esashell.simulate.run import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable

    from esashell.clock import Clock
    from esashell.config.tree import Config
    from esashell.delivery.verification import Sender
    from esashell.shell.options import Options
    from esashell.shell.parts import Parts
    from esashell.simulate.scenario import Scenario
    from esashell.worlds.lab.world import Lab

CERTIFICATES = "certificates"


class Simulated:
    """The simulation, and its appliances as far as the session has been one of them."""

    def __init__(
        self,
        scenario: Scenario,
        options: Options,
        live: Parts,
        login: Callable[[], str],
        tell: Callable[[str], None],
    ) -> None:
        if options.world != "lab":
            raise OperatorError("Error: A simulation needs the lab: start esashell --world lab.")
        self._kept = os.path.join(live.surroundings.memory, CERTIFICATES)
        self._folder = os.path.realpath(tempfile.mkdtemp(prefix="esashell-simulation-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._login, self._tell = login, tell
        self._options = copy(options)
        self._options.record = None
        more = tuple(map(Path, options.scenarios))
        whole = replace(scenario, lab=(*more, *scenario.lab))
        self.simulation = Simulation(whole, self._sender, live.workbench.pending)
        self.simulation.mid_of = self._mid_of
        self.simulation.numbers = self._numbers
        self._appliances: dict[str, SimulatedAppliance] = {}

    def _sender(self, config: Config, world: Lab, clock: Clock) -> Sender:
        found = resolver(config, (world.anchor,), clock, world.root_servers)
        beside = os.path.dirname(self._kept)
        return sender(config, found, clock, lambda name: certificates.read(beside, name))

    @property
    def appliance(self) -> SimulatedAppliance:
        """The one that the session is at present."""
        tier = self.simulation.tier or self.simulation.tiers[-1]
        if tier not in self._appliances:
            folder = os.path.join(self._folder, str(len(self._appliances)))
            os.mkdir(folder)
            if os.path.isdir(self._kept):
                shutil.copytree(self._kept, os.path.join(folder, CERTIFICATES))
            self._appliances[tier] = SimulatedAppliance(
                self.simulation, self._options, folder, self._login, self._tell
            )
        return self._appliances[tier]

    def _mid_of(self, place: int, number: int) -> int:
        return self.appliance.mid_of(place, number)

    def _numbers(self) -> tuple[int, int, int]:
        return self.appliance.numbers()

    def close(self) -> None:
        """It has ended, and its folder goes."""
        self._remove()
