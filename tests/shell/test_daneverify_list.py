"""`daneverify -f` in a whole session: screen, files, Ctrl-C; in the lab, live, and on a tape."""

import csv
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from esashell.clock import SystemClock
from esashell.resolver.anchors import anchor_text
from esashell.shell.options import Options
from esashell.worlds.lab.world import Lab
from tests.shell.test_record_replay import Played, recording, replaying
from tests.worlds.loopback import mail_host, tcp_server, udp_server

HERE = "127.0.0.1"
PROGRAM = (sys.executable, "-m", "esashell")
LIST = "ietf.org\ncisco.com # nobody's fault\nmismatch.lab\nietf.org\n"


def esashell(folder: Path, *words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--state", str(folder / "state"), *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        timeout=60,
        **how,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "list").write_text(LIST)
    return tmp_path


def test_a_line_for_each_domain_and_a_summary(folder: Path) -> None:
    done = esashell(folder, "-c", "daneverify -f list", "--stats")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["ietf.org", "DANE", "SUCCESS", "mail.ietf.org"]
    assert lines[2].startswith("mismatch.lab  DANE FAILED   mail.mismatch.lab: ")
    assert lines[2].endswith("(validation-failure, theirs)")
    assert lines[4] == "3 domains of list"
    assert [line.split()[:-2] for line in lines[5:7]] == [
        ["DANE", "SUCCESS", "1"],
        ["DANE", "FAILED", "2"],
    ]
    assert "1 more given a second time" in lines
    # No terminal, no bar: nothing but the cost.
    assert done.stderr.splitlines()[0].startswith("daneverify: ")
    assert "2 handshakes" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_csv_and_json_are_complete_and_in_the_order_of_the_list(folder: Path) -> None:
    shown = esashell(folder, "-c", "daneverify -f list --csv").stdout
    rows = list(csv.DictReader(shown.splitlines()))
    assert [each["domain"] for each in rows] == ["ietf.org", "cisco.com", "mismatch.lab"]
    assert [each["whose"] for each in rows] == ["nobody's", "nobody's", "theirs"]
    document = json.loads(esashell(folder, "-c", "daneverify -f list --json").stdout)
    assert (document["schema"], document["version"]) == ("esashell.daneverify-batch", 1)
    assert [each["domain"] for each in document["domains"]] == [each["domain"] for each in rows]
    assert document["summary"]["verdicts"] == {"DANE SUCCESS": 1, "DANE FAILED": 2}
    whole = json.loads(esashell(folder, "--json", "-c", "daneverify -f list").stdout)
    assert whole["summary"] == document["summary"]


def test_a_file_for_the_results_leaves_the_screen_to_people(folder: Path) -> None:
    done = esashell(folder, "-c", "daneverify -f list --csv -o out.csv")
    assert "3 domains of list" in done.stdout
    with (folder / "out.csv").open(newline="") as file:
        assert len(list(csv.reader(file))) == 4


@pytest.mark.parametrize(
    ("text", "words", "status", "complaint"),
    [
        (None, "-f list", 1, "list cannot be read: No such file or directory"),
        ("# nothing\n", "-f list", 1, "list holds no domain"),
        ("ietf.org\na..b\n", "-f list", 2, ""),
        ("ietf.org\n", "-f list", 0, ""),
        ("ietf.org\n", "-f list --csv -o /nowhere/x", 1, "/nowhere/x cannot be written"),
        ("ietf.org\n", "-f list -x", 1, ""),
    ],
)
def test_the_status_tells_what_became_of_it(
    folder: Path, text: str | None, words: str, status: int, complaint: str
) -> None:
    (folder / "list").unlink()
    if text is not None:
        (folder / "list").write_text(text)
    done = esashell(folder, "-c", f"daneverify {words}")
    assert done.returncode == status, done
    assert complaint in done.stderr
    if status == 2:
        assert done.stdout.startswith("list:2: ")
        assert "1 line not understood" in done.stdout


def test_ctrl_c_ends_it_with_what_there_is(folder: Path) -> None:
    (folder / "list").write_text("".join(f"own{each}.bulk.lab\n" for each in range(9000)))
    command = [
        *PROGRAM,
        "--state",
        "state",
        "-c",
        "daneverify -f list --json -o out",
        "-c",
        "version",
    ]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(2)
        shown, complaints = process.communicate(timeout=60)
    assert process.returncode == 130
    assert " of 9,000 domains of list" in shown
    assert "Version" not in shown
    assert complaints == ""
    document = json.loads((folder / "out").read_text())
    assert document["stopped"] is True
    assert 0 < document["summary"]["verified"] == len(document["domains"]) < 9000


def test_a_terminal_has_a_bar_that_leaves_no_trace(folder: Path) -> None:
    """What is seen in the end, after every return and every cleared line, is the plain output."""
    plain = esashell(folder, "-c", "daneverify -f list").stdout
    words = [*PROGRAM, "--state", "state", "-c", "daneverify -f list"]
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - the child becomes the program
        os.chdir(folder)
        os.environ.update(PYTHONPATH=str(Path(__file__).parents[2]), TERM="xterm", COLUMNS="60")
        os.execvp(words[0], words)
    seen, until = b"", time.monotonic() + 60
    while time.monotonic() < until and select.select([terminal], [], [], 60)[0]:
        try:
            seen += os.read(terminal, 4096)
        except OSError:
            break
    os.waitpid(pid, 0)
    os.close(terminal)
    text = seen.decode().replace("\r\n", "\n")
    assert "3 of 3" in text
    bars = [each.partition("\x1b[K")[0] for each in text.split("\r")[1:]]
    assert max(map(len, bars)) < 60
    screen = "".join(line.rpartition("\x1b[K")[2] + "\n" for line in text.split("\n"))
    assert screen.strip() == plain.strip()


SCENARIO = """
[zone."hosts.lab"]
records = '''
mx            A     127.0.0.1
_25._tcp.mx   TLSA  3 1 1 of mx
'''
[bulk."c{n}.live.lab"]
count   = 40
records = "@  MX  10 mx.hosts.lab."
[zone."live.lab"]
"""


def test_live_it_is_held_side_by_side_and_a_tape_has_all_of_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty domains at one host over real sockets: one connection, one handshake; and the recording
    gives the same documents, offline."""
    (folder / "scenario.toml").write_text(SCENARIO)
    lab = Lab(SystemClock(), scenarios=[folder / "scenario.toml"])
    (folder / "anchor").write_text(anchor_text(lab.anchor) + "\n")
    (folder / "list").write_text("".join(f"c{each}.live.lab\n" for each in range(40)))
    monkeypatch.setattr("esashell.shell.worlds._system_resolvers", lambda: (HERE,))
    monkeypatch.chdir(folder)
    host = mail_host(lab.hosts.accept(HERE))
    with (
        udp_server(lambda query: [lab.ask("194.191.40.83", query)]) as dns_port,
        tcp_server(host) as smtp_port,
    ):
        live = recording(
            folder / "tape",
            folder / "live",
            "daneverify -f list",
            world="live",
            anchor=str(folder / "anchor"),
            dns_port=dns_port,
            smtp_port=smtp_port,
        )
    assert live.complaints == []
    assert live.status == 0
    assert live.session.conversations.counters.handshakes == 1
    again = replaying(folder / "tape", folder / "replay", "daneverify -f list")
    assert again.complaints == []
    assert again.documents == live.documents
    (document,) = again.documents
    assert document["summary"]["verdicts"] == {"DANE SUCCESS": 40, "DANE FAILED": 0}


def test_a_recording_of_the_lab_is_played_in_its_own_order(folder: Path) -> None:
    (folder / "list").write_text("".join(f"d{each}.bulk.lab\n" for each in range(20)) + LIST)
    command = f"daneverify -f {folder / 'list'}"
    first = recording(folder / "tape", folder / "lab", command)
    again = replaying(folder / "tape", folder / "replay", command)
    assert again.complaints == []
    assert again.documents == first.documents
    assert Played(Options(), folder / "other", command).status == 1
