"""posttls-finger verifies a lab domain if and only if we say DANE SUCCESS.

Postfix's own client, at its level `dane`, walks the same road: MX, addresses and TLSA through a
validating unbound that it trusts, then STARTTLS with the lab's host and its certificate. It runs in
a network namespace where the lab has its true addresses, with a resolv.conf and a main.cf of its
own.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from esashell.clock import SystemClock
from esashell.dane.table import Verified
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.anchors import anchor_text
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from tests.conftest import lacking, need
from tests.differential.namespace import Namespace, own_network
from tests.differential.servers import lab_served, root_hints, unbound

pytestmark = [pytest.mark.differential, pytest.mark.slow]

MAIN_CF = """
compatibility_level = 3.6

queue_directory = /var/spool/postfix
smtp_host_lookup = dns
smtp_dns_support_level = dnssec
inet_protocols = all
"""
RESOLV_CONF = "nameserver 127.0.0.1\noptions trust-ad timeout:2 attempts:1\n"

# Where the two tools differ on purpose, and why.
DIFFERENT = {
    "second-mx.lab": "posttls-finger looks at the first host that it reaches, and at no other",
    "null-mx-and-another.lab": "Postfix takes a null MX among others for no mail at all; "
    "RFC 7505 3 forbids the zone, and does not tell the sender what to make of it",
    "text-after-starttls.lab": "Postfix throws away what follows the reply to STARTTLS in the "
    "clear and goes on; we refuse to go on",
}

Finger = Callable[[str], str]


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(SystemClock())


@pytest.fixture(scope="module")
def finger(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finger]:
    """Everything that posttls-finger says about a domain."""
    program = need("posttls-finger")
    need("unbound")
    folder = tmp_path_factory.mktemp("posttls-finger")
    with ExitStack() as stack:
        space = stack.enter_context(own_network())
        if space is None:
            lacking("this machine permits no network namespace")
        stack.enter_context(lab_served(space.command, folder, "--add-addresses"))
        hints = root_hints(lab, folder)
        stack.enter_context(
            unbound(
                space.command,
                folder,
                anchor_text(lab.anchor),
                port=53,
                way=f'    root-hints: "{hints}"',
            )
        )
        space.put_over("/etc/resolv.conf", RESOLV_CONF, folder)
        (folder / "main.cf").write_text(MAIN_CF)
        yield _finger(space, program, folder)


def _finger(space: Namespace, program: str, folder: Path) -> Finger:
    def ask(domain: str) -> str:
        words = (program, "-c", "-l", "dane", "-t", "5", "-T", "5", domain)
        try:
            # As root it would become the mail system's user, whom a borrowed root does not know.
            command = space.without_privilege("env", f"MAIL_CONFIG={folder}", *words)
            done = space.run(*command, timeout=60)
        except subprocess.TimeoutExpired as gone:
            return f"(no end) {gone.stdout!r}"
        return done.stdout + done.stderr

    return ask


def verified(said: str) -> bool:
    return re.search(r"\bVerified TLS connection established to", said) is not None


def ours(lab: Lab, domain: str) -> Verified:
    servers = (Server("194.191.40.83"), Server("194.191.40.84"))
    clock = SystemClock()
    sender = Sender(Resolver(servers, (lab.anchor,), clock), clock)
    with lab.session() as session:
        return run(verify_domain(name_from_text(domain), sender), session).verdict


def test_posttls_finger_verifies_what_we_call_a_success_and_nothing_else(
    lab: Lab, finger: Finger
) -> None:
    domains = [each.domain.replace("{n}", "1") for each in lab.domains()]
    with ThreadPoolExecutor(6) as pool:
        answers = dict(zip(domains, pool.map(finger, domains), strict=True))
    verdicts = {domain: ours(lab, domain) for domain in domains}
    differ = {
        domain
        for domain, said in answers.items()
        if verified(said) != (verdicts[domain] is Verified.SUCCESS)
    }
    assert differ == set(DIFFERENT), "\n".join(
        f"{domain}: we say {verdicts[domain]}, posttls-finger:\n{answers[domain]}"
        for domain in differ ^ set(DIFFERENT)
    )
    assert sum(map(verified, answers.values())) > 5


def test_the_second_host_by_itself_is_verified_by_both(lab: Lab, finger: Finger) -> None:
    assert ours(lab, "second-mx.lab") is Verified.SUCCESS
    assert not verified(finger("[mx1.second-mx.lab]"))
    assert verified(finger("[mx2.second-mx.lab]"))
