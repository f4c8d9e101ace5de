"""The one place that picks a world, and what a new appliance knows in each.

`make_world` is where a lab or a live network is put together from the options; everything above it
sees only `steps.World`. The imports are inside because most command lines never get here.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from esashell.clock import Clock
    from esashell.config.tree import Config
    from esashell.resolver.anchors import Anchor
    from esashell.shell.options import Options
    from esashell.steps import World

# The lab's two DNSSEC-capable resolvers.
LAB_RESOLVERS = ("194.191.40.83", "194.191.40.84")


def make_world(options: Options, clock: Clock) -> World:
    """The world that the options ask for."""
    if options.world == "live":
        from esashell.worlds.live import Live

        return Live(dns_port=options.dns_port, smtp_port=options.smtp_port)
    from pathlib import Path

    from esashell.worlds.lab.world import Lab

    return Lab(clock, scenarios=tuple(map(Path, options.scenarios)))


def anchors(options: Options, world: World) -> tuple[Anchor, ...]:
    """What is believed in this world: the lab's root key, the Internet's, or a file's."""
    from esashell.resolver.anchors import ROOT_ANCHOR
    from esashell.shell.network import anchors_in
    from esashell.shell.taped import Replayed
    from esashell.worlds.lab.world import Lab

    world = _beneath(world)
    if isinstance(world, Replayed):
        return world.anchors
    if options.anchor is not None:
        return anchors_in(options.anchor)
    if isinstance(world, Lab):
        return (world.anchor,)
    return (ROOT_ANCHOR,)


def root_hints(options: Options, world: World) -> tuple[str, ...]:
    """Where iteration begins in this world: the lab's root servers, the Internet's, or a file's."""
    from esashell.resolver.hints import ROOT_SERVERS
    from esashell.shell.network import hints_in
    from esashell.shell.taped import Replayed
    from esashell.worlds.lab.world import Lab

    world = _beneath(world)
    if isinstance(world, Replayed):
        return world.root_servers
    if options.roots is not None:
        return hints_in(options.roots)
    return world.root_servers if isinstance(world, Lab) else ROOT_SERVERS


def follows_root(options: Options, world: World) -> bool:
    """Whether the root's keys are followed (RFC 5011); those of the operator's file are not."""
    from esashell.shell.taped import Replayed

    return world.follows if isinstance(world, Replayed) else options.anchor is None


def lab_domains(world: World) -> tuple[str, ...]:
    """The lab's domains that demonstrate something, but not those that come by the thousand; those
    that a recording is about."""
    from esashell.worlds.lab.world import Lab
    from esashell.worlds.replay import Replay

    world = _beneath(world)
    if isinstance(world, Replay):
        return world.domains
    if not isinstance(world, Lab):
        return ()
    return tuple(each.domain for each in world.domains() if each.count == 1)


def _beneath(world: World) -> World:
    """The world that a recorder listens to, or the world itself."""
    from esashell.worlds.recorder import Recorder

    return world.world if isinstance(world, Recorder) else world


def new_appliance(options: Options, replay: World | None = None) -> Config:
    """The factory's configuration for this world; a replay's is that of its recording."""
    from esashell.config.tree import factory

    if replay is not None:
        from esashell.shell.taped import Replayed

        assert isinstance(replay, Replayed)
        return replay.factory

    from msgspec.structs import replace

    from esashell.config.model.predefined import WIZARDS_LISTENERS

    resolvers = _system_resolvers() if options.world == "live" else LAB_RESOLVERS
    return replace(factory(*resolvers), listeners=WIZARDS_LISTENERS)


def _system_resolvers(path: str = "/etc/resolv.conf") -> tuple[str, ...]:
    """The machine's own resolvers, as a start; without any the root servers are asked."""
    from esashell.config.faults import address_fault

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            words = [line.split() for line in file]
    except OSError:
        return ()
    found = [each[1] for each in words if len(each) > 1 and each[0] == "nameserver"]
    return tuple(dict.fromkeys(each for each in found if not address_fault(each)))
