"""The authoritative servers: sections, flags, sizes, and what they make of nonsense."""

import struct

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.resolver.names import name_from_text
from esashell.resolver.rdata import address, one_name, rrsig
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import AA, QR, RD, TC, Message, encode, parse, query
from tests.worlds.lab.shared_lab import (
    CAPABLE,
    HOSTING,
    ROOT_SERVER,
    SERVFAIL,
    SILENT,
    STRIPS,
    TLD_SERVER,
    ask,
    lab,
)


def test_a_positive_answer_is_authoritative_and_signed() -> None:
    reply = ask(HOSTING, "ietf.org", "MX")
    assert reply.flags & (QR | AA) == QR | AA
    assert reply.rcode == Rcode.NOERROR
    (mx,) = reply.answer
    assert mx.ttl == 1800
    assert len(mx.signatures) == 1
    assert reply.authority == ()


def test_a_referral_has_servers_ds_and_glue_and_is_not_authoritative() -> None:
    reply = ask(ROOT_SERVER, "ietf.org", "MX")
    assert not reply.flags & AA
    assert reply.answer == ()
    assert [each.rdtype for each in reply.authority] == [RRType.NS, RRType.DS]
    assert reply.authority[0].signatures == ()
    assert reply.authority[1].signatures
    names = {one_name(each) for each in reply.authority[0].rdatas}
    assert {each.owner for each in reply.additional} == names


def test_a_referral_to_an_unsigned_zone_proves_that_there_is_no_ds() -> None:
    for qname, kind in (("unsigned.lab", RRType.NSEC), ("cisco.com", RRType.NSEC3)):
        reply = ask(TLD_SERVER, qname, "MX")
        assert {each.rdtype for each in reply.authority} == {RRType.NS, kind}


def test_a_ds_is_answered_by_the_zone_above() -> None:
    assert ask(TLD_SERVER, "ietf.org", "DS").answer[0].rdtype == RRType.DS
    denied = ask(TLD_SERVER, "unsigned.lab", "DS")
    assert denied.flags & AA
    assert denied.answer == ()
    assert str(denied.authority[0].owner) == "lab"


def test_a_server_that_has_only_the_child_denies_the_ds_itself() -> None:
    denied = ask(HOSTING, "ietf.org", "DS")
    assert denied.flags & AA
    assert str(denied.authority[0].owner) == "ietf.org"


def test_an_alias_is_followed_inside_its_zone() -> None:
    reply = ask(HOSTING, "mail.mx-alias.lab", "A")
    assert [each.rdtype for each in reply.answer] == [RRType.CNAME, RRType.A]


def test_an_alias_out_of_the_zone_is_left_to_the_client() -> None:
    reply = ask(HOSTING, "mail.mx-alias-insecure.lab", "A")
    assert [each.rdtype for each in reply.answer] == [RRType.CNAME]
    assert reply.authority == ()


def test_an_alias_asked_for_as_such_is_not_followed() -> None:
    reply = ask(HOSTING, "mail.mx-alias.lab", "CNAME")
    assert [each.rdtype for each in reply.answer] == [RRType.CNAME]


def test_an_alias_that_leads_back_to_itself_ends() -> None:
    reply = ask(HOSTING, "mail.mx-alias-loop.lab", "A")
    assert {each.rdtype for each in reply.answer} == {RRType.CNAME}


def test_without_do_no_signature_and_no_proof_goes_out() -> None:
    plain = Message(flags=RD, question=((name_from_text("nope.ietf.org"), RRType.A),))
    reply = parse(lab().ask(HOSTING, encode(plain)))
    assert reply.payload == 0
    assert [(each.rdtype, each.signatures) for each in reply.authority] == [(RRType.SOA, ())]


def test_too_much_for_udp_is_truncated_and_whole_over_tcp() -> None:
    wire = query(name_from_text("_25._tcp.mail.many-tlsa.lab"), RRType.TLSA)
    for server in (HOSTING, CAPABLE):
        short = lab().ask(server, wire)
        assert len(short) <= 1232
        assert parse(short).flags & TC
        assert parse(short).answer == ()
        assert len(parse(lab().ask(server, wire, True)).answer[0].rdatas) == 4


def test_a_name_of_nobodys_is_refused() -> None:
    assert ask(TLD_SERVER, "example.test", "A").rcode == Rcode.REFUSED


def test_faults_of_a_server_touch_one_question_only() -> None:
    assert ask(HOSTING, "tlsa-servfail.lab", "MX").rcode == Rcode.NOERROR
    assert ask(HOSTING, "_25._tcp.mail.tlsa-servfail.lab", "TLSA").rcode == Rcode.SERVFAIL
    wire = query(name_from_text("_25._tcp.mail.tlsa-timeout.lab"), RRType.TLSA)
    assert lab().authorities()[HOSTING].answer(wire) is None


def test_addresses_come_in_the_order_written() -> None:
    (found,) = ask(HOSTING, "thinkbeyond-ch.mail.protection.outlook.com", "A").answer
    assert [address(each) for each in found.rdatas] == ["104.47.9.36", "104.47.10.36"]
    assert found.ttl == 10


def test_all_that_is_at_a_name_can_be_asked_for() -> None:
    reply = ask(HOSTING, "dane.lab", "ANY")
    apex = {RRType.SOA, RRType.NS, RRType.MX, RRType.DNSKEY}
    assert {each.rdtype for each in reply.answer} == apex | {RRType.NSEC}
    assert all(each.signatures for each in reply.answer)
    hashed = ask(HOSTING, "nsec3.lab", "ANY")
    assert {each.rdtype for each in hashed.answer} >= apex | {RRType.NSEC3PARAM}


@pytest.mark.parametrize("server", [HOSTING, CAPABLE])
@pytest.mark.parametrize(
    ("qname", "covered"),
    [
        ("dane.lab", {RRType.SOA, RRType.NS, RRType.MX, RRType.DNSKEY, RRType.NSEC}),
        ("mail.dane.lab", {RRType.A, RRType.AAAA, RRType.NSEC}),
        ("mail.mx-alias.lab", {RRType.CNAME, RRType.NSEC}),
        (
            "nsec3.lab",
            {RRType.SOA, RRType.NS, RRType.MX, RRType.DNSKEY, RRType.NSEC3PARAM},
        ),
    ],
)
def test_the_signatures_at_a_name_can_be_asked_for(
    server: str, qname: str, covered: set[RRType]
) -> None:
    (found,) = ask(server, qname, "RRSIG").answer
    assert (str(found.owner), found.rdtype) == (qname, RRType.RRSIG)
    assert {rrsig(each).type_covered for each in found.rdatas} == covered


def test_where_nothing_is_signed_there_are_no_signatures() -> None:
    for qname in ("_tcp.mail.dane.lab", "unsigned.lab"):
        reply = ask(HOSTING, qname, "RRSIG")
        assert (reply.rcode, reply.answer) == (Rcode.NOERROR, ())
        assert reply.authority
    assert ask(HOSTING, "nope.dane.lab", "RRSIG").rcode == Rcode.NXDOMAIN


def test_signatures_that_are_asked_for_go_out_without_do() -> None:
    plain = Message(flags=RD, question=((name_from_text("dane.lab"), RRType.RRSIG),))
    (found,) = parse(lab().ask(HOSTING, encode(plain), True)).answer
    assert len(found.rdatas) == 5


def test_a_wildcards_signatures_come_under_the_name_asked_for() -> None:
    reply = ask(HOSTING, "any.wildcard-mx.lab", "RRSIG")
    assert {str(each.owner) for each in reply.answer} == {"any.wildcard-mx.lab"}
    assert any(each.rdtype == RRType.NSEC for each in reply.authority)


def test_the_identifier_and_the_question_come_back() -> None:
    wire = b"\xbe\xef" + query(name_from_text("Ietf.ORG"), RRType.MX)[2:]
    reply = parse(lab().ask(HOSTING, wire))
    assert reply.id == 0xBEEF
    assert reply.question == ((name_from_text("ietf.org"), RRType.MX),)


@pytest.mark.parametrize(
    ("wire", "rcode"),
    [
        (struct.pack("!HHHHHH", 7, 0, 0, 0, 0, 0), Rcode.FORMERR),
        (struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0), Rcode.FORMERR),
        (struct.pack("!HHHHHH", 7, 0x2800, 0, 0, 0, 0), Rcode.NOTIMP),
        (struct.pack("!HHHHHH", 7, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1", Rcode.FORMERR),
    ],
)
def test_a_malformed_query_is_told_so(wire: bytes, rcode: int) -> None:
    reply = lab().authorities()[HOSTING].answer(wire)
    assert reply is not None
    assert (parse(reply).id, parse(reply).rcode) == (7, rcode)


def test_a_response_is_never_answered() -> None:
    wire = encode(Message(flags=QR, question=((name_from_text("ietf.org"), RRType.MX),)))
    assert lab().authorities()[HOSTING].answer(wire) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_no_bytes_make_a_server_stumble(wire: bytes) -> None:
    for server in (*lab().authorities().values(), *lab().recursors().values()):
        reply = server.answer(wire)
        assert reply is None or parse(reply).flags & QR


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.binary(min_size=1, max_size=63), max_size=6),
    st.sampled_from(["ietf.org", "nsec3.lab", "bulk.lab", "com", "wildcard-mx.lab", "."]),
    st.integers(0, 65535),
)
def test_any_question_gets_a_response_that_others_can_read(
    labels: list[bytes], under: str, qtype: int
) -> None:
    zone = name_from_text(under)
    if sum(len(each) + 1 for each in labels) + len(zone) > 255:
        labels = labels[:1]
    wire = query(zone.prepend(*labels), qtype)
    for server in (HOSTING, TLD_SERVER, CAPABLE, STRIPS, SERVFAIL):
        reply = lab().ask(server, wire, True)
        dns.message.from_wire(reply)
    assert lab().recursors()[SILENT].answer(wire) is None


def test_a_dname_comes_with_the_alias_made_from_it_and_is_followed() -> None:
    for server in (HOSTING, CAPABLE):
        reply = ask(server, "_25._tcp.mail.tlsa-dname.lab", "TLSA")
        kinds = {each.rdtype: bool(each.signatures) for each in reply.answer}
        assert kinds == {RRType.DNAME: True, RRType.CNAME: False, RRType.TLSA: True}
