"""Record lines of scenario files: each way of writing one, and what is refused."""

import contextlib

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.errors import BadConfiguration
from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import type_text
from esashell.worlds.lab.records import address_from_text, address_text, lines_of, rdata_of

APEX = name_from_text("mine.lab")


def no_tlsa(host: Name, usage: int, selector: int, matching_type: int, of: str) -> bytes:
    return bytes((usage, selector, matching_type)) + f"{host} {of}".encode()


def test_owner_ttl_and_comment_may_be_left_out_or_given() -> None:
    lines = list(
        lines_of(
            '; a zone\n@ MX 10 mail ; ours\n  300 TXT "a;b"\n\nwww.other. 60 A 192.0.2.1\n', APEX
        )
    )
    assert [(str(each.owner), each.ttl, type_text(each.rdtype), each.data) for each in lines] == [
        ("mine.lab", None, "MX", "10 mail"),
        ("mine.lab", 300, "TXT", '"a;b"'),
        ("www.other", 60, "A", "192.0.2.1"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        "A 192.0.2.7",
        "AAAA 2001:db8::7",
        "MX 65535 mail.other.",
        "NS ns1.hosting.lab.",
        "CNAME a.b.c.mine.lab.",
        "DNAME other.lab.",
        'TXT "one" two "with \\"quotes\\""',
        "SRV 1 2 443 mail.mine.lab.",
        "DS 12345 13 2 " + "ab" * 32,
        "TLSA 3 1 1 " + "cd" * 32,
        "CAA \\# 14 0005697373756563612e6578616d",
        "TYPE65400 \\# 3 01 02 03",
    ],
)
def test_the_octets_are_those_that_dnspython_makes(written: str) -> None:
    (line,) = lines_of(f"x {written}", APEX)
    rdtype, data = written.split(" ", 1)
    expected = dns.rdata.from_text(
        dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), data, relativize=False
    )
    assert rdata_of(line, APEX, no_tlsa) == expected.to_wire()


def test_tlsa_records_may_be_taken_from_a_host() -> None:
    one, other = lines_of("x TLSA 3 1 1 of mail\nx TLSA 2 0 1 of mail.other. lab-root", APEX)
    assert rdata_of(one, APEX, no_tlsa) == b"\3\1\1mail.mine.lab "
    assert rdata_of(other, APEX, no_tlsa) == b"\2\0\1mail.other lab-root"


def test_addresses_can_be_counted_from_a_base() -> None:
    assert address_text(address_from_text("100.64.0.255+2", 4)) == "100.64.1.1"
    assert address_text(address_from_text("2001:db8::+16", 16)) == "2001:db8::10"


@pytest.mark.parametrize(
    "data",
    [
        "A 192.0.2",
        "A 255.255.255.255+1",
        "A 192.0.2.1+x",
        "AAAA 192.0.2.1",
        "MX 65536 mail",
        "MX mail",
        "NS a b",
        "TLSA 3 1",
        "TLSA 3 1 256 00",
        "TLSA 3 1 1 xyz",
        "TLSA 3 1 1 of",
        "TLSA 3 1 1 of a b c",
        "TXT " + "x" * 256,
        "CAA \\# 4 00",
        "CNAME " + "x" * 64,
        "SRV 1 2 mail",
    ],
)
def test_data_that_does_not_fit_its_type_is_refused_with_its_line(data: str) -> None:
    (line,) = lines_of(f"x {data}", APEX)
    with pytest.raises(BadConfiguration, match=r"records of mine\.lab"):
        rdata_of(line, APEX, no_tlsa)


TYPES = st.sampled_from(["A", "AAAA", "MX", "TLSA", "TXT", "SRV", "DS", "NS", "CAA", "TYPE1"])


@given(st.text(max_size=120) | st.builds("x {} {}".format, TYPES, st.text(max_size=60)))
def test_no_text_makes_the_reader_stumble(text: str) -> None:
    with contextlib.suppress(BadConfiguration):
        for line in lines_of(text, APEX):
            assert isinstance(rdata_of(line, APEX, no_tlsa), bytes)
