"""What the lab's servers make of queries that are not the usual ones."""

import struct

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.resolver.names import Name, name_from_text
from esashell.resolver.rrtypes import Rcode, RRType
from esashell.resolver.wire import AA, CD, QR, RA, RD, TC, parse, query
from tests.worlds.lab.shared_lab import CAPABLE, HOSTING, ROOT_SERVER, SERVFAIL, STRIPS, lab

SERVERS = (HOSTING, ROOT_SERVER, CAPABLE, SERVFAIL, STRIPS)
HEADER = struct.Struct("!HHHHHH")
OPT = struct.Struct("!BHHBBHH")  # root, OPT, payload, extended code, version, flags, no options
NAME = name_from_text("ietf.org")
MX = NAME + struct.pack("!HH", RRType.MX, 1)


def said(wire: bytes, server: str = HOSTING, *, tcp: bool = False) -> bytes | None:
    reply = (lab().recursors().get(server) or lab().authorities()[server]).answer(wire, tcp=tcp)
    if reply is not None:
        dns.message.from_wire(reply)
    return reply


def code(wire: bytes, server: str, *, tcp: bool = False) -> int:
    reply = said(wire, server, tcp=tcp)
    assert reply is not None
    message = parse(reply)
    assert (message.id, message.flags & QR) == (7, QR)
    assert message.answer == message.authority == ()
    return message.rcode


def put(qtype: int, qclass: int = 1, flags: int = RD, name: bytes = NAME) -> bytes:
    return HEADER.pack(7, flags, 1, 0, 0, 0) + name + struct.pack("!HH", qtype, qclass)


@pytest.mark.parametrize("server", SERVERS)
def test_other_classes_than_the_internets_are_refused(server: str) -> None:
    chaos = put(RRType.TXT, 3, name=name_from_text("version.bind"))
    for wire in (chaos, put(RRType.MX, 255), put(RRType.MX, 254), put(RRType.MX, 0)):
        assert code(wire, server) == Rcode.REFUSED
        reply = said(wire, server)
        # The class too comes back as it was put.
        assert reply is not None
        assert reply[12:] == wire[12:]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("version", [1, 2, 255])
def test_an_edns_of_the_future_is_answered_with_todays_version(server: str, version: int) -> None:
    wire = HEADER.pack(7, RD, 1, 0, 0, 1) + MX + OPT.pack(0, 41, 1232, 0, version, 0x8000, 0)
    assert code(wire, server) == Rcode.BADVERS
    reply = said(wire, server)
    assert reply is not None
    assert reply[-11] == 0
    assert OPT.unpack(reply[-11:])[4] == 0


@pytest.mark.parametrize("server", SERVERS)
def test_two_edns_records_are_one_too_many(server: str) -> None:
    opt = OPT.pack(0, 41, 1232, 0, 0, 0, 0)
    assert code(HEADER.pack(7, RD, 1, 0, 0, 2) + MX + opt + opt, server) == Rcode.FORMERR


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("qtype", [251, 252])
@pytest.mark.parametrize("tcp", [False, True])
def test_no_zone_is_given_away_in_one_piece(server: str, qtype: int, tcp: bool) -> None:
    assert code(put(qtype), server, tcp=tcp) == Rcode.REFUSED


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("opcode", [1, 2, 4, 5, 15])
def test_other_operations_are_not_implemented(server: str, opcode: int) -> None:
    assert code(put(RRType.MX, flags=opcode << 11), server) == Rcode.NOTIMP


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_no_question_is_a_format_error(server: str) -> None:
    two = HEADER.pack(7, RD, 2, 0, 0, 0) + MX + MX
    none = HEADER.pack(7, RD, 0, 0, 0, 0)
    missing = HEADER.pack(7, RD, 1, 0, 0, 1) + MX
    forward = HEADER.pack(7, RD, 1, 0, 0, 0) + b"\xc0\x00" + struct.pack("!HH", 1, 1)
    for wire in (two, none, missing, forward, put(41), put(249), put(250), put(RRType.MX)[:-1]):
        assert code(wire, server) == Rcode.FORMERR


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_no_query_gets_no_reply(server: str) -> None:
    # An answer to these could be answered in its turn, without end.
    for wire in (b"", b"\0" * 11, put(RRType.MX, flags=QR), put(RRType.MX, flags=QR)[:-3]):
        assert said(wire, server) is None


@pytest.mark.parametrize("server", [HOSTING, CAPABLE, STRIPS])
def test_the_question_comes_back_letter_for_letter(server: str) -> None:
    mixed = Name(b"\x04IeTf\x03oRG\x00")
    reply = said(put(RRType.MX, name=mixed), server)
    assert reply is not None
    assert reply[12:].startswith(mixed + struct.pack("!HH", RRType.MX, 1))
    assert parse(reply).answer


def test_the_flags_of_a_query_come_back_and_no_others() -> None:
    reply = said(put(RRType.MX, flags=RD | CD | TC | AA | RA | 0x40), HOSTING)
    assert reply is not None
    assert parse(reply).flags == QR | AA | RD | CD


def test_a_client_that_takes_everything_is_not_sent_everything_over_udp() -> None:
    name = name_from_text("_25._tcp.mail.many-tlsa.lab")
    small, large = (
        HEADER.pack(7, 0, 1, 0, 0, 1)
        + name
        + struct.pack("!HH", RRType.TLSA, 1)
        + OPT.pack(0, 41, payload, 0, 0, 0x8000, 0)
        for payload in (1, 65535)
    )
    truncated, whole = said(small), said(large)
    assert truncated is not None
    assert whole is not None
    assert len(truncated) <= 512
    assert parse(truncated).flags & TC
    assert len(whole) <= 4096
    assert not parse(whole).flags & TC


def test_a_server_without_edns_keeps_to_the_old_size() -> None:
    wire = query(name_from_text("_25._tcp.mail.many-tlsa.lab"), RRType.TLSA)
    reply = said(wire, STRIPS)
    assert reply is not None
    assert len(reply) <= 512


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, 0xFFFF),
    st.tuples(*[st.sampled_from((0, 1, 1, 1, 2, 0xFFFF))] * 4),
    st.binary(max_size=60),
    st.sampled_from([b"", MX, MX + b"\0\0\x29\4\0\0\0\x80\0\0\0"]),
    st.sampled_from([HOSTING, CAPABLE]),
)
def test_whatever_is_sent_is_answered_in_form_or_not_at_all(
    flags: int, counts: tuple[int, ...], more: bytes, head: bytes, server: str
) -> None:
    wire = HEADER.pack(7, flags, *counts) + head + more
    for tcp in (False, True):
        reply = said(wire, server, tcp=tcp)
        if flags & QR:
            assert reply is None
        elif reply is not None:
            message = parse(reply)
            assert (message.id, message.flags & 0xF800) == (7, QR | (flags & 0x7800))
            positive = message.answer or message.authority
            assert not positive or message.rcode in (Rcode.NOERROR, Rcode.NXDOMAIN)
