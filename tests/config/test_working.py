import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from esashell.config.revision import Revision
from esashell.config.tree import Config, factory
from esashell.config.working import Working
from esashell.errors import CommitRefused
from tests.config import trees

BEFORE = Revision(41, factory("192.0.2.1"), "admin", 0, "")


def named(hostname: str) -> Config:
    return replace(BEFORE.config, hostname=hostname)


def test_a_session_begins_with_nothing_pending() -> None:
    working = Working(BEFORE)
    assert working.pending == working.committed == BEFORE.config
    assert working.base == 41
    assert not working.dirty


def test_what_is_staged_is_pending_and_what_was_committed_stays() -> None:
    working = Working(BEFORE)
    working.stage(named("a.example"))
    assert working.dirty
    assert working.pending.hostname == "a.example"
    assert working.committed == BEFORE.config


def test_a_change_that_is_taken_back_leaves_nothing_to_commit() -> None:
    working = Working(BEFORE)
    working.stage(named("a.example"))
    working.stage(factory("192.0.2.1"))
    assert not working.dirty


@settings(max_examples=30)
@given(trees.good)
def test_clear_forgets_whatever_was_staged(config: Config) -> None:
    working = Working(BEFORE)
    working.stage(config)
    working.clear()
    assert not working.dirty
    assert working.pending == BEFORE.config
    assert working.base == 41


def test_after_a_commit_the_new_revision_is_the_base() -> None:
    working = Working(BEFORE)
    working.stage(named("a.example"))
    working.committed_as(Revision(42, working.pending, "admin", 0, ""))
    assert working.base == 42
    assert working.committed.hostname == "a.example"
    assert not working.dirty


def test_what_is_pending_can_be_put_on_top_of_somebody_else_s_commit() -> None:
    working = Working(BEFORE)
    working.stage(named("a.example"))
    working.rebase(Revision(42, factory("192.0.2.1", "192.0.2.2"), "eve", 0, ""))
    assert working.base == 42
    assert working.dirty
    assert working.pending == replace(factory("192.0.2.1", "192.0.2.2"), hostname="a.example")


def test_where_both_touched_one_value_nothing_is_moved() -> None:
    working = Working(BEFORE)
    working.stage(named("a.example"))
    with pytest.raises(CommitRefused, match="hostname was changed meanwhile"):
        working.rebase(Revision(42, named("b.example"), "eve", 0, ""))
    assert (working.base, working.committed) == (41, BEFORE.config)
    assert working.pending.hostname == "a.example"
