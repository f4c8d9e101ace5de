"""`daneverify`'s walk through the lab: the engine's own verdicts against what each domain shows.

The row that a lab domain stands for is written in its scenario, where the engine cannot see it.
"""

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.dane.table import Verified
from esashell.delivery.destinations import DestinationKind
from esashell.worlds.lab.scenario import Lesson
from tests.delivery.labwork import NOON, Bench

BENCH = Bench()
LESSONS = {each.domain.replace("{n}", "7"): each for each in BENCH.lab.domains()}
ROWS = {domain: each for domain, each in LESSONS.items() if each.row is not None}
# Rows without a host to try, by what the MX look-up says; and the two rows of SMTP routes, which
# `daneverify` does not ask: the domains that stand for them are good ones.
HOSTLESS = {
    15: DestinationKind.NOT_KNOWN,
    16: DestinationKind.NO_SUCH_DOMAIN,
    17: DestinationKind.NULL_MX,
}
ROUTED = {18: 1, 19: 1}


@pytest.mark.parametrize("domain", ["refused.lab", "timeout.lab", "unreachable.lab"])
def test_without_a_connection_no_row_is_known(domain: str) -> None:
    evidence, printed = BENCH.verify(domain)
    assert [host.row for host in evidence.hosts] == [None]
    assert evidence.reason.code == "no-connection"
    assert any(line.startswith("Connection to 198.51.100.") for line in printed)


def test_every_row_of_the_decision_table_has_a_domain() -> None:
    assert {each.row for each in ROWS.values()} >= set(range(1, 20))


@pytest.mark.parametrize("domain", sorted(ROWS))
def test_the_domain_is_found_in_its_row(domain: str) -> None:
    lesson: Lesson = ROWS[domain]
    evidence, _ = BENCH.verify(domain)
    row = ROUTED.get(lesson.row or 0, lesson.row)
    if row in HOSTLESS:
        assert evidence.destination.kind is HOSTLESS[row]
        assert evidence.hosts == ()
    else:
        last = evidence.hosts[-1].row
        assert last is not None
        assert last.number == row
    assert (evidence.verdict is Verified.SUCCESS) == (row == 1)


@pytest.mark.parametrize("domain", sorted(LESSONS))
def test_the_conversation_ends_with_the_verdict(domain: str) -> None:
    evidence, printed = BENCH.verify(domain)
    assert printed[-2:] == [f"{evidence.verdict} for {domain}", "DANE verification completed."]
    assert all(line.isprintable() for line in printed)


def test_a_repeated_verification_asks_nothing_and_verifies_nothing() -> None:
    bench = Bench()
    bench.verify("ietf.org")
    before = (bench.resolver.effort.queries, bench.resolver.effort.verifications)
    evidence, _ = bench.verify("ietf.org")
    assert (bench.resolver.effort.queries, bench.resolver.effort.verifications) == before
    assert evidence.destination.mx.cached


def test_a_match_below_an_insecure_mx_is_no_success_and_says_why() -> None:
    evidence, printed = BENCH.verify("mx-insecure.lab")
    assert evidence.verdict is Verified.FAILED
    assert evidence.reason.code == "insecure-mx"
    assert printed.count("Certificate verification successful") == 1
    assert printed[-3] == (
        "INSECURE MX record(mail.dane.lab): the host is authenticated, the domain is not."
    )


def test_the_resolver_that_strips_dnssec_turns_a_signed_domain_bogus() -> None:
    _, printed = Bench("192.0.2.53").verify("ietf.org")
    assert printed == [
        "BOGUS MX record found for ietf.org",
        "DANE FAILED for ietf.org",
        "DANE verification completed.",
    ]


@pytest.mark.parametrize("broken", ["192.0.2.54", "192.0.2.55"])
def test_a_broken_resolver_is_passed_over(broken: str) -> None:
    evidence, _ = Bench(broken, "194.191.40.83").verify("ietf.org")
    assert evidence.verdict is Verified.SUCCESS


@pytest.mark.parametrize(
    ("broken", "word"), [("192.0.2.54", "timeout"), ("192.0.2.55", "SERVFAIL")]
)
def test_with_no_resolver_that_answers_nothing_is_known(broken: str, word: str) -> None:
    evidence, printed = Bench(broken).verify("ietf.org")
    assert evidence.destination.kind is DestinationKind.NOT_KNOWN
    assert printed[0].startswith("MX record lookup failed for ietf.org: ")
    assert f"{broken}: {word}" in printed[0]


def test_the_clock_that_is_handed_in_decides_about_signatures() -> None:
    clock = FixedClock(NOON)
    bench = Bench(clock=clock)
    assert bench.verify("ietf.org")[0].verdict is Verified.SUCCESS
    clock.advance(365 * 24 * 3600 * SECOND)
    # A year later the lab has signed anew and made new certificates; the caches have run out.
    assert bench.verify("ietf.org")[0].verdict is Verified.SUCCESS


def test_tlsa_is_never_asked_for_below_an_insecure_host() -> None:
    evidence, _ = Bench().verify("thinkbeyond.ch")
    assert evidence.hosts[0].tlsa == ()
    assert evidence.hosts[0].applicability is None
