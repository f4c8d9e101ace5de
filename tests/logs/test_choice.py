"""The way that is taken, and that every way finds the same."""

import ctypes
import sys
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.logs import choice, plain
from esashell.logs.choice import way
from esashell.logs.dense import ByColumn, ByText, columns
from esashell.logs.lines import ByExpression, ByLine, ByLiteral, ByNeedle, Unmatched
from esashell.logs.pattern import pattern
from esashell.logs.plain import holding, holding_seldom

INFO = b"Mon Feb 4 20:08:47 2019 Info: MID %d ready\n"
SAMPLE = b"".join(INFO % number for number in range(200)) + (
    b"Mon Feb 4 20:08:48 2019 Warning: DNS Temporary Failure x.example MX - ServFail\n"
)

pieces = st.sampled_from(
    [b"Info", b"In", b"fo", b"\n", b"\n", b"ab", b"\r", b"\x00", b"\xff", b" "]
)
blocks = st.lists(pieces, max_size=40).map(b"".join)


@given(blocks, st.sampled_from([b"Info", b"a", b"\x00", b"\xff", b"fo", b"fo\r"]))
def test_seldom_found_or_often_the_lines_are_the_same(block: bytes, text: bytes) -> None:
    found = holding_seldom()(block, text)
    assert found == holding(block, text)
    assert [text in block[begin:end] for begin, end in found] == [True] * len(found)
    assert all(block[end - 1 : end] == b"\n" or end == len(block) for _, end in found)
    assert all(before[1] <= behind[0] for before, behind in pairwise(found))


def test_this_system_has_what_finds_texts_fast() -> None:
    assert holding_seldom() is not holding


@pytest.mark.parametrize("lacking", [AttributeError, OSError, TypeError])
def test_a_system_without_it_finds_them_too(
    monkeypatch: pytest.MonkeyPatch, lacking: type[Exception]
) -> None:
    def library(name: None) -> object:
        raise lacking("not here")

    plain._memmem.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", library)
    assert holding_seldom() is holding
    plain._memmem.cache_clear()


def test_an_interpreter_without_ctypes_finds_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    plain._memmem.cache_clear()
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert holding_seldom() is holding
    plain._memmem.cache_clear()


@given(blocks, st.booleans(), st.integers(0, 9), st.integers(1, 9))
def test_lines_that_nearly_all_hold_a_text_are_told_apart(
    block: bytes, inverted: bool, first: int, count: int
) -> None:
    sought = pattern(["Info"])
    wanted = ByLine(sought.line.search, inverted)
    found = ByText(sought, inverted)
    assert (found.text(block), found.spans(block)) == (wanted.text(block), wanted.spans(block))
    if inverted:
        # Wherever the sample had the text, it is found where it stands.
        by_column = ByColumn(sought, range(first, first + count))
        assert by_column.text(block) == wanted.text(block)
        assert by_column.spans(block) == wanted.spans(block)


def test_columns_are_where_a_text_stands_in_its_lines() -> None:
    assert columns(b"Info", b"  Info\n Info Info\nnone\n") == range(1, 3)
    assert columns(b"Info", b"none\n") == range(0)


@pytest.mark.parametrize(
    ("expression", "ignores_case", "inverted", "taken"),
    [
        ("Info", False, True, ByColumn),
        ("Info", False, False, ByText),
        ("Info", True, False, ByLine),
        ("Info|Warning", False, True, ByLine),
        ("Info.*\\d", False, False, ByLine),
        ("ServFail", False, False, ByLiteral),
        ("ServFail", False, True, Unmatched),
        ("ServFail|Bounced", True, False, ByLiteral),
        ("[0-9] .*ServFail", False, False, ByNeedle),
        ("MX - .*|Bounced [0-9]+", False, False, ByNeedle),
        ("[0-9]{7}", False, False, ByExpression),
        ("MID 1[0-9][05]", False, False, ByExpression),
    ],
)
def test_the_way_is_chosen_by_the_pattern_and_the_text(
    expression: str, ignores_case: bool, inverted: bool, taken: type
) -> None:
    sought = pattern([expression], ignores_case)
    chosen = way(sought, SAMPLE, inverted=inverted, much=True)
    assert type(chosen) is taken
    wanted = ByLine(sought.line.search, inverted)
    assert chosen.text(SAMPLE) == wanted.text(SAMPLE)
    assert way(sought, inverted=inverted).text(SAMPLE) == wanted.text(SAMPLE)


def test_an_expression_is_not_asked_about_lines_without_its_needle() -> None:
    # It would come to no end in these lines, and not one of them can match.
    hopeless = b"a" * 60 + b"!\n"
    sought = pattern(["(a+)+$.*needle"])
    assert way(sought, hopeless * 600, much=True).text(hopeless) == b""


def test_shares_are_what_they_are_said_to_be() -> None:
    told = choice._Sample(pattern(["ServFail"]), SAMPLE)
    assert told.density == pytest.approx(1 / 201)
    assert told.share(b"Info") == pytest.approx(200 / 201)


def test_a_sample_is_not_asked_for_long() -> None:
    asked: list[bytes] = []

    def slow(line: bytes) -> object:
        asked.append(line)
        time.sleep(0.005)
        return line or None

    assert choice._density(slow, [b"a", b""] * 250) == pytest.approx(0.5, abs=0.2)
    assert len(asked) < 10
    assert choice._density(lambda line: line or None, [b"a", b"", b"", b""]) == 0.25
    assert choice._density(slow, []) == 0
