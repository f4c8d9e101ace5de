"""The helper that verifies signatures: what it says is what would be said on the spot."""

import os
import select
import signal
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from esashell.resolver.algorithms import ED25519, Key
from esashell.steps import Steps, Verify, Wait
from esashell.worlds import helper as helping
from esashell.worlds.helper import WORTH, Helper
from esashell.worlds.live import Live
from esashell.worlds.many import many

_OURS = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEY = Key(b"\x01\x00\x03" + bytes((ED25519,)) + _OURS.public_key().public_bytes_raw())
BROKEN = Key(b"\x01\x00\x03" + bytes((ED25519,)) + b"short")


def asked(number: int) -> Verify:
    """Every third does not hold, and every seventh is by a key that cannot be read."""
    data = b"data %d" % number * (1 + number % 50)
    signature = _OURS.sign(data if number % 3 else b"other data")
    return Verify(BROKEN if not number % 7 else KEY, signature, data)


@pytest.fixture
def helper() -> Iterator[Helper]:
    found = Helper()
    found.start()
    assert found.wait()
    yield found
    found.close()


def answers(helper: Helper, count: int) -> dict[int, tuple[Verify, bool]]:
    """So many answers, by the number of whoever asked."""
    found: dict[int, tuple[Verify, bool]] = {}
    until = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < until
        for number, request, holds in (*helper.flush(), *helper.answers()):
            found[number] = request, holds
        if len(found) < count:
            select.select([helper.fileno()], [], [], 1)
    return found


def test_it_says_of_every_signature_what_is_true(helper: Helper) -> None:
    requests = [asked(number) for number in range(500)]
    assert all(helper.takes(number, each) for number, each in enumerate(requests))
    found = answers(helper, len(requests))
    for number, each in enumerate(requests):
        assert found[number] == (each, each.holds())
        assert found[number][1] == bool(number % 3 and number % 7)


def test_keys_signatures_and_data_may_be_empty_or_long(helper: Helper) -> None:
    odd = (
        Verify(KEY, b"", b""),
        Verify(KEY, b"\x00" * 65535, b"\xff" * 100_000),
        Verify(KEY, _OURS.sign(b"x" * 300_000), b"x" * 300_000),
    )
    for number, each in enumerate(odd):
        assert helper.takes(number, each)
    found = answers(helper, len(odd))
    assert [found[number][1] for number in range(len(odd))] == [False, False, True]


def test_when_it_dies_what_it_owes_is_verified_here(helper: Helper) -> None:
    assert helper._process is not None
    requests = [asked(number) for number in range(50)]
    os.kill(helper._process.pid, signal.SIGSTOP)
    for number, each in enumerate(requests):
        assert helper.takes(number, each)
    helper.flush()
    os.kill(helper._process.pid, signal.SIGKILL)
    found = answers(helper, len(requests))
    assert [found[number][1] for number in range(50)] == [each.holds() for each in requests]
    assert helper.fileno() == -1
    assert not helper.takes(0, requests[0])


def test_a_helper_that_does_not_read_blocks_nobody(helper: Helper) -> None:
    assert helper._process is not None
    os.kill(helper._process.pid, signal.SIGSTOP)
    large = Verify(KEY, b"\x00" * 64, b"\xff" * 200_000)
    for number in range(20):
        assert helper.takes(number, large)
        assert helper.flush() == []
    os.kill(helper._process.pid, signal.SIGCONT)
    assert len(answers(helper, 20)) == 20


def test_it_begins_only_when_there_is_enough_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Helper] = []
    monkeypatch.setattr(helping, "_processors", lambda: 2)

    def start(self: Helper) -> None:
        started.append(self)

    monkeypatch.setattr(Helper, "start", start)
    helper = Helper()
    for number in range(WORTH - 1):
        assert not helper.takes(number, asked(number))
    assert not started
    assert not helper.takes(0, asked(1))
    assert started == [helper]


def test_on_a_single_processor_it_never_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helping, "_processors", lambda: 1)
    helper = Helper()
    assert not any(helper.takes(number, asked(1)) for number in range(WORTH + 10))
    assert helper.fileno() == -1


def test_where_no_process_can_be_started_everything_is_verified_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(helping.sys, "executable", "/nowhere/python")
    helper = Helper()
    helper.start()
    assert not helper.wait()
    assert not helper.takes(0, asked(1))


def conversation(number: int) -> Steps[bool]:
    return (yield asked(number))  # type: ignore[no-any-return]


def test_conversations_go_on_with_what_the_helper_says(helper: Helper) -> None:
    steps = (conversation(number) for number in range(400))
    found = dict(many(steps, Live(), window=40, helper=helper))
    assert found == {number: bool(number % 3 and number % 7) for number in range(400)}


def test_conversations_go_on_when_the_helper_dies_among_them(helper: Helper) -> None:
    found = {}
    steps = (conversation(number) for number in range(400))
    for number, holds in many(steps, Live(), window=40, helper=helper):
        found[number] = holds
        if len(found) == 100:
            assert helper._process is not None
            helper._process.kill()
    assert found == {number: bool(number % 3 and number % 7) for number in range(400)}


def test_a_helper_that_comes_late_takes_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helping, "_processors", lambda: 2)
    monkeypatch.setattr(helping, "WORTH", 1)
    helper = Helper()
    here = 0

    def patient(number: int) -> Steps[bool]:
        nonlocal here
        until = time.monotonic() + 60
        while not helper._ready and number and time.monotonic() < until:
            yield Wait(1000)
        here += not helper._ready
        return (yield asked(number))  # type: ignore[no-any-return]

    try:
        found = dict(many((patient(each) for each in range(20)), Live(), window=20, helper=helper))
    finally:
        helper.close()
    assert here == 1
    assert found == {number: bool(number % 3 and number % 7) for number in range(20)}
