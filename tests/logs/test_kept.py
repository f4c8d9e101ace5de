"""Log files from elsewhere."""

import gzip
import os
from pathlib import Path

import pytest

from esashell.errors import OperatorError
from esashell.logs.blocks import blocks
from esashell.logs.kept import kept_files
from esashell.logs.pattern import pattern
from esashell.logs.search import grep, whole


def test_the_order_is_that_of_the_first_lines_whatever_the_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"Tue Feb 5 20:08:47 2019 Info: second\n")
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"Mon Feb 4 20:08:47 2019 Info: first\n"))
    (tmp_path / "mail.@20190206T000000.s").write_bytes(
        b"\nno time\nWed Feb 6 00:00:00 2019 Info: third\n"
    )
    (tmp_path / "README").write_bytes(b"\xff no log at all")
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "below").mkdir()
    os.mkfifo(tmp_path / "pipe")
    names = [each.name for each in kept_files(tmp_path)]
    assert names == ["b.gz", "a.txt", "mail.@20190206T000000.s", "README"]
    assert kept_files(tmp_path / "a.txt") == [tmp_path / "a.txt"]


@pytest.mark.parametrize("name", ["nowhere", "\x00", "x" * 5000])
def test_what_is_no_directory_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        kept_files(tmp_path / name)


def test_an_empty_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="There are no files in"):
        kept_files(tmp_path)


@pytest.mark.parametrize("damage", [slice(0, 30), slice(0, 5), slice(5, None)])
def test_a_damaged_packed_file_is_an_error_of_reading(tmp_path: Path, damage: slice) -> None:
    path = tmp_path / "mail.gz"
    path.write_bytes(gzip.compress(os.urandom(5000))[damage])
    with pytest.raises(OSError, match=r"damaged|Not a gzipped"):
        list(blocks(path))


def test_a_file_that_is_rolled_over_or_removed_meanwhile(tmp_path: Path) -> None:
    current = tmp_path / "mail.@20250301T090000.c"
    current.write_bytes(b"a hit\n")
    shares = whole([tmp_path / "mail.@20250228T090000.s", current])
    current.rename(current.with_suffix(".s"))
    found: list[bytes] = []
    for processes in (1, 2):
        grep(shares, pattern(["hit"]), found.append, processes=processes)
    assert found == [b"a hit\n", b"a hit\n"]
