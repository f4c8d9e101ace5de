"""A real Postfix, beside a simulation of the same minute.

Messages to a dozen destinations come at the beginning, and more of them later; in between some of
the destinations are mended and one is broken. Postfix has the retry settings that the simulation's
bounce profile has, short ones, and real time; the simulation has its clock. Both are to come to the
same for every message: delivered, still waiting, or given back.

Postfix looks through its queue now and then, so that an attempt of its comes a little later than
ours; nothing is asked about at a moment at which that matters.
"""

import os
import re
import sys
import time
from contextlib import ExitStack

import pytest

from esashell.clock import SystemClock
from esashell.config.model.destination import DaneSetting
from esashell.resolver.anchors import anchor_text
from esashell.simulate.fate import Fate
from esashell.worlds.lab.world import Lab
from tests.conftest import lacking
from tests.differential.namespace import own_network
from tests.differential.postfix import Level, postfix
from tests.differential.servers import lab_served, root_hints, unbound
from tests.simulate.simulating import simulation

pytestmark = [pytest.mark.differential, pytest.mark.slow]

RESOLV_CONF = "nameserver 127.0.0.1\noptions trust-ad timeout:2 attempts:1\n"
# Seconds: between two attempts, in the queue at most, when it happens, when more mail comes, and
# when both are asked.
WAIT, LIMIT, HAPPENS, AGAIN, ASKED = 4, 24, 10, 18, 36
DOMAINS = (
    "dane.lab",
    "dane-ta.lab",
    "self-signed.lab",
    "mismatch.lab",
    "no-starttls.lab",
    "starttls-454.lab",
    "greeting-554.lab",
    "no-tlsa.lab",
    "cisco.com",
    "null-mx.lab",
    "tlsa-bogus.lab",
    "signature-expired.lab",
    "all-unusable.lab",
)
EVENTS = """
starttls-on no-starttls.lab
host-returns starttls-454.lab
renews-certificate self-signed.lab
host no-tlsa.lab replies.RCPT="451 4.3.0 Not now"
host dane-ta.lab replies.RCPT="550 5.1.1 No such user"
""".strip()
SETTINGS = f"""
queue_run_delay = 1s
minimal_backoff_time = {WAIT}s
maximal_backoff_time = {WAIT}s
maximal_queue_lifetime = {LIMIT}s
bounce_queue_lifetime = {LIMIT}s
"""
MODES = {Level.DANE: DaneSetting.OPPORTUNISTIC, Level.DANE_ONLY: DaneSetting.MANDATORY}
_RESULT = re.compile(r"to=<([\w+-]+@[^>]+)>,.* status=(\w+) ")
_EXPIRED = re.compile(r"(\w+): from=<>, status=expired")
_QUEUED = re.compile(r"postfix/\S+\[\d+\]: (\w+): to=<([\w+-]+@[^>]+)>")


def scenario(level: Level) -> str:
    """The same as a scenario."""
    parts = [
        'length = "90s"',
        "[assumptions]\ngrowth = 1",
        f'[configuration.destinations.default]\ntls = "Preferred"\ndane = "{MODES[level].value}"',
        "[[configuration.bounces.profiles]]",
        f'name = "Default"\ninitial_retry = {WAIT}\nmaximum_retry = {WAIT}',
        f"maximum_queue_time = {LIMIT}",
    ]
    for after, mark in ((0, ""), (AGAIN, "+again")):
        parts += [
            f'[[message]]\nat = "{after}s"\nsender = ""\nrecipient = "{level}{mark}@{domain}"'
            for domain in DOMAINS
        ]
    for line in EVENTS.splitlines():
        what, subject, *rest = line.split(" ", 2)
        parts.append(f'[[event]]\nat = "{HAPPENS}s"\nwhat = "{what}"\nsubject = "{subject}"')
        if rest:
            parts.append(f"settings.{rest[0]}")
    return "\n".join(parts)


def ours(level: Level) -> dict[str, str]:
    it = simulation(scenario(level))
    it.run(it.begun + ASKED * 1_000_000)
    found = {}
    for queue in it.lanes():
        gone = {
            number: entry.fate
            for entry in queue.entries
            for number in range(entry.first + 1, entry.last + 1)
        }
        for number in range(1, queue.stream.come(it.now) + 1):
            fate = gone.get(number, Fate.DEFERRED)
            word = "sent" if fate.is_delivery else "bounced" if fate.is_bounce else "deferred"
            found[queue.mail.letter(number).recipient] = word
    return found


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if os.geteuid() != 0:
        lacking("Postfix's daemons change to users of their own, which takes root's privilege")
    folder = tmp_path_factory.mktemp("simulation")
    lab = Lab(SystemClock())
    (folder / "events").write_text(EVENTS)
    changing = (sys.executable, "-m", "tests.differential.changing_lab", folder / "events",
                folder / "trigger")  # fmt: skip
    with ExitStack() as stack:
        space = stack.enter_context(own_network())
        if space is None:
            lacking("this machine permits no network namespace")
        served = lab_served(space.command, folder, "--add-addresses", command=changing)
        stack.enter_context(served)
        hints = f'    root-hints: "{root_hints(lab, folder)}"'
        anchor = anchor_text(lab.anchor)
        stack.enter_context(unbound(space.command, folder, anchor, port=53, way=hints))
        space.put_over("/etc/resolv.conf", RESOLV_CONF, folder)
        mailer = stack.enter_context(postfix(space, SETTINGS))
        began = time.monotonic()
        mailer.hand_in(f"{level}@{domain}" for domain in DOMAINS for level in Level)
        _wait(began + HAPPENS)
        (folder / "trigger").touch()
        _wait(began + AGAIN)
        mailer.hand_in(f"{level}+again@{domain}" for domain in DOMAINS for level in Level)
        _wait(began + ASKED)
        return read(mailer.log.read_text(errors="replace"))


def _wait(until: float) -> None:
    time.sleep(max(until - time.monotonic(), 0))


def read(text: str) -> dict[str, str]:
    """What became of each recipient's message: the last that was said of it."""
    found: dict[str, str] = {}
    queued: dict[str, str] = {}
    for line in text.splitlines():
        if it := _QUEUED.search(line):
            queued[it[1]] = it[2]
        if it := _RESULT.search(line):
            found[it[1]] = it[2]
        elif (it := _EXPIRED.search(line)) and it[1] in queued:
            found[queued[it[1]]] = "bounced"
    return found


def test_every_message_of_a_short_run_fares_as_with_postfix(theirs: dict[str, str]) -> None:
    mine = {**ours(Level.DANE), **ours(Level.DANE_ONLY)}
    assert len(mine) == 4 * len(DOMAINS)
    both = {each: (mine[each], theirs.get(each)) for each in mine}
    assert not {each: words for each, words in both.items() if words[0] != words[1]}
    assert set(mine.values()) == {"sent", "deferred", "bounced"}
    # What happened in between shows: the same destination, before it and after.
    later = [each for each in mine if "+" in each]
    changed = {each for each in later if mine[each] != mine[each.replace("+again", "")]}
    assert {each.partition("@")[2] for each in changed} >= {"no-tlsa.lab", "dane-ta.lab"}
