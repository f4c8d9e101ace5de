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
for exceptions. An emulated appliance runs while its shell does and has nothing that resets the
counters, so its three columns say the same: since the session began.
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


def status_lines(effort: Effort) -> Iterator[str]:
    """The table, heads included."""
    yield f"{'Counters:':<21}{'Reset':>14}{'Uptime':>14}{'Lifetime':>14}"
    for name, count in counters(effort).items():
        yield f"  {name:<19}{count:>14,}{count:>14,}{count:>14,}"


def status_document(effort: Effort, when: int) -> Document:
    """The counters for machines."""
    named = {name.lower().replace(" ", "_"): count for name, count in counters(effort).items()}
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(when),
        "counters": {**named, "signature_verifications": effort.verifications},
    }
