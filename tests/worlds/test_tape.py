"""The tape: what is written is read again, and nothing else is taken for a tape."""

import gzip
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.errors import HandshakeFailed, TimedOut, TransportError
from esashell.steps import TlsPeer, TlsPolicy
from esashell.worlds import tapefile as module
from esashell.worlds.tape import (
    Connected,
    Entry,
    Exchanged,
    Fault,
    Header,
    Opened,
    Received,
    Sent,
    ShookHands,
    Tape,
    Trusted,
    Waited,
    fault_of,
    moment,
)
from esashell.worlds.tapefile import BadTape, RecordingFailed, TapeWriter, parse, read_tape

NOON = 1_795_000_000_123_456
HEADER = Header(
    recorded=moment(NOON),
    program="0.1.0",
    world="lab",
    anchors=(". IN DS 1 13 2 00",),
    root_servers=("192.0.2.1",),
    root_keys="",
    configuration="schema = 1\n",
)
PEER = TlsPeer("TLSv1.3", "TLS_AES_256_GCM_SHA384", (b"\x30\x00", bytes(range(256))))
ENTRIES: tuple[Entry, ...] = (
    Opened(conversation=1, at=0),
    Exchanged(conversation=1, server="192.0.2.1", message=b"\0\1\xff", reply=b"\0" * 12, at=1),
    Exchanged(
        conversation=1, server="::1", message=b"", tcp=True, fault=Fault("TimedOut", "gone"), at=2
    ),
    Waited(conversation=1, microseconds=5, at=7),
    Connected(
        conversation=1, connection=1, address="::1", port=25, fault=Fault("Refused", ""), at=7
    ),
    Connected(
        conversation=1, connection=2, address="::1", port=25, reply="192.168.42.42", at=8
    ),
    Received(connection=2, reply=b"220 h\xffost\r\n", at=9),
    Sent(connection=2, data=b"EHLO us\r\n", at=9),
    ShookHands(connection=2, server_name="mx.lab", policy=TlsPolicy(), reply=PEER, at=10),
    Received(connection=2, reply=b"", at=10),
    Received(connection=2, fault=Fault("Reset", "cut"), at=11),
    Sent(connection=2, data=b"", fault=Fault("Reset", "cut"), at=12),
    ShookHands(
        connection=2,
        server_name="",
        policy=TlsPolicy("TLSv1.2"),
        fault=Fault("HandshakeFailed", "no"),
        at=12,
    ),
    Trusted(conversation=1, names=("CN=A",), reply=(b"\x30\x00",), at=13),
)  # fmt: skip


def written(path: Path, entries: Sequence[Entry] = ENTRIES, *, close: bool = True) -> bytes:
    writer = TapeWriter(str(path), HEADER)
    for each in entries:
        writer.append(each)
    octets = path.read_bytes()
    writer.close()
    return path.read_bytes() if close else octets


@pytest.fixture(scope="module")
def octets(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("tape") / "t")


def lines(*some: object) -> bytes:
    """A tape of these lines, whatever they are."""
    plain = [each if isinstance(each, bytes) else msgspec.json.encode(each) for each in some]
    # Without the time of day: tests that run side by side must have the same names.
    return gzip.compress(b"".join(each + b"\n" for each in plain), mtime=0)


def refusal(octets: bytes) -> str:
    with pytest.raises(BadTape) as caught:
        parse([octets], "t.gz")
    text = str(caught.value)
    assert text.startswith("t.gz")
    assert text.isprintable()
    assert len(text) < 400
    return text


def test_what_was_written_is_read(tmp_path: Path) -> None:
    written(tmp_path / "t")
    assert read_tape(str(tmp_path / "t")) == Tape(str(tmp_path / "t"), HEADER, ENTRIES, True)
    assert HEADER.start == NOON


@given(st.data())
def test_the_pieces_in_which_it_comes_make_no_difference(
    octets: bytes, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=9)))
    ends = [0, *cuts, len(octets)]
    pieces = [octets[a:b] for a, b in pairwise(ends)]
    assert parse(pieces, "t").entries == ENTRIES


def test_other_programs_can_read_it(octets: bytes) -> None:
    plain = gzip.decompress(octets).splitlines()
    assert len(plain) == 1 + len(ENTRIES)
    assert plain[1] == b'{"do":"conversation","conversation":1,"at":0}'


def test_what_unpacks_to_more_than_one_portion_is_read_to_its_end(tmp_path: Path) -> None:
    long = Received(connection=2, reply=os.urandom(3 << 20), at=9)
    octets = written(tmp_path / "t", (*ENTRIES[:6], long, long))
    found = parse([octets], "t")
    assert found.entries[-2:] == (long, long)
    assert found.whole


def test_it_is_the_owner_s_alone(tmp_path: Path) -> None:
    written(tmp_path / "t")
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o600


def test_every_entry_is_in_the_file_before_the_next_begins(tmp_path: Path) -> None:
    for count in range(len(ENTRIES) + 1):
        octets = written(tmp_path / str(count), ENTRIES[:count], close=False)
        found = parse([octets], "t")
        assert (found.entries, found.whole) == (ENTRIES[:count], False)


def test_a_tape_that_was_cut_off_anywhere_gives_its_whole_entries(octets: bytes) -> None:
    counts = []
    for length in range(len(octets)):
        try:
            found = parse([octets[:length]], "t")
        except BadTape:
            # Not even the header is there, and so nothing was before.
            assert not counts
        else:
            assert found.entries == ENTRIES[: len(found.entries)]
            assert not found.whole
            counts.append(len(found.entries))
    assert counts == sorted(counts)
    assert set(counts) == set(range(len(ENTRIES) + 1))


KILLED = """
import sys
from esashell.worlds.tape import *
from esashell.worlds.tapefile import *
writer = TapeWriter(sys.argv[1], Header(recorded=moment(0), program="", world="lab", anchors=(),
                    root_servers=(), root_keys=None, configuration=""))
for number in range(1, 10**9):
    writer.append(Opened(conversation=number, at=number))
    if number == 200:
        print("going", flush=True)
"""


def test_a_program_that_is_killed_leaves_a_tape(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "t")], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"going\n"
        process.send_signal(signal.SIGKILL)
    found = read_tape(str(tmp_path / "t"))
    assert not found.whole
    assert len(found.entries) >= 200
    assert [each.at for each in found.entries] == list(range(1, len(found.entries) + 1))


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("somebody's work")
    with pytest.raises(RecordingFailed, match="exists already"):
        TapeWriter(str(tmp_path / "t"), HEADER)
    assert (tmp_path / "t").read_text() == "somebody's work"


@pytest.mark.parametrize("path", ["no/such/folder", "nul\0", "", "."])
def test_a_file_that_cannot_be_is_refused(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordingFailed):
        TapeWriter(path, HEADER)
    with pytest.raises(BadTape, match="cannot be read"):
        read_tape(path)


def test_a_full_disk_ends_the_recording_and_spares_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = TapeWriter(str(tmp_path / "t"), HEADER)
    writer.append(ENTRIES[0])

    def full() -> Iterator[int]:
        yield 3  # the disk takes three octets, and then no more
        raise OSError(28, "No space left on device")

    taken, write = full(), os.write
    monkeypatch.setattr(os, "write", lambda file, octets: write(file, octets[: next(taken)]))
    for each in ENTRIES[1:3]:
        with pytest.raises(RecordingFailed, match="No space left on device"):
            writer.append(each)
    monkeypatch.undo()
    with pytest.raises(RecordingFailed, match="No space left on device"):
        writer.append(ENTRIES[3])
    writer.close()
    writer.close()
    assert read_tape(str(tmp_path / "t")).entries == ENTRIES[:1]


def test_faults_keep_their_class_and_their_words() -> None:
    class Odd(HandshakeFailed):
        pass

    for error in (TimedOut(), TimedOut("after all"), TransportError("x"), Odd("alert")):
        again = fault_of(error).error()
        assert again.text == error.text
        assert isinstance(error, type(again))
        assert type(again) is not TransportError or type(error) is TransportError


HEAD = msgspec.to_builtins(HEADER)
EXCHANGE = {"do": "exchange", "conversation": 1, "server": "x", "message": "", "at": 1}
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("octets", "complaint"),
    [
        (b"", "ends before the recording begins"),
        (b"hello", "at or behind the header: this is no gzip"),
        (gzip.compress(b"", mtime=0), "ends before the recording begins"),
        (gzip.compress(b"{}", mtime=0), "the header: the last line is not complete"),
        (lines(b"hello"), "is no recording of esashell"),
        (lines(b"\xff\xfe"), "is no recording of esashell"),
        (lines(DEEP), "is no recording of esashell"),
        (lines([]), "is no recording of esashell"),
        (lines({"schema": "another"}), "is no recording of esashell"),
        (lines({**HEAD, "version": 3}), "newer esashell (version 3 of the format; this one reads"),
        (lines({"schema": "esashell.tape", "version": 10**30}), "newer esashell"),
        (lines({**HEAD, "version": 0}), "the header: there is no version 0"),
        (lines({**HEAD, "version": "1"}), "the header: Expected `int`"),
        (lines({**HEAD, "surplus": 1}), "the header: Object contains unknown field"),
        (lines({**HEAD, "recorded": "2026-01-01T00:00:00"}), "not a time in UTC"),
        (lines({**HEAD, "recorded": "2026-01-01T00:00:00+02:00"}), "not a time in UTC"),
        (lines({**HEAD, "recorded": "9999-12-31T23:59:59Z"}), "not a time in UTC"),
        (lines({**HEAD, "anchors": [1]}), "the header: Expected `str`"),
        (lines(HEAD, ENTRIES[0], {"do": "jump"}), "entry 2: Invalid value 'jump'"),
        (lines(HEAD, b""), "entry 1: "),
        (lines(HEAD, DEEP), "entry 1: "),
        (lines(HEAD, b'{"do":"conversation","conversation":1e999,"at":0}'), "entry 1: "),
        (lines(HEAD, b"\x1b[2J\r"), "entry 1: "),
        (lines(HEAD, {"do": "\x1b[2J"}), "entry 1: "),
        (lines(HEAD, EXCHANGE), "entry 1: there must be either a `reply` or a `fault`"),
        (lines(HEAD, {**EXCHANGE, "reply": "", "fault": {"kind": "Reset", "text": ""}}),
         "entry 1: there must be either"),
        (lines(HEAD, {**EXCHANGE, "reply": "?"}), "entry 1: Invalid base64"),
        (lines(HEAD, {**EXCHANGE, "reply": "", "at": -1}), "entry 1: Expected `int` >= 0"),
        (lines(HEAD, {**EXCHANGE, "reply": "", "at": 10**18}), "entry 1: Expected `int` <="),
        (lines(HEAD, {**EXCHANGE, "fault": {"kind": "SystemExit", "text": ""}}),
         'entry 1: "SystemExit" is no fault'),
        (lines(HEAD, ENTRIES[7]), "entry 1: there is no connection 2 before it"),
        (lines(HEAD, ENTRIES[4], {"do": "send", "connection": 1, "data": "", "at": 1}),
         "entry 2: there is no connection 1 before it"),
        (lines(HEAD, ENTRIES[5], ENTRIES[5]), "entry 2: there is a connection 2 already"),
        (lines(HEAD) + b"x", "something stands behind"),
        (lines(HEAD) + lines(HEAD), "something stands behind"),
        (lines(HEAD, ENTRIES[0])[:-8] + bytes(8), "this is no gzip, or damaged"),
    ],
)  # fmt: skip
def test_what_is_no_tape_is_refused_with_the_place(octets: bytes, complaint: str) -> None:
    assert complaint in refusal(octets)


@given(st.binary(max_size=300))
def test_any_octets_are_a_tape_or_are_refused(octets: bytes) -> None:
    for each in (octets, gzip.compress(octets), lines(HEAD, octets)):
        refusal(each)


@given(st.data())
def test_a_tape_with_a_changed_octet_is_refused_or_the_same(
    octets: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(octets) - 1))
    changed = bytearray(octets)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = parse([bytes(changed)], "t")
    except BadTape:
        return
    # gzip's head holds a time and a system that nobody reads; and damage that makes the last
    # block endless looks like a tape that was cut off.
    assert found.entries == ENTRIES[: len(found.entries)] or not found.whole


def test_a_small_file_does_not_become_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HARMLESS", 1 << 20)
    bomb = zlib.compress(b"\n" * (1 << 24), wbits=31)
    many = gzip.compress(msgspec.json.encode(HEADER) + b"\n" + b" " * (1 << 24))
    assert "is no recording" in refusal(bomb)
    assert "larger than any recording becomes" in refusal(many)


def test_an_entry_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_ENTRY", 10_000)
    assert "entry 1: the entry is too long" in refusal(lines(HEAD, os.urandom(9_000).hex()))
    unended = gzip.compress(msgspec.json.encode(HEADER) + b"\n" + os.urandom(9_000).hex().encode())
    assert "entry 1: the entry is too long" in refusal(unended)
