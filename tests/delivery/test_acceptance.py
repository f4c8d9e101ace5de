"""The host access table and the recipient access table, entry by entry."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.listeners import (
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    PolicyParameters,
    RecipientAccess,
    SenderGroup,
)
from esashell.config.model.predefined import WIZARDS_LISTENERS
from esashell.delivery.acceptance import Client, access, reception

PUBLIC, PRIVATE = WIZARDS_LISTENERS
REST = SenderGroup("ALL", "REJECT", single=True)


def met(sender: str, client: Client) -> bool:
    group = SenderGroup("GROUP", "RELAY", (sender,))
    listener = Listener("x", ListenerType.PRIVATE, sender_groups=(group, REST))
    found = reception(listener, client)
    assert (found.behavior is Behavior.RELAY) is (found.group is group)
    return found.group is group


@pytest.mark.parametrize(
    ("sender", "address", "host", "meets"),
    [
        ("192.0.2.1", "192.0.2.1", "", True),
        ("192.0.2.1", "192.0.2.11", "", False),
        ("192.0.2.1", "2001:db8::1", "", False),
        ("192.0.2.0/24", "192.0.2.200", "", True),
        ("192.0.2.77/24", "192.0.2.200", "", True),
        ("192.0.2.0/24", "192.0.3.1", "", False),
        ("192.0.2.0/24", "2001:db8::1", "", False),
        ("2001:db8::/32", "2001:db8:25::10", "", True),
        ("10.1.1.10-20", "10.1.1.20", "", True),
        ("10.1.1.10-20", "10.1.1.21", "", False),
        ("10.1.", "10.1.9.9", "", True),
        ("10.1.", "10.11.9.9", "", False),
        ("10.1-2.", "10.2.0.1", "", True),
        ("2001:db8::1-2001:db8::9", "2001:db8::5", "", True),
        ("2001:db8::1-2001:db8::9", "2001:db8::a", "", False),
        ("2001:db8::1", "2001:db8:0::1", "", True),
        ("example.com", "192.0.2.1", "example.com", True),
        ("Example.COM", "192.0.2.1", "example.com.", True),
        ("example.com", "192.0.2.1", "mx.example.com", False),
        (".example.com", "192.0.2.1", "mx.example.com", True),
        (".example.com", "192.0.2.1", "example.com", False),
        (".example.com", "192.0.2.1", "notexample.com", False),
        ("192.0.2.1 (a comment)", "192.0.2.1", "", True),
        ("dnslist[query.bl.example]", "192.0.2.1", "", False),
    ],
)
def test_a_sender_is_met_by_what_it_names(
    sender: str, address: str, host: str, meets: bool
) -> None:
    assert met(sender, Client(address, host)) is meets


def test_a_score_meets_a_range_that_it_is_in_and_no_score_meets_none() -> None:
    for score, meets in ((-3.0, True), (-1.0, True), (-0.9, False), (-3.1, False), (None, False)):
        assert met("sbrs[-3.0:-1.0]", Client("192.0.2.1", score=score)) is meets
    assert not met("sbrs[none]", Client("192.0.2.1", score=1.0))


def test_an_owner_is_met_by_its_number() -> None:
    assert met("SBO:34", Client("192.0.2.1", owner="34"))
    assert not met("SBO:34", Client("192.0.2.1", owner="3"))
    assert not met("SBO:34", Client("192.0.2.1"))


OCTETS = st.integers(0, 255)
PART = st.tuples(OCTETS, OCTETS).map(sorted)


@given(st.lists(PART, min_size=4, max_size=4), st.lists(OCTETS, min_size=4, max_size=4))
def test_a_range_has_the_addresses_between_its_octets(
    parts: list[list[int]], octets: list[int]
) -> None:
    sender = ".".join(f"{low}-{high}" for low, high in parts)
    address = str(ipaddress.IPv4Address(bytes(octets)))
    inside = all(low <= at <= high for (low, high), at in zip(parts, octets, strict=True))
    assert met(sender, Client(address)) is inside


def test_the_first_entry_decides_and_one_that_continues_is_passed_over() -> None:
    groups = (
        SenderGroup("FIRST", "LATER", ("192.0.2.0/24",)),
        SenderGroup("SECOND", "OURS", ("192.0.2.1",)),
        SenderGroup("THIRD", "REJECT", ("192.0.2.1",)),
        REST,
    )
    policies = (
        MailFlowPolicy("LATER", Behavior.CONTINUE),
        MailFlowPolicy("OURS", Behavior.RELAY, max_message_size=7),
    )
    listener = Listener(
        "x",
        ListenerType.PRIVATE,
        policies=policies,
        sender_groups=groups,
        defaults=PolicyParameters(max_concurrency=3),
    )
    found = reception(listener, Client("192.0.2.1"))
    assert (found.group.name, found.match) == ("SECOND", "192.0.2.1")
    assert found.parameters.max_message_size == 7
    assert found.parameters.max_concurrency == 3
    assert "max_concurrency" in found.unset
    assert "max_message_size" not in found.unset


def test_nobody_is_taken_where_no_entry_is_for_them() -> None:
    found = reception(Listener("x", ListenerType.PRIVATE), Client("192.0.2.1"))
    assert not found.takes_mail


def test_the_wizards_listeners_relay_for_the_inside_and_for_nobody_else() -> None:
    assert reception(PRIVATE, Client("192.168.42.7")).behavior is Behavior.RELAY
    assert reception(PRIVATE, Client("203.0.113.5")).behavior is Behavior.REJECT
    assert reception(PUBLIC, Client("203.0.113.5")).behavior is Behavior.ACCEPT


def test_the_nearest_entry_for_a_recipient_decides_in_whatever_order_they_stand() -> None:
    names = ("ALL", "postmaster@", ".example.com", "example.com", "ann@example.com")
    listener = Listener(
        "x",
        ListenerType.PUBLIC,
        recipients=tuple(RecipientAccess(each, accept=True) for each in names),
    )
    for recipient, entry in (
        ("ann@example.com", "ann@example.com"),
        ("ANN@Example.COM.", "ann@example.com"),
        ("bob@example.com", "example.com"),
        ("bob@mx.example.com", ".example.com"),
        ("postmaster@mx.example.com", ".example.com"),
        ("postmaster@example.net", "postmaster@"),
        ("bob@notexample.com", "ALL"),
        ("bob@[192.0.2.1]", "ALL"),
    ):
        found = access(listener, recipient)
        assert found is not None
        assert found.address == entry


def test_a_private_listener_asks_nobody_and_a_public_one_without_entries_takes_nobody() -> None:
    assert access(PRIVATE, "bob@anywhere.lab") is None
    found = access(Listener("x", ListenerType.PUBLIC), "bob@anywhere.lab")
    assert found is not None
    assert not found.accept
