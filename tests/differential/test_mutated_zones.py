"""A real unbound and our resolver agree about thousands of zones that are spoilt at random.

Both are given the same octets: our resolver in memory, unbound through a socket, as a forwarder
with a clock that stands still. Unbound's words are AD for SECURE, and for BOGUS a SERVFAIL that
goes away with CD; a SERVFAIL that stays means that it had nothing to judge.

    .venv/bin/python -m tests.differential.test_mutated_zones --seed 7 --cases 5000

explores; a case that disagrees is shown with what both of them say, and the scenario to rebuild it.
"""

import argparse
import datetime
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import Struct

from esashell.resolver import wire
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.rrtypes import rcode_text
from esashell.steps import run
from tests.conftest import need
from tests.differential.differences import DIFFERENCES, Trial
from tests.differential.mutated import Case, Mutated, message_lines, planned, served
from tests.differential.mutations import MUTATIONS, NOW
from tests.differential.named import NAMED
from tests.differential.opinion import Opinion, opinion
from tests.differential.servers import here, unbound
from tests.worlds.loopback import free_port

SEED = 20260501
CASES = 3200  # of which a third is never touched: a mutation does not fit every message
_WINDOW = 24
_PATIENCE = 5.0


# -- unbound


def judged_by_unbound(mutated: Mutated, cases: Sequence[Case], folder: Path) -> list[Opinion]:
    """What an unbound of our own, which runs no longer than this, says of the cases."""
    with ExitStack() as stack:
        ports = stack.enter_context(served(mutated))
        port = free_port()
        anchor = anchor_text(mutated.lab.anchor)
        stack.enter_context(unbound(here, folder, anchor, port=port, way=_configured(ports)))
        return theirs(port, cases)


def _asked(port: int, cases: Sequence[Case], flags: int) -> list[wire.Message]:
    """Unbound's responses, a window full of questions at a time."""
    found: dict[int, wire.Message] = {}
    waiting: dict[int, float] = {}
    left = list(range(len(cases)))[::-1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.settimeout(0.2)
        sock.connect(("127.0.0.1", port))
        while left or waiting:
            while left and len(waiting) < _WINDOW:
                at = left.pop()
                query = wire.query(cases[at].qname, cases[at].rdtype, checking_disabled=False)
                bits = int.from_bytes(query[2:4], "big") | flags
                sock.send(at.to_bytes(2, "big") + bits.to_bytes(2, "big") + query[4:])
                waiting[at] = time.monotonic()
            try:
                reply = sock.recv(65535)
            except TimeoutError:
                late = [e for e, since in waiting.items() if since + _PATIENCE < time.monotonic()]
                for at in late:
                    del waiting[at]
                    left.append(at)
                continue
            at = int.from_bytes(reply[:2], "big")
            if waiting.pop(at, None) is not None:
                found[at] = wire.parse(reply)
    return [found[at] for at in range(len(cases))]


def theirs(port: int, cases: Sequence[Case]) -> list[Opinion]:
    """What unbound says; the questions that failed are put again with CD set."""
    said = _asked(port, cases, wire.AD)
    failed = [at for at, each in enumerate(said) if each.rcode == 2]
    again = dict(zip(failed, _asked(port, [cases[e] for e in failed], wire.CD), strict=True))
    return [_in_our_words(case, said[at], again.get(at)) for at, case in enumerate(cases)]


def _in_our_words(case: Case, said: wire.Message, unchecked: wire.Message | None) -> Opinion:
    why = "; ".join(f"EDE {code} {text}".strip() for code, text in said.extended_errors)
    if unchecked is not None:
        security = Security.INDETERMINATE if unchecked.rcode == 2 else Security.BOGUS
        return Opinion(security.value, "", "SERVFAIL", why)
    security = Security.SECURE if said.flags & wire.AD else Security.INSECURE
    found = any(each.rdtype == case.rdtype for each in said.answer)
    existence = Existence.FOUND if found else Existence.NO_DATA
    if said.rcode == 3:
        existence = Existence.NX_DOMAIN
    return Opinion(security.value, existence.value, rcode_text(said.rcode), why)


def _configured(ports: Sequence[int]) -> str:
    """Nothing of unbound's own may stand between it and the answers."""
    date = datetime.datetime.fromtimestamp(NOW, datetime.UTC).strftime("%Y%m%d%H%M%S")
    doors = "\n".join(f"    forward-addr: 127.0.0.1@{port}" for port in ports)
    return f"""\
    val-override-date: "{date}"
    val-sig-skew-min: 0
    val-sig-skew-max: 0
    val-max-restart: 0
    val-clean-additional: no
    ede: yes
    edns-buffer-size: 4096
    max-udp-size: 4096
    outgoing-interface: 127.0.0.1
    outbound-msg-retry: 5
    ratelimit: 0
    ip-ratelimit: 0
    rrset-roundrobin: no
    minimal-responses: no
    unblock-lan-zones: yes
    insecure-lan-zones: yes
    harden-below-nxdomain: no
    prefetch: no
    serve-expired: no
    outgoing-range: 512
    num-queries-per-thread: 512
forward-zone:
    name: "."
{doors}"""


# -- we


def ours(mutated: Mutated, cases: Sequence[Case]) -> list[Answer]:
    resolver = mutated.resolver()
    return [run(resolver.look_up(case.qname, case.rdtype), mutated) for case in cases]


def shown(mutated: Mutated, case: Case, their: Opinion, our: Opinion, answer: Answer) -> str:
    """Both proofs, and how to come back to the case."""
    lines = [str(case), f"  unbound: {their.verdict} {their.why}", f"  we:      {our.verdict}"]
    lines.append(f"    {our.why}")
    for hop in answer.hops:
        for link in hop.chain[5:]:  # the root and lab. are the same for all
            tried = "; ".join(f"{each.key_tag} {each.result}" for each in link.trials)
            lines.append(
                f"    {link.zone.dotted} {link.what}: {link.security} {link.text} ({tried})"
            )
    lines.append("  what both were given:")
    for message in mutated.messages(case):
        lines += ["    " + each for each in message_lines(message)]
    lines += ["  the zones:", *("    " + each for each in case.scenario.splitlines())]
    return "\n".join(lines)


class Outcome(Struct):
    """One run: the disagreements in full, the classes that were accepted, and what was met."""

    wrong: list[str]
    accepted: Counter[str]
    verdicts: Counter[str]
    applied: Counter[str]
    touched: int


def compared(seed: int, numbers: Sequence[int], folder: Path) -> Outcome:
    cases = [planned(seed, each) for each in numbers]
    mutated = Mutated(seed, cases, folder)
    answers = ours(mutated, cases)
    opinions = judged_by_unbound(mutated, cases, folder)
    outcome = Outcome([], Counter(), Counter(), mutated.applied, len(mutated.touched))
    for case, their, answer in zip(cases, opinions, answers, strict=True):
        our = opinion(answer)
        outcome.verdicts[our.security] += 1
        if their.verdict == our.verdict:
            continue
        trial = Trial(case, mutated, their, our, answer)
        difference = next((each for each in DIFFERENCES if each(trial)), None)
        if difference is not None:
            outcome.accepted[difference.__name__.replace("_", " ")] += 1
        else:
            outcome.wrong.append(shown(mutated, case, their, our, answer))
    return outcome


@pytest.mark.differential
@pytest.mark.slow
def test_unbound_and_we_agree_about_thousands_of_spoilt_zones(tmp_path: Path) -> None:
    need("unbound")
    outcome = compared(SEED, range(CASES), tmp_path)
    assert outcome.wrong == [], "\n\n".join(outcome.wrong)
    # Agreement would be cheap if nothing was spoilt, or everything refused.
    assert outcome.touched > 2000
    assert min(outcome.applied[each] for each in MUTATIONS) >= 5
    assert set(outcome.verdicts) == set(Security)
    assert min(outcome.verdicts[each] for each in (Security.SECURE, Security.INSECURE)) > 300
    assert outcome.accepted.total() < CASES * 0.05


@pytest.mark.differential
@pytest.mark.slow
def test_unbound_still_says_of_each_named_example_what_it_said(tmp_path: Path) -> None:
    need("unbound")
    recognised = {each.__name__.replace("_", " "): each for each in DIFFERENCES}
    for seed in sorted({each.seed for each in NAMED}):
        named = [each for each in NAMED if each.seed == seed]
        cases = [planned(seed, each.index) for each in named]
        folder = tmp_path / str(seed)
        folder.mkdir()
        mutated = Mutated(seed, cases, folder)
        answers = ours(mutated, cases)
        opinions = judged_by_unbound(mutated, cases, folder)
        for each, case, their, answer in zip(named, cases, opinions, answers, strict=True):
            assert their.verdict == each.theirs, (each.name, their.why)
            trial = Trial(case, mutated, their, opinion(answer), answer)
            assert recognised[each.name](trial), each.name


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--only", type=int, nargs="*")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        numbers = given.only or range(given.cases)
        outcome = compared(given.seed, numbers, Path(folder))
    print("\n\n".join(outcome.wrong))
    print(f"{len(outcome.wrong)} disagree; accepted: {dict(outcome.accepted)}")
    print(f"{outcome.touched} zones touched; {dict(outcome.verdicts)}")
    print(f"never applied: {sorted(set(MUTATIONS) - set(outcome.applied))}")
    return bool(outcome.wrong)


if __name__ == "__main__":
    sys.exit(main())
