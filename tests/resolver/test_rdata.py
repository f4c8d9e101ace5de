"""Rdata: readers that refuse what does not fit, and text that others read back."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver import rdata as rd
from esashell.resolver.rrtypes import RRType, type_number, type_text

READERS = [rd.mx, rd.soa, rd.ds, rd.dnskey, rd.rrsig, rd.address, rd.one_name, rd.types_in_bitmap]


@given(st.sampled_from(READERS), st.binary(max_size=80))
def test_readers_answer_a_record_or_refuse(reader, octets):
    try:
        reader(octets)
    except rd.BadRdata:
        return


@given(st.integers(0, 65535), st.binary(max_size=80))
def test_any_rdata_has_a_text_of_one_line(rdtype, octets):
    assert "\n" not in rd.text(rdtype, octets)


@pytest.mark.parametrize(
    ("rdtype", "text"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("MX", "10 mail.example."),
        ("SOA", "ns.example. host.example. 1 2 3 4 5"),
        ("DS", "1 8 2 " + "AB" * 32),
        ("TLSA", "3 1 1 " + "ab" * 32),
        ("TXT", '"a b" "c\\"d"'),
        ("NSEC", "a.example. NS SOA TYPE1234"),
        ("NSEC3", "1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG"),
        ("NSEC3", "1 0 0 - 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR"),
        ("DNSKEY", "257 3 13 " + "AA" * 40),
        ("RRSIG", "A 13 2 3600 20260201000000 20260101000000 4711 example. AAAA"),
    ],
)
def test_text_is_read_back_by_dnspython_as_the_same_octets(rdtype, text):
    kind = dns.rdatatype.from_text(rdtype)
    theirs = dns.rdata.from_text(dns.rdataclass.IN, kind, text)
    shown = rd.text(int(kind), theirs.to_digestable())
    again = dns.rdata.from_text(dns.rdataclass.IN, kind, shown)
    assert again.to_digestable() == theirs.to_digestable()


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_the_times_of_a_signature_are_dates_as_dnspython_writes_them(until, since):
    times = until.to_bytes(4, "big") + since.to_bytes(4, "big")
    raw = b"\x00\x01\x0d\x02\x00\x00\x0e\x10" + times + b"\x12\x67\x07example\x00" + b"\x01"
    theirs = dns.rdata.from_wire(dns.rdataclass.IN, RRType.RRSIG, raw, 0, len(raw))
    shown = rd.text(RRType.RRSIG, raw)
    assert shown.split()[4:6] == theirs.to_text().split()[4:6]
    assert all(len(each) == 14 for each in shown.split()[4:6])


@given(st.frozensets(st.integers(0, 65535), max_size=20))
def test_bitmaps_are_read_as_they_are_written(types):
    assert rd.types_in_bitmap(rd.bitmap_of(types)) == types


def test_types_without_a_name_are_numbered():
    assert type_text(RRType.TLSA) == "TLSA"
    assert type_number(type_text(65280)) == 65280
    with pytest.raises(ValueError, match="not a record type"):
        type_number("TYPE99999")


def test_the_tag_of_a_key_is_that_of_dnspython():
    import dns.dnssec

    for octets in (b"\x01\x01\x03\x08" + bytes(range(n)) for n in (1, 2, 7, 64, 65, 255)):
        theirs = dns.rdata.from_wire(dns.rdataclass.IN, 48, octets, 0, len(octets))
        assert rd.key_tag(octets) == dns.dnssec.key_id(theirs)
