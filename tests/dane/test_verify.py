import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.dane.reason import Fault, ResultType
from esashell.dane.tlsa import Malformed, Tlsa, from_rdata, record_for
from esashell.dane.verify import DaneResult, RecordResult, advice, verify
from esashell.pki.path import PathFault
from tests.dane.answers import n
from tests.pki.forge import DAY, NOW, authority, issue, leaf, new_key, signed_part, with_serial

HOST = n("mx.example.com")
ROOT = authority()
MIDDLE = authority("Middle", ROOT)
LEAF = leaf(MIDDLE)
CHAIN = (LEAF.der, MIDDLE.der, ROOT.der)
OTHER = leaf(None)
STRANGER = authority("Stranger")


def record(of, usage=3, selector=1, matching_type=1):
    return record_for(of.der, usage, selector, matching_type)


def judge(*records, chain=CHAIN, names=(HOST,), now=NOW, **more):
    return verify(records, chain, names, now, **more)


def only(*records, **more):
    verdict = judge(*records, **more)
    assert len(verdict.findings) == len(records)
    return verdict.findings[0]


# DANE-EE


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
def test_an_end_entity_record_matches_its_certificate(selector, matching_type):
    verdict = judge(record(LEAF, 3, selector, matching_type))
    assert verdict.result is DaneResult.MATCHED
    assert verdict.findings[0].depth == 0
    assert verdict.reason.section == "RFC 7671 5.1"


def test_dane_ee_ignores_dates():
    end = leaf(None, until=-1)
    assert judge(record(end), chain=(end.der,)).result is DaneResult.MATCHED
    early = leaf(None, since=5)
    assert judge(record(early), chain=(early.der,)).result is DaneResult.MATCHED


def test_dane_ee_ignores_names():
    end = leaf(None, "elsewhere.example")
    assert judge(record(end), chain=(end.der,)).result is DaneResult.MATCHED
    assert judge(record(LEAF), names=()).result is DaneResult.MATCHED


def test_dane_ee_ignores_what_else_is_sent():
    assert judge(record(LEAF), chain=(LEAF.der, b"rubbish")).result is DaneResult.MATCHED


def test_dane_ee_matches_a_certificate_that_no_parser_takes():
    odd = with_serial(LEAF.der)
    assert judge(record(LEAF), chain=(odd,)).result is DaneResult.MATCHED
    whole = record_for(odd, 3, 0, 1)
    assert judge(whole, chain=(odd,)).result is DaneResult.MATCHED
    assert judge(record_for(b"nothing", 3, 0, 1), chain=(b"nothing",)).result is DaneResult.MATCHED


def test_another_key_is_a_mismatch_that_is_theirs_to_mend():
    verdict = judge(record(OTHER))
    assert verdict.result is DaneResult.NO_MATCH
    assert verdict.reason.result_type is ResultType.VALIDATION_FAILURE
    assert verdict.reason.fault is Fault.THEIRS
    assert verdict.advice == record(LEAF)


def test_an_issuer_under_usage_3_is_told_apart():
    assert "usage 3 is for the server's own" in only(record(ROOT, 3)).reason.text


# DANE-TA


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
@pytest.mark.parametrize(("anchor", "depth"), [(MIDDLE, 1), (ROOT, 2)])
def test_a_trust_anchor_record_matches_at_its_depth(anchor, depth, selector, matching_type):
    finding = only(record(anchor, 2, selector, matching_type))
    assert (finding.result, finding.depth) == (RecordResult.MATCHED, depth)
    assert finding.identity.presented == "mx.example.com"


def test_a_trust_anchor_that_is_only_digested_must_be_sent():
    finding = only(record(ROOT, 2), chain=(LEAF.der, MIDDLE.der))
    assert (finding.result, finding.reason.code) == (RecordResult.NO_MATCH, "no-trust-anchor")


@pytest.mark.parametrize("selector", [0, 1])
def test_a_trust_anchor_in_the_dns_need_not_be_sent(selector):
    finding = only(record(ROOT, 2, selector, 0), chain=(LEAF.der, MIDDLE.der))
    assert (finding.result, finding.depth) == (RecordResult.MATCHED, 2)
    finding = only(record(MIDDLE, 2, selector, 0), chain=(LEAF.der,))
    assert (finding.result, finding.depth) == (RecordResult.MATCHED, 1)


def test_a_trust_anchor_in_the_dns_that_signed_nothing_here_is_no_match():
    for selector in (0, 1):
        finding = only(record(STRANGER, 2, selector, 0))
        assert finding.result is RecordResult.NO_PATH
        assert finding.reason.result_type is ResultType.CERTIFICATE_NOT_TRUSTED


def test_a_decoy_authority_that_is_merely_sent_does_not_match():
    finding = only(record(STRANGER, 2), chain=(*CHAIN, STRANGER.der))
    assert finding.result is RecordResult.NO_PATH
    namesake = authority("Middle")
    finding = only(record(namesake, 2), chain=(LEAF.der, namesake.der, MIDDLE.der, ROOT.der))
    assert finding.result is RecordResult.NO_PATH
    assert finding.faults[0].fault is PathFault.BAD_SIGNATURE


def test_the_leaf_offered_as_trust_anchor_is_refused_with_a_hint():
    for selector in (0, 1):
        for matching_type in (0, 1):
            finding = only(record(LEAF, 2, selector, matching_type))
            assert finding.result in (RecordResult.NO_MATCH, RecordResult.NO_PATH)
    assert "usage 2 is for its issuer" in only(record(LEAF, 2)).reason.text
    alone = leaf(None, ca=True)
    assert only(record(alone, 2), chain=(alone.der, alone.der)).result is RecordResult.NO_MATCH


def test_no_public_authority_comes_in_and_a_private_one_will_do():
    # Nothing here is known to any list of public authorities.
    assert judge(record(ROOT, 2)).result is DaneResult.MATCHED


@pytest.mark.parametrize(
    ("names", "good"),
    [
        ((HOST,), True),
        ((n("example.com"),), False),
        ((n("example.com"), HOST), True),
        ((), False),
    ],
)
def test_below_a_trust_anchor_a_name_must_fit(names, good):
    verdict = judge(record(ROOT, 2), names=names)
    assert (verdict.result is DaneResult.MATCHED) is good
    if not good:
        assert verdict.findings[0].result is RecordResult.NAME_MISMATCH
        assert verdict.findings[0].depth == 2
        assert verdict.reason.result_type is ResultType.CERTIFICATE_HOST_MISMATCH


def test_wildcards_and_common_names_count_below_a_trust_anchor():
    wild = leaf(ROOT, "*.example.com")
    assert judge(record(ROOT, 2), chain=(wild.der, ROOT.der)).result is DaneResult.MATCHED
    common = issue("mx.example.com", ROOT)
    assert judge(record(ROOT, 2), chain=(common.der, ROOT.der)).result is DaneResult.MATCHED


@pytest.mark.parametrize("which", ["leaf", "root"])
def test_below_a_trust_anchor_dates_count(which):
    root = authority(until=-1 if which == "root" else 300)
    end = leaf(root, until=-1 if which == "leaf" else 30)
    verdict = judge(record(root, 2), chain=(end.der, root.der))
    assert verdict.result is DaneResult.NO_MATCH
    assert verdict.reason.result_type is ResultType.CERTIFICATE_EXPIRED


def test_a_chain_that_is_wrong_in_more_than_its_dates_is_not_trusted():
    rogue = issue("Rogue", ROOT, ca=False, until=-1)
    end = leaf(rogue)
    verdict = judge(record(ROOT, 2), chain=(end.der, rogue.der, ROOT.der))
    assert verdict.reason.result_type is ResultType.CERTIFICATE_NOT_TRUSTED
    assert len(verdict.findings[0].faults) == 2


def test_a_key_record_finds_the_right_one_of_two_certificates_for_that_key():
    key = new_key()
    old, new = authority(key=key, until=-1), authority(key=key)
    end = leaf(new)
    for chain in ((end.der, old.der, new.der), (end.der, new.der, old.der)):
        assert judge(record(new, 2), chain=chain).result is DaneResult.MATCHED


def test_rubbish_in_the_chain_does_not_hide_the_good_ones():
    chain = (LEAF.der, b"", b"\x30\x03abc", MIDDLE.der, with_serial(ROOT.der), ROOT.der)
    assert judge(record(ROOT, 2), chain=chain).result is DaneResult.MATCHED


# Sets of records


def test_the_depth_told_is_that_of_the_nearest_anchor():
    upper = authority("Upper", ROOT)
    lower = authority("Lower", upper, key=upper.key)
    chain = (leaf(lower).der, upper.der, lower.der)
    finding = only(record(upper, 2, 1), chain=chain)
    assert (finding.result, finding.depth) == (RecordResult.MATCHED, 1)


def test_one_match_of_any_usage_is_enough():
    verdict = judge(record(OTHER), record(STRANGER, 2), record(LEAF))
    assert verdict.result is DaneResult.MATCHED
    assert [each.result for each in verdict.findings] == [
        RecordResult.NO_MATCH,
        RecordResult.NO_MATCH,
        RecordResult.MATCHED,
    ]
    assert judge(record(OTHER), record(ROOT, 2)).result is DaneResult.MATCHED
    assert judge(record(LEAF), record(STRANGER, 2)).result is DaneResult.MATCHED


def test_unusable_records_are_reported_and_never_match():
    pkix = record(LEAF, 1)
    verdict = judge(pkix, Malformed(b"\x03"), Tlsa(3, 1, 9, b"x"))
    assert verdict.result is DaneResult.NO_USABLE_RECORDS
    assert {each.result for each in verdict.findings} == {RecordResult.UNUSABLE}
    assert verdict.reason.result_type is ResultType.TLSA_INVALID
    assert judge(pkix, record(LEAF)).result is DaneResult.MATCHED


def test_no_records_and_no_certificates_are_verdicts_too():
    assert judge().result is DaneResult.NO_USABLE_RECORDS
    verdict = judge(record(LEAF), record(ROOT, 2), chain=())
    assert verdict.result is DaneResult.NO_MATCH
    assert verdict.reason.code == "no-certificate"
    assert verdict.advice is None


def test_the_nearest_failure_speaks_for_the_set():
    verdict = judge(record(OTHER), record(ROOT, 2), names=(n("other.example"),))
    assert verdict.reason.result_type is ResultType.CERTIFICATE_HOST_MISMATCH


def test_the_advice_is_the_record_that_would_have_matched():
    verdict = judge(record(OTHER))
    assert verdict.advice.parameters == "3 1 1"
    assert judge(verdict.advice).result is DaneResult.MATCHED
    assert advice((b"rubbish",)) is None


# Digest agility


def test_a_stronger_digest_supersedes_a_weaker_one():
    verdict = judge(record(LEAF, 3, 1, 1), record(OTHER, 3, 1, 2))
    assert verdict.result is DaneResult.NO_MATCH
    assert verdict.findings[0].result is RecordResult.SUPERSEDED
    assert verdict.findings[0].reason.section == "RFC 7671 9"


def test_without_agility_the_weaker_digest_still_counts():
    verdict = judge(record(LEAF, 3, 1, 1), record(OTHER, 3, 1, 2), digest_agility=False)
    assert verdict.result is DaneResult.MATCHED


def test_agility_keeps_to_one_usage_and_selector():
    for other in (record(OTHER, 3, 0, 2), record(OTHER, 2, 1, 2)):
        assert judge(record(LEAF, 3, 1, 1), other).result is DaneResult.MATCHED


def test_full_data_stands_outside_agility():
    assert judge(record(LEAF, 3, 1, 0), record(OTHER, 3, 1, 2)).result is DaneResult.MATCHED
    assert judge(record(OTHER, 3, 1, 0), record(LEAF, 3, 1, 1)).result is DaneResult.MATCHED


def test_an_unusable_stronger_digest_supersedes_nothing():
    short = Tlsa(3, 1, 2, bytes(63))
    assert judge(record(LEAF, 3, 1, 1), short).result is DaneResult.MATCHED


# Properties

_CERTIFICATES = (LEAF, MIDDLE, ROOT, OTHER, STRANGER)
_SENSIBLE = st.builds(
    record,
    st.sampled_from(_CERTIFICATES),
    st.sampled_from([2, 3]),
    st.sampled_from([0, 1]),
    st.sampled_from([0, 1, 2]),
)
_UNUSABLE = st.one_of(
    st.builds(record, st.sampled_from(_CERTIFICATES), st.sampled_from([0, 1])),
    st.binary(max_size=2).map(Malformed),
    st.builds(Tlsa, st.just(3), st.just(1), st.sampled_from([1, 2]), st.binary(max_size=31)),
    st.builds(Tlsa, st.integers(4, 255), st.just(1), st.just(1), st.just(bytes(32))),
)
_SETS = st.lists(st.one_of(_SENSIBLE, _SENSIBLE, _UNUSABLE), max_size=6)
_NAMES = st.sampled_from([(HOST,), (n("other.example"),), ()])
_TIMES = st.sampled_from([NOW, NOW + 31 * DAY, NOW + 400 * DAY])
_CHAINS = st.lists(st.sampled_from(_CERTIFICATES[1:]), max_size=4).map(
    lambda above: (LEAF.der, *(each.der for each in above))
)
# What a verdict depends on beside the records: chain, names, time.
_SCENES = st.tuples(_CHAINS, _NAMES, _TIMES)


@given(_SETS, _SCENES, st.booleans(), st.randoms())
def test_the_order_of_the_records_does_not_matter(records, scene, agility, random):
    shuffled = list(records)
    random.shuffle(shuffled)
    one = verify(tuple(records), *scene, agility)
    other = verify(tuple(shuffled), *scene, agility)
    assert one.result is other.result
    assert {each.record: each for each in one.findings} == {
        each.record: each for each in other.findings
    }


@given(_SETS, _SCENES, st.booleans(), _UNUSABLE)
def test_an_unusable_record_never_changes_the_verdict(records, scene, agility, extra):
    before = verify(tuple(records), *scene, agility)
    after = verify((*records, extra), *scene, agility)
    assert after.result is before.result
    assert after.findings[:-1] == before.findings


@given(_SETS, _SCENES, st.booleans(), _SENSIBLE)
def test_a_record_that_matches_alone_matches_in_every_set_that_does_not_supersede_it(
    records, scene, agility, extra
):
    """With agility a matching record may be superseded by one with a stronger digest; nothing else
    can take a match away."""
    alone = verify((extra,), *scene, agility)
    together = verify((*records, extra), *scene, agility)
    if alone.result is DaneResult.MATCHED:
        mine = together.findings[-1].result
        assert mine in (RecordResult.MATCHED, RecordResult.SUPERSEDED)
        assert agility or together.result is DaneResult.MATCHED


@given(_SETS, _SCENES, _SENSIBLE, st.booleans())
def test_adding_a_matching_record_never_loses_a_match(records, scene, extra, agility):
    """With agility too: what a stronger digest supersedes, it replaces by a match of its own."""
    before = verify(tuple(records), *scene, agility)
    if verify((extra,), *scene, agility).result is not DaneResult.MATCHED:
        return
    if before.result is DaneResult.MATCHED:
        after = verify((*records, extra), *scene, agility)
        assert after.result is DaneResult.MATCHED


@given(_SETS, _SCENES, _SENSIBLE)
def test_without_agility_no_record_at_all_takes_a_match_away(records, scene, extra):
    before = verify(tuple(records), *scene, False)
    if before.result is DaneResult.MATCHED:
        after = verify((*records, extra), *scene, False)
        assert after.result is DaneResult.MATCHED


@given(_SETS, _CHAINS, _NAMES, _TIMES)
def test_for_dane_ee_names_dates_and_the_rest_of_the_chain_change_nothing(
    records, chain, names, now
):
    own = tuple(each for each in records if isinstance(each, Tlsa) and each.usage == 3)
    one, other = verify(own, chain, names, now), verify(own, (chain[0],), (), 0)
    assert one.result is other.result
    assert [each.result for each in one.findings] == [each.result for each in other.findings]


@given(st.lists(st.binary(max_size=80), max_size=4), st.lists(st.binary(max_size=80), max_size=3))
def test_any_bytes_from_dns_and_peer_end_in_a_verdict(rdatas, chain):
    records = tuple(from_rdata(each) for each in rdatas)
    verdict = verify(records, tuple(chain), (HOST,), NOW)
    assert len(verdict.findings) == len(records)


@given(st.sampled_from(signed_part(LEAF.der)), st.integers(1, 255), st.sampled_from([0, 1, 2]))
def test_a_damaged_leaf_never_matches_a_whole_certificate_or_an_authority(
    at, change, matching_type
):
    damaged = LEAF.der[:at] + bytes((LEAF.der[at] ^ change,)) + LEAF.der[at + 1 :]
    records = record(LEAF, 3, 0, matching_type), record(ROOT, 2, 1, matching_type)
    verdict = judge(*records, chain=(damaged, MIDDLE.der, ROOT.der))
    assert verdict.result is DaneResult.NO_MATCH
