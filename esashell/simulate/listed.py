"""A list of destinations, in the order of `columns`, with what is known of their mail."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

from esashell.config.model.listeners import Behavior
from esashell.simulate.columns import Rows

NOBODY: Mapping[str, float] = MappingProxyType({})


class Destined(Struct, frozen=True, gc=False):
    """A destination, its messages in an hour, None when nobody knows, and the mail's policy."""

    domain: str
    per_hour: float | None = None
    behavior: Behavior = Behavior.RELAY


class Listed:
    """The list. All of its mail comes in under one kind of policy, which relays as a rule.

    The domains are in small letters, without a dot at the end, each once.
    """

    def __init__(
        self,
        domains: Iterable[str],
        per_hour: Mapping[str, float] = NOBODY,
        behavior: Behavior = Behavior.RELAY,
    ) -> None:
        self.rows = Rows(domains)
        self.per_hour = per_hour
        self.behavior = behavior

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Listed):
            return NotImplemented
        return self is other or (
            self.rows.backwards == other.rows.backwards
            and self.per_hour == other.per_hour
            and self.behavior is other.behavior
        )

    __hash__ = None  # type: ignore[assignment]

    def part(self, rows: Iterable[int]) -> "Listed":
        """Some of its rows as a list."""
        return Listed(map(self.rows.domain, rows), self.per_hour, self.behavior)

    def destined(self, row: int) -> Destined:
        domain = self.rows.domain(row)
        return Destined(domain, self.per_hour.get(domain), self.behavior)
