"""Which entry of a table is for a domain: its own, one of the nearest `.domain` above, or the rest.

Destination controls and SMTP routes are found in the same way. The tables are indexed once, so that
a look-up takes as many steps as the name has labels, however long the table is. Names are compared
in lower case and without a final dot.
"""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from msgspec import Struct

from esashell.config.model.destination import DefaultControl, DestinationControl
from esashell.config.model.destination import DestinationControls as Table
from esashell.config.model.routes import ALL, DEV_NULL, USEDNS, SmtpRoute

E = TypeVar("E", bound=DestinationControl | SmtpRoute)


class Patterns(Generic[E]):
    """Entries by what they are for; of two for the same the first counts."""

    def __init__(self, entries: Iterable[E]) -> None:
        self._entries: dict[str, E] = {}
        for each in entries:
            self._entries.setdefault(each.domain.lower(), each)

    def nearest(self, domain: str) -> E | None:
        """The entry for a domain, or for all below one (`.domain`), which one of a domain of that
        name is not for."""
        return next(filter(None, map(self._entries.get, _patterns(domain))), None)


def _patterns(domain: str) -> Iterator[str]:
    """What an entry for the domain can be called, the nearest first."""
    name = domain.lower().removesuffix(".")
    yield name
    at = name.find(".", 1)
    while at >= 0:
        yield name[at:]
        at = name.find(".", at + 1)


class Routes:
    """The SMTP routes, to be looked up in."""

    def __init__(self, routes: Iterable[SmtpRoute]) -> None:
        entries = tuple(routes)
        self._patterns = Patterns(each for each in entries if each.domain != ALL)
        self._rest = next((each for each in entries if each.domain == ALL), None)

    def route(self, domain: str) -> SmtpRoute | None:
        """The route of the domain; None where its MX records decide."""
        found = self.entry(domain)
        return None if found is None or USEDNS in found.destinations else found

    def entry(self, domain: str) -> SmtpRoute | None:
        """The route that is for the domain, as it was made: one to USEDNS too."""
        return self._patterns.nearest(domain) or self._rest

    def discards(self, domain: str) -> bool:
        """Whether mail for the domain is thrown away."""
        found = self.route(domain)
        return found is not None and DEV_NULL in found.destinations


class Destinations:
    """The destination controls, to be looked up in."""

    def __init__(self, table: Table) -> None:
        self._patterns = Patterns(table.entries)
        self._default = table.default

    def entry(self, domain: str) -> DestinationControl | None:
        """The entry that is for the domain, as it was made."""
        return self._patterns.nearest(domain)

    def control(self, domain: str) -> DefaultControl:
        """What holds for the domain: its entry's settings, and the default's for the others."""
        entry = self.entry(domain)
        return self._default if entry is None else _over(entry, self._default)


def _over(entry: DestinationControl, default: Struct) -> DefaultControl:
    settings = {}
    for name in default.__struct_fields__:
        own = getattr(entry, name)
        settings[name] = getattr(default, name) if own is None else own
    return DefaultControl(**settings)
