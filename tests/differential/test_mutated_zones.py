"""A real unbound and our resolver agree about thousands of zones that are spoilt at random.

Both are given the same octets, our resolver in memory and unbound by `lab serve`, with a clock that
stands still; once both ask the lab's recursor, and once both find their own way from its root
servers. Unbound's words are AD for SECURE, and for BOGUS a SERVFAIL that
goes away with CD; a SERVFAIL that stays means that it had nothing to judge.

    .venv/bin/python -m tests.differential.test_mutated_zones --seed 7 --cases 5000 --way roots

explores; a case that disagrees is shown with what both of them say, and the scenario to rebuild it.
"""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import Struct

from esashell.resolver import wire
from esashell.resolver.anchors import anchor_text
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType, rcode_text
from esashell.steps import run
from tests.conftest import lacking, need
from tests.differential.cases import Case, planned
from tests.differential.differences import DIFFERENCES, Trial
from tests.differential.mutated import CAPABLE, Mutated, Way, message_lines
from tests.differential.mutated_lab import HEARD
from tests.differential.mutations import MUTATIONS, NOW
from tests.differential.named import NAMED
from tests.differential.namespace import own_network, with_our_modules
from tests.differential.opinion import Opinion, opinion
from tests.differential.servers import Wrap, here, lab_served, root_hints, unbound
from tests.resolver.wording import well_worded

SEED = 20260501
CASES = 3200  # of which a third is never touched: a mutation does not fit every message
PASSED = 120  # seconds that a record may have been in unbound's cache when it hands it out


# -- unbound


def judged_by_unbound(
    mutated: Mutated, seed: int, numbers: Sequence[int], folder: Path, way: Way
) -> list[Opinion]:
    """What an unbound of our own, which runs no longer than this, says of the cases, which
    `lab serve` shows to it: all of the lab's servers at their own addresses, in a network of
    their own; or for a forwarder, which needs the recursor only, on loopback. What it asked on
    its way is asked of `mutated` too, to be there for whoever compares."""
    lab = mutated.lab
    plan = folder / "plan.json"
    plan.write_text(json.dumps([seed, list(numbers)]))
    anchor = anchor_text(lab.anchor)
    with ExitStack() as stack:
        if way is Way.ROOTS:
            space = stack.enter_context(own_network())
            if space is None:
                lacking("this machine permits no network namespace")
            wrap, port, options = space.command, 53, ["--add-addresses"]
        else:
            wrap, port, options = here, None, []
        served = here(sys.executable, "-m", "tests.differential.mutated_lab", plan)
        doors = stack.enter_context(lab_served(wrap, folder, *options, command=served))
        found = f'    root-hints: "{root_hints(lab, folder)}"'
        if way is Way.FORWARD:
            door = next(door for door in doors if door[3:4] == [CAPABLE])
            found = "    outgoing-interface: 127.0.0.1\n"
            found += f'forward-zone:\n    name: "."\n    forward-addr: {door[1]}@{door[2]}'
        asked = unbound(wrap, folder, anchor, port=port, way=_configured() + found)
        port = stack.enter_context(asked)
        opinions = theirs(wrap, port, [planned(seed, each) for each in numbers])
    for address, name, rdtype in json.loads((folder / HEARD).read_text()):
        mutated.message(address, name_from_text(name), rdtype)
    return opinions


def _asked(wrap: Wrap, port: int, cases: Sequence[Case], flags: int) -> list[wire.Message]:
    """Unbound's responses."""
    questions = [(case.qname.dotted, case.rdtype) for case in cases]
    done = subprocess.run(
        wrap(sys.executable, "-m", "tests.differential.questions"),
        input=json.dumps([port, flags, questions]),
        text=True,
        capture_output=True,
        check=True,
        env=with_our_modules(),
        timeout=300,
    )
    return [wire.parse(bytes.fromhex(each)) for each in json.loads(done.stdout)]


def theirs(wrap: Wrap, port: int, cases: Sequence[Case]) -> list[Opinion]:
    """What unbound says; the questions that failed are put again with CD set."""
    said = _asked(wrap, port, cases, wire.AD)
    failed = [at for at, each in enumerate(said) if each.rcode == 2]
    unchecked = _asked(wrap, port, [cases[e] for e in failed], wire.CD)
    again = dict(zip(failed, unchecked, strict=True))
    return [_in_our_words(case, said[at], again.get(at)) for at, case in enumerate(cases)]


def _in_our_words(case: Case, said: wire.Message, unchecked: wire.Message | None) -> Opinion:
    why = "; ".join(f"EDE {code} {text}".strip() for code, text in said.extended_errors)
    if unchecked is not None:
        security = Security.INDETERMINATE if unchecked.rcode == 2 else Security.BOGUS
        return Opinion(security.value, "", "SERVFAIL", why)
    security = Security.SECURE if said.flags & wire.AD else Security.INSECURE
    found = any(case.rdtype in (each.rdtype, RRType.ANY) for each in said.answer)
    existence = Existence.FOUND if found else Existence.NO_DATA
    if said.rcode == 3:
        existence = Existence.NX_DOMAIN
    # Unbound gives a CNAME that it has made itself a TTL of 0; what it was made from tells.
    dname = any(each.rdtype == RRType.DNAME for each in said.answer)
    kept = [e.ttl for e in said.answer if not (dname and e.rdtype == RRType.CNAME)]
    # Of an absence that nothing has to prove, the SOA tells (RFC 2308 5), where there is one.
    soa = [each.ttl for each in said.authority if each.rdtype == RRType.SOA]
    behind = soa if security is Security.INSECURE else []
    ttl = min(kept or behind or [each.ttl for each in said.authority], default=0)
    return Opinion(security.value, existence.value, rcode_text(said.rcode), why, ttl)


def _configured() -> str:
    """Nothing of unbound's own may stand between it and the answers."""
    date = datetime.datetime.fromtimestamp(NOW, datetime.UTC).strftime("%Y%m%d%H%M%S")
    return f"""\
    val-override-date: "{date}"
    val-sig-skew-min: 0
    val-sig-skew-max: 0
    val-max-restart: 0
    val-clean-additional: no
    ede: yes
    edns-buffer-size: 4096
    max-udp-size: 4096
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
"""


# -- we


def ours(mutated: Mutated, cases: Sequence[Case], way: Way) -> list[Answer]:
    resolver = mutated.resolver(way)
    return [run(resolver.look_up(case.qname, case.rdtype), mutated) for case in cases]


def shown(mutated: Mutated, case: Case, their: Opinion, our: Opinion, answer: Answer) -> str:
    """Both proofs, and how to come back to the case."""
    lines = [str(case)]
    lines.append(f"  unbound: {their.verdict}, TTL {their.ttl} {their.why}")
    lines += [f"  we:      {our.verdict}, TTL {our.ttl}", f"    {our.why}"]
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
    shorter: int = 0  # kept by us for less time than by unbound


def compared(seed: int, numbers: Sequence[int], folder: Path, way: Way) -> Outcome:
    cases = [planned(seed, each) for each in numbers]
    mutated = Mutated(seed, cases, folder)
    answers = ours(mutated, cases, way)
    opinions = judged_by_unbound(mutated, seed, numbers, folder, way)
    outcome = Outcome([], Counter(), Counter(), mutated.applied, len(mutated.touched))
    for case, their, answer in zip(cases, opinions, answers, strict=True):
        our = opinion(answer)
        well_worded(answer)
        outcome.verdicts[our.security] += 1
        if their.verdict == our.verdict:
            # Never kept for longer (RFC 4035 5.3.3, RFC 2308 5); for less is anybody's right.
            if not our.refused and our.ttl > their.ttl + PASSED:
                outcome.wrong.append(shown(mutated, case, their, our, answer))
            outcome.shorter += not our.refused and our.ttl < their.ttl
            continue
        trial = Trial(case, mutated, their, our, answer, way)
        difference = next((each for each in DIFFERENCES if each(trial)), None)
        if difference is not None:
            outcome.accepted[difference.__name__.replace("_", " ")] += 1
        else:
            outcome.wrong.append(shown(mutated, case, their, our, answer))
    return outcome


@pytest.mark.differential
@pytest.mark.slow
@pytest.mark.parametrize("way", Way)
def test_unbound_and_we_agree_about_thousands_of_spoilt_zones(way: Way, tmp_path: Path) -> None:
    need("unbound")
    outcome = compared(SEED, range(CASES), tmp_path, way)
    assert outcome.wrong == [], "\n\n".join(outcome.wrong)
    types = Counter(planned(SEED, each).rdtype for each in range(CASES))
    assert min(types[RRType.ANY], types[RRType.RRSIG]) > 250
    # Agreement would be cheap if nothing was spoilt, or everything refused.
    assert outcome.touched > 2000
    assert min(outcome.applied[each] for each in MUTATIONS) >= 5
    assert set(outcome.verdicts) == set(Security)
    assert min(outcome.verdicts[each] for each in (Security.SECURE, Security.INSECURE)) > 300
    assert outcome.accepted.total() < CASES * 0.06
    assert outcome.shorter < CASES * 0.02


@pytest.mark.differential
@pytest.mark.slow
def test_unbound_still_says_of_each_named_example_what_it_said(tmp_path: Path) -> None:
    need("unbound")
    recognised = {each.__name__.replace("_", " "): each for each in DIFFERENCES}
    for seed, way in sorted({(each.seed, each.way) for each in NAMED}):
        named = [each for each in NAMED if (each.seed, each.way) == (seed, way)]
        numbers = [each.index for each in named]
        cases = [planned(seed, each) for each in numbers]
        folder = tmp_path / f"{seed}-{way}"
        folder.mkdir()
        mutated = Mutated(seed, cases, folder)
        answers = ours(mutated, cases, way)
        opinions = judged_by_unbound(mutated, seed, numbers, folder, way)
        for each, case, their, answer in zip(named, cases, opinions, answers, strict=True):
            assert their.verdict == each.theirs, (each.name, their.why)
            trial = Trial(case, mutated, their, opinion(answer), answer, way)
            assert recognised[each.name](trial), each.name


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--way", type=Way, choices=list(Way), default=Way.FORWARD)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        numbers = given.only or range(given.cases)
        outcome = compared(given.seed, numbers, Path(folder), given.way)
    print("\n\n".join(outcome.wrong))
    print(f"{len(outcome.wrong)} disagree; accepted: {dict(outcome.accepted)}")
    print(f"{outcome.touched} zones touched; {dict(outcome.verdicts)}")
    print(f"{outcome.shorter} kept by us for less time than by unbound")
    print(f"never applied: {sorted(set(MUTATIONS) - set(outcome.applied))}")
    return bool(outcome.wrong)


if __name__ == "__main__":
    sys.exit(main())
