"""`--record FILE` and `--world replay:FILE`: the same commands, the same evidence, no world."""

import getpass
import gzip
import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from esashell.clock import FixedClock
from esashell.errors import BadConfiguration, OperatorError, UsageError
from esashell.resolver.anchors import anchor_text
from esashell.shell.loop import Shell
from esashell.shell.options import Options, read
from esashell.shell.output import Output
from esashell.shell.session import Session
from esashell.shell.state import state_folder
from esashell.worlds.lab.world import Lab
from esashell.worlds.recorder import Recorder
from esashell.worlds.replay import NotRecorded
from esashell.worlds.tapefile import BadTape, RecordingFailed, TapeWriter, read_tape
from tests.shell import play


class Documents(Output):
    """Keeps what commands have for machines."""

    def __init__(self) -> None:
        super().__init__(json=True)
        self.shown: list[Any] = []

    def show(self, record: Any) -> None:
        self.shown.append(json.loads(json.dumps(record)))

    def say(self, text: str) -> None:
        pass


class Silent:
    """A console that nobody sits at."""

    def say(self, text: str) -> None:
        pass

    tell = say


class Played:
    """What came of some command lines: documents, complaints, and the worst status."""

    def __init__(self, options: Options, folder: Path, *lines: str) -> None:
        output = Documents()
        self.session = Session(options, str(folder), output)
        self.complaints: list[str] = []
        shell = Shell(self.session, Silent(), self.complaints.append)  # type: ignore[arg-type]
        with closing(self.session):
            for line in lines:
                shell.run_line(line)
        self.status = shell.worst
        self.documents = output.shown


def recording(file: Path, folder: Path, *lines: str, **options: Any) -> Played:
    chosen = Options()
    chosen.record = str(file)
    for name, value in options.items():
        setattr(chosen, name, value)
    return Played(chosen, folder, *lines)


def replaying(file: Path, folder: Path, *lines: str) -> Played:
    return Played(read(["--world", f"replay:{file}"]), folder, *lines)


def without_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    def unusable(*arguments: object, **named: object) -> None:
        raise AssertionError("a replay asks nobody")

    monkeypatch.setattr(Lab, "__init__", unusable)
    monkeypatch.setattr(Lab, "ask", unusable)
    monkeypatch.setattr(socket, "socket", unusable)


def test_every_domain_of_the_lab_is_replayed_with_the_same_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domains = [lesson.domain for lesson in Lab(FixedClock(play.NINE)).domains()]
    # A name with {n} in it stands for many that differ in nothing else.
    lines = [f"daneverify {each.replace('{n}', '7')}" for each in domains]
    assert len(lines) > 100
    file = tmp_path / "t"
    # The machine's own clock: times are different in each run, but not in a replay.
    before = recording(file, tmp_path / "state", *lines)
    assert (before.complaints, before.status) == ([], 1)
    assert len(before.documents) == len(lines)
    assert len({each["when"] for each in before.documents}) == len(lines)
    assert any(host["lookups"][0]["cached"] for each in before.documents for host in each["hosts"])
    without_worlds(monkeypatch)
    tape = file.read_bytes()
    again = replaying(file, tmp_path / "again", *lines)
    assert (again.complaints, again.status) == ([], 1)
    for one, other in zip(before.documents, again.documents, strict=True):
        assert one == other
    assert file.read_bytes() == tape  # so that the next time is as this one was


@pytest.mark.parametrize("domain", ["ietf.org", "mismatch.lab"])
def test_one_domain_of_a_recording_can_be_replayed_alone_if_it_came_first(
    tmp_path: Path, domain: str
) -> None:
    file = tmp_path / "t"
    other = "mismatch.lab" if domain == "ietf.org" else "ietf.org"
    before = recording(file, tmp_path / "a", f"daneverify {domain}", f"daneverify {other}")
    again = replaying(file, tmp_path / "b", f"daneverify {domain}")
    assert again.documents == before.documents[:1]


def test_the_way_down_from_the_root_servers_is_replayed_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Referrals, their glue and their DS records are kept by time, which a tape has its own of."""
    state, file = tmp_path / "state", tmp_path / "t"
    Played(Options(), state, "dnsconfig roots", "commit x")
    lines = [
        f"daneverify {each}"
        for each in ("ietf.org", "cisco.com", "tlsa-servfail.lab", "tlsa-bogus.lab", "ietf.org")
    ]
    before = recording(file, state, *lines)
    assert before.complaints == []
    servers = {
        asked["server"]
        for document in before.documents
        for host in document.get("hosts", ())
        for each in host["lookups"]
        for asked in each["asked"]
    }
    assert servers & set(Lab(FixedClock(play.NINE)).authorities())
    assert not servers & set(Lab(FixedClock(play.NINE)).resolvers)
    without_worlds(monkeypatch)
    again = replaying(file, tmp_path / "b", *lines)
    assert again.complaints == []
    assert again.documents == before.documents


def test_what_the_tape_does_not_hold_is_one_line_and_no_finding(tmp_path: Path) -> None:
    file = tmp_path / "t"
    # With two resolvers, which take turns, the missing question would have cost one of them its
    # turn, and what follows might ask the other one.
    Played(Options(), tmp_path / "a", "dnsconfig parent delete 194.191.40.84", "commit x")
    before = recording(file, tmp_path / "a", "daneverify ietf.org")
    again = replaying(file, tmp_path / "b", "daneverify nist.gov", "daneverify ietf.org", "version")
    (complaint,) = again.complaints
    assert complaint == f"{file}: the recording holds no answer of 194.191.40.83 to nist.gov. MX."
    assert again.status == 1
    # The first has no finding, and the session lived: the second is as it was.
    assert again.documents[0]["error"] == complaint
    assert again.documents[1:] == before.documents
    assert len(before.documents) == 1


def esashell(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [sys.executable, "-m", "esashell", "--state", str(cwd / "state"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": root},
    )


def test_the_program_records_and_replays(tmp_path: Path) -> None:
    asking = ("--json", "-c", "daneverify ietf.org")
    before = esashell("--record", "t.gz", *asking, cwd=tmp_path)
    assert (before.returncode, before.stderr) == (0, "")
    again = esashell("--world", "replay:t.gz", *asking, cwd=tmp_path)
    assert (again.returncode, again.stderr, again.stdout) == (0, "", before.stdout)
    assert read_tape(str(tmp_path / "t.gz")).whole

    missing = esashell("--world=replay:t.gz", "-c", "daneverify nist.gov", cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.count("\n") == 1
    assert missing.stderr.startswith("t.gz: the recording holds no answer of ")
    assert "FAILED" not in missing.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--record", "taken"], "esashell: taken exists already"),
        (["--record", "no/such/folder"], "esashell: no/such/folder cannot be written"),
        (["--world", "replay:none"], "esashell: none cannot be read: No such file"),
        (["--world", "replay:taken"], "esashell: taken, at or behind the header: this is no gzip"),
    ],
)
def test_a_file_that_is_no_good_is_told_before_anything_is_done(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    (tmp_path / "taken").write_text("somebody's work")
    done = esashell(*arguments, "-c", "version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(message)
    assert (tmp_path / "taken").read_text() == "somebody's work"


def test_a_replay_begins_with_the_recorded_settings_and_time_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    state, file = tmp_path / "state", tmp_path / "t"
    lines = "dnsconfig parent new 194.191.40.84 0", "sethostname mail.example; commit mine"
    Played(Options(), state, *lines)
    before = recording(file, state, "daneverify ietf.org")
    again = replaying(
        file, tmp_path / "b", "daneverify ietf.org", "sethostname another.example; commit x"
    )
    assert again.documents == before.documents
    assert again.complaints == []
    assert again.session.running.hostname == "another.example"
    tape = read_tape(str(file))
    assert tape.header.start <= again.session.clock.now() < tape.header.start + 60_000_000
    assert not (tmp_path / "b").exists()
    memory = again.session.memory
    assert Path(memory, "config").is_dir()
    del again
    assert not Path(memory).exists()
    assert replaying(file, tmp_path / "b").session.running.hostname == "mail.example"


def test_the_root_keys_are_followed_as_they_were(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for name in ("first", "second"):
        file = tmp_path / name
        before = recording(file, state, "daneverify ietf.org", "daneverify mismatch.lab")
        again = replaying(file, tmp_path / "b", "daneverify ietf.org", "daneverify mismatch.lab")
        assert again.complaints == []
        assert again.documents == before.documents
    kept = (state / "anchors" / "root.key").read_text()
    assert read_tape(str(tmp_path / "first")).header.root_keys == ""
    assert read_tape(str(tmp_path / "second")).header.root_keys == kept


def test_an_operator_s_own_anchors_are_on_the_tape(tmp_path: Path) -> None:
    anchor, file = tmp_path / "anchor", tmp_path / "t"
    anchor.write_text(anchor_text(Lab(FixedClock(play.NINE)).anchor))
    before = recording(file, tmp_path / "a", "daneverify ietf.org", anchor=str(anchor))
    assert read_tape(str(file)).header.root_keys is None
    assert replaying(file, tmp_path / "b", "daneverify ietf.org").documents == before.documents
    assert before.documents[0]["verdict"] == "DANE SUCCESS"


def test_a_tape_holds_no_paths_and_no_names_of_users(tmp_path: Path) -> None:
    scenario = tmp_path / "secret-scenario.toml"
    scenario.write_text(
        '[domain."own.lab"]\nshows = "x"\nrecords = """\n@ MX 0 .\n"""\n', encoding="utf-8"
    )
    file = tmp_path / "t"
    state = tmp_path / "state"
    Played(Options(), state, "sethostname mail.example; commit a secret comment")
    lines = ["daneverify own.lab", "daneverify ietf.org", "commit nothing", "frobnicate"]
    recording(file, state, *lines, scenarios=[str(scenario)])
    plain = gzip.decompress(file.read_bytes()).decode()
    assert len(plain) > 10_000
    assert "mail.example" in plain  # it is said in EHLO
    assert "192.168.42.42" in plain  # the lab's address of ours, which the evidence shows
    secrets = [str(tmp_path), "secret", os.path.expanduser("~"), "frobnicate", sys.prefix]
    for each in [*secrets, f'"{getpass.getuser()}"', f"{os.sep}state"]:
        assert each not in plain, each


def test_a_disk_that_is_full_is_told_and_the_session_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: TapeWriter, entry: object) -> None:
        raise RecordingFailed("The recording cannot be continued.")

    monkeypatch.setattr(TapeWriter, "append", full)
    done = recording(tmp_path / "t", tmp_path / "a", "daneverify ietf.org", "version")
    assert done.complaints == ["The recording cannot be continued."]
    assert done.status == 1


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("anchors", ("nonsense",), "the header: Trust anchor, line 1"),
        ("configuration", "", "the header: configuration, line 1: the file is empty"),
        ("configuration", "schema = 99", "written by a newer esashell"),
        ("configuration", "schema = 1\nhostname = 7\n", "hostname"),
        ("configuration", "schema = 1\n[[dns.servers]]\naddress = '\\u001b[2J'\n", "line"),
        ("root_keys", "nonsense", "root.key"),
    ],
)
def test_a_header_that_its_readers_do_not_take_is_told(
    tmp_path: Path, field: str, value: Any, complaint: str
) -> None:
    from msgspec.structs import replace

    recording(tmp_path / "t", tmp_path / "a", "daneverify null-mx.lab")
    tape = read_tape(str(tmp_path / "t"))
    writer = TapeWriter(str(tmp_path / "u"), replace(tape.header, **{field: value}))
    for each in tape.entries:
        writer.append(each)
    writer.close()
    done = replaying(tmp_path / "u", tmp_path / "b", "daneverify null-mx.lab", "version")
    assert done.status == 1
    assert [each["schema"] for each in done.documents] == ["esashell.error"]
    assert complaint in done.complaints[0]
    assert done.complaints[0].isprintable()


def test_the_faults_are_an_operator_s() -> None:
    # Whatever else is caught on the way: an engine catches none of these.
    for each in (BadTape, NotRecorded, RecordingFailed):
        assert issubclass(each, OperatorError)
    assert not issubclass(NotRecorded, BadConfiguration)


def test_a_session_that_is_not_recorded_has_the_bare_world(tmp_path: Path) -> None:
    assert type(play.session(tmp_path).world) is Lab
    options = Options()
    options.record = str(tmp_path / "t")
    session = Session(options, str(tmp_path), Output(json=False), clock=FixedClock(play.NINE))
    assert type(session.world) is Recorder
    session.close()
    assert read_tape(options.record).header.start == play.NINE


def test_the_options() -> None:
    options = read(["--world", "replay:a:b", "--state", "/s"])
    assert (options.world, options.tape, options.record) == ("replay", "a:b", None)
    assert state_folder("/s", options.world, {}) == "/s/replay"
    assert read(["--record=x"]).record == "x"
    for wrong in (
        ["--world", "replay"], ["--world", "replay:"], ["--world", "lab:x"], ["--record="],
        ["--world", "replay:x", "--record", "y"], ["--world", "replay:x", "--anchor", "y"],
    ):  # fmt: skip
        with pytest.raises(UsageError):
            read(wrong)
