"""What a long file was read as is kept, and believed for that very file and program only."""

from pathlib import Path
from random import Random

import pytest
from msgspec import Struct
from msgspec.structs import replace

from esashell.clock import FixedClock
from esashell.config import codec, running, sidecar
from esashell.config.check import breaches, check
from esashell.config.codec import decode, encode
from esashell.config.model.destination import DestinationControl
from esashell.config.model.dnsserver import AlternateDomain, AlternateServer
from esashell.config.store import Store
from esashell.config.tree import Config, factory
from esashell.errors import BadConfiguration, CommitRefused
from tests.config.large import large, with_another_limit

LARGE = large(2000)


def open_store(directory: Path) -> Store:
    return Store(directory, FixedClock(1_740_819_600_000_000), factory("192.0.2.1"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The folder of an appliance with a long file."""
    open_store(tmp_path).commit(0, LARGE, "admin", "many")
    return tmp_path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were read as TOML."""
    found: list[str] = []
    real = running.read_text
    monkeypatch.setattr(
        running, "read_text", lambda raw, where: found.append(where) or real(raw, where)
    )
    return found


def test_a_long_file_that_was_committed_is_not_read_again(
    directory: Path, reads: list[str]
) -> None:
    assert open_store(directory).load().config == LARGE
    assert reads == []


def test_a_long_file_that_was_edited_by_hand_is_read_once(
    directory: Path, reads: list[str]
) -> None:
    path = directory / "running.toml"
    text = path.read_text()
    assert 'hostname = "myesa.local"' in text
    path.write_text(text.replace("myesa.local", "edited.example"))
    for _ in range(2):
        loaded = open_store(directory).load()
        assert loaded.config == replace(LARGE, hostname="edited.example")
    assert reads == [str(path)]


def test_a_damaged_file_is_complained_about_whatever_was_kept(directory: Path) -> None:
    path = directory / "running.toml"
    path.write_bytes(path.read_bytes().removesuffix(b"# End of revision 1.\n"))
    with pytest.raises(BadConfiguration, match="cut off"):
        open_store(directory).load()


def test_whatever_is_wrong_with_what_was_kept_it_is_passed_over(
    directory: Path, reads: list[str]
) -> None:
    kept = directory / "running.cache"
    whole = kept.read_bytes()
    dice = Random(1)
    spoilt = [b"", b"\xc1", whole[:31], whole[:-1], whole + b"\0", dice.randbytes(500)]
    for _ in range(10):
        piece = bytearray(whole)
        piece[dice.randrange(len(piece))] ^= 1 << dice.randrange(8)
        spoilt.append(bytes(piece))
    for each in spoilt:
        kept.write_bytes(each)
        assert open_store(directory).load().config == LARGE
        assert kept.read_bytes() != each  # mended
    assert len(reads) == len(spoilt)


def test_another_program_reads_the_file_itself(
    directory: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar, "_program", lambda: b"another one")
    assert open_store(directory).load().config == LARGE
    assert len(reads) == 1


def test_a_short_file_has_nothing_beside_it(tmp_path: Path) -> None:
    open_store(tmp_path).commit(0, large(20), "admin", "")
    assert not (tmp_path / "running.cache").exists()
    assert open_store(tmp_path).load().config == large(20)


def test_where_nothing_can_be_kept_everything_works(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar, "_beside", lambda path: path / "not" / "a" / "folder")
    kept = open_store(tmp_path)
    assert kept.commit(0, LARGE, "admin", "").number == 1
    assert open_store(tmp_path).load().config == LARGE
    assert len(reads) == 1


def test_a_commit_of_one_change_writes_all_the_rest_as_it_was(directory: Path) -> None:
    kept = open_store(directory)
    before = kept.load()
    after = kept.commit(1, with_another_limit(before.config, 7, 999), "admin", "")
    kept.settle()
    old, new = ((directory / "history" / f"00000{n}.toml").read_text() for n in (1, 2))
    lines = [(a, b) for a, b in zip(old.splitlines(), new.splitlines(), strict=True) if a != b]
    assert ("concurrency = 8", "concurrency = 999") in lines
    assert len(lines) == 5  # number, base, comment, the setting, the last line
    assert open_store(directory).load() == after


def test_a_program_that_begins_writes_what_another_has_written_as_it_was(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codec, "_written", codec._Written())
    blocks = 0
    real = codec._block

    def counted(record: Struct, path: str) -> str:
        nonlocal blocks
        blocks += 1
        return real(record, path)

    monkeypatch.setattr(codec, "_block", counted)
    kept = open_store(directory)
    kept.commit(1, with_another_limit(kept.load().config, 7, 999), "admin", "")
    kept.settle()
    assert blocks < 40  # and not 2,000
    monkeypatch.setattr(codec, "_written", codec._Written())
    assert encode(kept.load().config) in (directory / "running.toml").read_text()
    assert open_store(directory).load().config.destinations.entries[7].concurrency == 999


def test_records_with_tables_of_their_own_are_not_taken_for_half_of_them() -> None:
    servers = (AlternateServer("192.0.2.1"), AlternateServer("192.0.2.2"))
    many = tuple(AlternateDomain(f"d{each}.example", servers) for each in range(1200))
    config = replace(LARGE, dns=replace(LARGE.dns, alternates=many))
    text = encode(config)
    other = decode(text, "a file")
    codec.remember(text, other)
    assert encode(other) == text


def test_the_same_record_in_another_place_is_written_there() -> None:
    entries = LARGE.destinations.entries
    turned = replace(
        LARGE, destinations=replace(LARGE.destinations, entries=tuple(reversed(entries)))
    )
    assert encode(LARGE).split("\n\n")[::-1] != encode(turned).split("\n\n")
    assert sorted(encode(LARGE).split("\n\n")) == sorted(encode(turned).split("\n\n"))


def with_entries(*entries: DestinationControl) -> Config:
    return replace(LARGE, destinations=replace(LARGE.destinations, entries=entries))


@pytest.mark.parametrize(
    "bad", [DestinationControl("a b"), LARGE.destinations.entries[3]], ids=["new", "twice"]
)
def test_rules_are_kept_by_what_is_new_among_much_that_is_known(bad: DestinationControl) -> None:
    config = with_entries(*LARGE.destinations.entries, bad)
    assert breaches(config, LARGE) == breaches(config) != ()
    with pytest.raises(CommitRefused):
        check(config, LARGE)
