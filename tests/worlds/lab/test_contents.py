"""The built-in domains: complete, apart from one another, and what they claim to be."""

from collections import Counter

import pytest

from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import ROOT, name_from_text
from esashell.resolver.rdata import address, mx
from esashell.resolver.rrtypes import RRType
from esashell.steps import run
from esashell.worlds.lab.records import lines_of
from esashell.worlds.lab.scenario import Lesson
from tests.worlds.lab.shared_lab import CAPABLE, lab, look_up

S, I, B, U = Security.SECURE, Security.INSECURE, Security.BOGUS, Security.INDETERMINATE  # noqa: E741
LESSONS = lab().domains()
TABLE = [each for each in LESSONS if each.file == "20-decision-table.toml" and each.row]


def lesson_id(lesson: Lesson) -> str:
    return lesson.domain


def test_every_row_of_the_decision_table_has_a_domain() -> None:
    assert {each.row for each in TABLE} == set(range(1, 20))


def test_every_lesson_is_one_sentence() -> None:
    for each in LESSONS:
        assert each.shows.endswith("."), each.domain
        assert 20 < len(each.shows) < 120, each.domain


def test_no_two_hosts_share_an_address() -> None:
    owners: dict[str, set[str]] = {}
    for apex, spec in lab().catalogue.scenario.zones.items():
        for line in lines_of(spec.records, apex):
            if line.rdtype in (RRType.A, RRType.AAAA):
                owners.setdefault(line.data, set()).add(str(line.owner))
    shared = [each for each, names in owners.items() if len(names) > 1]
    assert shared == []
    assert not set(owners) & set(lab().authorities()) | set(owners) & set(lab().resolvers)


def test_file_names_of_lessons_are_known() -> None:
    files = Counter(each.file for each in LESSONS)
    assert files["10-transcripts.toml"] == 4
    assert len(files) >= 6


# The columns of the decision table: what MX, address and TLSA records must turn out to be.
MX_OF_ROW = (
    {row: {S} for row in range(1, 9)}
    | {row: {I} for row in range(9, 15)}
    | {15: {B, U}, 16: {S, I}, 17: {S}, 18: {S}, 19: {S}}
)


@pytest.mark.parametrize("lesson", [each for each in LESSONS if each.row], ids=lesson_id)
def test_the_mx_records_are_as_secure_as_the_row_says(lesson: Lesson) -> None:
    answer = look_up(lesson.domain.replace("{n}", "7"), "MX")
    assert lesson.row is not None
    assert answer.security in MX_OF_ROW[lesson.row]
    assert (answer.existence is Existence.NX_DOMAIN) == (lesson.row == 16)


def hosts(answer: Answer) -> list[str]:
    return [str(mx(each).exchange) for each in answer.rdatas]


ADDRESS_OF_ROW = (
    {row: {S} for row in (1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 18, 19)}
    | {row: {I} for row in (7, 13)}
    | {row: {B, U} for row in (8, 14)}
)
TLSA_OF_ROW = {
    **{row: {(S, Existence.FOUND)} for row in (1, 2, 3, 9, 10, 18, 19)},
    4: {(I, Existence.FOUND)},
    5: {(S, Existence.NX_DOMAIN), (S, Existence.NO_DATA)},
    6: {(B, None), (U, None)},
    11: {(I, Existence.FOUND), (S, Existence.NX_DOMAIN)},
    12: {(B, None), (U, None)},
}


@pytest.mark.parametrize(
    "lesson", [each for each in TABLE if each.row in ADDRESS_OF_ROW], ids=lesson_id
)
def test_addresses_and_tlsa_records_are_as_the_row_says(lesson: Lesson) -> None:
    assert lesson.row is not None
    for host in hosts(look_up(lesson.domain, "MX")):
        assert look_up(host, "A").security in ADDRESS_OF_ROW[lesson.row]
        if lesson.row in TLSA_OF_ROW:
            tlsa = look_up(f"_25._tcp.{host}", "TLSA")
            assert (tlsa.security, tlsa.existence) in TLSA_OF_ROW[lesson.row]


def test_the_null_mx_is_the_only_record_and_names_the_root() -> None:
    answer = look_up("null-mx.lab", "MX")
    assert [(mx(each).preference, mx(each).exchange) for each in answer.rdatas] == [(0, ROOT)]


def test_the_transcripts_domains_have_the_addresses_of_that_day() -> None:
    assert hosts(look_up("ietf.org", "MX")) == ["mail.ietf.org"]
    assert hosts(look_up("cisco.com", "MX")) == [
        "alln-mx-01.cisco.com",
        "rcdn-mx-01.cisco.com",
        "aer-mx-01.cisco.com",
    ]
    expected = {
        "mail.ietf.org": ["4.31.198.44"],
        "alln-mx-01.cisco.com": ["173.37.147.230"],
        "rcdn-mx-01.cisco.com": ["72.163.7.166"],
        "aer-mx-01.cisco.com": ["173.38.212.150"],
        "thinkbeyond-ch.mail.protection.outlook.com": ["104.47.9.36", "104.47.10.36"],
    }
    for host, addresses in expected.items():
        assert [address(each) for each in look_up(host, "A").rdatas] == addresses


BOGUS = [
    "mx-bogus.lab",
    "signature-expired.lab",
    "signature-from-the-future.lab",
    "signature-missing.lab",
    "stale-ds.lab",
    "wrong-ds.lab",
    "unsigned-with-ds.lab",
    "dnskey-bogus.lab",
    "mx-denial-bogus.lab",
    "any.wildcard-bogus.lab",
]


@pytest.mark.parametrize("domain", BOGUS)
def test_what_is_broken_is_bogus(domain: str) -> None:
    answer = look_up(domain, "MX")
    assert answer.security is Security.BOGUS
    assert answer.reason is not None


@pytest.mark.parametrize("domain", ["island.lab", "unknown-algorithm.lab", "unknown-digest.lab"])
def test_what_nobody_can_check_is_insecure(domain: str) -> None:
    assert look_up(domain, "MX").security is Security.INSECURE


def test_the_denial_under_an_opt_out_span_is_insecure() -> None:
    answer = look_up("_25._tcp.mail.opt-out.lab", "TLSA")
    assert (answer.security, answer.existence) == (Security.INSECURE, Existence.NX_DOMAIN)


def test_a_costly_proof_excuses_an_answer_only_when_all_of_it_is_signed() -> None:
    excused = look_up("_25._tcp.mail.costly-denial.lab", "TLSA")
    assert (excused.security, excused.existence) == (Security.INSECURE, Existence.NX_DOMAIN)
    forged = look_up("_25._tcp.mail.costly-denial-forged.lab", "TLSA")
    assert forged.security is Security.BOGUS
    assert [each.result for each in forged.hops[-1].chain[-1].trials].count("verified") == 1


def test_only_one_family_of_addresses_may_be_broken() -> None:
    assert look_up("mail.a-bogus-aaaa-secure.lab", "A").security is Security.BOGUS
    assert look_up("mail.a-bogus-aaaa-secure.lab", "AAAA").security is Security.SECURE
    assert look_up("mail.aaaa-denial-bogus.lab", "A").security is Security.SECURE
    assert look_up("mail.aaaa-denial-bogus.lab", "AAAA").security is Security.BOGUS


def test_a_secure_alias_into_an_unsigned_zone_keeps_its_own_security() -> None:
    answer = look_up("mail.mx-alias-insecure.lab", "A")
    assert [each.security for each in answer.hops] == [Security.SECURE, Security.INSECURE]
    assert look_up("_25._tcp.mail.mx-alias-insecure.lab", "TLSA").security is Security.SECURE


@pytest.mark.parametrize(
    "lesson", [each for each in LESSONS if each.row in range(1, 15)], ids=lesson_id
)
def test_a_verification_ends_in_the_row_that_the_lesson_names(lesson: Lesson) -> None:
    world = lab()
    resolver = Resolver([Server(CAPABLE, 1)], [world.anchor], world.clock)
    domain = name_from_text(lesson.domain.replace("{n}", "7"))
    with world.session() as session:
        evidence = run(verify_domain(domain, Sender(resolver, world.clock)), session)
    assert evidence.hosts[-1].row is not None
    assert evidence.hosts[-1].row.number == lesson.row
