import pytest

from esashell.dane.answers import next_tlsa_question
from esashell.dane.applicability import Level, applicability
from esashell.dane.base_domain import tlsa_base_domains, tlsa_name
from esashell.dane.reason import Fault, ResultType, dane_required
from esashell.dane.tlsa import Malformed, Tlsa
from esashell.resolver.answer import Existence
from tests.dane.answers import (
    BOGUS,
    INDETERMINATE,
    INSECURE,
    SECURE,
    a,
    aaaa,
    mx,
    n,
    no_aaaa,
    no_mx,
    no_tlsa,
    tlsa,
)

GOOD = Tlsa(3, 1, 1, bytes(32))
SHORT = Tlsa(3, 1, 1, bytes(31))
PKIX = Tlsa(1, 1, 1, bytes(32))
DOMAIN, HOST, OTHER = n("example.com"), n("mx.example.com"), n("host.example.net")


def judge(mx_answer=None, addresses=None, records=(), host=HOST):
    return applicability(
        DOMAIN, host, mx_answer or mx(), addresses or (a(), no_aaaa()), tuple(records)
    )


def test_usable_records_oblige_us_to_authenticate():
    found = judge(records=[tlsa(GOOD)])
    assert found.level is Level.MUST_AUTHENTICATE
    assert found.base_domain == HOST
    assert found.usable == (GOOD,)
    assert found.reference_identifiers == (HOST, DOMAIN)
    assert found.why.result_type is None


def test_unusable_records_do_not_disturb_usable_ones():
    found = judge(records=[tlsa(SHORT, GOOD, PKIX)])
    assert found.level is Level.MUST_AUTHENTICATE
    assert found.records == (SHORT, GOOD, PKIX)
    assert found.usable == (GOOD,)
    assert [each.record for each in found.unusable] == [SHORT, PKIX]
    assert [each.why.section for each in found.unusable] == ["RFC 6698 2.1.4", "RFC 7672 3.1.3"]


def test_a_set_of_trust_anchors_alone_is_a_full_policy():
    assert judge(records=[tlsa(Tlsa(2, 0, 1, bytes(32)))]).level is Level.MUST_AUTHENTICATE


@pytest.mark.parametrize("records", [(SHORT,), (PKIX,), (Malformed(b"\x03"),), (SHORT, PKIX)])
def test_records_that_cannot_be_used_still_oblige_us_to_encrypt(records):
    class Raw:
        def __init__(self, record):
            self.rdata = record.data if isinstance(record, Malformed) else record.rdata

    found = judge(records=[tlsa(*(Raw(each) for each in records))])
    assert found.level is Level.MUST_ENCRYPT
    assert found.usable == ()
    assert found.why.result_type is ResultType.TLSA_INVALID
    assert found.why.fault is Fault.THEIRS


@pytest.mark.parametrize("security", [SECURE, INSECURE])
@pytest.mark.parametrize("existence", [Existence.NO_DATA, Existence.NX_DOMAIN])
def test_absence_of_records_is_normal_be_it_proved_or_insecure(security, existence):
    found = judge(records=[no_tlsa(security=security, existence=existence)])
    assert found.level is Level.NOT_APPLICABLE
    assert found.why.code == ("no-tlsa" if security is SECURE else "insecure-tlsa")
    assert found.why.result_type is None
    assert found.base_domain is None


def test_insecure_records_do_not_count():
    found = judge(records=[tlsa(GOOD, security=INSECURE)])
    assert (found.level, found.why.code) == (Level.NOT_APPLICABLE, "insecure-tlsa")
    assert found.usable == ()


def test_an_alias_of_the_tlsa_name_counts_only_with_every_step_secure():
    good = tlsa(GOOD, aliases=[(SECURE, "tlsa.example.net")])
    assert judge(records=[good]).level is Level.MUST_AUTHENTICATE
    assert judge(records=[good]).base_domain == HOST
    for first, last in ((SECURE, INSECURE), (INSECURE, SECURE)):
        weak = tlsa(GOOD, security=last, aliases=[(first, "tlsa.example.net")])
        assert judge(records=[weak]).level is Level.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("security", "code", "result"),
    [
        (BOGUS, "tlsa-bogus", ResultType.DNSSEC_INVALID),
        (INDETERMINATE, "tlsa-failed", ResultType.VALIDATION_FAILURE),
    ],
)
def test_a_tlsa_look_up_that_fails_is_no_absence(security, code, result):
    found = judge(records=[tlsa(GOOD, security=security)])
    assert (found.level, found.why.code) == (Level.MUST_DEFER, code)
    assert found.why.result_type is result
    assert "no signature verifies" in found.why.whole


def test_an_insecure_host_is_outside_dane_and_not_asked_for_tlsa():
    addresses = (a(security=INSECURE), no_aaaa(security=INSECURE))
    assert next_tlsa_question(tlsa_base_domains(addresses), ()) is None
    found = judge(addresses=addresses)
    assert (found.level, found.why.section) == (Level.NOT_APPLICABLE, "RFC 7672 2.2.2")


@pytest.mark.parametrize("security", [BOGUS, INDETERMINATE])
def test_addresses_that_cannot_be_found_out_defer(security):
    for addresses in (
        (a(security=security), aaaa(security=security)),
        (a(security=security), no_aaaa()),
    ):
        assert judge(addresses=addresses).level is Level.MUST_DEFER


@pytest.mark.parametrize("other", [BOGUS, INDETERMINATE])
def test_one_good_family_outweighs_a_failed_one(other):
    addresses = (a(), aaaa(security=other))
    assert judge(addresses=addresses, records=[tlsa(GOOD)]).level is Level.MUST_AUTHENTICATE
    addresses = (a(security=INSECURE), aaaa(security=other))
    assert judge(addresses=addresses).level is Level.NOT_APPLICABLE


def test_a_host_without_addresses_is_passed_over():
    addresses = (
        no_aaaa(existence=Existence.NX_DOMAIN),
        no_aaaa(existence=Existence.NX_DOMAIN),
    )
    assert judge(addresses=addresses).why.code == "no-address"


@pytest.mark.parametrize("security", [BOGUS, INDETERMINATE])
def test_an_mx_answer_that_failed_defers(security):
    found = judge(mx(security=security), records=[tlsa(GOOD)])
    assert (found.level, found.mx_security) == (Level.MUST_DEFER, security)


def test_an_insecure_mx_with_a_secure_host_is_authenticated_to_the_host_alone():
    found = judge(mx(security=INSECURE), records=[tlsa(GOOD)])
    assert found.level is Level.MUST_AUTHENTICATE
    assert found.mx_security is INSECURE
    assert found.reference_identifiers == (HOST,)


def test_the_expansion_of_the_mail_domain_is_a_name_as_well():
    answer = mx(aliases=[(SECURE, "example.org")])
    found = judge(answer, records=[tlsa(GOOD)])
    assert found.reference_identifiers == (HOST, DOMAIN, n("example.org"))


def test_the_implicit_mx_is_the_domain_itself_and_takes_its_own_name():
    addresses = (a("example.com", aliases=[(SECURE, "host.example.net")]),)
    records = [tlsa(GOOD, host="host.example.net")]
    for security in (SECURE, INSECURE):
        found = judge(no_mx(security=security), addresses, records, host=DOMAIN)
        assert found.level is Level.MUST_AUTHENTICATE
        assert found.reference_identifiers == (OTHER, DOMAIN)


ALIASED = (a(aliases=[(SECURE, "host.example.net")]),)


def test_the_expanded_name_comes_first_and_the_original_only_after_a_good_no():
    bases = tlsa_base_domains(ALIASED)
    assert next_tlsa_question(bases, ()) == tlsa_name(OTHER)
    empty = no_tlsa("host.example.net")
    assert next_tlsa_question(bases, (empty,)) == tlsa_name(HOST)
    for last in (
        tlsa(GOOD, host="host.example.net"),
        tlsa(SHORT, host="host.example.net"),
        tlsa(GOOD, host="host.example.net", security=BOGUS),
        tlsa(GOOD, host="host.example.net", security=INDETERMINATE),
    ):
        assert next_tlsa_question(bases, (last,)) is None
    assert next_tlsa_question(bases, (empty, no_tlsa())) is None


def test_records_at_the_expanded_name_make_it_the_base_domain():
    found = judge(addresses=ALIASED, records=[tlsa(GOOD, host="host.example.net")])
    assert found.base_domain == OTHER
    assert found.reference_identifiers == (OTHER, DOMAIN)


def test_records_at_the_original_name_make_that_the_base_domain():
    found = judge(addresses=ALIASED, records=[no_tlsa("host.example.net"), tlsa(GOOD)])
    assert found.base_domain == HOST


def test_a_secure_alias_into_an_unsigned_zone_keeps_the_original_base_domain():
    addresses = (a(security=INSECURE, aliases=[(SECURE, "host.example.net")]),)
    found = judge(addresses=addresses, records=[tlsa(GOOD)])
    assert (found.level, found.base_domain) == (Level.MUST_AUTHENTICATE, HOST)


def test_an_open_question_is_never_taken_for_absence():
    with pytest.raises(ValueError, match="not been asked"):
        judge()
    with pytest.raises(ValueError, match="not been asked"):
        judge(addresses=ALIASED, records=[no_tlsa("host.example.net")])


def test_a_mandatory_setting_turns_what_passes_into_what_is_required():
    why = dane_required(judge(records=[no_tlsa()]).why)
    assert (why.code, why.result_type) == ("no-tlsa", ResultType.DANE_REQUIRED)
    assert why.fault is Fault.OURS_BY_CONFIGURATION
