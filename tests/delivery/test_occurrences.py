"""What an attempt tells of itself: every situation of the lab under every setting."""

from collections.abc import Iterator
from itertools import count, product

import pytest

from esashell import events as e
from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.model.logs import LogLevel, LogType
from esashell.config.model.routes import SmtpRoute
from esashell.delivery.attempt import Attempt, attempt
from esashell.delivery.occurrences import occurrences, status_text
from esashell.delivery.outcome import Protection, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender
from esashell.logs.render.line import RANK, WORD, Form
from esashell.logs.subscriptions import table_of
from esashell.resolver.names import name_from_text
from esashell.smtp.transaction import Message
from esashell.steps import run
from tests.delivery.labwork import Bench

BENCH = Bench()
SENDER = Sender(BENCH.resolver, BENCH.clock)
DOMAINS = sorted(each.domain.replace("{n}", "7") for each in BENCH.lab.domains())
MESSAGE = Message("a@example.com", ("b@example.net",))


def tried(domain: str, settings: Settings, message: Message = MESSAGE) -> Attempt:
    with BENCH.lab.session() as session:
        return run(attempt(name_from_text(domain), settings, SENDER, message=message), session)


def told(domain: str, settings: Settings, message: Message = MESSAGE) -> list[e.Event]:
    numbers = count(1)
    return list(occurrences(tried(domain, settings, message), message, 6, lambda: next(numbers)))


def of(found: list[e.Event], *kinds: type[e.Event]) -> Iterator[e.Event]:
    return (each for each in found if isinstance(each, kinds))


def lines(found: list[e.Event], level: LogLevel = LogLevel.INFORMATION) -> list[str]:
    return [
        f"{WORD[each.level]}: {text}"
        for event in found
        for each in table_of(LogType.MAIL)[type(event)]
        if RANK[each.level] <= RANK[level]
        for text in each.texts(event, Form())
    ]


@pytest.mark.parametrize("domain", DOMAINS)
def test_tls_success_names_the_domain_exactly_when_dane_succeeded(domain: str) -> None:
    for tls, dane in product((TlsSetting.PREFERRED, TlsSetting.REQUIRED_VERIFY), DaneSetting):
        done = tried(domain, Settings(tls, dane))
        found = list(occurrences(done, MESSAGE, 6, count(1).__next__))
        it = done.outcome
        succeeded = it.protection is Protection.DANE or any(
            each.protection is Protection.DANE for each in it.tries
        )
        shown = [line for line in lines(found) if "TLS success" in line and " for " in line]
        assert bool(shown) == succeeded, (tls, dane)
        assert all(line.endswith(f" for {domain}") for line in shown)
        if it.protection in (Protection.UNAUTHENTICATED, Protection.AUTHENTICATED):
            (last,) = list(of(found, e.TlsNegotiated))[-1:]
            assert isinstance(last, e.TlsNegotiated)
            assert last.dane_domain == ""


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_connection_is_closed_and_every_recipient_has_one_end(domain: str) -> None:
    for dane in DaneSetting:
        done = tried(domain, Settings(TlsSetting.PREFERRED, dane))
        found = list(occurrences(done, MESSAGE, 6, count(1).__next__))
        opened = [each.dcid for each in found if isinstance(each, e.DeliveryConnection)]
        closed = [each.dcid for each in found if isinstance(each, e.DeliveryClosed)]
        assert opened == closed == list(range(1, len(opened) + 1))
        ends = list(of(found, e.Delivered, e.Deferred, e.Bounced, e.MessageAborted))
        result = done.outcome.result
        if result is not Result.DELIVER or done.outcome.transaction is not None:
            assert len(ends) == 1, (dane, result)
        if result is Result.DEFER:
            assert isinstance(ends[0], e.Deferred)
        if result is Result.BOUNCE:
            assert isinstance(ends[0], e.Bounced)


def test_a_delivery_with_dane_reads_like_the_appliance_s() -> None:
    found = told("karakun.com", Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY))
    info = lines(found)
    assert info[0].startswith("Info: New SMTP DCID 1 interface ")
    assert info[0].endswith(" address 203.0.113.10 port 25")
    assert info[1].startswith("Info: DCID 1 TLS success protocol TLSv1.2 cipher ")
    assert info[1].endswith(" for karakun.com")
    assert info[2:4] == [
        "Info: Delivery start DCID 1 MID 6 to RID [0]",
        "Info: Message done DCID 1 MID 6 to RID [0] ",
    ]
    assert info[4].startswith("Info: MID 6 RID [0] Response '")
    assert info[5:] == ["Info: Message finished MID 6 done", "Info: DCID 1 close"]
    debug = lines(found, LogLevel.DEBUG)
    assert debug[:4] == [
        "Debug: Trying DANE MANDATORY for karakun.com",
        "Debug: SECURE MX record(mail.karakun.com) found for karakun.com",
        "Debug: SECURE A record (203.0.113.10) found for MX(mail.karakun.com) in karakun.com",
        "Debug: SECURE TLSA Record found for MX(mail.karakun.com) in karakun.com",
    ]
    assert "Debug: DCID 1 DANE success for karakun.com" in debug


def test_a_wrong_certificate_is_a_failure_of_tls_and_a_delay() -> None:
    found = told("mismatch.lab", Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC))
    info = lines(found)
    assert any(line.startswith("Info: DCID 1 TLS failed: ") for line in info)
    assert not any("TLS success" in line for line in info)
    (delayed,) = (line for line in info if "Delayed" in line)
    assert delayed.startswith(
        "Info: Delayed: DCID 1 MID 6 to RID 0 - 4.7.5 - Other security problem ('000', ["
    )


def test_a_server_without_starttls_is_named_where_tls_is_required() -> None:
    found = told("no-starttls.lab", Settings(TlsSetting.REQUIRED))
    assert any("TLS was required but could not be successfully" in line for line in lines(found))


def test_a_domain_that_does_not_exist_bounces_without_a_connection() -> None:
    (bounced,) = told("no-such-domain.lab", Settings(TlsSetting.PREFERRED))[-1:]
    assert isinstance(bounced, e.Bounced)
    assert (bounced.dcid, bounced.status, bounced.code) == (0, "5.1.2", 0)
    assert lines([bounced])[0].startswith(
        "Info: Bounced: DCID 0 MID 6 to RID 0 - 5.1.2 - Bad destination host ('000', ["
    )


def test_a_route_that_discards_aborts_the_message() -> None:
    found = told("karakun.com", Settings(route=SmtpRoute("ALL", ("/dev/null",))))
    assert list(of(found, e.MessageAborted)) == [e.MessageAborted(6, "SMTP route")]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("5.1.0", "Unknown address error"),
        ("5.1.1", "Bad destination email address"),
        ("5.4.7", "Delivery expired (message too old)"),
        ("4.4.0", "Other network problem"),
        ("4.3.2", "Other mail system problem"),
        ("", "Other problem"),
    ],
)
def test_a_status_has_the_appliance_s_words(status: str, text: str) -> None:
    assert status_text(status) == text
