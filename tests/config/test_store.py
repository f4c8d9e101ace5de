import fcntl
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esashell.clock import SECOND, FixedClock
from esashell.config.revision import written
from esashell.config.store import Head, Revision, Store
from esashell.config.tree import Config, factory
from esashell.errors import BadConfiguration, CommitRefused
from tests.config.stores import FACTORY, MOMENT, files, named, refusal, three_commits, with_server

# A new appliance, and what a commit leaves.


def test_a_new_appliance_has_the_factory_s_settings_and_reading_writes_nothing(
    tmp_path: Path, store: Store
) -> None:
    assert store.load() == Revision(0, FACTORY, "factory", 0, "")
    assert store.history() == ()
    assert store.revision(0).config == FACTORY
    assert os.listdir(tmp_path) == []


def test_a_commit_runs_and_is_kept(directory: Path, store: Store, clock: FixedClock) -> None:
    made = store.commit(0, named("mx.example"), "admin", "first")
    assert made == Revision(1, named("mx.example"), "admin", MOMENT, "first", 0)
    assert Store(directory, clock, Config()).load() == made
    assert store.revision(1) == made
    text = written(made).encode()
    assert files(directory) == {"running.toml": text, "history/000001.toml": text}
    assert (directory / "lock").read_text() == ""


def test_the_history_is_newest_first(store: Store, clock: FixedClock) -> None:
    for number in range(12):
        clock.advance(SECOND)
        store.commit(number, named(f"mx{number}.example"), "admin", f"comment {number}")
    assert store.history() == tuple(
        Head(n, "admin", MOMENT + n * SECOND, f"comment {n - 1}", n - 1) for n in range(12, 0, -1)
    )
    assert store.revision(5).config.hostname == "mx4.example"


def test_a_revision_that_never_was_is_refused(store: Store) -> None:
    three_commits(store)
    for number in (4, 10**9, -1):
        with pytest.raises(BadConfiguration, match=f"There is no revision {number}"):
            store.revision(number)


def test_going_back_is_one_more_revision(store: Store) -> None:
    three_commits(store)
    made = store.commit(3, store.revision(1).config, "admin", "as before")
    assert made.number == 4
    assert store.load().config == store.revision(1).config


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(comment=st.text(max_size=100), who=st.text(max_size=20))
def test_any_comment_and_any_name_can_be_kept(store: Store, comment: str, who: str) -> None:
    made = store.commit(store.load().number, FACTORY, who, comment)
    assert (made.who, made.comment) == (who, comment)
    assert store.load() == made
    assert store.history()[0] == made.head


def test_bytes_that_were_no_text_on_the_command_line_do_not_spoil_the_file(store: Store) -> None:
    made = store.commit(0, FACTORY, "ren\udce9", "caf\udce9 \ud800")
    assert (made.who, made.comment) == ("ren?", "caf? ?")
    assert store.load() == made


def test_the_longest_comment_fits_whatever_is_in_it(store: Store) -> None:
    for number, comment in enumerate(("\x00" * 1000, "\U000e0001" * 1000)):
        assert store.commit(number, FACTORY, "admin", comment).comment == comment
    assert [head.comment[:1] for head in store.history()] == ["\U000e0001", "\x00"]


def test_a_comment_of_megabytes_is_refused(directory: Path, store: Store) -> None:
    with pytest.raises(CommitRefused, match="5000000 characters, and 1000 are the most"):
        store.commit(0, FACTORY, "admin", "x" * 5_000_000)
    assert not directory.exists()


def test_a_configuration_that_breaks_a_rule_is_not_committed(directory: Path, store: Store) -> None:
    assert "exämple" in refusal(store, 0, named("exämple.com"))
    assert not directory.exists()


# Two shells.


def test_whoever_comes_second_is_told_who_did_what_when_and_why(
    directory: Path, store: Store, clock: FixedClock
) -> None:
    store.commit(0, FACTORY, "admin", "begin")
    other = Store(directory, clock, FACTORY)
    clock.advance(90 * SECOND)
    other.commit(1, with_server(FACTORY, "192.0.2.9"), "alice", "a third\nresolver")
    other.commit(2, named("mx.example"), "bob", "")
    before = files(directory)
    assert refusal(store, 1).splitlines() == [
        "Not committed: your changes began from revision 1, which no longer runs.",
        r'Revision 2, by alice, 2025-03-01 09:01:30 UTC, "a third\nresolver":',
        "  dns.servers[192.0.2.9]: added, priority 0",
        "Revision 3, by bob, 2025-03-01 09:01:30 UTC, without a comment:",
        '  hostname: "myesa.local" -> "mx.example"',
        "  dns.servers[192.0.2.9]: removed",
        "Your changes are still pending.",
    ]
    assert files(directory) == before


def test_a_first_commit_can_come_second_too(
    directory: Path, store: Store, clock: FixedClock
) -> None:
    Store(directory, clock, FACTORY).commit(0, named("mx.example"), "alice", "mine")
    assert 'hostname: "myesa.local" -> "mx.example"' in refusal(store, 0)


def test_many_commits_and_many_changes_are_told_in_few_lines(
    directory: Path, store: Store, clock: FixedClock
) -> None:
    many = factory(*(f"192.0.2.{n}" for n in range(1, 200)))
    for number in range(30):
        store.commit(number, FACTORY if number % 2 else many, "admin", "\x1b[2J" + "x" * 900)
    told = refusal(store, 1).splitlines()
    assert len(told) < 130
    assert "19 earlier revisions are not shown." in told
    assert "  and 191 more changes" in told
    assert all(line.isprintable() and len(line) < 200 for line in told)


def test_after_looking_again_the_second_can_commit(
    directory: Path, store: Store, clock: FixedClock
) -> None:
    store.load()
    Store(directory, clock, FACTORY).commit(0, named("mx.example"), "alice", "")
    refusal(store, 0)
    store.commit(store.load().number, with_server(named("mx.example"), "::1"), "bob", "")
    assert [head.who for head in store.history()] == ["bob", "alice"]


def test_a_refusal_does_not_count_as_having_looked(
    directory: Path, store: Store, clock: FixedClock
) -> None:
    Store(directory, clock, FACTORY).commit(0, named("mx.example"), "alice", "")
    assert refusal(store, 0) == refusal(store, 0)


def test_whoever_has_the_lock_is_named_and_the_wait_is_bounded(
    directory: Path, clock: FixedClock
) -> None:
    pauses: list[float] = []
    store = Store(directory, clock, FACTORY, pauses.append)
    directory.mkdir(parents=True)
    with open(directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("alice (process 4711)\n\x1b[2J")
        lock.flush()
        assert refusal(store, 0) == (
            r"Not committed: alice (process 4711)\n\x1b[2J is committing at this moment. Try again."
        )
        assert 1.5 <= sum(pauses) <= 3
        lock.truncate(0)
        assert "Not committed: somebody is committing" in refusal(store, 0)
    assert store.commit(0, FACTORY, "eve", "").number == 1


def test_during_a_commit_the_lock_says_who_and_which_process(
    directory: Path, clock: FixedClock
) -> None:
    seen = []

    class Looking(FixedClock):
        def now(self) -> int:
            seen.append((directory / "lock").read_text())
            return super().now()

    Store(directory, Looking(MOMENT), FACTORY).commit(0, FACTORY, "ad\nmin", "")
    assert seen == [f"ad\\nmin (process {os.getpid()})\n"]


def test_a_hand_s_edit_is_taken_and_built_upon(directory: Path, store: Store) -> None:
    three_commits(store)
    running = directory / "running.toml"
    running.write_text(running.read_text().replace("three.example", "edited.example"))
    loaded = store.load()
    assert (loaded.number, loaded.config.hostname) == (3, "edited.example")
    assert store.commit(3, with_server(loaded.config, "::1"), "admin", "").number == 4
    assert store.revision(3).config.hostname == "three.example"


def test_a_hand_s_edit_behind_a_session_s_back_is_not_overwritten(
    directory: Path, store: Store
) -> None:
    three_commits(store)
    running = directory / "running.toml"
    running.write_text(running.read_text().replace("three.example", "edited.example"))
    before = files(directory)
    told = refusal(store, 3)
    assert "running.toml was edited by hand meanwhile" in told
    assert 'hostname: "three.example" -> "edited.example"' in told
    assert files(directory) == before
    store.load()
    assert store.commit(3, FACTORY, "eve", "").number == 4


def test_a_file_written_by_hand_from_nothing_is_where_work_begins(
    directory: Path, store: Store
) -> None:
    directory.mkdir(parents=True)
    (directory / "running.toml").write_text('schema = 1\nhostname = "mx.example"\n')
    os.utime(directory / "running.toml", (1_740_819_600, 1_740_819_600))
    assert store.load() == Revision(0, Config(hostname="mx.example"), "(by hand)", MOMENT, "")
    assert store.history() == ()
    assert store.commit(0, FACTORY, "admin", "").number == 1


def test_a_revision_put_back_by_hand_goes_on_without_touching_what_came_after(
    directory: Path, store: Store, clock: FixedClock
) -> None:
    three_commits(store)
    shutil.copy(directory / "history" / "000001.toml", directory / "running.toml")
    assert "Revision 1, by admin" in refusal(store, 3)
    assert store.load().number == 1
    before = files(directory / "history")
    assert store.commit(1, FACTORY, "admin", "on").number == 4
    assert before.items() < files(directory / "history").items()
    assert [head.number for head in store.history()] == [4, 1]
    assert store.revision(3).config.hostname == "three.example"
