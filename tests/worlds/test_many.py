"""Many conversations at once: what `live` does for one, and nothing lost between them."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable

import pytest

from esashell.clock import SECOND
from esashell.errors import TimedOut, TransportError, Unreachable
from esashell.resolver import wire
from esashell.resolver.names import Name, name_from_text
from esashell.steps import All, Connect, Exchange, Receive, Steps, Tell, Wait
from esashell.worlds.live import Live
from esashell.worlds.many import many
from tests.ports import closed_port
from tests.worlds.loopback import exactly, tcp_server, udp_server

HERE = "127.0.0.1"


def name(number: int) -> Name:
    return name_from_text(f"n{number}.example")


def asked(number: int, **how: object) -> Steps[bytes]:
    query = wire.query(name(number), 1)
    return (yield Exchange(HERE, query, **how))  # type: ignore[arg-type]


def echo(query: bytes) -> list[bytes]:
    return [query[:2] + bytes((query[2] | 0x80,)) + query[3:]]


def test_every_conversation_gets_its_own_reply() -> None:
    with udp_server(echo) as port:
        steps = (asked(each) for each in range(300))
        found = dict(many(steps, Live(dns_port=port), window=50))
    assert sorted(found) == list(range(300))
    for number, reply in found.items():
        assert reply[:2] == b"\0\0"
        assert wire.parse(reply).question == ((name(number), 1),)


def test_ports_and_ids_differ_from_question_to_question() -> None:
    ports, ids = set(), set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HERE, 0))

        def serve() -> None:
            for _ in range(40):
                query, client = sock.recvfrom(4096)
                ports.add(client[1])
                ids.add(query[:2])
                sock.sendto(echo(query)[0], client)

        server = threading.Thread(target=serve)
        server.start()
        live = Live(dns_port=sock.getsockname()[1])
        assert len(list(many((asked(each) for each in range(40)), live, window=5))) == 40
        server.join(60)
    assert len(ports) > 35
    assert len(ids) > 35


def test_no_more_go_on_than_the_window_allows() -> None:
    going_on = most = 0

    def counted(number: int) -> Steps[int]:
        nonlocal going_on, most
        going_on += 1
        most = max(most, going_on)
        yield Exchange(HERE, wire.query(name(number), 1))
        going_on -= 1
        return number

    with udp_server(echo) as port:
        found = list(many((counted(e) for e in range(60)), Live(dns_port=port), window=7))
    assert len(found) == 60
    assert most == 7


@pytest.mark.parametrize(
    "forged",
    [
        lambda query: bytes((query[0] ^ 1,)) + query[1:],
        lambda query: query[:13] + b"x" + query[14:],
        lambda query: b"",
        lambda query: query[:5],
    ],
)
def test_what_does_not_match_is_ignored(forged: Callable[[bytes], bytes]) -> None:
    with udp_server(lambda query: [forged(echo(query)[0]) or b"\0", *echo(query)]) as port:
        ((_, reply),) = many([asked(1)], Live(dns_port=port))
    assert wire.parse(reply).question == ((name(1), 1),)


def test_a_datagram_that_is_lost_is_sent_again_and_silence_is_a_time_out() -> None:
    seen: list[bytes] = []

    def second(query: bytes) -> list[bytes]:
        seen.append(query)
        return echo(query) if seen.count(query) == 2 else []

    def patient(number: int, patience: int) -> Steps[str]:
        try:
            yield from asked(number, timeout=patience)
        except TimedOut as error:
            return error.text
        return "answered"

    with udp_server(second) as port:
        assert list(many([patient(1, SECOND)], Live(dns_port=port))) == [(0, "answered")]
    began = time.monotonic()
    with udp_server(lambda query: []) as port:
        each = (patient(each, SECOND // 5) for each in range(200))
        found = dict(many(each, Live(dns_port=port), window=200))
    assert set(found.values()) == {"timeout"}
    assert time.monotonic() - began < 20


def test_a_fault_is_thrown_where_it_was_asked_for() -> None:
    def astray() -> Steps[str]:
        with contextlib.suppress(Unreachable):
            yield Exchange("not-an-address", wire.query(name(1), 1))
        try:
            yield Exchange(HERE, wire.query(name(1), 1), timeout=SECOND)
        except TransportError as error:
            return type(error).__name__
        return "nothing"

    with closed_port() as port:
        assert list(many([astray()], Live(dns_port=port))) == [(0, "Refused")]


def test_tcp_and_parts_and_tales_and_waiting() -> None:
    def over_tcp(connection: socket.socket) -> None:
        size = int.from_bytes(exactly(connection, 2), "big")
        reply = echo(exactly(connection, size))[0]
        connection.sendall(len(reply).to_bytes(2, "big") + reply)

    told: list[str] = []

    def both() -> Steps[tuple[object, ...]]:
        yield Tell("began")
        yield Wait(1000)
        return (yield All((asked(1, tcp=True), asked(2, tcp=True), part())))

    def part() -> Steps[str]:
        yield Wait(1)
        empty = yield All(())
        return f"part {empty}"

    with tcp_server(over_tcp, over_tcp) as port:
        ((_, found),) = many([both()], Live(dns_port=port), listen=told.append)
    assert told == ["began"]
    one, two, three = found
    assert isinstance(one, bytes)
    assert isinstance(two, bytes)
    assert {wire.parse(each).question[0][0] for each in (one, two)} == {name(1), name(2)}
    assert three == "part ()"


def test_connections_stay_with_their_conversation_and_are_closed() -> None:
    greeted = [lambda sock: (sock.sendall(b"220 hello\r\n"), sock.recv(10))] * 3

    def greeting(port: int) -> Steps[bytes]:
        yield Connect(HERE, port)
        return (yield Receive())

    with tcp_server(*greeted) as port:
        found = dict(many((greeting(port) for _ in range(3)), Live(), window=1))
    assert found == dict.fromkeys(range(3), b"220 hello\r\n")


def test_a_mistake_of_ours_comes_out_and_everything_is_closed() -> None:
    closed = []

    def waits() -> Steps[None]:
        try:
            yield Exchange(HERE, wire.query(name(1), 1))
        finally:
            closed.append(True)

    def broken() -> Steps[None]:
        yield Wait(1000)
        raise ZeroDivisionError

    with udp_server(lambda query: []) as port, pytest.raises(ZeroDivisionError):
        list(many([waits(), broken()], Live(dns_port=port)))
    assert closed == [True]


def test_a_worker_closes_what_nobody_waits_for_any_more() -> None:
    let_go = threading.Event()
    over = threading.Event()

    def slow(connection: socket.socket) -> None:
        let_go.wait(60)
        connection.sendall(b"220 late\r\n")
        assert connection.recv(10) == b""
        over.set()

    def greeting(port: int) -> Steps[bytes]:
        yield Connect(HERE, port)
        return (yield Receive(timeout=60 * SECOND))

    def broken() -> Steps[bytes]:
        yield Wait(100_000)
        raise ZeroDivisionError

    with tcp_server(slow) as port:
        began = time.monotonic()
        with pytest.raises(ZeroDivisionError):
            list(many([greeting(port), broken()], Live()))
        assert time.monotonic() - began < 30
        let_go.set()
        assert over.wait(30)


def test_whoever_stops_listening_stops_it_all() -> None:
    with udp_server(echo) as port:
        results = many((asked(each) for each in range(10)), Live(dns_port=port), window=3)
        next(results)
        results.close()  # type: ignore[attr-defined]
