"""Messages: hostile bytes, one bad record among good ones, and agreement with dnspython."""

import struct
import time

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.resolver import wire
from esashell.resolver.names import ROOT, name_from_labels, name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import BadMessage, Message, Rrset
from tests.conftest import LONG

RECORDS = [
    ("a.example.", "A", ["192.0.2.1", "192.0.2.2"]),
    ("a.example.", "AAAA", ["2001:db8::1"]),
    ("example.", "MX", ["10 Mail.Example.", "20 mx.other."]),
    ("example.", "NS", ["NS1.example.", "ns2.example."]),
    ("example.", "SOA", ["ns1.Example. host.example. 1 2 3 4 5"]),
    ("www.example.", "CNAME", ["Target.Example."]),
    ("sub.example.", "DNAME", ["Other.Example."]),
    ("_25._tcp.a.example.", "TLSA", ["3 1 1 " + "ab" * 32]),
    ("example.", "TXT", ['"one" "two"']),
    ("_sip._tcp.example.", "SRV", ["1 2 3 Sip.Example."]),
    ("example.", "NAPTR", ['1 2 "S" "SIP+D2U" "" Sip.Example.']),
    ("example.", "RP", ["Host.Example. Txt.Example."]),
    ("example.", "PX", ["10 Map.Example. X400.Example."]),
    ("example.", "DS", ["1 8 2 " + "00" * 32]),
    ("example.", "DNSKEY", ["257 3 13 " + "AA" * 40 + "AAAAAA=="]),
    ("example.", "NSEC", ["A.example. NS SOA MX RRSIG NSEC"]),
    ("example.", "CAA", ['0 issue "ca.example"']),
]
RRSIG = "A 13 2 3600 20260201000000 20260101000000 4711 Example. " + "AA" * 42 + "AA=="


def sample() -> dns.message.Message:
    message = dns.message.make_query("www.example.", "A", want_dnssec=True, id=0)
    message.flags |= dns.flags.QR
    for owner, kind, rdatas in RECORDS:
        message.answer.append(dns.rrset.from_text(owner, 300, "IN", kind, *rdatas))
    message.answer.append(dns.rrset.from_text("a.example.", 300, "IN", "RRSIG", RRSIG))
    return message


def test_what_dnspython_writes_is_read_into_the_same_canonical_records():
    theirs = sample()
    ours = wire.parse(theirs.to_wire())
    assert ours.question == ((name_from_text("www.example"), 1),)
    assert ours.dnssec_ok
    found = {(each.owner, each.rdtype): each for each in ours.answer}
    for rrset in theirs.answer:
        if rrset.rdtype == dns.rdatatype.RRSIG:
            continue
        mine = found[name_from_text(str(rrset.name)), int(rrset.rdtype)]
        assert sorted(mine.rdatas) == sorted(each.to_digestable() for each in rrset)
        assert mine.ttl == rrset.ttl
    signed = found[name_from_text("a.example"), 1]
    assert len(signed.signatures) == 1
    assert signed.signatures[0] == theirs.answer[-1][0].to_digestable()


def test_what_we_write_dnspython_reads_and_writes_back_to_the_same_message():
    ours = wire.parse(sample().to_wire())
    again = dns.message.from_wire(wire.encode(ours))
    back = wire.parse(again.to_wire())
    assert {(e.owner, e.rdtype, frozenset(e.rdatas), e.signatures) for e in back.answer} == {
        (e.owner, e.rdtype, frozenset(e.rdatas), e.signatures) for e in ours.answer
    }


@given(st.binary(max_size=600))
@settings(max_examples=400)
def test_arbitrary_bytes_are_a_message_or_a_bad_message(data):
    try:
        message = wire.parse(data)
    except BadMessage:
        return
    assert isinstance(message, Message)


@given(st.data())
@settings(max_examples=400 if LONG else 150)
def test_mutated_messages_are_messages_or_bad_messages(data):
    octets = bytearray(sample().to_wire())
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(octets) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert", "point"])):
            case "set":
                octets[at] = data.draw(st.integers(0, 255))
            case "cut":
                del octets[at : at + data.draw(st.integers(1, 9))]
            case "insert":
                octets[at:at] = data.draw(st.binary(max_size=9))
            case "point":
                octets[at : at + 2] = b"\xc0" + bytes((at % 256,))
        if not octets:
            return
    try:
        message = wire.parse(bytes(octets))
    except BadMessage:
        return
    # What was understood can be written, and is then a message again.
    again = wire.parse(wire.encode(message))
    assert again.question[:1] == message.question[:1]


RRSETS = st.builds(
    Rrset,
    st.lists(st.binary(min_size=1, max_size=9), max_size=5).map(
        lambda labels: name_from_labels(tuple(labels))
    ),
    st.sampled_from([1, 16, 28, 43, 48, 52, 65280]),
    st.integers(0, 2**31 - 1),
    st.lists(st.binary(max_size=40), min_size=1, max_size=3, unique=True).map(tuple),
)


@given(st.lists(RRSETS, max_size=6, unique_by=lambda each: (each.owner, each.rdtype)))
def test_encoding_and_parsing_are_inverse(rrsets):
    message = Message(flags=wire.QR, question=((ROOT, 1),), answer=tuple(rrsets))
    assert wire.parse(wire.encode(message)) == message


def record(owner: bytes, rdtype: int, rdata: bytes, length: int | None = None) -> bytes:
    size = len(rdata) if length is None else length
    return owner + struct.pack("!HHIH", rdtype, 1, 60, size) + rdata


def message_of(*records: bytes) -> bytes:
    return struct.pack("!HHHHHH", 0, wire.QR, 0, len(records), 0, 0) + b"".join(records)


@pytest.mark.parametrize(
    ("rdtype", "rdata"),
    [
        (RRType.MX, b"\x00"),
        (RRType.MX, b"\x00\x0a\x05ab"),
        (RRType.CNAME, b"\x3fabc"),
        (RRType.SOA, b"\x00\x00"),
        (RRType.RRSIG, b"\x00\x01\x0d"),
        (RRType.RRSIG, bytes(18)),
        (RRType.NAPTR, b"\x00\x01\x00\x02\xffS"),
        (26, b"\x00\x01"),
        (RRType.DS, b"\x00"),
        (RRType.TLSA, b""),
        (RRType.A, b"\x01"),
    ],
)
def test_one_malformed_record_is_kept_and_costs_the_others_nothing(rdtype, rdata):
    good = record(b"\x01a\x00", RRType.A, b"\xc0\x00\x02\x01")
    parsed = wire.parse(message_of(record(b"\x01b\x00", rdtype, rdata), good))
    by_owner = {each.owner: each for each in parsed.answer}
    assert by_owner[name_from_text("a")].rdatas == (b"\xc0\x00\x02\x01",)
    kept = by_owner[name_from_text("b")]
    assert rdata in kept.rdatas + kept.signatures


def test_an_rrset_lives_no_longer_than_its_signatures():
    # RFC 4035 5.3.3: the TTL of the RRSIG records counts as well.
    signature = struct.pack("!HBBIIIH", 1, 13, 1, 300, 2, 1, 7) + b"\x01z\x00" + b"s" * 64
    one = b"\x01a\x00" + struct.pack("!HHIH", 1, 1, 300, 4) + b"\xc0\x00\x02\x01"
    by = b"\x01a\x00" + struct.pack("!HHIH", 46, 1, 60, len(signature)) + signature
    other = b"\x01b\x00" + struct.pack("!HHIH", 1, 1, 300, 4) + b"\xc0\x00\x02\x01"
    for records in ((one, by, other), (by, one, other)):
        rrset, unsigned = wire.parse(message_of(*records)).answer
        assert (rrset.ttl, rrset.signatures) == (60, (signature,))
        assert unsigned.ttl == 300


def test_two_cnames_at_one_name_are_both_kept():
    one, two = record(b"\x01a\x00", 5, b"\x01b\x00"), record(b"\x01a\x00", 5, b"\x01c\x00")
    (rrset,) = wire.parse(message_of(one, two)).answer
    assert len(rrset.rdatas) == 2


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x00" * 11,
        message_of(record(b"\x01a\x00", 1, b"\x00" * 4, length=5)),
        message_of(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 0)),
        message_of(b"\xc0\xff" + struct.pack("!HHIH", 1, 1, 0, 0)),
        message_of(b"\x80a\x00" + struct.pack("!HHIH", 1, 1, 0, 0)),
        message_of(record(b"\x3f" + b"a" * 63 + b"\x00", 1, b"")[:20]),
        message_of(record((b"\x3f" + b"a" * 63) * 4 + b"\x00", 1, b"")),
    ],
)
def test_a_broken_frame_is_refused_as_a_whole(octets):
    with pytest.raises(BadMessage):
        wire.parse(octets)


def test_long_chains_of_pointers_do_not_cost_quadratic_time():
    chain = b"\x00" + b"".join(struct.pack("!H", 0xC000 | (24 + 2 * i)) for i in range(8000))
    head = record(b"\x00", 65280, b"\x00" + chain[1:])
    top = 24 + 2 * 7900
    many = [struct.pack("!H", 0xC000 | min(top, 0x3FFF)) + struct.pack("!HHIH", 1, 1, 0, 0)] * 3900
    began = time.perf_counter()
    with pytest.raises(BadMessage):
        wire.parse(message_of(head, *many)[:65535])
    assert time.perf_counter() - began < 1


def test_extended_errors_and_extended_rcodes_survive():
    message = Message(
        flags=wire.QR,
        rcode=23,
        question=((ROOT, 1),),
        payload=1232,
        extended_errors=((6, "bogus"), (22, "")),
    )
    assert wire.parse(wire.encode(message)) == message


def test_over_the_limit_only_the_head_is_left_and_says_so():
    message = wire.parse(sample().to_wire())
    short = wire.parse(wire.encode(message, 100))
    assert short.flags & wire.TC
    assert short.question == message.question
    assert short.answer == ()


def test_the_question_asks_for_dnssec_and_for_no_checking():
    theirs = dns.message.from_wire(wire.query(name_from_text("ietf.org"), RRType.MX))
    assert theirs.flags & dns.flags.RD
    assert theirs.flags & dns.flags.CD
    assert theirs.ednsflags & dns.flags.DO
    assert theirs.question[0].name == dns.name.from_text("ietf.org.")
