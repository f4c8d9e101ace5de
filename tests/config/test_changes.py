import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from esashell.config.changes import Change, apply, changes
from esashell.config.model.destination import DestinationControl, DestinationControls
from esashell.config.model.dnsserver import DnsServer, DnsSettings
from esashell.config.tree import Config, factory
from esashell.errors import CommitRefused
from tests.config import trees

ONE, TWO, THREE = (DnsServer(f"192.0.2.{n}") for n in (1, 2, 3))


def resolvers(*servers: DnsServer) -> Config:
    return Config(dns=DnsSettings(servers=servers))


@given(trees.any_at_all, trees.any_at_all)
def test_the_changes_lead_from_the_one_to_the_other(before: Config, after: Config) -> None:
    found = changes(before, after)
    assert apply(before, found) == after
    assert bool(found) == (before != after)
    assert len({each.path for each in found}) == len(found)


@given(trees.any_at_all, trees.any_at_all)
def test_a_change_is_one_printable_line(before: Config, after: Config) -> None:
    for each in changes(before, after):
        assert str(each).isprintable()


@settings(max_examples=30)
@given(trees.good, trees.good)
def test_what_is_changed_already_stays_changed(before: Config, after: Config) -> None:
    plain = [c for c in changes(before, after) if c.path != "dns.servers"]
    once = apply(before, plain)
    assert apply(once, plain) == once


@pytest.mark.parametrize("place", [0, 1, 2])
def test_adding_a_server_is_one_change_wherever_it_stands(place: int) -> None:
    after = [ONE, TWO]
    after.insert(place, THREE)
    added, *order = changes(resolvers(ONE, TWO), resolvers(*after))
    assert added == Change("dns.servers[192.0.2.3]", None, THREE)
    assert str(added) == "dns.servers[192.0.2.3]: added, priority 0"
    # At the end is where an addition goes; elsewhere the order is part of what changed.
    assert [each.path for each in order] == ([] if place == 2 else ["dns.servers"])


def test_removing_the_first_of_three_is_one_change() -> None:
    (removed,) = changes(resolvers(ONE, TWO, THREE), resolvers(TWO, THREE))
    assert removed == Change("dns.servers[192.0.2.1]", ONE, None)
    assert str(removed) == "dns.servers[192.0.2.1]: removed"


def test_a_new_priority_is_a_change_of_that_alone() -> None:
    (changed,) = changes(resolvers(ONE, TWO), resolvers(ONE, replace(TWO, priority=7)))
    assert changed == Change("dns.servers[192.0.2.2].priority", 0, 7)
    assert str(changed) == "dns.servers[192.0.2.2].priority: 0 -> 7"


def test_a_new_order_is_a_change_of_the_list() -> None:
    (changed,) = changes(resolvers(ONE, TWO), resolvers(TWO, ONE))
    assert changed == Change("dns.servers", ("192.0.2.1", "192.0.2.2"), ("192.0.2.2", "192.0.2.1"))


def test_a_text_is_shown_in_quotes_and_cannot_move_the_cursor() -> None:
    (changed,) = changes(Config(), Config(hostname="\x1b[2J"))
    assert str(changed) == r'hostname: "myesa.local" -> "\x1b[2J"'


def test_two_who_touched_different_servers_are_not_in_each_other_s_way() -> None:
    mine = changes(resolvers(ONE, TWO), resolvers(replace(ONE, priority=9), TWO, THREE))
    theirs = resolvers(ONE)
    assert apply(theirs, mine) == resolvers(replace(ONE, priority=9), THREE)


@pytest.mark.parametrize(
    ("mine", "theirs", "complaint"),
    [
        (Config(hostname="a.example"), Config(hostname="b.example"), 'hostname .* "b.example"'),
        (resolvers(ONE, replace(TWO, priority=1)), resolvers(ONE), r"servers\[192.0.2.2\]"),
        (resolvers(ONE), resolvers(ONE, replace(TWO, priority=1)), r"servers\[192.0.2.2\]"),
        (resolvers(TWO, ONE), resolvers(ONE, TWO, THREE), "list dns.servers"),
        (
            resolvers(ONE, TWO, THREE),
            resolvers(ONE, TWO, replace(THREE, priority=5)),
            r"servers\[192.0.2.3\]",
        ),
    ],
)
def test_two_who_touched_the_same_value_are(mine: Config, theirs: Config, complaint: str) -> None:
    with pytest.raises(CommitRefused, match=complaint):
        apply(theirs, changes(resolvers(ONE, TWO), mine))


def test_a_change_to_what_does_not_exist_is_refused() -> None:
    with pytest.raises(CommitRefused, match="nothing is not there any more"):
        apply(Config(), [Change("dns.nothing", 1, 2)])


def test_many_records_are_compared_by_key_and_not_each_with_each() -> None:
    many = factory(*(f"10.{a}.{b}.1" for a in range(100) for b in range(100)))
    servers = many.dns.servers
    fewer = resolvers(*servers[:5000], *servers[5001:])
    assert len(changes(many, fewer)) == 1
    assert apply(many, changes(many, fewer)) == fewer


def destinations(*entries: DestinationControl) -> Config:
    return Config(destinations=DestinationControls(entries=entries))


SET, UNSET = DestinationControl("a.example", concurrency=5), DestinationControl("a.example")


def test_a_setting_that_is_left_to_the_default_is_not_set() -> None:
    (found,) = changes(destinations(SET), destinations(UNSET))
    assert str(found) == "destinations.entries[a.example].concurrency: 5 -> not set"
    (found,) = changes(destinations(UNSET), destinations(SET))
    assert str(found) == "destinations.entries[a.example].concurrency: not set -> 5"


@pytest.mark.parametrize(("before", "after"), [(SET, UNSET), (UNSET, SET)])
def test_a_setting_of_a_record_that_somebody_removed_is_a_conflict(
    before: DestinationControl, after: DestinationControl
) -> None:
    mine = changes(destinations(before), destinations(after))
    with pytest.raises(CommitRefused, match="is not there any more"):
        apply(destinations(), mine)


def test_the_same_record_removed_by_both_is_none() -> None:
    mine = changes(destinations(SET), destinations())
    assert apply(destinations(), mine) == destinations()


def test_two_who_touched_different_settings_of_one_domain_are_merged() -> None:
    mine = changes(destinations(UNSET), destinations(SET))
    theirs = destinations(replace(UNSET, bounce_verification=True))
    assert apply(theirs, mine) == destinations(replace(SET, bounce_verification=True))
