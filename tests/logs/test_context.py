"""Lines with those around them, beside the plainest way to find them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.logs import blocks
from esashell.logs.context import around
from esashell.logs.pattern import pattern
from esashell.logs.search import whole


def plainly(lines: list[bytes], count: int, inverted: bool) -> bytes:
    hits = [at for at, line in enumerate(lines) if (b"x" in line) is not inverted]
    wanted = sorted({n for at in hits for n in range(at - count, at + count + 1)})
    shown: list[bytes] = []
    last = -1
    for at in (n for n in wanted if 0 <= n < len(lines)):
        if shown and at != last + 1:
            shown.append(b"--\n")
        shown.append(lines[at] + b"\n")
        last = at
    return b"".join(shown)


lines = st.lists(st.sampled_from([b"x", b"a", b"", b"bx\r", b"\xff"]), max_size=30)


@given(
    text=lines,
    count=st.integers(0, 4),
    size=st.integers(1, 9),
    cut=st.integers(1, 30),
    inverted=st.booleans(),
    ended=st.booleans(),
)
def test_lines_around_are_those_around(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    text: list[bytes],
    count: int,
    size: int,
    cut: int,
    inverted: bool,
    ended: bool,
) -> None:
    folder = tmp_path_factory.mktemp("log")
    paths = []
    # Two files are one log.
    for number, part in enumerate((text[:cut], text[cut:])):
        path = folder / f"{number}.s"
        path.write_bytes(b"\n".join(part) + (b"\n" if part and (ended or not part[-1]) else b""))
        paths.append(path)
    shown: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", size)
        around(whole(paths), pattern(["x"]), shown.append, count, inverted=inverted)
    assert b"".join(shown) == plainly(text, count, inverted)
