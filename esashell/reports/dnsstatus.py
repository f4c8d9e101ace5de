"""The counters of the DNS cache, as `dnsstatus` shows them.

| counter | here |
|---|---|
| DNS Requests | look-ups that the appliance asked its resolver for |
| Network Requests | messages sent to servers for them |
| Cache Hits | look-ups answered out of the cache |
| Cache Misses | look-ups for something that was not in the cache |
| Cache Exceptions | look-ups that ended without an answer that can be used |
| Cache Expired | look-ups for something that had been in the cache for too long |

The six names are the appliance's; what exactly it counts under them is not published, least of all
for exceptions. Of its three columns, Uptime is since the session began, an emulated appliance being
up while its shell runs, and Lifetime is over all of its sessions. Reset is since somebody reset the
counters, which nothing here does yet, so it says what Lifetime says.
"""

from collections.abc import Iterator

from esashell.reports.evidence import Document, moment
from esashell.resolver.budget import Effort

SCHEMA = "esashell.dnsstatus"
VERSION = 1


def counters(effort: Effort) -> dict[str, int]:
    """The six counters by their names, in their order."""
    return {
        "DNS Requests": effort.cache_hits + effort.cache_misses,
        "Network Requests": effort.queries,
        "Cache Hits": effort.cache_hits,
        "Cache Misses": effort.cache_misses - effort.cache_expired,
        "Cache Exceptions": effort.failures,
        "Cache Expired": effort.cache_expired,
    }


def status_lines(uptime: Effort, lifetime: Effort) -> Iterator[str]:
    """The table, heads included; `lifetime` includes what is in `uptime`."""
    yield f"{'Counters:':<21}{'Reset':>14}{'Uptime':>14}{'Lifetime':>14}"
    life = counters(lifetime)
    for name, count in counters(uptime).items():
        yield f"  {name:<19}{life[name]:>14,}{count:>14,}{life[name]:>14,}"


def status_document(uptime: Effort, lifetime: Effort, when: int) -> Document:
    """The counters for machines; `counters` are those of the session."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(when),
        "counters": _named(uptime),
        "lifetime": _named(lifetime),
    }


def _named(effort: Effort) -> Document:
    named = {name.lower().replace(" ", "_"): count for name, count in counters(effort).items()}
    return {**named, "signature_verifications": effort.verifications}
