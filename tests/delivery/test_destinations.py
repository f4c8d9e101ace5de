"""Where mail goes, from an MX answer: a pure function, so answers are made by hand here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.delivery.destinations import DestinationKind, destination
from esashell.resolver.answer import Answer, Existence, Security
from esashell.resolver.names import ROOT, name_from_text
from esashell.resolver.rrtypes import RRType

DOMAIN = name_from_text("example.com")
KINDS = DestinationKind


def record(preference: int, host: str) -> bytes:
    return preference.to_bytes(2, "big") + name_from_text(host)


def found(*rdatas: bytes, security: Security = Security.SECURE) -> Answer:
    return Answer(DOMAIN, RRType.MX, security, Existence.FOUND, rdatas)


def names(answer: Answer) -> list[str]:
    return [str(each.name) for each in destination(DOMAIN, answer).hosts]


def test_hosts_come_by_preference_and_equals_in_the_order_of_the_answer() -> None:
    answer = found(record(20, "c.example"), record(10, "b.example"), record(10, "a.example"))
    assert names(answer) == ["b.example", "a.example", "c.example"]


def test_a_null_mx_takes_no_mail_and_beside_others_means_nothing() -> None:
    assert destination(DOMAIN, found(record(0, "."))).kind is KINDS.NULL_MX
    assert names(found(record(0, "."), record(10, "a.example"))) == ["a.example"]


@pytest.mark.parametrize("security", [Security.SECURE, Security.INSECURE])
def test_no_mx_leaves_the_domain_itself_but_no_domain_leaves_nothing(security: Security) -> None:
    answer = Answer(DOMAIN, RRType.MX, security, Existence.NO_DATA)
    assert destination(DOMAIN, answer).kind is KINDS.IMPLICIT_MX
    assert names(answer) == ["example.com"]
    answer = Answer(DOMAIN, RRType.MX, security, Existence.NX_DOMAIN)
    assert destination(DOMAIN, answer).kind is KINDS.NO_SUCH_DOMAIN


@pytest.mark.parametrize("security", [Security.BOGUS, Security.INDETERMINATE])
def test_what_could_not_be_found_out_is_no_implicit_mx(security: Security) -> None:
    answer = Answer(DOMAIN, RRType.MX, security, None, (record(10, "evil.example"),))
    it = destination(DOMAIN, answer)
    assert (it.kind, it.hosts) == (KINDS.NOT_KNOWN, ())


def test_one_malformed_record_never_costs_the_others() -> None:
    assert names(found(b"\x00", record(10, "a.example"), b"\x00\x0a\xc0\x0c")) == ["a.example"]
    assert destination(DOMAIN, found(b"\x00")).kind is KINDS.NOT_KNOWN


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_any_bytes_at_all_are_hosts_or_not(rdatas: list[bytes]) -> None:
    it = destination(DOMAIN, found(*rdatas))
    assert all(each.name != ROOT for each in it.hosts)
    assert bool(it.hosts) == (it.kind is KINDS.MX_HOSTS)
