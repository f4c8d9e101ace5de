"""Our side of the benchmark: what `libunbound_peer` does, done by our resolver.

    python -m tests.bench.our_side CONFIGURATION ANCHORS WINDOW [PROFILE] < rounds.json

The same rounds, one process and one thread, nothing else in the memory; the configuration is the
port of the server on loopback. Prints for each round what the peer prints, and how many signatures
were verified meanwhile. `PROFILE` is a file that the interpreter's profile goes to.
"""

import cProfile
import json
import sys
import time
from pathlib import Path

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchors_from_text
from esashell.resolver.answer import Existence, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.worlds.live import Live
from esashell.worlds.many import many


def datagrams() -> int:
    """How many UDP datagrams have been sent in this network namespace."""
    counts = Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
    names, values = (line.split() for line in counts if line.startswith("Udp:"))
    return int(values[names.index("OutDatagrams")])


def measured(
    resolver: Resolver, live: Live, asked: list[tuple[str, int]], window: int
) -> list[float]:
    """Seconds, secure answers, datagrams and verifications of one round."""
    questions = [(name_from_text(name), rdtype) for name, rdtype in asked]
    verified, before = resolver.effort.verifications, datagrams()
    began = time.perf_counter()
    secure = 0
    for _, answer in many((resolver.look_up(*each) for each in questions), live, window=window):
        if answer.security is Security.SECURE and answer.existence is Existence.FOUND:
            secure += 1
    taken = time.perf_counter() - began
    verified = resolver.effort.verifications - verified
    return [taken, secure, datagrams() - before, verified]


def main() -> None:
    configuration, anchors, window, *profile = sys.argv[1:]
    live = Live(dns_port=int(Path(configuration).read_text()))
    trusted = anchors_from_text(Path(anchors).read_text())
    resolver = Resolver((Server("127.0.0.1"),), trusted, SystemClock())
    profiler = cProfile.Profile()
    rounds = json.load(sys.stdin)
    if profile:
        profiler.enable()
    found = [measured(resolver, live, each, int(window)) for each in rounds]
    if profile:
        profiler.disable()
        profiler.dump_stats(profile[0])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
