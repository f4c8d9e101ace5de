"""What a session has seen of destinations for its plans, and the notes of it that outlive it.

It holds only for what the running configuration is shown: with other resolvers, another name or
other TLS of ours the same destinations may look different. So those have notes of their own.
"""

from typing import TYPE_CHECKING

import msgspec

from esashell.simulate.evidence import Seen, Way, class_line, look_line, read_lines

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance, Notes
    from esashell.config.tree import Config
    from esashell.delivery.observation import Observation

KEPT = "observations"  # the name that a session keeps them under
FEW = 20  # observations that may be lost when the program is killed


class Observations:
    """`seen` by this configuration; `notes` are None where nothing is to outlive the session."""

    def __init__(self, shown_to: tuple[object, ...], notes: "Notes | None") -> None:
        self.shown_to = shown_to
        self.seen = Seen()
        self._notes = notes
        self._written: set[int] = set()
        self._lines: list[str] = []
        self._looks = 0
        self.fault = ""
        if notes is not None:
            read_lines(notes.read(), self.seen)
            self._written = set(range(len(self.seen.forms)))

    def add(self, domain: str, way: Way, observation: "Observation") -> None:
        look = self.seen.add(domain, way, observation)
        if self._notes is None:
            return
        form = self.seen.forms[look.number]
        if look.number not in self._written:
            self._written.add(look.number)
            self._lines.append(class_line(form))
        self._lines.append(look_line(domain, way, look.when, form))
        self._looks += 1
        if self._looks >= FEW:
            self.keep()

    def keep(self) -> None:
        """Write down what was added."""
        lines, self._lines, self._looks = self._lines, [], 0
        if self._notes is not None and lines:
            self.fault = self._notes.add(lines)


def shown_to(config: "Config") -> tuple[object, ...]:
    """What of a configuration decides what is shown to it: whom it asks, and who it says it is."""
    return (
        config.hostname,
        config.interfaces,
        config.dns,
        config.delivery.interface,
        config.ssl.outbound,
        config.authorities,
    )


def observations(appliance: "Appliance") -> Observations:
    """What was seen by the running configuration so far."""
    shown = shown_to(appliance.running)
    found = appliance.kept.get(KEPT)
    if not isinstance(found, Observations) or found.shown_to != shown:
        about = msgspec.json.encode(shown).decode()
        found = appliance.kept[KEPT] = Observations(shown, appliance.notes(KEPT, about))
    return found
