"""Logs through the program: trails of look-ups, who typed what, and logs that cannot be written."""

import errno
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from esashell.clock import FixedClock
from esashell.config.model.logs import LogLevel, LogSubscription, LogType
from esashell.dialogue.requests import Ask, Kind
from esashell.dialogue.script import Script
from esashell.logs.files import log_files
from esashell.logs.lock import alone
from esashell.shell.logbook import Logbook, masked
from esashell.shell.loop import _Overheard
from esashell.shell.options import Options, read
from esashell.shell.output import Output
from esashell.shell.session import Session
from tests.conftest import lacking, need
from tests.shell import play

ROOT = Path(__file__).resolve().parents[2]
TRAILS = ROOT / "tests" / "logs" / "trails"
DEBUG = LogSubscription("mail_logs_d", LogType.MAIL, "mail", LogLevel.DEBUG, maximum_files=3)


def lines(state: Path, name: str) -> list[str]:
    """A log's lines without those that begin and end its files."""
    text = "".join(each.path.read_text() for each in log_files(state / "logs" / name))
    banner = re.compile(r".*Info: (Begin Logfile|Version: |Time offset|End Logfile)")
    return [line for line in text.splitlines() if not banner.match(line)]


def texts(state: Path, name: str) -> list[str]:
    return [line.split(" ", 5)[5] for line in lines(state, name)]


def subscribe(at: Session, *subscriptions: LogSubscription) -> None:
    logs = replace(at.config.logs, subscriptions=subscriptions)
    at.stage(replace(at.config, logs=logs))
    at.commit("logs")


def comparable(trail: str) -> list[str]:
    """A trail without what belongs to its day: dates, cache expiry, TTL, TLSA digests, and which
    of two equal resolvers had its turn first at each question."""
    found = []
    names: dict[str, str] = {}
    for line in trail.splitlines():
        text = re.sub(r"^\w{3} \w{3} \d+ [\d:]{8} \d{4} ", "", line)
        text = re.sub(r"\b\d{16}L", "EXPIRYL", text)
        text = re.sub(r", 0, \d+\)$", ", 0, TTL)", text)
        text = re.sub(r"'030101[0-9a-f]{64}'", "'030101DIGEST'", text)
        if "DNS query: Q(" in text:
            names = {}
        for address in re.findall(r"194\.191\.40\.8[34]", text):
            names.setdefault(address, f"RESOLVER{len(names) + 1}")
            text = text.replace(address, names[address])
        found.append(text)
    return found


@pytest.mark.parametrize("domain", ["ietf.org", "thinkbeyond.ch"])
def test_a_verification_leaves_the_published_trail(domain: str, tmp_path: Path) -> None:
    at = play.session(tmp_path)
    subscribe(at, DEBUG)
    play.scripted(at, [f"daneverify {domain}"])
    golden = (TRAILS / f"mail_logs_d.{domain}.txt").read_text()
    ours = "".join(f"{line}\n" for line in lines(tmp_path, "mail_logs_d"))
    assert comparable(ours) == comparable(golden)


def test_what_is_known_already_leaves_no_trail(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    subscribe(at, DEBUG)
    play.scripted(at, ["daneverify ietf.org"])
    before = lines(tmp_path, "mail_logs_d")
    again = play.session(tmp_path)
    play.scripted(again, ["daneverify ietf.org", "daneverify ietf.org"])
    assert len(lines(tmp_path, "mail_logs_d")) == 2 * len(before)


def test_at_information_there_is_no_trail_but_its_warnings(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    play.scripted(at, ["daneverify ietf.org", "daneverify thinkbeyond.ch"])
    assert not at.sender.resolver.tells
    found = texts(tmp_path, "mail_logs")
    assert [text.partition(":")[0] for text in found] == ["Warning"] * 3
    assert "Unsupported qtype" in found[0]
    assert all("SERVER FAILED to IP 194.191.40.8" in text for text in found[1:])


def test_a_committed_subscription_takes_effect_at_once_and_ends_so(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    before = at.running.logs.subscriptions
    subscribe(at, *before, DEBUG)
    play.scripted(at, ["daneverify ietf.org"])
    trail = len(lines(tmp_path, "mail_logs_d"))
    assert trail == 30
    subscribe(at, *before)
    at.left = False
    play.scripted(at, ["dnsflush", "daneverify ietf.org"])
    assert len(lines(tmp_path, "mail_logs_d")) == trail
    committed = re.compile(r"Info: PID \d+: User \w+ commit changes: logs")
    system = texts(tmp_path, "system_logs")
    assert len(system) == 2
    assert all(map(committed.fullmatch, system))


def test_lines_have_the_time_zone_of_the_configuration(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    at.stage(replace(at.config, timezone="Europe/Zurich"))
    at.commit("")
    play.scripted(at, ["version"])
    assert lines(tmp_path, "cli_logs")[0].startswith("Sat Mar 1 10:00:00 2025 Info: PID ")


def test_who_typed_what_is_logged_answers_and_their_questions_too(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    play.scripted(at, ["sethostname", "mx.example.com", "nonsense; commit", "it's done", "n"])
    audit = [text.partition("entered ")[2] for text in texts(tmp_path, "cli_logs")]
    assert audit[0] == "'sethostname'; prompt was '\\nmyesa.local> '"
    assert re.fullmatch(r"'mx\.example\.com'; prompt was '\\n.*\[myesa\.local\]> '", audit[1])
    assert audit[2:4] == [
        "'nonsense'; prompt was '\\nmyesa.local> '",
        "'commit'; prompt was '\\nmyesa.local> '",
    ]
    assert audit[4].startswith("'it's done'; prompt was '\\nPlease enter some comments")
    assert audit[5].startswith("'n'; prompt was '\\nDo you want to save")
    committed = texts(tmp_path, "system_logs")
    assert [text.partition(" commit changes: ")[2] for text in committed] == ["it's done"]


def test_a_secret_is_not_in_the_log(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    play.scripted(at, ['userconfig new x passphrase="one two" password=three role=admin'])
    question = Ask("p", "Passphrase:", Kind(str, secret=True))
    assert _Overheard(Script(["four"]), at).answer(question) == "four"
    at.settle()
    log = "\n".join(lines(tmp_path, "cli_logs"))
    assert "passphrase=***** password=***** role=admin" in log
    assert "entered '*****'; prompt was '\\nPassphrase:" in log
    assert not re.search("one|two|three|four", log)


@pytest.mark.parametrize(
    ("line", "logged"),
    [
        ("x password=three;", "x password=*****;"),
        ('x PassWord="one two" y', "x PassWord=***** y"),
        ("x 'password=one two' y", "x 'password=***** y"),
        ('x password="one \\" two" y', "x password=***** y"),
        ('x password=on"e two" y', 'x password=***** two" y'),
        ("x password= one y", "x password= ***** y"),
        ("x password = one y", "x password = ***** y"),
        ("x  password =one\ty", "x  password =*****\ty"),
        ("commit the password of mine", "commit the password of mine"),
        ("x password=", "x password="),
    ],
)
def test_a_secret_of_a_command_line_is_masked_however_it_is_written(line: str, logged: str) -> None:
    assert masked(line) == logged


def test_nothing_that_is_pasted_or_is_a_password_is_in_the_log(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ\n-----END PRIVATE KEY-----\n."
    for answers in (
        ["certconfig", "certificate", "paste", "mine", ".", *key.split("\n"), "n", "", ""],
        ["loadconfig", "1", "MC4CAQAwBQYDK2VwBCIEIJ", "."],
        ["certconfig", "certificate", "import", "x", "no.p12", "hunter2", "", ""],
    ):
        play.scripted(play.session(tmp_path), answers)
    log = "\n".join(lines(tmp_path, "cli_logs"))
    assert "Paste private key in PEM format" in log
    assert "Enter the password of the file" in log
    assert not re.search("PRIVATE|MC4C|hunter2", log)


def program(state: Path, *commands: str) -> "subprocess.CompletedProcess[str]":
    words = [word for each in commands for word in ("-c", each)]
    return subprocess.run(
        [sys.executable, "-m", "esashell", "--state", str(state), *words],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def typed(state: Path) -> list[str]:
    return re.findall(r"entered '(.*)'; prompt", "\n".join(lines(state, "cli_logs")))


def test_a_command_that_reads_no_configuration_is_logged_by_the_next_that_does(
    tmp_path: Path,
) -> None:
    program(tmp_path, "version")
    assert not list(tmp_path.iterdir())  # an appliance that has kept nothing yet
    program(tmp_path, "showchanges")
    program(tmp_path, "version", "nonsense\t\\ é")
    assert typed(tmp_path) == ["showchanges"]
    program(tmp_path, "showchanges")
    assert typed(tmp_path) == ["showchanges", "version", r"nonsense\t\\ é", "showchanges"]
    pids = re.findall(r"PID (\d+)", "\n".join(lines(tmp_path, "cli_logs")))
    assert [len(list(group)) for group in (set(pids), pids)] == [3, 4]
    assert (tmp_path / "logs" / "typed").read_text() == ""


def test_what_was_put_aside_waits_for_a_disk_that_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "showchanges")
    program(tmp_path, "version")
    aside = (tmp_path / "logs" / "typed").read_text()
    assert aside.count("version") == 1

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("esashell.logs.writer._write", full)
    console = play.scripted(play.session(tmp_path), ["daneverify ietf.org"])
    assert sum("cannot be written" in said for said in console.said) == 1
    assert (tmp_path / "logs" / "typed").read_text() == aside
    monkeypatch.undo()
    play.scripted(play.session(tmp_path), ["daneverify ietf.org"])
    assert typed(tmp_path) == ["showchanges", "version", "daneverify ietf.org"]


def test_what_was_typed_waits_while_another_process_keeps_the_place_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esashell.logs.lock.PATIENCE", 0.01)
    program(tmp_path, "showchanges")
    place = str(tmp_path / "logs")
    logbook = Logbook(lambda: "admin", lambda: place)
    with alone(tmp_path / "logs" / "typed"):
        for text in ("version", "who"):
            logbook.typed(1_795_000_000_000_000, text)
            assert not tuple(logbook.close(None, 1_795_000_000_000_000))
        # Nor is what others put aside taken over: whoever comes next does that.
        play.scripted(play.session(tmp_path), ["showchanges"])
        assert typed(tmp_path) == ["showchanges", "showchanges"]
    play.scripted(play.session(tmp_path), ["showchanges"])
    assert typed(tmp_path)[2:] == ["version", "who", "showchanges"]
    play.scripted(play.session(tmp_path), ["showchanges"])
    assert typed(tmp_path).count("who") == 1


def test_a_log_that_another_process_keeps_is_one_warning_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("esashell.logs.writer.PATIENCE", 0.01)
    program(tmp_path, "showchanges")
    with alone(tmp_path / "logs" / "cli_logs" / ".lock"):
        console = play.scripted(play.session(tmp_path), ["showchanges", "showchanges"])
        told = [said for said in console.said if "Warning" in said]
        assert told == [
            "Warning: cli_logs cannot be written (another process keeps it locked). "
            "Lines wait until that is over."
        ]
    program(tmp_path, "showchanges")
    assert typed(tmp_path) == ["showchanges"] * 4


def test_what_was_put_aside_and_is_damaged_costs_only_itself(tmp_path: Path) -> None:
    program(tmp_path, "showchanges")
    for damage in (
        b"\xff\xfe\n",
        b"x\ty\n",
        b"1\t2\t\\\t\t\n",
        b"-" + b"9" * 30 + b"\t1\tr\tt\t\n",
    ):
        (tmp_path / "logs" / "typed").write_bytes(damage)
        done = program(tmp_path, "showchanges")
        assert (done.returncode, done.stderr) == (0, "")
    assert typed(tmp_path).count("showchanges") == 5


def test_two_programs_write_one_log_through_many_rollovers(tmp_path: Path) -> None:
    at = play.session(tmp_path)
    small = LogSubscription("cli_logs", LogType.CLI, "cli", maximum_size=2000, maximum_files=100)
    subscribe(at, small)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "esashell", "--state", str(tmp_path)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for number, process in enumerate(processes):
        assert process.stdin is not None
        process.stdin.write("".join(f"showchanges {number}.{each}\n" for each in range(150)))
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [2, 2]
    counted = Counter(typed(tmp_path))
    assert set(counted.values()) == {1}
    for number in range(2):
        mine = [each for each in typed(tmp_path) if each.startswith(f"showchanges {number}.")]
        assert mine == [f"showchanges {number}.{each}" for each in range(150)]
    files = log_files(tmp_path / "logs" / "cli_logs")
    assert len(files) > 10
    assert all(each.path.stat().st_size <= 2100 for each in files)
    assert all(each.path.read_text().rstrip().endswith("End Logfile") for each in files[:-1])


def test_a_replay_has_logs_of_its_own_that_end_with_it(tmp_path: Path) -> None:
    tape = tmp_path / "tape"
    recorded, replayed = Options(), read(["--world", f"replay:{tape}"])
    recorded.record = str(tape)
    at = Session(recorded, str(tmp_path / "a"), Output(json=False), clock=FixedClock(play.NINE))
    play.scripted(at, ["daneverify ietf.org"])
    at.close()
    again = Session(replayed, str(tmp_path / "b"), Output(json=False))
    play.scripted(again, ["daneverify ietf.org"])
    assert lines(Path(again.memory), "mail_logs") == lines(tmp_path / "a", "mail_logs") != []
    assert not (tmp_path / "b").exists()


SCRIPT = """\
mount -t tmpfs -o size=64k none "$1" && mkdir "$1/state"
{trouble}
exec "$2" -m esashell --state "$1/state" -c showchanges -c "help version" -c showchanges
"""


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ('dd if=/dev/zero of="$1/all" bs=1k count=100 2>&-', "No space left on device"),
        ('mount -o remount,ro "$1"', "Read-only file system"),
    ],
)
def test_a_disk_that_takes_nothing_is_one_warning_and_the_shell_goes_on(
    trouble: str, reason: str, tmp_path: Path
) -> None:
    unshare = need("unshare")
    if subprocess.run([unshare, "--mount", "true"], check=False, capture_output=True).returncode:
        lacking("no mount namespace is to be had")
    script = SCRIPT.format(trouble=trouble)
    done = subprocess.run(
        [unshare, "--mount", "sh", "-c", script, "sh", str(tmp_path), sys.executable],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stdout.count("There are no changes since the last commit.") == 2
    assert done.stderr == (
        f"Warning: cli_logs cannot be written ({reason}). Lines of logs are lost until that is "
        "mended; nothing else is.\n"
    )


def test_a_file_where_the_logs_would_be_is_one_warning_too(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    done = program(tmp_path, "showchanges", "showchanges")
    assert done.stdout.count("There are no changes") == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Warning: cli_logs cannot be written (Not a directory)")


def test_a_mistake_of_ours_in_the_logs_is_reported_and_the_command_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    at = play.session(tmp_path)
    monkeypatch.setattr("esashell.logs.subscriptions.Subscriptions.record", broken)
    console = play.scripted(at, ["showchanges", "version"])
    assert "There are no changes since the last commit." in console.said
    assert any("mistake of this program (ZeroDivisionError" in said for said in console.said)
    assert "Product: esashell" in console.said[-1] or "Product: esashell" in "".join(console.said)
