"""The running file of a long configuration: commits are added to its end, and put in place later.

Every configuration is taken for a long one here, so that short ones show what happens.
"""

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from esashell.clock import FixedClock
from esashell.config import later, revision, running, sidecar
from esashell.config.check import breaches
from esashell.config.model.destination import DestinationControl, TlsSetting
from esashell.config.revision import read
from esashell.config.store import Store
from esashell.config.tree import Config
from esashell.errors import BadConfiguration, CommitRefused
from tests.config import trees
from tests.config.large import large, with_another_limit
from tests.config.stores import FACTORY, MOMENT, files, named, refusal, with_server

MINUTE = 60_000_000


@pytest.fixture(autouse=True)
def _all_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (revision, running, sidecar):
        monkeypatch.setattr(module, "LONG", 0)


@pytest.fixture
def path(directory: Path, store: Store) -> Path:
    """The running file after three commits, two of them added to it."""
    for number, name in enumerate(("one", "two", "three")):
        store.commit(number, named(f"{name}.example"), "admin", f"comment {name}")
    return directory / "running.toml"


def another(directory: Path) -> Store:
    return Store(directory, FixedClock(MOMENT), FACTORY)


def test_a_commit_is_added_in_toml_and_the_history_has_the_same_text(path: Path) -> None:
    text = path.read_text()
    assert "What was committed later stands at its end" in text.splitlines()[1]
    assert text.endswith("""
# Revision 3 has changed what is above.
[[later]]
revision.number = 3
revision.base = 2
revision.who = "admin"
revision.when = 2025-03-01 09:00:00+00:00
revision.comment = "comment three"

[[later.changes]]
at = ["hostname"]
before = "two.example"
after = "three.example"

# End of revision 3.
""")
    history = [path.parent / "history" / f"00000{number}.toml" for number in (1, 2, 3)]
    assert text == "".join(each.read_text() for each in history)
    store = another(path.parent)
    assert store.load().config == named("three.example")
    for number, name in enumerate(("one", "two", "three"), 1):
        assert store.revision(number).config == named(f"{name}.example")
    assert [head.comment for head in store.history()] == [
        "comment three",
        "comment two",
        "comment one",
    ]


def test_a_session_that_ends_puts_everything_in_its_place(path: Path, store: Store) -> None:
    before = store.load()
    store.settle()
    assert "[[later]]" not in path.read_text()
    assert path.read_bytes() == (path.parent / "history" / "000003.toml").read_bytes()
    assert another(path.parent).load() == store.load() == before
    assert store.revision(2).config == named("two.example")
    settled = files(path.parent)
    store.settle()
    assert files(path.parent) == settled


def test_who_finds_blocks_settles_them_too(path: Path) -> None:
    store = another(path.parent)
    store.load()
    store.settle()
    assert "[[later]]" not in path.read_text()


def test_after_so_many_blocks_a_commit_writes_the_file_anew(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MOST_BLOCKS", 4)
    counts = []
    for number in range(3, 12):
        store.commit(number, named(f"n{number}.example"), "admin", "")
        counts.append(path.read_text().count("[[later]]"))
    assert counts == [3, 4, 0, 1, 2, 3, 4, 0, 1]
    assert [head.number for head in another(path.parent).history()] == list(range(12, 0, -1))
    assert another(path.parent).revision(7).config == named("n6.example")


def test_a_new_order_and_many_changes_are_written_whole(path: Path, store: Store) -> None:
    config = with_server(with_server(store.load().config, "192.0.2.7"), "192.0.2.8")
    store.commit(3, config, "admin", "")
    assert "[[later]]" in path.read_text()
    turned = replace(config.dns, servers=config.dns.servers[::-1])
    store.commit(4, replace(config, dns=turned), "admin", "")
    assert "[[later]]" not in path.read_text()
    store.commit(5, large(1000), "admin", "")
    assert "[[later]]" not in path.read_text()
    assert another(path.parent).load().config == large(1000)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=trees.good, after=trees.good)
def test_whatever_was_changed_it_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, before: Config, after: Config
) -> None:
    directory = tmp_path_factory.mktemp("any")
    store = another(directory)
    store.commit(0, before, "admin", "")
    made = store.commit(1, after, "admin", "what for")
    assert another(directory).load() == made
    assert another(directory).revision(2) == made
    store.settle()
    assert another(directory).load() == made


# Crashes.


def test_a_block_that_was_cut_short_anywhere_was_never_committed(path: Path) -> None:
    raw = path.read_bytes()
    begun = raw.index(b"\n# Revision 3 ")
    number = b"revision 3."
    whole = raw.rindex(number) + len(number)
    for end in range(begun + 1, len(raw)):
        for rest in (b"", b"\0" * 9):
            path.write_bytes(raw[:end] + rest)
            loaded = another(path.parent).load()
            assert loaded.number == (3 if end >= whole and not rest else 2), end
    path.write_bytes(raw[: begun + 70])
    store = another(path.parent)
    assert store.commit(2, named("four.example"), "admin", "").number == 4
    assert another(path.parent).load().config == named("four.example")
    assert [head.number for head in store.history()] == [4, 2, 1]


def test_a_crash_while_settling_leaves_what_runs(path: Path, store: Store) -> None:
    before = store.load()
    text = path.read_bytes()
    store.settle()
    path.write_bytes(text)  # the history has the whole revision, and the running file the block
    again = another(path.parent)
    assert again.load() == before
    again.settle()
    assert path.read_bytes() == text  # not what the history has: only a commit writes it anew
    again.commit(3, named("four.example"), "admin", "")
    assert another(path.parent).load().config == named("four.example")
    assert [head.number for head in again.history()] == [4, 3, 2, 1]


@pytest.mark.parametrize("failing", range(7))
@pytest.mark.parametrize("interrupt", [False, True])
def test_whichever_step_fails_a_refusal_leaves_what_was(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, *, failing: int, interrupt: bool
) -> None:
    before, loaded = files(path.parent), store.load()
    steps = 0

    def sometimes(real: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object) -> object:
            nonlocal steps
            steps += 1
            if steps == failing + 1:
                if interrupt:
                    raise KeyboardInterrupt
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return step

    for name in ("fsync", "replace", "pwrite", "ftruncate"):
        monkeypatch.setattr(os, name, sometimes(getattr(os, name)))
    try:
        store.commit(3, named("new.example"), "admin", "")
    except (CommitRefused, KeyboardInterrupt):
        monkeypatch.undo()
        assert files(path.parent) == before
        assert store.load() == loaded
    else:
        monkeypatch.undo()
        assert store.load().number == 4


def test_when_even_putting_back_fails_that_is_told(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, flushes = os.fsync, 0

    def dying(opened: int) -> None:
        nonlocal flushes
        flushes += 1
        if flushes >= 3:  # the history's text and folder; then the block's
            raise OSError(errno.EIO, "Input/output error")
        real(opened)

    monkeypatch.setattr(os, "fsync", dying)
    assert refusal(store, 3, named("new.example")) == (
        "The disk fails, and revision 4 may run now or not: Input/output error."
    )


# Hands.


def test_an_edit_above_what_was_added_holds_beside_it(path: Path) -> None:
    path.write_text(path.read_text().replace('timezone = "GMT"', 'timezone = "Europe/Berlin"'))
    store = another(path.parent)
    loaded = store.load()
    assert loaded.number == 3
    assert loaded.config == replace(named("three.example"), timezone="Europe/Berlin")
    # The next commit is a whole one: the history has no such text to add to.
    store.commit(3, replace(loaded.config, hostname="four.example"), "admin", "")
    assert "[[later]]" not in path.read_text()
    assert another(path.parent).revision(4).config.timezone == "Europe/Berlin"


def test_an_edit_of_what_was_changed_later_is_refused_with_the_line(path: Path) -> None:
    text = path.read_text()
    path.write_text(text.replace('hostname = "one.example"', 'hostname = "mine.example"'))
    before = files(path.parent)
    with pytest.raises(BadConfiguration) as refused:
        another(path.parent).load()
    line = text.splitlines().index('at = ["hostname"]')
    assert f"running.toml, line {line}: " in str(refused.value)
    assert 'hostname: "mine.example" -> "two.example"' in str(refused.value)
    assert "Take these lines out, or take the edit back." in str(refused.value)
    assert files(path.parent) == before
    # Either cures it.
    begun = text.index("\n# Revision 2 ")
    path.write_text(text[:begun].replace("one.example", "mine.example"))
    assert another(path.parent).load().config == named("mine.example")


def test_an_edit_behind_a_session_s_back_is_not_overwritten(path: Path, store: Store) -> None:
    path.write_text(path.read_text().replace('timezone = "GMT"', 'timezone = "Europe/Berlin"'))
    text = path.read_text()
    assert "running.toml was edited by hand meanwhile" in refusal(store, 3)
    store.settle()
    assert path.read_text() == text
    assert len(list((path.parent / "history").iterdir())) == 3


def test_settings_added_below_the_blocks_are_taken(path: Path) -> None:
    added = '\n[[interfaces]]\nname = "Data"\naddress = "192.0.2.9"\n'
    path.write_text(path.read_text() + added)
    for _ in range(2):
        config = another(path.parent).load().config
        assert config.hostname == "three.example"
        assert [each.name for each in config.interfaces] == ["Management", "Data"]


def test_a_revision_that_is_put_back_runs_without_what_came_later(path: Path, store: Store) -> None:
    path.write_bytes((path.parent / "history" / "000001.toml").read_bytes())
    assert another(path.parent).load().config == named("one.example")
    assert "Revision 1, by admin" in refusal(store, 3)


def test_the_cure_of_a_damaged_file_brings_everything_back(path: Path) -> None:
    before = another(path.parent).load()
    path.write_bytes(b"?")
    with pytest.raises(BadConfiguration) as refused:
        another(path.parent).load()
    _, _, command = str(refused.value).partition("To go back to revision 3, the last good one: ")
    assert command.startswith("cat ")
    subprocess.run(command, shell=True, check=True)
    assert another(path.parent).load() == before


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("revision.base = 2", "revision.base = 1", "was made from revision 1, and above it is 2"),
        ('at = ["hostname"]', 'at = ["hostnome"]', 'there is no setting "hostnome" here'),
        ('at = ["hostname"]', 'at = ["smtp_routes"]', "this is a table and not one of its"),
        ('at = ["hostname"]', "at = []", "this is a table and not one of its settings"),
        ('before = "two.example"', "before = 2", "Expected `str`, got `int`"),
        ('after = "three.example"', 'after = "a b"', "is not a host name"),
        ("# End of revision 2.", "# The end", "the file is cut off"),
        ("[[later.changes]]", "[[later.chances]]", 'no setting "chances"'),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(
    path: Path, old: str, new: str, complaint: str
) -> None:
    text = path.read_text()
    assert old in text
    at = text.rindex(old)
    path.write_text(text[:at] + new + text[at + len(old) :])
    with pytest.raises(BadConfiguration) as refused:
        another(path.parent).load()
    assert complaint in str(refused.value)
    assert "Traceback" not in str(refused.value)


# Two shells.


def test_the_second_shell_reads_only_what_was_added(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = another(path.parent)
    other.load()
    config = replace(named("three.example"), timezone="Europe/Berlin")
    other.commit(3, config, "bob", "his")
    reads: list[str] = []
    monkeypatch.setattr(running, "read_text", lambda raw, where: reads.append(where))
    told = refusal(store, 3)
    assert 'Revision 4, by bob, 2025-03-01 09:00:00 UTC, "his":' in told
    assert '  timezone: "GMT" -> "Europe/Berlin"' in told
    assert store.load().config == config
    store.commit(4, replace(config, hostname="five.example"), "admin", "")
    assert other.load().config.hostname == "five.example"
    assert reads == []
    assert [head.number for head in store.history()] == [5, 4, 3, 2, 1]


def test_what_is_on_trial_can_be_added_and_is_taken_back(path: Path, directory: Path) -> None:
    clock = FixedClock(MOMENT)
    store = Store(directory, clock, FACTORY)
    store.load()
    store.commit(3, named("trial.example"), "admin", "", minutes=10)
    assert "revision.back_to = 3" in path.read_text()
    assert another(directory).confirm_by() == MOMENT + 10 * MINUTE
    clock.advance(10 * MINUTE)
    taken_back = Store(directory, clock, FACTORY).expire()
    assert taken_back is not None
    assert taken_back.config == named("three.example")
    assert another(directory).load().number == 5


# What a commit costs, in octets and looks: no clock would tell on a busy machine.


def test_a_commit_to_a_long_configuration_writes_little_and_looks_at_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = large(4000)
    store = another(tmp_path)
    store.commit(0, config, "admin", "")
    size = (tmp_path / "running.toml").stat().st_size
    looked = []
    real = running.written_as_block
    monkeypatch.setattr(running, "written_as_block", lambda *all_: looked.append(1) or real(*all_))
    monkeypatch.setattr(running, "read_text", None)
    monkeypatch.setattr(running, "written", None)
    for number in range(1, 20):
        config = with_another_limit(config, 7, number)
        store.commit(number, config, "admin", "")
    assert (tmp_path / "running.toml").stat().st_size < size + 20 * 500
    assert all(
        (tmp_path / "history" / f"{number:06d}.toml").stat().st_size < 500
        for number in range(2, 20)
    )
    assert len(looked) == 19
    monkeypatch.undo()
    assert another(tmp_path).load().config == config


def test_records_come_and_go_and_change_in_blocks(tmp_path: Path) -> None:
    store = another(tmp_path)
    entries = tuple(DestinationControl(f"d{n}.example", concurrency=n) for n in range(1, 6))

    def with_entries(*rows: DestinationControl) -> Config:
        return replace(FACTORY, destinations=replace(FACTORY.destinations, entries=rows))

    steps = [
        with_entries(*entries),
        with_entries(*entries[1:]),
        with_entries(*entries[1:], entries[0]),
        with_entries(replace(entries[1], tls=TlsSetting.REQUIRED), *entries[2:], entries[0]),
        with_entries(replace(entries[1], concurrency=None), *entries[2:], entries[0]),
        with_entries(),
    ]
    store.commit(0, FACTORY, "admin", "")
    for number, config in enumerate(steps, 1):
        store.commit(number, config, "admin", "")
        assert another(tmp_path).load().config == config
    assert (tmp_path / "running.toml").read_text().count("[[later]]") == len(steps)
    for number, config in enumerate(steps, 2):
        assert store.revision(number).config == config
    assert breaches(steps[3]) == ()


def test_the_octets_of_a_file_without_a_torn_end_are_as_they_were() -> None:
    for raw in (b"", b"a = 1\n", b"a = 1\n# End of revision 1.\n", b"\n# End of revision x.\n# R"):
        assert later.without_torn(raw) == raw
    torn = b"a = 1\n# End of revision 1.\n\n# Revision 2 has"
    assert later.without_torn(torn) == b"a = 1\n# End of revision 1.\n"


def test_a_file_that_grew_is_what_a_new_program_reads(path: Path, store: Store) -> None:
    store.commit(3, named("four.example"), "admin", "")
    assert read(path.read_bytes(), "x") == store.load()
