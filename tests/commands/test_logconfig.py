"""logconfig: a log at Debug for a while, what is refused, and hostile answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.commands.log_questions import TYPES, WORDS, duration_text
from esashell.commands.logconfig import VOLUME, logconfig
from esashell.config.model.logs import LogLevel, LogSettings, LogSubscription, LogType
from esashell.config.tree import Config
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError

MAIL = LogSubscription("mail_logs", LogType.MAIL, "mail")
BOUNCES = LogSubscription("bounces", LogType.BOUNCE, "bounces")
CONFIG = Config(logs=LogSettings(subscriptions=(MAIL, BOUNCES)))


def one_line(line):
    book = Logbook(CONFIG)
    said = []
    Batch(line.split(), book, said.append).run(logconfig(book))
    return book.config.logs, said


def test_a_log_at_debug_is_made_with_a_warning():
    logs, said = one_line("new mail_logs_d level=debug maximum_files=3")
    made = LogSubscription("mail_logs_d", LogType.MAIL, "mail", LogLevel.DEBUG, maximum_files=3)
    assert logs.subscriptions == (MAIL, BOUNCES, made)
    assert said == [VOLUME]


def test_the_warning_is_not_repeated_for_a_log_that_has_the_level():
    book = Logbook(Config(logs=LogSettings(subscriptions=(replace(MAIL, level=LogLevel.DEBUG),))))
    assert VOLUME not in scripted(logconfig(book), ["edit", "1", *[""] * 7], book)
    assert VOLUME in scripted(logconfig(book), ["edit", "1", "", "5", *[""] * 6], book)


@pytest.mark.parametrize(
    ("line", "log"),
    [
        ("edit mail_logs maximum_size=5M", replace(MAIL, maximum_size=5 * 1024**2)),
        ("edit mail_logs maximum_size=10k", replace(MAIL, maximum_size=10240)),
        ("edit 1 rollover=1d12h", replace(MAIL, rollover=129_600)),
        ("edit 1 name=mail level=critical", replace(MAIL, name="mail", level=LogLevel.CRITICAL)),
        ("edit 1 name=MAIL_LOGS", replace(MAIL, name="MAIL_LOGS")),
    ],
)
def test_what_is_named_is_changed_and_the_rest_stays(line, log):
    assert one_line(line)[0].subscriptions == (log, BOUNCES)


def test_setup_headers_and_delete():
    assert one_line("setup metrics_interval=5")[0] == replace(CONFIG.logs, metrics_interval=5)
    assert one_line("logheaders From,X-A,from")[0].headers == ("from", "X-A")
    assert one_line("logheaders none")[0].headers == ()
    assert one_line("delete bounces")[0].subscriptions == (MAIL,)
    assert one_line("edit bounces bytes_to_record=9")[0].subscriptions[1].bytes_to_record == 9


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("new", "name: a value is required"),
        ("new x type=antispam", "type: The value must be a number from 1 to 27"),
        ("new x type=2", "esashell writes no qmail Format Mail Logs"),
        ("new x type=syslog", "from 1 to 27"),
        ("new Mail_Logs", "The log Mail_Logs already exists"),
        ("new ../x", "is not a log's name"),
        ("new x filename=.x", "is not a log's name"),
        ("new x level=6", "level: The value must be one of"),
        ("new x retrieval=3", "There is no SCP Push here"),
        ("new x maximum_size=1k1", "The value must be a size"),
        ("new x maximum_size=4096m", "The value must be a size"),
        ("new x rollover=30s", "The value must be a time"),
        ("new x rollover=1h2d", "The value must be a time"),
        ("new x bytes_to_record=3", "Not understood: bytes_to_record=3"),
        ("edit 2 name=mail_logs", "The log mail_logs already exists"),
        ("logheaders a:b", "is not the name of a header"),
        ("hostkeyconfig", "no SSH host keys"),
        ("setup metrics_interval=0", "from 1"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(logconfig(book))
    assert book.staged == []


def test_each_type_that_is_written_has_its_number_and_its_word():
    for word, kind in WORDS.items():
        number = TYPES.index(kind) + 1
        assert one_line(f"new x type={word}") == one_line(f"new x type={number}")
        assert one_line(f"new x type={word}")[0].subscriptions[-1].type is kind
    assert set(WORDS.values()) == set(LogType)


@given(st.integers(60, 10**8))
def test_an_interval_is_typed_as_it_is_shown(seconds):
    shown = duration_text(seconds)
    assert one_line(f"edit 1 rollover={shown}")[0].subscriptions[0].rollover == seconds


def test_tab_offers_logs_and_levels():
    book = Logbook(CONFIG)
    assert upcoming(logconfig(book), ["delete"], "b") == ("bounces",)
    assert upcoming(logconfig(book), ["new", "x"], "level=d") == ("level=debug",)
    assert upcoming(logconfig(book), ["new", "x"], "type=s") == ("type=status", "type=system")
