import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from esashell.config import durable


def never(seconds: float) -> None:
    """The pause of a test in which nobody should have to wait."""
    raise AssertionError("waited")


def test_a_new_text_takes_the_place_of_the_old_and_leaves_nothing_beside_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    for text in (b"one", b"", b"three\x00"):
        durable.replace(path, text)
        assert path.read_bytes() == text
        assert os.listdir(tmp_path) == ["file"]


def test_what_a_crash_left_behind_is_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / ".file.new").write_bytes(b"half a te")
    durable.replace(tmp_path / "file", b"whole")
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / ".file.new").symlink_to(tmp_path / "precious")
    durable.replace(tmp_path / "file", b"whole")
    assert (tmp_path / "precious").read_bytes() == b"precious"


@pytest.mark.parametrize("step", ["fsync", "replace", "open"])
def test_when_the_disk_will_not_the_old_text_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    durable.replace(tmp_path / "file", b"old")
    monkeypatch.setattr("builtins.open" if step == "open" else f"os.{step}", full)
    with pytest.raises(OSError, match="No space"):
        durable.replace(tmp_path / "file", b"new")
    monkeypatch.undo()
    assert (tmp_path / "file").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_system_that_cannot_flush_folders_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(opened: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{opened}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(opened)

    monkeypatch.setattr(os, "fsync", fsync)
    durable.replace(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_the_text_and_then_the_folder_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []
    real_sync, real_replace = os.fsync, os.replace

    def fsync(opened: int) -> None:
        steps.append(f"flush {Path(os.readlink(f'/proc/self/fd/{opened}')).name}")
        real_sync(opened)

    def replace(old: Path, new: Path) -> None:
        steps.append(f"rename {old.name} {new.name}")
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    durable.replace(tmp_path / "file", b"new")
    assert steps == ["flush .file.new", "rename .file.new file", f"flush {tmp_path.name}"]


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    durable.folder(tmp_path / "a" / "b" / "c")
    durable.folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_a_lock_names_its_holder_while_it_is_held_and_not_after(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with durable.alone(lock, "admin (process 7)", never):
        assert lock.read_text() == "admin (process 7)\n"
    assert lock.read_text() == ""
    with durable.alone(lock, "eve", never):
        assert lock.read_text() == "eve\n"


def test_a_lock_is_released_when_its_block_fails(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        durable.alone(tmp_path / "lock", "admin", never),
    ):
        raise KeyboardInterrupt
    with durable.alone(tmp_path / "lock", "eve", never):
        pass


def test_a_lock_that_stays_taken_names_who_has_it(tmp_path: Path) -> None:
    pauses: list[float] = []
    with (
        durable.alone(tmp_path / "lock", "admin (process 7)", never),
        pytest.raises(durable.Held, match=r"^admin \(process 7\)$"),
        durable.alone(tmp_path / "lock", "eve", pauses.append),
    ):
        raise AssertionError("two hold one lock")
    assert 1.5 <= sum(pauses) <= 3  # seconds


def test_whoever_waits_gets_the_lock_when_it_is_released(tmp_path: Path) -> None:
    holder = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            os.close(holder)

    with durable.alone(tmp_path / "lock", "eve", pause):
        assert (tmp_path / "lock").read_text() == "eve\n"
    assert len(pauses) == 3


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    source = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX);"
        "f.write('admin'); f.flush(); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with (
            pytest.raises(durable.Held, match="admin"),
            durable.alone(lock, "eve", lambda seconds: None),
        ):
            raise AssertionError("two hold one lock")
        holder.kill()
        holder.wait()
    with durable.alone(lock, "eve", never):
        assert lock.read_text() == "eve\n"
