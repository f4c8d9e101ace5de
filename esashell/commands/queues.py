"""The mail that the appliance has to deliver: what the commands about it read and act on.

It is a simulation's, when one is loaded. An appliance on which nothing is simulated is one that
nobody has sent mail to: its counters are at zero, which is what they are, and delivery to it can be
suspended and resumed like on any other.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from esashell.delivery.figures import ApplianceFigures, HostFigures, Queued

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance

ALL = "ALL"
KEPT = "queues"  # the name that a session keeps it under


class Queues(Protocol):
    """An empty domain or sender stands for every one; a count is of recipients."""

    def figures(self) -> ApplianceFigures:
        """All destinations together."""

    def host(self, domain: str) -> HostFigures | None:
        """One destination; None where no mail for it has ever come."""

    def hosts(self) -> Iterable[HostFigures]:
        """Every destination that mail has come for."""

    def queued(self, *, domain: str = "", sender: str = "", limit: int) -> Sequence[Queued]:
        """What waits, the oldest first."""

    def waiting(self, *, domain: str = "", sender: str = "") -> int:
        """How much waits."""

    def delete(self, *, domain: str = "", sender: str = "") -> int:
        """Take it out of the queue; how much that was."""

    def bounce(self, *, domain: str = "", sender: str = "") -> int:
        """Return it to its senders; how much that was."""

    def deliver_now(self, domain: str = "") -> None:
        """Attempt what waits before its time."""

    def suspend(self, domains: Sequence[str]) -> None:
        """Deliver nothing to these domains, or to any (`ALL`)."""

    def resume(self, domains: Sequence[str]) -> None:
        """Deliver to them again."""


class Idle:
    """The queues of an appliance that has no mail."""

    def __init__(self, appliance: "Appliance") -> None:
        self._appliance = appliance
        self._suspended: dict[str, None] = {}

    def figures(self) -> ApplianceFigures:
        it = self._appliance
        since = min(it.begun, it.now)
        return ApplianceFigures(it.now, since, suspended=tuple(self._suspended))

    def host(self, domain: str) -> HostFigures | None:
        return None

    def hosts(self) -> Iterable[HostFigures]:
        return ()

    def queued(self, *, domain: str = "", sender: str = "", limit: int) -> Sequence[Queued]:
        return ()

    def waiting(self, *, domain: str = "", sender: str = "") -> int:
        return 0

    def delete(self, *, domain: str = "", sender: str = "") -> int:
        return 0

    def bounce(self, *, domain: str = "", sender: str = "") -> int:
        return 0

    def deliver_now(self, domain: str = "") -> None:
        """There is nothing to be attempted."""

    def suspend(self, domains: Sequence[str]) -> None:
        self._suspended.update(dict.fromkeys(domains))

    def resume(self, domains: Sequence[str]) -> None:
        if ALL in domains:
            self._suspended.clear()
        for each in domains:
            self._suspended.pop(each, None)


def queues(appliance: "Appliance") -> Queues:
    """The simulation's queues, or those of an appliance without mail."""
    if appliance.simulation is not None:
        return appliance.simulation
    found = appliance.kept.get(KEPT)
    if not isinstance(found, Idle):
        found = appliance.kept[KEPT] = Idle(appliance)
    return found


def simulation_name(appliance: "Appliance") -> str:
    """What is simulated; "" for nothing."""
    return "" if appliance.simulation is None else appliance.simulation.scenario.name
