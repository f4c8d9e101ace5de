"""The validating resolver beside libunbound: the same signed zones at one nsd, in the same run.

    .venv/bin/python -m tests.bench.resolver [ZONES] [REPEATS] [--profile FILE]

Both forward everything to nsd on loopback, from a random port for each question, each in a process
of its own with one thread that resolves, with the same number of questions under way: a window full
of them, and then one at a time. With many under way we are measured twice: all in one process, and
with the helper that verifies signatures on another processor, as it does for a long list of domains
(libunbound, too, has a second thread, which hands over questions and answers). The TLSA records
asked for are in zones below `lab.`, a third each signed with RSA-2048, P-256 and Ed25519. The keys
of the root and of `lab.` are known before the clock starts; then

* *cold* asks each zone for its first name: the records, DS and DNSKEY;
* *zone-warm* asks each for another name;
* *warm* asks everything once more, from the cache.

Both must find every answer secure, or there is no figure at all. Everything runs in a network of
its own, so that the datagrams counted there are those of the two and of nobody else.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.resolver.names import ROOT, Name, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.worlds.lab.world import Lab
from esashell.worlds.lab.zonefile import file_name, zone_lines
from tests.bench.timing import PYTHON
from tests.conftest import lacking
from tests.differential.namespace import Namespace, own_network
from tests.differential.servers import nsd
from tests.ports import free_port

PEER = Path(__file__).with_name("libunbound_peer.py")
# The module comes from the distribution and is built for its Python, not for ours.
SYSTEM_PYTHON = "/usr/bin/python3"
ROUNDS = ("known", "cold", "zone-warm", "warm")
WINDOWS = ((100, False), (100, True), (1, False))  # how many are under way; with the helper?
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
    """One round of one of the two: look-ups a second, and what one look-up has cost.

    What libunbound verifies nobody counts.
    """

    rate: float
    queries: float
    verifications: float | None = None


Run = dict[str, Figures]


class Bench:
    """The zones, where they are served, and the questions."""

    def __init__(
        self, lab: Lab, network: Namespace, port: int, zones: Sequence[Name], folder: Path
    ) -> None:
        self.network = network
        self.folder = folder
        self.port = folder / "port"
        self.port.write_text(str(port))
        self.configuration = folder / "libunbound.conf"
        self.configuration.write_text(_CONFIGURATION.format(port=port))
        self.anchors = folder / "anchors"
        self.anchors.write_text(anchor_text(lab.anchor) + "\n")
        tlsa = [[each.prepend(b"_25", b"_tcp", host) for each in zones] for host in (b"mx", b"mx2")]
        rounds = ([_PARENT.prepend(b"bench-none")], tlsa[0], tlsa[1], [*tlsa[0], *tlsa[1]])
        self.rounds = [[(each.dotted, int(RRType.TLSA)) for each in names] for names in rounds]

    def ours(self, window: int, helped: bool, profile: Sequence[Path] = ()) -> Run:
        given = (self.port, self.anchors, str(window), str(int(helped)), *profile)
        return self._run("we", PYTHON, "-m", "tests.bench.our_side", *given)

    def theirs(self, window: int) -> Run:
        command = (SYSTEM_PYTHON, PEER, self.configuration, self.anchors, str(window))
        return self._run("libunbound", *command)

    def _run(self, who: str, *command: str | Path) -> Run:
        """All rounds by one of the two, in a process that is started for them."""
        done = self.network.run(*command, input=json.dumps(self.rounds), timeout=600)
        assert done.returncode == 0, f"{who}: {done.stderr}"
        found: Run = {}
        for name, asked, figures in zip(ROUNDS, self.rounds, json.loads(done.stdout), strict=True):
            seconds, secure, datagrams, *verified = figures
            count = len(asked)
            assert name == "known" or secure == count, f"{who}: {secure} of {count} are secure"
            # Question and reply are both sent in this network.
            queries = datagrams / 2 / count
            found[name] = Figures(count / seconds, queries, *(each / count for each in verified))
        return found


@contextmanager
def prepared(zones: int, folder: Path) -> Iterator[Bench]:
    """That many zones, signed and served until the end, in a network of their own."""
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
    with own_network() as network:
        if network is None:
            lacking("a network namespace is not permitted here")
        with nsd(folder, files, port, network.command):
            yield Bench(lab, network, port, names, folder)


def measured(bench: Bench, repeats: int, window: int, helped: bool) -> list[tuple[Run, Run]]:
    """What we and libunbound did, in turns; every other time we come second."""
    runs = []
    for turn in range(repeats):
        if turn % 2:
            theirs, ours = bench.theirs(window), bench.ours(window, helped)
        else:
            ours, theirs = bench.ours(window, helped), bench.theirs(window)
        runs.append((ours, theirs))
    return runs


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
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("zones", type=int, nargs="?", default=900)
    parser.add_argument("repeats", type=int, nargs="?", default=5)
    parser.add_argument("--profile", metavar="FILE", help="where our time goes, instead")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        prepared(given.zones, Path(folder)) as bench,
    ):
        if given.profile:
            bench.ours(*WINDOWS[0], [Path(given.profile).resolve()])
            return
        print("aim: cold >= 0.8x, zone-warm >= 1.3x; 3 queries and 3 verifications cold")
        for window, helped in WINDOWS:
            how = "signatures on another processor" if helped else "one process"
            runs = measured(bench, given.repeats, window, helped)
            print(f"\n{window} under way, {how}\n{report(runs)}")


if __name__ == "__main__":
    main()
