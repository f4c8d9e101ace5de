"""One RRset and its signatures, and what is signed."""

import dns.dnssec
import dns.name
import dns.rdata
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import Policy, zone_key
from esashell.resolver.answer import Ede, Security
from esashell.resolver.budget import Budget, Effort, OutOfBudget, Work
from esashell.resolver.names import Name, name_from_labels
from esashell.resolver.signatures import Keyring, keyring, rrset_verdict, signed_data
from esashell.resolver.wire import Rrset
from tests.resolver.signer import A1, A2, DAY, NOW, SigningKey, n, rrsig

ZONE = n("a.test")
KEY = SigningKey(13)
RING = keyring(ZONE, [zone_key(KEY.rdata)])


def verdict(rrset: Rrset, ring: Keyring = RING, now: int = NOW, budget: Budget | None = None):
    work = Work(budget or Budget(), Effort())
    return rrset_verdict(rrset, ring, now, work, Policy())


def signed(owner: str = "mail.a.test", rdatas: tuple[bytes, ...] = (A1, A2), **options) -> Rrset:
    key = options.pop("key", KEY)
    signer = n(options.pop("signer", "a.test"))
    made = rrsig(key, signer, n(owner), 1, rdatas, **options)
    return Rrset(n(owner), 1, 7200, rdatas, (made,))


LABELS = st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=4).map(tuple)


@given(
    LABELS,
    st.lists(st.binary(min_size=4, max_size=4), min_size=1, max_size=4, unique=True),
    st.integers(0, 4),
)
def test_what_is_signed_is_what_dnspython_says(labels, rdatas, surplus):
    owner = name_from_labels(labels)
    count = max(0, len([each for each in labels if each != b"*"]) - surplus)
    if labels[0] == b"*" or b"*" in labels:
        return
    times = bytes.fromhex("00000e1070000000600000001234")  # TTL, until, since, key tag
    raw = b"\x00\x01" + bytes((13, count)) + times + b"\x04test\x00" + b"sig"
    ours = signed_data(Rrset(owner, 1, 60, tuple(rdatas)), raw, rd.rrsig(raw))
    theirs = dns.rrset.RRset(dns.name.from_wire(bytes(owner), 0)[0], 1, 1)
    for each in rdatas:
        theirs.add(dns.rdata.from_wire(1, 1, each, 0, 4), 60)
    signature = dns.rdata.from_wire(1, 46, raw, 0, len(raw))
    assert ours == dns.dnssec._make_rrsig_signature_data(theirs, signature)


def test_a_good_signature_is_secure_and_limits_the_ttl():
    found = verdict(signed(expiration=NOW + 100))
    assert found.security is Security.SECURE
    assert (found.ttl, found.until) == (100, NOW + 100)
    assert found.encloser is None
    assert verdict(signed(ttl=60)).ttl == 60


@pytest.mark.parametrize(
    ("rrset", "result", "code"),
    [
        (signed(expiration=NOW - 1), "expired", Ede.SIGNATURE_EXPIRED),
        (signed(inception=NOW + 1), "not yet valid", Ede.SIGNATURE_NOT_YET_VALID),
        (
            signed(inception=NOW + 9, expiration=NOW - 9),
            "expires before it begins",
            Ede.SIGNATURE_EXPIRED_BEFORE_VALID,
        ),
        (signed(key=SigningKey(13)), "no such key in the zone", Ede.DNSKEY_MISSING),
        (signed(signer="test"), "signer is not the zone a.test.", Ede.DNSSEC_BOGUS),
        (signed(labels=4), "more labels than the owner has", Ede.DNSSEC_BOGUS),
        (signed(algorithm=3), "DSA is not supported", Ede.RRSIGS_MISSING),
        (signed(algorithm=8), "no such key in the zone", Ede.DNSKEY_MISSING),
    ],
)
def test_every_signature_tried_says_how_it_failed(rrset, result, code):
    found = verdict(rrset)
    assert found.security is Security.BOGUS
    assert [trial.result for trial in found.trials] == [result]
    assert found.reason.code == code
    assert "mail.a.test. A" in found.reason.text


def test_without_a_signature_the_reason_is_that():
    assert verdict(Rrset(n("mail.a.test"), 1, 60, (A1,))).reason.code == Ede.RRSIGS_MISSING


def test_one_good_signature_among_bad_ones_is_enough_in_any_order():
    good = signed()
    bad = signed(expiration=NOW - 1).signatures + signed(key=SigningKey(13)).signatures
    junk = (b"", bytes(18), bytes(40))
    for signatures in (good.signatures + bad + junk, junk + bad + good.signatures):
        found = verdict(Rrset(good.owner, 1, 60, good.rdatas, signatures))
        assert found.security is Security.SECURE


def test_an_expanded_wildcard_reports_its_encloser():
    made = signed("*.wild.a.test")
    found = verdict(Rrset(n("x.y.wild.a.test"), 1, 60, made.rdatas, made.signatures))
    assert found.security is Security.SECURE
    assert found.encloser == n("wild.a.test")
    assert verdict(made).encloser is None


def test_keys_that_share_a_tag_are_each_tried_up_to_a_limit():
    def twin(seed: int) -> Name:
        # Swapping two 16-bit words keeps the tag (RFC 4034 appendix B).
        body = bytearray(KEY.rdata)
        body[4:6], body[6 + 2 * seed : 8 + 2 * seed] = body[6 + 2 * seed : 8 + 2 * seed], body[4:6]
        return bytes(body)

    others = [zone_key(twin(i)) for i in range(12)]
    assert {each.tag for each in others} == {KEY.tag}
    found = verdict(signed(), keyring(ZONE, [*others[:2], zone_key(KEY.rdata)]))
    assert found.security is Security.SECURE
    with pytest.raises(OutOfBudget, match="limit of 4 keys with one tag") as stopped:
        verdict(signed(key=SigningKey(13), tag=KEY.tag), keyring(ZONE, others))
    assert stopped.value.trials[0].key_tag == KEY.tag


def test_failed_verifications_stop_the_look_up_at_a_limit_that_is_named():
    wrong = signed()
    with pytest.raises(OutOfBudget, match="limit of 1 failed verifications"):
        verdict(Rrset(wrong.owner, 1, 60, (A1,), wrong.signatures), budget=Budget(failures=1))


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_no_signature_bytes_raise(raw, public):
    key = zone_key(b"\x01\x01\x03\x0d" + public)
    ring = keyring(ZONE, [key])
    shaped = b"\x00\x01\x0d\x03" + (NOW - DAY).to_bytes(4, "big") + raw
    for each in (raw, shaped, signed().signatures[0][:26] + raw):
        assert (
            verdict(Rrset(n("mail.a.test"), 1, 60, (A1,), (each,)), ring).security is Security.BOGUS
        )
