"""The folder for configurations: whole files, and no way out of it."""

import os
from pathlib import Path

import pytest

from esashell.errors import OperatorError
from esashell.shell import files
from tests.shell import play


def test_what_was_written_is_read_and_listed(tmp_path: Path) -> None:
    folder = str(tmp_path / "new" / "configuration")
    assert files.names(folder) == ()
    files.write(folder, "b.txt", "é\n")
    files.write(folder, "a.txt", "1")
    files.write(folder, "a.txt", "2")
    assert files.names(folder) == ("a.txt", "b.txt")
    assert files.read(folder, "a.txt") == b"2"
    assert files.read(folder, "b.txt") == "é\n".encode()
    assert sorted(os.listdir(folder)) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("name", ["", "../x", "/etc/passwd", "a/b", ".", "..", ".hidden", "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_text("outside")
    folder = str(tmp_path / "configuration")
    os.mkdir(folder)
    for refuse in (lambda: files.read(folder, name), lambda: files.write(folder, name, "x")):
        with pytest.raises(OperatorError, match="is not a file name") as refused:
            refuse()
        assert str(refused.value).isprintable()
    assert os.listdir(folder) == []


def test_what_is_no_file_is_neither_read_nor_offered(tmp_path: Path) -> None:
    folder = str(tmp_path)
    (tmp_path / "outside").symlink_to("/etc/passwd")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "odd\x1bname").write_text("")
    assert files.names(folder) == ()
    for name in ("outside", "folder", "pipe", "missing"):
        with pytest.raises(OperatorError, match=f'Error: "{name}"'):
            files.read(folder, name)
    with pytest.raises(OperatorError, match="is a folder"):
        files.write(folder, "folder", "x")


def test_a_link_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept")
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "link").symlink_to(other)
    files.write(str(folder), "link", "new")
    assert other.read_text() == "kept"
    assert files.read(str(folder), "link") == b"new"


def test_a_file_that_is_not_there_is_told_with_the_place_for_it(tmp_path: Path) -> None:
    session = play.session(tmp_path)
    with pytest.raises(OperatorError) as refused:
        session.read_file("none.cfg")
    assert str(refused.value) == (
        f'Error: "none.cfg": No such file or directory. Files to import belong in '
        f"{tmp_path}/configuration."
    )
    session.write_file("some.cfg", "x")
    assert session.files() == ("some.cfg",)
    assert session.read_file("some.cfg") == b"x"


def test_a_longer_file_than_any_table_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 10)
    files.write(str(tmp_path), "a", "x" * 10)
    files.write(str(tmp_path), "b", "x" * 11)
    assert files.read(str(tmp_path), "a") == b"x" * 10
    with pytest.raises(OperatorError, match="longer than 10 bytes"):
        files.read(str(tmp_path), "b")


def test_a_damaged_revision_is_named_to_whoever_wants_to_go_back_to_it(tmp_path: Path) -> None:
    names = [f"sethostname {each}.example.com; commit {each} y" for each in "abc"]
    lines = [line.strip() for each in names for line in each.split(";")]
    play.scripted(play.session(tmp_path), lines)
    history = tmp_path / "config" / "history"
    (history / "000001.toml").write_text("junk")

    def refused() -> str:
        session = play.session(tmp_path)
        said = play.scripted(session, ["rollbackconfig r1"]).transcript
        assert session.config.hostname == "c.example.com"
        return said

    assert f"{history / '000001.toml'}, line 1: " in refused()
    # Nothing is left to choose from: the nearest one is what is told of.
    (history / "000002.toml").write_text("junk")
    assert f"{history / '000002.toml'}, line 1: " in refused()
