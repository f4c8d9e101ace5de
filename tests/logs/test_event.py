"""Messages by their sender, subject and recipients."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.logs.event import Field, Message, messages
from esashell.logs.pattern import pattern

LOG = b"""\
Mon Feb 4 20:08:47 2019 Info: MID 6 ICID 5 From: <anna@example.com>
Mon Feb  4 20:08:48 2019 Info: MID 6 ICID 5 RID 0 To: <bert@example.net>
Mon Feb 4 20:08:48 2019 Info: MID 6 ICID 5 RID 1 To: <carl@example.net>
Mon Feb 4 20:08:49 2019 Info: MID 6 Subject "From: <bert@example.net>"
Mon Feb 4 20:08:50 2019 Info: MID 7 ICID 0 From: <anna@example.com>
Mon Feb 4 20:08:51 2019 Info: MID 8 Subject 'Z\xc3\xbcrich'
Mon Feb 4 20:08:52 2019 Info: MID 99999999999999999999999999 ICID 1 From: <anna@example.com>
"""


@pytest.mark.parametrize(
    ("field", "expression", "ignore_case", "mids"),
    [
        (Field.SENDER, "anna", False, [6]),  # not 7, which nobody sent
        (Field.SENDER, "ANNA", True, [6]),
        (Field.SENDER, "^anna@example.com$", False, [6]),
        (Field.SENDER, "bert", False, []),
        (Field.RECIPIENT, "example.net$", False, [6]),
        (Field.SUBJECT, "bert", False, [6]),
        (Field.SUBJECT, "zürich", True, [8]),
        (Field.SUBJECT, "Info", False, []),
    ],
)
def test_an_expression_is_about_what_stands_in_the_line(
    tmp_path: Path, field: Field, expression: str, ignore_case: bool, mids: list[int]
) -> None:
    path = tmp_path / "mail.s"
    path.write_bytes(LOG)
    found = messages([path], field, pattern([expression], ignore_case))
    assert [each.mid for each in found] == mids


def test_a_message_has_the_time_of_the_line_it_was_found_by(tmp_path: Path) -> None:
    path = tmp_path / "mail.s"
    path.write_bytes(LOG)
    found = messages([path], Field.RECIPIENT, pattern(["."]))
    assert found == [Message(6, "Mon Feb  4 20:08:48 2019")]


@given(
    st.lists(
        st.sampled_from(
            [
                b"MID 1 ICID 2 From: <",
                b">",
                b"\xff",
                b"\r\n",
                b" To: <",
                b"RID 0",
                b" Subject ",
                b"\x00",
            ]
        )
    ),
    st.sampled_from(list(Field)),
)
def test_any_octets_are_searched(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], field: Field
) -> None:
    path = tmp_path_factory.mktemp("log") / "mail.s"
    path.write_bytes(b"".join(pieces))
    assert len(messages([path], field, pattern([""]))) <= 1
