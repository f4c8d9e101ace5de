"""Simulations for tests: a new appliance in the lab, and scenarios written in place."""

from msgspec.structs import replace

from esashell.clock import FixedClock
from esashell.config.model.predefined import WIZARDS_LISTENERS
from esashell.config.tree import Config, factory
from esashell.delivery.verification import Sender
from esashell.shell import network
from esashell.shell.worlds import LAB_RESOLVERS
from esashell.simulate.run import Simulation
from esashell.simulate.scenario import built_in_scenario, read_scenario
from esashell.simulate.traffic import HOUR
from esashell.worlds.lab.world import Lab

BASE = replace(factory(*LAB_RESOLVERS), listeners=WIZARDS_LISTENERS)
DANE = '[configuration.destinations.default]\ntls = "Preferred"\ndane = "Opportunistic"\n'


def sender_for(config: Config, lab: Lab, clock: FixedClock) -> Sender:
    resolver = network.resolver(config, (lab.anchor,), clock, lab.root_servers)
    return network.sender(config, resolver, clock)


def simulation(text: str) -> Simulation:
    return Simulation(read_scenario(text, "test.toml"), sender_for, BASE)


def built(name: str) -> Simulation:
    scenario = built_in_scenario(name)
    assert scenario is not None
    return Simulation(scenario, sender_for, BASE)


def hours(simulation: Simulation, instant: int | None) -> float | None:
    """An instant as hours from the beginning."""
    return None if instant is None else round((instant - simulation.begun) / HOUR, 2)
