"""Domains verified together come to what each comes to alone, and nothing is done twice."""

import random
from collections import Counter
from pathlib import Path

import pytest

from esashell.clock import FixedClock
from esashell.delivery.batch import DomainVerified, verify_domains
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import Sender, verify_domain
from esashell.errors import TransportError
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.steps import Connect, Exchange, Listener, Many, StartTls, run
from esashell.worlds.conversing import Conversation, Conversing
from esashell.worlds.lab.world import Lab, LabSession
from tests.conftest import LONG
from tests.delivery.labwork import CAPABLE, NOON

LAB = Lab(FixedClock(NOON))
DOMAINS = tuple(each.domain.replace("{n}", "7") for each in LAB.domains())


def sender(lab: Lab = LAB) -> Sender:
    """With nothing in its cache."""
    resolver = Resolver([Server(each) for each in CAPABLE], [lab.anchor], lab.clock)
    return Sender(resolver, lab.clock)


def alone(domain: str) -> Evidence:
    with LAB.session() as session:
        return run(verify_domain(name_from_text(domain), sender()), session)


@pytest.fixture(scope="module")
def each_alone() -> dict[str, Evidence]:
    return {domain: alone(domain) for domain in DOMAINS}


class Crowd(Conversing):
    """Conversations in the lab at the same time; whose turn it is, is drawn by lot."""

    def __init__(self, seed: int, listen: Listener, lab: Lab) -> None:
        super().__init__(listen)
        self.lab = lab
        self.lot = random.Random(seed)
        self.pending: list[tuple[Conversation, object]] = []
        self.asked: Counter[str] = Counter()

    def place(self) -> LabSession:
        return LabSession(self.lab)

    def perform(self, it: Conversation, request: object) -> None:
        self.pending.append((it, request))

    def wait(self) -> None:
        it, request = self.pending.pop(self.lot.randrange(len(self.pending)))
        match request:
            case Connect(address=address, port=port):
                self.asked[f"connect {address} {port}"] += 1
            case StartTls(server_name=name):
                self.asked[f"handshake {name}"] += 1
            case Exchange():
                self.asked["exchange"] += 1
        try:
            self.replied(it, request, it.place.perform(request))
        except TransportError as fault:
            self.replied(it, request, None, fault)


def together(
    domains: list[str], seed: int, window: int, lab: Lab = LAB
) -> tuple[dict[str, Evidence], Crowd]:
    found: dict[str, Evidence] = {}

    def listen(event: object) -> None:
        if isinstance(event, DomainVerified):
            found[str(event.evidence.domain)] = event.evidence

    crowd = Crowd(seed, listen, lab)
    steps = verify_domains([name_from_text(each) for each in domains], sender(lab))
    (many,) = list(steps)
    assert isinstance(many, Many)
    list(crowd.results(many.conversations, lambda running: running < window))
    crowd.close()
    return found, crowd


def essence(it: Evidence) -> object:
    """What must not depend on company: everything but who was asked, and whether it was cached."""
    return (
        it.verdict,
        it.destination.kind,
        it.destination.security,
        it.destination.hosts,
        [
            (
                host.host,
                host.row,
                _reason(host.failure),
                host.lookups.addresses,
                [(each.qname, each.security, each.existence, each.rdatas) for each in host.tlsa],
                host.applicability and (host.applicability.level, host.applicability.records),
                host.applicability and host.applicability.reference_identifiers,
                [
                    (each.address, each.interface, each.server_name, each.verdict)
                    for each in host.attempts
                ],
                [
                    each.smtp
                    and (each.smtp.failure, each.smtp.starttls_offered, each.smtp.peer)
                    and each.smtp.peer
                    and each.smtp.peer.chain
                    for each in host.attempts
                ],
            )
            for host in it.hosts
        ],
        _reason(it.reason),
    )


def _reason(reason: object) -> object:
    """Without the detail: in which order equal resolvers were asked stands there."""
    return reason and (reason.code, reason.text, reason.result_type, reason.fault)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("seed", "window"), [(1, 1), (2, 7), (3, 64), (4, 1000)] if LONG else [(2, 7), (4, 1000)]
)
def test_every_lab_domain_has_the_verdict_that_it_has_alone(
    seed: int, window: int, each_alone: dict[str, Evidence]
) -> None:
    domains = list(DOMAINS)
    random.Random(seed).shuffle(domains)
    found, _ = together(domains, seed, window)
    assert set(found) == set(DOMAINS)
    for domain in DOMAINS:
        assert essence(found[domain]) == essence(each_alone[domain]), domain


@pytest.mark.parametrize("window", [1, 50])
def test_a_host_is_met_once_however_many_domains_it_has(window: int) -> None:
    domains = [f"d{number}.bulk.lab" for number in range(60)]
    found, crowd = together(domains, 5, window)
    assert len(found) == 60
    handshakes = {key: n for key, n in crowd.asked.items() if key.startswith("handshake")}
    assert handshakes == {f"handshake mx{number}.provider.lab": 1 for number in range(4)}
    connections = {key: n for key, n in crowd.asked.items() if key.startswith("connect")}
    assert connections == {f"connect 203.0.113.10{number} 25": 1 for number in range(4)}


def test_a_failure_is_shared_like_a_success() -> None:
    domains = ["refused.lab", "no-starttls.lab", "handshake-reset.lab"]
    _, crowd = together(domains * 5, 6, 4)
    assert {n for key, n in crowd.asked.items() if key != "exchange"} == {1}


SHARED = """
[domain."one-name.lab"]
shows   = "Its host's certificate bears the domain's name."
records = '''
@              MX    10 mail
mail           A     203.0.113.77
_25._tcp.mail  TLSA  2 1 1 of mail
'''
hosts.mail = { certificate = { issuer = "private", name = "one-name.lab" } }

[domain."other-name.lab"]
shows   = "The same host, whose certificate does not bear this domain's name."
records = "@  MX  10 mail.one-name.lab."
"""


def test_a_handshake_is_shared_and_judged_for_each_domain(tmp_path: Path) -> None:
    """One host, one certificate: good for one domain by its name, and not for the other."""
    (tmp_path / "shared.toml").write_text(SHARED)
    lab = Lab(LAB.clock, scenarios=[tmp_path / "shared.toml"])
    for window in (1, 2):
        found, crowd = together(["other-name.lab", "one-name.lab"], 7, window, lab)
        assert crowd.asked["handshake mail.one-name.lab"] == 1
        assert {domain: each.verdict.name for domain, each in found.items()} == {
            "one-name.lab": "SUCCESS",
            "other-name.lab": "FAILED",
        }
        assert found["other-name.lab"].reason.code == "name-mismatch"


def test_look_ups_under_way_are_waited_for() -> None:
    """A hundred times the same domain, all at once, asks what one asks."""
    _, once = together(["own1.bulk.lab"], 8, 1)
    _, often = together(["own1.bulk.lab"] * 100, 8, 100)
    assert often.asked == once.asked
