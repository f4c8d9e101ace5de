"""`grep`, beside the plainest way there is: each line by itself."""

import gzip
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.logs import blocks, fork, search
from esashell.logs.choice import way
from esashell.logs.moments import text_of
from esashell.logs.pattern import BadPattern, pattern
from esashell.logs.search import count, grep, whole

EXPRESSIONS = (
    "TLS success.*for", "TLS success", "a", "", "x*", "^", "$", "^$", "^a", "b$", "a|b", "(a|b)c",
    "[^:]*:", "[^a]", "\\s", "a\\s+b", "\\W", "\\Aa", "b\\Z", "a.b", "(?s)a.b", "(?i)tls", "\\d+",
    "(a)\\1", "(?<!a)b", "(?<=a)b", "a(?!b)", "a(?=.*b)", "\\bb", "\\B", "a\\Bb", "(?:ab)+", "a?b",
    "\\n", "a\\nb", "[\\n]", "[\\na]", "(?m)^b", "a{2,}", "(?P<x>a)(?P=x)", "ü", "[äü]", "ü|a",
    "(?i)Ü", "\\x00", "\\r", "b\\r?$", "(?s:.)b", "(?i:A)b", "TLS|DANE|a", "(?x) a b # c", ".*",
    "((a)|(b))+c", "(?:a|b)(?:c|d)", "a(b)?c", "[a-c]*?d", "\\S+ \\S+", "\\D", "[\\s\\S]b",
)  # fmt: skip

words = st.sampled_from(
    ["a", "b", "c", "d", "ab", " ", ":", "TLS success", " for ", "tls", "DANE", "\r", "ü", "1", "x"]
)
lines = st.lists(words, max_size=5).map(lambda each: "".join(each).encode())
raw = st.binary(max_size=12).filter(lambda each: b"\n" not in each)
texts = st.builds(
    lambda each, end: b"\n".join(each) + (b"\n" if end and each else b""),
    st.lists(lines | raw, max_size=8),
    st.booleans(),
)


def plainly(text: bytes, expression: str, ignore_case: bool, inverted: bool) -> bytes:
    """What `grep` is to print: each line asked by itself."""
    flags = re.IGNORECASE if ignore_case else 0
    if expression.isascii():
        find = re.compile(expression.encode(), flags).search
        matches = [bool(find(line)) for line in text.split(b"\n")]
    else:
        search = re.compile(expression, flags).search
        matches = [
            bool(search(line.decode("utf-8", "surrogateescape"))) for line in text.split(b"\n")
        ]
    kept = text.split(b"\n")
    ended = [line + b"\n" for line in kept[:-1]] + [kept[-1]]
    return b"".join(
        line for line, hit in zip(ended, matches, strict=True) if line and hit is not inverted
    )


@settings(max_examples=400)
@given(texts, st.sampled_from(EXPRESSIONS), st.booleans(), st.booleans(), st.booleans())
def test_a_block_is_searched_as_its_lines_would_be(
    text: bytes, expression: str, ignore_case: bool, inverted: bool, dense: bool
) -> None:
    sought = pattern([expression], ignore_case)
    chosen = way(sought, text if dense else b"", inverted=inverted)
    wanted = plainly(text, expression, ignore_case, inverted)
    assert chosen.text(text) == wanted
    spans = chosen.spans(text)
    assert b"".join(text[begin:end] for begin, end in spans) == wanted
    assert all(begin < end for begin, end in spans)


@given(texts, st.lists(st.sampled_from(EXPRESSIONS), min_size=2, max_size=3))
def test_several_expressions_find_what_any_of_them_finds(text: bytes, several: list[str]) -> None:
    # A group's number is its own in each expression.
    several = [each for each in several if "\\1" not in each and "?P" not in each] or ["a"]
    found = way(pattern(several)).text(text)
    singly = [way(pattern([each])).spans(text) for each in several]
    places = {place for spans in singly for begin, end in spans for place in range(begin, end)}
    if all(each.isascii() for each in several):
        assert found == bytes(text[place] for place in sorted(places))


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_an_answer(text: str) -> None:
    try:
        sought = pattern([text])
    except BadPattern:
        return
    way(sought).text(b"a line\nand another\n")


def test_a_bad_expression_shows_where_it_is_bad() -> None:
    with pytest.raises(BadPattern) as refused:
        pattern(["TLS (success"])
    assert str(refused.value).splitlines() == [
        "Invalid regular expression: missing ), unterminated subpattern.",
        "  TLS (success",
        "      ^",
    ]


def found(paths: list[Path], expression: str, **options: object) -> bytes:
    kept: list[bytes] = []
    grep(whole(paths), pattern([expression]), kept.append, **options)  # type: ignore[arg-type]
    return b"".join(kept)


def test_files_are_searched_in_order_and_packed_ones_too(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("1.s", "2.s.gz", "3.current"))
    first.write_bytes(b"one hit\nnone\n")
    second.write_bytes(gzip.compress(b"two hit\nnone\n"))
    third.write_bytes(b"none\nthree hit")
    assert found([first, second, third], "hit") == b"one hit\ntwo hit\nthree hit\n"
    assert count(whole([first, second, third]), pattern(["none"])) == 3
    assert count(whole([first, second, third]), pattern(["none"]), inverted=True) == 3


@settings(max_examples=40, deadline=None)
@given(texts, st.integers(1, 9), st.booleans())
def test_the_size_of_the_blocks_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, text: bytes, size: int, inverted: bool
) -> None:
    path = tmp_path_factory.mktemp("log") / "mail.s"
    path.write_bytes(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        wanted = plainly(text, "a|b$", False, inverted)
        ended = b"\n" if wanted and not wanted.endswith(b"\n") else b""
        assert found([path], "a|b$", inverted=inverted) == wanted + ended
        shares = fork.divided(whole([path]), size)
        kept = [block for each in shares for block in blocks.blocks(path, each.begin, each.end)]
        assert b"".join(kept) == text
        assert all(block.endswith(b"\n") for block in kept[:-1])


def test_two_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mail.s"
    path.write_bytes(b"".join(b"%d a hit\nnothing\n" % number for number in range(50_000)))
    monkeypatch.setattr(search, "WORTH_FORKING", 0)
    monkeypatch.setattr(fork.divided, "__defaults__", (100_000,))
    alone = found([path], "hit")
    assert found([path], "hit", processes=2) == alone
    assert alone.count(b"\n") == 50_000


@pytest.mark.parametrize("lacking", ["fork", "pipe", "memfd_create"])
def test_without_a_second_process_one_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    def none_left(*arguments: object) -> NoReturn:
        raise BlockingIOError("no more to be had")

    path = tmp_path / "mail.s"
    path.write_bytes(b"a hit\nnothing\n" * 1000)
    monkeypatch.setattr(search, "WORTH_FORKING", 0)
    monkeypatch.setattr(fork.divided, "__defaults__", (1000,))
    monkeypatch.setattr(os, lacking, none_left)
    before = os.listdir("/proc/self/fd")
    assert found([path], "hit", processes=2) == b"a hit\n" * 1000
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_a_child_that_is_killed_leaves_its_share_to_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mail.s"
    path.write_bytes(b"a hit\n" * 100_000)
    monkeypatch.setattr(search, "WORTH_FORKING", 0)
    monkeypatch.setattr(fork.divided, "__defaults__", (50_000,))
    me = os.getpid()

    def killing(part: blocks.Part) -> Iterator[bytes]:
        if os.getpid() != me and part.begin > 200_000:
            os.kill(os.getpid(), signal.SIGKILL)
        return text_of(part)

    monkeypatch.setattr(search, "text_of", killing)
    assert found([path], "hit", processes=2) == b"a hit\n" * 100_000


@pytest.mark.parametrize("processes", [1, 2])
def test_an_expression_without_an_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    monkeypatch.setattr("esashell.logs.limit.LIMIT", 0.05)
    monkeypatch.setattr(search, "WORTH_FORKING", 0)
    path = tmp_path / "mail.s"
    path.write_bytes(b"short\n" + b"a" * 40 + b"!\n")
    with pytest.raises(search.TooSlow, match=r"one piece of mail\.s"):
        found([path], "(a+)+$", processes=processes)
    # What comes next is not stopped by what was.
    assert found([path], "short", processes=processes) == b"short\n"


def test_a_line_without_end_is_searched_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 64)
    monkeypatch.setattr(blocks, "LONGEST_LINE", 256)
    path = tmp_path / "mail.s"
    path.write_bytes(b"x" * 5000 + b"hit\n")
    assert found([path], "hit").endswith(b"hit\n")
    assert max(len(block) for block in blocks.blocks(path)) <= 512
