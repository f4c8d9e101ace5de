"""The ports that tests choose: nobody else's, and given up for others when they are taken."""

import socket

import pytest

from esashell.errors import OperatorError
from tests.ports import chosen_by_nobody, closed_port, free_port, on_free_ports, stretch


def test_no_port_is_handed_out_twice_and_none_is_one_the_kernel_chooses() -> None:
    ports = [free_port() for _ in range(200)]
    assert len(set(ports)) == len(ports)
    assert set(ports) <= set(chosen_by_nobody())


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_workers_share_no_port(workers: int) -> None:
    all_of_them = range(10_000, 32_768)
    parts = [set(stretch(all_of_them, each, workers)) for each in range(workers)]
    assert sum(map(len, parts)) == len(set.union(*parts))
    assert min(map(len, parts)) >= len(all_of_them) // workers


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken_at_any_address_is_not_handed_out(
    kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, free = free_port(), free_port()
    monkeypatch.setattr("tests.ports._candidates", lambda: iter([taken, free]))
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind(("127.99.0.1", taken))
        assert free_port() == free


def test_who_meets_somebody_at_a_port_begins_anew_at_others() -> None:
    tried: list[int] = []

    def start(first: int, second: int) -> str:
        tried.extend((first, second))
        if len(tried) == 2:
            raise OSError(98, "Address already in use")
        if len(tried) == 4:
            raise OperatorError(f"127.0.0.1 port {first}: another program listens there already.")
        return "started"

    assert on_free_ports(2, start) == "started"
    assert len(set(tried)) == 6


@pytest.mark.parametrize("fault", ["no such file", "Address already in use"])
def test_another_fault_is_raised_at_once_and_this_one_in_the_end(fault: str) -> None:
    tried = []

    def start(port: int) -> None:
        tried.append(port)
        raise AssertionError(fault)

    with pytest.raises(AssertionError, match=fault):
        on_free_ports(1, start)
    assert (len(tried) == 1) == (fault == "no such file")


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_closed_port_refuses_and_nobody_can_open_it(kind: socket.SocketKind) -> None:
    with closed_port() as port:
        with socket.socket(socket.AF_INET, kind) as sock, pytest.raises(OSError, match="in use"):
            sock.bind(("", port))
        with socket.socket(socket.AF_INET, kind) as sock, pytest.raises(ConnectionRefusedError):
            _speak(sock, port)


def _speak(sock: socket.socket, port: int) -> None:
    sock.settimeout(30)
    sock.connect(("127.0.0.1", port))
    sock.send(b"anybody?")
    sock.recv(1)
