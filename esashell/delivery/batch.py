"""Many domains verified together: the same walk for each, and no work done twice.

Most of the domains of any list have their mail at a few providers. So look-ups that are under way
are waited for rather than repeated, the resolver's cache keeps what was found, and each mail host
is met once (`connections`). Every domain is still judged by itself, on its own MX records and by
its own names, and comes to the verdict that it would come to alone.

Nothing is kept of a domain once it has been told: a hundred thousand of them take the memory of
their hosts.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from esashell.delivery.connections import Meetings
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.answer import Answer
from esashell.resolver.lookup import Resolver
from esashell.resolver.names import Name
from esashell.steps import Many, Once, Steps, Tell

# What a domain with a mail host of its own leaves in the cache: MX, A, AAAA, CNAME and TLSA, and
# the zones that they are in.
ANSWERS, ZONES = 5, 2


class DomainVerified(Struct, frozen=True):
    """One domain of the list is done."""

    evidence: Evidence


class SharedResolver(Resolver):
    """A resolver's look-ups, each of them under way at most once."""

    def __init__(self, resolver: Resolver) -> None:
        super().__init__(
            (),
            resolver.anchors,
            resolver.clock,
            minimum_ttl=resolver.minimum_ttl,
            cache=resolver.cache,
            budget=resolver.budget,
            policy=resolver.policy,
            source=resolver.source,
        )
        self.effort = resolver.effort
        self.tells = resolver.tells

    def look_up(self, qname: Name, rdtype: int) -> Steps[Answer]:
        """What is at the name; whoever asks for it at the same time gets the same answer."""
        known = self.remembered(qname, rdtype)
        if known is not None:
            return known
        alone = super().look_up
        return (yield Once(("look-up", qname, rdtype), lambda: alone(qname, rdtype)))  # type: ignore[no-any-return]


def verify_domains(domains: Sequence[Name], sender: Sender) -> Steps[None]:
    """Verify them all, and tell each when it is done (`DomainVerified`).

    The cache gets room for what the list asks, or the hosts that many have in common would be
    forgotten for the sake of those that one domain has.
    """
    meetings = Meetings()
    cache = sender.resolver.cache
    cache.answers.room = max(cache.answers.room, ANSWERS * len(domains))
    cache.zones.room = max(cache.zones.room, ZONES * len(domains))
    resolver = SharedResolver(sender.resolver)

    def one(domain: Name) -> Steps[None]:
        own = structs.replace(sender, resolver=resolver, connections=meetings.connections())
        evidence = yield from verify_domain(domain, own)
        yield Tell(DomainVerified(evidence))

    yield Many(one(each) for each in domains)
