"""The lab as a world: what it costs at start, that it stays in memory, what it performs."""

import socket
from pathlib import Path
from typing import Any

import pytest

from esashell.clock import FixedClock
from esashell.errors import Refused, Reset, TimedOut, Unreachable
from esashell.resolver.answer import Security
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import parse, query
from esashell.steps import Connect, Exchange, Receive, Send, StartTls, Wait
from esashell.worlds.lab.world import Lab
from tests.worlds.lab.shared_lab import CAPABLE, NOON, ask, lab, look_up


def test_nothing_is_made_or_signed_at_start() -> None:
    world = Lab(FixedClock(NOON))
    assert (world.catalogue.made, world.catalogue.signatures) == (0, 0)


def test_a_domain_among_a_hundred_thousand_costs_its_own_chain_only() -> None:
    world = Lab(FixedClock(NOON))
    assert look_up("d51700.bulk.lab", "MX", world).security is Security.SECURE
    # The root, lab, bulk.lab and the domain, and those that the name servers' names lie in.
    assert world.catalogue.made <= 7
    assert world.catalogue.signatures <= 16


def test_a_larger_pattern_is_no_dearer(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_text(
        '[bulk."m{n}.bulk.lab"]\nshows = "x"\ncount = 900000000\n'
        "records = '''\n@  MX  10 mx{n%4}.provider.lab.\n'''\n"
    )
    world = Lab(FixedClock(NOON), scenarios=(path,))
    assert look_up("m899999999.bulk.lab", "MX", world).security is Security.SECURE
    assert world.catalogue.made <= 7


def test_the_lab_opens_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_socket(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a socket was opened")

    for name in ("create_connection", "getaddrinfo", "socketpair", "fromfd"):
        monkeypatch.setattr(socket, name, no_socket)
    monkeypatch.setattr(socket.socket, "__init__", no_socket)
    world = Lab(FixedClock(NOON))
    assert look_up("dane.lab", "MX", world).found
    with world.session() as session:
        assert session.perform(Connect("198.51.100.10")) == world.interface
        assert session.perform(Receive()).startswith(b"220 ")
        session.perform(Send(b"EHLO myesa.local\r\n"))
        assert b"STARTTLS" in session.perform(Receive())
        session.perform(Send(b"STARTTLS\r\n"))
        assert session.perform(Receive()).startswith(b"220 ")
        assert session.perform(StartTls("mail.dane.lab")).chain


def test_conversations_do_not_share_a_connection() -> None:
    with lab().session() as one, lab().session() as other:
        one.perform(Connect("198.51.100.10"))
        with pytest.raises(Reset):
            other.perform(Receive())
        assert one.perform(Receive()).startswith(b"220 mail.dane.lab")


def test_a_failed_connection_leaves_none_open() -> None:
    with lab().session() as session:
        session.perform(Connect("198.51.100.10"))
        with pytest.raises(Refused):
            session.perform(Connect("198.51.100.100"))
        with pytest.raises(Reset):
            session.perform(Receive())


@pytest.mark.parametrize(
    ("address", "port", "fault"),
    [
        ("198.51.100.100", 25, Refused),
        ("198.51.100.101", 25, TimedOut),
        ("198.51.100.102", 25, Unreachable),
        ("198.51.100.10", 587, Refused),
        ("8.8.8.8", 25, Unreachable),
        ("not an address", 25, Unreachable),
    ],
)
def test_connections_fail_as_real_ones_do(address: str, port: int, fault: type) -> None:
    with lab().session() as session, pytest.raises(fault):
        session.perform(Connect(address, port))


def test_an_address_without_a_dns_server_is_silent() -> None:
    with lab().session() as session, pytest.raises(TimedOut):
        session.perform(Exchange("8.8.8.8", query(name_from_text("ietf.org"), RRType.MX)))


def test_authoritative_servers_can_be_asked_directly() -> None:
    wire = query(name_from_text("."), RRType.NS)
    with lab().session() as session:
        assert parse(session.perform(Exchange("192.0.2.1", wire))).answer


def test_waiting_takes_no_time_and_strangers_are_our_own_mistake() -> None:
    with lab().session() as session:
        assert session.perform(Wait(10**12)) is None
        with pytest.raises(TypeError):
            session.perform(object())


def test_a_patterns_host_is_found_by_its_address() -> None:
    host = lab().directory.at("100.64.1.0")
    assert host is not None
    assert host.name == "mail.own256.bulk.lab"
    assert lab().directory.at("100.64.255.255") is None


def test_the_same_address_in_ipv6_may_be_written_in_any_way() -> None:
    host = lab().directory.at("2001:0DB8:25:0::7B")
    assert host is not None
    assert host.name == "mail.ipv6-only.lab"


def test_one_address_of_a_host_may_differ_from_the_other() -> None:
    with lab().session() as session:
        with pytest.raises(Refused):
            session.perform(Connect("198.51.100.121"))
        session.perform(Connect("198.51.100.122"))
        assert session.perform(Receive()).startswith(b"220 mail.second-address.lab")


def test_certificates_and_tlsa_records_are_renewed_together() -> None:
    clock = FixedClock(NOON)
    world = Lab(clock)
    owner = "_25._tcp.mail.whole-certificate.lab"
    before = ask(CAPABLE, owner, "TLSA", world).answer[0].rdatas
    clock.advance(40 * 86_400_000_000)
    after = ask(CAPABLE, owner, "TLSA", world).answer[0].rdatas
    assert before != after
    host = world.directory.named(name_from_text("mail.whole-certificate.lab"))
    assert after == (world.hosts.tlsa(host, 3, 0, 2),)
    assert look_up(owner, "TLSA", world).security is Security.SECURE
