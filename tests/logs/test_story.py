"""The story of a message: which lines belong to it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.logs.pattern import pattern
from esashell.logs.search import whole
from esashell.logs.story import FEW, Ids, Joins, Links, belonging_to_hits, story

LOG = """\
New SMTP ICID 5 interface Management (192.0.2.10) address 198.51.100.4
ICID 5 RELAY SG RELAYLIST match 198.51.100.4 SBRS not enabled
New SMTP ICID 55 interface Management (192.0.2.10) address 198.51.100.5
Start MID 6 ICID 5
MID 6 ICID 5 From: <a@example.com>
Start MID 66 ICID 55
MID 6 was split creating MID 7 due to a per-recipient policy x
New SMTP DCID 8 interface 192.0.2.10 address 203.0.113.25 port 25
DCID 8 TLS success protocol TLSv1.2 cipher X for example.org
Delivery start DCID 8 MID 6 to RID [0]
New SMTP DCID 9 interface 192.0.2.10 address 203.0.113.26 port 25
DCID 9 TLS failed: STARTTLS unexpected response
Delivery start DCID 9 MID 7 to RID [0]
Bounced: DCID 9 MID 7 to RID 0 - 5.1.0 - Unknown address error
MID 70 was generated for bounce of MID 7
Start MID 70 ICID 0
Start MID 71 ICID 0
Message finished MID 6 done
DCID 8 close
ICID 5 close
"""


def told(tmp_path: Path, mids: list[int], joins: Joins = Joins.FINDEVENT) -> list[int]:
    """The numbers of the lines of `LOG`, from 1."""
    path = tmp_path / "mail.s"
    path.write_text(LOG)
    found = b"".join(story([path], Links([path]).belonging_to(mids), joins)).decode()
    lines = LOG.splitlines()
    return [lines.index(line) + 1 for line in found.splitlines()]


def test_a_message_brings_its_connections_and_what_came_of_it(tmp_path: Path) -> None:
    assert told(tmp_path, [6]) == [1, 2, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15, 16, 18]


def test_everything_is_also_how_its_connections_failed_and_ended(tmp_path: Path) -> None:
    told_all = told(tmp_path, [6], Joins.EVERYTHING)
    assert set(told_all) - set(told(tmp_path, [6])) == {12, 19, 20}


def test_a_message_made_by_the_appliance_brings_no_other_such(tmp_path: Path) -> None:
    assert told(tmp_path, [70]) == [15, 16]
    assert told(tmp_path, [999]) == []


def test_a_connection_leads_to_its_messages(tmp_path: Path) -> None:
    path = tmp_path / "mail.s"
    path.write_text(LOG)
    links = Links([path])
    assert links.mids_of(b"DCID 9 TLS failed: STARTTLS unexpected response") == {7}
    assert links.mids_of(b"ICID 5 close") == {6}
    assert links.mids_of(b"MID 66 ICID 55 From: <x>") == {66}
    assert links.mids_of(b"nothing") == set()


def test_a_hit_brings_its_messages_or_else_its_connection(tmp_path: Path) -> None:
    path = tmp_path / "mail.s"
    path.write_text(LOG + "DCID 77 TLS failed: X\nICID 0 X\n")

    def ids(expression: str) -> Ids:
        return belonging_to_hits([path], whole([path]), pattern([expression]))

    assert ids("Unknown address").mids == {7, 70}
    assert ids("close").mids == {6, 7, 70}
    # No message was ever on this one.
    assert ids("failed: X") == Ids(dcids=frozenset({77}))
    assert ids("ICID 0 X") == ids("nothing like it") == Ids()


@given(st.sets(st.integers(0, 30), max_size=25), st.sampled_from(list(Joins)))
def test_many_numbers_are_found_as_few_are(
    tmp_path_factory: pytest.TempPathFactory, mids: set[int], joins: Joins
) -> None:
    path = tmp_path_factory.mktemp("log") / "mail.s"
    lines = []
    for mid in range(30):
        lines += [f"New SMTP ICID {mid // 2} x", f"Start MID {mid} ICID {mid // 2}"]
        lines += [f"Delivery start DCID {mid // 3 + 1} MID {mid} to RID [0]", f"MID {mid} done"]
    path.write_text("\n".join(lines) + "\n")
    links = Links([path])
    together = list(story([path], links.belonging_to(mids), joins))
    singly = {line for mid in mids for line in story([path], links.belonging_to([mid]), joins)}
    assert set(together) == singly
    assert len(mids) <= FEW or together


@given(st.binary(max_size=200))
def test_any_octets_can_be_asked_for_a_story(
    tmp_path_factory: pytest.TempPathFactory, octets: bytes
) -> None:
    path = tmp_path_factory.mktemp("log") / "mail.s"
    path.write_bytes(octets + b"Start MID 1 ICID " + b"9" * 5000 + b"\nMID 1 \xff\n")
    assert list(story([path], Links([path]).belonging_to([1])))[-1].endswith(b"\xff\n")
