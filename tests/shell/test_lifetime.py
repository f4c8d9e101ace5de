"""The counters that outlive a session: per world, added at its end, and no burden on the way."""

import pytest

from esashell.resolver.budget import Effort
from esashell.shell import lifetime
from tests.shell.test_network import Desk

DONE = Effort(1, 2, 3, 4, 5, 6)


def columns(said):
    """The three columns of DNS Requests in what `dnsstatus` said."""
    line = next(e for each in said for e in each.splitlines() if "DNS Requests" in e)
    return [int(word.replace(",", "")) for word in line.split()[2:]]


def test_uptime_is_of_the_session_and_lifetime_of_all_of_them(tmp_path):
    first = Desk(tmp_path)
    first.run("nslookup ietf.org mx")
    assert columns(first.run("dnsstatus")[1]) == [1, 1, 1]
    assert not (tmp_path / "counters").exists()
    first.session.close()
    second = Desk(tmp_path)
    assert columns(second.run("dnsstatus")[1]) == [1, 0, 1]
    second.run("nslookup ietf.org mx", "nslookup ietf.org mx")
    assert columns(second.run("dnsstatus")[1]) == [3, 2, 3]
    second.session.close()
    assert columns(Desk(tmp_path).run("dnsstatus")[1]) == [3, 0, 3]


def test_a_session_that_looked_nothing_up_writes_nothing(tmp_path):
    desk = Desk(tmp_path)
    desk.run("dnsstatus", "version")
    desk.session.close()
    assert not (tmp_path / "counters").exists()


def test_what_several_sessions_did_at_the_same_time_adds_up(tmp_path):
    for _ in range(3):
        lifetime.add(str(tmp_path), DONE)
    assert lifetime.before(str(tmp_path)) == DONE + DONE + DONE


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\xfe",
        b"queries 1\n",
        b"queries -1\n",
        b"x" * 20_000,
        b"queries 1\n" * 6,
        b"queries " + b"9" * 5000 + b"\n",
    ],
)
def test_a_damaged_file_is_told_and_begun_anew(tmp_path, octets, capsys):
    lifetime.add(str(tmp_path), DONE)
    (tmp_path / "counters" / "dns").write_bytes(octets)
    assert lifetime.before(str(tmp_path)) == Effort()
    assert "begin anew" in capsys.readouterr().err
    lifetime.add(str(tmp_path), DONE)
    assert lifetime.before(str(tmp_path)) == DONE


def test_a_disk_that_will_not_is_told_and_the_session_ends_all_the_same(tmp_path, capsys):
    (tmp_path / "counters").write_text("in the way")
    lifetime.add(str(tmp_path), DONE)
    assert "DNS counters" in capsys.readouterr().err
