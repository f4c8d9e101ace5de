import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.pki.certificate import certificate
from esashell.pki.identity import Identity, Mismatch, agree, identity, presented_identifiers
from tests.pki.forge import issue, leaf


@pytest.mark.parametrize(
    ("presented", "reference"),
    [
        ("mx.example.com", "mx.example.com"),
        ("MX.Example.COM", "mx.example.com"),
        ("mx.example.com", "mx.example.com."),
        ("*.example.com", "mx.example.com"),
        ("*.example.com", "xn--mller-kva.example.com"),
        ("*.example.com", "*.example.com"),
        ("*.example.com", "-mx-.example.com"),
        ("mx_1.example.com", "mx_1.example.com"),
        ("localhost", "localhost"),
        ("xn--mller-kva.example", "XN--MLLER-KVA.example"),
    ],
)
def test_these_agree(presented, reference):
    assert agree(presented, reference)


@pytest.mark.parametrize(
    ("presented", "reference"),
    [
        ("mx.example.com", "mx2.example.com"),
        ("example.com", "mx.example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "a.mx.example.com"),
        ("mx.*.com", "mx.example.com"),
        ("m*.example.com", "mx.example.com"),
        ("*x.example.com", "mx.example.com"),
        ("**.example.com", "mx.example.com"),
        ("*.example.com", "mx_1.example.com"),
        ("*.ex_ample.com", "mx.ex_ample.com"),
        ("*.-example.com", "mx.-example.com"),
        ("*.*.com", "mx.example.com"),
        ("*", "example"),
        ("*.com", "example.com"),
        ("*.", "example."),
        (".example.com", "mx.example.com"),
        ("*.example.com", ".example.com"),
        ("mx.example.com\0.evil.example", "mx.example.com"),
        ("mx.example.com\0", "mx.example.com"),
        ("mx.example.com.", "mx.example.com"),
        (" mx.example.com", "mx.example.com"),
        ("müller.example", "müller.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("192.0.2.1", "192.0.2.1"),
        ("*.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("", ""),
        ("", "mx.example.com"),
        ("mx.example.com", ""),
    ],
)
def test_these_do_not_agree(presented, reference):
    assert not agree(presented, reference)


def test_common_names_count_only_without_alternative_names():
    assert presented_identifiers(certificate(issue("mx.example.com").der)) == ("mx.example.com",)
    both = certificate(issue("mx.example.com", dns=["other.example"]).der)
    assert presented_identifiers(both) == ("other.example",)
    assert isinstance(identity(both, ["mx.example.com"]), Mismatch)


def test_the_first_reference_identifier_that_fits_is_reported_with_what_it_met():
    it = certificate(leaf(None, "*.example.com", "example.net").der)
    references = ["mx.example.org", "example.net", "mx.example.com"]
    assert identity(it, references) == Identity("example.net", "example.net")


def test_a_mismatch_shows_both_lists():
    it = certificate(leaf(None, "a.example", "b.example").der)
    assert identity(it, ["c.example"]) == Mismatch(("c.example",), ("a.example", "b.example"))


def test_a_certificate_without_names_matches_nothing():
    it = certificate(issue(None).der)
    assert identity(it, ["", "mx.example.com"]) == Mismatch(("", "mx.example.com"), ())


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_texts_are_compared_without_an_exception(presented, reference):
    if agree(presented, reference):
        assert presented.isascii()
        assert presented.count(".") == reference.removesuffix(".").count(".")
