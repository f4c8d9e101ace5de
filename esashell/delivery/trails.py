"""The trail of the look-ups behind an attempt, told once more from what they left in their answers.

An answer knows every question that was asked for it and what came of each, so the lines that a log
at Debug has of a look-up can be written whenever the attempt is told. An answer that came from the
cache has none. What a `Trails` has told it keeps as the cache would have, so that many attempts
made of one answer have its trail once. Where nobody follows trails there are the warnings alone,
as when a look-up is made.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from esashell.clock import SECOND
from esashell.config.model.dnsserver import DnsSettings
from esashell.delivery.evidence import HostAddresses
from esashell.delivery.observation import AddressesWanted, Fact, MxWanted, TlsaWanted
from esashell.events import DnsAnswered, DnsFailed, Event
from esashell.resolver import trail
from esashell.resolver.answer import Answer

# Results of a server that has answered, whatever it said; the second try is by TCP.
ANSWERED = ("NOERROR", "NXDOMAIN")
TRUNCATED = "truncated"
NO_LEVELS: Mapping[str, tuple[int, int]] = MappingProxyType({})


Levels = Mapping[str, tuple[int, int]]


def levels_of(dns: DnsSettings) -> Levels:
    """By the addresses of our servers: which priority, counted from 0, and of how many."""
    priorities = sorted({each.priority for each in dns.servers})
    return {
        each.address: (priorities.index(each.priority), len(priorities)) for each in dns.servers
    }


class Trails:
    """Which answers are known until when; in microseconds. `levels` are of the servers now, and
    `followed` says whether somebody wants more than warnings."""

    def __init__(self, levels: Levels = NO_LEVELS, *, followed: bool = True) -> None:
        self.levels = levels
        self.followed = followed
        self._until: dict[tuple[object, int], int] = {}

    def of(self, fact: Fact, now: int) -> Iterator[Event]:
        """The look-ups behind a fact, told at `now`; none where the fact is of something else."""
        match fact.want:
            case MxWanted():
                yield from self._told(fact.found, now)
            case AddressesWanted():
                found: HostAddresses = fact.found
                for each in (found.a, found.aaaa, found.alias):
                    yield from self._told(each, now)
            case TlsaWanted():
                for each in fact.found:
                    yield from self._told(each, now)

    def _told(self, answer: Answer, now: int) -> Iterator[Event]:
        key = (answer.qname, answer.rdtype)
        if answer.cached or not answer.asked or now < self._until.get(key, 0):
            return
        until = self._until[key] = now + answer.ttl * SECOND
        warned = trail.is_warned_of(answer)
        for event in retold(answer, until, self.levels):
            is_warning = isinstance(event, DnsFailed) or (warned and isinstance(event, DnsAnswered))
            if self.followed or is_warning:
                yield event


def retold(answer: Answer, until: int, levels: Levels = NO_LEVELS) -> Iterator[Event]:
    """Every step of one look-up; the cache keeps its answer until then."""
    names = {answer.qname, *(each.owner for each in answer.hops)}
    at = None
    for each in answer.asked:
        own = each.rdtype == answer.rdtype and each.qname in names
        if own and each.qname != at:
            at = each.qname
            yield trail.asked(at, answer.rdtype)
        level = levels.get(each.server, (0, 1))
        yield trail.sent(each.qname, each.rdtype, each.server, level, in_passing=not own)
        if own and each.result not in (*ANSWERED, TRUNCATED):
            heard = each.result.isupper()
            yield trail.failed(each.qname, each.rdtype, each.server, each.result, heard=heard)
    yield trail.answered(answer, until)
