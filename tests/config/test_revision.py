import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.config.revision import Head, Revision, read, read_head, utc, written
from esashell.config.tree import Config, factory
from esashell.errors import BadConfiguration
from tests.config import trees

MOMENT = 1_740_819_600_123_456  # 2025-03-01 09:00:00.123456 UTC
REVISION = Revision(42, factory("192.0.2.1"), "admin", MOMENT, "swap the resolvers", 41)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def complaint(raw: bytes) -> str:
    with pytest.raises(BadConfiguration) as refused:
        read(raw, "000042.toml")
    return str(refused.value)


def test_a_file_begins_with_who_when_and_why_and_ends_with_its_number() -> None:
    lines = written(REVISION).splitlines()
    assert lines[:9] == [
        "# A configuration of esashell. Edit it only while no esashell runs.",
        "revision.number = 42",
        "revision.base = 41",
        'revision.who = "admin"',
        "revision.when = 2025-03-01 09:00:00.123456+00:00",
        'revision.comment = "swap the resolvers"',
        "",
        "schema = 2",
        'hostname = "myesa.local"',
    ]
    assert lines[-1] == "# End of revision 42."


@settings(max_examples=30)
@given(trees.good, _TEXT, _TEXT, st.integers(0, 4 * 10**15), st.integers(1, 10**7))
def test_what_was_written_is_read_back_whatever_the_comment(
    config: Config, who: str, comment: str, when: int, number: int
) -> None:
    revision = Revision(number, config, who, when, comment, number - 1)
    raw = written(revision).encode()
    assert read(raw, "x") == revision
    assert read_head(raw, "x") == revision.head == Head(number, who, when, comment, number - 1)


@pytest.mark.parametrize(
    "comment",
    [
        '"',
        '"""',
        "'''",
        "a\nb",
        "\r\n\r\n",
        "\x00\x1b[2J\x7f\x85",
        "\\",
        "# End",
        "\u2028# End of revision 42.\u2028\x9b2J\u202e",
        "\t",
    ],
)
def test_a_comment_cannot_leave_its_line(comment: str) -> None:
    text = written(Revision(42, factory("192.0.2.1"), "eve", MOMENT, comment, 41))
    assert len(text.split("\n")) == len(written(REVISION).split("\n"))
    assert all(line.isprintable() for line in text.split("\n"))
    assert read(text.encode(), "x").comment == comment


def test_a_file_that_is_cut_off_anywhere_is_refused() -> None:
    raw = written(REVISION).encode()
    for length in range(len(raw) - 1):
        assert complaint(raw[:length]).startswith("000042.toml")
    assert read(raw[:-1], "x") == REVISION  # but for the very last line's end


def test_a_file_cut_off_between_two_lines_is_told_so() -> None:
    raw = written(REVISION).encode()
    whole_lines = raw[: raw.index(b"\n[[dns.servers]]")]
    assert "line 31: the file is cut off: its last line, `# End of revision 42.`" in complaint(
        whole_lines
    )


def test_a_file_without_a_head_was_written_by_hand() -> None:
    revision = read(b'schema = 1\nhostname = "mx.example"\n', "x")
    assert (revision.number, revision.who) == (0, "(by hand)")
    assert revision.config == Config(hostname="mx.example")
    assert read_head(b"schema = 1\n", "x") is None


@pytest.mark.parametrize(
    ("line", "what", "old", "new"),
    [
        (2, "revision.number: this must be a whole number", "number = 42", "number = '42'"),
        (2, "revision.number must be above revision.base", "number = 42", "number = 41"),
        (2, "revision.number must be above revision.base", "base = 41", "base = -1"),
        (2, "number is missing", "revision.number = 42\n", ""),
        (4, 'no setting "whom"; did you mean who?', ".who =", ".whom ="),
        (5, "revision.when: this must be a date and time", "when = ", "when = 3 #"),
        (6, "revision.comment: this must be a text in quotes", 'comment = "', 'comment = 1 #"'),
    ],
)
def test_a_damaged_head_is_refused_where_it_is_damaged(
    line: int, what: str, old: str, new: str
) -> None:
    answer = complaint(written(REVISION).replace(old, new, 1).encode())
    assert answer.startswith(f"000042.toml, line {line}: ")
    assert what in answer


def test_a_newer_file_is_told_from_a_damaged_one_even_if_its_head_differs() -> None:
    newer = written(REVISION).replace("schema = 2", "schema = 3").replace(".who", ".committer")
    assert "line 8: written by a newer esashell, schema 3;" in complaint(newer.encode())


def test_a_head_can_be_read_when_the_rest_is_damaged() -> None:
    raw = written(REVISION).encode()
    assert read_head(raw[:400] + b"\xff[[[", "x") == REVISION.head
    assert read_head(raw.replace(b"\n", b"\r\n"), "x") == REVISION.head


@given(st.binary(max_size=100), st.integers(0, 400))
def test_hostile_bytes_in_a_file_are_refused_or_read(noise: bytes, place: int) -> None:
    raw = written(REVISION).encode()
    fault = ""
    for take in (read, read_head):
        try:
            take(raw[:place] + noise + raw[place + len(noise) :], "x")
        except BadConfiguration as error:
            fault = str(error)
        assert re.fullmatch(r"|x(, line \d+)?: .*", fault)


def test_a_moment_is_shown_in_utc() -> None:
    assert utc(MOMENT) == "2025-03-01 09:00:00 UTC"
    assert utc(0) == "1970-01-01 00:00:00 UTC"
