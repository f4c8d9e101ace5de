"""Scenario files: what is read, and how what is wrong with one is said."""

import math
from pathlib import Path

import pytest

from esashell.errors import BadConfiguration
from esashell.resolver.names import name_from_text
from esashell.worlds.lab.scenario import BUILT_IN, check_zone, counted, read_scenarios

BUILT_INS = sorted(BUILT_IN.glob("*.toml"))

GOOD = """
[domain."mine.lab"]
shows   = "My own."
records = '''
@     MX  10 mail
mail  A   203.0.113.77
'''
"""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(BadConfiguration) as caught:
        read_scenarios((*BUILT_INS, path))
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    return line


def test_the_built_in_files_hold_no_mistake() -> None:
    scenario = read_scenarios(BUILT_INS)
    for apex, spec in scenario.zones.items():
        check_zone(apex, spec)
    for bulk in scenario.bulks:
        check_zone(bulk.parent.prepend(bulk.label(7)), bulk.spec)
    assert len(scenario.lessons) > 100


def test_a_further_file_adds_its_domains(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    scenario = read_scenarios((*BUILT_INS, path))
    assert scenario.lessons["mine.lab"].shows == "My own."
    assert scenario.lessons["mine.lab"].file == "mine.toml"
    assert name_from_text("ietf.org") in scenario.zones


def test_a_further_file_replaces_what_has_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[domain."ietf.org"]\nshows = "Another one."\nsigned = false\n')
    scenario = read_scenarios((*BUILT_INS, path))
    assert scenario.lessons["ietf.org"].shows == "Another one."
    assert not scenario.zones[name_from_text("ietf.org")].signed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[domain", "Expected"),
        ("\x00", "at line 1"),
        ('[domian."mine.lab"]\nshows = "x"\n', "domian: unknown table; known are bulk, domain"),
        ('domain = "x"\n', "domain: a table is wanted"),
        ('[domain."mine.lab"]\n', 'domain."mine.lab": "shows" is missing'),
        ('[domain."mine.lab"]\nshows = 3\n', "$.shows"),
        ('[domain."mine.lab"]\nshow = "x"\n', "`show`"),
        ('[domain."mi..ne.lab"]\nshows = "x"\n', "empty label"),
        (f'[domain."{"m" * 64}.lab"]\nshows = "x"\n', "longer than 63"),
        (GOOD + "algorithm = 5\n", "$.algorithm"),
        (GOOD + 'denial = "nsec4"\n', "nsec4"),
        (GOOD + 'salt = "xyz"\n', 'domain."mine.lab"'),
        (GOOD + 'fault.bogos = ["@ MX"]\n', "`bogos`"),
        (GOOD + 'fault.bogus = ["@ MX extra"]\n', '"@ MX extra" is not "owner TYPE"'),
        (GOOD + 'fault.bogus = ["@ MXX"]\n', "MXX is not a record type"),
        (GOOD + 'hosts.mail = { behavior = "refuse" }\n', 'hosts."mail"'),
        (GOOD + 'hosts.mail = { behaviour = "rest" }\n', "rest"),
        (GOOD + 'servers = "nobody"\n', 'no server."nobody"'),
        (GOOD.replace("203.0.113.77", "203.0.113"), '"mail.mine.lab A 203.0.113"'),
        (GOOD.replace("203.0.113.77", "2001:db8::1"), "not an address of 4 octets"),
        (GOOD.replace("MX  10 mail", "MX  ten mail"), "MX ten mail"),
        (GOOD.replace("MX  10 mail", "MX  10"), '"mine.lab MX 10"'),
        (GOOD.replace("MX  10 mail", "MX"), "not a record"),
        (GOOD.replace("MX  10 mail", "CAA 0 issue x"), "RFC 3597"),
        ('[bulk."x.lab"]\nshows = "x"\ncount = 3\n', 'must hold "{n}"'),
        ('[bulk."x{n}.lab"]\nshows = "x"\ncount = 0\n', "at least 1"),
        ('[bulk."x{n}.nowhere.lab"]\nshows = "x"\ncount = 3\n', 'no zone "nowhere.lab"'),
        ('[resolver."192.0.2.99"]\nkind = "odd"\nshows = "x"\n', "odd"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"gone\.toml"):
        read_scenarios((tmp_path / "gone.toml",))


def test_without_a_root_there_is_no_internet(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("")
    with pytest.raises(BadConfiguration, match=r'no zone "\."'):
        read_scenarios((path,))


def test_a_counter_can_go_round() -> None:
    assert counted("mx{n%4} 100.64.0.0+{n}", 9) == "mx1 100.64.0.0+9"


def test_a_pattern_knows_its_own_numbers_and_no_others() -> None:
    bulk = next(each for each in read_scenarios(BUILT_INS).bulks if each.before == b"d")
    assert bulk.number(b"d0") == 0
    assert bulk.number(b"d99999") == 99999
    for stranger in (b"d", b"d00", b"d007", b"d100000", b"d-1", b"d1x", b"xd1", b"d" + b"9" * 60):
        assert bulk.number(stranger) is None


def test_numbers_by_zipfs_law_halve_as_the_rank_doubles() -> None:
    drawn = [int(counted("{n~1000}", number)) for number in range(20_000)]
    assert drawn == [int(counted("{n~1000}", number)) for number in range(20_000)]
    assert min(drawn) == 0
    assert max(drawn) < 1000
    for rank in (0, 1, 3, 7, 15):
        share = sum(rank < each + 1 <= 2 * rank + 1 for each in drawn) / len(drawn)
        assert share == pytest.approx(math.log(2) / math.log(1001), abs=0.01), rank
