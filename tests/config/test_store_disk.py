"""The store on disks that are full, failing, or laid out unexpectedly."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from esashell.clock import FixedClock
from esashell.config.store import Store
from esashell.errors import BadConfiguration, CommitRefused
from tests.config.stores import FACTORY, files, named, refusal, three_commits


def full(*arguments: object, **named: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["os.fsync", "os.replace", "os.ftruncate", "os.pwrite"])
def test_a_full_disk_is_one_clear_line_and_changes_nothing(
    directory: Path, store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    three_commits(store)
    before = files(directory)
    monkeypatch.setattr(step, full)
    assert refusal(store, 3) == ("Not committed, nothing was changed: No space left on device.")
    monkeypatch.undo()
    assert files(directory) == before
    assert store.load().number == 3
    assert store.commit(3, FACTORY, "admin", "").number == 4


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("failing", range(12))
@pytest.mark.parametrize("interrupt", [False, True])
def test_whichever_step_fails_a_refusal_leaves_what_was(
    directory: Path,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    *,
    failing: int,
    first: bool,
    interrupt: bool,
) -> None:
    """One flush or renaming fails, the following ones work: the last is after the renaming."""
    if not first:
        three_commits(store)
    loaded = store.load()
    before = files(directory)
    steps = 0

    def sometimes(real: Callable[..., None]) -> Callable[..., None]:
        def step(*arguments: object) -> None:
            nonlocal steps
            steps += 1
            if steps == failing + 1:
                if interrupt:
                    raise KeyboardInterrupt
                full()
            real(*arguments)

        return step

    monkeypatch.setattr(os, "fsync", sometimes(os.fsync))
    monkeypatch.setattr(os, "replace", sometimes(os.replace))
    try:
        store.commit(loaded.number, named("new.example"), "admin", "")
    except (CommitRefused, KeyboardInterrupt):
        assert steps > failing
        monkeypatch.undo()
        assert files(directory) == before
        assert store.load() == loaded
        store.commit(loaded.number, named("new.example"), "admin", "")
    else:
        assert steps <= failing
    assert store.load().config == named("new.example")


def test_when_even_putting_back_fails_nobody_is_told_that_all_is_as_before(
    directory: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_commits(store)
    real = os.fsync
    flushes = 0

    def dying(opened: int) -> None:
        nonlocal flushes
        flushes += 1
        if flushes >= 4:  # text and folder of the history, text of the running file, then:
            full()
        real(opened)

    monkeypatch.setattr(os, "fsync", dying)
    assert refusal(store, 3, named("new.example")) == (
        "The disk fails, and revision 4 may run now or not: No space left on device."
    )
    monkeypatch.undo()
    assert store.load().number == 4
    assert [head.number for head in store.history()] == [4, 3, 2, 1]


def test_a_file_where_a_folder_should_be_is_one_clear_line(
    tmp_path: Path, clock: FixedClock
) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "config", clock, FACTORY)
    assert refusal(store, 0).startswith("Not committed, nothing was changed: ")
    with pytest.raises(BadConfiguration, match="Not a directory"):
        store.load()
    assert (tmp_path / "file").read_text() == ""


def test_a_file_in_the_place_of_the_history_is_one_clear_line(
    directory: Path, store: Store
) -> None:
    directory.mkdir(parents=True)
    (directory / "history").write_text("")
    assert "history: Not a directory" in refusal(store, 0)
    with pytest.raises(BadConfiguration, match="history: Not a directory"):
        store.load()


def test_a_folder_in_the_place_of_the_lock_is_one_clear_line(directory: Path, store: Store) -> None:
    (directory / "lock").mkdir(parents=True)
    assert refusal(store, 0) == (
        f"Not committed, nothing was changed: {directory}/lock: Is a directory."
    )
    assert store.load().number == 0
