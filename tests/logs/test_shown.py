"""Lines of a log in other forms."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from esashell.logs.shown import Entry, Histogram, as_json, entry, printable


def test_what_a_terminal_would_act_on_is_written_out() -> None:
    assert printable(b"Info: \x1b[2J\x07\r\n") == b"Info: \\x1b[2J\\x07\\x0d\n"
    # The same instruction as one character of the second set, and a text turned round.
    assert printable("\x9b2J \u202etxt".encode()) == b"\\x9b2J \\u202etxt"
    assert printable(b"\x9b2J \xff\n") == b"\\x9b2J \\xff\n"
    assert printable("Zürich\tok\n".encode()) == "Zürich\tok\n".encode()


@given(
    st.binary(max_size=80) | st.text(max_size=40).map(lambda each: each.encode("utf-8", "replace"))
)
def test_nothing_is_left_that_a_terminal_could_act_on(text: bytes) -> None:
    shown = printable(text).decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert shown.count("\n") == text.count(b"\n")


def test_a_line_is_taken_apart() -> None:
    line = b"Mon Feb 4 20:08:47 2019 Info: MID 6 \xff \x1b\n"
    assert entry(line) == Entry("MID 6 \\xff \x1b", "2019-02-04T20:08:47", "Info")
    assert entry(b"not a line of a log") == Entry("not a line of a log")


@given(st.lists(st.binary(max_size=40).filter(lambda each: b"\n" not in each), max_size=6))
def test_each_line_is_one_object_whatever_is_in_it(lines: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in lines)
    objects = as_json(text).splitlines()
    assert len(objects) == len(lines)
    assert all("text" in json.loads(each) for each in objects)


def line(minute: int) -> bytes:
    return b"Mon Feb 4 20:%02d:47 2019 Info: x\n" % minute


def test_a_histogram_has_every_interval_between_the_first_and_the_last() -> None:
    histogram = Histogram(300)
    histogram.put(line(1) + line(4) + b"goes on\n")
    histogram.put(line(13))
    assert histogram.drawn() == [
        "2019-02-04 20:00  3  ##################################################",
        "2019-02-04 20:05  0",
        "2019-02-04 20:10  1  #################",
    ]
    assert histogram.as_json().splitlines()[1] == b'{"from":"2019-02-04T20:05:00","count":0}'


def test_a_histogram_of_many_years_has_only_what_there_is() -> None:
    histogram = Histogram(60)
    histogram.put(line(1) + line(1).replace(b"2019", b"9999"))
    assert [count for _, count in histogram.counts()] == [1, 1]
    assert Histogram(60).drawn() == []
