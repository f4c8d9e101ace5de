"""A few seconds of every fuzzer, the same ones each time; and that the fuzzer itself finds."""

import pytest
from msgspec.structs import replace

from tests.conftest import LONG
from tests.fuzz.certificate import CERTIFICATE
from tests.fuzz.config import IMPORTED, PRESSED, PROMPTS, READ
from tests.fuzz.dns import LOOKUPS, MESSAGES
from tests.fuzz.engine import Found, Target, fuzz
from tests.fuzz.smtp import CONVERSATION, REPLIES
from tests.fuzz.tlsa import TLSA

# Some operations of the commands only: a session for each takes its time.
SOME_PROMPTS = replace(PROMPTS, seeds=PROMPTS.seeds[:: 5 if LONG else 15])
SOME_KEYS = replace(PRESSED, seeds=PRESSED.seeds[:: 1 if LONG else 6])
TARGETS = (
    REPLIES,
    CONVERSATION,
    TLSA,
    CERTIFICATE,
    MESSAGES,
    LOOKUPS,
    SOME_PROMPTS,
    SOME_KEYS,
    IMPORTED,
    READ,
)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_is_found_in_a_short_while(target: Target) -> None:
    report = fuzz(target, 1.5 if LONG else 0.5, seed=1)
    assert report.runs > len(target.seeds)
    assert report.corpus >= len(target.seeds)


def lock(data: bytes) -> None:
    """Opens to one word, which shows itself a letter at a time."""
    if data[:1] != b"k":
        return
    if data[1:2] != b"e":
        return
    if data[2:3] == b"y":
        raise ValueError("open")


def test_what_is_reached_step_by_step_is_found() -> None:
    target = Target("lock", lock, (b"dog",), ("test_fuzz",))
    with pytest.raises(Found, match="open") as found:
        fuzz(target, 60, seed=1)
    assert found.value.data.startswith(b"key")


def test_an_input_that_takes_too_long_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.engine.TOO_LONG", 0.0)
    with pytest.raises(Found, match=r"\d s"):
        fuzz(Target("slow", lambda data: None, (b"",), ()), 1)
