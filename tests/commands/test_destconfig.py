"""destconfig: its one-line forms, what they refuse, and hostile answers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.destconfig import destconfig, summary
from esashell.commands.destinations import table
from esashell.config.check import breaches
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
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError
from tests.config.trees import good_destinations

A = DestinationControl("a.example", tls=TlsSetting.REQUIRED, concurrency=5,
                       limit_scope=LimitScope.DOMAIN, enforcement=Enforcement.SYSTEM)  # fmt: skip
B = DestinationControl(".b.example", bounce_profile="slow")
CONFIG = Config(
    destinations=DestinationControls(entries=(A, B)),
    bounces=BounceSettings(profiles=(DEFAULT, BounceProfile("slow"))),
)
TLS_ON = replace(
    CONFIG,
    destinations=replace(CONFIG.destinations, default=DefaultControl(tls=TlsSetting.PREFERRED)),
)


def one_line(line, config=CONFIG):
    book = Logbook(config)
    said = []
    Batch(line.split(), book, said.append).run(destconfig(book))
    return book.config.destinations, said


def entry(table, domain):
    return next(each for each in table.entries if each.domain == domain)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("new c.example", DestinationControl("c.example")),
        ("new .C.example use_tls=on", DestinationControl(".c.example", tls=TlsSetting.PREFERRED)),
        ("new c.example use_tls=6",
         DestinationControl("c.example", tls=TlsSetting.REQUIRED_VERIFY_HOSTED)),
        ("new c.example use_tls=on dane=mandatory",
         DestinationControl("c.example", tls=TlsSetting.PREFERRED, dane=DaneSetting.MANDATORY)),
        ("new c.example use_tls=on dane=off",
         DestinationControl("c.example", tls=TlsSetting.PREFERRED, dane=DaneSetting.NONE)),
        ("new c.example concurrency_limit=7 concurrency_limit_apply=vg",
         DestinationControl("c.example", concurrency=7, limit_scope=LimitScope.DOMAIN,
                            enforcement=Enforcement.VIRTUAL_GATEWAY)),
        ("new c.example recipient_limit=0",
         DestinationControl("c.example", recipient_limit=0, recipient_minutes=60,
                            limit_scope=LimitScope.DOMAIN, enforcement=Enforcement.SYSTEM)),
        ("new c.example bounce_profile=SLOW",
         DestinationControl("c.example", bounce_profile="slow")),
        ("new c.example bounce_profile=default", DestinationControl("c.example")),
        ("new c.example ip_sort_pref=require_v6 bounce_verification=off",
         DestinationControl("c.example", ip_preference=IpPreference.IPV6_REQUIRED,
                            bounce_verification=False)),
        ("edit a.example", A),
        ("edit a.example use_tls=default", replace(A, tls=None)),
        ("edit a.example use_tls=default dane=default", replace(A, tls=None)),
        ("edit a.example use_tls=off dane=off",
         replace(A, tls=TlsSetting.NO, dane=DaneSetting.NONE)),
        ("edit 1 use_tls=off", replace(A, tls=TlsSetting.NO)),
        ("edit a.example concurrency_limit=default",
         replace(A, concurrency=None, limit_scope=None, enforcement=None)),
        ("edit a.example max_messages_per_connection=3", replace(A, messages_per_connection=3)),
        ("edit .B.example bounce_profile=Default", replace(B, bounce_profile=None)),
    ],
)  # fmt: skip
def test_one_line_forms_make_the_entry(line, expected):
    table, _ = one_line(line)
    assert entry(table, expected.domain) == expected
    assert len(table.entries) == (3 if line.startswith("new") else 2)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("default concurrency_limit=9", DefaultControl(concurrency=9)),
        ("edit default concurrency_limit=9", DefaultControl(concurrency=9)),
        ("edit DEFAULT use_tls=on dane=opportunistic",
         DefaultControl(tls=TlsSetting.PREFERRED, dane=DaneSetting.OPPORTUNISTIC)),
        ("default recipient_limit=8", DefaultControl(recipient_limit=8)),
        ("default bounce_profile=slow bounce_verification=on",
         DefaultControl(bounce_profile="slow", bounce_verification=True)),
    ],
)  # fmt: skip
def test_one_line_forms_change_the_default(line, expected):
    table, _ = one_line(line)
    assert table == replace(CONFIG.destinations, default=expected)


def test_without_tls_in_the_default_its_dane_goes_too():
    table, _ = one_line("default use_tls=on dane=mandatory")
    table, _ = one_line("default use_tls=off", replace(CONFIG, destinations=table))
    assert table.default == DefaultControl()


def test_dane_can_be_set_where_the_default_has_tls():
    table, _ = one_line("new c.example dane=mandatory", TLS_ON)
    assert entry(table, "c.example") == DestinationControl("c.example", dane=DaneSetting.MANDATORY)


def test_setup_delete_and_clear():
    assert one_line("setup alert=yes")[0] == replace(CONFIG.destinations, alert=True)
    assert one_line("delete a.example")[0].entries == (B,)
    assert one_line("clear")[0].entries == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("new", "domain: a value is required"),
        ("new a..b", 'domain: "a..b" is not a host name'),
        ("new default", "is a word of the command"),
        ("new A.EXAMPLE", "The entry a.example already exists"),
        ("new c.example use_tls=maybe", "use_tls: The value must be one of 1, 2"),
        ("new c.example dane=mandatory", "DANE needs TLS, and TLS is off here: set"),
        ("new c.example use_tls=off dane=mandatory", "DANE needs TLS"),
        ("default dane=opportunistic", "DANE needs TLS"),
        ("new c.example use_tls=on dane=maybe", "dane: The value must be one of"),
        ("new c.example concurrency_limit=0", "from 1 to 1000"),
        ("new c.example concurrency_limit=", "cannot be blank"),
        ("new c.example recipient_limit_minutes=61 recipient_limit=1", "from 1 to 60"),
        ("new c.example recipient_limit_minutes=6", "recipients: a value is required"),
        ("new c.example bounce_profile=fast", "bounce_profile: The value must be one of"),
        ("new c.example concurrency_limit_type=MXIP", "Not understood: concurrency_limit_type"),
        ("new c.example colour=red", "Not understood: colour=red"),
        ("default concurrency_limit=default", "concurrency_limit: The value must be an integer"),
        ("default use_tls=default", "use_tls: The value must be one of"),
        ("edit nobody.example", 'There is no entry "nobody.example"'),
        ("delete default", 'There is no entry "default"'),
        ("setup certificate=partner.com", "certificate: The value must be one of 1 or Demo"),
        ("import ../x", "is not a file name"),
        ("import missing.cfg", "There is no file missing.cfg"),
        ("export .x", "is not a file name"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(destconfig(book))
    assert (book.staged, book.kept) == ([], {})


def test_an_import_with_a_bad_line_takes_nothing_of_the_file():
    book = Logbook(CONFIG)
    book.kept["bad.cfg"] = b"[c.example]\ntable_tls = on\n[d.example]\ntable_tls = what\n"
    transcript = scripted(destconfig(book), ["import", "bad.cfg", "y", ""], book)
    assert (
        'Error: bad.cfg, line 4: table_tls: "what" is not one of off, on, require, on_verify, '
        "require_verify, require_hosted. Nothing was imported.\n\nThere are currently 2 entries"
    ) in transcript
    assert book.staged == []


def test_with_nothing_to_edit_the_menu_does_not_offer_it():
    transcript = scripted(destconfig(Logbook(Config())), [""], Logbook(Config()))
    assert "There are currently no entries configured." in transcript
    assert not any(word in transcript for word in ("- EDIT", "- DELETE", "- CLEAR"))
    assert summary(CONFIG) == "There are currently 2 entries configured."


def test_tab_offers_what_is_configured():
    book = Logbook(CONFIG)
    book.kept["a.cfg"] = b""
    assert upcoming(destconfig(book), ["delete"], "a") == ("a.example",)
    assert upcoming(destconfig(book), ["edit"], "") == ("a.example", ".b.example", "default")
    assert upcoming(destconfig(book), ["import"], "") == ("a.cfg",)
    assert upcoming(destconfig(book), ["edit", "a.example"], "use_tls=require_") == (
        "use_tls=require_verify",
        "use_tls=require_hosted",
    )
    assert "dane=" in upcoming(destconfig(book), ["edit", "a.example"], "da")
    offered = upcoming(destconfig(book), ["new", "c.example"], "")
    assert {"use_tls=", "concurrency_limit=", "bounce_profile="} <= set(offered)


def test_what_is_interrupted_has_not_happened():
    book = Logbook(CONFIG)
    scripted(destconfig(book), ["delete", "a.example", "new", "c.example", "y", "1", "^C"], book)
    assert [each.destinations.entries for each in book.staged] == [(B,)]


@given(raw=st.binary(max_size=60))
def test_whatever_is_imported_the_menu_goes_on(raw):
    book = Logbook(CONFIG)
    book.kept["x.cfg"] = raw
    transcript = scripted(destconfig(book), ["import", "x.cfg", "y", ""], book)
    assert transcript.endswith("[]> \n")
    assert not breaches(book.config)


@settings(max_examples=60)
@given(controls=good_destinations, profile=st.sampled_from(["slow", "a_profile_with_a_long_name"]))
def test_the_list_keeps_to_eighty_columns_and_names_every_domain(controls, profile):
    entries = tuple(replace(each, bounce_profile=profile) for each in controls.entries)
    controls = replace(controls, entries=entries)
    lines = table(replace(CONFIG, destinations=controls)).splitlines()
    domains = [each.domain for each in entries]
    assert all(len(line) <= 80 or line in domains for line in lines)
    assert [line.split()[0] for line in lines[3:] if not line.startswith(" ")] == [
        *domains,
        "(Default)",
    ]
