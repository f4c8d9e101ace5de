"""Judgements beside those of an appliance that makes every attempt anew, with an ordinary cache."""

import pytest
from msgspec.structs import replace

from esashell.config.tree import Config
from esashell.delivery.attempt import attempt
from esashell.delivery.settings import Settings
from esashell.resolver.names import name_from_text
from esashell.simulate import appliance
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.judging import Judge, fate_of
from esashell.simulate.run import Simulation
from esashell.smtp.transaction import Message
from esashell.steps import run
from tests.simulate.simulating import DANE, simulation

EVENTS = """
# Equals take turns, so that it would matter how often somebody was asked.
[configuration.dns]
servers = [{{ address = "194.191.40.84", priority = 1 }}]

[[event]]
at = "5h"
what = "{what}"
subject = "{subject}"

[[event]]
at = "9h"
what = "{back}"
subject = "{subject}"
"""
TRAFFIC = """
length = "13h"
[[traffic]]
domain = "dane.lab"
per_hour = 3
[[traffic]]
domain = "self-signed.lab"
per_hour = 1.7
shape = "office"
[[traffic]]
domain = "d3.bulk.lab"
per_hour = 0.9
[[traffic]]
domain = "d7.bulk.lab"
per_hour = 5
[[traffic]]
domain = "plain2.bulk.lab"
per_hour = 1.3
"""


class PlainJudge(Judge):
    """Keeps nothing but what any resolver keeps, and asks everybody every time."""

    def judgement(self, domain: str, settings: Settings, now: int) -> Judgement:
        message = Message("simulation@myesa.local", (f"postmaster@{domain}",))
        steps = attempt(name_from_text(domain), settings, self.sender, message=message)
        with self.world.session() as session:
            made = run(steps, session)
        self.attempts += 1
        # Whatever changes, changes no earlier than a moment from now.
        return Judgement(fate_of(made.outcome), now + 1, made)

    def touch(self, zones: object, addresses: frozenset[str]) -> None:
        pass

    def unsteady(self, zones: object) -> None:
        pass

    def _set_up(self, config: Config) -> None:
        self.config = config
        self.sender = self._sender_for(config)

    def reconfigure(self, config: Config) -> None:
        resolver, same = self.sender.resolver, config.dns == self.config.dns
        self._set_up(config)
        if same:
            self.sender = replace(self.sender, resolver=resolver)


def history(it: Simulation) -> list[object]:
    """What became of every message, by itself."""
    found: list[object] = []
    for queue in it.lanes():
        gone = {}
        for entry in queue.entries:
            for number in range(entry.first + 1, entry.last + 1):
                when = queue.stream.arrival(number) if entry.flowing else entry.when
                gone[number] = (when - it.begun, entry.fate)
        found.append((queue.domain, sorted(gone.items()), list(queue.failed_at)))
    return found


CASES = [
    ("host-dies", "host-returns", "dane.lab"),
    ("renews-certificate", "publishes-tlsa", "dane.lab"),
    ("renews-certificate", "publishes-tlsa", "self-signed.lab"),
    ("renews-certificate", "publishes-tlsa", "d3.bulk.lab"),
    ("rolls-key", "mends-zone", "self-signed.lab"),
    ("signatures-end", "mends-zone", "dane.lab"),
    ("starttls-off", "starttls-on", "d7.bulk.lab"),
    ("resolver-strips", "resolver-returns", "194.191.40.83"),
    ("resolver-dies", "resolver-returns", "194.191.40.83"),
]


@pytest.mark.parametrize(("what", "back", "subject"), CASES)
def test_what_is_remembered_changes_nothing(
    what: str, back: str, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TRAFFIC + DANE + EVENTS.format(what=what, back=back, subject=subject)
    remembering = simulation(text)
    remembering.run(remembering.end)
    monkeypatch.setattr(appliance, "Judge", PlainJudge)
    plain = simulation(text)
    plain.run(plain.end)
    assert history(remembering) == history(plain)
    tried = [each.judge.attempts for it in (remembering, plain) for each in it._appliances]
    assert tried[0] * 4 < tried[1]


COMMITS = """
[[configuration.smtp_routes]]
domain = "self-signed.lab"
destinations = ["[mail.self-signed.lab]"]

[[event]]
at = "3h"
what = "commit"
configuration.smtp_routes = [{ domain = "self-signed.lab", remove = true }]

[[event]]
at = "5h"
what = "commit"
configuration.dns.servers = [
    { address = "194.191.40.83", remove = true }, { address = "194.191.40.84", remove = true },
    { address = "192.0.2.53" },
]

[[event]]
at = "9h"
what = "commit"
configuration.hostname = "other.example.com"
configuration.destinations.default.dane = "Mandatory"
configuration.dns.servers = [
    { address = "192.0.2.53", remove = true }, { address = "194.191.40.84" },
]
"""


def test_nor_does_it_where_the_configuration_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TRAFFIC + DANE + COMMITS
    remembering = simulation(text)
    remembering.run(remembering.end)
    monkeypatch.setattr(appliance, "Judge", PlainJudge)
    plain = simulation(text)
    plain.run(plain.end)
    assert history(remembering) == history(plain)
    fates = {entry.fate for queue in plain.lanes() for entry in queue.entries}
    assert fates == {Fate.DELIVERED_WITH_DANE, Fate.DELIVERED_WITH_TLS}
    assert plain.figures().active > 0
