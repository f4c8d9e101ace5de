"""The program as a process: options, pipes, statuses, and what it imports."""

import errno
import json
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time

import pytest

from esashell import __version__
from esashell.shell.app import _completer
from esashell.shell.output import terminal_colour
from tests.shell import play

PROMPT = b"myesa.local>"  # the blank after it is painted as a movement
UNKNOWN = "Unknown command or missing feature key: "


def esashell(*arguments, state, stdin="", **environment):
    return subprocess.run(
        [sys.executable, "-m", "esashell", "--state", str(state), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_commands_run_in_order_and_the_status_is_the_worst(tmp_path):
    done = esashell("-c", "frobnicate", "-c", "version; help version", state=tmp_path)
    assert done.returncode == 2
    assert done.stdout.startswith("Current Version\n")
    assert "version - View system version information." in done.stdout
    assert done.stderr == f"{UNKNOWN}frobnicate\n"


def test_hints_can_be_switched_off(tmp_path):
    hinted = esashell("-c", "versoin", state=tmp_path)
    assert hinted.stderr == f'{UNKNOWN}versoin\nDid you mean "version"?\n'
    assert esashell("--no-hints", "-c", "versoin", state=tmp_path).stderr == f"{UNKNOWN}versoin\n"


def test_a_change_is_committed_and_stays(tmp_path):
    lines = ["dnsconfig parent new 192.0.2.54 1", 'commit "added by a script"']
    done = esashell("-c", lines[0], "-c", lines[1], state=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Changes committed: ")
    assert "192.0.2.54" in esashell("-c", "dnsconfig print", state=tmp_path).stdout
    assert "added by a script" in (tmp_path / "config" / "running.toml").read_text()


def test_the_live_world_is_another_appliance(tmp_path):
    esashell("-c", "sethostname lab.example; commit x", state=tmp_path)
    done = esashell("--world", "live", "-c", "sethostname live.example; commit x", state=tmp_path)
    assert done.returncode == 0
    assert "live.example" in (tmp_path / "live" / "config" / "running.toml").read_text()
    assert "lab.example" in (tmp_path / "config" / "running.toml").read_text()


def test_what_is_lost_at_the_end_is_told(tmp_path):
    done = esashell("-c", "sethostname mail.example.com", state=tmp_path)
    assert done.returncode == 0
    assert "entered but not committed" in done.stderr


SCRIPT = """\
# Adds a resolver, by menu.
dnsconfig
new
1
192.0.2.54

\r
commit
by a file
y
"""


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["bare", "marked"])
@pytest.mark.parametrize("how", ["file", "pipe", "dash"])
def test_lines_answer_the_question_that_is_open(tmp_path, how, mark):
    """Some editors begin a file with a byte order mark, which is no part of a line."""
    file = tmp_path / "script.txt"
    script = mark + SCRIPT.partition("\n")[2]
    file.write_text(script, encoding="utf-8", newline="")
    arguments = {"file": ["-f", str(file)], "pipe": [], "dash": ["-f", "-"]}[how]
    done = esashell(*arguments, state=tmp_path, stdin="" if how == "file" else script)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Please enter the IP address of your DNS server." in done.stdout
    assert "[]> 192.0.2.54\n" in done.stdout
    assert "myesa.local>" not in done.stdout
    assert 'comment = "by a file"' in (tmp_path / "config" / "running.toml").read_text()


def test_an_input_that_ends_inside_a_question_fails(tmp_path):
    done = esashell(state=tmp_path, stdin="dnsconfig\nnew\n")
    assert done.returncode == 1
    assert "ended before the question was answered" in done.stderr


def test_a_command_of_the_options_is_answered_from_standard_input(tmp_path):
    done = esashell("-c", "sethostname", "-c", "commit x y", state=tmp_path, stdin="a.example\n")
    assert done.returncode == 0
    assert "a.example" in (tmp_path / "config" / "running.toml").read_text()


def test_bytes_that_are_no_text_and_endless_lines_are_lines_like_others(tmp_path):
    stdin = b"\xff\xfe\x00\n" + b"x" * 5_000_000 + b"\nversion\n"
    done = subprocess.run(
        [sys.executable, "-m", "esashell", "--state", str(tmp_path)],
        input=stdin, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"too long (5,000,000 characters)" in done.stderr
    assert done.stdout.startswith(b"Current Version")


def test_output_that_the_locale_cannot_write_is_escaped(tmp_path):
    done = esashell(
        state=tmp_path, stdin="z\u00fcrich\n",
        PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C", PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frobnicate"], "not an option"),
        (["-f", "/no/such/file"], "No such file"),
        (["-c"], "a value is required"),
    ],
)
def test_wrong_options_are_usage_errors(tmp_path, arguments, message):
    done = esashell(*arguments, state=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("below", ["", "/below", "/a/b"])
def test_a_state_folder_that_is_a_file_is_told_as_such(tmp_path, below):
    file = tmp_path / "afile"
    file.write_text("mine")
    for world in ("lab", "live"):
        done = esashell("--world", world, "-c", CHANGE, state=f"{file}{below}")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.endswith(f": {file} is a file, not a folder.\n")
    assert file.read_text() == "mine"


def test_a_file_where_the_configuration_s_folder_would_be_is_told_as_such(tmp_path):
    (tmp_path / "config").write_text("mine")
    done = esashell("-c", "showchanges", state=tmp_path)
    told = f"{tmp_path}/config is a file, not a folder. Move it away.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


@pytest.mark.parametrize("option", ["--anchor", "--scenario"])
@pytest.mark.parametrize(("name", "fault"), [("missing", "No such file"), ("", "it is a folder")])
def test_a_file_that_cannot_be_read_is_told_at_the_start(tmp_path, option, name, fault):
    path = f"{tmp_path}/{name}"
    done = esashell(option, path, "-c", "version", state=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"esashell: {option} {path}: {fault}")
    assert "Errno" not in done.stderr


def test_anchors_may_come_from_a_pipe(tmp_path):
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as file:
        file.write(
            subprocess.check_output([sys.executable, "-m", "esashell", "lab", "anchor"], text=True)
        )
    done = subprocess.run(
        [sys.executable, "-m", "esashell", "--state", str(tmp_path),
         "--anchor", f"/dev/fd/{reader}", "-c", "daneverify ietf.org"],
        pass_fds=(reader,), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(reader)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_and_version(tmp_path):
    assert esashell("--version", state=tmp_path).stdout == f"esashell {__version__}\n"
    text = esashell("--help", state=tmp_path).stdout
    assert "Exit status" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_reader_that_goes_away_is_no_fault(tmp_path):
    code = f"{sys.executable} -m esashell --state {tmp_path} -c help -c help -c help | head -1"
    done = subprocess.run(code, shell=True, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert not (tmp_path / "faults").exists()


CHANGE = "sethostname mail.example.com; commit x"
ASKED = [
    ["-c", "daneverify ietf.org"],
    ["--json", "-c", "daneverify ietf.org"],
    ["--json", "-c", "version"],
    ["-c", "dnsconfig"],
    ["--json", "-c", "nonsense"],
    ["--help"],
    ["--version"],
]


def with_output(arguments, to, folder):
    """Run the program with its standard output redirected by the shell; status and complaints."""
    words = shlex.join([sys.executable, "-m", "esashell", *arguments])
    done = subprocess.run(
        f"{words} {to}", shell=True, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "ESASHELL_STATE": str(folder)}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert not (folder / "faults").exists()
    return done.returncode, done.stderr.removeprefix(f"{UNKNOWN}nonsense\n")


@pytest.mark.parametrize("arguments", [*ASKED, ["lab", "list"], ["lab", "anchor"], ["lab", "-h"]])
def test_output_that_takes_nothing_is_one_line(tmp_path, arguments):
    line = "esashell: standard output cannot be written: {}.\n"
    assert with_output(arguments, ">&-", tmp_path) == (1, line.format("it is closed"))
    full = line.format(os.strerror(errno.ENOSPC))
    assert with_output(arguments, "> /dev/full", tmp_path) == (1, full)


@pytest.mark.parametrize("arguments", [*ASKED, ["lab", "list"], ["lab", "-h"]])
def test_output_that_nobody_reads_is_the_end_without_a_word(tmp_path, arguments):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "esashell", *arguments],
        stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "ESASHELL_STATE": str(tmp_path)}, check=False, timeout=60,
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr.removeprefix(f"{UNKNOWN}nonsense\n")) == (1, "")
    assert not (tmp_path / "faults").exists()


def test_nothing_is_done_of_which_nothing_could_be_seen(tmp_path):
    assert with_output(["-c", CHANGE], ">&-", tmp_path)[0] == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", ["2>&-", "2> /dev/full"])
def test_a_standard_error_that_fails_changes_nothing_else(tmp_path, to):
    assert with_output(["-c", f"nonsense; {CHANGE}"], to, tmp_path) == (2, "")
    assert "mail.example.com" in (tmp_path / "config" / "running.toml").read_text()


def test_a_closed_standard_input_is_an_empty_one(tmp_path):
    code = f"{sys.executable} -m esashell --state {tmp_path} <&-"
    done = subprocess.run(code, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_json_leaves_lines_alone_that_have_no_result(tmp_path):
    done = esashell("--json", "-c", "version", state=tmp_path)
    assert done.stdout.startswith("Current Version")
    with pytest.raises(ValueError):
        json.loads(done.stdout)


@pytest.mark.parametrize(
    ("line", "command", "status"),
    [
        ("daneverify -bad-..", "daneverify", 2),
        ("frobnicate x", "frobnicate", 2),
        ("dnsconfig parent new 194.191.40.83", "dnsconfig", 1),
        ("explain", "explain", 1),
        ("nslookup \udcff.example", "nslookup", 2),
        ("x" * 70_000, "", 2),
    ],
)
def test_with_json_a_failure_is_a_document_and_a_line(tmp_path, line, command, status):
    done = esashell("--json", "--no-hints", "-c", line, state=tmp_path)
    document = json.loads(done.stdout)
    assert done.returncode == status
    assert list(document) == ["schema", "version", "command", "error"]
    assert (document["schema"], document["version"]) == ("esashell.error", 1)
    assert document["command"] == command
    assert done.stderr.removesuffix("\n").removeprefix("Error: ").endswith(document["error"])
    assert document["error"]


def test_with_json_every_command_of_a_line_has_its_own_document(tmp_path):
    done = esashell("--json", "-c", "daneverify a..b; dnsstatus; version", state=tmp_path)
    first, second, *lines = done.stdout.splitlines()
    assert json.loads(first)["schema"] == "esashell.error"
    assert json.loads(second)["schema"] == "esashell.dnsstatus"
    assert lines[0] == "Current Version"


def test_stats_go_to_standard_error(tmp_path):
    done = esashell("--stats", "-c", "version", state=tmp_path)
    assert "0 queries" in done.stderr
    assert "queries" not in done.stdout


def test_the_shortest_command_line_imports_next_to_nothing(tmp_path):
    code = (
        "import sys; from esashell.shell.app import main; "
        f"main(['--state', {str(tmp_path)!r}, '-c', 'version']); print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines())
    assert "esashell.commands.version" in imported
    heavy = {"msgspec", "prompt_toolkit", "asyncio", "typing", "argparse", "tomllib", "ssl"}
    heavy |= {"dns", "cryptography", "pathlib", "esashell.config.store"}
    assert not imported & heavy
    assert list(tmp_path.iterdir()) == []


def test_no_colour_is_honoured():
    assert terminal_colour({"TERM": "xterm"})
    assert terminal_colour({"TERM": "xterm", "NO_COLOR": ""})
    assert not terminal_colour({"TERM": "xterm", "NO_COLOR": "1"})
    assert not terminal_colour({"TERM": "dumb"})


def test_a_mistake_of_ours_under_tab_offers_nothing_and_is_reported(tmp_path, monkeypatch):
    def broken(line, appliance, names):
        raise ValueError("boom")

    monkeypatch.setattr("esashell.shell.complete.complete", broken)
    assert list(_completer(play.session(tmp_path))("dns")) == []
    (report,) = (tmp_path / "faults").iterdir()
    assert "boom" in report.read_text()


class Screen:
    """The program on a terminal of its own."""

    def __init__(self, state, **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm", **environment})
            arguments = [sys.executable, "-m", "esashell", "--state", str(state)]
            os.execv(sys.executable, arguments)
        self.text = b""
        self.seen = 0

    def until(self, mark, seconds=60):
        """Read until the mark has come, after the place where the last one was found."""
        end = time.monotonic() + seconds
        while mark not in self.text[self.seen :]:
            left = end - time.monotonic()
            assert left > 0, self.text
            if select.select([self.fd], [], [], left)[0]:
                data = os.read(self.fd, 65536)
                if b"\x1b[6n" in data:  # where is the cursor?
                    os.write(self.fd, b"\x1b[1;1R")
                self.text += data
        self.seen = self.text.index(mark, self.seen) + len(mark)

    def type(self, text):
        os.write(self.fd, text)

    def ends(self):
        try:
            while os.read(self.fd, 65536):
                pass
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        os.close(self.fd)


@pytest.fixture
def screen(tmp_path):
    screens = []

    def start(**environment):
        screens.append(Screen(tmp_path, **environment))
        return screens[-1]

    yield start
    for each in screens:
        try:
            os.kill(each.pid, signal.SIGKILL)
            os.waitpid(each.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        each.close()


def test_a_session_at_a_terminal(screen, tmp_path):
    at = screen()
    at.until(PROMPT)
    at.type(b"versoin\r")
    at.until(b'\x1b[2mDid you mean "version"?\x1b[0m')
    at.until(PROMPT)
    at.type(b"dnsconfig\r")
    at.until(b"[]>")
    at.type(b"\x03")
    at.until(PROMPT)
    at.type(b"sethostname mail.example.com\r")
    at.until(PROMPT)
    at.type(b"exit\r")
    at.until(b"exit? [N]>")
    at.type(b"y\r")
    assert at.ends() == 0
    assert "+versoin\n" in (tmp_path / "history").read_text()
    assert (tmp_path / "history").stat().st_mode & 0o077 == 0


def test_no_colour_means_none(screen):
    at = screen(NO_COLOR="1")
    at.until(PROMPT)
    at.type(b"versoin\r")
    at.until(b'Did you mean "version"?')
    assert b"\x1b[2m" not in at.text
    assert b"\x1b[3" not in at.text


def test_a_damaged_configuration_is_told_instead_of_a_prompt(screen, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "running.toml").write_text("schema = 99\n")
    at = screen()
    at.until(b"schema")
    assert at.ends() == 1
