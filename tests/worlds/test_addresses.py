"""Addresses are added where they take nothing away from anybody, and nowhere else."""

import subprocess
import sys
from typing import Any

import pytest

from esashell.errors import OperatorError
from esashell.worlds import addresses
from tests.conftest import lacking
from tests.differential.namespace import own_network


def test_a_connected_machine_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "run", never)
    monkeypatch.setattr(addresses, "only_loopback", lambda: False)
    with pytest.raises(OperatorError, match="unshare --map-root-user --net"):
        addresses.add(["4.31.198.44"])


def test_what_ip_is_told() -> None:
    assert addresses.commands(["192.0.2.1", "2001:db8::1", "192.0.2.1"]) == [
        "link set lo up",
        "address replace 192.0.2.1/32 dev lo",
        "address replace 2001:db8::1/128 dev lo nodad",
    ]


def test_what_ip_says_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any, **__: Any) -> Any:
        words = "RTNETLINK answers: Operation not permitted\nCommand failed -:1\n"
        return subprocess.CompletedProcess([], 1, "", words)

    monkeypatch.setattr(addresses, "only_loopback", lambda: True)
    monkeypatch.setattr(subprocess, "run", refuses)
    with pytest.raises(OperatorError, match="ip: RTNETLINK answers: Operation not permitted"):
        addresses.add(["192.0.2.1"])


@pytest.mark.differential
def test_a_namespace_of_ones_own_takes_them_and_says_so() -> None:
    code = (
        "from esashell.worlds import addresses as a; import socket;"
        "print(a.only_loopback()); a.add(['192.0.2.1', '2001:db8::1']);"
        "s = socket.create_server(('192.0.2.1', 53)); print(s.getsockname())"
    )
    with own_network() as space:
        if space is None:
            lacking("this machine permits no network namespace")
        done = space.run(sys.executable, "-c", code)
    assert done.stdout == "True\n('192.0.2.1', 53)\n", done.stderr
