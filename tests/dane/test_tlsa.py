import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.dane.tlsa import (
    Malformed,
    Tlsa,
    association_data,
    from_rdata,
    record_for,
    tlsa_rdata,
    usable,
)
from esashell.pki.certificate import BadCertificate
from tests.pki.forge import authority, leaf

ROOT = authority()
LEAF = leaf(ROOT)
SHA256, SHA512 = bytes(32), bytes(64)


def test_association_data_is_what_openssl_would_publish():
    assert association_data(LEAF.der, 0, 0) == LEAF.der
    assert association_data(LEAF.der, 1, 0) == LEAF.spki
    assert association_data(LEAF.der, 0, 1) == hashlib.sha256(LEAF.der).digest()
    assert association_data(LEAF.der, 1, 1) == hashlib.sha256(LEAF.spki).digest()
    assert association_data(LEAF.der, 1, 2) == hashlib.sha512(LEAF.spki).digest()


def test_the_whole_certificate_is_digested_even_when_it_is_none():
    assert association_data(b"x", 0, 1) == hashlib.sha256(b"x").digest()
    with pytest.raises(BadCertificate):
        association_data(b"x", 1, 1)


@pytest.mark.parametrize(("selector", "matching_type"), [(2, 1), (255, 0), (1, 3), (0, 255)])
def test_undefined_numbers_have_no_association_data(selector, matching_type):
    with pytest.raises(ValueError, match="not defined"):
        association_data(LEAF.der, selector, matching_type)


def test_a_record_is_written_as_in_a_zone_file_and_with_its_mnemonics():
    record = Tlsa(3, 1, 1, b"\xab\xcd")
    assert record.text == "3 1 1 abcd"
    assert record.parameters == "3 1 1"
    assert record.mnemonic == "DANE-EE(3) SPKI(1) SHA2-256(1)"
    assert Tlsa(0, 0, 0, b"").mnemonic == "PKIX-TA(0) Cert(0) Full(0)"
    assert Tlsa(4, 2, 9, b"").mnemonic == "4 2 9"
    assert Tlsa(2, 0, 2, b"").text == "2 0 2"


@pytest.mark.parametrize(
    "record", [record_for(LEAF.der, 3, s, m) for s in (0, 1) for m in (0, 1, 2)]
)
def test_every_defined_kind_of_record_is_usable(record):
    assert usable(record) is None
    assert usable(Tlsa(2, record.selector, record.matching_type, record.data)) is None


@pytest.mark.parametrize(
    ("record", "text", "section"),
    [
        (Tlsa(0, 1, 1, SHA256), "PKIX-TA(0) is not for SMTP", "RFC 7672 3.1.3"),
        (Tlsa(1, 1, 1, SHA256), "PKIX-EE(1) is not for SMTP", "RFC 7672 3.1.3"),
        (Tlsa(4, 1, 1, SHA256), "unknown usage 4", "RFC 6698 4.1"),
        (Tlsa(255, 1, 1, SHA256), "unknown usage 255", "RFC 6698 4.1"),
        (Tlsa(3, 2, 1, SHA256), "unknown selector 2", "RFC 6698 4.1"),
        (Tlsa(3, 1, 3, SHA256), "unknown matching type 3", "RFC 6698 4.1"),
        (Tlsa(3, 1, 1, SHA256[:-1]), "31 octets where SHA2-256(1) has 32", "RFC 6698 2.1.4"),
        (Tlsa(3, 1, 1, SHA512), "64 octets", "RFC 6698 2.1.4"),
        (Tlsa(2, 0, 2, SHA256), "32 octets where SHA2-512(2) has 64", "RFC 6698 2.1.4"),
        (Tlsa(3, 1, 1, b""), "0 octets", "RFC 6698 2.1.4"),
        (Tlsa(3, 1, 0, b""), "no association data", "RFC 6698 2.1.4"),
        (Tlsa(2, 0, 0, SHA256), "not a certificate", "RFC 6698 2.1.2"),
        (Tlsa(2, 0, 0, LEAF.spki), "not a certificate", "RFC 6698 2.1.2"),
        (Tlsa(2, 1, 0, LEAF.der), "not a public key", "RFC 6698 2.1.2"),
        (Tlsa(3, 1, 0, LEAF.spki + b"\0"), "not a public key", "RFC 6698 2.1.2"),
        (Malformed(b"\x03\x01"), "2 octets are too few", "RFC 6698 4.1"),
    ],
)
def test_an_unusable_record_says_why_and_where_that_is_laid_down(record, text, section):
    why = usable(record)
    assert why is not None
    assert text in why.text
    assert why.section == section


@given(st.binary(max_size=100))
def test_any_rdata_is_a_record_or_malformed_and_can_be_judged(rdata):
    record = from_rdata(rdata)
    usable(record)
    assert isinstance(record.text, str)
    if isinstance(record, Malformed):
        assert len(rdata) < 3
        assert record.text.startswith(f"\\# {len(rdata)}")
    else:
        assert record.rdata == rdata


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=70))
def test_rdata_and_record_are_one(usage, selector, matching_type, data):
    rdata = tlsa_rdata(usage, selector, matching_type, data)
    assert from_rdata(rdata) == Tlsa(usage, selector, matching_type, data)


@given(st.sampled_from([2, 3]), st.sampled_from([0, 1]), st.binary(min_size=1, max_size=300))
def test_random_full_data_is_never_usable(usage, selector, data):
    assert usable(Tlsa(usage, selector, 0, data)) is not None
