"""The TechNote's stories as an operator finds them in mail_logs, and the count of their lines.

The files under `logs/` are what a mail log has of each built-in scenario when the first message of
each destination is told and every message with which something changes. `ESASHELL_REWRITE=1` writes
them anew; the difference is to be reviewed like code.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from esashell import events as e
from esashell.simulate.run import Simulation
from esashell.simulate.scenario import built_in
from esashell.simulate.story import Story
from esashell.simulate.traffic import HOUR
from esashell.simulate.volume import EVERYTHING, Volume
from tests.simulate.simulating import built, simulation
from tests.simulate.storywork import lines_of, logs_in

FOLDER = Path(__file__).parent / "logs"
SPARSE = Volume(first=1, every=0)
# The company's log is like the others', two hundred times.
TOLD = [name for name, _ in built_in() if name != "company"]


def run(name: str) -> Simulation:
    found = built(name)
    found.run(found.end)
    return found


def mail_log(simulation: Simulation, tier: str, folder: Path) -> list[str]:
    it = simulation
    story = Story(it.lanes(tier), lambda: it.config, it.begun, SPARSE)
    logs = logs_in(folder)
    for when, event in story.tell(it.end):
        logs.record(event, when)
    logs.flush(it.end)
    return lines_of(folder, "mail_logs")


@pytest.fixture(scope="module", params=TOLD)
def scenario(request: pytest.FixtureRequest) -> tuple[str, Simulation]:
    return request.param, run(request.param)


def test_the_log_of_a_story_is_the_file(scenario: tuple[str, Simulation], tmp_path: Path) -> None:
    name, simulation = scenario
    for tier in simulation.tiers:
        path = FOLDER / f"{name}{'.' if tier else ''}{tier}.txt"
        lines = mail_log(simulation, tier, tmp_path / (tier or "only"))
        if os.environ.get("ESASHELL_REWRITE"):
            FOLDER.mkdir(exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in lines))
        assert lines == path.read_text().splitlines()


def golden(name: str) -> list[str]:
    return (FOLDER / f"{name}.txt").read_text().splitlines()


def of(lines: list[str], pattern: str) -> list[str]:
    return [line for line in lines if re.search(pattern, line)]


def test_a_route_under_dane_waits_for_three_days_in_silence_and_bounces() -> None:
    """TechNote 214794: DANE is not for domains with an SMTP route, and mail to them stops."""
    lines = golden("route")
    assert of(lines, r"TLS success .* for ietf\.org$")
    assert not of(lines, r"TLS success .* for dane\.lab$")
    (bounced,) = of(lines, "Bounced: ")
    assert "5.4.7 - Delivery expired (message too old)" in bounced
    first = of(lines, "Delayed: ")[0]
    assert (first.split()[:3], bounced.split()[:3]) == (["Mon", "Mar", "2"], ["Thu", "Mar", "5"])
    # Until then nothing but delays, which no sender hears of.
    assert not of(lines, r"\(Delay\)")
    assert len(of(lines, r"Delayed: DCID 0 MID ")) > 70


def test_a_destination_control_with_dane_none_sets_the_routed_mail_free() -> None:
    lines = golden("cure")
    last = of(lines, "Delayed: ")[-1]
    first = of(lines[lines.index(last) :], "TLS success")[0]
    assert not first.endswith(" for dane.lab")
    assert not of(lines, "Bounced: ")


def test_resolvers_without_dnssec_stop_signed_and_unsigned_domains_and_it_is_not_their_fault() -> (
    None
):
    lines = golden("resolvers")
    for domain in ("dane.lab", "cisco.com"):
        assert of(lines, f"DNS Temporary Failure {domain} MX - ServFail")
        assert of(
            lines, rf"Delayed: .*\['the answer to the question for MX of {domain} is bogus'\]"
        )
    assert of(lines, "Warning: DNS query network error 'timeout' to '194.191.40.83'")
    assert of(lines[lines.index(of(lines, "Delayed: ")[-1]) :], "TLS success .* for dane.lab$")


def test_opportunistic_falls_back_to_tls_and_mandatory_waits_and_bounces() -> None:
    lines = golden("insecure")
    assert of(lines, r"TLS success protocol TLSv1\.2 cipher [\w-]+$")
    assert of(lines, r"TLS success .* for dane\.lab$")
    delayed, bounced = of(lines, "Delayed: "), of(lines, "Bounced: ")
    assert all("DANE is mandatory for this destination" in each for each in (*delayed, *bounced))
    assert len(bounced) == 2


def test_dane_on_the_inner_tier_keeps_mail_in_the_house_and_on_the_outer_one_delivers() -> None:
    inner, outer = golden("tiers.inner"), golden("tiers.outer")
    assert of(inner, "Delayed: DCID 0 .* takes the place of the look-ups that DANE needs")
    handed = of(inner, r"New SMTP DCID \d+ interface \S+ address 203\.0\.113\.25 port 25")
    assert handed
    assert not of(inner, "TLS success .* for ")
    assert of(outer, r"TLS success .* for dane\.lab$")
    # What the inner one hands over comes to the outer one at that moment.
    assert of(outer, "New SMTP ICID")[0].split()[:4] == handed[0].split()[:4]


def test_a_certificate_without_its_record_is_a_failure_of_tls() -> None:
    lines = golden("renewal")
    assert of(lines, "TLS failed: the TLSA record does not match the server's certificate")
    before = lines[: lines.index(of(lines, "TLS failed")[0])]
    assert of(before, r"TLS success .* for dane\.lab$")


def test_no_warning_of_a_delay_goes_out_for_what_dane_keeps_back() -> None:
    for path in FOLDER.glob("*.txt"):
        assert not of(path.read_text().splitlines(), r"\(Delay\)")


SMALL = """
name = "small"
title = "Everything that can become of a message, in a few of them"
length = "10h"
[configuration.destinations.default]
tls = "Preferred"
dane = "Opportunistic"
[[configuration.bounces.profiles]]
name = "Default"
maximum_queue_time = 14400
[[configuration.smtp_routes]]
domain = "void.lab"
destinations = ["/dev/null"]
[[traffic]]
domain = "dane.lab"
total = 40
[[traffic]]
domain = "mismatch.lab"
total = 15
[[traffic]]
domain = "no-such-domain.lab"
total = 5
[[traffic]]
domain = "void.lab"
total = 5
[[traffic]]
domain = "unsigned.lab"
total = 9
policy = "ACCEPT"
[[event]]
at = "3h"
what = "renews-certificate"
subject = "dane.lab"
"""


def test_the_lines_count_what_the_figures_count_at_every_hour() -> None:
    it = simulation(SMALL)
    story = Story(it.lanes(), lambda: it.config, it.begun, EVERYTHING)
    found: Counter[type[e.Event]] = Counter()
    started = 0
    for hour in range(1, 11):
        until = it.begun + hour * HOUR
        it.run(until)
        for _, event in story.tell(until):
            found[type(event)] += 1
            started += isinstance(event, e.MessageStarted) and event.icid > 0
        figures = it.figures()
        done = figures.completion
        assert figures.received == done.completed + done.dropped + figures.active
        assert started == figures.messages
        assert found[e.Delivered] == done.delivered
        assert found[e.Bounced] == done.hard_bounced
        assert found[e.Discarded] == done.dropped
        assert found[e.Deferred] == done.soft_bounced
        ended = found[e.MessageFinished]
        assert figures.active == started - ended
    assert min(found[each] for each in (e.Delivered, e.Bounced, e.Discarded, e.Deferred)) > 0
