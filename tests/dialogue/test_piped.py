"""Lines from a file or a pipe."""

import io

import pytest

from esashell.dialogue.interview import Interview
from esashell.dialogue.kinds import number, text
from esashell.dialogue.piped import Piped
from tests.dialogue import desk


def played(dialogue, lines, **options):
    shown = []
    console = Piped(io.StringIO(lines), shown.append, shown.append, **options)
    try:
        result = Interview(desk.logbook(), console).run(dialogue)
    except EOFError:
        result = EOFError
    return result, "".join(shown)


def test_a_question_is_shown_with_the_answer_the_file_gives():
    assert played(number("n", "How many?", 5, 1, 9), "12\r\n7\n") == (
        7,
        "\nHow many?\n[5]> 12\n"
        "Error: The value must be an integer from 1 to 9.\n"
        "\nHow many?\n[5]> 7\n",
    )


def test_a_terminal_echoes_by_itself():
    assert played(number("n", "How many?", 5, 1, 9), "7\n", echo=False)[1] == "\nHow many?\n[5]> "


def test_the_end_of_the_input_leaves_the_question_on_a_line_of_its_own():
    assert played(text("t", "Text?"), "") == (EOFError, "\nText?\n[]> \n")


def test_a_last_line_without_an_end_counts():
    assert played(text("t", "Text?"), "words")[0] == "words"


def test_an_answer_is_echoed_without_its_control_characters():
    assert "\x1b" not in played(text("t", "Text?", ""), "\x1b[2J\nok\n")[1]


def test_commands_are_the_lines_as_they_are():
    console = Piped(io.StringIO("one\n\ntwo"), print, print)
    assert [console.command("> ") for _ in range(3)] == ["one", "", "two"]
    with pytest.raises(EOFError):
        console.command("> ")


def test_a_byte_order_mark_is_taken_off_the_first_line_only():
    console = Piped(io.StringIO("\ufeffone\n\ufefftwo\n"), print, print)
    assert [console.command("") for _ in range(2)] == ["one", "\ufefftwo"]
    assert played(text("t", "Text?"), "\ufeffwords\n")[0] == "words"
