"""listenerconfig: its one-line forms, what they refuse, its files, and hostile answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.listenerconfig import listenerconfig, summary
from esashell.config.check import breaches, warnings
from esashell.config.model.listeners import (
    Behavior,
    ListenerType,
    MailFlowPolicy,
    ReceivingTls,
    RecipientAccess,
    SenderGroup,
)
from esashell.config.model.predefined import WIZARDS_LISTENERS, public_listener
from esashell.config.tree import Config
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError

CONFIG = Config(listeners=WIZARDS_LISTENERS)
INCOMING, OUTGOING = WIZARDS_LISTENERS
HAT = "edit IncomingMail hostaccess"
RAT = "edit IncomingMail rcptaccess"


def one_line(line, kept=None):
    book = Logbook(CONFIG)
    book.kept.update(kept or {})
    said = []
    Batch(line.split(), book, said.append).run(listenerconfig(book))
    return book.config, said


def incoming(line, kept=None):
    return one_line(line, kept)[0].listeners[0]


def test_the_wizard_s_listeners_may_be_committed():
    assert breaches(CONFIG) == ()
    assert warnings(CONFIG) == ()


def test_a_new_public_listener_rejects_everybody_else():
    config, said = one_line("new Partners example.com,a@b.example port=26")
    made = config.listeners[2]
    assert made == public_listener("Partners", "Management", 26, ("example.com", "a@b.example"))
    assert made.recipients[-1] == RecipientAccess("ALL", accept=False)
    assert said[-1].startswith("Listener Partners created.\nDefaults have been set for a Public")


def test_a_new_private_listener_relays_for_those_who_are_named():
    made = one_line("new Own 10.1. type=private port=26 dhap_limit=9")[0].listeners[2]
    assert (made.type, made.max_concurrency, made.defaults.dhap_limit) == (
        ListenerType.PRIVATE, 600, 9,
    )  # fmt: skip
    assert made.sender_groups == (
        SenderGroup("RELAYLIST", "RELAYED", ("10.1.",)),
        SenderGroup("ALL", "BLOCKED", single=True),
    )


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("edit 1 name InboundMail", {"name": "InboundMail"}),
        ("edit 1 interface Management port=2525", {"port": 2525}),
        ("edit 1 limits tcp_queue=7", {"tcp_queue": 7}),
        ("edit 1 setup Example.COM", {"default_domain": "example.com"}),
        (f"{HAT} clear", {"sender_groups": INCOMING.sender_groups[-1:]}),
        (f"{HAT} default tls=require",
         {"defaults": replace(INCOMING.defaults, tls=ReceivingTls.REQUIRED)}),
        (f"{HAT} default max_rcpts_per_hour=5 dhap=no",
         {"defaults": replace(INCOMING.defaults, max_recipients_per_hour=5, dhap_limit=0)}),
        (f"{HAT} new policy P relay max_message_size=1K max_rcpts_per_hour=5 spam_check=no",
         {"policies": (*INCOMING.policies,
                       MailFlowPolicy("P", Behavior.RELAY, max_message_size=1024,
                                      max_recipients_per_hour=5, spam_check=False))}),
        (f"{HAT} edit policy TRUSTED tcprefuse",
         {"policies": (*INCOMING.policies[:2], MailFlowPolicy("TRUSTED", Behavior.TCPREFUSE),
                       INCOMING.policies[3])}),
        (f"{HAT} edit policy TRUSTED max_concurrency=default max_rcpts_per_hour=7",
         {"policies": (*INCOMING.policies[:2],
                       replace(INCOMING.policies[2], max_concurrency=None,
                               max_recipients_per_hour=7), INCOMING.policies[3])}),
        (f"{HAT} edit policy TRUSTED rate_limiting=default",
         {"policies": (*INCOMING.policies[:2],
                       replace(INCOMING.policies[2], max_recipients_per_hour=None),
                       INCOMING.policies[3])}),
        (f"{HAT} edit sendergroup all policy behavior=BLOCKED",
         {"sender_groups": (*INCOMING.sender_groups[:-1],
                            SenderGroup("ALL", "BLOCKED", single=True))}),
        (f"{RAT} clear", {"recipients": INCOMING.recipients[-1:]}),
    ],
)  # fmt: skip
def test_what_is_named_is_changed_and_the_rest_stays(line, fields):
    assert incoming(line) == replace(INCOMING, **fields)


def test_a_sender_that_is_there_already_is_not_there_twice():
    book = Logbook(CONFIG)
    for hosts in ("192.0.2.1,192.0.2.2", "192.0.2.2,192.0.2.3,192.0.2.3"):
        line = f"{HAT} edit sendergroup BLACKLIST new {hosts}"
        Batch(line.split(), book, print).run(listenerconfig(book))
    assert book.config.listeners[0].sender_groups[1].senders == (
        "192.0.2.1", "192.0.2.2", "192.0.2.3",
    )  # fmt: skip
    assert not breaches(book.config)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("new", "name: a value is required"),
        ("new X", "recipients|hosts: a value is required"),
        ("new X a..b", "is not a host name"),
        ("new X a.example", "The listener IncomingMail has port 25 there already"),
        ("new incomingmail a.example port=26", "The listener incomingmail already exists"),
        ("new X a.example port=26 protocol=qmqp", "QMQP is not emulated"),
        ("new X 10.1 type=private port=26", "is not a whole address"),
        ("edit X", 'There is no listener "X"'),
        ("edit 1 rename", "listener_operation: The value must be one of NAME"),
        ("edit 1 name OutgoingMail", "already exists"),
        ("edit 1 interface Data", "interface: The value must be one of"),
        ("edit 1 interface Management port=587", "has port 587 there already"),
        ("edit 1 certificate partner", "certificate: The value must be one of"),
        ("edit 1 bounceconfig slow", "bounce_profile: The value must be one of"),
        ("edit 1 masquerade", "nothing to rewrite"),
        ("edit 2 domainmap", "listener_operation: The value must be one of"),
        ("edit 2 rcptaccess print", "listener_operation: The value must be one of"),
        (f"{HAT} new sendergroup ALL 10.", "is a word of the table"),
        (f"{HAT} new sendergroup A 10", "is not a whole address"),
        (f"{HAT} new sendergroup A 10. behavior=GOOD", "behavior: The value must be one of"),
        (f"{HAT} new policy BLOCKED", "The policy BLOCKED already exists"),
        (f"{HAT} new policy P reject tls=on", "Not understood: tls=on"),
        (f"{HAT} delete sendergroup ALL", "The entry ALL cannot be deleted"),
        (f"{HAT} delete policy BLOCKED", "in use by BLACKLIST"),
        (f"{HAT} move WHITELIST 5", "from 1 to 4"),
        (f"{HAT} move ALL 1", 'There is no sender group "ALL"'),
        (f"{HAT} edit sendergroup ALL new 10.", "group_operation: The value must be one of"),
        (f"{HAT} edit sendergroup BLACKLIST rename WHITELIST", "already exists"),
        (f"{HAT} edit policy TRUSTED max_message_size=2G", "The value must be a size"),
        (f"{HAT} import missing", "There is no file missing"),
        (f"{RAT} new myesa.local", "The recipient myesa.local already exists"),
        (f"{RAT} new a@b@c", "is no user name"),
        (f"{RAT} new b.example response=no", "is not an SMTP response"),
        (f"{RAT} delete ALL", "The entry ALL cannot be deleted"),
        ("setup counter_reset=1", "The value must be a time"),
    ],
)  # fmt: skip
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message.replace("|", r"\|")):
        Batch(line.split(), book, print).run(listenerconfig(book))
    assert (book.staged, book.kept) == ([], {})


def test_an_import_with_a_bad_line_takes_nothing_of_the_file():
    for line, text, reason in (
        (f"{HAT} import x", "$P\n  ACCEPT\nA:\n  10.1\n    $P\nALL\n  $P\n", "x, line 4: "),
        (f"{RAT} import x", "a.example ACCEPT\nb.example MAYBE\nALL REJECT\n", "x, line 2: "),
    ):
        book = Logbook(CONFIG)
        book.kept["x"] = text.encode()
        with pytest.raises(OperatorError, match=reason):
            Batch(line.split(), book, print).run(listenerconfig(book))
        assert book.staged == []


def test_parameters_that_nothing_goes_by_are_told_and_kept():
    text = b'$P\n    ACCEPT {\n        dkim = "on"\n    }\nALL\n    $P\n'
    config, said = one_line(f"{HAT} import x", {"x": text})
    assert said[-1] == "Kept as they are, and not gone by here: dkim."
    book = Logbook(config)
    Batch(f"{HAT} export y".split(), book, print).run(listenerconfig(book))
    assert book.kept["y"] == text


@pytest.mark.parametrize(
    "line", [f"{RAT} edit ALL accept", f"{HAT} edit sendergroup ALL policy behavior=RELAY"]
)
def test_an_open_relay_is_warned_of(line):
    assert warnings(one_line(line)[0]) == (
        "Anybody can send mail to anywhere through the listener IncomingMail.",
    )


def test_without_listeners_there_is_nothing_to_edit():
    book = Logbook(Config())
    transcript = scripted(listenerconfig(book), [""], book)
    assert "There are no listeners configured." in transcript
    assert "- EDIT" not in transcript
    assert summary(CONFIG).splitlines()[1] == (
        "1. IncomingMail (on Management, 192.168.42.42) SMTP TCP Port 25 Public"
    )


def test_tab_offers_what_is_configured_however_deep():
    book = Logbook(CONFIG)
    book.kept["hat.txt"] = b""
    at = lambda words, prefix="": upcoming(listenerconfig(book), words.split(), prefix)  # noqa: E731
    assert at("edit", "I") == ("IncomingMail",)
    assert at("edit 1", "h") == ("hostaccess",)
    assert "rcptaccess" not in at("edit 2")
    assert at(f"{HAT} edit sendergroup", "B") == ("BLACKLIST",)
    assert at(f"{HAT} edit sendergroup BLACKLIST", "re") == ("rename",)
    assert at(f"{HAT} edit policy", "T") == ("THROTTLED", "TRUSTED")
    assert at(f"{HAT} import") == ("hat.txt",)
    assert at(f"{HAT} new sendergroup A 10.", "behavior=TR") == ("behavior=TRUSTED",)
    assert at(f"{RAT} edit") == ("myesa.local", "ALL")


def test_what_is_interrupted_has_not_happened():
    book = Logbook(CONFIG)
    lines = ["edit", "1", "name", "In", "hostaccess", "new", "1", "A", "10.", "^C"]
    scripted(listenerconfig(book), lines, book)
    assert book.config == replace(CONFIG, listeners=(replace(INCOMING, name="In"), OUTGOING))


@given(raw=st.binary(max_size=60), table=st.sampled_from(["hostaccess", "rcptaccess"]))
def test_whatever_is_imported_the_menu_goes_on(raw, table):
    book = Logbook(CONFIG)
    book.kept["x.txt"] = raw
    lines = ["edit", "1", table, "import", "x.txt", "y", "", "", ""]
    transcript = scripted(listenerconfig(book), lines, book)
    assert transcript.endswith("[]> \n")
    assert not breaches(book.config)
