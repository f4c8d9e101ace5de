"""Where the appliance asks its DNS questions (`dnsconfig`).

An appliance with `servers` asks those; without any it asks the Internet's root servers and finds
its way down itself, as a new one does. In both cases the servers of `alternates` are asked about
their domains instead: resolvers in the one case, the domain's own servers in the other.
"""

from msgspec import Struct


class DnsServer(Struct, frozen=True, forbid_unknown_fields=True):
    """A local DNS cache server. 0 is the highest priority; equals are chosen among at random."""

    address: str
    priority: int = 0


class AlternateServer(Struct, frozen=True, forbid_unknown_fields=True):
    """A server for one domain. It has a name only where the root servers are asked otherwise."""

    address: str
    name: str = ""


class AlternateDomain(Struct, frozen=True, forbid_unknown_fields=True):
    """A domain, with all below it, that is looked up at servers of its own.

    What they say is validated like anything else, unless `validate` is off: for a private domain
    that the public DNS proves not to exist, or has a signed one of the same name.
    """

    domain: str
    servers: tuple[AlternateServer, ...] = ()
    validate: bool = True


class DnsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The resolvers and what goes with them; times in seconds.

    `search` are the domains that a name without a dot is tried in, in that order, before it is
    taken for a whole name.
    `sha1` is not the appliance's: whether zones signed with SHA-1 (algorithms 5 and 7) are
    validated, as RFC 8624 had it, or count as unsigned, as RFC 9905 wants. Nor is `digest_agility`:
    whether of several digests in a TLSA set only the strongest counts (RFC 7671 9).
    """

    servers: tuple[DnsServer, ...] = ()
    minimum_ttl: int = 1800
    reverse_timeout: int = 20
    alternates: tuple[AlternateDomain, ...] = ()
    sha1: bool = False
    digest_agility: bool = True
    search: tuple[str, ...] = ()
