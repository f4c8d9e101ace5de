"""The live world against small servers on loopback, most of them ill-behaved."""

import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from esashell import errors
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import query
from esashell.smtp.client import Failure, SmtpDialogue, shake_hands
from esashell.steps import (
    Authorities,
    Connect,
    Exchange,
    Receive,
    Send,
    StartTls,
    TlsPolicy,
    Wait,
    run,
)
from esashell.worlds.datagram import CHANCE, bind_at_random
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Identity
from esashell.worlds.lab.hosts import Behaviour, HostSpec, LabHosts
from esashell.worlds.live import Live
from esashell.worlds.tls import server_context
from tests.ports import closed_port
from tests.worlds.loopback import exactly, mail_host, reset, tcp_server, udp_server

QUERY = query(name_from_text("mail.example"), RRType.A)
OTHER = query(name_from_text("evil.example"), RRType.A)
MILLISECOND = 1000
NOW = 1_750_000_000_000_000
HERE = "127.0.0.1"


def answer(asked: bytes, tail: bytes = b"", rcode: int = 0) -> bytes:
    """A reply to a query: its ID and question, the QR bit, and something to tell replies apart."""
    end = QUERY.index(b"\x00\x00\x01\x00\x01", 12) + 5
    head = asked[:2] + bytes([asked[2] | 0x80, rcode]) + asked[4:6] + bytes(6)
    return head + asked[12:end] + tail


def ask(
    port: int, *, timeout: int = 20_000 * MILLISECOND, tcp: bool = False, at: str = HERE
) -> Any:
    with Live(dns_port=port).session() as session:
        return session.perform(Exchange(at, QUERY, tcp=tcp, timeout=timeout))


# -- UDP


def test_a_reply_over_udp_comes_back_with_the_id_the_engine_wrote() -> None:
    with udp_server(lambda asked: [answer(asked, b"here")]) as port:
        reply = ask(port)
    assert reply[:2] == b"\0\0"
    assert reply.endswith(b"here")


def test_ids_and_source_ports_change_from_query_to_query() -> None:
    ids = set()

    def note(asked: bytes) -> list[bytes]:
        ids.add(asked[:2])
        return [answer(asked)]

    with udp_server(note) as port:
        for _ in range(16):
            ask(port)
    assert len(ids) > 12

    ports = set()
    for _ in range(16):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            bind_at_random(sock, "", os.urandom(CHANCE))
            ports.add(sock.getsockname()[1])
    assert len(ports) > 12
    assert min(ports) >= 1024


@pytest.mark.parametrize("tcp", [False, True])
def test_a_query_goes_out_from_the_address_that_it_names(tcp: bool) -> None:
    elsewhere = Exchange(HERE, QUERY, tcp, source="192.0.2.1")
    with (
        closed_port() as port,
        Live(dns_port=port).session() as session,
        pytest.raises(errors.Unreachable),
    ):
        session.perform(elsewhere)
    with (
        udp_server(lambda asked: [answer(asked, b"here")]) as port,
        Live(dns_port=port, source="192.0.2.1").session() as session,
    ):
        reply = session.perform(Exchange(HERE, QUERY, source="127.0.0.2"))
    assert reply.endswith(b"here")


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6 loopback address")
def test_ipv6_servers_are_asked_too() -> None:
    with udp_server(lambda asked: [answer(asked, b"six")], "::1") as port:
        assert ask(port, at="::1").endswith(b"six")


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param(lambda asked: bytes([asked[0] ^ 1]) + answer(asked)[1:], id="another ID"),
        pytest.param(lambda asked: answer(asked[:2] + OTHER[2:]), id="another name"),
        pytest.param(
            lambda asked: answer(asked.replace(b"\0\0\x01\0\x01", b"\0\0\x0f\0\x01")),
            id="another type",
        ),
        pytest.param(lambda asked: asked, id="the query itself"),
        pytest.param(lambda asked: asked[:2] + b"\x81\x80" + bytes(8), id="no question, no error"),
        pytest.param(lambda asked: asked[:2], id="two octets"),
        pytest.param(lambda asked: answer(asked)[:20], id="cut in the question"),
        pytest.param(lambda _: b"\x00", id="one octet"),
    ],
)  # fmt: skip
def test_a_forged_reply_is_passed_over_and_the_true_one_is_taken(forged: Any) -> None:
    with udp_server(lambda asked: [forged(asked), answer(asked, b"true")]) as port:
        assert ask(port).endswith(b"true")


def test_forged_replies_alone_end_in_a_timeout() -> None:
    wrong_id = udp_server(lambda asked: [bytes([asked[0] ^ 1]) + answer(asked)[1:]])
    with wrong_id as port, pytest.raises(errors.TimedOut):
        ask(port, timeout=200 * MILLISECOND)


def test_a_reply_from_another_port_never_arrives() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((HERE, 0))
        clients: list[bytes] = []

        def from_elsewhere(asked: bytes) -> list[bytes]:
            clients.append(asked)
            return [answer(asked, b"true")]

        with udp_server(from_elsewhere) as port, Live(dns_port=port).session() as session:
            bound = socket.socket.bind

            def betray(sock: socket.socket, address: Any) -> None:
                bound(sock, address)
                stranger.sendto(answer(QUERY, b"forged"), (HERE, sock.getsockname()[1]))

            # What lies in the buffer before connect() has the wrong ID; what comes after is
            # dropped by the kernel, for the socket is connected.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(socket.socket, "bind", betray)
                reply = session.perform(Exchange(HERE, QUERY, timeout=20_000 * MILLISECOND))
    assert reply.endswith(b"true")
    assert clients


def test_a_refusal_without_the_question_is_a_reply() -> None:
    with udp_server(lambda asked: [asked[:2] + b"\x81\x05" + bytes(8)]) as port:
        assert ask(port)[3] & 0xF == 5


def test_the_name_may_come_back_in_another_case() -> None:
    with udp_server(lambda asked: [answer(asked).replace(b"mail", b"MaIl")]) as port:
        assert b"MaIl" in ask(port)


def test_a_lost_datagram_is_sent_once_more_with_the_same_id() -> None:
    seen: list[bytes] = []

    def second_time(asked: bytes) -> list[bytes]:
        seen.append(asked)
        return [answer(asked, b"late")] if len(seen) == 2 else []

    with udp_server(second_time) as port:
        assert ask(port, timeout=1_000 * MILLISECOND).endswith(b"late")
    assert seen[0] == seen[1]
    assert len(seen) == 2


def test_silence_is_a_timeout_after_the_time_allowed_and_two_datagrams() -> None:
    seen: list[bytes] = []

    def silent(asked: bytes) -> list[bytes]:
        seen.append(asked)
        return []

    started = time.monotonic()
    with udp_server(silent) as port, pytest.raises(errors.TimedOut):
        ask(port, timeout=200 * MILLISECOND)
    assert 0.2 <= time.monotonic() - started < 10
    assert len(seen) == 2


def test_a_stream_of_rubbish_does_not_stretch_the_time() -> None:
    def flood(_: bytes) -> list[bytes]:
        return [os.urandom(40) for _ in range(50)]

    started = time.monotonic()
    with udp_server(flood) as port, pytest.raises(errors.TimedOut):
        ask(port, timeout=200 * MILLISECOND)
    assert time.monotonic() - started < 10


def test_a_closed_port_refuses() -> None:
    with closed_port() as port:
        with pytest.raises(errors.Refused):
            ask(port)
        with pytest.raises(errors.Refused):
            ask(port, tcp=True)


@pytest.mark.parametrize(
    "server", ["localhost", "ns.example", "", "127.0.0.1:53", "a" * 300, "\x00"]
)
def test_only_an_address_is_a_server_and_no_name_is_ever_looked_up(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = socket.getaddrinfo

    def watched(*args: Any, **kinds: Any) -> Any:
        assert kinds["flags"] & socket.AI_NUMERICHOST
        return honest(*args, **kinds)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    with Live().session() as session:
        for request in (
            Exchange(server, QUERY),
            Exchange(server, QUERY, tcp=True),
            Connect(server),
        ):
            with pytest.raises(errors.Unreachable):
                session.perform(request)


def test_no_time_at_all_is_a_timeout() -> None:
    with closed_port() as port:
        for tcp in (False, True):
            with pytest.raises(errors.TimedOut):
                ask(port, timeout=0, tcp=tcp)


# -- TCP


def framed(reply: bytes) -> bytes:
    return struct.pack("!H", len(reply)) + reply


def _asked(connection: socket.socket) -> bytes:
    (length,) = struct.unpack("!H", exactly(connection, 2))
    return exactly(connection, length)


def test_a_large_reply_over_tcp_is_put_together_from_its_pieces() -> None:
    def in_pieces(connection: socket.socket) -> None:
        whole = framed(answer(_asked(connection), b"x" * 30_000 + b"end"))
        connection.sendall(whole[:1])
        time.sleep(0.02)
        connection.sendall(whole[1:5])
        time.sleep(0.02)
        connection.sendall(whole[5:])

    with tcp_server(in_pieces) as port:
        reply = ask(port, tcp=True)
    assert reply[:2] == b"\0\0"
    assert reply.endswith(b"xend")


@pytest.mark.parametrize("kept", [0, 1, 2, 3, 20])
def test_a_tcp_server_that_closes_in_the_middle_is_a_reset(kept: int) -> None:
    def breaks_off(connection: socket.socket) -> None:
        connection.sendall(framed(answer(_asked(connection)))[:kept])

    with tcp_server(breaks_off) as port, pytest.raises(errors.Reset):
        ask(port, tcp=True)


def test_a_tcp_server_that_resets_is_a_reset() -> None:
    def resets(connection: socket.socket) -> None:
        _asked(connection)
        reset(connection)

    with tcp_server(resets) as port, pytest.raises(errors.Reset):
        ask(port, tcp=True)


def test_a_dripping_tcp_server_gets_the_time_allowed_and_no_more() -> None:
    def drips(connection: socket.socket) -> None:
        for octet in framed(answer(_asked(connection), bytes(200))):
            connection.sendall(bytes([octet]))
            time.sleep(0.1)

    started = time.monotonic()
    with tcp_server(drips) as port:
        with pytest.raises(errors.TimedOut):
            ask(port, tcp=True, timeout=350 * MILLISECOND)
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("reply", [b"", b"\x00", b"\xff" * 11, bytes(12), OTHER])
def test_another_reply_over_tcp_is_a_fault_of_the_server(reply: bytes) -> None:
    def other(connection: socket.socket) -> None:
        _asked(connection)
        connection.sendall(framed(reply))

    with tcp_server(other) as port, pytest.raises(errors.TransportError, match="another question"):
        ask(port, tcp=True)


# -- connections


def test_a_connection_tells_our_own_address_and_carries_bytes_both_ways() -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        connection.sendall(b"you said " + connection.recv(100))

    with tcp_server(echo) as port, Live(smtp_port=port, source="127.0.0.9").session() as session:
        assert session.perform(Connect(HERE)) == "127.0.0.9"
        assert session.perform(Receive()) == b"220 hello\r\n"
        assert session.perform(Send(b"EHLO me\r\n")) is None
        assert session.perform(Receive()) == b"you said EHLO me\r\n"
        assert session.perform(Receive()) == b""


def test_only_port_25_is_replaced() -> None:
    with (
        tcp_server(lambda c: c.sendall(b"other")) as port,
        closed_port() as closed,
        Live(smtp_port=closed).session() as session,
    ):
        session.perform(Connect(HERE, port))
        assert session.perform(Receive()) == b"other"
        with pytest.raises(errors.Refused):
            session.perform(Connect(HERE, 25))


def test_a_second_connection_replaces_the_first() -> None:
    seen: list[bytes] = []

    def first(connection: socket.socket) -> None:
        seen.append(connection.recv(10))

    servers = tcp_server(first, lambda c: c.sendall(b"two"))
    with servers as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        session.perform(Connect(HERE))
        assert session.perform(Receive()) == b"two"
    assert seen == [b""]


def test_the_session_closes_what_it_opened() -> None:
    seen: list[bytes] = []
    with tcp_server(lambda c: seen.append(c.recv(10))) as port:
        with Live(smtp_port=port).session() as session:
            session.perform(Connect(HERE))
        with pytest.raises(errors.Reset):
            session.perform(Send(b"x"))
    assert seen == [b""]


def test_without_a_connection_there_is_nothing_to_speak_on() -> None:
    with Live().session() as session:
        for request in (Send(b"x"), Receive(), StartTls("mx.example")):
            with pytest.raises(errors.Reset):
                session.perform(request)


def test_a_silent_peer_is_a_timeout_and_a_reset_one_a_reset() -> None:
    def waits_then_resets(connection: socket.socket) -> None:
        connection.recv(1)
        reset(connection)

    with tcp_server(waits_then_resets) as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        with pytest.raises(errors.TimedOut):
            session.perform(Receive(100 * MILLISECOND))
        session.perform(Send(b"x"))
        with pytest.raises(errors.Reset):
            session.perform(Receive())


def test_waiting_takes_its_time() -> None:
    started = time.monotonic()
    with Live().session() as session:
        assert session.perform(Wait(20 * MILLISECOND)) is None
    assert time.monotonic() - started >= 0.02


# -- TLS


@pytest.mark.parametrize(
    "hostile", [b"", b"500 no TLS here\r\n", b"\x16\x03\x01\xff\xff" + b"\xff" * 600]
)
def test_what_is_not_tls_fails_the_handshake_and_the_session_goes_on(hostile: bytes) -> None:
    def not_tls(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(hostile)

    servers = tcp_server(not_tls, lambda c: c.sendall(b"again"))
    with servers as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        with pytest.raises((errors.HandshakeFailed, errors.Reset)):
            session.perform(StartTls("mx.example", timeout=20_000 * MILLISECOND))
        with pytest.raises(errors.Reset):
            session.perform(Send(b"in the clear after all?"))
        session.perform(Connect(HERE))
        assert session.perform(Receive()) == b"again"


def test_a_handshake_that_never_comes_is_a_timeout() -> None:
    def mute(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    with tcp_server(mute) as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        with pytest.raises(errors.TimedOut):
            session.perform(StartTls("mx.example", timeout=100 * MILLISECOND))


def _tls_server(then: Any) -> Any:
    """A server that shakes hands, and then does what the function says with the TLS socket."""
    shown = CertificateMaker(b"test", NOW).identity("mx.example", CertificateSpec())
    context = server_context(shown.chain, shown.key_pem, TlsPolicy())

    def conversation(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            then(tls)

    return conversation


def test_after_the_handshake_everything_is_encrypted_in_both_directions() -> None:
    heard: list[bytes] = []

    def talk(tls: ssl.SSLSocket) -> None:
        heard.append(tls.recv(100))
        tls.sendall(b"250 " + b"x" * 40_000 + b"\r\n")
        heard.append(tls.recv(100))

    shown = CertificateMaker(b"test", NOW).identity("mx.example", CertificateSpec())
    with tcp_server(_tls_server(talk)) as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        peer = session.perform(StartTls("mx.example"))
        assert peer.version == "TLSv1.3"
        assert peer.chain == shown.chain
        session.perform(Send(b"EHLO me\r\n"))
        said = b""
        while not said.endswith(b"\r\n"):
            said += session.perform(Receive())
        session.perform(Send(b"QUIT\r\n"))
    assert heard == [b"EHLO me\r\n", b"QUIT\r\n"]
    assert len(said) == 40_006


def test_the_end_of_an_encrypted_stream_is_empty_whether_announced_or_not() -> None:
    def announces(tls: ssl.SSLSocket) -> None:
        tls.sendall(b"bye")
        tls.unwrap()

    def just_goes(tls: ssl.SSLSocket) -> None:
        tls.sendall(b"bye")
        tls.shutdown(socket.SHUT_RDWR)

    for ending in (announces, just_goes):
        with tcp_server(_tls_server(ending)) as port, Live(smtp_port=port).session() as session:
            session.perform(Connect(HERE))
            session.perform(StartTls("mx.example"))
            assert session.perform(Receive()) == b"bye"
            assert session.perform(Receive()) == b""
            assert session.perform(Receive()) == b""


def test_a_second_connection_starts_in_the_clear_again() -> None:
    encrypted = _tls_server(lambda tls: tls.recv(1))
    servers = tcp_server(encrypted, lambda c: c.sendall(b"220 clear\r\n"))
    with servers as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        session.perform(StartTls("mx.example"))
        session.perform(Connect(HERE))
        assert session.perform(Receive()) == b"220 clear\r\n"


@pytest.mark.parametrize(
    "name", ["", ".example", "a" * 64 + ".example", "x." * 200, "\x00", "é.ch"]
)
def test_no_server_name_at_all_breaks_the_handshake(name: str) -> None:
    servers = tcp_server(_tls_server(lambda tls: None))
    with servers as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE))
        assert session.perform(StartTls(name)).chain


# -- a whole conversation


def _converse(behaviour: Behaviour) -> tuple[SmtpDialogue, Identity]:
    spec = HostSpec("mx.example", behaviour=behaviour)
    hosts = LabHosts(lambda _: spec, CertificateMaker(b"test", NOW))
    with (
        tcp_server(mail_host(hosts.accept(HERE))) as port,
        Live(smtp_port=port).session() as session,
    ):
        session.perform(Connect(HERE))
        dialogue = run(shake_hands("us.example", "mx.example", TlsPolicy()), session)
    return dialogue, hosts.identity(spec)


def test_an_smtp_conversation_with_starttls_over_a_real_socket() -> None:
    dialogue, identity = _converse(Behaviour.SERVE)
    assert dialogue.failure is None
    assert dialogue.peer is not None
    assert dialogue.peer.chain == identity.chain
    assert [turn.sent.split()[:1] for turn in dialogue.transcript[1:]] == [
        ["EHLO"],
        ["STARTTLS"],
        ["EHLO"],
        ["QUIT"],
    ]


@pytest.mark.parametrize(
    ("behaviour", "failures"),
    [
        (Behaviour.CLOSE_AFTER_GREETING, {Failure.CLOSED, Failure.RESET}),
        (Behaviour.GARBAGE, {Failure.NONSENSE}),
        (Behaviour.STARTTLS_454, {Failure.STARTTLS_REFUSED}),
        (Behaviour.TEXT_AFTER_STARTTLS, {Failure.TEXT_AFTER_STARTTLS}),
        (Behaviour.RESET_IN_HANDSHAKE, {Failure.RESET}),
    ],
)
def test_a_host_that_misbehaves_does_so_over_a_real_socket_too(
    behaviour: Behaviour, failures: set[Failure]
) -> None:
    dialogue, _ = _converse(behaviour)
    assert dialogue.failure is not None
    assert dialogue.failure.kind in failures
    assert dialogue.peer is None


# -- interruption


def test_ctrl_c_during_an_exchange_ends_it_at_once_and_leaves_no_socket(tmp_path: Path) -> None:
    program = tmp_path / "asks.py"
    program.write_text(
        "import os\n"
        "from esashell.steps import Authorities, Connect, Exchange, Receive\n"
        "from esashell.worlds.live import Live\n"
        "import socket, sys\n"
        "port = int(sys.argv[1])\n"
        "before = len(os.listdir('/proc/self/fd'))\n"
        "try:\n"
        "    with Live(smtp_port=port).session() as session:\n"
        "        session.perform(Connect('127.0.0.1'))\n"
        "        print('waiting', flush=True)\n"
        "        session.perform(Receive(60_000_000))\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(0 if len(os.listdir('/proc/self/fd')) == before else 3)\n"
    )

    def mute(connection: socket.socket) -> None:
        connection.recv(1)

    with (
        tcp_server(mute) as port,
        subprocess.Popen(
            [sys.executable, "-W", "error", str(program), str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
        ) as child,
    ):
        assert child.stdout is not None
        assert child.stdout.readline() == b"waiting\n"
        child.send_signal(signal.SIGINT)
        _, stderr = child.communicate(timeout=60)
    assert child.returncode == 0, stderr
    assert stderr == b""


# -- trust


def test_the_machine_s_own_store_is_asked_by_name() -> None:
    from esashell.pki.certificate import certificate
    from esashell.pki.roots import Roots, StoredRoots
    from esashell.worlds.many import many

    roots = CertificateMaker(b"seed", NOW).roots()
    name = certificate(roots[0]).subject_match
    live = Live()
    assert isinstance(live.roots, StoredRoots)
    live.roots = Roots(roots)

    def asked() -> Any:
        return (yield Authorities(("CN=nobody", name)))

    with live.session() as session:
        assert run(asked(), session) == roots
        assert session.perform(Authorities(("CN=nobody",))) == ()
    assert dict(many(iter([asked(), asked()]), live)) == {0: roots, 1: roots}
