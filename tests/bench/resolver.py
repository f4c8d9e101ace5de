"""The validating resolver beside libunbound: the same signed zones at one nsd, in the same run.

    .venv/bin/python -m tests.bench.resolver [ZONES] [REPEATS] [--profile]

Both forward everything to nsd on loopback, from a random port for each question, with a window of
questions under way and one thread that resolves. The TLSA records asked for are in zones below
`lab.`, a third each signed with RSA-2048, P-256 and Ed25519. The keys of the root and of `lab.` are
known before the clock starts; then

* *cold* asks each zone for its first name: the records, DS and DNSKEY;
* *zone-warm* asks each for another name;
* *warm* asks everything once more, from the cache.

Both must find every answer secure, or there is no figure at all.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Existence, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import ROOT, Name, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.worlds.lab.world import Lab
from esashell.worlds.lab.zonefile import file_name, zone_lines
from esashell.worlds.live import Live
from esashell.worlds.many import many
from tests.differential.servers import nsd
from tests.worlds.loopback import free_port

PEER = Path(__file__).with_name("libunbound_peer.py")
# The module comes from the distribution and is built for its Python, not for ours.
SYSTEM_PYTHON = "/usr/bin/python3"
ROUNDS = ("known", "cold", "zone-warm", "warm")
WINDOW = 100
ALGORITHMS = (8, 13, 15)
_PARENT = name_from_text("lab")

_ZONE = """
[zone."bench{number}.lab"]
algorithm = {algorithm}
records   = '''
mx            A     192.0.2.90
_25._tcp.mx   TLSA  3 1 1 {digest}
_25._tcp.mx2  TLSA  3 1 1 {digest}
'''
"""

# Its own defaults are for a daemon that serves many; these let it run, and take away what would
# answer for it or ask more than is needed.
_CONFIGURATION = """
server:
    do-not-query-localhost: no
    qname-minimisation: no
    aggressive-nsec: no
    prefetch: no
    target-fetch-policy: "0 0 0 0 0"
    outgoing-range: 8192
    num-queries-per-thread: 4096
    outgoing-interface: 127.0.0.1
    do-ip6: no
    msg-cache-size: 64m
    rrset-cache-size: 128m
    key-cache-size: 64m
    neg-cache-size: 16m
    so-rcvbuf: 0
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{port}
"""


class Figures(Struct, frozen=True):
    """One round of one of the two: look-ups a second, and what one look-up has cost."""

    rate: float
    queries: float
    verifications: float = 0.0


Run = dict[str, Figures]


class Bench:
    """The zones, where they are served, and the questions."""

    def __init__(self, lab: Lab, port: int, zones: Sequence[Name], folder: Path) -> None:
        self.lab = lab
        self.port = port
        self.folder = folder
        tlsa = [[each.prepend(b"_25", b"_tcp", host) for each in zones] for host in (b"mx", b"mx2")]
        known = [_PARENT.prepend(b"bench-none")]
        self.rounds = [known, tlsa[0], tlsa[1], [*tlsa[0], *tlsa[1]]]

    def ours(self) -> Run:
        resolver = Resolver((Server("127.0.0.1"),), (self.lab.anchor,), SystemClock())
        live = Live(dns_port=self.port)
        found: Run = {}
        for name, asked in zip(ROUNDS, self.rounds, strict=True):
            queries, verified = resolver.effort.queries, resolver.effort.verifications
            began = time.perf_counter()
            steps = (resolver.look_up(each, RRType.TLSA) for each in asked)
            answers = [answer for _, answer in many(steps, live, window=WINDOW)]
            seconds = time.perf_counter() - began
            count = len(asked)
            good = sum(
                e.security is Security.SECURE and e.existence is Existence.FOUND for e in answers
            )
            assert name == "known" or good == count, f"{good} of {count} are secure"
            found[name] = Figures(
                count / seconds,
                (resolver.effort.queries - queries) / count,
                (resolver.effort.verifications - verified) / count,
            )
        return found

    def theirs(self) -> Run:
        configuration, anchors = self.folder / "libunbound.conf", self.folder / "anchors"
        configuration.write_text(_CONFIGURATION.format(port=self.port))
        anchors.write_text(anchor_text(self.lab.anchor) + "\n")
        rounds = [[(each.dotted, int(RRType.TLSA)) for each in names] for names in self.rounds]
        done = subprocess.run(
            [SYSTEM_PYTHON, PEER, configuration, anchors, str(WINDOW)],
            input=json.dumps(rounds),
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
        )
        found: Run = {}
        for name, asked, figures in zip(ROUNDS, rounds, json.loads(done.stdout), strict=True):
            seconds, secure, datagrams = figures
            count = len(asked)
            assert name == "known" or secure == count, f"libunbound: {secure} of {count} are secure"
            # Question and reply are both sent on this machine.
            found[name] = Figures(count / seconds, datagrams / 2 / count)
        return found


@contextmanager
def prepared(zones: int, folder: Path) -> Iterator[Bench]:
    """That many zones, signed and served until the end."""
    scenario = folder / "bench.toml"
    scenario.write_text(
        "".join(
            _ZONE.format(
                number=number,
                algorithm=ALGORITHMS[number % len(ALGORITHMS)],
                digest=f"{number:064x}",
            )
            for number in range(zones)
        )
    )
    lab = Lab(SystemClock(), scenarios=[scenario])
    names = [_PARENT.prepend(b"bench%d" % number) for number in range(zones)]
    files = folder / "zones"
    files.mkdir()
    parts = []
    for apex in (ROOT, _PARENT, *names):
        zone = lab.catalogue.zone(apex)
        assert zone is not None
        (files / file_name(apex)).write_text("\n".join(zone_lines(zone)) + "\n")
        parts.append(f'zone:\n    name: "{apex.dotted}"\n    zonefile: "{file_name(apex)}"\n')
    (files / "nsd.conf").write_text("".join(parts))
    port = free_port()
    with nsd(folder, files, port):
        yield Bench(lab, port, names, folder)


def measured(bench: Bench, repeats: int) -> list[tuple[Run, Run]]:
    """What we and libunbound did, in turns."""
    return [(bench.ours(), bench.theirs()) for _ in range(repeats)]


def report(runs: Sequence[tuple[Run, Run]]) -> str:
    """Medians, and the median of the ratios within each turn."""
    lines = [
        f"{'':10} {'we/s':>9} {'libunbound/s':>13} {'ratio':>7}   "
        f"{'queries':>13}   {'verifications':>13}"
    ]
    for name in ROUNDS[1:]:
        ours, theirs = ([run[who][name] for run in runs] for who in (0, 1))
        ratio = statistics.median(o.rate / t.rate for o, t in zip(ours, theirs, strict=True))
        we, they = (statistics.median(each.rate for each in who) for who in (ours, theirs))
        lines.append(
            f"{name:10} {we:9.0f} {they:13.0f} {ratio:6.2f}x   "
            f"{ours[0].queries:5.2f} : {theirs[0].queries:5.2f}   {ours[0].verifications:13.2f}"
        )
    lines.append("aim: cold >= 0.8x, zone-warm >= 1.3x; 3 queries and 3 verifications cold")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("zones", type=int, nargs="?", default=900)
    parser.add_argument("repeats", type=int, nargs="?", default=5)
    parser.add_argument("--profile", action="store_true", help="where our time goes, instead")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        prepared(given.zones, Path(folder)) as bench,
    ):
        if given.profile:
            import cProfile

            cProfile.runctx("bench.ours()", {}, {"bench": bench}, sort="tottime")
        else:
            print(report(measured(bench, given.repeats)))


if __name__ == "__main__":
    main()
