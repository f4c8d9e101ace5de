"""The screens about the queue, to the letter where a real one is public."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from esashell.delivery.figures import (
    ApplianceFigures,
    Completion,
    HostFigures,
    HostState,
    LastError,
    Queued,
)
from esashell.reports import spans
from esashell.reports.hoststatus import (
    AddressShown,
    MxShown,
    Whereabouts,
    host_document,
    host_lines,
)
from esashell.reports.recipients import recipient_lines
from esashell.reports.status import status_document, status_lines
from esashell.reports.tophosts import (
    MOST,
    PSEUDO_HOSTS,
    delivery_status,
    ranked,
    top_document,
    top_lines,
)

SECOND = 1_000_000
NOW = 1_597_343_837 * SECOND  # Thu Aug 13 14:37:17 2020 EDT
HOSTSTATUS = """\
Host mail status for: 'example.com'
Status as of:         Thu Aug 13 14:37:17 2020 EDT
Host up/down:         up

Counters:
  Queue
    Soft Bounced Events                               0
  Completion
    Completed Recipients                            336
      Hard Bounced Recipients                         0
        DNS Hard Bounces                              0
        5XX Hard Bounces                              0
        Filter Hard Bounces                           0
        Expired Hard Bounces                          0
        Other Hard Bounces                            0
      Delivered Recipients                          336
      Deleted Recipients                              0

Gauges:
  Queue
    Active Recipients                                 0
      Unattempted Recipients                          0
      Attempted Recipients                            0
  Connections
    Current Outbound Connections                      0
    Pending Outbound Connections                      0

Oldest Message        No Messages
Last Activity         Thu Aug 13 14:32:24 2020 EDT
Ordered IP addresses: (expiring at Thu Aug 13 15:02:24 2020 EDT)
  Preference    IPs
  10            192.0.2.25:25

MX Records:
  Preference    TTL         Hostname
  10            52m24s      mail.example.com

  Last 5XX Error:
    ----------
    550 REQUESTED ACTION NOT TAKEN: DNS FAILURE
    (at Thu Aug 13 14:25:25 2020 EDT) IP: 192.0.2.25
    ----------"""
TOPHOSTS = """\
Status as of:                Thu Aug 13 14:29:42 2020 EDT
Hosts marked with '*' were down as of the last delivery attempt.

                             Active  Conn.   Deliv.    Soft     Hard
#   Recipient Host           Recip.  Out     Recip.    Bounced  Bounced

1   the.encryption.queue          0      0        0         0        0
2   the.euq.queue                 0      0        0         0        0
3   the.euq.release.queue         0      0        0         0        0"""


def dated(when: int) -> str:
    """Eastern time, on that day."""
    hour, rest = divmod((when - NOW) // SECOND + 14 * 3600 + 37 * 60 + 17, 3600)
    return f"Thu Aug 13 {hour:02}:{rest // 60:02}:{rest % 60:02} 2020 EDT"


def at(hour: int, minute: int, second: int) -> int:
    return NOW + ((hour - 14) * 3600 + (minute - 37) * 60 + second - 17) * SECOND


def test_hoststatus_is_the_screen_that_is_public() -> None:
    host = HostFigures(
        "example.com",
        HostState.UP,
        336,
        Completion(with_tls=300, in_clear=36),
        last_activity=at(14, 32, 24),
        last_error=LastError(
            "550 REQUESTED ACTION NOT TAKEN: DNS FAILURE", at(14, 25, 25), "192.0.2.25"
        ),
    )
    where = Whereabouts(
        (MxShown(10, 3144, "mail.example.com"),),
        (AddressShown(10, "192.0.2.25", 25),),
        at(15, 2, 24),
    )
    assert "\n".join(host_lines(host, where, NOW, dated)) == HOSTSTATUS


def test_what_is_not_the_destination_s_own_refusal_is_no_5xx_error() -> None:
    host = HostFigures("example.com", last_error=LastError("4.7.5 no DANE", NOW))
    assert "5XX Error" not in "\n".join(host_lines(host, Whereabouts(), NOW, dated))


def test_addresses_of_one_preference_stand_on_one_line() -> None:
    found = (AddressShown(1, "192.0.2.1", 25), AddressShown(1, "2001:db8::1", 26))
    lines = list(host_lines(HostFigures("a.example"), Whereabouts((), found), NOW, dated))
    assert "  1             192.0.2.1:25, [2001:db8::1]:26" in lines


def test_a_trouble_is_told_within_the_screen() -> None:
    where = Whereabouts(trouble=f"{'It is bogus and nobody knows why. ' * 10}")
    lines = list(host_lines(HostFigures("a.example"), where, NOW, dated))
    assert max(map(len, lines)) <= 79


def test_tophosts_is_the_screen_that_is_public() -> None:
    hosts = ranked((), "active_rcpts")
    assert "\n".join(top_lines(hosts, "Thu Aug 13 14:29:42 2020 EDT")) == TOPHOSTS


def test_tophosts_marks_who_is_down_and_keeps_the_columns_of_a_long_name() -> None:
    long = f"{'x' * 30}.example"
    hosts = [
        HostFigures("a.example", HostState.DOWN, attempted=12),
        HostFigures(long, attempted=7, completion=Completion(with_dane=3, expired_hard=2)),
    ]
    lines = list(top_lines(ranked(hosts, "active_rcpts"), "now"))[6:9]
    assert lines[0] == "1*  a.example                    12      0        0         0        0"
    assert lines[1] == f"2   {long}"
    assert lines[2] == f"{'':<29}{7:>6}{0:>7}{3:>9}{0:>10}{2:>9}"


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ("active_rcpts", "waits"),
        ("conn_out", "talks"),
        ("deliv_rcpts", "takes"),
        ("hard_bounced", "refuses"),
        ("soft_bounced", "defers"),
    ],
)
def test_tophosts_puts_first_who_has_most_of_it(by: str, first: str) -> None:
    hosts = [
        HostFigures("waits", attempted=9),
        HostFigures("talks", connections_out=9),
        HostFigures("takes", completion=Completion(with_dane=9)),
        HostFigures("refuses", completion=Completion(smtp_hard=9)),
        HostFigures("defers", completion=Completion(soft_bounced=9)),
    ]
    assert ranked(hosts, by)[0].domain == first
    document = top_document(ranked(hosts, by), by, NOW, "")
    assert document["hosts"][0]["domain"] == first
    assert not {each["domain"] for each in document["hosts"]} & set(PSEUDO_HOSTS)


def test_tophosts_are_twenty_of_however_many() -> None:
    hosts = (HostFigures(f"d{number}.example", attempted=number) for number in range(10_000))
    found = ranked(hosts, "active_rcpts")
    assert [each.active for each in found] == list(range(9999, 9999 - MOST, -1))


def test_delivery_status_has_every_figure_of_the_page() -> None:
    host = HostFigures(
        "a.example",
        HostState.DOWN,
        attempted=4320,
        connections_out=1,
        completion=Completion(with_tls=11, soft_bounced=22, expired_hard=33),
    )
    *_, line = delivery_status([host], 79)
    assert line.split() == ["a.example", "Down", "4,320", "1", "11", "22", "33"]
    assert all(len(each) <= 79 for each in delivery_status([host] * 3, 79))


FIGURES = ApplianceFigures(
    NOW,
    NOW - 81_929 * SECOND,
    messages=62_049_822,
    received=62_049_823,
    completion=Completion(soft_bounced=2_334_552, with_tls=50_441_741, dropped=5),
    attempted=7166,
    oldest=NOW - (4 * 7 * 86_400 + 46 * 60 + 53) * SECOND,
    mid=99_524_480,
)


def test_status_has_the_columns_of_the_appliance() -> None:
    lines = list(status_lines(FIGURES, dated))
    assert lines[0] == 'Enter "status detail" for more information.'
    assert lines[3].endswith("(22h 45m 29s)")
    assert "Oldest Message:                4 weeks 46 mins 53 secs" in lines
    assert "    Messages Received               62,049,822 62,049,822  62,049,822" in lines
    assert "    Message ID (MID)                                         99524480" in lines
    assert "    Active Recipients                  7,166" in lines
    assert "System status:                 Online" in lines
    assert max(map(len, lines)) <= 79


def test_status_tells_of_a_suspension_of_all_deliveries_and_of_no_other() -> None:
    for domains, told in ((("ALL",), "Delivery Suspended"), (("a.example",), "Online")):
        lines = list(status_lines(replace(FIGURES, suspended=domains), dated, detail=True))
        assert f"System status:                 {told}" in lines


@pytest.mark.parametrize(
    "document",
    [
        lambda: status_document(FIGURES, "s"),
        lambda: host_document(HostFigures("a.example"), Whereabouts(), NOW, ""),
        lambda: top_document([], "active_rcpts", NOW, ""),
    ],
)
def test_documents_name_their_schema_and_version(document: Callable[[], dict[str, Any]]) -> None:
    found = document()
    assert found["schema"].startswith("esashell.")
    assert found["version"] == 1
    assert found["when"] == "2020-08-13T18:37:17Z"


def test_recipients_stand_on_two_lines_under_two_heads() -> None:
    queued = [
        Queued(1527, 0, 1230, 3, "user123456@ironport.com", "9554@example.com", "Testing", NOW)
    ]
    assert list(recipient_lines(queued, 79)) == [
        "MID/      Bytes/   Sender                   Recipient         Subject",
        "[RID]     [Atmps]",
        "",
        "1527      1230     user123456@ironport.com  9554@example.com  Testing",
        "[0]       [3]",
    ]


def test_what_is_completed_is_delivered_bounced_or_deleted() -> None:
    done = Completion(9, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11)
    assert done.completed == done.delivered + done.hard_bounced + done.deleted == 46
    assert done + done == Completion(18, 2, 4, 6, 8, 10, 12, 14, 16, 20, 22)


@pytest.mark.parametrize(
    ("seconds", "up", "old"),
    [
        (0, "0s", "0 secs"),
        (1, "1s", "1 sec"),
        (61, "1m 1s", "1 min 1 sec"),
        (90_000, "1d 1h", "1 day 1 hour"),
        (1_209_600, "14d", "2 weeks"),
    ],
)
def test_lengths_of_time(seconds: int, up: str, old: str) -> None:
    assert spans.uptime(seconds * SECOND) == up
    assert spans.age(seconds * SECOND) == old
