"""In which order hosts are tried: by preference, and among equals by lot (RFC 5321 5.1).

The lot is drawn from a seed that is handed in, so that a delivery can be repeated: for each seed
and domain the order is the same on every machine.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Iterable

from msgspec import Struct

from esashell.config.model.routes import SmtpRoute, route_host
from esashell.delivery.destinations import MxHost
from esashell.delivery.evidence import Address
from esashell.resolver.answer import Security
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import RRType


class Hop(Struct, frozen=True):
    """One destination of a route: an address, or a name that may be `forced` to its addresses."""

    port: int
    name: Name | None = None
    forced: bool = False
    address: Address | None = None


# Postfix looks at 5 addresses of a delivery, others at 16 hosts; a domain may not cost more.
MOST_HOSTS = 20


def drawn(hosts: Iterable[MxHost], seed: int, domain: Name) -> tuple[MxHost, ...]:
    """The hosts by preference, and equals by lot, as RFC 5321 5.1 demands."""
    draw = _lot(seed, domain)
    return tuple(sorted(hosts, key=lambda it: (it.preference, draw(str(it.name)))))


def in_order(hosts: Iterable[MxHost], seed: int, domain: Name, own_name: str) -> tuple[MxHost, ...]:
    """The hosts to be tried, best first; none where the best is ourselves.

    RFC 5321 5.1: where we are in the list, we and all that are no better are left out, or mail
    would go round in a circle.
    """
    ordered = drawn(hosts, seed, domain)
    ours = [each.preference for each in ordered if str(each.name) == own_name.lower()]
    return tuple(each for each in ordered if not ours or each.preference < min(ours))


def hops(route: SmtpRoute, seed: int, domain: Name) -> tuple[Hop, ...]:
    """The destinations of a route to hosts, best priority first."""
    draw = _lot(seed, domain)
    read = [(route_host(each), each) for each in route.destinations]
    read.sort(key=lambda pair: (pair[0].priority, draw(pair[1])))
    found = []
    for host, _ in read:
        if host.is_address:
            six = ipaddress.ip_address(host.host).version == 6
            rdtype = RRType.AAAA if six else RRType.A
            found.append(Hop(host.port, address=Address(host.host, rdtype, Security.INSECURE)))
        else:
            found.append(Hop(host.port, name_from_text(host.host), host.bracketed))
    return tuple(found)


def _lot(seed: int, domain: Name) -> Callable[[str], bytes]:
    start = b"%d/%s/" % (seed, bytes(domain))
    return lambda text: hashlib.blake2b(start + text.encode(), digest_size=8).digest()
