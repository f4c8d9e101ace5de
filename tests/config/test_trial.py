"""`commit confirmed`: a revision that is taken back unless somebody confirms it in time."""

import pytest
from msgspec.structs import replace

from esashell.clock import SECOND, FixedClock
from esashell.config.revision import read, written
from esashell.config.store import NOBODY, Store
from esashell.config.working import Working
from esashell.errors import BadConfiguration, CommitRefused
from tests.config.stores import FACTORY, MOMENT, named, refusal

MINUTE = 60 * SECOND


@pytest.fixture
def clock():
    return FixedClock(MOMENT)


@pytest.fixture
def store(tmp_path, clock):
    store = Store(tmp_path / "config", clock, FACTORY)
    store.commit(0, named("one.example"), "admin", "one")
    return store


def test_the_promise_is_written_down_and_read_back(store, tmp_path):
    revision = store.commit(1, named("two.example"), "admin", "two", minutes=10)
    assert (revision.confirm_by, revision.back_to) == (MOMENT + 10 * MINUTE, 1)
    text = (tmp_path / "config" / "running.toml").read_text()
    assert "revision.confirm_by = 2025-03-01 09:10:00+00:00\nrevision.back_to = 1\n" in text
    assert read(text.encode(), "x") == revision
    assert store.confirm_by() == revision.confirm_by
    assert [each.confirm_by for each in store.history()] == [revision.confirm_by, 0]


def test_it_is_taken_back_when_the_time_has_come_and_not_before(store, clock):
    store.commit(1, named("two.example"), "admin", "two", minutes=10)
    clock.advance(10 * MINUTE - 1)
    assert store.expire() is None
    clock.advance(1)
    revision = store.expire()
    assert revision is not None
    assert (revision.number, revision.who, revision.base) == (3, NOBODY, 2)
    assert revision.config == named("one.example")
    assert revision.comment == (
        "Revision 2 was not confirmed by 2025-03-01 09:10:00 UTC: back to revision 1."
    )
    assert store.load() == revision
    assert store.expire() is None
    assert store.revision(2).config == named("two.example")  # nothing is lost


def test_another_process_keeps_the_promise(store, clock, tmp_path):
    store.commit(1, named("two.example"), "admin", "two", minutes=1)
    clock.advance(2 * MINUTE)
    other = Store(tmp_path / "config", clock, FACTORY)
    assert other.load().config == named("two.example")
    revision = other.expire()
    assert revision is not None
    assert revision.config == named("one.example")
    assert store.expire() is None
    assert "Revision 3, by esashell" in refusal(store, 2)


@pytest.mark.parametrize("config", ["two.example", "three.example"])
def test_any_commit_confirms_it(store, clock, config):
    store.commit(1, named("two.example"), "admin", "two", minutes=10)
    store.commit(2, named(config), "admin", "good")
    clock.advance(100 * MINUTE)
    assert store.expire() is None
    assert store.load().config == named(config)


def test_more_time_still_leads_back_to_what_was_good(store, clock):
    store.commit(1, named("two.example"), "admin", "two", minutes=10)
    clock.advance(5 * MINUTE)
    third = store.commit(2, named("three.example"), "admin", "three", minutes=10)
    assert (third.confirm_by, third.back_to) == (MOMENT + 15 * MINUTE, 1)
    clock.advance(10 * MINUTE)
    revision = store.expire()
    assert revision is not None
    assert revision.config == named("one.example")


def test_a_commit_that_comes_too_late_confirms_nothing(store, clock):
    store.commit(1, named("two.example"), "admin", "two", minutes=10)
    clock.advance(10 * MINUTE)
    assert "revision 2, which runs, was not confirmed in time" in refusal(store, 2)
    assert store.expire() is not None


def test_the_first_commit_of_all_leads_back_to_the_factory(tmp_path, clock):
    store = Store(tmp_path / "fresh", clock, FACTORY)
    store.commit(0, named("one.example"), "admin", "one", minutes=1)
    clock.advance(MINUTE)
    revision = store.expire()
    assert revision is not None
    assert revision.config == FACTORY


def test_without_a_way_back_there_is_no_trial(store, tmp_path):
    running = tmp_path / "config" / "running.toml"
    running.write_text(running.read_text().replace("one.example", "hand.example"))
    store.load()
    with pytest.raises(CommitRefused, match="was edited by hand, so there would be no way back"):
        store.commit(1, named("two.example"), "admin", "two", minutes=10)
    running.write_text('schema = 2\nhostname = "hand.example"\n')
    store.load()
    with pytest.raises(CommitRefused, match="no way back"):
        store.commit(0, named("two.example"), "admin", "two", minutes=10)


def test_a_damaged_revision_to_go_back_to_is_told_and_nothing_changes(store, clock, tmp_path):
    store.commit(1, named("two.example"), "admin", "two", minutes=1)
    (tmp_path / "config" / "history" / "000001.toml").write_text("schema =")
    clock.advance(MINUTE)
    with pytest.raises(BadConfiguration, match=r"000001\.toml"):
        store.expire()
    assert store.load().number == 2


@pytest.mark.parametrize("back_to", [-1, 2, 9])
def test_a_way_back_that_is_none_is_refused(store, back_to):
    revision = store.commit(1, named("two.example"), "admin", "two", minutes=10)
    text = written(revision).replace("back_to = 1", f"back_to = {back_to}")
    with pytest.raises(BadConfiguration, match=r"line 8: revision\.back_to must be an earlier"):
        read(text.encode(), "x")


def test_what_is_pending_moves_onto_what_was_gone_back_to(store, clock):
    second = store.commit(1, named("two.example"), "admin", "two", minutes=1)
    work = Working(second)
    assert work.head == second.head
    work.stage(replace(second.config, timezone="Europe/Berlin"))
    clock.advance(MINUTE)
    revision = store.expire()
    assert revision is not None
    work.rebase(revision)
    assert work.pending == replace(named("one.example"), timezone="Europe/Berlin")
