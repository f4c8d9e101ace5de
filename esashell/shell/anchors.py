"""What the appliance believes of the root: its keys, kept in the state folder and followed there.

    anchors/root.key    the root's keys and what is known of each; text

Where the file is, it counts, and where it is not, the keys that are built in do. When it is time
(the file says when, so a clock is all that is looked at) the root's keys are asked for on the way
of every other question, before the conversation that is about to be held, and what was learnt goes
into the file. A file that is damaged is told with its line and left alone; nothing is looked up
until it is repaired or removed, since what it can no longer say might be that a key was revoked.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from esashell.clock import SECOND
from esashell.config import durable
from esashell.errors import BadConfiguration
from esashell.resolver.anchorfile import LARGEST, decoded, encoded
from esashell.resolver.anchors import BadAnchor
from esashell.resolver.budget import Work
from esashell.resolver.names import ROOT
from esashell.resolver.rollover import TrustPoint, anchor_of, is_due, trust_point
from esashell.resolver.sighting import refresh
from esashell.shell.output import complain
from esashell.steps import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from esashell.clock import Clock
    from esashell.resolver.anchors import Anchor
    from esashell.resolver.lookup import Resolver
    from esashell.steps import Session as Conversation


class RootKeys:
    """The root's keys as this appliance knows them; `built_in` is what it begins with."""

    def __init__(self, folder: str, built_in: Anchor, clock: Clock) -> None:
        self._path = Path(folder, "anchors", "root.key")
        self._built_in = built_in
        self._clock = clock
        self._written = True
        self._point = self._load()

    @property
    def anchor(self) -> Anchor:
        """What is believed now, with a note that names the file and the cure."""
        cure = f"to begin again with the built-in keys, remove {self._path}"
        if not self._point.believed:
            return anchor_of(
                self._point,
                f"every key of the root that this appliance trusted has been revoked, so nothing "
                f"is validated: {cure}",
            )
        return anchor_of(
            self._point,
            "the root has changed its keys while this appliance was not there to follow, or the "
            f"answer was forged: {cure}",
        )

    @property
    def point(self) -> TrustPoint:
        """The keys and what is known of each, as last read or learnt."""
        return self._point

    def follow(self, resolver: Resolver, conversation: Conversation) -> None:
        """Ask for the root's keys if it is time; the resolver believes what is then known."""
        if not is_due(self._point, self._clock.now() // SECOND):
            return
        before = self.anchor
        # Another session of this appliance may have asked meanwhile. What this one knows and could
        # not write down is not given up for an older file, though.
        if self._written:
            self._point = self._load()
        if is_due(self._point, self._clock.now() // SECOND):
            work = Work(resolver.budget, resolver.effort)
            asking = refresh(self._point, resolver.source, self._clock, work, resolver.policy)
            self._point = run(asking, conversation).point
            self._written = self._store()
        after = self.anchor
        if after != before:
            resolver.anchors = tuple(after if each == before else each for each in resolver.anchors)
            # What a key that was revoked has signed is not to be believed any more.
            resolver.cache.clear()

    def _load(self) -> TrustPoint:
        try:
            with open(self._path, "rb") as file:
                point = decoded(file.read(LARGEST + 1))
            if point.zone != ROOT:
                raise BadAnchor("line 4: the zone is not the root.")
        except FileNotFoundError:
            return trust_point(self._built_in, self._clock.now() // SECOND)
        except BadAnchor as error:
            raise BadConfiguration(f"{self._path}, {error} {self._cure()}") from None
        except OSError as error:
            raise BadConfiguration(f"{durable.reason(error)}. {self._cure()}") from None
        return point

    def _cure(self) -> str:
        return f"Repair the file, or move {self._path} away to begin with the built-in keys."

    def _store(self) -> bool:
        """Keep what is known. Where the disk will not, the session goes on without, and says so."""
        try:
            durable.folder(self._path.parent)
            lock = self._path.with_name("lock")
            # Who holds it is writing what the root has said at this very moment: so be it.
            with suppress(durable.Held), durable.alone(lock, str(os.getpid()), time.sleep):
                durable.replace(self._path, encoded(self._point))
        except OSError as error:
            complain(f"esashell: the root's keys cannot be kept: {durable.reason(error)}.")
            return False
        return True
