"""What a sender and a recipient may look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.checks.senders import (
    recipient_fault,
    response_fault,
    sender_fault,
    sender_parts,
)


@pytest.mark.parametrize(
    "sender",
    [
        "192.0.2.1", "192.0.2.1-20", "10.1.1-3.", "10.", "10.1.", "192.0.2.0/24", "2001:db8::1",
        "2001:db8::1-2001:db8::9", "2001:db8::/32", "example.com", ".example.com", "nx.domain",
        "sbrs[-10.0:-3.0]", "SBRS[none]", "dnslist[query.bl.example]", "SBO:1234",
        "192.0.2.1 (our own)", "a.example (with (more) in it)",
    ],
)  # fmt: skip
def test_a_sender_of_each_sort_is_taken(sender: str) -> None:
    assert sender_fault(sender) is None


@pytest.mark.parametrize(
    ("sender", "fault"),
    [
        ("", "is empty"),
        ("192.0.2.256", "has 256 in it; the parts of an address are numbers from 0 to 255"),
        ("192.0.2.1-999", "has 1-999 in it"),
        ("192.0.2.9-1", "is a range that runs backwards"),
        ("192.0.2.1-192.0.2.9", "behind the dash stands the last part only, as in 10.1.1.10-20"),
        ("192.0.2", "the beginning of one ends in a dot (10.1.1.)"),
        ("192.0.2.1.", "not an IPv4 address"),
        ("192.0.2.-5", "not an IPv4 address or a range of them, as 10.1.1.10-20"),
        ("192.0.2.0/33", "is not a network: IPv4 has 32 bits"),
        ("2001:db8::/129", "is not a network: IPv6 has 128 bits"),
        ("192.0.2/24", "what stands before the slash is no address"),
        ("192.0.2.0/255.255.255.0", "not a network"),
        ("fe80::1%eth0/64", "not a network"),
        ("2001:db8::9-2001:db8::1", "is a range that runs backwards"),
        ("fe80::1%eth0", "not an IPv6 address"),
        ("a:b", "not an IPv6 address"),
        ("a_b", "not a host name"),
        ("sbrs[]", "is not a range of scores, as sbrs[-10.0:-3.0] or sbrs[none]"),
        ("SBRS[a:b]", "is not a range of scores"),
        ("sbrs[-11:3]", "has a score that is not from -10.0 to 10.0"),
        ("sbrs[3:1]", "is a range that runs backwards"),
        ("dnslist[]", "not a host name"),
        ("REJECT", "is a word of the table"),
        ("192.0.2.1 our own", "not one sender"),
        ("192.0.2.1 (our own", "not one sender"),
        ("192.0.2.1 (\x1b[2J)", "printable"),
        ("x" * 400, "longer than 320"),
        ("١٢٣", "not a host name"),
    ],
)
def test_what_is_no_sender_is_refused(sender: str, fault: str) -> None:
    assert fault in (sender_fault(sender) or "")


def test_a_sender_and_its_comment_are_told_apart() -> None:
    assert sender_parts("192.0.2.1") == ("192.0.2.1", "")
    assert sender_parts("192.0.2.1  (a (b) c)") == ("192.0.2.1", "a (b) c")


@pytest.mark.parametrize(
    "recipient",
    ["example.com", ".example.com", "postmaster@", "a.b+c@example.com", "joe@[192.0.2.1]",
     "[192.0.2.1]", "[2001:db8::1]", "joe@[IPv6:2001:db8::1]"],
)  # fmt: skip
def test_a_recipient_of_each_sort_is_taken(recipient: str) -> None:
    assert recipient_fault(recipient) is None


@pytest.mark.parametrize(
    "recipient",
    ["", "@", "@example.com", "a b@example.com", "a@b@example.com", "a@.example.com", "[192.0.2.1",
     "[example.com]", "a@example..com", "a;b@example.com", "\x1b@", "a@\ud800", "x" * 65 + "@"],
)  # fmt: skip
def test_what_is_no_recipient_is_refused(recipient: str) -> None:
    assert recipient_fault(recipient)


@pytest.mark.parametrize(
    ("response", "good"),
    [("550 No such user", True), ("250 ok", True), ("150 no", False), ("550", False),
     ("550  ", True), ("5500 x", False), ("550 x\n", False), ("550 é", False), ('550 "', False)],
)  # fmt: skip
def test_a_response_is_a_code_and_a_text(response: str, good: bool) -> None:
    assert (response_fault(response) is None) is good


@given(st.text(max_size=30))
def test_whatever_is_written_it_is_a_sender_or_not(text: str) -> None:
    for fault in (sender_fault(text), recipient_fault(text), response_fault(text)):
        assert fault is None or fault.isprintable()
