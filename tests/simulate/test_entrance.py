"""A sender is made up that the host access table would take so, or nobody says that it would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.model.listeners import Behavior, Listener, ListenerType, SenderGroup
from esashell.config.model.network import Interface
from esashell.delivery.acceptance import reception
from esashell.simulate.entrance import SOMEBODY, entrance
from tests.simulate.storywork import CONFIG

SENDERS = (
    "192.0.2.1",
    "192.0.2.0/24",
    "192.0.2.0/31",
    "2001:db8::/32",
    "2001:db8::1-2001:db8::9",
    "10.1.",
    "10.",
    "10.1.1.10-20",
    "10.1-2.3.4",
    "relay.example.com",
    ".example.com",
    "ALL",
)


@pytest.mark.parametrize("sender", SENDERS)
def test_whoever_is_made_up_is_taken_as_was_wanted(sender: str) -> None:
    groups = (
        SenderGroup("NOBODY", "RELAY", ("sbrs[-3.0:-1.0]", "SBO:34", "dnslist[a.example]")),
        SenderGroup("OURS", "RELAY", (sender,)),
        SenderGroup("ALL", "REJECT", single=True),
    )
    listener = Listener("x", ListenerType.PRIVATE, sender_groups=groups)
    found = entrance(replace(CONFIG, listeners=(listener,)), Behavior.RELAY)
    assert (found.group, found.match) == ("OURS", sender)
    assert reception(listener, found.client).behavior is Behavior.RELAY


@given(st.lists(st.sampled_from(SENDERS), max_size=4), st.sampled_from(Behavior))
def test_nobody_is_said_to_come_in_by_an_entry_that_would_not_have_him(
    senders: list[str], behavior: Behavior
) -> None:
    groups = (
        SenderGroup("GROUP", behavior.value, tuple(senders)),
        SenderGroup("ALL", "REJECT", single=True),
    )
    listener = Listener("x", ListenerType.PRIVATE, sender_groups=groups)
    found = entrance(replace(CONFIG, listeners=(listener,)), behavior)
    if found.group == "GROUP":
        assert reception(listener, found.client).group.name == "GROUP"
    elif behavior is not Behavior.REJECT:
        assert (found.group, found.match, found.client) == ("None", "ALL", SOMEBODY)


def test_mail_in_and_out_comes_by_the_wizards_listeners() -> None:
    out, back = entrance(CONFIG, Behavior.RELAY), entrance(CONFIG, Behavior.ACCEPT)
    assert (out.group, out.client.address, out.table) == ("RELAYLIST", "192.168.42.10", "outbound")
    assert (back.group, back.match, back.table) == ("None", "ALL", "inbound")


def test_a_listener_and_a_group_that_are_named_are_the_ones() -> None:
    found = entrance(CONFIG, Behavior.RELAY, "OUTGOINGMAIL", "relaylist")
    assert found.group == "RELAYLIST"
    assert entrance(CONFIG, Behavior.RELAY, "IncomingMail", "").group == "None"


def test_the_address_is_that_of_the_listeners_interface() -> None:
    interfaces = (Interface("Data 1", "192.0.2.7"), Interface())
    listener = Listener(
        "x",
        ListenerType.PRIVATE,
        interface="Data 1",
        sender_groups=(SenderGroup("ALL", "RELAY", single=True),),
    )
    config = replace(CONFIG, listeners=(listener,), interfaces=interfaces)
    found = entrance(config, Behavior.RELAY)
    assert (found.interface, found.address) == ("Data 1", "192.0.2.7")
