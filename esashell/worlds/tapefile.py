"""A tape as a file: an entry is on the disk as soon as it is written, and damage is never read.

Every entry is compressed up to an octet boundary and written at once. When the program is killed,
the file therefore ends after some whole entry or in the middle of one, and reading gives all that
are whole; a tape that was closed ends as gzip ends, so that the two can be told apart. Damage is
another thing: octets that are no gzip, lines that are no entry and entries that make no sense are
refused, with their number, because a tape that is only nearly right would answer wrongly.
"""

import os
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from esashell.config.quoting import quoted
from esashell.errors import OperatorError
from esashell.worlds.tape import (
    SCHEMA,
    VERSION,
    Connected,
    Entry,
    Header,
    Received,
    Sent,
    ShookHands,
    Tape,
)

LONGEST_ENTRY = 16 * 1024 * 1024  # octets of JSON; the largest DNS message makes 90,000
# A short file that unpacks without end is an attack on the reader's memory. deflate reaches 1:1032;
# traffic, whose every entry costs a boundary, stays below a tenth of that.
HARMLESS = 64 * 1024 * 1024
EXPANSION = 200
_AT_ONCE = 1 << 20


class BadTape(OperatorError):
    """A recording that is not taken: damaged, of something else, or newer than this program."""


class RecordingFailed(OperatorError):
    """The recording cannot be written, so that going on would leave a hole in it."""


class TapeWriter:
    """A new tape, for one process; any of its threads may append. Only the owner can read it.

    Raises `RecordingFailed` when the file exists already or cannot be made, and from `append` when
    the disk will not take an entry; nothing more is written then, so that all before stays good.
    """

    def __init__(self, path: str, header: Header) -> None:
        self.path = path
        self.header = header
        self._lock = threading.Lock()
        self._encoder = msgspec.json.Encoder()
        self._compressor = zlib.compressobj(wbits=31)  # 31: with gzip's head and tail
        self._broken = ""
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file: int | None = os.open(path, flags, 0o600)
        except FileExistsError:
            raise RecordingFailed(
                f"{path} exists already; a recording is never written over something else."
            ) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise RecordingFailed(f"{path} cannot be written: {reason}.") from None
        self._write(header)

    def append(self, entry: Entry) -> None:
        """Put the entry at the end of the file; it is there when this returns."""
        with self._lock:
            self._write(entry)

    def close(self) -> None:
        """End the tape as a whole one. A second time nothing happens."""
        with self._lock:
            if self._file is None:
                return
            if not self._broken:
                # Should the disk not take the end, every entry is there nevertheless.
                with suppress(RecordingFailed):
                    self._put(self._compressor.flush(zlib.Z_FINISH))
            os.close(self._file)
            self._file = None

    def _write(self, line: Header | Entry) -> None:
        if self._broken or self._file is None:
            raise RecordingFailed(self._broken or f"{self.path} is closed.")
        octets = self._compressor.compress(self._encoder.encode(line) + b"\n")
        self._put(octets + self._compressor.flush(zlib.Z_SYNC_FLUSH))

    def _put(self, octets: bytes) -> None:
        assert self._file is not None
        left = memoryview(octets)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self._broken = f"The recording {self.path} cannot be continued: {error.strerror}."
            raise RecordingFailed(self._broken) from None


def read_tape(path: str) -> Tape:
    """The recording in a file; raises `BadTape`."""
    try:
        with Path(path).open("rb") as file:
            return parse(iter(lambda: file.read(1 << 12), b""), path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadTape(f"{path} cannot be read: {reason}.") from None


def parse(pieces: Iterable[bytes], name: str) -> Tape:
    """The recording in a file's octets, however they are split; raises `BadTape`."""
    reader = _Reader(name)
    entries: list[Entry] = []
    for piece in pieces:
        entries.extend(reader.feed(piece))
    if reader.header is None:
        raise BadTape(f"{name} ends before the recording begins.")
    return Tape(name, reader.header, tuple(entries), reader.whole)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.header: Header | None = None
        self._decompressor = zlib.decompressobj(wbits=31)
        self._decoder = msgspec.json.Decoder(Entry)
        self._line = bytearray()
        self._packed = 0
        self._plain = 0
        self._number = 0  # of the entry that is being read; 0 is the header
        self._connections: dict[int, bool] = {}

    @property
    def whole(self) -> bool:
        """Whether the tape was closed; what is missing of a line cannot be there then."""
        return self._decompressor.eof

    def feed(self, piece: bytes) -> Iterator[Entry]:
        """The entries that are complete with these octets."""
        self._packed += len(piece)
        while True:
            try:
                plain = self._decompressor.decompress(piece, _AT_ONCE)
            except zlib.error:
                # What came with the damage was not given out, so the place is only near.
                raise self._refused("this is no gzip, or damaged", "at or behind ") from None
            self._plain += len(plain)
            if self._plain > max(HARMLESS, EXPANSION * self._packed):
                raise self._refused("unpacked, this is larger than any recording becomes")
            yield from self._lines(plain)
            if self.whole:
                if self._decompressor.unused_data:
                    raise self._refused("something stands behind the recording's end")
                if self._line:
                    raise self._refused("the last line is not complete")
                return
            piece = self._decompressor.unconsumed_tail
            # A full portion may have left some behind although every octet was taken.
            if not piece and len(plain) < _AT_ONCE:
                return

    def _lines(self, plain: bytes) -> Iterator[Entry]:
        *ended, rest = plain.split(b"\n")
        for each in ended:
            line = bytes(self._line) + each
            self._line.clear()
            if len(line) > LONGEST_ENTRY:
                raise self._refused("the entry is too long")
            if self.header is None:
                self.header = self._header(line)
            else:
                yield self._entry(line)
            self._number += 1
        self._line += rest
        if len(self._line) > LONGEST_ENTRY:
            raise self._refused("the entry is too long")

    def _header(self, line: bytes) -> Header:
        try:
            first = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            first = None
        if not isinstance(first, dict) or first.get("schema") != SCHEMA:
            raise BadTape(f"{self.name} is no recording of esashell.")
        version = first.get("version")
        if type(version) is int and version > VERSION:
            raise BadTape(
                f"{self.name} was recorded by a newer esashell (version {str(version)[:9]} of the "
                f"format; this one reads up to {VERSION}). Start the newer one."
            )
        try:
            header = msgspec.json.decode(line, type=Header)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._refused(str(error)) from None
        if header.version < 1:
            raise self._refused(f"there is no version {header.version} of the format")
        return header

    def _entry(self, line: bytes) -> Entry:
        try:
            entry: Entry = self._decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._refused(str(error)) from None
        if isinstance(entry, Connected):
            if entry.connection in self._connections:
                raise self._refused(f"there is a connection {entry.connection} already")
            self._connections[entry.connection] = entry.fault is None
        elif isinstance(entry, Sent | Received | ShookHands) and not self._connections.get(
            entry.connection
        ):
            raise self._refused(f"there is no connection {entry.connection} before it")
        return entry

    def _refused(self, fault: str, how: str = "") -> BadTape:
        place = f"entry {self._number}" if self._number else "the header"
        return BadTape(f"{self.name}, {how}{place}: {quoted(fault, 200)[1:-1]}.")
