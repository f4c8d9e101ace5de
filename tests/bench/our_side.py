"""Our side of the benchmark: what `libunbound_peer` does, done by our resolver.

    python -m tests.bench.our_side CONFIGURATION ANCHORS WINDOW HELPED [PROFILE] < rounds.json

The same rounds, one thread that resolves, nothing else in the memory; the configuration is the
port of the server on loopback. `HELPED` is 1 when a second process verifies the signatures, as for
a long list of domains, and 0 when everything is done here. Prints for each round what the peer
prints, and how many signatures were verified meanwhile. `PROFILE` is a file that the interpreter's
profile goes to.
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
from esashell.worlds.helper import Helper
from esashell.worlds.live import Live
from esashell.worlds.many import many


def datagrams() -> int:
    """How many UDP datagrams have been sent in this network namespace."""
    counts = Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
    names, values = (line.split() for line in counts if line.startswith("Udp:"))
    return int(values[names.index("OutDatagrams")])


def measured(
    resolver: Resolver,
    live: Live,
    asked: list[tuple[str, int]],
    window: int,
    helper: Helper | None,
) -> list[float]:
    """Seconds, secure answers, datagrams and verifications of one round."""
    questions = [(name_from_text(name), rdtype) for name, rdtype in asked]
    verified, before = resolver.effort.verifications, datagrams()
    began = time.perf_counter()
    secure = 0
    look_ups = (resolver.look_up(*each) for each in questions)
    for _, answer in many(look_ups, live, window=window, helper=helper):
        if answer.security is Security.SECURE and answer.existence is Existence.FOUND:
            secure += 1
    taken = time.perf_counter() - began
    verified = resolver.effort.verifications - verified
    return [taken, secure, datagrams() - before, verified]


def main() -> None:
    configuration, anchors, window, helped, *profile = sys.argv[1:]
    live = Live(dns_port=int(Path(configuration).read_text()))
    trusted = anchors_from_text(Path(anchors).read_text())
    resolver = Resolver((Server("127.0.0.1"),), trusted, SystemClock())
    profiler = cProfile.Profile()
    rounds = json.load(sys.stdin)
    if profile:
        profiler.enable()
    helper = Helper() if int(helped) else None
    if helper is not None:
        helper.start()
        assert helper.wait(), "the helper did not begin"
    found = [measured(resolver, live, each, int(window), helper) for each in rounds]
    if helper is not None:
        helper.close()
    if profile:
        profiler.disable()
        profiler.dump_stats(profile[0])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
