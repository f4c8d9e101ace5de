"""Whom the appliance asks, by its settings, in the lab; and what that costs."""

import io
import json

import pytest

from esashell.dialogue.piped import Piped
from esashell.shell.loop import Shell
from esashell.shell.options import Options
from esashell.shell.output import Output
from esashell.shell.session import Session
from tests.shell import play

ROOT_SERVERS = {"192.0.2.1", "192.0.2.2"}


class Desk:
    """A session whose commands are given as lines; what they said, and whom they asked."""

    def __init__(self, folder, **options):
        self.session = play.session(folder)
        for name, value in options.items():
            setattr(self.session.options, name, value)
        self.complaints = []

    def run(self, *lines):
        said = []
        console = Piped(io.StringIO(), said.append, said.append)
        shell = Shell(self.session, console, self.complaints.append)
        status = max(shell.run_line(line) for line in lines)
        assert not said or "failed by a mistake" not in "".join(self.complaints)
        return status, said

    def asked(self):
        """The servers of the look-ups so far, out of the cache's own evidence."""
        resolver = self.session.sender.resolver
        kept = resolver.cache.answers._kept.values()
        return {each.server for _, answer in kept for each in answer.asked}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_from_the_root_servers_down_dane_succeeds(desk):
    desk.run("dnsconfig roots", "commit x")
    status, said = desk.run("daneverify ietf.org")
    assert (status, said[-2]) == (0, "DANE SUCCESS for ietf.org")
    assert ROOT_SERVERS & desk.asked()
    assert not {"194.191.40.83", "194.191.40.84"} & desk.asked()


def test_the_root_servers_of_a_file_stand_in_for_the_world_s(tmp_path):
    roots = tmp_path / "roots"
    roots.write_text(". NS only.example.\nonly.example. A 192.0.2.2\n")
    desk = Desk(tmp_path / "state", roots=str(roots))
    desk.run("dnsconfig roots", "commit x")
    assert desk.run("nslookup ietf.org mx")[0] == 0
    assert ROOT_SERVERS & desk.asked() == {"192.0.2.2"}


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"", "no NS record of the root"), (b"x", "line 1: "), (b"\xff", "not UTF-8 text")],
)
def test_a_file_of_root_servers_that_is_no_good_is_told_in_a_line(tmp_path, text, message):
    roots = tmp_path / "roots"
    roots.write_bytes(text)
    desk = Desk(tmp_path / "state", roots=str(roots))
    assert desk.run("nslookup ietf.org mx")[0] == 1
    assert message in "".join(desk.complaints)


def test_with_its_own_servers_only_those_are_asked(desk):
    assert desk.run("daneverify ietf.org")[0] == 0
    assert desk.asked() <= {"194.191.40.83", "194.191.40.84"}


@pytest.mark.parametrize("roots", [True, False])
def test_an_alternate_domain_is_asked_at_its_own_servers(desk, roots):
    if roots:
        desk.run("dnsconfig roots", "dnsconfig roots new ietf.org ns1.hosting.lab 192.0.2.11")
    else:
        desk.run("dnsconfig parent new 192.0.2.53 1", "dnsconfig alt new ietf.org 192.0.2.11")
    desk.run("commit x")
    status, said = desk.run("daneverify ietf.org")
    assert (status, said[-2]) == (0, "DANE SUCCESS for ietf.org")
    assert "192.0.2.11" in desk.asked()


@pytest.mark.parametrize("first", ["dnsconfig roots", "dnsconfig print"])
def test_when_the_alternate_server_is_dead_the_others_do_not_stand_in(desk, first):
    form = "roots new ietf.org ns.example" if first.endswith("roots") else "alt new ietf.org"
    desk.run(first, f"dnsconfig {form} 192.0.2.54", "commit x")
    status, said = desk.run("nslookup ietf.org mx")
    assert status == 1
    assert "192.0.2.54: timeout" in said[-1]
    assert desk.run("nslookup cisco.com mx")[0] == 0


def test_an_alternate_domain_is_validated_unless_the_operator_says_otherwise(desk):
    """192.0.2.53 strips signatures, as the server of an unsigned private copy would lack them."""
    desk.run("dnsconfig alt new ietf.org 192.0.2.53", "commit x")
    status, said = desk.run("nslookup ietf.org mx")
    assert status == 1
    assert said[-1].startswith("ietf.org: BOGUS")
    desk.run("dnsconfig alt delete ietf.org", "dnsconfig alt new ietf.org 192.0.2.53 validate=no")
    desk.run("commit x")
    status, said = desk.run("nslookup ietf.org mx")
    assert (status, said[-1]) == (0, "MX=0 mail.ietf.org TTL=30m")
    assert "INSECURE MX record" in "\n".join(desk.run("daneverify ietf.org")[1])


def test_stats_tell_what_each_command_cost_and_a_second_one_is_free(tmp_path):
    desk = Desk(tmp_path, stats=True)
    desk.run("version", "daneverify ietf.org", "daneverify ietf.org", "nslookup ietf.org mx")
    cold, warm, last = desk.complaints
    assert cold.startswith("daneverify: ")
    assert "1 handshake, 0 cache hits, 5 cache misses" in cold
    assert not cold.startswith(("daneverify: 0 queries", "daneverify: 1 query"))
    assert warm == (
        "daneverify: 0 queries, 0 signature verifications, 1 handshake, "
        "5 cache hits, 0 cache misses"
    )
    assert last == (
        "nslookup: 0 queries, 0 signature verifications, 0 handshakes, 1 cache hit, 0 cache misses"
    )


def test_what_it_cost_is_summed_over_changes_of_the_settings(desk):
    desk.run("nslookup ietf.org mx")
    before = desk.session.effort
    desk.run("dnsconfig setup minimum_ttl=60", "commit x", "nslookup ietf.org mx")
    after = desk.session.effort
    assert after.cache_misses == before.cache_misses * 2
    assert after.verifications > before.verifications
    assert str(desk.session.cost).startswith(f"{after.queries} queries")


def test_flushing_before_anything_was_asked_needs_no_network(tmp_path):
    def no_world(options, clock):
        raise AssertionError("nothing is to be asked")

    session = Session(Options(), str(tmp_path), Output(json=False), make_world=no_world)
    session.flush()
    assert session.effort.queries == 0


@pytest.mark.parametrize(
    ("line", "schema"),
    [
        ("dnsstatus trace ietf.org mx", "esashell.dnstrace"),
        ("dnsstatus", "esashell.dnsstatus"),
        ("nslookup ietf.org mx", "esashell.nslookup"),
    ],
)
def test_results_for_machines_are_versioned(desk, monkeypatch, line, schema):
    shown = []
    monkeypatch.setattr(desk.session.output, "show", shown.append)
    desk.run(line)
    assert [(each["schema"], each["version"]) for each in shown] == [(schema, 1)]
    json.dumps(shown)
    if "trace" in line:
        (hop,) = shown[0]["hops"]
        assert [each["what"] for each in hop["chain"]][:3] == ["anchor", "DNSKEY", "DS"]
        assert all(each["signatures"] for each in hop["chain"][1:])
