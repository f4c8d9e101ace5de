"""The tables by which the resolver judges, at 80 columns and for machines."""

from esashell.reports.policy import (
    algorithm_lines,
    algorithms_document,
    limit_lines,
    limits_document,
)
from esashell.reports.proof import proof, trace_document
from esashell.resolver.algorithms import ALGORITHMS, DIGESTS, Policy
from esashell.resolver.budget import LIMITS, Budget
from esashell.resolver.rrtypes import RRType
from tests.resolver.signer import World


def test_every_limit_is_shown_with_the_number_in_force_and_its_attack():
    lines = list(limit_lines(Budget(queries=7), Policy(nsec3_iterations=9)))
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for row in LIMITS:
        assert f"{row.counted} ({row.source}) {row.attack}" in text
    assert "queries 7 queries" in text
    assert "nsec3_iterations 9 " in text
    rows = limits_document(Budget(queries=7), Policy())["limits"]
    assert [row["limit"] for row in rows] == [each.name for each in LIMITS]
    assert rows[0]["number"] == 7


def test_the_algorithms_are_shown_as_the_policy_has_them():
    for sha1 in (False, True):
        policy = Policy(sha1=sha1)
        lines = list(algorithm_lines(policy))
        assert max(map(len, lines)) <= 80
        shown = {}
        for line in lines[1 : 1 + 1 + len(ALGORITHMS)]:
            number, name, counts, *_ = line.split()
            if number.isdigit():
                shown[int(number)] = (name, counts == "yes")
        assert len(shown) == len(ALGORITHMS)
        for number, (_, counts) in shown.items():
            assert counts == policy.supports(number)
        document = algorithms_document(policy)
        assert {e["number"]: e["counts"] for e in document["signatures"]} == {
            number: counts for number, (_, counts) in shown.items()
        }
        assert len(document["digests"]) == len(DIGESTS)
        assert lines[-1].startswith(f"SHA-1 signatures count: {'yes' if sha1 else 'no'}")


def test_a_policy_that_waits_for_its_commit_is_told():
    now, later = Policy(), Policy(sha1=True)
    assert list(algorithm_lines(now, pending=now)) == list(algorithm_lines(now))
    *lines, count, pending = algorithm_lines(now, pending=later)
    assert [*lines, count] == list(algorithm_lines(now))
    assert count.startswith("SHA-1 signatures count: no")
    assert pending == "After 'commit': yes"


def test_a_limit_that_struck_is_named_in_the_proof_and_in_the_document():
    world = World()
    answer = world.ask("a.test", RRType.MX, world.resolver(budget=Budget(queries=2)))
    lines = list(proof(answer))
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "stopped at the limit of 2 queries" in text
    assert "Limit queries: 2 queries, reached at" in text
    assert "it stops referral storms (NXNSAttack, CVE-2020-8616)" in text
    assert "Cure: " in text
    document = trace_document(answer, 0)
    assert document["limits"][0]["limit"] == "queries"
    assert document["reason"]["cure"]
    assert document["reason"]["zone"]
