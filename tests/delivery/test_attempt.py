"""Attempts against the lab: what becomes of a message, and that an observation foretells it."""

from itertools import product

import pytest
from msgspec.structs import replace

from esashell.config.model.destination import DaneSetting, IpPreference, TlsSetting
from esashell.config.model.listeners import Behavior
from esashell.config.model.routes import SmtpRoute
from esashell.delivery.attempt import attempt, observe, outcome
from esashell.delivery.connections import Meetings
from esashell.delivery.observation import Observation
from esashell.delivery.outcome import Outcome, Protection, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender, verify_domain
from esashell.resolver.names import name_from_text
from esashell.smtp.transaction import Message, longest
from esashell.steps import CONVERSATION, Connect, Receive, Send, Session, StartTls, run
from tests.conftest import LONG
from tests.delivery.labwork import NOON, Bench

BENCH = Bench()
SENDER = Sender(BENCH.resolver, BENCH.clock)
LESSONS = {each.domain.replace("{n}", "7"): each for each in BENCH.lab.domains()}
OPPORTUNISTIC, MANDATORY, OFF = (
    DaneSetting.OPPORTUNISTIC,
    DaneSetting.MANDATORY,
    DaneSetting.NONE,
)
TO_HOST = SmtpRoute("ALL", ("[mail.dane.lab]/pri=5", "mismatch.lab/pri=1", "198.51.100.10/pri=9"))
# What DANE has no part in comes to the same for ACCEPT, so that one TLS setting stands for all.
COMBINATIONS = (
    *(Settings(tls, dane) for tls, dane in product(TlsSetting, DaneSetting)),
    Settings(TlsSetting.PREFERRED, MANDATORY, behavior=Behavior.ACCEPT),
    Settings(TlsSetting.PREFERRED, MANDATORY, SmtpRoute("ALL", ("USEDNS",))),
    Settings(TlsSetting.PREFERRED, OPPORTUNISTIC, SmtpRoute("ALL", ("/dev/null",))),
    Settings(TlsSetting.PREFERRED, ip_preference=IpPreference.IPV4_REQUIRED),
)


def tried(domain: str, settings: Settings, message: Message | None = None) -> Outcome:
    with BENCH.lab.session() as session:
        steps = attempt(name_from_text(domain), settings, SENDER, message=message)
        return run(steps, session).outcome


def observed(domain: str, route: SmtpRoute | None = None) -> Observation:
    with BENCH.lab.session() as session:
        return run(observe(name_from_text(domain), SENDER, route), session)


@pytest.mark.parametrize("domain", sorted(LESSONS))
def test_an_observation_foretells_what_any_settings_come_to(domain: str) -> None:
    seen = observed(domain)
    # Each domain has its part of the combinations, another than its neighbours.
    share = 1 if LONG else 4
    for settings in COMBINATIONS[sorted(LESSONS).index(domain) % share :: share]:
        assert outcome(seen, settings, NOON) == tried(domain, settings), settings


@pytest.mark.parametrize("tls", TlsSetting)
def test_a_route_is_foretold_too_where_its_hosts_were_looked_at(tls: TlsSetting) -> None:
    settings = Settings(tls, route=TO_HOST)
    seen = observed("dane.lab", TO_HOST)
    assert outcome(seen, settings, NOON) == tried("dane.lab", settings)
    assert outcome(observed("dane.lab"), settings, NOON).result is Result.NOT_KNOWN


CELLS = [
    ("dane.lab", OPPORTUNISTIC, Result.DELIVER, Protection.DANE, "row 1"),
    ("dane.lab", MANDATORY, Result.DELIVER, Protection.DANE, "row 1"),
    ("mismatch.lab", OPPORTUNISTIC, Result.DEFER, None, "row 2"),
    ("no-starttls.lab", OPPORTUNISTIC, Result.DEFER, None, "row 2"),
    ("all-unusable.lab", OPPORTUNISTIC, Result.DELIVER, Protection.UNAUTHENTICATED, "row 3"),
    ("all-unusable.lab", MANDATORY, Result.DEFER, None, "row 3"),
    ("no-tlsa.lab", OPPORTUNISTIC, Result.DELIVER, Protection.UNAUTHENTICATED, "TLS Preferred"),
    ("no-tlsa.lab", MANDATORY, Result.DEFER, None, "row 5"),
    ("tlsa-bogus.lab", OPPORTUNISTIC, Result.DEFER, None, "row 6"),
    ("mx-insecure.lab", OPPORTUNISTIC, Result.DELIVER, Protection.DANE, "row 9"),
    ("mx-insecure.lab", MANDATORY, Result.DEFER, None, "row 9"),
    ("mx-bogus.lab", OPPORTUNISTIC, Result.DEFER, None, "row 15"),
    ("mx-bogus.lab", OFF, Result.DELIVER, Protection.UNAUTHENTICATED, "TLS Preferred"),
    ("mx-servfail.lab", OFF, Result.DEFER, None, "SMTP"),
    ("mismatch.lab", OFF, Result.DELIVER, Protection.UNAUTHENTICATED, "TLS Preferred"),
    ("no-starttls.lab", OFF, Result.DELIVER, Protection.CLEAR, "TLS Preferred"),
    ("second-mx.lab", OPPORTUNISTIC, Result.DELIVER, Protection.DANE, "row 1"),
    # The line between before and after the 220: refused goes on, a broken handshake does not.
    ("starttls-454.lab", OFF, Result.DELIVER, Protection.CLEAR, "TLS Preferred"),
    ("handshake-failure.lab", OFF, Result.DEFER, None, "TLS Preferred"),
    ("handshake-reset.lab", OFF, Result.DEFER, None, "TLS Preferred"),
    ("text-after-starttls.lab", OFF, Result.DEFER, None, "TLS Preferred"),
]


@pytest.mark.parametrize(("domain", "dane", "result", "protection", "rule"), CELLS)
def test_the_table_and_the_setting_decide(
    domain: str, dane: DaneSetting, result: Result, protection: Protection | None, rule: str
) -> None:
    found = tried(domain, Settings(TlsSetting.PREFERRED, dane))
    assert (found.result, found.protection, found.rule.name) == (result, protection, rule)


@pytest.mark.parametrize(
    ("settings", "result"),
    [
        (Settings(TlsSetting.PREFERRED, OPPORTUNISTIC, TO_HOST), Result.DEFER),
        (Settings(TlsSetting.PREFERRED, MANDATORY, TO_HOST), Result.DEFER),
        (
            Settings(TlsSetting.PREFERRED, MANDATORY, TO_HOST, behavior=Behavior.ACCEPT),
            Result.DELIVER,
        ),
        (Settings(TlsSetting.PREFERRED, OFF, TO_HOST), Result.DELIVER),
        (Settings(TlsSetting.PREFERRED, OFF, SmtpRoute("ALL", ("/dev/null",))), Result.DROP),
    ],
)
def test_a_route_to_a_host_fails_dane_for_mail_that_is_relayed(
    settings: Settings, result: Result
) -> None:
    assert tried("dane.lab", settings).result is result


def test_a_message_is_handed_over_inside_tls() -> None:
    message = Message("a@us.example", ("b@dane.lab",), b".dot\nend")
    found = tried("dane.lab", Settings(TlsSetting.PREFERRED, OPPORTUNISTIC), message)
    assert found.transaction is not None
    assert found.transaction.accepted == ("b@dane.lab",)


def test_without_tls_nothing_is_said_of_starttls_and_dane_is_out_of_force() -> None:
    found = tried("mismatch.lab", Settings(TlsSetting.NO, MANDATORY))
    assert (found.result, found.protection) == (Result.DELIVER, Protection.CLEAR)


def test_why_the_next_host_was_tried_is_told() -> None:
    found = tried("second-mx.lab", Settings(TlsSetting.REQUIRED, OPPORTUNISTIC))
    assert [(str(each.host), each.reason.code) for each in found.tries] == [
        ("mx1.second-mx.lab", "mismatch")
    ]


class Refusing:
    """The lab, where every server answers RCPT with a reply of ours."""

    def __init__(self, inner: Session, reply: bytes) -> None:
        self.inner = inner
        self.reply = reply
        self.asked = False

    def perform(self, request: object) -> object:
        found = self.inner.perform(request)
        if isinstance(request, Send):
            self.asked = request.data.startswith(b"RCPT")
        return self.reply if self.asked and isinstance(request, Receive) else found


@pytest.mark.parametrize(
    ("reply", "result", "status", "tries"),
    [
        (b"550 5.1.1 No such user\r\n", Result.BOUNCE, "5.1.1", 0),
        (b"451 4.3.0 Later\r\n", Result.DEFER, "4.3.0", 2),
        (b"what?\r\n", Result.DEFER, "4.5.0", 2),
    ],
)
def test_a_refused_message_bounces_and_one_that_is_put_off_goes_to_the_next_address(
    reply: bytes, result: Result, status: str, tries: int
) -> None:
    settings = Settings(TlsSetting.PREFERRED, OPPORTUNISTIC)
    message = Message("a@us.example", ("b@dane.lab",))
    steps = attempt(name_from_text("dane.lab"), settings, SENDER, message=message)
    with BENCH.lab.session() as session:
        done = run(steps, Refusing(session, reply))
    found = done.outcome
    assert (found.result, found.status, len(found.tries)) == (result, status, tries)
    assert outcome(done.observation, settings, NOON) == found


class Opened:
    """The lab, and how long each connection was to last."""

    def __init__(self, inner: Session) -> None:
        self.inner = inner
        self.whole: list[int] = []

    def perform(self, request: object) -> object:
        if isinstance(request, Connect):
            self.whole.append(request.whole)
        return self.inner.perform(request)


def test_a_connection_with_a_message_may_last_longer() -> None:
    settings = Settings(TlsSetting.PREFERRED, OPPORTUNISTIC)
    message = Message("a@us.example", ("b@dane.lab",))
    found = {}
    for each in (None, message):
        with BENCH.lab.session() as session:
            opened = Opened(session)
            run(attempt(name_from_text("dane.lab"), settings, SENDER, message=each), opened)
        (found[each],) = opened.whole
    assert (found[None], found[message]) == (CONVERSATION, longest(message))


def test_an_address_that_was_not_reached_a_moment_ago_is_not_tried_again() -> None:
    """Whoever verifies and then delivers in one conversation waits for a dead host once."""
    sender = replace(SENDER, connections=Meetings().connections())
    domain = name_from_text("timeout.lab")
    with BENCH.lab.session() as session:
        opened = Opened(session)
        run(verify_domain(domain, sender), opened)
        assert len(opened.whole) == 1
        done = run(attempt(domain, Settings(TlsSetting.PREFERRED), sender), opened)
    assert len(opened.whole) == 1
    assert done.outcome == tried("timeout.lab", Settings(TlsSetting.PREFERRED))


@pytest.mark.parametrize("tls", [TlsSetting.NO, TlsSetting.PREFERRED, TlsSetting.REQUIRED])
def test_an_address_that_has_its_turn_twice_has_tls_twice(tls: TlsSetting) -> None:
    """The message must not go in the clear because the handshake was seen before."""
    route = SmtpRoute("dane.lab", ("[mail.dane.lab]", "mail.dane.lab"))
    message = Message("a@us.example", ("b@dane.lab",))
    said: list[str] = []

    class Overheard(Refusing):
        def perform(self, request: object) -> object:
            if isinstance(request, Connect | StartTls):
                said.append(type(request).__name__)
            if isinstance(request, Send) and request.data.startswith(b"MAIL"):
                said.append("MAIL")
            return super().perform(request)

    steps = attempt(name_from_text("dane.lab"), Settings(tls, route=route), SENDER, message=message)
    with BENCH.lab.session() as session:
        done = run(steps, Overheard(session, b"451 4.3.0 Later\r\n"))
    assert done.outcome.result is Result.DEFER
    one = ["Connect", "MAIL"] if tls is TlsSetting.NO else ["Connect", "StartTls", "MAIL"]
    assert said == one * 4


class PutOffOnce(Refusing):
    """The lab, where the first connection alone meets the reply to RCPT."""

    connections = 0

    def perform(self, request: object) -> object:
        self.connections += isinstance(request, Connect)
        if self.connections == 1:
            return super().perform(request)
        return self.inner.perform(request)


def test_an_observation_keeps_both_turns_of_an_address_that_answered_differently() -> None:
    route = SmtpRoute("dane.lab", ("[mail.dane.lab]", "mail.dane.lab"))
    settings = Settings(TlsSetting.PREFERRED, route=route, ip_preference=IpPreference.IPV4_REQUIRED)
    message = Message("a@us.example", ("b@dane.lab",))
    steps = attempt(name_from_text("dane.lab"), settings, SENDER, message=message)
    with BENCH.lab.session() as session:
        done = run(steps, PutOffOnce(session, b"451 4.3.0 Later\r\n"))
    found = done.outcome
    assert (found.result, [each.status for each in found.tries]) == (Result.DELIVER, ["4.3.0"])
    assert outcome(done.observation, settings, NOON) == found
