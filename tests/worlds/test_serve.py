"""The lab on loopback: the same bytes as in memory, through real sockets, and no way to stop it."""

import asyncio
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import ip_address, ip_network
from pathlib import Path
from random import Random

import pytest

from esashell import errors
from esashell.clock import SystemClock
from esashell.resolver import wire
from esashell.resolver.answer import Security
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.smtp.client import Failure, SmtpDialogue, shake_hands
from esashell.steps import Connect, Exchange, TlsPolicy, run
from esashell.worlds.lab.certs import CertificateMaker
from esashell.worlds.lab.hosts import Behaviour, HostSpec, LabHosts
from esashell.worlds.lab.world import Lab
from esashell.worlds.live import Live
from esashell.worlds.serve import Door, Service, loopback_doors, serve
from tests.differential.namespace import with_our_modules
from tests.differential.servers import SERVE, dns_port, here, lab_served, running
from tests.ports import on_free_ports

pytestmark = pytest.mark.xdist_group("served lab")


class Served:
    """A served lab: its doors, and worlds that reach it."""

    def __init__(self, lines: list[list[str]]) -> None:
        self.lines = lines
        self.world = Live(dns_port=dns_port(lines))

    def door(self, lab_address: str) -> tuple[str, int]:
        found = next(line for line in self.lines if line[3:4] == [lab_address])
        return found[1], int(found[2])

    def exchange(self, lab_address: str, query: bytes, *, tcp: bool = False) -> bytes:
        with self.world.session() as session:
            request = Exchange(self.door(lab_address)[0], query, tcp=tcp, timeout=500_000)
            reply: bytes = session.perform(request)
        return reply

    def converse(self, lab_address: str, name: str) -> SmtpDialogue:
        with self.world.session() as session:
            session.perform(Connect(*self.door(lab_address)))
            return run(shake_hands("us.example", name, TlsPolicy()), session)


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab(SystemClock())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with lab_served(here, folder, "--ready-file", str(folder / "ready")) as lines:
        assert (folder / "ready").exists()
        yield Served(lines)


def _question(name: str, rdtype: int) -> bytes:
    return wire.query(name_from_text(name), rdtype)


def test_every_door_is_on_loopback_and_all_are_different() -> None:
    servers = [(Service.DNS, "ns", "192.0.2.1"), (Service.SMTP, "mx", "2001:db8::1")] * 600
    doors = list(loopback_doors(servers, 5300, 2525))
    assert len({(door.address, door.port) for door in doors}) == len(servers)
    assert all(ip_address(door.address) in ip_network("127.0.0.0/8") for door in doors)
    assert doors[0] == Door(Service.DNS, "ns", "192.0.2.1", "127.53.0.1", 5300)


def test_every_server_and_every_mail_host_that_answers_has_a_door(lab: Lab, served: Served) -> None:
    reached = {line[3] for line in served.lines if len(line) > 3}
    assert set(lab.authorities()) | set(lab.resolvers) <= reached
    assert "4.31.198.44" in reached
    absent = lab.directory.named(name_from_text("mail.refused.lab")).addresses
    assert absent
    assert not reached & set(absent)


@pytest.mark.parametrize("tcp", [False, True])
def test_dns_answers_are_those_of_the_lab_in_memory(lab: Lab, served: Served, tcp: bool) -> None:
    for address, name, rdtype in (
        ("192.0.2.1", "org", RRType.DS),
        ("192.0.2.11", "ietf.org", RRType.MX),
        ("192.0.2.11", "nothing.ietf.org", RRType.A),
        ("194.191.40.83", "_25._tcp.mail.ietf.org", RRType.TLSA),
    ):
        query = _question(name, rdtype)
        assert served.exchange(address, query, tcp=tcp) == lab.ask(address, query, tcp)


def test_our_resolver_finds_security_through_the_served_recursor(lab: Lab, served: Served) -> None:
    server = Server(served.door("194.191.40.83")[0])
    resolver = Resolver((server,), (lab.anchor,), SystemClock())
    with served.world.session() as session:
        answer = run(resolver.look_up(name_from_text("ietf.org"), RRType.MX), session)
    assert answer.security is Security.SECURE


def test_a_silent_resolver_is_silent_over_udp_and_hangs_up_over_tcp(served: Served) -> None:
    query = _question("ietf.org", RRType.MX)
    with pytest.raises(errors.TimedOut):
        served.exchange("192.0.2.54", query)
    with pytest.raises(errors.Reset):
        served.exchange("192.0.2.54", query, tcp=True)


def test_several_queries_on_one_tcp_connection_are_all_answered(served: Served) -> None:
    query = _question("ietf.org", RRType.MX)
    framed = struct.pack("!H", len(query)) + query
    with socket.create_connection(served.door("192.0.2.11"), 5) as sock:
        sock.sendall(framed[:5])
        time.sleep(0.02)
        sock.sendall(framed[5:] + framed)
        with sock.makefile("rb") as stream:
            answers = [stream.read(int.from_bytes(stream.read(2), "big")) for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 12


def test_a_mail_host_shows_the_certificates_it_has_in_memory(lab: Lab, served: Served) -> None:
    dialogue = served.converse("4.31.198.44", "mail.ietf.org")
    assert dialogue.failure is None
    assert dialogue.peer is not None
    host = lab.directory.at("4.31.198.44")
    assert host is not None
    assert dialogue.peer.chain == lab.hosts.identity(host).chain


@pytest.mark.parametrize(
    ("host", "failures"),
    [
        ("mail.no-starttls.lab", {Failure.STARTTLS_NOT_OFFERED}),
        ("mail.garbage.lab", {Failure.NONSENSE}),
        ("mail.greeting-then-close.lab", {Failure.CLOSED, Failure.RESET}),
        ("mail.handshake-reset.lab", {Failure.RESET}),
    ],
)
def test_a_mail_host_misbehaves_as_it_does_in_memory(
    lab: Lab, served: Served, host: str, failures: set[Failure]
) -> None:
    (address,) = lab.directory.named(name_from_text(host)).addresses
    dialogue = served.converse(address, host)
    assert dialogue.failure is not None
    assert dialogue.failure.kind in failures


@pytest.mark.parametrize(
    "rubbish",
    [b"\0", b"\xff" * 11, b"\0" * 12, b"\xff" * 600, _question("ietf.org", 15)[:-3]],
)
def test_rubbish_does_not_stop_a_server(served: Served, rubbish: bytes) -> None:
    for address in ("192.0.2.1", "194.191.40.83", "192.0.2.53", "192.0.2.55"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(rubbish, served.door(address))
        with socket.create_connection(served.door(address), 5) as sock:
            sock.sendall(struct.pack("!H", len(rubbish)) + rubbish)
        assert served.exchange(address, _question("ietf.org", RRType.MX))
    with socket.create_connection(served.door("4.31.198.44"), 5) as sock:
        sock.sendall(b"EHLO x\r\nSTARTTLS\r\n")
        time.sleep(0.05)
        sock.sendall(rubbish)
    assert served.converse("4.31.198.44", "mail.ietf.org").failure is None


def test_random_rubbish_is_never_answered_with_records(served: Served) -> None:
    dice = Random(20260501)
    for address in ("192.0.2.1", "192.0.2.11", "194.191.40.83"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.connect(served.door(address))
            for number in range(300):
                query = bytearray(_question("ietf.org", RRType.MX))
                for _ in range(dice.randrange(1, 6)):
                    query[dice.randrange(2, 12)] = dice.randrange(256)
                sock.send(number.to_bytes(2, "big") + bytes(query[2 : dice.randrange(13, 60)]))
                if number % 20:
                    continue
                # Whatever comes back before it, a question is answered.
                sock.send(b"\xff\xff" + _question("ietf.org", RRType.MX)[2:])
                while (reply := sock.recv(65535))[:2] != b"\xff\xff":
                    message = wire.parse(reply)
                    assert message.flags & wire.QR
                    assert not message.answer or message.question[0][1] == RRType.MX


def test_a_client_that_only_asks_is_not_read_for_ever(served: Served) -> None:
    query = _question("_25._tcp.mail.many-tlsa.lab", RRType.TLSA)
    framed = struct.pack("!H", len(query)) + query
    with socket.create_connection(served.door("192.0.2.11"), 5) as sock:
        sock.settimeout(1)
        with pytest.raises(TimeoutError):
            sock.sendall(framed * 200_000)
    assert served.exchange("192.0.2.11", _question("ietf.org", RRType.MX))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order_even_with_a_connection_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log"

    def started(dns: int, smtp: int) -> subprocess.Popen[bytes]:
        options = ("--dns-port", str(dns), "--smtp-port", str(smtp))
        command = here(sys.executable, "-W", "error", "-c", SERVE, *options)
        return stack.enter_context(running(command, log, lambda said: "\nready\n" in said))

    with ExitStack() as stack:
        server = on_free_ports(2, started)
        line = next(each for each in log.read_text().splitlines() if each.startswith("smtp"))
        _, address, port, *_ = line.split()
        with socket.create_connection((address, int(port)), 5) as sock:
            assert sock.recv(100).startswith(b"220")
            server.send_signal(number)
            assert server.wait(60) == 0
    assert log.read_text().endswith("\nready\n")


def test_a_port_that_is_taken_is_named_and_nothing_stays_open(tmp_path: Path) -> None:
    with socket.create_server(("127.25.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        def tried(dns: int) -> subprocess.CompletedProcess[str]:
            done = subprocess.run(
                here(sys.executable, "-c", SERVE, "--dns-port", str(dns), "--smtp-port", str(port)),
                capture_output=True,
                text=True,
                check=False,
                env=with_our_modules(),
            )
            assert "127.53." not in done.stderr, done.stderr
            return done

        done = on_free_ports(1, tried)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"esashell lab: 127.25.0.1 port {port}: another program listens there already.\n"
    )


def test_a_tarpit_says_an_octet_at_a_time_and_hangs_up_after_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("esashell.worlds.lab.hosts.DRIP", 1000)
    spec = HostSpec("mx.example", behaviour=Behaviour.TARPIT)
    hosts = LabHosts(lambda _: spec, CertificateMaker(b"tarpit", 0))

    async def heard(port: int) -> list[bytes]:
        door = Door(Service.SMTP, "mx.example", "192.0.2.1", "127.0.0.1", port)
        ready = asyncio.Event()
        serving = asyncio.create_task(serve([door], lambda *_: None, hosts.accept, ready.set))
        serving.add_done_callback(lambda _: ready.set())
        await ready.wait()
        if serving.done():
            await serving
        reader, writer = await asyncio.open_connection(door.address, door.port)
        writer.write(b"QUIT\r\n")
        pieces = []
        while piece := await reader.read(100):
            pieces.append(piece)
        writer.close()
        serving.cancel()
        return pieces

    pieces = on_free_ports(1, lambda port: asyncio.run(heard(port)))
    said = b"".join(pieces)
    assert said.startswith(b"220 mx.example ESMTP ready\r\n221 ")
    assert said.endswith(b"\r\n")
    assert len(pieces) > len(said) // 2
