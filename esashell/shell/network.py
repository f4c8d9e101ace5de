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

from collections.abc import Callable, Sequence
from pathlib import Path

from esashell.clock import Clock
from esashell.config.model.security import METHODS, VERSIONS, SslSide
from esashell.config.tree import Config
from esashell.delivery.verification import Sender
from esashell.errors import OperatorError
from esashell.pki.roots import Roots, Trust, from_pem
from esashell.resolver.algorithms import Policy
from esashell.resolver.anchors import Anchor, anchors_from_text
from esashell.resolver.exchange import Source
from esashell.resolver.forward import Forwarder
from esashell.resolver.hints import hints_from_text
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.split import Split
from esashell.steps import TlsPolicy


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
        policy=Policy(sha1=dns.sha1),
        source=Split(source, to) if to else source,
    )


def sender(
    config: Config, resolver: Resolver, clock: Clock, pem: Callable[[str], str] = lambda _: ""
) -> Sender:
    """The appliance as its peers see it, and whom it believes; `pem` has the operator's files."""
    return Sender(
        resolver,
        clock,
        helo=config.hostname,
        policy=tls_policy(config.ssl.outbound),
        trust=_trust(config, pem),
        digest_agility=config.dns.digest_agility,
    )


def _trust(config: Config, pem: Callable[[str], str]) -> Trust:
    """The lists of authorities that `certconfig` has put to use."""
    it = config.authorities
    custom = from_pem(pem(it.custom_list).encode("ascii", "replace")) if it.custom else ()
    return Trust(it.system, Roots(custom))


def tls_policy(side: SslSide) -> TlsPolicy:
    """What a side offers in a handshake, by `sslconfig`.

    SSL v3.0 is no part of the TLS library any more. Security level 0 lets the cipher list alone
    decide: a weak key of the peer's is then a finding in the evidence and not a failed handshake.
    """
    versions = [VERSIONS[each] for each in METHODS if each in side.methods and each in VERSIONS]
    ciphers = side.ciphers if "@SECLEVEL" in side.ciphers else f"{side.ciphers}:@SECLEVEL=0"
    return TlsPolicy(versions[0], versions[-1], ciphers)


def anchors_in(path: str) -> tuple[Anchor, ...]:
    """The trust anchors in a file of DS or DNSKEY records."""
    found = anchors_from_text(_text_in(path))
    if not found:
        raise OperatorError(f"{path} holds no trust anchor.")
    return found


def hints_in(path: str) -> tuple[str, ...]:
    """The addresses of the root servers in a hints file."""
    return hints_from_text(_text_in(path))


def _text_in(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{path} cannot be read: it is not UTF-8 text.") from None
