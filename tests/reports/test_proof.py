"""The proof of a look-up on a screen of 80 columns, and as a document."""

import json

import msgspec
import pytest

from esashell.clock import FixedClock
from esashell.reports.dnsstatus import counters, status_lines
from esashell.reports.nslookup import answer_lines, duration
from esashell.reports.proof import WIDTH, proof, trace_document
from esashell.reports.screen import Screen
from esashell.resolver.answer import Answer, Existence, Hop, Link, Reason, Security, Trial
from esashell.resolver.budget import Effort
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text as n
from esashell.resolver.rrtypes import RRType
from esashell.steps import run
from esashell.worlds.lab.world import Lab

WHEN = 1_740_819_600_000_000


@pytest.fixture(scope="module")
def lab():
    return Lab(FixedClock(WHEN))


def answer(lab, name, rdtype, server="194.191.40.83"):
    resolver = Resolver([Server(server)], (lab.anchor,), lab.clock)
    with lab.session() as session:
        return run(resolver.look_up(n(name), rdtype), session)


def test_every_domain_of_the_lab_fits_the_screen_and_makes_a_document(lab):
    for lesson in lab.domains():
        if lesson.count > 1:
            continue
        found = answer(lab, lesson.domain, RRType.MX)
        lines = "\n".join(proof(found)).split("\n")
        assert all(len(line) <= WIDTH and line == line.rstrip() for line in lines), lesson.domain
        assert f"Verdict: {found.security}" in "\n".join(lines)
        document = json.loads(msgspec.json.encode(trace_document(found, WHEN)))
        assert (document["schema"], document["version"]) == ("esashell.dnstrace", 1)
        assert document["security"] == found.security


def test_it_leads_from_the_anchor_down_and_shows_every_trial(lab):
    lines = list(proof(answer(lab, "_25._tcp.mail.tlsa-bogus.lab", RRType.TLSA)))
    zones = [line.strip() for line in lines if line.startswith("  ") and line[2] != " "]
    assert zones[:3] == [".", "lab.", "tlsa-bogus.lab."]
    text = "\n".join(lines)
    assert text.index("anchor") < text.index("DNSKEY") < text.index("DS  ") < text.index("TLSA  ")
    assert text.count("): verified") == 5
    assert text.count("): bad signature") == 1
    assert "RFC 8914 code 6, DNSSEC_BOGUS" in text


def test_a_step_behind_an_alias_does_not_repeat_what_was_shown():
    link = Link(n("."), "anchor", Security.SECURE, "trusted key of .")
    last = Link(n("b"), "A", Security.BOGUS, "x", trials=(Trial(None, 0, 0, "malformed: short"),))
    found = Answer(
        n("a"), 1, Security.BOGUS, None,
        hops=(Hop(n("a"), n("b"), Security.SECURE, None, (link,)),
              Hop(n("b"), None, Security.BOGUS, None, (link, last))),
        reason=Reason(99, "because"),
    )  # fmt: skip
    text = "\n".join(proof(found))
    assert "a. is an alias of b.: SECURE" in text
    assert text.count("trusted key of .") == 1
    assert "a signature: malformed: short" in text
    assert "RFC 8914 code 99, unassigned" in text
    assert "No server was asked." in text


def test_nobody_answered(lab):
    lines = list(proof(answer(lab, "ietf.org", RRType.MX, "192.0.2.54")))
    assert "Verdict: INDETERMINATE" in lines
    assert lines[1] == "Queries: 192.0.2.54 (2)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (45, "45s"), (1800, "30m"), (5400, "1h30m"), (86_400, "1d"), (90_061, "1d1h1m1s")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_lines_of_nslookup():
    def lines(security, existence, rdtype=RRType.MX, rdatas=(), reason=None):
        found = Answer(n("example.com"), rdtype, security, existence, rdatas, reason=reason)
        return list(answer_lines("example.com", found, 1800))

    ten = b"\x00\x0a\x04mail\x07example\x03com\x00"
    assert lines(Security.INSECURE, Existence.FOUND, rdatas=(ten, b"\x00\x00\x00")) == [
        "MX=10 mail.example.com TTL=30m",
        "MX=0 . TTL=30m",
    ]
    text = lines(Security.SECURE, Existence.FOUND, RRType.TXT, (b"\x04a b.\x02c.",))
    assert text == ['TXT="a b." "c." TTL=30m']
    assert lines(Security.SECURE, Existence.NO_DATA) == ["example.com: there is no MX record."]
    bogus = lines(Security.BOGUS, None, rdatas=(ten,), reason=Reason(6, "a bad signature"))
    assert bogus == ["example.com: BOGUS: a bad signature."]


@pytest.mark.parametrize("width", [40, 79, 119])
def test_what_nslookup_says_of_a_bogus_answer_fits_the_screen(lab, width):
    found = answer(lab, "mx-bogus.lab", RRType.MX)
    lines = list(answer_lines("mx-bogus.lab", found, 0, Screen(width)))
    assert len(lines) > 1
    assert max(map(len, lines)) <= width
    assert " ".join(map(str.strip, lines)) == f"mx-bogus.lab: BOGUS: {found.reason.finding}."


@pytest.mark.parametrize(("zone", "rdtype"), [("ietf.org", "NSEC"), ("nsec3.lab", "NSEC3")])
def test_a_denial_shows_the_records_that_it_rests_on(lab, zone, rdtype):
    found = answer(lab, f"nope.{zone}", RRType.A)
    text = "\n".join(proof(found))
    link = found.hops[-1].chain[-1]
    assert link.what == "no A"
    used = [each for each in link.records if f" {rdtype} " in each]
    assert used
    for each in used:
        assert each in " ".join(text.split())
    assert text.index(link.text.split()[0]) < text.index(f" {rdtype} ")


def test_the_six_counters_add_up_and_stand_in_columns():
    effort = Effort(queries=1186, cache_hits=1300, cache_misses=186, cache_expired=185, failures=2)
    assert counters(effort) == {
        "DNS Requests": 1486,
        "Network Requests": 1186,
        "Cache Hits": 1300,
        "Cache Misses": 1,
        "Cache Exceptions": 2,
        "Cache Expired": 185,
    }
    head, first, *_ = status_lines(effort, effort + effort)
    assert head == "Counters:                     Reset        Uptime      Lifetime"
    assert first == "  DNS Requests                2,972         1,486         2,972"
