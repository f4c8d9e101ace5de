"""The file of HOSTACCESS: the published example, the way back, and every refusal with its line."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.config.check import breaches
from esashell.config.files.hat import HostAccess, read, written
from esashell.config.model.listeners import (
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    ReceivingTls,
    SenderGroup,
)
from esashell.config.model.predefined import WIZARDS_LISTENERS
from esashell.config.tree import Config
from esashell.errors import BadConfiguration
from tests.config import trees

# The layout of CLI Reference Guide 9.7, listenerconfig; with senders in a group.
EXAMPLE = """\
$ACCEPTED
    ACCEPT
$THROTTLED
    ACCEPT {
        spam_check = "on"
        max_msgs_per_session = 10
        max_concurrency = 10
        max_rcpts_per_msg = 25
        max_rcpts_per_hour = 1
        dhap_limit = 0
        virus_check = "on"
        max_message_size = 1048576
        use_sb = "on"
        tls = "off"
    }
$BLOCKED
    REJECT
BLACKLIST:
    192.0.2.1 (a spammer)
    sbrs[-10.0:-3.0]
        $BLOCKED (Spammers are rejected)
UNKNOWNLIST:
        $ACCEPTED (Reviewed but undecided, continue normal acceptance)
spamdomain.com
    REJECT (reject the domain "spamdomain.com")
251.192.1.
    TCPREFUSE (TCPREFUSE the IP addresses in "251.192.1")
ALL
    $ACCEPTED
"""
TABLE = HostAccess(
    (
        MailFlowPolicy("ACCEPTED", Behavior.ACCEPT),
        MailFlowPolicy(
            "THROTTLED", Behavior.ACCEPT, 10, 10, 25, 1, 1_048_576, ReceivingTls.NO, 0, True, True,
            True,
        ),
        MailFlowPolicy("BLOCKED", Behavior.REJECT),
    ),
    (
        SenderGroup(
            "BLACKLIST", "BLOCKED", ("192.0.2.1 (a spammer)", "sbrs[-10.0:-3.0]"),
            "Spammers are rejected",
        ),
        SenderGroup(
            "UNKNOWNLIST", "ACCEPTED", (), "Reviewed but undecided, continue normal acceptance"
        ),
        SenderGroup(
            "spamdomain.com", "REJECT", (), 'reject the domain "spamdomain.com"', single=True
        ),
        SenderGroup(
            "251.192.1.", "TCPREFUSE", (), 'TCPREFUSE the IP addresses in "251.192.1"', single=True
        ),
        SenderGroup("ALL", "ACCEPTED", single=True),
    ),
)  # fmt: skip


def read_text(text: str) -> HostAccess:
    return read(text.encode("utf-8", "surrogatepass"), "hat.txt")


def refusal(text: str) -> str:
    with pytest.raises(BadConfiguration) as refused:
        read_text(text)
    return str(refused.value)


def test_the_published_example_is_read_and_written_to_the_letter() -> None:
    assert read_text(EXAMPLE) == TABLE
    assert written(TABLE) == EXAMPLE


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE.replace("\n", "\r\n"),
        EXAMPLE.replace("    ", ""),
        EXAMPLE.replace("    ", "\t"),
        codecs.BOM_UTF8.decode() + EXAMPLE,
        "# File exported by the CLI at 20060530T220526\n\n" + EXAMPLE,
        EXAMPLE.replace("$BLOCKED\n    REJECT", "$BLOCKED\n    reject {}"),
        EXAMPLE.replace("$ACCEPTED\n    ACCEPT\n", "$ACCEPTED ACCEPT\n", 1),
        EXAMPLE.replace("ALL\n    $ACC", "ALL: $acc"),
        EXAMPLE.replace("251.192.1.\n    TCP", "251.192.1. TCP"),
        EXAMPLE.replace("    sbrs[", "    192.0.2.1\n    sbrs["),
    ],
)
def test_other_layouts_mean_the_same(text: str) -> None:
    assert read_text(text) == TABLE


def test_a_parameter_that_nothing_goes_by_is_kept_as_it_stands() -> None:
    text = EXAMPLE.replace('"off"\n', '"off"\n        smtp_banner_text = "a = b"\n')
    assert read_text(text).policies[1].others == ('smtp_banner_text = "a = b"',)
    assert written(read_text(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("    ACCEPT\n", "    ALLOW\n", 2, '"ALLOW" is not one of ACCEPT, RELAY'),
        ("max_concurrency = 10", "max_concurrency = 0", 7, '"0" is not a number from 1'),
        ("max_concurrency = 10", "max_concurrency = x", 7, 'max_concurrency: "x" is not'),
        ("max_concurrency = 10", "max_concurrency", 7, "is not name = value"),
        ("max_concurrency = 10", "spam_check = \"on\"", 7, "spam_check is given twice"),
        ('spam_check = "on"', 'spam_check = "yes"', 5, "is not one of off, on"),
        ('tls = "off"', 'tls = "maybe"', 14, "is not one of off, on, require"),
        ("$BLOCKED\n    REJECT", "$accepted\n    REJECT", 16, 'a policy "accepted" already'),
        ("$BLOCKED\n    REJECT", "$RE JECT\n    REJECT", 16, '"JECT" is not one of'),
        ("$BLOCKED\n    REJECT", "$\n    REJECT", 16, 'the policy "" is not a name'),
        ("    192.0.2.1 (a", "    192.0.2.999 (a", 19, "has 999 in it"),
        ("$BLOCKED (Sp", "$BLOCK (Sp", 21, 'there is no policy "$BLOCK"'),
        ("$BLOCKED (Spammers are rejected)", "$BLOCKED {", 21, "has parameters"),
        ("UNKNOWNLIST:", "blacklist:", 22, 'an entry "blacklist" already'),
        ("UNKNOWNLIST:", "accept:", 22, "is a word of the table"),
        ("spamdomain.com\n", "spam domain\n", 24, '"domain" is neither a policy nor'),
        ("spamdomain.com\n", "spam_domain\n", 24, "is not a host name"),
        ("    REJECT (reject", "    192.0.2.1 (reject", 25, "is neither a policy nor"),
        ("ALL\n    $ACCEPTED\n", "ALL\n", 28, 'the entry "ALL" has no policy'),
        ("ALL\n    $ACCEPTED\n", "", 27, "there is no entry ALL at the end"),
        ("ALL\n    $ACCEPTED\n", "$X\n    ACCEPT {\n", 29, 'the policy "X" is not complete'),
        ("    $ACCEPTED\n", "    $ACCEPTED\na.example\n    REJECT\n", 30, "stands behind ALL"),
        ("(Spammers", "(\x1b[2JSpammers", 21, "control character"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named_with_the_reason(old: str, new: str, line: int, reason: str) -> None:
    before, _, after = EXAMPLE.rpartition(old) if old.startswith("    $A") else ("", "", "")
    text = before + new + after if before else EXAMPLE.replace(old, new, 1)
    said = refusal(text)
    assert said.startswith(f"Error: hat.txt, line {line}: "), said
    assert reason in said
    assert said.endswith(" Nothing was imported.")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(BadConfiguration, match=r"line 2: byte 0xff is not UTF-8 text"):
        read(b"ALL\n\xff", "hat.txt")


@settings(max_examples=50)
@given(trees.good_listeners)
def test_what_is_written_is_read_back(listeners: tuple[Listener, ...]) -> None:
    for each in (*listeners, *WIZARDS_LISTENERS):
        table = HostAccess(each.policies, each.sender_groups)
        assert read_text(written(table)) == table


LINES = st.sampled_from(
    [*EXAMPLE.splitlines(), "{", "}", "ACCEPT {", "$", "$X", "X:", "ALL:", "(", ")", "a = ", "::"]
)


@given(st.lists(LINES | st.text(max_size=12), max_size=14))
def test_whatever_is_read_may_be_committed(lines: list[str]) -> None:
    try:
        table = read_text("\n".join(lines))
    except BadConfiguration as refused:
        said = str(refused)
    else:
        said = ""
    assert said.isprintable()
    if said:
        assert "hat.txt, line " in said
        return
    listener = Listener(
        "In", ListenerType.PUBLIC, policies=table.policies, sender_groups=table.groups
    )
    assert breaches(Config(listeners=(listener,))) == ()
    assert read_text(written(table)) == table


@given(st.binary(max_size=80))
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    with pytest.raises(BadConfiguration):
        read(raw, "hat.txt")
