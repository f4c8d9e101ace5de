"""bounceconfig: its one-line forms, what they refuse, and hostile answers."""

import pytest
from msgspec.structs import replace

from esashell.commands.bounceconfig import bounceconfig
from esashell.config.model.bounce import DEFAULT, BounceProfile, BounceSettings
from esashell.config.tree import Config
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook
from esashell.errors import OperatorError

SLOW = BounceProfile("slow", maximum_retries=9)
CONFIG = Config(bounces=BounceSettings(profiles=(DEFAULT, SLOW)))


def one_line(line):
    book = Logbook(CONFIG)
    Batch(line.split(), book, lambda text: None).run(bounceconfig(book))
    return book.config.bounces


def test_a_new_profile_begins_as_the_default_one_is():
    assert one_line("new fast").profiles == (DEFAULT, SLOW, replace(DEFAULT, name="fast"))


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("max_retries=0", {"maximum_retries": 0}),
        ("initial_retry=7200", {"initial_retry": 7200, "maximum_retry": 7200}),
        ("send_bounces=yes", {"send_bounces": True}),
        ("send_bounces=DEFAULT", {}),
        ("send_warnings=y send_warnings_count=3", {"send_warnings": True, "warning_count": 3}),
        ("alternate_bounce_address=a@b.example", {"alternate_address": "a@b.example"}),
        ("sign_bounces=no", {"sign": False}),
        ("", {}),
    ],
)
def test_what_is_named_is_changed_and_the_rest_stays(line, fields):
    assert one_line(f"edit slow {line}").profiles == (DEFAULT, replace(SLOW, **fields))


def test_an_alternate_address_goes_when_it_is_not_wanted():
    book = Logbook(
        replace(
            CONFIG, bounces=BounceSettings(profiles=(replace(DEFAULT, alternate_address="a@b"),))
        )
    )
    Batch(["edit", "1", "alternate=no"], book, print).run(bounceconfig(book))
    assert book.config.bounces.profiles == (DEFAULT,)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("new", "name: a value is required"),
        ("new SLOW", "The profile SLOW already exists"),
        ("new x send_bounces=maybe", "Please answer Yes, No or Default"),
        ("edit default send_bounces=default", "Please answer Yes or No"),
        ("edit slow initial_retry=100 max_retry_time=99", "from 100 to"),
        ("edit slow send_warnings_count=3", "Not understood: send_warnings_count=3"),
        ("edit slow alternate_bounce_address=nobody", "is not an email address"),
        ("edit fast", 'There is no profile "fast"'),
        ("delete default", "The profile Default cannot be deleted"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(bounceconfig(book))
    assert book.staged == []


def test_tab_offers_the_profiles_and_the_settings():
    book = Logbook(CONFIG)
    assert upcoming(bounceconfig(book), ["delete"], "s") == ("slow",)
    assert "send_bounces=default" in upcoming(bounceconfig(book), ["edit", "slow"], "send_bounces=")
