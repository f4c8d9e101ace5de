"""The live world on a road of other people's servers: unbound in front of nsd, all on loopback.

The lab's zones are exported as files and served by nsd; a validating unbound finds them there; our
resolver asks unbound through real sockets, over TCP where an answer is too large, and shakes hands
with a mail host behind a real socket. The domains of this test have loopback addresses, so that
nothing leaves the machine.
"""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from esashell.clock import SystemClock
from esashell.dane.table import Verified
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Existence, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.shell.lab import main as lab_command
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from esashell.worlds.live import Live
from tests.differential.servers import here, nsd, unbound
from tests.worlds.loopback import mail_host, tcp_server

pytestmark = [
    pytest.mark.differential,
    pytest.mark.slow,
    pytest.mark.xdist_group("live road"),
]

HERE = "127.0.0.1"
OTHERS = "\n".join(f"_25._tcp.mail TLSA 3 1 1 {each:064x}" for each in range(14))
SCENARIO = f"""
[domain."live.lab"]
shows   = "A host on loopback, with more TLSA records than a datagram holds."
records = '''
@              MX    10 mail
mail           A     {HERE}
_25._tcp.mail  TLSA  3 1 1 of mail
{OTHERS}
'''

[domain."live-mismatch.lab"]
shows   = "The same host, and a TLSA record for another."
records = '''
@              MX    10 mail
mail           A     {HERE}
_25._tcp.mail  TLSA  3 1 1 {"0" * 64}
'''

[domain."live-bogus.lab"]
shows      = "The same host under an MX record that nobody can believe."
records    = '''
@              MX    10 mail
mail           A     {HERE}
'''
fault.bogus = ["@ MX"]
"""


class Road:
    """A lab with the domains above, and the port of the unbound that knows it."""

    def __init__(self, lab: Lab, port: int) -> None:
        self.lab = lab
        clock = SystemClock()
        self.port = port
        self.resolver = Resolver((Server(HERE),), (lab.anchor,), clock)
        self.sender = Sender(self.resolver, clock)

    def verify(self, domain: str) -> Evidence:
        host = mail_host(self.lab.hosts.accept(HERE))
        with (
            tcp_server(host) as smtp_port,
            Live(dns_port=self.port, smtp_port=smtp_port).session() as session,
        ):
            return run(verify_domain(name_from_text(domain), self.sender), session)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("road")
    scenario = folder / "loopback.toml"
    scenario.write_text(SCENARIO)
    zones = folder / "zones"
    assert lab_command(["zones", "--scenario", str(scenario), str(zones)]) == 0
    lab = Lab(SystemClock(), scenarios=[scenario])
    with ExitStack() as stack:
        behind = stack.enter_context(nsd(folder, zones))
        # All zones are at one server: there is nothing to iterate over, unbound asks it everything.
        # And whatever else it may think of asking, from this address it can ask loopback alone.
        way = (
            f"    outgoing-interface: {HERE}\n    max-udp-size: 512\n"
            f'forward-zone:\n    name: "."\n    forward-addr: {HERE}@{behind}'
        )
        yield Road(
            lab, stack.enter_context(unbound(here, folder, anchor_text(lab.anchor), way=way))
        )


def test_dane_succeeds_from_the_root_key_to_the_certificate(road: Road) -> None:
    evidence = road.verify("live.lab")
    assert evidence.verdict is Verified.SUCCESS, evidence.reason
    assert evidence.destination.mx.security is Security.SECURE
    asked = [one for answer in evidence.hosts[0].tlsa for one in answer.asked]
    assert [one.tcp for one in asked if one.rdtype == RRType.TLSA] == [False, True]


def test_another_hosts_tlsa_record_fails_over_real_sockets_too(road: Road) -> None:
    evidence = road.verify("live-mismatch.lab")
    assert evidence.verdict is Verified.FAILED
    smtp = evidence.hosts[0].attempts[0].smtp
    assert smtp is not None
    assert smtp.peer is not None


def test_a_bogus_record_stays_bogus_behind_a_validating_resolver(road: Road) -> None:
    evidence = road.verify("live-bogus.lab")
    assert evidence.verdict is Verified.FAILED
    assert evidence.destination.mx.security is Security.BOGUS


@pytest.mark.parametrize(
    ("name", "rdtype", "security", "existence"),
    [
        ("ietf.org", RRType.MX, Security.SECURE, Existence.FOUND),
        ("ietf.org", RRType.TLSA, Security.SECURE, Existence.NO_DATA),
        ("no-such-name.ietf.org", RRType.A, Security.SECURE, Existence.NX_DOMAIN),
        ("cisco.com", RRType.MX, Security.INSECURE, Existence.FOUND),
    ],
)
def test_zones_served_by_nsd_are_judged_as_in_memory(
    road: Road, name: str, rdtype: RRType, security: Security, existence: Existence
) -> None:
    with Live(dns_port=road.port).session() as session:
        answer = run(road.resolver.look_up(name_from_text(name), rdtype), session)
    assert (answer.security, answer.existence) == (security, existence), answer.reason
