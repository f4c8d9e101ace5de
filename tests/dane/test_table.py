from itertools import product

import pytest

from esashell.dane.answers import AddressState, MxState, TlsaState, is_null_mx, mx_state
from esashell.dane.applicability import Level, applicability
from esashell.dane.table import (
    TABLE,
    CertificateState,
    Outcome,
    Route,
    Situation,
    Verified,
    certificate_state,
    row,
    situation,
)
from esashell.dane.tlsa import Tlsa, record_for
from esashell.dane.verify import verify
from esashell.resolver.answer import Existence
from esashell.resolver.rrtypes import RRType
from tests.dane.answers import (
    BOGUS,
    INDETERMINATE,
    INSECURE,
    SECURE,
    a,
    aaaa,
    answer,
    mx,
    n,
    no_aaaa,
    no_mx,
    no_tlsa,
    tlsa,
)
from tests.pki.forge import NOW, leaf

S, F, T = Outcome.SUCCESS, Outcome.FAIL, Outcome.FALL_BACK
LEAF, OTHER = leaf(None), leaf(None)
GOOD, SHORT = record_for(LEAF.der, 3, 1, 1), Tlsa(3, 1, 1, bytes(31))
SEC = (a(), no_aaaa())
INS = (a(security=INSECURE), no_aaaa(security=INSECURE))
BAD = (a(security=BOGUS), aaaa(security=INDETERMINATE))
MATCH, MISMATCH = CertificateState.MATCHES, CertificateState.NO_MATCH

# The table of the rules as it was agreed, written out once more and independently.
AGREED = [
    (1, mx(), SEC, [tlsa(GOOD)], MATCH, S, S),
    (2, mx(), SEC, [tlsa(GOOD)], MISMATCH, F, F),
    (3, mx(), SEC, [tlsa(SHORT)], None, F, Outcome.TLS_REQUIRED),
    (4, mx(), SEC, [tlsa(GOOD, security=INSECURE)], None, F, T),
    (5, mx(), SEC, [no_tlsa()], None, F, T),
    (5, mx(), SEC, [no_tlsa(existence=Existence.NO_DATA)], None, F, T),
    (6, mx(), SEC, [tlsa(GOOD, security=BOGUS)], None, F, F),
    (6, mx(), SEC, [tlsa(GOOD, security=INDETERMINATE)], None, F, F),
    (7, mx(), INS, [], None, F, T),
    (8, mx(), BAD, [], None, F, F),
    (9, mx(security=INSECURE), SEC, [tlsa(GOOD)], MATCH, F, S),
    (10, mx(security=INSECURE), SEC, [tlsa(GOOD)], MISMATCH, F, F),
    (11, mx(security=INSECURE), SEC, [no_tlsa()], None, F, T),
    (11, mx(security=INSECURE), SEC, [tlsa(GOOD, security=INSECURE)], None, F, T),
    (12, mx(security=INSECURE), SEC, [tlsa(GOOD, security=BOGUS)], None, F, F),
    (13, mx(security=INSECURE), INS, [], None, F, T),
    (14, mx(security=INSECURE), BAD, [], None, F, F),
    (15, mx(security=BOGUS), (), [], None, F, F),
    (15, mx(security=INDETERMINATE), (), [], None, F, F),
    (16, no_mx(existence=Existence.NX_DOMAIN), (), [], None, *[Outcome.HARD_BOUNCE] * 2),
    (16, no_mx(security=INSECURE, existence=Existence.NX_DOMAIN), (), [], None)
    + (Outcome.HARD_BOUNCE,) * 2,
    (17, mx(host="."), (), [], None, *[Outcome.HARD_BOUNCE] * 2),
    (20, mx(), (no_aaaa(), no_aaaa()), [], None, F, F),
    (21, mx(security=INSECURE), SEC, [tlsa(SHORT)], None, F, Outcome.TLS_REQUIRED),
]


@pytest.mark.parametrize("case", AGREED, ids=lambda case: f"row {case[0]}")
def test_answers_lead_to_the_agreed_row_and_outcomes(case):
    number, mx_answer, addresses, records, certificate, mandatory, opportunistic = case
    found = row(
        situation(mx_answer, addresses, tuple(records), certificate or CertificateState.NOT_SEEN)
    )
    assert found.number == number
    assert (found.mandatory, found.opportunistic) == (mandatory, opportunistic)


@pytest.mark.parametrize("case", AGREED, ids=lambda case: f"row {case[0]}")
def test_a_route_to_a_host_fails_and_usedns_changes_nothing(case):
    _, mx_answer, addresses, records, certificate, _, _ = case
    given = (mx_answer, addresses, tuple(records), certificate or CertificateState.NOT_SEEN)
    routed = row(situation(*given, route=Route.TO_HOST))
    assert (routed.number, routed.mandatory, routed.opportunistic) == (18, F, F)
    assert row(situation(*given, route=Route.USEDNS)) == row(situation(*given))


def test_every_situation_has_exactly_one_row_once_the_certificate_is_seen():
    for route, mx_, address, tlsa_, certificate in product(
        Route, MxState, AddressState, TlsaState, CertificateState
    ):
        key = Situation(mx_, address, tlsa_, certificate, route)
        rows = [each.number for each in TABLE if each.holds(key)]
        waits = tlsa_ is TlsaState.USABLE and certificate is CertificateState.NOT_SEEN
        impossible = address is AddressState.SECURE and tlsa_ is TlsaState.NOT_ASKED
        decided = route is Route.TO_HOST or mx_ not in (MxState.SECURE, MxState.INSECURE)
        if not decided and address is AddressState.SECURE and (waits or impossible):
            assert rows == [], key
        else:
            assert len(rows) == 1, (key, rows)


def test_the_lines_are_numbered_in_order_and_each_names_its_source():
    numbers = [each.number for each in TABLE]
    assert numbers == [*range(1, 19), 20, 21]
    assert all(each.source for each in TABLE)


def test_daneverify_succeeds_only_where_everything_was_secure_and_matched():
    assert [each.number for each in TABLE if each.verified is Verified.SUCCESS] == [1]
    best = next(each for each in TABLE if each.number == 1)
    assert best.mx == (MxState.SECURE,)
    assert best.certificate == (CertificateState.MATCHES,)


def test_mandatory_is_never_laxer_than_opportunistic():
    lax = [F, Outcome.HARD_BOUNCE, S, Outcome.TLS_REQUIRED, T]
    for each in TABLE:
        assert lax.index(each.mandatory) <= lax.index(each.opportunistic)
        assert each.mandatory in (S, F, Outcome.HARD_BOUNCE)


LEVELS = {
    Level.MUST_DEFER: {F},
    Level.NOT_APPLICABLE: {T},
    Level.MUST_ENCRYPT: {Outcome.TLS_REQUIRED},
    Level.MUST_AUTHENTICATE: {S, F},
}


@pytest.mark.parametrize(
    "case", [each for each in AGREED if each[2]], ids=lambda case: f"row {case[0]}"
)
def test_the_table_and_what_dane_demands_agree(case):
    _, mx_answer, addresses, records, _, _, opportunistic = case
    found = applicability(
        n("example.com"), n("mx.example.com"), mx_answer, addresses, tuple(records)
    )
    assert opportunistic in LEVELS[found.level]


def test_no_row_decides_while_the_certificate_is_not_seen():
    assert row(situation(mx(), SEC, (tlsa(GOOD),))) is None


def test_a_certificate_is_judged_by_its_verdict_and_a_missing_one_does_not_match():
    good = verify((GOOD,), (LEAF.der,), (), NOW)
    bad = verify((GOOD,), (OTHER.der,), (), NOW)
    assert certificate_state(good) is MATCH
    assert certificate_state(bad) is MISMATCH
    assert certificate_state(None) is MISMATCH


def test_a_secure_alias_into_an_unsigned_zone_is_row_1():
    addresses = (a(security=INSECURE, aliases=[(SECURE, "host.example.net")]),)
    assert row(situation(mx(), addresses, (tlsa(GOOD),), MATCH)).number == 1


def test_an_implicit_mx_keeps_the_security_of_the_denial():
    assert mx_state(no_mx()) is MxState.SECURE
    assert mx_state(no_mx(security=INSECURE)) is MxState.INSECURE
    assert mx_state(no_mx(security=BOGUS)) is MxState.FAILED


def test_a_null_mx_stands_alone_and_must_be_believed():
    null = b"\x00\x00\x00"
    assert is_null_mx(answer("example.com", RRType.MX, SECURE, [null]))
    assert is_null_mx(answer("example.com", RRType.MX, INSECURE, [null]))
    two = [null, b"\x00\x0a" + n("mx.example.com")]
    assert not is_null_mx(answer("example.com", RRType.MX, SECURE, two))
    assert not is_null_mx(answer("example.com", RRType.MX, BOGUS, [null]))
    assert not is_null_mx(answer("example.com", RRType.MX, SECURE, [b"\x00"]))


def test_an_open_tlsa_question_is_no_situation():
    with pytest.raises(ValueError, match="still open"):
        situation(mx(), SEC)
