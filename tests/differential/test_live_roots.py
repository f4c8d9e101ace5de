"""The live world from the root servers down: the lab served at its own addresses, and followed.

In a network namespace the lab has the addresses that its zones speak of, so that the program, which
is told where the root servers are and which key to believe, finds everything else by itself: root,
top-level domains, domains, mail hosts. It must come to the verdicts that it has through the lab's
recursors.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.resolver.hints import hints_text
from esashell.worlds.lab.world import Lab
from tests.conftest import lacking
from tests.differential.namespace import Namespace, own_network
from tests.differential.servers import lab_served

pytestmark = [
    pytest.mark.differential,
    pytest.mark.slow,
    pytest.mark.xdist_group("live roots"),
]

DOMAINS = (
    "ietf.org",
    "cisco.com",
    "thinkbeyond.ch",
    "karakun.com",
    "mismatch.lab",
    "no-tlsa.lab",
    "null-mx.lab",
    "second-mx.lab",
    "tlsa-bogus.lab",
    "tlsa-servfail.lab",
    "no-such-domain.nosuchtld",
)
RECURSORS = "dnsconfig parent new 194.191.40.83,194.191.40.84 0"
FIRST = {"roots": ["dnsconfig roots", "commit x"], "recursors": [RECURSORS, "commit x"]}


class Road:
    """The program in the namespace, with the lab's root servers and the lab's anchor."""

    def __init__(self, space: Namespace, folder: Path, lab: Lab) -> None:
        self.space = space
        self.folder = folder
        (folder / "anchor").write_text(anchor_text(lab.anchor))
        (folder / "roots").write_text(hints_text(lab.root_hints))

    def run(self, way: str, *lines: str) -> list[Any]:
        """What these commands have for machines, by one way to look up or the other."""
        words = [
            sys.executable,
            "-m",
            "esashell",
            "--state",
            str(self.folder / f"state-{way}"),
            "--json",
        ]
        words += ["--world", "live"]
        words += ["--anchor", str(self.folder / "anchor"), "--roots", str(self.folder / "roots")]
        for line in (*FIRST[way], *lines):
            words += ["-c", line]
        done = self.space.run(*words, timeout=120)
        assert done.returncode in (0, 1), done.stderr
        shown = []
        decoder, text = json.JSONDecoder(), done.stdout
        while text := text.lstrip():
            if not text.startswith("{"):
                _, _, text = text.partition("\n")
                continue
            record, end = decoder.raw_decode(text)
            shown.append(record)
            text = text[end:]
        assert shown, done.stdout + done.stderr
        return shown


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("live-roots")
    with ExitStack() as stack:
        space = stack.enter_context(own_network())
        if space is None:
            lacking("this machine permits no network namespace")
        stack.enter_context(lab_served(space.command, folder, "--add-addresses"))
        # What the machine is told of resolvers must not enter into it.
        space.put_over("/etc/resolv.conf", "", folder)
        yield Road(space, folder, Lab(SystemClock()))


def test_iteration_over_real_sockets_comes_to_the_recursors_verdicts(road: Road) -> None:
    lines = [f"daneverify {domain}" for domain in DOMAINS]
    roots, recursors = ([e for e in road.run(way, *lines) if "verdict" in e] for way in FIRST)
    verdicts = {each["domain"]: each["verdict"] for each in roots}
    assert verdicts == {each["domain"]: each["verdict"] for each in recursors}
    assert len(verdicts) == len(DOMAINS)
    assert verdicts["ietf.org"] == "DANE SUCCESS"
    assert len(set(verdicts.values())) > 1


def test_only_authoritative_servers_were_asked(road: Road) -> None:
    (shown,) = [
        each
        for each in road.run("roots", "dnsstatus trace _25._tcp.mail.ietf.org tlsa")
        if each["schema"] == "esashell.dnstrace"
    ]
    assert shown["security"] == "SECURE"
    asked = {each["server"] for each in shown["asked"]}
    assert asked & {"192.0.2.1", "192.0.2.2"}
    assert not asked & {"194.191.40.83", "194.191.40.84"}
