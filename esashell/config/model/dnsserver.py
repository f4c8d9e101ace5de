"""Where the appliance asks its DNS questions (`dnsconfig`)."""

from msgspec import Struct


class DnsServer(Struct, frozen=True, forbid_unknown_fields=True):
    """A local DNS cache server. 0 is the highest priority; equals are chosen among at random."""

    address: str
    priority: int = 0


class DnsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The resolvers and what goes with them; times in seconds."""

    servers: tuple[DnsServer, ...] = ()
    minimum_ttl: int = 1800
    reverse_timeout: int = 20
