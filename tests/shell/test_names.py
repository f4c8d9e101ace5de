"""The names that Tab offers: what was asked about, and what there is in the lab."""

import pytest

from esashell.shell.names import LINES, KnownNames
from tests.shell import play


def history(folder, *lines):
    """A history file as the terminal writes it."""
    text = "".join(f"\n# 2025-03-01 09:00:00.000000\n+{line}\n" for line in lines)
    (folder / "history").write_text(text, encoding="utf-8")


def asked(at):
    """The known names without the lab's own."""
    at.options.world = "live"
    return list(KnownNames(at)())


def test_what_was_asked_on_a_line_or_at_a_question_comes_first_the_latest_at_the_front(tmp_path):
    at = play.session(tmp_path)
    play.scripted(
        at,
        ["daneverify null-mx.lab", "daneverify", "bad name", "DANE.lab", "dig mx ietf.org",
         "nslookup karakun.com mx", "dnsstatus trace null-mx.lab mx"],
    )  # fmt: skip
    assert asked(at) == ["null-mx.lab", "karakun.com", "ietf.org", "dane.lab"]


def test_a_line_that_was_refused_asked_nothing(tmp_path):
    at = play.session(tmp_path)
    play.scripted(at, ["daneverify ietf.org nonsense", "explain not_a..name", "commit dane.lab"])
    assert asked(at) == []


def test_names_of_earlier_sessions_are_read_out_of_the_lines_that_were_typed(tmp_path):
    history(
        tmp_path,
        "daneverify ietf.org", "commit see example.com", "frobnicate b.example", "version",
        "dig @192.0.2.1 +dnssec TLSA _25._tcp.mail.dane.lab", "nslookup a.example mx; explain",
        "sethostname mail.example.com", "dnsstatus trace c.example", "explain nonsense..", ";;'\"",
    )  # fmt: skip
    names = ["c.example", "a.example", "_25._tcp.mail.dane.lab", "ietf.org"]
    assert asked(play.session(tmp_path)) == names


def test_a_history_without_end_or_sense_is_looked_at_in_part_only(tmp_path):
    history(tmp_path, *(f"explain d{n}.example" for n in range(20_000)))
    found = asked(play.session(tmp_path))
    assert found[0] == "d19999.example"
    assert 1 < len(found) <= LINES
    (tmp_path / "history").write_bytes(b"\xff\n+\xfe explain\n+explain a.example\x00\n+\n" * 9)
    assert asked(play.session(tmp_path)) == []


def test_in_the_lab_its_domains_are_known_but_not_those_that_come_by_the_thousand(tmp_path):
    at = play.session(tmp_path)
    names = KnownNames(at)()
    assert {"ietf.org", "dane.lab", "no-such-domain.lab"} <= set(names)
    assert not any("{" in each for each in names)
    assert at.conversations.counters.queries == 0


@pytest.mark.parametrize("world", ["live", "replay"])
def test_elsewhere_no_world_is_made_for_them(tmp_path, world):
    at = play.session(tmp_path)
    at.options.world = world
    assert KnownNames(at)() == ()
    assert at.surroundings._world is None


def test_a_scenario_that_is_no_good_offers_nothing_and_says_nothing(tmp_path):
    (tmp_path / "bad.toml").write_text("[nonsense]")
    at = play.session(tmp_path)
    at.options.scenarios.append(str(tmp_path / "bad.toml"))
    assert KnownNames(at)() == ()


def test_tab_puts_names_in_after_a_command_and_at_a_question(tmp_path):
    at = play.session(tmp_path)
    keys = "danev\tietf\t\rdaneverify\rietf\t\rdnsst\ttr\tietf\tm\t\r"
    said = play.at_terminal(at, lambda send: send(keys))
    assert said.count("DANE SUCCESS for ietf.org") == 2
    assert any("ietf.org. MX" in each or "ietf.org MX" in each for each in said[-1:])
