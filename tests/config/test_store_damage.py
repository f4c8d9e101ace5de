"""What the store makes of files that are damaged, missing, or left by a crash."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from esashell.clock import FixedClock
from esashell.config.revision import written
from esashell.config.store import Revision, Store
from esashell.errors import BadConfiguration
from tests.config.stores import FACTORY, MOMENT, files, named, refusal, three_commits

# Crashes, as they look afterwards.


def test_a_crash_before_the_renaming_leaves_the_old_configuration(
    directory: Path, store: Store
) -> None:
    three_commits(store)
    never_ran = Revision(4, named("four.example"), "admin", MOMENT, "", 3)
    (directory / "history" / "000004.toml").write_text(written(never_ran))
    (directory / ".running.toml.new").write_text("half a te")
    assert store.load().config.hostname == "three.example"
    assert [head.number for head in store.history()] == [3, 2, 1]
    assert store.commit(3, named("five.example"), "admin", "").number == 5
    assert [head.number for head in store.history()] == [5, 3, 2, 1]
    assert not (directory / ".running.toml.new").exists()


def test_a_crash_in_the_very_first_commit_leaves_a_new_appliance(
    directory: Path, store: Store
) -> None:
    for number in (1, 2):
        path = directory / "history" / f"{number:06d}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(Revision(number, FACTORY, "admin", MOMENT, "", 0)))
    assert store.load().number == 0
    assert store.commit(0, FACTORY, "admin", "").number == 3
    assert [head.number for head in store.history()] == [3]


# Damage.


def cut(raw: bytes) -> bytes:
    return raw[: raw.index(b"\n[dns]")]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda raw: b"", "running.toml, line 1: the file is empty"),
        (lambda raw: b"\x00" * len(raw), "running.toml, line 1: "),
        (lambda raw: raw[:-22], "is missing, so settings may be too"),
        (cut, "running.toml, line 23: the file is cut off"),
        (lambda raw: raw.replace(b"myesa", b"\xff\xfe"), "line 9: byte 0xff is not UTF-8"),
        (lambda raw: raw.replace(b"schema = 2", b"schema = 3"), "line 8: written by a newer"),
        (lambda raw: raw.replace(b'"Management"', b"3"), "line 17: interfaces[1].name: this must"),
        (lambda raw: raw.replace(b"priority", b"weight", 1), 'line 35: there is no setting "weig'),
        (lambda raw: raw + b"\x1b[2J", "Invalid statement"),
    ],
)
def test_a_damaged_file_is_refused_with_a_cure_and_never_overwritten(
    directory: Path, store: Store, damage: Callable[[bytes], bytes], what: str
) -> None:
    store.commit(0, FACTORY, "admin", "")
    running = directory / "running.toml"
    running.write_bytes(damage(running.read_bytes()))
    before = files(directory)
    good = directory / "history" / "000001.toml"
    for refuse in (store.load, store.history):
        with pytest.raises(BadConfiguration) as refused:
            refuse()
        answer = str(refused.value)
        assert what in answer
        assert answer.startswith(str(running))
        assert answer.endswith(f"To go back to revision 1, the last good one: cp {good} {running}")
        assert answer.isprintable()
    for base in (0, 1):
        assert refusal(store, base) == f"Not committed: {answer}"
    assert files(directory) == before
    # The cure cures.
    shutil.copy(good, running)
    assert store.commit(store.load().number, FACTORY, "admin", "").number == 2


def test_the_cure_is_the_newest_revision_that_is_whole(directory: Path, store: Store) -> None:
    three_commits(store)
    (directory / "running.toml").write_bytes(b"")
    (directory / "history" / "000003.toml").write_bytes(b"")
    (directory / "history" / "000004.toml").mkdir()
    with pytest.raises(BadConfiguration, match="To go back to revision 2"):
        store.load()


def test_where_nothing_is_left_the_cure_is_to_begin_anew(directory: Path, store: Store) -> None:
    directory.mkdir(parents=True)
    (directory / "running.toml").write_bytes(b"?")
    with pytest.raises(BadConfiguration, match="To begin with the factory's settings, move /"):
        store.load()


def test_a_path_with_a_blank_can_be_pasted_into_a_shell(tmp_path: Path, clock: FixedClock) -> None:
    store = Store(tmp_path / "it's here", clock, FACTORY)
    store.commit(0, FACTORY, "admin", "")
    running = tmp_path / "it's here" / "running.toml"
    running.write_bytes(b"")
    with pytest.raises(BadConfiguration) as refused:
        store.load()
    assert os.system(str(refused.value).rpartition("one: ")[2]) == 0
    assert store.load().number == 1


def test_a_folder_in_the_place_of_the_file_is_refused(directory: Path, store: Store) -> None:
    store.commit(0, FACTORY, "admin", "")
    running = directory / "running.toml"
    running.unlink()
    running.mkdir()
    with pytest.raises(BadConfiguration, match=r"Is a directory.*away, and then cp"):
        store.load()
    assert "Is a directory" in refusal(store, 1)
    assert running.is_dir()


def test_a_running_file_that_is_gone_is_not_a_new_appliance(directory: Path, store: Store) -> None:
    three_commits(store)
    (directory / "running.toml").unlink()
    before = files(directory)
    with pytest.raises(BadConfiguration, match=r"running\.toml is missing.*revision 3, the last"):
        store.load()
    assert "is missing" in refusal(store, 0)
    assert files(directory) == before


def test_damage_in_the_history_does_not_hide_the_rest(directory: Path, store: Store) -> None:
    three_commits(store)
    (directory / "history" / "000002.toml").write_bytes(b"\xff")
    assert [head.number for head in store.history()] == [3, 1]
    with pytest.raises(BadConfiguration, match=r"000002\.toml, line 1: byte 0xff"):
        store.revision(2)
    (directory / "history" / "000002.toml").unlink()
    assert [head.number for head in store.history()] == [3, 1]
    assert "Revision 3, by admin" in refusal(store, 2)
    assert "Revision 3, by admin" in refusal(store, 1)


def test_a_history_that_was_thrown_away_does_not_stop_the_work(
    directory: Path, store: Store
) -> None:
    three_commits(store)
    shutil.rmtree(directory / "history")
    assert store.revision(3).config.hostname == "three.example"
    with pytest.raises(BadConfiguration, match="no revision 2"):
        store.revision(2)
    assert store.commit(3, FACTORY, "admin", "").number == 4
    assert [head.number for head in store.history()] == [4]


def test_other_files_in_the_history_are_nobody_s_revision(directory: Path, store: Store) -> None:
    three_commits(store)
    for name in ("notes.txt", "000009.toml~", "9.toml", "٠٠٠٠٠٩.toml", ".000004.toml.new"):
        (directory / "history" / name).write_text("x")
    assert [head.number for head in store.history()] == [3, 2, 1]
    assert store.commit(3, FACTORY, "admin", "").number == 4


def test_a_byte_gone_wrong_is_noticed_or_harmless(tmp_path: Path, clock: FixedClock) -> None:
    raw = written(Revision(1, FACTORY, "admin", MOMENT, "", 0)).encode()
    noticed = 0
    for place in range(0, len(raw), 31):
        for noise in (b"\n", b"\x00", b'"', b"[", b"9"):
            running = tmp_path / "running.toml"
            running.write_bytes(raw[:place] + noise + raw[place + 1 :])
            store = Store(tmp_path, clock, FACTORY)
            try:
                revision = store.load()
            except BadConfiguration:
                noticed += 1
            else:
                store.commit(revision.number, revision.config, "admin", "")
                assert store.load().config == revision.config
    assert noticed > 100
