"""The root's keys, followed in virtual time (RFC 5011): what is believed while a simulation runs.

A simulation begins with the keys that its lab's root has at that moment. When it is time, by the
clock of the simulation, they are asked for before the next look-up, and what was learnt is
believed: a new key after thirty days, a revoked one no more.
"""

from esashell.clock import SECOND
from esashell.resolver.anchors import Anchor
from esashell.resolver.budget import Work
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import ROOT
from esashell.resolver.rollover import TrustPoint, anchor_of, is_due, trust_point
from esashell.resolver.sighting import refresh
from esashell.steps import World, run


class RootKeys:
    """The root's keys as one appliance of a simulation knows them."""

    def __init__(self) -> None:
        self.point: TrustPoint | None = None

    def believe(self, resolver: Resolver) -> None:
        """Let a resolver believe what is known; the first one says what there is to begin with."""
        root = next((each for each in resolver.anchors if each.zone == ROOT), None)
        if root is None:
            return
        if self.point is None:
            self.point = trust_point(root, resolver.clock.now() // SECOND)
        self._replace(resolver, anchor_of(self.point, root.note))

    def follow(self, resolver: Resolver, world: World) -> bool:
        """Ask for the root's keys if it is time; whether something else is believed since."""
        point = self.point
        if point is None or not is_due(point, resolver.clock.now() // SECOND):
            return False
        before = anchor_of(point)
        work = Work(resolver.budget, resolver.effort)
        asking = refresh(point, resolver.source, resolver.clock, work, resolver.policy)
        with world.session() as session:
            self.point = run(asking, session).point
        after = anchor_of(self.point)
        if after == before:
            return False
        self._replace(resolver, after)
        # What a key that was revoked has signed is not to be believed any more.
        resolver.cache.clear()
        return True

    def _replace(self, resolver: Resolver, anchor: Anchor) -> None:
        resolver.anchors = tuple(anchor if each.zone == ROOT else each for each in resolver.anchors)
