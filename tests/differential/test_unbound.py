"""A real unbound over the lab agrees with our resolver about every RRset of every lab domain.

Twice: once it finds its own way from the root servers, in a network namespace where the lab has
its true addresses; and once it forwards to the lab's recursor on loopback, which needs no
privilege. Unbound says of an answer whether it is authentic (AD) or cannot be had (SERVFAIL); our
BOGUS and our INDETERMINATE are both the latter.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Answer, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import RRType, type_text
from esashell.steps import run
from esashell.worlds.lab.world import Lab
from esashell.worlds.lab.zones import Zone
from tests.conftest import lacking, need
from tests.differential.namespace import own_network, with_our_modules
from tests.differential.servers import Wrap, dns_port, here, lab_served, root_hints, unbound

pytestmark = [pytest.mark.differential, pytest.mark.slow]

MAIL = (RRType.MX, RRType.A, RRType.AAAA, RRType.CNAME, RRType.TLSA)
OF_EACH_PATTERN = 2

Question = tuple[Name, int]


def questions(lab: Lab) -> list[Question]:
    """Everything that a mail system could ask about the lab, and a little more."""
    catalogue = lab.catalogue
    names = [name_from_text(each.domain) for each in lab.domains() if each.count == 1]
    asked: dict[Question, None] = {(name, rdtype): None for name in names for rdtype in MAIL}
    apexes = list(catalogue.scenario.zones)
    for bulk in catalogue.scenario.bulks:
        apexes += [bulk.parent.prepend(bulk.label(each)) for each in range(OF_EACH_PATTERN)]
    for apex in apexes:
        zone = catalogue.zone(apex)
        assert zone is not None
        asked.update(dict.fromkeys(_about(zone)))

    def silent(question: Question) -> bool:
        spec = catalogue.spec(catalogue.apex_for(question[0]))
        return spec is not None and spec.fault.timeout != ()

    # Zones whose servers keep silent come last: unbound takes a server that does not answer one
    # question for one that is gone, and other zones would suffer for it.
    return sorted(asked, key=silent)


def _about(zone: Zone) -> Iterator[Question]:
    for owner in zone.written_owners():
        name = owner.parent.prepend(b"anything") if owner.is_wildcard else owner
        types = zone.types(owner)
        # An alias that is known already decides what unbound makes of these, so not beside one.
        whole = () if RRType.CNAME in types else (RRType.ANY, RRType.RRSIG)
        yield from ((name, rdtype) for rdtype in {*MAIL, *whole, *types})
        if types & {RRType.A, RRType.AAAA, RRType.CNAME}:
            yield name.prepend(b"_25", b"_tcp"), RRType.TLSA
        if RRType.DNAME in types:
            yield from ((name.prepend(b"below"), rdtype) for rdtype in MAIL)
    yield zone.apex.prepend(b"no-such-name"), RRType.A
    yield zone.apex.prepend(b"_25", b"_tcp", b"no-such-name"), RRType.TLSA


def ours(lab: Lab, asked: list[Question]) -> list[Answer]:
    """What our resolver says, through the lab's two good recursors."""
    servers = (Server("194.191.40.83"), Server("194.191.40.84"))
    resolver = Resolver(servers, (lab.anchor,), SystemClock())
    answers = []
    for name, rdtype in asked:
        with lab.session() as session:
            answers.append(run(resolver.look_up(name, rdtype), session))
    return answers


def in_unbounds_words(answer: Answer) -> list[str]:
    if answer.security in (Security.BOGUS, Security.INDETERMINATE):
        return [Security.BOGUS.value, ""]
    return [answer.security.value, answer.existence.value if answer.existence else ""]


def theirs(wrap: Wrap, port: int, asked: list[Question]) -> list[list[str]]:
    """What unbound says. ANY it answers from whatever it has by then, so that is asked first."""
    whole = [each for each in asked if each[1] == RRType.ANY]
    others = [each for each in asked if each[1] != RRType.ANY]
    said = dict(zip(whole, answers_of(wrap, port, whole), strict=True))
    said.update(zip(others, answers_of(wrap, port, others), strict=True))
    return [said[each] for each in asked]


def answers_of(wrap: Wrap, port: int, asked: list[Question]) -> list[list[str]]:
    words = json.dumps([[f"{name}.".replace("..", "."), type_text(t)] for name, t in asked])
    done = subprocess.run(
        wrap(sys.executable, "-m", "tests.differential.ask", "127.0.0.1", str(port)),
        input=words,
        text=True,
        capture_output=True,
        check=True,
        env=with_our_modules(),
        timeout=300,
    )
    answers: list[list[str]] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(SystemClock())


def disagreements(lab: Lab, wrap: Wrap, port: int) -> list[str]:
    """A line for each question on which unbound and we are not of one mind."""
    asked = questions(lab)
    answers = ours(lab, asked)

    def made(name: Name, rdtype: int) -> bool:
        # Asked for the CNAME that a DNAME makes, unbound gives up: see "an alias made that was
        # asked for" among the named differences.
        return rdtype == RRType.CNAME and name.labels()[0] == b"below"

    # A lab that shows nothing, or one thing only, would make agreement cheap.
    assert len(asked) > 500
    assert {each.security for each in answers} == set(Security)
    return [
        f"{name} {type_text(rdtype)}: unbound {their}, we {in_unbounds_words(our)} "
        + (our.reason.text if our.reason else "")
        for (name, rdtype), our, their in zip(
            asked, answers, theirs(wrap, port, asked), strict=True
        )
        if in_unbounds_words(our) != their and not (made(name, rdtype) and their[0] == "BOGUS")
    ]


def test_an_unbound_that_iterates_agrees_with_us(lab: Lab, tmp_path: Path) -> None:
    need("unbound")
    with ExitStack() as stack:
        space = stack.enter_context(own_network())
        if space is None:
            lacking("this machine permits no network namespace")
        stack.enter_context(lab_served(space.command, tmp_path, "--add-addresses"))
        hints = root_hints(lab, tmp_path)
        way = f'    root-hints: "{hints}"'
        stack.enter_context(
            unbound(space.command, tmp_path, anchor_text(lab.anchor), port=53, way=way)
        )
        assert disagreements(lab, space.command, 53) == []


def test_an_unbound_that_forwards_agrees_with_us(lab: Lab, tmp_path: Path) -> None:
    need("unbound")
    with ExitStack() as stack:
        doors = stack.enter_context(lab_served(here, tmp_path))
        at = next(door[1] for door in doors if door[-1] == "capable")
        # From this address unbound can ask loopback only, whatever it may come across.
        way = "    outgoing-interface: 127.0.0.1\n"
        way += f'forward-zone:\n    name: "."\n    forward-addr: {at}@{dns_port(doors)}'
        port = stack.enter_context(unbound(here, tmp_path, anchor_text(lab.anchor), way=way))
        assert disagreements(lab, here, port) == []
