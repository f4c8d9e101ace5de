"""What the appliance asks its questions with: the resolver, and who it says it is.

The resolver, with its cache, lives as long as the settings it was made from; a committed change of
`dnsconfig` begins again with an empty cache, so that the next answer is the new resolvers' own.
"""

from pathlib import Path

from esashell.clock import Clock
from esashell.config.tree import Config
from esashell.delivery.verification import Sender
from esashell.errors import OperatorError
from esashell.resolver.anchors import Anchor, anchors_from_text
from esashell.resolver.lookup import Resolver, Server


def resolver(config: Config, anchors: tuple[Anchor, ...], clock: Clock) -> Resolver:
    """A resolver for these settings, with nothing in its cache."""
    servers = [Server(each.address, each.priority) for each in config.dns.servers]
    return Resolver(servers, anchors, clock, minimum_ttl=config.dns.minimum_ttl)


def sender(config: Config, resolver: Resolver, clock: Clock) -> Sender:
    """The appliance as its peers see it."""
    return Sender(resolver, clock, helo=config.hostname)


def anchors_in(path: str) -> tuple[Anchor, ...]:
    """The trust anchors in a file of DS or DNSKEY records."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} cannot be read: {error}") from None
    found = anchors_from_text(text)
    if not found:
        raise OperatorError(f"{path} holds no trust anchor.")
    return found
