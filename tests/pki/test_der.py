import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from esashell.pki.der import BadCertificate, check_spki, outline
from tests.pki.forge import authority, leaf, new_key, with_serial

ROOT = authority()
LEAF = leaf(ROOT)


@pytest.mark.parametrize("kind", ["ec", "rsa", "ed25519", "ed448", "dsa"])
def test_the_key_is_cut_out_of_the_certificate_for_every_kind_of_key(kind):
    issued = leaf(ROOT, key=new_key(kind))
    assert outline(issued.der).spki == issued.spki
    check_spki(issued.spki)


def test_the_names_and_the_version_are_those_that_a_full_parser_reads():
    found = outline(LEAF.der)
    parsed = x509.load_der_x509_certificate(LEAF.der)
    assert found.issuer == parsed.issuer.public_bytes()
    assert found.subject == parsed.subject.public_bytes()
    assert found.version == 3


def test_a_negative_serial_number_does_not_hide_the_key():
    assert outline(with_serial(LEAF.der)).spki == LEAF.spki


def test_a_key_of_an_unknown_algorithm_is_still_found():
    odd = LEAF.der.replace(bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0271"))
    assert outline(odd).spki == LEAF.spki.replace(
        bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0271")
    )


def test_every_shortened_certificate_is_refused():
    for length in range(len(LEAF.der)):
        with pytest.raises(BadCertificate):
            outline(LEAF.der[:length])


def test_octets_behind_the_certificate_are_refused():
    with pytest.raises(BadCertificate, match="behind"):
        outline(LEAF.der + b"\x00")
    with pytest.raises(BadCertificate, match="behind"):
        check_spki(LEAF.spki + b"\x00")


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x85\x00\x00\x00\x00\x01\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x00",
        b"\x30\x02\x30\x00",
        b"\x31" + LEAF.der[1:],
    ],
)
def test_what_is_no_certificate_is_a_bad_certificate(der):
    with pytest.raises(BadCertificate):
        outline(der)
    with pytest.raises(BadCertificate):
        check_spki(der)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(der):
    for reader in (outline, check_spki):
        try:
            reader(der)
        except BadCertificate:
            continue


@given(st.integers(0, len(LEAF.der) - 1), st.integers(0, 255))
def test_a_damaged_certificate_yields_only_its_own_bytes(at, octet):
    damaged = LEAF.der[:at] + bytes((octet,)) + LEAF.der[at + 1 :]
    try:
        found = outline(damaged)
    except BadCertificate:
        return
    assert found.spki in damaged
    assert found.subject in damaged


def test_the_library_agrees_about_a_key_with_parameters():
    issued = leaf(ROOT, key=new_key("dsa"))
    parsed = x509.load_der_x509_certificate(issued.der)
    again = parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert outline(issued.der).spki == again
