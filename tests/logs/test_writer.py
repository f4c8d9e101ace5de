"""Log files as several shells write them, and as they are left by one that was killed."""

import errno
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.logs import LogSubscription, LogType
from esashell.logs import writer as writing
from esashell.logs.files import log_file, log_files
from esashell.logs.lock import Busy, alone, leave, left
from esashell.logs.stamp import file_stamp, line_stamp
from esashell.logs.writer import LOCK, LogWriter

FEBRUARY = 1_549_310_927_000_000  # Mon Feb 4 20:08:47 2019
SECOND = 1_000_000


def writer(folder: Path, **settings: object) -> LogWriter:
    subscription = LogSubscription("mail_logs", LogType.MAIL, "mail", **settings)  # type: ignore[arg-type]
    return LogWriter(
        folder,
        subscription,
        lambda now: 0,
        begins=lambda now: [f"{line_stamp(now)} Info: Begin Logfile"],
        ends=lambda now: [f"{line_stamp(now)} Info: End Logfile"],
    )


def names(folder: Path) -> list[str]:
    return [each.path.name for each in log_files(folder)]


def all_lines(folder: Path) -> list[str]:
    """Every line but the banners, oldest first; each file ends in whole lines."""
    texts = [each.path.read_text() for each in log_files(folder)]
    assert all(text.endswith("\n") for text in texts)
    lines = "".join(texts).splitlines()
    return [line for line in lines if not line.endswith(("Begin Logfile", "End Logfile"))]


def test_a_file_is_named_after_its_beginning_and_begins_and_ends_with_a_line(
    tmp_path: Path,
) -> None:
    log = writer(tmp_path)
    assert log.write(["one"], FEBRUARY) is None
    assert names(tmp_path) == ["mail.@20190204T200847.c"]
    log.roll_over(FEBRUARY + 9 * SECOND)
    assert names(tmp_path) == ["mail.@20190204T200847.s", "mail.@20190204T200856.c"]
    assert (tmp_path / "mail.@20190204T200847.s").read_text().splitlines() == [
        "Mon Feb 4 20:08:47 2019 Info: Begin Logfile",
        "one",
        "Mon Feb 4 20:08:56 2019 Info: End Logfile",
    ]


def test_a_full_file_is_saved_and_only_the_last_ones_are_kept(tmp_path: Path) -> None:
    log = writer(tmp_path, maximum_size=200, maximum_files=4)
    lines = [f"line {number:04d} {'x' * 20}" for number in range(60)]
    for line in lines:
        assert log.write([line], FEBRUARY) is None
    files = log_files(tmp_path)
    assert len(files) == 4
    assert [each.is_current for each in files] == [False, False, False, True]
    kept = all_lines(tmp_path)
    assert kept == lines[-len(kept) :]
    assert all(each.path.stat().st_size <= 200 + 50 for each in files)


def test_many_lines_at_once_are_parted_between_lines(tmp_path: Path) -> None:
    log = writer(tmp_path, maximum_size=300, maximum_files=100)
    lines = [f"line {number}" for number in range(200)]
    assert log.write(lines, FEBRUARY) is None
    assert all_lines(tmp_path) == lines
    assert len(log_files(tmp_path)) > 5


def test_a_line_larger_than_a_file_is_written_whole(tmp_path: Path) -> None:
    log = writer(tmp_path, maximum_size=100)
    lines = ["short", "y" * 500, "short again"]
    assert log.write(lines, FEBRUARY) is None
    assert all_lines(tmp_path) == lines


def test_an_old_file_is_rolled_over_before_the_next_line(tmp_path: Path) -> None:
    log = writer(tmp_path, rollover=3600)
    log.write(["one"], FEBRUARY)
    log.write(["two"], FEBRUARY + 3599 * SECOND)
    assert len(names(tmp_path)) == 1
    log.write(["three"], FEBRUARY + 3600 * SECOND)
    assert names(tmp_path) == ["mail.@20190204T200847.s", "mail.@20190204T210847.c"]
    assert all_lines(tmp_path) == ["one", "two", "three"]


@given(st.text())
def test_whatever_a_line_holds_it_stays_one_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    folder = tmp_path_factory.mktemp("log")
    writer(folder).write([text, "next"], FEBRUARY)
    written = log_files(folder)[0].path.read_bytes()
    assert written.count(b"\n") == 3
    assert written.endswith(b"\nnext\n")


def test_half_a_line_of_a_writer_that_was_killed_is_cut_off(tmp_path: Path) -> None:
    writer(tmp_path).write(["whole"], FEBRUARY)
    path = log_files(tmp_path)[0].path
    with path.open("ab") as file:
        file.write(b"half a li" * 2000)
    writer(tmp_path).write(["next"], FEBRUARY)
    assert all_lines(tmp_path) == ["whole", "next"]


def test_a_rollover_that_was_interrupted_is_finished(tmp_path: Path) -> None:
    log = writer(tmp_path)
    log.write(["one"], FEBRUARY)
    # Two current files: killed after the new one was begun; none: killed after the old was saved.
    (tmp_path / "mail.@20190204T200900.c").write_text("two\n")
    writer(tmp_path).write(["three"], FEBRUARY)
    assert names(tmp_path) == ["mail.@20190204T200847.s", "mail.@20190204T200900.c"]
    (tmp_path / "mail.@20190204T200900.c").rename(tmp_path / "mail.@20190204T200900.s")
    log.write(["four"], FEBRUARY + 60 * SECOND)
    assert all_lines(tmp_path) == ["one", "two", "three", "four"]


def test_two_shells_lose_and_part_no_line_even_when_one_is_killed(tmp_path: Path) -> None:
    """Writers in processes of their own, some killed: what they wrote is whole and in order."""
    rounds, each = 6, 40
    for number in range(rounds):
        pids = [_spawn(tmp_path, f"{number}{name}", each) for name in "ab"]
        if number % 2:
            time.sleep(0.02)
            os.kill(pids[0], signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)
    lines = all_lines(tmp_path)
    assert max(Counter(lines).values()) == 1
    for number in range(rounds):
        for name in "ab":
            mine = [line for line in lines if line.startswith(f"{number}{name} ")]
            wanted = [_line(f"{number}{name}", count) for count in range(each * 5)]
            assert mine == wanted[: len(mine)]
            if name == "b" or number % 2 == 0:
                assert mine == wanted
    assert len(log_files(tmp_path)) > 3


def _line(who: str, count: int) -> str:
    return f"{who} {count:05d} {'z' * (count % 70)}"


def _spawn(folder: Path, who: str, rounds: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        log = writer(folder, maximum_size=5000, maximum_files=10_000)
        for number in range(rounds):
            lines = [_line(who, count) for count in range(number * 5, number * 5 + 5)]
            assert log.write(lines, FEBRUARY + number * SECOND // 10) is None
        os._exit(0)
    except BaseException as error:
        sys.stderr.write(f"{error!r}\n")
        os._exit(1)


def test_a_full_disk_is_told_once_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = writer(tmp_path)
    log.write(["before"], FEBRUARY)
    real = os.write

    def full(file: int, text: bytes) -> int:
        if len(text) > 3:
            return real(file, text[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert log.write(["lost"], FEBRUARY) == "No space left on device"
    assert log.write(["lost too"], FEBRUARY) is None
    monkeypatch.setattr(os, "write", real)
    assert log.write(["after"], FEBRUARY) is None
    assert all_lines(tmp_path) == ["before", "after"]


def test_a_folder_that_cannot_be_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    log = writer(tmp_path / "logs" / "mail_logs")
    assert log.write(["lost"], FEBRUARY) == "Not a directory"
    assert log.write(["lost"], FEBRUARY) is None


def test_names_of_other_files_are_not_taken_for_logs(tmp_path: Path) -> None:
    for name in (".lock", "mail", "mail.@2019.s", "mail.@20190204T200847.x", "notes.txt"):
        assert log_file(tmp_path / name) is None
    packed = log_file(tmp_path / "mail.@20190204T200847.s.gz")
    assert packed is not None
    assert not packed.is_current
    assert log_file(tmp_path / "mail.current.@20190204T200847.current") is not None


def test_files_begun_within_one_second_sort_by_age(tmp_path: Path) -> None:
    log = writer(tmp_path, maximum_files=60)
    for number in range(40):
        log.write([f"{number}"], FEBRUARY)
        log.roll_over(FEBRUARY)
    assert all_lines(tmp_path) == [f"{number}" for number in range(40)]


def test_times_are_those_of_the_zone() -> None:
    zurich = lambda now: 3600  # noqa: E731
    assert line_stamp(FEBRUARY, zurich) == "Mon Feb 4 21:08:47 2019"
    assert file_stamp(FEBRUARY, zurich) == "20190204T210847"


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[int]:
    """Another process that holds the folder's lock, and is stopped."""
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        with alone(tmp_path / LOCK):
            os.write(told, b"+")
            os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.close(told)
    assert os.read(ready, 1) == b"+"
    os.close(ready)
    os.waitpid(pid, os.WUNTRACED)
    yield pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_a_lock_that_is_kept_is_told_once_and_loses_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    log, other = writer(tmp_path, maximum_size=300, maximum_files=99), writer(tmp_path)
    assert log.write(["before"], FEBRUARY) is None
    pid = request.getfixturevalue("holder")
    began = time.monotonic()
    assert log.write(["one"], FEBRUARY) == "another process keeps it locked"
    assert 0.2 <= time.monotonic() - began < 2
    began = time.monotonic()
    for number in range(50):
        assert log.write([f"{number}"], FEBRUARY) is None
    assert time.monotonic() - began < 0.2  # nobody waits a second time
    with pytest.raises(Busy):
        log.roll_over(FEBRUARY)
    assert (log.in_trouble, log.lost) == (True, False)
    assert all_lines(tmp_path) == ["before"]
    os.kill(pid, signal.SIGCONT)
    while other.write(["last"], FEBRUARY) is not None:
        time.sleep(0.01)
    assert log.write(["after"], FEBRUARY) is None
    assert not log.in_trouble
    wanted = ["before", "one", *map(str, range(50)), "last", "after"]
    assert [line for line in all_lines(tmp_path) if line != "last"] == [
        line for line in wanted if line != "last"
    ]
    assert not left(tmp_path)


def test_a_lock_that_is_kept_on_a_full_disk_loses_lines_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: int
) -> None:
    def full(folder: Path, text: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "PATIENCE", 0.0)
    monkeypatch.setattr(writing, "leave", full)
    log = writer(tmp_path)
    assert log.write(["lost"], FEBRUARY) == "No space left on device"
    assert log.lost


def test_what_was_left_half_written_is_not_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = writer(tmp_path)
    log.write(["before"], FEBRUARY)

    def killed(old: str, new: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        leave(tmp_path, b"whole\nhal")
    monkeypatch.undo()
    leave(tmp_path, b"left\n")
    log.write(["after"], FEBRUARY)
    assert all_lines(tmp_path) == ["before", "left", "after"]
