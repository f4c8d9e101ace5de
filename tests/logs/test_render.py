"""The wording of lines: one row for each thing that happens, as published logs have it."""

import pytest

from esashell import events as e
from esashell.config.model.logs import LogLevel, LogType
from esashell.logs.render.line import RANK, WORD, Form, asked_for
from esashell.logs.subscriptions import table_of

TLS = "DHE-RSA-AES256-GCM-SHA384"
FEBRUARY = 1_549_310_927_000_000  # Mon Feb 4 20:08:47 2019

MAIL = [
    (e.InjectionConnection(5, "Management", "192.0.2.10", "198.51.100.4", "mx.example.com", True),
     "Info: New SMTP ICID 5 interface Management (192.0.2.10) address 198.51.100.4 reverse dns "
     "host mx.example.com verified yes"),
    (e.InjectionConnection(6, "Management", "192.0.2.10", "198.51.100.4"),
     "Info: New SMTP ICID 6 interface Management (192.0.2.10) address 198.51.100.4 reverse dns "
     "host unknown verified no"),
    (e.SenderGroupMatched(5, "RELAY", "RELAY_SG", "192.0.2.9"),
     "Info: ICID 5 RELAY SG RELAY_SG match 192.0.2.9 SBRS not enabled country not enabled"),
    (e.InjectionTls(5, "TLSv1.2", TLS), f"Info: ICID 5 TLS success protocol TLSv1.2 cipher {TLS}"),
    (e.InjectionTlsFailed(5, "[Errno 54] Connection reset by peer"),
     "Info: ICID 5 TLS failed: [Errno 54] Connection reset by peer"),
    (e.MessageStarted(6, 5, "a@example.com", ("b@example.net", "c@x.test"), 280, "<1@x>", "Hi"),
     "Info: Start MID 6 ICID 5\n"
     "Info: MID 6 ICID 5 From: <a@example.com>\n"
     "Info: MID 6 ICID 5 RID 0 To: <b@example.net>\n"
     "Info: MID 6 ICID 5 RID 1 To: <c@x.test>\n"
     "Info: MID 6 Message-ID '<1@x>'\n"
     'Info: MID 6 Subject "Hi"\n'
     "Info: MID 6 ready 280 bytes from <a@example.com>"),
    (e.MessageStarted(515, 0, "", ("a@example.com",), 90, bounce_of=511),
     "Info: MID 515 was generated for bounce of MID 511\n"
     "Info: Start MID 515 ICID 0\n"
     "Info: MID 515 ICID 0 From: <>\n"
     "Info: MID 515 ICID 0 RID 0 To: <a@example.com>\n"
     "Info: MID 515 ready 90 bytes from <>"),
    (e.RecipientRejected(6, 5, "x@y.test"), "Info: MID 6 ICID 5 To: <x@y.test> Rejected by RAT"),
    (e.MessageQueued(6),
     "Info: MID 6 matched all recipients for per-recipient policy DEFAULT in the outbound table\n"
     "Info: MID 6 queued for delivery"),
    (e.MessageAborted(6, "filter 'x'"), "Info: Message aborted MID 6 Dropped by filter 'x'"),
    (e.InjectionClosed(5), "Info: ICID 5 close"),
    (e.InjectionClosed(5, lost=True), "Info: ICID 5 lost"),
    (e.DeliveryConnection(8, "192.0.2.10", "203.0.113.25"),
     "Info: New SMTP DCID 8 interface 192.0.2.10 address 203.0.113.25 port 25"),
    (e.ConnectionFailed("example.com", "203.0.113.25", 25, "timeout", "192.0.2.10", 63),
     "Info: Connection Error: DCID 63 domain: example.com IP: 203.0.113.25 port: 25 details: "
     "timeout interface: 192.0.2.10 reason: network error"),
    (e.TlsNegotiated(2322371, "TLSv1.2", TLS, "karakun.com"),
     f"Info: DCID 2322371 TLS success protocol TLSv1.2 cipher {TLS} for karakun.com"),
    (e.TlsNegotiated(30, "TLSv1.2", TLS),
     f"Info: DCID 30 TLS success protocol TLSv1.2 cipher {TLS}"),
    (e.TlsFailed(80167, "STARTTLS unexpected response"),
     "Info: DCID 80167 TLS failed: STARTTLS unexpected response"),
    (e.TlsMissing(8, "203.0.113.25"),
     "Info: DCID 8 IP 203.0.113.25 TLS was required but could not be successfully negotiated"),
    (e.DaneTried("example.org", "mandatory"), "Debug: Trying DANE MANDATORY for example.org"),
    (e.DaneRecordFound("SECURE", "MX", "", "mail.x.test", "x.test"),
     "Debug: SECURE MX record(mail.x.test) found for x.test"),
    (e.DaneRecordFound("INSECURE", "A", "192.0.2.1", "mail.x.test", "x.test"),
     "Debug: INSECURE A record (192.0.2.1) found for MX(mail.x.test) in x.test"),
    (e.DaneRecordFound("SECURE", "TLSA", "", "mail.x.test", "x.test"),
     "Debug: SECURE TLSA Record found for MX(mail.x.test) in x.test"),
    (e.DaneVerified(92, "example.org"), "Debug: DCID 92 DANE success for example.org"),
    (e.DaneFailed("example.org", "no match", 92),
     "Debug: DCID 92 DANE failed for the domain example.org: reason: no match"),
    (e.DaneFellBack("example.org", "no TLSA"),
     "Debug: DANE falls back to conventional TLS for example.org: reason: no TLSA"),
    (e.DeliveryStarted(8, 6, (0, 1)), "Info: Delivery start DCID 8 MID 6 to RID [0, 1]"),
    (e.Delivered(8, 6, (0,), "2.0.0 Ok: queued as 1"),
     "Info: Message done DCID 8 MID 6 to RID [0] \n"
     "Info: MID 6 RID [0] Response '2.0.0 Ok: queued as 1'"),
    (e.Delivered(8, 6, (0,), "ok", (("from", "a@x"),)),
     "Info: Message done DCID 8 MID 6 to RID [0] [('from', 'a@x')]\n"
     "Info: MID 6 RID [0] Response 'ok'"),
    (e.Deferred(10800, 0, "4.4.0", "Other network problem", 0, ("[Errno 54] reset",), 4370),
     "Info: Delayed: DCID 4370 MID 10800 to RID 0 - 4.4.0 - Other network problem "
     "('000', ['[Errno 54] reset']) []"),
    (e.Deferred(154, 0, "4.1.0", "x", 450, ("busy",), 3, FEBRUARY),
     "Info: Delayed: DCID 3 MID 154 to RID 0 - 4.1.0 - x ('450', ['busy']) []\n"
     "Info: MID 154 to RID [0] pending till Mon Feb 4 20:08:47 2019 [Default]"),
    (e.Bounced(4, 0, "5.1.0", "Unknown address error", 550, ("<x@y>... Relaying denied",), 3),
     "Info: Bounced: DCID 3 MID 4 to RID 0 - 5.1.0 - Unknown address error "
     "('550', ['<x@y>... Relaying denied']) []"),
    (e.Bounced(9, 0, "5.1.1", "Bad destination email address", 550, ("no",), double=True),
     "Info: Double bounce: MID 9 to 0 - 5.1.1 - Bad destination email address ('550', ['no']) []"),
    (e.MessageFinished(6), "Info: Message finished MID 6 done"),
    (e.Discarded(5, (0,)), "Info: Message done DCID 0 MID 5 to RID [0] \n"
     "Info: MID 5 RID [0] Response '/dev/null'"),
    (e.Deleted(3, (0, 1)), "Info: Deleted: MID 3 to [0, 1]"),
    (e.Remarked("a remark"), "Info: a remark"),
    (e.DeliveryClosed(8), "Info: DCID 8 close"),
    (e.DestinationUnknown("example.com"), "Info: DNS Temporary Failure example.com MX - ServFail"),
    (e.DnsFailed("a.test", "MX", "192.0.2.53", "REFUSED"),
     "Warning: Received an invalid DNS Response: 'REFUSED' to IP 192.0.2.53 looking up a.test"),
    (e.DnsFailed("a.test", "MX", "192.0.2.53", "timed out", heard=False),
     "Warning: DNS query network error 'timed out' to '192.0.2.53' looking up 'a.test'"),
    (e.DnsSent("a.test", "MX", "192.0.2.53", 1, 3),
     "Debug: DNS query: QIP ('a.test','MX','192.0.2.53',10)\n"
     "Debug: DNS query: Q ('a.test', 'MX', '192.0.2.53')"),
    (e.DnsSent("test", "DNSKEY", "192.0.2.53", 0, 2, in_passing=True),
     "Trace: DNS query: QIP ('test','DNSKEY','192.0.2.53',15)\n"
     "Trace: DNS query: Q ('test', 'DNSKEY', '192.0.2.53')"),
    (e.DnsAnswered("a.test", "CNAME", "SECURE", "NXDOMAIN", (), 60, FEBRUARY),
     "Debug: DNSSEC Response data([], , 0, 60)\n"
     "Debug: Received NXDOMAIN for domain a.test type CNAME\n"
     "Debug: No CNAME record(NXDomain) found for domain(a.test)"),
    (e.DnsAnswered("a.test", "CNAME", "INSECURE", "FOUND", ("b.test.",), 60, FEBRUARY),
     "Debug: DNSSEC Response data(['b.test.'], insecure, 0, 60)\n"
     f"Debug: DNS encache (a.test, CNAME, [({FEBRUARY}L, 0, 'INSECURE', 'b.test.')])"),
    (e.DnsAnswered("a.test", "MX", "BOGUS", "", (), 0, FEBRUARY),
     "Debug: DNSSEC Response data([], bogus, 0, 0)"),
    (e.DnsAnswered("a.test", "MX", "INDETERMINATE", "", (), 0, FEBRUARY), ""),
]  # fmt: skip

OTHERS = [
    (LogType.BOUNCE,
     e.Bounced(4, 1, "5.1.0", "Unknown address error", 550, ("no",), 3, "a@x", "b@y"),
     'Info: Bounced: 4:1 From:<a@x> To:<b@y> Reason: "5.1.0 - Unknown address error" '
     "Response: \"('550', ['no'])\""),
    (LogType.BOUNCE, e.Deferred(4, 0, "4.1.0", "x", 450, ("no",), 3, 0, "Default", "a@x", "b@y"),
     "Info: Delayed: 4:0 From:<a@x> To:<b@y> Reason: \"4.1.0 - x\" Response: \"('450', ['no'])\""),
    (LogType.DELIVERY,
     e.Delivered(8, 6, (0, 2), "sent", (), "a@x", ("b@y", 'c"@z'), "192.0.2.1", 202),
     'Info: <success bytes="202" mid="6" ip="192.0.2.1" from="a@x" code="250" reply="sent"> '
     '<rcpt rid="0" to="b@y" /> <rcpt rid="2" to="c&quot;@z" /> </success>'),
    (LogType.DELIVERY,
     e.Bounced(4, 1, "5.1.0", "Unknown address error", 550, ("no",), 3, "a@x", "b@y"),
     'Info: <bounce mid="4" from="a@x" reason="5.1.0 - Unknown address error" code="550" '
     'reply="no"> <rcpt rid="1" to="b@y" /> </bounce>'),
    (LogType.STATUS, e.StatusTaken((("CPULd", 2), ("DskIO", 0))), "Info: Status: CPULd 2 DskIO 0"),
    (LogType.SYSTEM, e.ConfigCommitted(1237, "admin", "new relay", 4),
     "Info: PID 1237: User admin commit changes: new relay"),
    (LogType.CLI, e.CommandTyped(16434, "admin", "who", "\nmail3.example.com> "),
     "Info: PID 16434: User admin entered 'who'; prompt was '\\nmail3.example.com> '"),
    (LogType.CLI, e.CommandTyped(1, "admin", "", "\nA \\ question?\n[]> "),
     "Info: PID 1: User admin entered ''; prompt was '\\nA \\\\ question?\\n[]> '"),
]  # fmt: skip


def rendered(log_type: LogType, event: e.Event) -> str:
    return "\n".join(
        f"{WORD[each.level]}: {text}"
        for each in table_of(log_type)[type(event)]
        for text in each.texts(event, Form())
    )


@pytest.mark.parametrize(
    ("log_type", "event", "shown"),
    [*((LogType.MAIL, *row) for row in MAIL), *OTHERS],
    ids=lambda value: type(value).__name__ if isinstance(value, e.Event) else "",
)
def test_what_happens_is_said_in_the_appliance_s_words(
    log_type: LogType, event: e.Event, shown: str
) -> None:
    assert rendered(log_type, event) == shown


def test_everything_that_can_happen_has_its_row() -> None:
    rendered_somewhere = {kind for log_type in LogType for kind in table_of(log_type)}
    assert rendered_somewhere == set(e.Event.__subclasses__())
    shown = {type(event) for event, _ in MAIL} | {type(event) for _, event, _ in OTHERS}
    assert set(e.Event.__subclasses__()) - shown == {e.DnsAsked}  # the trails have it


@pytest.mark.parametrize("domain", ["", "example.org"])
def test_only_a_success_of_dane_is_found_by_the_search_that_operators_make(domain: str) -> None:
    line = rendered(LogType.MAIL, e.TlsNegotiated(1, "TLSv1.3", "TLS_AES_256_GCM_SHA384", domain))
    assert (" for " in line) == bool(domain)


def test_a_level_has_everything_of_those_before_it() -> None:
    table = table_of(LogType.MAIL)
    sizes = [sum(map(len, asked_for(table, level).values())) for level in LogLevel]
    assert sizes == sorted(sizes)
    assert sizes[RANK[LogLevel.CRITICAL]] == 0
    assert sizes[-1] == sum(map(len, table.values()))
