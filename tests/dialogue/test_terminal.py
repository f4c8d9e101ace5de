"""Real keystrokes at a real prompt, through a pipe."""

import os
import stat
import time
from contextlib import contextmanager
from threading import Thread

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from esashell.dialogue.interview import Interview
from esashell.dialogue.kinds import choice, domain, number, text, yes_no
from esashell.dialogue.requests import Notice, Refuse, Remark, Say
from esashell.dialogue.terminal import LONGEST_LINE, LONGEST_PASTE, Terminal
from tests.dialogue import desk

BEGIN, END = "\x1b[200~", "\x1b[201~"


@contextmanager
def terminal(complete=lambda line: (), history=None, names=tuple):
    shown, paged = [], []
    with create_pipe_input() as keys:
        console = Terminal(
            complete,
            shown.append,
            shown.append,
            history,
            page=paged.append,
            names=names,
            input=keys,
            output=DummyOutput(),
        )
        console.shown, console.paged = shown, paged
        console.keys = keys
        yield console


def sent(console, *texts):
    """Type the texts, each but the first when the history is there to be gone through; then the
    terminal goes away, so that a test that wants more fails and does not hang."""
    lines = console._commands.default_buffer

    def send():
        for at, each in enumerate(texts):
            if at:
                until = time.monotonic() + 60
                while len(lines._working_lines) < 2 and time.monotonic() < until:
                    time.sleep(0.01)
            console.keys.send_text(each)
        console.keys.close()

    # A pipe holds 64 KB; what is longer has to be read while it is written.
    Thread(target=send).start()


def test_typed_answers_answer_the_questions():
    with terminal() as console:
        sent(console, "\ry\r7\roff\ry\r")
        result = Interview(desk.logbook(), console).run(desk.limits())
    assert result == {"tls": "off"}
    menu = "\nDo you want to use TLS support?\n1. No\n2. Preferred\n3. Required\n"
    wrong = "Error: The value must be one of 1, 2, 3 or off, on, require.\n"
    assert "".join(console.shown) == f"\n\n{menu}{wrong}{menu}\nDone."


def test_editing_keys_work():
    with terminal() as console:
        sent(console, "exot\x1b[D\x7fi\r")
        assert console.command("> ") == "exit"


def test_ctrl_c_and_ctrl_d_leave():
    with terminal() as console:
        sent(console, "half\x03\x04")
        with pytest.raises(KeyboardInterrupt):
            console.command("> ")
        with pytest.raises(EOFError):
            Interview(desk.logbook(), console).run(text("t", "Text?"))


def test_tab_completes_what_the_shell_offers():
    def complete(line):
        return [("dnsconfig", -len(line), "help")] if "dnsconfig".startswith(line) else []

    with terminal(complete) as console:
        sent(console, "dns\t\r")
        assert console.command("> ") == "dnsconfig"


def test_tab_at_a_question_offers_its_own_words():
    question = choice("tls", "TLS?", {"off": "No", "require": "Required"})
    with terminal() as console:
        sent(console, "REQ\t\r")
        assert Interview(desk.logbook(), console).run(question) == "require"


def test_history_is_of_commands_and_not_of_answers(tmp_path):
    file = tmp_path / "history"
    with terminal(history=str(file)) as console:
        sent(console, "version\ry\r")
        console.command("> ")
        Interview(desk.logbook(), console).run(yes_no("k", "Sure?", False))
    assert "+version\n" in file.read_text()
    assert "+y" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with terminal(history=str(file)) as console:
        sent(console, "", "\x1b[A\r")
        assert console.command("> ") == "version"


def test_a_history_that_cannot_be_kept_is_kept_in_memory(tmp_path):
    with terminal(history=str(tmp_path / "no" / "folder")) as console:
        sent(console, "one\r", "\x1b[A\r")
        assert [console.command("> "), console.command("> ")] == ["one", "one"]
    assert os.listdir(tmp_path) == []


def test_a_paste_of_lines_is_typed_line_by_line_and_the_rest_waits():
    with terminal() as console:
        sent(console, f"a{BEGIN}b\r\nsecond\nthird\nfou{END}rth\r")
        assert [console.command("> ") for _ in range(4)] == ["ab", "second", "third", "fourth"]


def test_ctrl_c_forgets_what_was_pasted_ahead():
    with terminal() as console:
        sent(console, f"{BEGIN}one\ntwo\n{END}next\r")
        assert console.command("> ") == "one"
        console.interrupted()
        assert console.command("> ") == "next"


@pytest.mark.parametrize("marks", [(BEGIN, END), ("", "\x15")], ids=["bracketed", "bare"])
def test_five_megabytes_get_one_line_and_the_next_line_is_taken(marks):
    with terminal() as console:
        sent(console, f"{marks[0]}{'x' * 5_000_000}{marks[1]}version\r")
        assert console.command("> ") == "version"
    assert len([each for each in console.shown if "too long" in each]) == 1


@pytest.mark.parametrize(
    "paste", ["x" * (LONGEST_LINE + 1), "x\n" * LONGEST_PASTE, "short\n" + "x" * (LONGEST_LINE + 1)]
)
def test_a_paste_is_entered_whole_or_not_at_all(paste):
    with terminal() as console:
        sent(console, f"typed{BEGIN}{paste}{END}after\r")
        assert console.command("> ") == "after"
    assert "too long" in "".join(console.shown)


def test_bytes_that_are_no_text_reach_the_shell_without_harm():
    with terminal() as console:
        console.keys.send_bytes(b"ab\xff\xfe\r\x00ok\r")
        assert len(console.command("> ")) == 4
        assert console.command("> ") == "ok"


def test_a_completed_word_may_bring_its_blank_unless_there_is_one():
    def complete(line):
        return [("trace ", -len(line), "")] if "trace".startswith(line) else []

    with terminal(complete) as console:
        sent(console, "tr\tmx\rtr x\x1b[D\x1b[D\t\r")
        assert [console.command("> "), console.command("> ")] == ["trace mx", "trace x"]


def test_tab_at_a_question_for_a_domain_offers_the_known_names():
    sought = []

    def names():
        sought.append(True)
        return ["cisco.com", "not a name", "ietf.org"]

    with terminal(names=names) as console:
        sent(console, "i\t\ri\t\r")
        assert Interview(desk.logbook(), console).run(text("t", "Text?")) == "i"
        assert sought == []
        assert str(Interview(desk.logbook(), console).run(domain("d", "Which?"))) == "ietf.org"


def test_an_explanation_is_broken_between_words_where_the_screen_ends():
    said = "Preferred goes on in clear where TLS fails before it began; Required does not. (Guide)"
    with terminal() as console:
        sent(console, "?\rx\r")
        about = {"t": said}
        assert Interview(desk.logbook(), console, lambda: about).run(text("t", "Text?")) == "x"
    assert "".join(console.shown).splitlines()[2:4] == [
        "Preferred goes on in clear where TLS fails before it began; Required does not.",
        "(Guide)",
    ]


SENTENCE = "Warning: " + "a word and another " * 6 + "at the end."
LIST = "\n".join(f"{at}. entry" for at in range(1, 200))


def test_sentences_are_broken_between_words_and_tables_are_left_alone():
    def dialogue():
        yield Say(SENTENCE)
        yield Remark(SENTENCE)
        yield Notice(f"Errors:\n  {SENTENCE}")
        yield Refuse(SENTENCE)

    with terminal() as console:
        Interview(desk.logbook(), console).run(dialogue())
        raw, *folded = console.shown
    assert raw == SENTENCE
    for each in folded:
        assert max(map(len, each.split("\n"))) <= 80
        assert each.split()[-len(SENTENCE.split()) :] == SENTENCE.split()
    # What is set in stays set in.
    assert all(line.startswith("  ") for line in folded[1].split("\n")[1:])


def test_a_text_longer_than_the_screen_is_shown_page_by_page():
    with terminal() as console:
        console.say("short")
        console.say(LIST)
        assert (console.shown, console.paged) == (["short"], [LIST])


def test_a_table_in_a_question_is_paged_and_what_is_asked_is_shown_whatever_became_of_it():
    with terminal() as console:
        sent(console, "7\r")
        Interview(desk.logbook(), console).run(number("n", f"{LIST}\n\nWhich?", None, 1, 9))
        assert console.paged == [f"\n{LIST}"]
        assert console.shown == ["\nWhich?\n"]


def test_nothing_that_was_pasted_answers_a_pause():
    with terminal() as console:
        sent(console, f"{BEGIN}first\nsecond\n{END}")
        assert console.command("> ") == "first"
        console.say(LIST)
        assert console.paged == []
        assert console.command("> ") == "second"


def test_a_question_is_broken_between_words_and_the_blank_before_the_answer_stays():
    with terminal() as console:
        sent(console, "y\r")
        assert Interview(desk.logbook(), console).run(yes_no("q", SENTENCE + " Really?", False))
    (shown,) = console.shown
    assert max(map(len, shown.split("\n"))) <= 80
    assert shown.split() == SENTENCE.split()[: len(shown.split())]
