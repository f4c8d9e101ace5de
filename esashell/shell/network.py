"""What the appliance asks its questions with: the resolver, and who it says it is.

With servers of its own it asks those; without any, the root servers and on from there. Alternate
domains are asked at theirs in both cases, as resolvers in the one and as the domain's own servers
in the other. They are validated like everything else. Believing a domain less, because it has
servers of its own, would take DANE from every signed one among them without a word; so it is the
operator who says so, domain by domain, and `validate = false` becomes a trust anchor without a key
(RFC 7646), as others have it (unbound's domain-insecure).

The resolver, with its cache, lives as long as the settings it was made from; a committed change of
`dnsconfig` begins again with an empty cache, so that the next answer is the new resolvers' own.
"""

from collections.abc import Sequence
from pathlib import Path

from esashell.clock import Clock
from esashell.config.tree import Config
from esashell.delivery.verification import Sender
from esashell.errors import OperatorError
from esashell.resolver.anchors import Anchor, anchors_from_text
from esashell.resolver.exchange import Source
from esashell.resolver.forward import Forwarder
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.split import Split


def resolver(
    config: Config, anchors: Sequence[Anchor], clock: Clock, hints: Sequence[str]
) -> Resolver:
    """A resolver for these settings, with nothing in its cache; `hints` are the root servers."""
    dns = config.dns
    alternates = {name_from_text(each.domain): each for each in dns.alternates}
    local = [Anchor(name) for name, each in alternates.items() if not each.validate]
    addresses = {name: [s.address for s in each.servers] for name, each in alternates.items()}
    source: Source
    to: dict[Name, Source]
    if dns.servers:
        own = [Server(each.address, each.priority) for each in dns.servers]
        source = Forwarder(own, clock)
        to = {n: Forwarder(list(map(Server, each)), clock) for n, each in addresses.items()}
    else:
        source = Iterator({**root_servers(hints), **addresses}, clock)
        to = dict.fromkeys(addresses, source)
    return Resolver(
        (),
        (*anchors, *local),
        clock,
        minimum_ttl=dns.minimum_ttl,
        source=Split(source, to) if to else source,
    )


def sender(config: Config, resolver: Resolver, clock: Clock) -> Sender:
    """The appliance as its peers see it."""
    return Sender(resolver, clock, helo=config.hostname)


def anchors_in(path: str) -> tuple[Anchor, ...]:
    """The trust anchors in a file of DS or DNSKEY records."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{path} cannot be read: it is not UTF-8 text.") from None
    found = anchors_from_text(text)
    if not found:
        raise OperatorError(f"{path} holds no trust anchor.")
    return found
