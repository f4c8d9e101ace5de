"""What a simulation has come to: as lines, as rows for a spreadsheet, as a document."""

import csv
import io
import json

import msgspec
import pytest
from msgspec.structs import replace

from esashell.delivery.figures import Completion, HostFigures
from esashell.simulate.account import (
    COLUMNS,
    MOST,
    VERSION,
    besides,
    csv_lines,
    document,
    headline,
    spoken,
    worst_first,
)
from esashell.simulate.account_lines import account_lines
from tests.simulate.accounts import HOUR, NINE, SECOND, account, delivered, waiting

WHEN = "Wed Mar 05 09:00:00 2025 GMT"
LINES = """\
Simulation smtp-route: T+96 h of 96 h, Wed Mar 05 09:00:00 2025 GMT

Messages                      15,280
  delivered with DANE          9,000
  delivered with TLS             500
  delivered in clear              20
  queued                       4,320   the oldest for 72 h
  bounced                      1,440   1,440 expired in the queue

Queue over time (highest 4,320, at T+72 h)
                                     ▁▁▂▂▂▃▃▄▄▅▅▅▆▆▇▇▇███████████████████
                   ▁▁▁▂▂▂▃▃▄▄▄▅▅▆▆▇▇▇████████████████████████████████████
  ▁▁▁▂▂▃▃▃▄▄▅▅▅▆▆▇▇██████████████████████████████████████████████████████
  0                 24 h              48 h              72 h          96 h

                                                        first       first
Destination       DANE  TLS  clear  queued  bounced  deferral      bounce
partner.example      -    -      -   4,320    1,440      30 s  72 h 3 min
good.example     9,000  500     20       -        -         -           -

Why
  partner.example: a route takes DANE away

Queue by age in minutes (as qshape)
                   T 5 10 20 40 80 160 320 640 1280 1280+
TOTAL           4320 5  5 10 20 40  80 160 320  640  3040
partner.example 4320 5  5 10 20 40  80 160 320  640  3040

What happened
  T+24 h: partner.example renews its certificate

Assumed
  - The retry interval doubles from the first to the largest."""


def test_the_lines_tell_all_of_it() -> None:
    found = list(account_lines(account(), WHEN, 79))
    told = [each for each in found if "█" not in each and "▁" not in each]
    assert told == [each for each in LINES.split("\n") if "█" not in each and "▁" not in each]
    assert sum("█" in each for each in found) == 3


def test_the_short_form_leaves_out_ages_and_assumptions() -> None:
    short = "\n".join(account_lines(account(), WHEN, 79, whole=False))
    assert "qshape" not in short
    assert "Assumed" not in short
    assert "\n".join(account_lines(account(), WHEN, 79)).startswith(short)


def test_an_account_of_nothing_says_nothing() -> None:
    empty = replace(account(), hosts=(), course=(), courses=(), ages=(), happened=())
    lines = list(account_lines(empty, WHEN, 79))
    assert "Destination" not in "\n".join(lines)


@pytest.mark.parametrize("width", [79, 119])
def test_no_line_is_longer_than_the_screen(width: int) -> None:
    hosts = [waiting(f"{'long-' * 9}{n}.example", "because of " * 20) for n in range(3)]
    lines = list(account_lines(account(*hosts), WHEN, width))
    assert [each for each in lines if len(each) > width] == []


def test_without_block_elements_the_line_is_ascii() -> None:
    assert all(each.isascii() for each in account_lines(account(), WHEN, 79, blocks=False))


def test_many_destinations_are_summed_up_and_none_is_lost() -> None:
    hosts = tuple(replace(delivered(f"d{n:02}.example"), received=9520) for n in range(60))
    it = account(*hosts)
    shown = replace(it, hosts=worst_first(hosts), others=60 - MOST)
    line = next(each for each in account_lines(shown, WHEN, 79) if each.startswith("40 others"))
    assert line.split()[2:5] == [f"{40 * 9000:,}", f"{40 * 500:,}", f"{40 * 20:,}"]


def test_the_worst_come_first() -> None:
    clear = HostFigures("c", received=5, completion=Completion(in_clear=5))
    deferred = HostFigures("d", received=5, completion=Completion(with_dane=5, soft_bounced=9))
    hosts = [delivered(), clear, deferred, waiting("w"), HostFigures("n")]
    assert [each.domain for each in worst_first(hosts)] == ["w", "d", "good.example", "c", "n"]
    assert len(worst_first(hosts, 2)) == 2


def test_what_is_besides_is_the_rest() -> None:
    it = account(waiting(), delivered())
    rest = besides(it.figures, [waiting()])
    assert rest.completion == delivered().completion
    assert (rest.received, rest.active) == (9520, 0)


def test_a_document_has_a_schema_a_version_and_only_plain_values() -> None:
    found = json.loads(msgspec.json.encode(document(account())))
    assert (found["schema"], found["version"]) == ("esashell.simulation", VERSION)
    assert VERSION == 1  # a change of its shape is one of its version
    assert found["begun"] == "2025-03-01T09:00:00Z"
    assert found["totals"]["delivered"] == {"dane": 9000, "tls": 500, "clear": 20}
    assert found["queue"][72] == [72 * 3600, 4320]
    assert set(found["queues"]) == {"partner.example"}
    first = found["destinations"][0]
    assert (first["first_deferral_s"], first["first_bounce_s"]) == (30, 259_380)
    totals = found["totals"]
    counted = sum((*totals["delivered"].values(), *totals["bounced"].values(), totals["queued"]))
    assert totals["received"] == counted


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    'quo"te,comma',
    "line\nend",
    "\x00\x1b[2J",
    "a\u202eb",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_is_a_formula_or_breaks_its_line(text: str) -> None:
    host = replace(waiting(text), reason=text)
    written = "".join(csv_lines([host], NINE, NINE + 96 * HOUR))
    assert written.endswith("\r\n")
    assert written.count("\r\n") == 2
    head, row = csv.reader(io.StringIO(written, newline=""))
    assert tuple(head) == COLUMNS
    assert len(row) == len(COLUMNS)
    for cell in (row[0], row[-1]):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert cell.isprintable()
        # Nothing but what is not printable is changed, and an apostrophe put in front.
        assert (
            cell.lstrip("'").strip() == "".join(c if c.isprintable() else " " for c in text).strip()
        )


def test_a_row_has_the_figures_in_seconds_from_the_beginning() -> None:
    *_, line = csv_lines([waiting()], NINE, NINE + 96 * HOUR)
    row = dict(zip(COLUMNS, next(csv.reader([line])), strict=True))
    assert (row["first_deferral_s"], row["first_bounce_s"]) == ("30", "259380")
    assert row["oldest_s"] == str(72 * 3600)
    assert (row["queued"], row["bounced"], row["expired"]) == ("4320", "1440", "1440")


def test_the_headline_leaves_out_what_is_nothing() -> None:
    assert headline(account()) == (
        "T+96 h: 9,520 delivered, 4,320 queued, 1,440 bounced, of 15,280 messages."
    )
    assert headline(account(delivered())) == "T+96 h: 9,520 delivered, of 9,520 messages."


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (0, "0"),
        (30 * SECOND, "30 s"),
        (60 * SECOND, "1 min"),
        (61 * SECOND, "1 min 1 s"),
        (600 * SECOND, "10 min"),
        (HOUR, "1 h"),
        (72 * HOUR + 180 * SECOND, "72 h 3 min"),
    ],
)
def test_times_are_spoken_without_what_is_nothing(length: int, said: str) -> None:
    assert spoken(length) == said
