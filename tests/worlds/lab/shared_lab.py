"""One lab for the tests that only look, and the things they look with."""

from functools import cache

from esashell.clock import FixedClock
from esashell.resolver.answer import Answer
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import type_number
from esashell.resolver.wire import Message, parse, query
from esashell.steps import run
from esashell.worlds.lab.world import Lab

NOON = 1_750_248_000_000_000  # 2025-06-18 12:00 UTC
CAPABLE, STRIPS, SILENT, SERVFAIL = "194.191.40.83", "192.0.2.53", "192.0.2.54", "192.0.2.55"
ROOT_SERVER, TLD_SERVER, HOSTING = "192.0.2.1", "192.0.2.5", "192.0.2.11"


@cache
def lab() -> Lab:
    return Lab(FixedClock(NOON))


def ask(server: str, qname: str, rdtype: str, world: Lab | None = None) -> Message:
    """The parsed reply of one of the lab's servers to a query with DO."""
    wire = query(name_from_text(qname), type_number(rdtype))
    reply = parse((world or lab()).ask(server, wire))
    if reply.flags & 0x0200:
        reply = parse((world or lab()).ask(server, wire, True))
    return reply


def look_up(qname: str, rdtype: str, world: Lab | None = None, server: str = CAPABLE) -> Answer:
    """What our own validator makes of it, from an empty cache."""
    world = world or lab()
    resolver = Resolver([Server(server, 1)], [world.anchor], world.clock)
    with world.session() as session:
        return run(resolver.look_up(name_from_text(qname), type_number(rdtype)), session)
