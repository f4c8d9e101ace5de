"""Which entry of a table is for a domain: its own, one of the nearest `.domain` above, or the rest.

Destination controls and SMTP routes are found in the same way. The tables are indexed once, so that
a look-up takes as many steps as the name has labels, however long the table is. Names are compared
in lower case and without a final dot.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from msgspec import Struct

from esashell.config.apart import LONG, exchanged
from esashell.config.model.destination import DefaultControl, DestinationControl
from esashell.config.model.destination import DestinationControls as Table
from esashell.config.model.routes import ALL, DEV_NULL, USEDNS, SmtpRoute

E = TypeVar("E", bound=DestinationControl | SmtpRoute)


# The indices of the long tables that were made last, each with what it is of.
_made: deque[tuple[tuple[DestinationControl | SmtpRoute, ...], dict[str, Any]]] = deque(maxlen=4)


def index(entries: Iterable[E]) -> dict[str, E]:
    """Entries by what they are for, in lower case; of two for the same the first counts.

    Not to be changed. Of a table that has most of its entries in common with the last one asked
    for, only the others are gone through.
    """
    table = tuple(entries)
    for known, found in _made:
        if known is table:
            return found
    found = next((it for it in (_follows(each, table) for each in _made) if it), {})
    if not found:
        for each in table:
            found.setdefault(each.domain.lower(), each)
    if len(table) >= LONG:
        _made.appendleft((table, found))
    return found


def _follows(
    last: tuple[tuple[DestinationControl | SmtpRoute, ...], dict[str, E]], table: tuple[E, ...]
) -> dict[str, E] | None:
    """The table's index, made of that of another one, if that is little work."""
    known, found = last
    if len(table) < LONG or type(known[0]) is not type(table[0]) or len(found) < len(known):
        return None
    gone, come = exchanged(known, table)
    if len(come) > len(table) // 8:
        return None
    found = found.copy()
    for each in gone:
        del found[each.domain.lower()]
    for each in come:
        found.setdefault(each.domain.lower(), each)
    return found if len(found) == len(table) else None


class Patterns(Generic[E]):
    """Entries, to be found by a domain."""

    def __init__(self, entries: Iterable[E]) -> None:
        self._entries = index(entries)
        self._tops = "\n." in "\n".join(["", *self._entries])

    def nearest(self, domain: str) -> E | None:
        """The entry for a domain, or for all below one (`.domain`), which one of a domain of that
        name is not for."""
        if not self._tops:
            return self._entries.get(domain.lower().removesuffix("."))
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
        self._patterns = Patterns(entries)
        self._rest = index(entries).get(ALL.lower())

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


def candidates(host: str, search: tuple[str, ...]) -> tuple[str, ...]:
    """The names that a host may have been meant by, best first: what has no dot is sought in the
    domains of the search list before it counts as a whole name."""
    if "." in host or ":" in host:
        return (host,)
    return (*(f"{host}.{domain}" for domain in search), host)
