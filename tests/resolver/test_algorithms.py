"""Algorithms: policy, key material from strangers, and known vectors."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver import rdata as rd
from esashell.resolver.algorithms import BadKey, Key, Policy, digest, verifier, zone_key
from tests.resolver.signer import SigningKey, n


@pytest.mark.parametrize("algorithm", [8, 10, 13, 14, 15, 16])
def test_the_algorithms_that_must_be_and_those_worth_having_are_supported(algorithm):
    assert Policy().supports(algorithm)


@pytest.mark.parametrize("algorithm", [0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 17, 23, 252, 253, 255])
def test_all_others_are_not(algorithm):
    assert not Policy().supports(algorithm)
    assert Policy(sha1=True).supports(algorithm) == (algorithm in (5, 7))


@pytest.mark.parametrize("algorithm", [5, 7, 8, 10, 13, 14, 15, 16])
def test_a_key_verifies_what_it_signed_and_nothing_else(algorithm):
    signing, other = SigningKey(algorithm), SigningKey(algorithm, which=1)
    key = Key(signing.rdata)
    made = signing.sign(b"data")
    assert key.verifies(made, b"data")
    assert not key.verifies(made, b"date")
    assert not key.verifies(other.sign(b"data"), b"data")
    for broken in (b"", made[:-1], made + b"\x00", bytes(len(made)), b"\xff" * len(made)):
        assert not key.verifies(broken, b"data")


@given(st.integers(0, 255), st.binary(max_size=140), st.binary(max_size=130))
def test_no_key_material_and_no_signature_raise(algorithm, public, signature):
    key = Key(b"\x01\x00\x03" + bytes((algorithm,)) + public)
    assert not key.verifies(signature, b"data")


@pytest.mark.parametrize(
    ("algorithm", "public"),
    [
        (8, b""),
        (8, b"\x03\x01\x00\x01"),
        (8, b"\x00\x00\x03\x01\x00\x01"),
        (8, b"\x01\x03" + b"\xff" * 20),
        (8, b"\x01\x03" + b"\xff" * 513),
        (8, b"\x09" + b"\xff" * 9 + b"\xff" * 128),
        (8, b"\x01\x01" + b"\xff" * 128),
        (13, b"\x00" * 64),
        (13, b"\x01" * 63),
        (14, b"\x01" * 64),
        (15, b"\x01" * 33),
        (16, b"\x01" * 32),
        (3, b"\x01" * 64),
    ],
)
def test_a_key_that_does_not_fit_its_algorithm_says_why(algorithm, public):
    with pytest.raises(BadKey):
        verifier(algorithm, public)
    assert Key(b"\x01\x00\x03" + bytes((algorithm,)) + public).fault


def test_the_ds_of_the_rfcs_example():
    # RFC 4509 2.3.
    key = (
        "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMm"
        "mAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=="
    )
    dnskey = b"\x01\x00\x03\x05" + base64.b64decode(key)
    owner = n("dskey.example.com")
    assert rd.key_tag(dnskey) == 60485
    assert digest(owner, dnskey, 1).hex().upper() == "2BB183AF5F22588179A53B0A98631FAD1A292118"
    assert digest(owner, dnskey, 2).hex().upper() == (
        "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A"
    )


def test_the_ed25519_example_of_rfc_8080_is_read():
    public = base64.b64decode("l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=")
    key = zone_key(b"\x01\x01\x03\x0f" + public)
    assert key is not None
    assert key.tag == 3613
    assert key.fault == ""


@pytest.mark.parametrize(
    "rdata",
    [b"", b"\x01\x01\x03", b"\x00\x01\x03\x0d" + b"x" * 64, b"\x01\x01\x02\x0d" + b"x" * 64,
     b"\x01\x81\x03\x0d" + b"x" * 64],
)  # fmt: skip
def test_what_may_not_sign_zone_data_is_no_zone_key(rdata):
    assert zone_key(rdata) is None
