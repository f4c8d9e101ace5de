"""Both ways to look up come to the same, for every domain of the lab and what belongs to it."""

from collections.abc import Iterator as Names

import pytest

from esashell.clock import FixedClock
from esashell.resolver import rdata as rd
from esashell.resolver.answer import Answer, Security
from esashell.resolver.iterate import Iterator, root_servers
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.steps import run
from esashell.worlds.lab.world import Lab

NOW = 1_740_819_600_000_000  # 2025-03-01 09:00:00 UTC
OF_A_DOMAIN = (RRType.MX, RRType.NS, RRType.SOA, RRType.DS, RRType.DNSKEY, RRType.A, RRType.CNAME)
OF_A_HOST = (RRType.A, RRType.AAAA, RRType.DS)


class Ways:
    """The lab, and two resolvers for it."""

    def __init__(self) -> None:
        clock = FixedClock(NOW)
        self.lab = Lab(clock)
        servers = (Server("194.191.40.83"), Server("194.191.40.84"))
        source = Iterator(root_servers(self.lab.root_servers), clock)
        self.forwarding = Resolver(servers, (self.lab.anchor,), clock)
        self.iterating = Resolver((), (self.lab.anchor,), clock, source=source)

    def ask(self, resolver: Resolver, name: Name, rdtype: int) -> Answer:
        with self.lab.session() as session:
            return run(resolver.look_up(name, rdtype), session)

    def related(self, domain: Name) -> Names[tuple[Name, RRType]]:
        """What a delivery asks about a domain, and some questions around that."""
        for rdtype in OF_A_DOMAIN:
            yield domain, rdtype
        yield domain.prepend(b"no-such-name"), RRType.A
        yield domain.prepend(b"a", b"no-such-name"), RRType.TLSA
        for each in self.ask(self.forwarding, domain, RRType.MX).rdatas:
            try:
                host = rd.mx(each).exchange
            except rd.BadRdata:
                continue
            for rdtype in OF_A_HOST:
                yield host, rdtype
            yield host.prepend(b"_25", b"_tcp"), RRType.TLSA


@pytest.fixture(scope="module")
def ways() -> Ways:
    return Ways()


def found(answer: Answer) -> tuple[object, ...]:
    """What it comes to. How far one got without an answer is the way's own affair."""
    if answer.security is Security.INDETERMINATE:
        return (answer.security,)
    hops = tuple((hop.owner, hop.target, hop.security) for hop in answer.hops)
    return answer.security, answer.existence, sorted(answer.rdatas), hops, answer.rcode


def test_every_domain_of_the_lab_is_judged_the_same_by_both_ways(ways: Ways) -> None:
    domains = [name_from_text(each.domain.replace("{n}", "7")) for each in ways.lab.domains()]
    assert len(domains) > 100
    differ = []
    seen = set()
    for domain in domains:
        for name, rdtype in ways.related(domain):
            one = found(ways.ask(ways.forwarding, name, rdtype))
            other = found(ways.ask(ways.iterating, name, rdtype))
            seen.add(one[0])
            if one != other:
                differ.append((name.dotted, rdtype.name, one, other))
    assert not differ
    assert seen == set(Security)
