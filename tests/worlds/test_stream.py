"""A mail host met by `many` is the mail host that `live` meets, whatever it does to us."""

import socket
import time
from collections.abc import Callable

import pytest

from esashell.clock import SECOND, FixedClock
from esashell.delivery.connections import OWN, Meeting
from esashell.errors import TransportError
from esashell.smtp.client import SmtpDialogue
from esashell.steps import Connect, Receive, Send, StartTls, Steps, TlsPolicy, run
from esashell.worlds.lab.hosts import HostSide
from esashell.worlds.lab.world import Lab
from esashell.worlds.live import Live
from esashell.worlds.many import many
from tests.ports import closed_port
from tests.worlds.loopback import mail_host, reset, tcp_server

HERE = "127.0.0.1"
LAB = Lab(FixedClock(1_795_000_000_000_000))
MEETING = Meeting(HERE, 25, "us.example", "mail.example", TlsPolicy())

Host = Callable[[socket.socket], None]


def of_lab(address: str) -> Callable[[], Host]:
    def host() -> Host:
        side = LAB.hosts.accept(address)
        assert isinstance(side, HostSide)
        return mail_host(side)

    return host


def talking(*words: bytes, then: Callable[[socket.socket], None] = socket.socket.close) -> Host:
    """Says its words in turn, each after something was heard but the first."""

    def host(connection: socket.socket) -> None:
        for number, word in enumerate(words):
            if number and not connection.recv(4096):
                return
            connection.sendall(word)
        connection.recv(4096)
        then(connection)

    return host


def slowly(connection: socket.socket) -> None:
    for octet in b"220 mx.example ESMTP\r\n":
        connection.send(bytes((octet,)))
        time.sleep(0.001)
    talking(b"250-mx.example\r\n250 STARTTLS\r\n", b"454 4.7.0 no\r\n")(connection)


GO = (b"220 mx ESMTP\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n")
HOSTS: dict[str, Callable[[], Host]] = {
    "good": of_lab("4.31.198.44"),
    "large": lambda: talking(b"220 mx\r\n", b"250-X\r\n" * 60 + b"250 HELP\r\n"),
    "slow": lambda: slowly,
    "closed": lambda: socket.socket.close,
    "reset": lambda: reset,
    "nonsense": lambda: talking(b"what is SMTP?\r\n"),
    "closed in the handshake": lambda: talking(*GO),
    "reset in the handshake": lambda: talking(*GO, then=reset),
    "nonsense in the handshake": lambda: talking(*GO, b"no TLS here\r\n"),
    "text after STARTTLS": lambda: talking(*GO[:2], b"220 go\r\n250 and more\r\n"),
}  # fmt: skip


def probe(port: int) -> Steps[SmtpDialogue | str]:
    try:
        yield Connect(HERE, port)
    except TransportError as fault:
        return fault.text
    return (yield from OWN.shake_hands(MEETING))


@pytest.mark.parametrize("kind", HOSTS)
def test_the_conversation_is_the_one_that_live_has(kind: str) -> None:
    with tcp_server(HOSTS[kind](), HOSTS[kind]()) as port:
        with Live().session() as session:
            alone = run(probe(port), session)
        ((_, together),) = many([probe(port)], Live())
    assert together == alone


def test_a_port_where_nobody_listens_refuses() -> None:
    with closed_port() as port:
        assert dict(many([probe(port)], Live())) == {0: "Connection refused"}


def outcome(steps: Steps[object]) -> Steps[str]:
    try:
        yield from steps
    except TransportError as fault:
        return type(fault).__name__
    return "done"


def test_silence_is_a_timeout_and_a_conversation_without_end_is_overdue() -> None:
    def silent(connection: socket.socket) -> None:
        while connection.recv(4096):
            pass

    def chatting(connection: socket.socket) -> None:
        while connection.send(b".") and not time.sleep(0.02):
            pass

    def patient(port: int, request: object, whole: int) -> Steps[None]:
        yield Connect(HERE, port, whole=whole)
        while True:
            yield request

    tls = StartTls("mx.example", timeout=SECOND // 10)
    for request, whole, host, expected in (
        (Receive(timeout=SECOND // 10), 60 * SECOND, silent, "TimedOut"),
        (tls, 60 * SECOND, silent, "TimedOut"),
        (Receive(), SECOND // 10, chatting, "Overdue"),
        (Receive(), SECOND // 10, silent, "Overdue"),
    ):
        with tcp_server(host) as port:
            steps = outcome(patient(port, request, whole))
            assert dict(many([steps], Live())) == {0: expected}


def test_nothing_can_be_asked_of_no_connection_nor_of_half_a_handshake() -> None:
    for request in (Send(b"x"), Receive(), StartTls("mx.example")):

        def alone(request: object = request) -> Steps[None]:
            yield request

        assert dict(many([outcome(alone())], Live())) == {0: "Reset"}

    def halfway(port: int) -> Steps[str]:
        yield Connect(HERE, port)
        first = yield from outcome(_one(StartTls("mx.example")))
        return first + " " + (yield from outcome(_one(Send(b"in the clear"))))

    with tcp_server(talking(b"no TLS here\r\n")) as port:
        assert dict(many([halfway(port)], Live())) == {0: "HandshakeFailed Reset"}


def _one(request: object) -> Steps[None]:
    yield request


def test_more_than_a_buffer_holds_is_sent_whole() -> None:
    taken = bytearray()

    def slow_reader(connection: socket.socket) -> None:
        while piece := connection.recv(65536):
            taken.extend(piece)
            time.sleep(0.0005)

    def sending(port: int) -> Steps[None]:
        yield Connect(HERE, port)
        yield Send(bytes(8_000_000))

    with tcp_server(slow_reader) as port:
        assert dict(many([outcome(sending(port))], Live())) == {0: "done"}
    assert len(taken) == 8_000_000
