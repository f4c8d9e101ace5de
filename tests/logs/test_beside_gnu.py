"""`grep`, beside GNU grep: expressions that mean the same to both, texts and options by chance."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esashell.logs import blocks, fork, search
from esashell.logs.context import around
from esashell.logs.pattern import pattern
from esashell.logs.search import count, grep, whole
from tests.conftest import lacking

WORDS = ("Info", "info", "MID", "mid 5", "TLS", "for", "a.b", "DCID 7", "[0]", "5", ".", "\\")
ATOMS = (
    "Info", "MID", "mid", "TLS", "for", "5", ".", "a", "[0-9]", "[^ ]", "[A-Z]+", "D", "x*", "\\.",
    "\\[0\\]", "\\\\", "(MID|TLS)", "(a|D)+", "I.*5", "Info?", "[a-z]{2}", "(MID )?5",
)  # fmt: skip

lines = st.lists(
    st.sampled_from((*WORDS, " ", "\t", "\r", "\x00", "\xff")).map(lambda each: each.encode("l1")),
    max_size=6,
).map(b"".join)
texts = st.lists(lines, min_size=1, max_size=12).map(lambda each: b"\n".join(each) + b"\n")
parts = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=3).map("".join)
expressions = st.builds(
    lambda begin, branches, end: begin + "|".join(branches) + end,
    st.sampled_from(("", "", "", "^")),
    st.lists(parts, min_size=1, max_size=3),
    st.sampled_from(("", "", "", "$")),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("grep") is None:
        lacking("GNU grep is not installed (Debian package: grep)")
    return tmp_path_factory.mktemp("logs")


def gnus(arguments: list[str], path: Path) -> bytes:
    done = subprocess.run(
        ["grep", "-a", "-E", *arguments, str(path)],
        check=False,
        capture_output=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=texts,
    several=st.lists(expressions, min_size=1, max_size=2),
    ignore_case=st.booleans(),
    inverted=st.booleans(),
    context=st.integers(0, 2),
    often=st.sampled_from((1, 1, 40)),
    small=st.booleans(),
)
def test_the_lines_are_gnu_greps(
    folder: Path,
    *,
    text: bytes,
    several: list[str],
    ignore_case: bool,
    inverted: bool,
    context: int,
    often: int,
    small: bool,
) -> None:
    path = folder / "mail.s"
    path.write_bytes(text * often)
    options = [*(["-i"] if ignore_case else []), *(["-v"] if inverted else [])]
    each = [word for expression in several for word in ("-e", expression)]
    sought = pattern(several, ignore_case)
    shares = whole([path])
    found: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "WORTH_FORKING", 0)  # which also takes the ways for much text
        patch.setattr(blocks, "BLOCK", 64 if small else blocks.BLOCK)
        patch.setattr(fork.divided, "__defaults__", (len(text) // 2 + 1,))
        grep(shares, sought, found.append, inverted=inverted, processes=1 + small)
        wanted = gnus([*options, *each], path)
        assert b"".join(found) == wanted
        assert count(shares, sought, inverted=inverted) == wanted.count(b"\n")
        if context:
            found.clear()
            around(shares, sought, found.append, context, inverted=inverted)
            assert b"".join(found) == gnus([*options, f"-C{context}", *each], path)
