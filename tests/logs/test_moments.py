"""Times of lines, and the part of a log between two of them."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.errors import UsageError
from esashell.logs.moments import between, moment, moment_named, text_of
from esashell.logs.stamp import line_stamp

EVENING = 1_549_310_927  # Mon Feb 4 20:08:47 2019


def line(second: int, text: str = "Info: x") -> bytes:
    return f"{line_stamp((EVENING + second) * 1_000_000)} {text}\n".encode()


def test_a_line_tells_its_time_with_and_without_a_blank_before_the_day() -> None:
    assert moment(line(0)) == EVENING
    assert moment(b"Mon Feb  4 20:08:47 2019 Info: x") == EVENING
    assert moment(b"Mon Feb 31 20:08:47 2019 Info: x") is None
    assert moment(b"no time") is None


@given(st.binary(max_size=40))
def test_any_octets_have_a_time_or_none(octets: bytes) -> None:
    assert moment(octets) is None or octets[:1].isupper()


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("2019-02-04 20:08:47", 0),
        ("2019-02-04T20:08", -47),
        ("Mon Feb 4 20:08:47 2019", 0),
        ("Mon Feb  4 20:08:47 2019", 0),
        ("20190204T200847", 0),
        ("2019-02-05", 13_873),
    ],
)
def test_an_operator_names_a_time_in_any_usual_form(text: str, second: int) -> None:
    assert moment_named(text) == EVENING + second


@pytest.mark.parametrize("text", ["", "yesterday", "2019-13-01", "20:08", "\x00", "9" * 500])
def test_what_is_no_time_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a time: write 2019-02-04") as refused:
        moment_named(text)
    assert len(str(refused.value)) < 300


seconds = st.lists(st.integers(0, 40), max_size=60).map(sorted)


@given(
    times=seconds,
    since=st.none() | st.integers(-5, 45),
    until=st.none() | st.integers(-5, 45),
    continued=st.booleans(),
    packed=st.booleans(),
)
def test_the_part_between_two_times_is_what_the_lines_say(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    times: list[int],
    since: int | None,
    until: int | None,
    continued: bool,
    packed: bool,
) -> None:
    path = tmp_path_factory.mktemp("log") / ("mail.s.gz" if packed else "mail.s")
    lines = [line(second, f"Info: number {number}") for number, second in enumerate(times)]
    more = b"\tgoes on without a time\n" if continued else b""
    text = b"".join(each + more for each in lines)
    path.write_bytes(gzip.compress(text) if packed else text)
    start = None if since is None else EVENING + since
    stop = None if until is None else EVENING + until
    found = b"".join(block for part in between([path], start, stop) for block in text_of(part))
    wanted = [
        each
        for second, each in zip(times, lines, strict=True)
        if (since is None or second >= since) and (until is None or second < until)
    ]
    if not continued:
        assert found == b"".join(wanted)
    else:
        assert [each for each in found.splitlines(True) if b"number" in each] == wanted
