"""Sessions that are recorded, and sessions that are replayed (`--record`, `--world replay:FILE`).

A replay is an appliance that has never existed: it begins with the settings that the recorded one
had when recording began, believes what that believed, has its time, and forgets everything at its
end. Only so do the same commands ask the same questions. It is not a copy of the appliance: of the
configuration a tape holds what questions depend on, and the rest is the factory's.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from esashell import __version__
from esashell.config.codec import decode, encode
from esashell.config.model.destination import (
    DefaultControl,
    DestinationControl,
    DestinationControls,
)
from esashell.config.tree import Config
from esashell.errors import BadConfiguration
from esashell.resolver.anchors import Anchor, BadAnchor, anchor_text, anchors_from_text
from esashell.shell import certificates
from esashell.worlds.recorder import Recorder
from esashell.worlds.replay import Replay
from esashell.worlds.tape import Header, moment
from esashell.worlds.tapefile import BadTape, TapeWriter, read_tape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    from esashell.clock import Clock
    from esashell.shell.options import Options
    from esashell.steps import World

    E = TypeVar("E", DefaultControl, DestinationControl)

# The settings that decide what is asked and said on the network. Of the destination controls only
# what they say about a connection: bounce profiles and certificates are tables of their own.
ASKED_WITH = ("hostname", "dns", "ssl", "authorities", "smtp_routes")
CONNECTED_WITH = ("ip_preference", "tls", "dane")


def recorded(
    options: Options,
    world: World,
    clock: Clock,
    *,
    config: Config,
    believed: Sequence[Anchor],
    hints: Sequence[str],
    memory: str,
) -> Recorder:
    """The world, recorded from now on; raises `RecordingFailed`."""
    assert options.record is not None
    settings = Config(**{name: getattr(config, name) for name in ASKED_WITH})
    settings = replace(settings, destinations=_connected_with(config.destinations))
    header = Header(
        recorded=moment(clock.now()),
        program=__version__,
        world=options.world,
        anchors=tuple(map(anchor_text, believed)),
        root_servers=tuple(hints),
        root_keys=None if options.anchor is not None else _root_keys(memory),
        configuration=encode(settings),
        authorities=_authorities(config, memory),
    )
    return Recorder(world, TapeWriter(options.record, header), clock)


def _connected_with(table: DestinationControls) -> DestinationControls:
    def essential(entry: E) -> dict[str, Any]:
        return {name: getattr(entry, name) for name in CONNECTED_WITH}

    entries = (DestinationControl(each.domain, **essential(each)) for each in table.entries)
    return DestinationControls(DefaultControl(**essential(table.default)), entries=tuple(entries))


def _authorities(config: Config, memory: str) -> str:
    """The list that the operator imported, if it is in use."""
    it = config.authorities
    return certificates.read(memory, it.custom_list) if it.custom else ""


def _root_keys(memory: str) -> str:
    """What is kept about the root's keys (`shell.anchors`); nothing where nothing is."""
    with suppress(OSError, UnicodeDecodeError):
        return Path(memory, "anchors", "root.key").read_text(encoding="utf-8")
    return ""


class Replayed(Replay):
    """The world of a recording, and what its appliance knew; `folder` becomes its memory."""

    def __init__(self, path: str, folder: str) -> None:
        tape = read_tape(path)
        super().__init__(tape)
        header = tape.header
        try:
            self.anchors = tuple(b for a in header.anchors for b in anchors_from_text(a))
        except BadAnchor as error:
            raise BadTape(f"{path}, the header: {error}") from None
        try:
            self.factory = decode(header.configuration, "configuration")
        except BadConfiguration as error:
            raise BadTape(f"{path}, the header: {error}") from None
        self.root_servers = header.root_servers
        self.follows = header.root_keys is not None
        if header.authorities:
            certificates.keep(folder, self.factory.authorities.custom_list, header.authorities)
        if header.root_keys:
            place = Path(folder, "anchors")
            place.mkdir(mode=0o700)
            (place / "root.key").write_text(header.root_keys, encoding="utf-8")


def own_memory(owner: object) -> str:
    """A folder for as long as the owner lives."""
    import shutil
    import tempfile
    import weakref

    folder = tempfile.mkdtemp(prefix="esashell-replay-")
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)
    return os.path.realpath(folder)
