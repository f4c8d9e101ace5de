"""Searches of logs by the program itself: octets, terminals, pagers, Ctrl-C and lost readers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from esashell.shell.output import Enough
from esashell.shell.pager import CLEAR, MORE, Pager
from tests.shell import play
from tests.shell.test_app import PROMPT, Screen

LINE = b"Mon Feb 4 20:08:47 2019 Info: "


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The file of mail_logs."""
    path = tmp_path / "logs" / "mail_logs" / "mail.@20190204T000000.c"
    path.parent.mkdir(parents=True)
    path.write_bytes(LINE + b"first\n")
    return path


def command(state: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "esashell", "--state", str(state), *arguments]


def run(state: Path, *lines: str, options: tuple[str, ...] = ()) -> tuple[int, bytes, bytes]:
    """Status, standard output and standard error."""
    given = [word for line in lines for word in ("-c", line)]
    done = subprocess.run(
        command(state, *options, *given), capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_octets_reach_a_pipe_as_they_are(tmp_path: Path, log: Path) -> None:
    hostile = LINE + b"\x1b[2J \xff\x00\r hit \xc2\x9b\n"
    log.write_bytes(hostile + b"none\n" + b"hit without an end")
    assert run(tmp_path, "grep hit mail_logs") == (0, hostile + b"hit without an end\n", b"")
    assert run(tmp_path, r"grep \x1b mail_logs") == (0, hostile, b"")
    assert run(tmp_path, "tail mail_logs") == (0, hostile + b"none\n", b"")


def test_nothing_found_is_a_status(tmp_path: Path, log: Path) -> None:
    assert run(tmp_path, "grep nothing mail_logs") == (1, b"", b"")
    assert run(tmp_path, "grep --count nothing mail_logs") == (1, b"0\n", b"")
    assert run(tmp_path, "grep x bounces") == (1, b"", b"")  # which has no file yet


def test_json_is_a_line_for_each_line(tmp_path: Path, log: Path) -> None:
    status, said, _ = run(tmp_path, "grep first mail_logs", options=("--json",))
    wanted = {"text": "first", "time": "2019-02-04T20:08:47", "level": "Info"}
    assert (status, json.loads(said)) == (0, wanted)
    assert run(tmp_path, "grep --count first mail_logs", options=("--json",))[1] == b'{"count":1}\n'


def test_a_bad_expression_and_an_endless_one_are_told(tmp_path: Path, log: Path) -> None:
    log.write_bytes(b"a" * 64 + b"!\n")
    impatient = "from esashell.logs import limit; limit.LIMIT = 0.25"
    program = f"{impatient}; import sys; from esashell.__main__ import main; sys.exit(main())"
    words = ("-c", 'grep "(a" mail_logs', "-c", "grep (a+)+$ mail_logs")
    done = subprocess.run(
        [sys.executable, "-c", program, "--state", str(tmp_path), *words],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    lines = done.stderr.decode().splitlines()
    assert lines[1:3] == ["  (a", "  ^"]
    assert lines[3].startswith(
        "The search was given up: the expression took more than 0.25 seconds"
    )
    assert len(lines) == 4


def test_two_processes_and_a_reader_that_goes_away(tmp_path: Path, log: Path) -> None:
    log.write_bytes(
        (LINE + b"a line that is like all the others, and long enough to count\n") * 400_000
    )
    with subprocess.Popen(
        command(tmp_path, "-c", "grep Info mail_logs"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert started.stdout.readline().startswith(LINE)
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait(60) == 1
    status, said, _ = run(tmp_path, "grep -v nothing mail_logs")
    assert (status, said) == (0, log.read_bytes())


def test_a_tail_into_a_pipe_follows_where_it_is_told_to(tmp_path: Path, log: Path) -> None:
    with subprocess.Popen(
        command(tmp_path, "-c", "tail -f mail_logs"), stdout=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == LINE + b"first\n"
        with log.open("ab") as file:
            file.write(b"second\n")
        assert started.stdout.readline() == b"second\n"
        started.send_signal(signal.SIGINT)
        assert started.wait(60) == 0


def test_a_directory_that_cannot_be_read_is_told(tmp_path: Path, log: Path) -> None:
    packed = tmp_path / "kept" / "mail.gz"
    packed.parent.mkdir()
    packed.write_bytes(b"\x1f\x8bnot really")
    status, _, complaint = run(tmp_path, f"grep --dir {packed.parent} x", "findevent --dir / -m 1")
    assert status == 1
    assert b"mail.gz cannot be read: damaged: " in complaint
    assert complaint.count(b"\n") == 2


@pytest.fixture
def at(tmp_path: Path, log: Path) -> Iterator[Callable[[], Screen]]:
    screens: list[Screen] = []

    def start() -> Screen:
        screens.append(Screen(tmp_path, LINES="24", COLUMNS="80"))
        screens[-1].until(PROMPT)
        return screens[-1]

    yield start
    for each in screens:
        try:
            os.kill(each.pid, signal.SIGKILL)
            os.waitpid(each.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        each.close()


def test_a_terminal_is_shown_no_instruction_of_a_stranger(
    at: Callable[[], Screen], log: Path
) -> None:
    log.write_bytes(b"hit \x1b]0;owned\x07 \xc2\x9b2J end\n")
    screen = at()
    screen.type(b"grep hit mail_logs\r")
    screen.until(rb"hit \x1b]0;owned\x07 \x9b2J end")
    screen.until(PROMPT)
    assert b"owned\x07" not in screen.text


def test_ctrl_c_ends_a_tail_and_the_session_goes_on(at: Callable[[], Screen], log: Path) -> None:
    screen = at()
    screen.type(b"tail mail_logs\r")
    screen.until(b"Press Ctrl-C to stop.")
    screen.until(b"first")
    with log.open("ab") as file:
        file.write(b"second line\n")
    screen.until(b"second line")
    # Rolled over by another shell, under the eyes of this one.
    log.rename(log.with_suffix(".s"))
    log.with_name("mail.@20190205T000000.c").write_bytes(b"third line\n")
    screen.until(b"third line")
    screen.type(b"\x03")
    screen.until(PROMPT)
    screen.type(b"grep --count line mail_logs\r")
    screen.until(b"2\r\n")


def test_ctrl_c_ends_a_long_grep_and_leaves_nobody_behind(
    at: Callable[[], Screen], log: Path
) -> None:
    log.write_bytes((b"a" * 28 + b"!\n") * 1_000_000)
    screen = at()
    # Slow for each line, and never in the end: it would take minutes.
    screen.type(b"grep (a|aa)+$ mail_logs\r")
    children = Path(f"/proc/{screen.pid}/task/{screen.pid}/children")
    until = time.monotonic() + 60
    while not children.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len(children.read_text().split()) == 1
    screen.type(b"\x03")
    screen.until(PROMPT)
    screen.type(b"grep --count ! mail_logs\r")
    screen.until(b"1000000")
    assert children.read_text() == ""


def test_a_pager_stops_at_each_screenful(at: Callable[[], Screen], log: Path) -> None:
    log.write_bytes(b"".join(b"line %d of many\n" % number for number in range(100)))
    screen = at()
    screen.type(b"grep -p line mail_logs\r")
    screen.until(b"line 22 of many")
    screen.until(MORE)
    assert b"line 23 of many" not in screen.text
    screen.type(b" ")
    screen.until(b"line 45 of many")
    screen.until(MORE)
    screen.type(b"q")
    screen.until(PROMPT)
    assert b"line 50 of many" not in screen.text


def test_enter_is_one_line_more_and_long_lines_take_their_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINES", "4")
    monkeypatch.setenv("COLUMNS", "10")
    shown: list[bytes] = []
    keys = iter([b"\r", b"x", b"q"])
    pager = Pager(shown.append, lambda: next(keys), shown.append)
    with pytest.raises(Enough):
        pager.put(b"1\n" + b"2" * 15 + b"\n3\n4\n5\n6\n7\n8\n")
    more = [MORE, CLEAR]
    assert shown == [b"1\n" + b"2" * 15 + b"\n", *more, b"3\n", *more, b"4\n5\n6\n", *more]


def test_a_line_that_lacks_a_log_is_refused_in_a_script(tmp_path: Path, log: Path) -> None:
    status, _, complaint = run(tmp_path, "grep x", "grep mail_logs", "findevent", "tail")
    assert status == 2
    assert complaint.splitlines()[0] == b"Error: log_name: a value is required."


def test_tab_offers_logs_and_options(tmp_path: Path) -> None:
    from esashell.shell.complete import complete

    session = play.session(tmp_path)
    offered = {each.text.strip() for each in complete("grep x ma", session)}
    assert offered == {"mail_logs"}
    assert {each.text.strip() for each in complete("grep --s", session)} == {"--since"}
