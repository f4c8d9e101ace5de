"""Scenario files: what they say is taken over, and what is wrong is told with file and key."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.config.model.destination import DaneSetting
from esashell.config.model.listeners import Behavior
from esashell.config.tree import Config
from esashell.errors import BadConfiguration, OperatorError
from esashell.logs.profile import Destination, Profile, written
from esashell.simulate.company import company
from esashell.simulate.happenings import MEANINGS, Happening, What, happening
from esashell.simulate.scenario import built_in, built_in_scenario, read_scenario
from esashell.simulate.tables import span_of
from esashell.simulate.traffic import EVEN, HOUR, OFFICE, SECOND
from tests.simulate.simulating import BASE

WHOLE = """
name   = "whole"
title  = "Everything"
story  = "A story."
begin  = 2026-03-02T08:00:00Z
length = "2d 1h"
seed   = 9
assumptions.growth = 3

[configuration.destinations.default]
dane = "Mandatory"

[[traffic]]
domain = "DANE.lab"
per_hour = 2.5
shape = "office"
size = 9000
policy = "accept"
sender = "ann@example.com"

[[traffic]]
domain = "x.lab"
total = 7
shape = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

[[message]]
at = "1h 30m"
sender = "a@b.c"
recipient = "d@e.lab"
subject = "Hello"

[[event]]
at = "2h"
what = "commit"
comment = "none of it"
configuration.destinations.default.dane = "None"

[[event]]
at = "1h"
what = "host"
subject = "x.lab"
settings.replies.RCPT = "550 No"
"""


def test_everything_that_a_file_says_is_taken_over() -> None:
    it = read_scenario(WHOLE, "whole.toml")
    assert (it.name, it.title, it.story, it.seed, it.growth) == (
        "whole", "Everything", "A story.", 9, 3,
    )  # fmt: skip
    assert (it.begin, it.length) == (1_772_438_400 * SECOND, 49 * HOUR)
    first, second = it.traffic
    assert (first.domain, first.messages, first.shape) == ("dane.lab", 2.5 * 49, OFFICE)
    assert (first.behavior, first.size, first.sender) == (Behavior.ACCEPT, 9000, "ann@example.com")
    assert (second.messages, second.shape.hours[:2]) == (7, (1, 0))
    (message,) = it.messages
    assert (message.after, message.subject) == (90 * 60 * SECOND, "Hello")
    assert [each.after // HOUR for each in it.timeline] == [1, 2]
    host, commit = (each.happening for each in it.timeline)
    assert host == Happening(What.HOST, "x.lab", {"replies": {"RCPT": "550 No"}})
    (tier,) = it.tiers
    config = tier.configure(Config())
    assert config.destinations.default.dane is DaneSetting.MANDATORY
    assert commit.configure is not None
    assert commit.configure(config).destinations.default.dane is DaneSetting.NONE
    assert str(commit) == "a change of the configuration is committed: none of it"


TRAFFIC = '[[traffic]]\ndomain = "x.lab"\nper_hour = 1\n'
EVENT = '[[event]]\nat = "1h"\nwhat = "host-dies"\nsubject = "x.lab"\n'
WRONG = [
    ("", "traffic: no mail comes"),
    ("[[traffic]", "Expected ']]'"),
    ("[[traffic]]\nper_hour = 1", "traffic 1.domain: is missing"),
    ('[[traffic]]\ndomain = "x"', "traffic 1: either per_hour or total is wanted"),
    (TRAFFIC + "total = 3", "traffic 1: either per_hour or total"),
    (TRAFFIC + TRAFFIC.replace("1", "-1"), "traffic 2.per_hour: -1 is no number of messages"),
    (TRAFFIC.replace("1", "true"), "traffic 1.per_hour: True is no number"),
    (TRAFFIC.replace("1", "nan"), "traffic 1.per_hour: nan is no number"),
    (TRAFFIC + 'shape = "odd"', "traffic 1.shape: even, office, or 24 numbers"),
    (TRAFFIC + "shape = [1, 2]", "traffic 1.shape: even, office, or 24 numbers"),
    (TRAFFIC + 'policy = "REJECT"', "traffic 1.policy: RELAY or ACCEPT"),
    (TRAFFIC + 'listener = "In"', "traffic 1: listener and group are wanted together"),
    (TRAFFIC + "sise = 3", "traffic 1.sise: is not known here"),
    (TRAFFIC + "size = 0", "traffic 1.size: 0 is not from 1"),
    ("seed = -1\n" + TRAFFIC, "seed: -1 is not from 0"),
    ("seed = 1.5\n" + TRAFFIC, "seed: 1.5 is not a whole number"),
    ("lenght = '3h'\n" + TRAFFIC, "lenght: is not known here"),
    ("length = 3\n" + TRAFFIC, "length: 3 is not a text"),
    ("length = '3 weeks'\n" + TRAFFIC, 'length: "3 weeks" is no time'),
    ("length = '0h'\n" + TRAFFIC, "length: more than nothing"),
    ("length = '400d'\n" + TRAFFIC, "length: is after the end"),
    ("begin = 2026-03-02T08:00:00\n" + TRAFFIC, "begin: a time with its zone is wanted"),
    ("begin = 2026-03-02\n" + TRAFFIC, "begin:"),
    ("traffic = 3", "traffic: tables are wanted, as [[traffic]]"),
    ("lab = 3\n" + TRAFFIC, "lab: a list of texts is wanted"),
    (TRAFFIC + EVENT.replace("host-dies", "host-flies"), 'event 1.what: "host-flies"; these are'),
    (TRAFFIC + EVENT.replace("1h", "100h"), "event 1.at: is after the end"),
    (TRAFFIC + EVENT + "settings.a = 1", "event 1.settings: is not known here"),
    (TRAFFIC + '[[message]]\nat = "1h"\nsender = ""\nrecipient = "x"', "message 1.recipient: "),
    (TRAFFIC + "[configuration.dns]\nservres = []", "configuration: Object contains unknown field"),
    (TRAFFIC + '[configuration.destinations.default]\ntls = "Maybe"', "Invalid enum"),
    (TRAFFIC + '[[configuration.smtp_routes]]\ndestinations = ["x"]', 'without its "domain"'),
    (TRAFFIC + "configuration_file = 'none.toml'", "none.toml cannot be read"),
    (TRAFFIC + '[[tier]]\nname = "a"\n[[tier]]\nname = "b"', "every appliance but the first"),
    ("profile = 'none.toml'\n" + TRAFFIC, "none.toml cannot be read"),
    ("company.mesages = 3", "company.mesages: is not known here"),
    (TRAFFIC + "assumptions.growht = 3", "assumptions.growht: is not known here"),
    (TRAFFIC + "assumptions.growth = 0", "assumptions.growth: 0 is not from 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_is_told_in_a_line_with_file_and_key(text: str, said: str) -> None:
    # A table's own keys come first in a file.
    heads = [line for line in text.splitlines() if line.startswith(("configuration_file", "assum"))]
    rest = [line for line in text.splitlines() if line not in heads]
    with pytest.raises(BadConfiguration) as found:
        read_scenario("\n".join([*heads, *rest]), "some/bad.toml")
    assert said in str(found.value)
    assert str(found.value).startswith("some/bad.toml: ")
    assert "\n" not in str(found.value)


@given(st.text(max_size=200))
def test_whatever_a_file_holds_it_is_a_scenario_or_a_complaint(text: str) -> None:
    said = "any.toml: "
    with suppress(BadConfiguration):
        read_scenario(text, "any.toml")
        return
    with pytest.raises(BadConfiguration, match=said):
        read_scenario(text, "any.toml")


def test_a_configuration_a_profile_and_lab_files_lie_beside_the_scenario() -> None:
    profile = Profile(since="2026-01-01T00:00:00", until="2026-01-02T00:00:00", destinations=(
        Destination("x.lab", 240, 480, (20,) * 24), Destination("y.lab", 0, 0, (0,) * 24),
    ))  # fmt: skip
    files = {"seen.toml": written(profile), "saved.toml": 'schema = 2\nhostname = "other.lab"\n'}
    text = 'length = "12h"\nlab = ["more.toml"]\nprofile = "seen.toml"\n'
    it = read_scenario(
        text + 'configuration_file = "saved.toml"', "there/s.toml", files.__getitem__
    )
    (traffic,) = it.traffic
    assert (traffic.domain, traffic.messages, traffic.shape.hours) == ("x.lab", 240, (20,) * 24)
    assert it.lab == (Path("there/more.toml"),)
    assert it.tiers[0].configure(Config()).hostname == "other.lab"


def test_the_company_has_200_destinations_and_a_few_of_them_most_of_the_mail() -> None:
    shares = dict(company())
    assert len(shares) == 200
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(sorted(shares.values())[-20:]) > 0.5
    it = read_scenario('company = { messages = 1000 }\nlength = "3h"', "c.toml")
    assert len(it.traffic) == 200
    assert sum(each.messages for each in it.traffic) == pytest.approx(1000)


def test_every_scenario_that_comes_with_the_program_can_be_read() -> None:
    names = [name for name, _ in built_in()]
    assert {"route", "cure", "resolvers", "insecure", "tiers", "company"} <= set(names)
    for name in names:
        it = built_in_scenario(name)
        assert it is not None
        assert it.name == name
        assert it.story
        for tier in it.tiers:
            tier.configure(BASE)
    assert built_in_scenario("no-such") is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3h", 10_800), ("1d 12h", 129_600), ("90m", 5400), ("2h30m5s", 9005), (" 0s ", 0)],
)
def test_times_are_written_as_people_say_them(text: str, seconds: int) -> None:
    assert span_of(text) == seconds * SECOND


@pytest.mark.parametrize("text", ["", "3", "h", "3h 2d", "-1h", "1.5h", "3 hours", "٣h x"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        span_of(text)


def test_every_happening_has_a_meaning_and_is_read_from_a_line() -> None:
    assert set(MEANINGS) == set(What)
    for what in What:
        if what is What.COMMIT:
            continue
        line = f"{what} x.lab" + (" starttls = false" if what is What.HOST else "")
        found = happening(line)
        assert (found.what, found.subject) == (what, "x.lab")
        assert MEANINGS[what] in str(found)
    assert happening("suspend").subject == ""
    assert EVEN != OFFICE


@pytest.mark.parametrize(
    "line",
    [
        "",
        "fly x.lab",
        "commit",
        "host-dies",
        "host-dies x.lab now",
        "host x.lab no = ",
        "resolver-dies",
    ],
)
def test_a_line_that_is_no_event_is_refused_in_a_sentence(line: str) -> None:
    with pytest.raises(OperatorError, match=r"^Error: .*\.$"):
        happening(line)
