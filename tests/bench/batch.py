"""A list of domains in memory: what `daneverify -f` costs when many of them share their mail hosts.

    .venv/bin/python -m tests.bench.batch [DOMAINS] [PROVIDERS] [--short] [--profile FILE]

The lab makes the domains: each is a signed zone of its own, and has its mail at one of the first so
many of them, the providers, who are chosen by Zipf's law with exponent 1 (one domain in fifteen is
the first's, and most providers have one other customer or none). Each provider has a mail host with
an address, a TLSA record and a certificate of its own.

The lab signs, makes certificates, and is the server in each handshake; that is not our work, and a
real network would do it elsewhere. Its time is taken with the clock of this process and told
apart. What is ours: questions and replies, every verification, our half of every handshake, the
verdicts. One process, one thread, and nothing known beforehand.

The counts do not depend on the machine, and a test holds them: three verifications for a domain
(DS, DNSKEY, MX) and at most three for a host, besides those of the proof that it has no IPv6
address, which holds for its alias as well; one handshake for each host.
"""

import argparse
import cProfile
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from esashell.clock import FixedClock
from esashell.dane.table import Verified
from esashell.delivery.batch import DomainVerified, verify_domains
from esashell.delivery.verification import Sender
from esashell.resolver.cache import Cache
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.shell.conversations import Conversations
from esashell.shell.options import Options
from esashell.worlds.lab.hosts import HostSide, LabHosts
from esashell.worlds.lab.world import Lab

NOON = 1_795_000_000_000_000  # microseconds; some day in November 2026
RESOLVERS = ("194.191.40.83", "194.191.40.84")

_SCENARIO = """
[bulk."z{{n}}.bulk.lab"]
count   = {domains}
records = '''
@            MX    10 mx.z{{n~{providers}}}.bulk.lab.
mx           A     100.96.0.0+{{n}}
_25._tcp.mx  TLSA  3 1 1 of mx
'''
"""


class Figures(Struct, frozen=True):
    """What the list has cost; seconds of this process's time, and megabytes of memory."""

    domains: int
    hosts: int
    successes: int
    handshakes: int
    verifications: int
    queries: int
    seconds: float
    lab_seconds: float
    megabytes: int

    @property
    def ours(self) -> float:
        return self.seconds - self.lab_seconds

    @property
    def bound(self) -> int:
        """Verifications that may be: three for a domain and three for a host; for each host those
        of a denial (an NSEC and an SOA, the same for AAAA and CNAME); and those of the zones above.
        """
        return 3 * self.domains + 3 * self.hosts + 2 * self.hosts + ABOVE

    def report(self) -> str:
        rate = self.domains / self.ours
        return "\n".join(
            (
                f"{self.domains:,} domains, {self.hosts:,} mail hosts: {self.successes:,} SUCCESS",
                f"  {'ours':32} {self.ours:9.2f} s   {rate:9,.0f} domains/s",
                f"  {'the lab (signing, its TLS)':32} {self.lab_seconds:9.2f} s",
                f"  {'handshakes':32} {self.handshakes:9,}     aim: {self.hosts:,}",
                f"  {'verifications':32} {self.verifications:9,}     aim: <= {self.bound:,}",
                f"  {'queries':32} {self.queries:9,}",
                f"  {'memory, with the lab':32} {self.megabytes:9,} MB",
            )
        )


# The root's keys, and of lab. and bulk.lab. the DS and the keys.
ABOVE = 5


class LabTime:
    """The seconds that the lab has worked, however deep the calls lie in one another."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            if self._depth:
                return function(*given, **named)
            self._depth += 1
            began = time.process_time()
            try:
                return function(*given, **named)
            finally:
                self.seconds += time.process_time() - began
                self._depth -= 1

        return timed


class _TimedLab(Lab):
    """A lab that takes its own time."""

    work: LabTime

    def ask(self, address: str, wire: bytes, tcp: bool = False) -> bytes:
        answered: bytes = self.work.counted(super().ask)(address, wire, tcp)
        return answered


def lab_of(domains: int, providers: int, folder: Path) -> Lab:
    """The lab with these domains, none of them made so far."""
    scenario = folder / "batch.toml"
    scenario.write_text(_SCENARIO.format(domains=domains, providers=providers))
    return _TimedLab(FixedClock(NOON), scenarios=[scenario])


def measured(domains: int, providers: int, folder: Path) -> Figures:
    """Verify them all, once."""
    lab = lab_of(domains, providers, folder)
    assert isinstance(lab, _TimedLab)
    work = lab.work = LabTime()
    resolver = Resolver(
        [Server(each) for each in RESOLVERS], [lab.anchor], lab.clock, cache=Cache()
    )
    hosts: set[str] = set()
    successes = 0

    def listen(event: object) -> None:
        nonlocal successes
        if isinstance(event, DomainVerified):
            evidence = event.evidence
            hosts.update(str(each.host.name) for each in evidence.hosts)
            successes += evidence.verdict is Verified.SUCCESS

    held = Conversations(Options())
    names = [name_from_text(f"z{number}.bulk.lab") for number in range(domains)]
    steps = verify_domains(names, Sender(resolver, lab.clock))
    feed, greeting, opened = HostSide.feed, HostSide.greeting, LabHosts.open
    HostSide.feed = work.counted(feed)  # type: ignore[method-assign]
    HostSide.greeting = work.counted(greeting)  # type: ignore[method-assign]
    LabHosts.open = work.counted(opened)  # type: ignore[method-assign]
    try:
        began = time.process_time()
        held.hold(lab, steps, listen)
        seconds = time.process_time() - began
    finally:
        HostSide.feed, HostSide.greeting = feed, greeting  # type: ignore[method-assign]
        LabHosts.open = opened  # type: ignore[method-assign]
    return Figures(
        domains,
        len(hosts),
        successes,
        held.counters.handshakes,
        resolver.effort.verifications,
        resolver.effort.queries,
        seconds,
        work.seconds,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("domains", type=int, nargs="?", default=100_000)
    parser.add_argument("providers", type=int, nargs="?", default=50_000)
    parser.add_argument("--short", action="store_true", help="1,000 domains of 500 providers")
    parser.add_argument("--profile", metavar="FILE", help="where our time goes")
    given = parser.parse_args()
    domains, providers = (1000, 500) if given.short else (given.domains, given.providers)
    profiler = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        if given.profile:
            profiler.enable()
        found = measured(domains, providers, Path(folder))
        if given.profile:
            profiler.disable()
            profiler.dump_stats(given.profile)
    print(found.report())


if __name__ == "__main__":
    main()
