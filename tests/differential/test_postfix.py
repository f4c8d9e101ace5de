"""Postfix delivers a message to every situation of the lab, and so should we, or say why not.

In a network namespace of its own the lab has its true addresses and the ports 53 and 25. A
validating unbound stands in front of it, and a whole Postfix hands one message for each domain to
its SMTP client at the level `dane`, and one at `dane-only`. What became of them, and how Postfix
calls the TLS connection that they went through, is compared with what comes of our own attempts
under Opportunistic and under Mandatory.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import Struct

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.resolver.lookup import Resolver, Server
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from tests.conftest import lacking, need
from tests.differential.namespace import own_network
from tests.differential.postfix import Delivery, Level, Sent, postfix
from tests.differential.sending import Sending
from tests.differential.servers import lab_served, root_hints, unbound

pytestmark = [pytest.mark.differential, pytest.mark.slow]

SITUATIONS = Path(__file__).with_name("situations.toml")
RESOLV_CONF = "nameserver 127.0.0.1\noptions trust-ad timeout:2 attempts:1\n"
PATIENCE = 75.0

Both = dict[Level, Sent]
Deliveries = dict[tuple[Level, str], Delivery]


class Difference(Struct, frozen=True):
    """A situation in which the two differ: at which levels, why, and on whose word."""

    levels: tuple[Level, ...]
    reason: str
    source: str


BOTH = (Level.DANE, Level.DANE_ONLY)
_NO_ADDRESS = Difference(
    BOTH,
    "No host of the domain has an address. Postfix gives the message back at once; with us it "
    "waits in the queue, as whatever DANE cannot do does, until the bounce profile ends that: "
    "the zone's owner may be at work on it, and nothing says that the domain is not there.",
    "row 20 of the decision table; RFC 5321 5.1 and 4.5.4.1",
)
DIFFERENT: dict[str, Difference] = {
    "no-mail-host.lab": _NO_ADDRESS,
    "domain-alias.lab": _NO_ADDRESS,
    "mx-missing-host.lab": _NO_ADDRESS,
    "null-mx-and-another.lab": Difference(
        BOTH,
        "Postfix takes a null MX among other MX records for no mail at all. A zone must not have "
        "one beside others, and nothing is said of what a sender makes of it; to us it is a host "
        "that cannot be reached, and the other one is good.",
        "RFC 7505 3",
    ),
    "text-after-starttls.lab": Difference(
        BOTH,
        "Postfix throws away what follows the reply to STARTTLS in the clear, and goes on. So "
        "nothing is injected, but somebody has tried: we break off, and the report says so.",
        "RFC 3207 4.2 and 6; CVE-2011-0411",
    ),
    "www.implicit-alias-insecure.lab": Difference(
        BOTH,
        "The domain is an alias into an unsigned zone, which says that there is no MX. Postfix "
        "does not ask who says so once there is none. To us it is an MX step that is not secure, "
        "since whoever answers for that zone could have named any host: with Opportunistic the "
        "TLSA record at the domain's own name is kept to, with Mandatory the mail waits.",
        "row 9 of the decision table; RFC 7672 2.2.1",
    ),
    "tls-1-0-only.lab": Difference(
        BOTH,
        "Where TLS is a must Postfix keeps OpenSSL's security level, at which TLS 1.0 is not "
        "possible any more; where it is not it does without, so that the same host without TLSA "
        "records is no difference. DANE asks for no version, and we offer what the TLS settings "
        "say: as they are delivered, TLS 1.0 and later.",
        "RFC 7671 3, TLS 1.0 at least; RFC 8996 has done away with it since",
    ),
}


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(SystemClock(), scenarios=[SITUATIONS])


@pytest.fixture(scope="module")
def domains(lab: Lab) -> list[str]:
    return [each.domain.replace("{n}", "1") for each in lab.domains()]


@pytest.fixture(scope="module")
def theirs(lab: Lab, domains: list[str], tmp_path_factory: pytest.TempPathFactory) -> Deliveries:
    """What became of Postfix's messages."""
    for program in ("postfix", "sendmail", "unbound"):
        need(program)
    if os.geteuid() != 0:
        lacking("Postfix's daemons change to users of their own, which takes root's privilege")
    folder = tmp_path_factory.mktemp("postfix")
    with ExitStack() as stack:
        space = stack.enter_context(own_network())
        if space is None:
            lacking("this machine permits no network namespace")
        served = lab_served(space.command, folder, "--add-addresses", "--scenario", str(SITUATIONS))
        stack.enter_context(served)
        hints = f'    root-hints: "{root_hints(lab, folder)}"'
        anchor = anchor_text(lab.anchor)
        stack.enter_context(unbound(space.command, folder, anchor, port=53, way=hints))
        space.put_over("/etc/resolv.conf", RESOLV_CONF, folder)
        mailer = stack.enter_context(postfix(space))
        return mailer.deliver([(level, each) for each in domains for level in Level], PATIENCE)


@pytest.fixture(scope="module")
def ours(lab: Lab, domains: list[str]) -> dict[tuple[Level, str], Sent]:
    clock = SystemClock()
    servers = (Server("194.191.40.83"), Server("194.191.40.84"))
    sending = Sending(Resolver(servers, (lab.anchor,), clock), clock)
    found = {}
    for domain in domains:
        for level in Level:
            with lab.session() as session:
                found[level, domain] = run(sending.send(domain, level), session)
    return found


def test_every_message_goes_where_postfixs_goes_but_for_the_differences_that_are_argued(
    domains: list[str], theirs: Deliveries, ours: dict[tuple[Level, str], Sent]
) -> None:
    differ = {
        (domain, level)
        for domain in domains
        for level in Level
        if theirs[level, domain].sent != ours[level, domain]
    }
    listed = {(domain, level) for domain, each in DIFFERENT.items() for level in each.levels}
    assert differ == listed, "\n".join(
        f"{domain} at {level}: ours {ours[level, domain]}, Postfix's {theirs[level, domain].sent}: "
        f"{theirs[level, domain].reason}"
        for domain, level in sorted(differ ^ listed)
    )


def test_there_are_situations_of_every_kind(domains: list[str], theirs: Deliveries) -> None:
    assert len(domains) >= 48
    counted: dict[str, int] = {}
    for each in theirs.values():
        counted[str(each.sent)] = counted.get(str(each.sent), 0) + 1
    assert set(counted) == {
        "sent Verified", "sent Trusted", "sent Untrusted", "sent", "deferred", "bounced",
    }, counted  # fmt: skip


def test_each_difference_has_a_reason_and_a_source() -> None:
    for each in DIFFERENT.values():
        assert each.levels
        assert each.reason
        assert each.source
