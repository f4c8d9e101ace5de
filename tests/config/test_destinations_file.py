"""The INI file of destination controls: what it says, and what is refused with file and line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.check import breaches
from esashell.config.files import destinations
from esashell.config.files.destinations import read, written
from esashell.config.model.bounce import DEFAULT, BounceProfile, BounceSettings
from esashell.config.model.destination import (
    DaneSetting,
    DefaultControl,
    DestinationControl,
    DestinationControls,
    Enforcement,
    IpPreference,
    LimitScope,
    TlsSetting,
)
from esashell.config.tree import Config
from esashell.errors import BadConfiguration
from tests.config import trees

CONFIG = Config(bounces=BounceSettings(profiles=(DEFAULT, BounceProfile("slow"))))
FILE = """\
[DEFAULT]
ip_sort_pref = PREFER_V6
max_host_concurrency = 500
max_messages_per_connection = 50
recipient_minutes = 60
recipient_limit = 300
limit_type = host
limit_apply = VG
table_tls = off
bounce_validation = 0
send_tls_req_alert = 0
certificate = Demo

# a partner
[Example.com]
TABLE_TLS = Require_Verify
bounce_profile = SLOW

[.lab.example]
ip_sort_pref=REQUIRE_v4
max_host_concurrency=20
limit_type=1
limit_apply=0
table_tls=1
dane=mandatory
bounce_validation=on
"""


def complaint(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(BadConfiguration) as refused:
        read(raw, "dest.cfg", CONFIG)
    return str(refused.value)


def test_a_file_says_what_the_table_holds() -> None:
    table = read(FILE.encode(), "dest.cfg", CONFIG)
    assert table == DestinationControls(
        DefaultControl(recipient_limit=300, enforcement=Enforcement.VIRTUAL_GATEWAY),
        entries=(
            DestinationControl(
                "example.com", tls=TlsSetting.REQUIRED_VERIFY, bounce_profile="slow"
            ),
            DestinationControl(
                ".lab.example",
                ip_preference=IpPreference.IPV4_REQUIRED,
                concurrency=20,
                limit_scope=LimitScope.MX_ADDRESS,
                enforcement=Enforcement.SYSTEM,
                tls=TlsSetting.PREFERRED,
                dane=DaneSetting.MANDATORY,
                bounce_verification=True,
            ),
        ),
    )
    assert read(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode(), "x", CONFIG) == table


def consistent(table: DestinationControls) -> DestinationControls:
    """As the dialogue makes it: a limit has beside it what belongs to it, and only then."""

    def entry(each: DestinationControl) -> DestinationControl:
        base = table.default
        if each.concurrency is not None or each.recipient_limit is not None:
            each = replace(
                each,
                limit_scope=each.limit_scope or base.limit_scope,
                enforcement=each.enforcement or base.enforcement,
            )
        if each.recipient_limit is not None:
            minutes = each.recipient_minutes or base.recipient_minutes
            each = replace(each, recipient_minutes=minutes)
        return replace(each, domain=each.domain.lower())

    default = table.default
    if not default.recipient_limit:
        default = replace(default, recipient_minutes=60)
    return replace(table, default=default, entries=tuple(map(entry, table.entries)))


@given(trees.good_destinations)
def test_what_was_exported_is_imported_again(found: DestinationControls) -> None:
    table = consistent(found)
    assert read(written(table).encode(), "x", CONFIG) == table


@given(trees.good_destinations)
def test_any_table_can_be_exported_and_the_export_is_stable(found: DestinationControls) -> None:
    once = read(written(found).encode(), "x", CONFIG)
    assert read(written(once).encode(), "x", CONFIG) == once
    assert not breaches(replace(CONFIG, destinations=once))


@pytest.mark.parametrize("key", ["dane_mode", "table_dane", "tlsa_support"])
def test_an_unknown_name_for_dane_is_refused_with_its_line_and_what_to_do(key: str) -> None:
    with pytest.raises(BadConfiguration) as refusal:
        read(f"[a.example]\ntable_tls = on\n{key} = 2\n".encode(), "x", CONFIG)
    assert str(refusal.value) == (
        f'Error: x, line 3: there is no setting "{key}"; the appliance\'s name for its DANE '
        "setting is not published. Call it dane here, with one of off, opportunistic, mandatory, "
        "or take the line out and use destconfig. Nothing was imported."
    )


def test_another_name_for_dane_is_taken_once_it_is_in_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(destinations, "DANE_KEYS", ("dane", "dane_mode"))
    raw = b"[a.example]\ntable_tls = on\nDane_Mode = mandatory\n"
    (entry,) = read(raw, "x", CONFIG).entries
    assert entry.dane is DaneSetting.MANDATORY
    with pytest.raises(BadConfiguration, match="dane is given twice"):
        read(raw + b"dane = off\n", "x", CONFIG)


@pytest.mark.parametrize("word", ["off", "none", "None", "no", "0"])
def test_no_dane_is_said_in_any_of_its_words(word: str) -> None:
    (entry,) = read(f"[a.example]\ntable_tls = on\ndane = {word}".encode(), "x", CONFIG).entries
    assert entry.dane is DaneSetting.NONE


def test_dane_is_written_only_where_it_says_something() -> None:
    assert "dane" not in written(DestinationControls(entries=(DestinationControl("a.example"),)))
    table = DestinationControls(entries=(DestinationControl("a.example", dane=DaneSetting.NONE),))
    assert written(table).startswith('# "dane" is not a documented key')
    assert "\ndane = off\n" in written(table)
    assert read(written(table).encode(), "x", CONFIG) == table


def test_without_a_default_section_the_default_stays() -> None:
    default = DefaultControl(concurrency=7)
    config = replace(CONFIG, destinations=DestinationControls(default, alert=True))
    table = read(b"[a.example]\n", "x", config)
    assert table == replace(config.destinations, entries=(DestinationControl("a.example"),))


@pytest.mark.parametrize(
    ("line", "what", "old", "new"),
    [
        (1, "there is no section", FILE, "# nothing\n"),
        (1, '"x = 1" stands before the first [section]', FILE, "x = 1\n"),
        (1, "the bracket of", "[DEFAULT]", "[DEFAULT"),
        (1, "is empty", "[DEFAULT]", "[ ]"),
        (1, "is a word of the command", "[DEFAULT]", "[all]"),
        (2, '"PREFER_V5" is not one of PREFER_V6, REQUIRE_V6, PREFER_V4', "PREFER_V6", "PREFER_V5"),
        (3, "is not a number from 1 to 1000", "= 500", "= 5000"),
        (3, "is not a number from 1 to 1000", "= 500", "= ٥"),
        (5, "is not a number from 1 to 60", "minutes = 60", "minutes = 61"),
        (3, '"whatever" is neither [section] nor name = value', "max_host_concurrency = 500",
         "whatever"),
        (3, 'there is no setting "max_host_concurency"', "max_host_concurrency",
         "max_host_concurency"),
        (3, "ip_sort_pref is given twice", "max_host_concurrency = 500", "IP_SORT_PREF=PREFER_V4"),
        (1, "[DEFAULT] lacks max_host_concurrency", "max_host_concurrency = 500\n", ""),
        (1, "[DEFAULT] lacks recipient_minutes", "recipient_minutes = 60\n", ""),
        (12, 'there is no certificate "partner.com"', "= Demo", "= partner.com"),
        (17, 'there is no bounce profile "fast"', "= SLOW", "= fast"),
        (17, '"certificate" in a domain\'s section', "bounce_profile = SLOW", "certificate = Demo"),
        (15, '"a b" is not a host name', "[Example.com]", "[a b]"),
        (19, "there is a section [EXAMPLE.COM] already", "[.lab.example]", "[EXAMPLE.COM]"),
        (19, "[.lab.example] lacks limit_apply", "limit_apply=0\n", ""),
        (24, "is not one of off, on, require, on_verify, require_verify", "tls=1", "tls=6"),
        (25, '"maybe" is not one of off, opportunistic, mandatory', "=mandatory", "=maybe"),
        (14, "the line holds a control character", "# a partner", "\x1b[2J"),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_with_file_line_and_reason(
    line: int, what: str, old: str, new: str
) -> None:
    answer = complaint(FILE.replace(old, new, 1))
    assert answer.startswith(f"Error: dest.cfg, line {line}: ")
    assert what in answer
    assert answer.endswith("Nothing was imported.")


def test_a_byte_that_is_not_text_is_named_with_its_line() -> None:
    assert complaint(b"[a.example]\n\xff\n").startswith("Error: dest.cfg, line 2: byte 0xff is not")


_LINES = st.sampled_from(
    ["[DEFAULT]", "[a.example]", "[.b.example]", "[", "]", "[]", "=", "table_tls=on", "dane=off",
     "max_host_concurrency=5", "limit_type=0", "limit_apply=1", "recipient_limit=9",
     "recipient_minutes=1", "bounce_profile=Default", "certificate=Demo", "# x", "", "x" * 70_000]
)  # fmt: skip


@given(st.binary(max_size=80) | st.lists(_LINES, max_size=8).map(lambda ls: "\n".join(ls).encode()))
def test_hostile_bytes_are_taken_by_the_rules_or_refused_in_one_line(raw: bytes) -> None:
    refusal = ""
    try:
        table = read(raw, "dest.cfg", CONFIG)
        assert not breaches(replace(CONFIG, destinations=table))
    except BadConfiguration as error:
        refusal = str(error)
    assert re.fullmatch(r"|Error: dest\.cfg, line \d+: .*", refusal)
    assert refusal.isprintable()
    assert len(refusal) < 500


@given(st.integers(0, len(FILE)), st.integers(0, 30), st.binary(max_size=5))
def test_a_file_with_some_bytes_exchanged_is_a_good_one_or_refused(
    start: int, length: int, instead: bytes
) -> None:
    raw = FILE.encode()
    refusal = ""
    try:
        table = read(raw[:start] + instead + raw[start + length :], "dest.cfg", CONFIG)
        assert not breaches(replace(CONFIG, destinations=table))
    except BadConfiguration as error:
        refusal = str(error)
    assert refusal.isprintable()
