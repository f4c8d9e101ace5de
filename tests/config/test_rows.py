"""Long tables read without the general reader, which is the measure of what they are."""

import tomllib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.config import rows
from esashell.config.codec import decode, encode
from esashell.errors import BadConfiguration
from tests.config.large import large
from tests.conftest import LONG

LARGE = encode(large(1600))


def outcome(read: Callable[[str], dict[str, Any]], text: str) -> Any:
    try:
        return read(text)
    except tomllib.TOMLDecodeError as error:
        return str(error)


@pytest.fixture
def general(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of the texts that went to tomllib."""
    found: list[int] = []
    real = tomllib.loads
    monkeypatch.setattr(rows.tomllib, "loads", lambda text: found.append(len(text)) or real(text))
    return found


def test_what_the_writer_has_written_hardly_needs_the_general_reader(general: list[int]) -> None:
    found = rows.loads(LARGE)
    assert sum(general) < len(LARGE) // 20
    assert found == tomllib.loads(LARGE)


def test_line_ends_of_another_system_are_no_difference(general: list[int]) -> None:
    text = LARGE.replace("\n", "\r\n")
    assert rows.loads(text) == tomllib.loads(LARGE)
    assert general[0] < len(LARGE) // 20


MIDDLE = '\n[[destinations.entries]]\ndomain = "d700.example.com"\n'

# What a hand may write into the middle of a table, in the place of one record's first lines.
EDITS = [
    MIDDLE + "# a comment\n",
    MIDDLE + "\n\n",
    MIDDLE + "  ip_preference = 'IPv4 Required' # with one\n",
    MIDDLE + 'recipient_limit = 1_000\nalert = "\\u0041"\n',
    MIDDLE.replace("domain", " domain"),
    MIDDLE.replace("domain", '"domain"'),
    MIDDLE.replace('"d7', "'d7").replace('com"', "com'"),
    MIDDLE.replace("[[destinations.entries]]", "[[ destinations . entries ]]"),
    MIDDLE.replace("[[destinations.entries]]", '[["destinations".entries]]'),
    MIDDLE.replace("[[destinations.entries]]", "[[destinations.entries]] # again"),
    MIDDLE + '[destinations.entries.more]\nx = 1\n[[destinations.entries]]\ndomain = "x"\n',
    MIDDLE + "more.a = 1\nmore.b = 2\n",
    MIDDLE + 'x = """\n[[destinations.entries]]\ndomain = "y"\n"""\n',
    MIDDLE + "x = '''\n[[destinations.entries]]\ndomain = \"y\"\n'''\n",
    MIDDLE + "x = [\n  1, # one\n  [2],\n]\n",
    # And what it may not.
    MIDDLE + 'domain = "again.example.com"\n',
    MIDDLE + "domain.x = 1\n",
    MIDDLE + "tls = 1\ntls = 2\n",
    MIDDLE + "x = [\n",
    MIDDLE + 'x = "\n',
    MIDDLE + "x\n",
    MIDDLE + "]\n",
    MIDDLE.replace('com"', "com"),
    MIDDLE.replace("d700", "d\x01700"),
    MIDDLE.replace("d700", 'd"700'),
    MIDDLE + "concurrency = 007\n",
    MIDDLE + "[destinations]\n",
    MIDDLE + "[destinations.entries]\n",
]


@pytest.mark.parametrize("edit", EDITS)
def test_whatever_a_hand_writes_is_read_as_tomllib_reads_it(edit: str) -> None:
    assert MIDDLE in LARGE
    text = LARGE.replace(MIDDLE, edit)
    assert outcome(rows.loads, text) == outcome(tomllib.loads, text)


def test_a_header_inside_of_a_list_is_no_cut() -> None:
    header = "[[smtp_routes]]\n"
    for text in (
        LARGE.replace(f"\n{header}", f"\nx = [\n{header}", 1),
        LARGE.replace(f"\n{header}", f"\nx = [\n{header}"),
        f"x = [\n{LARGE}]\n",
        f"{LARGE}x = [\n{header}]\n",
    ):
        assert outcome(rows.loads, text) == outcome(tomllib.loads, text)


@settings(max_examples=400 if LONG else 40)
@given(seed=st.integers(0, 2**32))
def test_any_damage_is_told_as_tomllib_tells_it(seed: int) -> None:
    dice = Random(seed)
    text = LARGE
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(text))
        piece = dice.choice(
            ["", "\n", '"', "'", "[", "]", "[[", "=", "#", "\\", "\x00", "é", " ", "{", ",", "1",
             '"""', "\n[[smtp_routes]]\n", "\n[dns]\n", 'domain = "x"\n']
        )  # fmt: skip
        text = text[:at] + piece + text[at + dice.choice([0, 1, 20, 2000]) :]
    assert outcome(rows.loads, text) == outcome(tomllib.loads, text)


def test_a_fault_in_the_middle_of_a_long_table_has_its_line() -> None:
    text = LARGE.replace(MIDDLE, MIDDLE + "limit = 3\n")
    line = text[: text.index("limit = 3")].count("\n") + 1
    with pytest.raises(BadConfiguration, match=rf'^x, line {line}: there is no setting "limit"'):
        decode(text, "x")
