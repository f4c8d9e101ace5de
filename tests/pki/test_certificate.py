import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from esashell.pki.certificate import BadCertificate, Certificate, certificate
from tests.pki.forge import (
    DAY,
    NOW,
    authority,
    distinguished,
    issue,
    leaf,
    new_key,
    usages,
    with_serial,
)

ROOT = authority(path_length=1)
LEAF = leaf(ROOT, "mx.example.com", "*.example.org")


def test_a_server_certificate_says_its_names_dates_and_key():
    it = certificate(LEAF.der)
    assert it.dns_names == ("mx.example.com", "*.example.org")
    assert it.common_names == ("a server",)
    assert (it.not_before, it.not_after) == (NOW - 30 * DAY, NOW + 30 * DAY)
    assert (it.key, it.version, it.authority) == ("EC secp256r1", 3, False)
    assert it.spki == LEAF.spki
    assert it.issuer_text == "CN=Root"
    assert not it.self_issued
    assert it.doubts == ()


def test_an_authority_says_what_it_may():
    it = certificate(authority(path_length=1, extensions=[(usages("key_cert_sign"), True)]).der)
    assert (it.authority, it.path_length, it.key_usage) == (True, 1, ("key_cert_sign",))
    assert it.self_issued


@pytest.mark.parametrize(
    ("kind", "text"),
    [("rsa", "RSA 2048"), ("ed25519", "Ed25519"), ("ed448", "Ed448"), ("dsa", "DSA 2048")],
)
def test_the_kind_and_size_of_the_key_are_told(kind, text):
    assert certificate(leaf(key=new_key(kind)).der).key == text


def test_names_that_differ_in_case_and_space_are_one():
    child = issue("a", ROOT, issuer_name=distinguished("  rOOt "))
    assert certificate(child.der).issuer_match == certificate(ROOT.der).subject_match


def test_names_that_differ_otherwise_are_two():
    child = issue("a", ROOT, issuer_name=distinguished("Ro ot"))
    assert certificate(child.der).issuer_match != certificate(ROOT.der).subject_match


def test_an_unknown_critical_extension_is_told_and_an_uncritical_one_is_not():
    oid = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
    strange = x509.UnrecognizedExtension(oid, b"\x05\x00")
    assert certificate(leaf(extensions=[(strange, True)]).der).unknown_critical == (
        "1.3.6.1.4.1.99999.1",
    )
    assert certificate(leaf(extensions=[(strange, False)]).der).unknown_critical == ()


def test_a_negative_serial_number_is_read_without_a_warning():
    # Warnings are errors in this test run, so this would raise.
    it = certificate(with_serial(LEAF.der))
    assert it.spki == LEAF.spki


def test_damaged_alternative_names_are_a_doubt_and_the_rest_is_kept():
    at = LEAF.der.index(b"mx.example.com")
    it = certificate(LEAF.der[:at] + b"\xff" + LEAF.der[at + 1 :])
    assert it.dns_names == ()
    assert any("extensions" in each for each in it.doubts)
    assert it.not_after == NOW + 30 * DAY


def test_what_the_library_refuses_whole_still_has_its_key_and_a_doubt():
    at = LEAF.der.index(b"\xa0\x03\x02\x01\x02") + 4
    it = certificate(LEAF.der[:at] + b"\x07" + LEAF.der[at + 1 :])
    assert it.spki == LEAF.spki
    assert it.version == 8
    assert it.doubts


@given(st.binary(max_size=300))
def test_random_bytes_are_a_bad_certificate_and_nothing_worse(der):
    with pytest.raises(BadCertificate):
        certificate(der)


@given(
    st.lists(st.tuples(st.integers(0, len(LEAF.der) - 1), st.integers(0, 255)), max_size=4),
    st.sampled_from([LEAF.der, ROOT.der]),
)
def test_damage_never_raises_anything_else(damage, der):
    octets = bytearray(der)
    for at, octet in damage:
        octets[at % len(octets)] = octet
    try:
        assert isinstance(certificate(bytes(octets)), Certificate)
    except BadCertificate:
        return


def test_what_a_terminal_could_obey_is_shown_as_an_escape():
    child = issue("\x1b[2Ja\u202eb\x07", ROOT, dns=("mx.example\x1b[0m",))
    it = certificate(child.der)
    assert it.subject_text == "CN=\\x1b[2Ja\\u202eb\\x07"
    assert it.common_names == ("\\x1b[2Ja\\u202eb\\x07",)
    assert it.dns_names == ("mx.example\\x1b[0m",)


def test_a_name_without_end_is_cut_where_it_is_shown():
    parts = [x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "z" * 60) for _ in range(20)]
    child = issue("a", ROOT, issuer_name=x509.Name(parts))
    assert len(certificate(child.der).issuer_text) == 301
