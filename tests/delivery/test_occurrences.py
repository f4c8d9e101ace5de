"""What an attempt tells of itself: every situation of the lab under every setting."""

from collections.abc import Iterator
from itertools import count, product

import pytest

from esashell import events as e
from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.model.logs import LogLevel, LogType
from esashell.config.model.routes import SmtpRoute
from esashell.delivery.attempt import Attempt, attempt
from esashell.delivery.occurrences import Envelope, Waiting, Walk, occurrences, status_text
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
        ends = list(of(found, e.Delivered, e.Deferred, e.Bounced, e.Discarded))
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
    bounced, finished = told("no-such-domain.lab", Settings(TlsSetting.PREFERRED))[-2:]
    assert isinstance(bounced, e.Bounced)
    assert finished == e.MessageFinished(6)
    assert (bounced.dcid, bounced.status, bounced.code) == (0, "5.1.2", 0)
    assert lines([bounced])[0].startswith(
        "Info: Bounced: DCID 0 MID 6 to RID 0 - 5.1.2 - Bad destination host ('000', ["
    )


def test_a_route_that_discards_takes_the_message_without_a_connection() -> None:
    found = told("karakun.com", Settings(route=SmtpRoute("ALL", ("/dev/null",))))
    assert lines(found) == [
        "Info: Message done DCID 0 MID 6 to RID [0] ",
        "Info: MID 6 RID [0] Response '/dev/null'",
        "Info: Message finished MID 6 done",
    ]


def test_one_attempt_speaks_for_every_message_that_waited_for_it() -> None:
    done = tried("mismatch.lab", Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC))
    walk = Walk(done, count(9).__next__)
    mail = [Envelope(mid, "a@example.com", ("b@x.lab", "c@x.lab")) for mid in (3, 4)]
    found = [*walk.told(mail, Waiting(7_000_000, "slow")), *walk.hang_up()]
    delayed = [(it.mid, it.rid, it.until, it.profile) for it in of(found, e.Deferred)]  # type: ignore[attr-defined]
    assert delayed == [(mid, rid, 7_000_000, "slow") for mid in (3, 4) for rid in (0, 1)]
    assert len(list(of(found, e.DeliveryConnection))) == 1
    assert found[-1] == e.DeliveryClosed(9)


def test_an_attempt_is_told_for_another_domain_that_shows_the_same() -> None:
    done = tried("mismatch.lab", Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC))
    walk = Walk(done, count(1).__next__, "other.lab")
    found = list(walk.told((Envelope(3, "a@example.com", ("b@other.lab",)),)))
    text = "\n".join(lines(found, LogLevel.DEBUG))
    assert "mismatch.lab" not in text
    assert "SECURE MX record(mail.other.lab) found for other.lab" in text


def test_more_messages_are_carried_on_a_connection_that_is_open() -> None:
    done = tried("karakun.com", Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY))
    walk = Walk(done, count(5).__next__)
    list(walk.told((Envelope(3, "a@example.com", ("b@karakun.com",)),)))
    assert lines(list(walk.carried(Envelope(4, "", ("c@karakun.com",), 99)))) == [
        "Info: Delivery start DCID 5 MID 4 to RID [0]",
        "Info: Message done DCID 5 MID 4 to RID [0] ",
        "Info: MID 4 RID [0] Response '2.0.0 Accepted'",
        "Info: Message finished MID 4 done",
    ]


@pytest.mark.parametrize(
    ("status", "text"),
    [
        ("5.1.0", "Unknown address error"),
        ("5.1.1", "Bad destination email address"),
        ("5.4.7", "Delivery expired (message too old)"),
        ("4.4.0", "Other network problem"),
        ("4.3.2", "Not accepting messages at this time"),
        ("4.3.0", "Other mail system problem"),
        ("", "Other problem"),
    ],
)
def test_a_status_has_the_appliance_s_words(status: str, text: str) -> None:
    assert status_text(status) == text
