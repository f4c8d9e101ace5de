"""The whole story of a message: every line of a log that belongs to it.

The lines of one message do not all name it. Its incoming connection (ICID) and its outgoing ones
(DCID) have lines of their own, before the message exists and after it is gone, and a message can go
on as another one: a bounce, a copy, one that was split off or rewritten. Two passes tell it: the
first reads how the numbers hang together, the second takes the lines out.

The joins are those of the appliance's `findevent`: a message brings the messages that came of it;
its ICID with the lines that opened it and said which policy it got; each DCID that a delivery of it
was started on, with the lines that opened it and its `TLS success`. The failures of TLS are not
among them there. `Joins.EVERYTHING`, ours, brings all lines of the connections.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from esashell.logs.blocks import Part, blocks
from esashell.logs.lines import ByLiteral
from esashell.logs.pattern import Pattern
from esashell.logs.search import grep

# Up to this many numbers are sought one by one, as plain texts; that is faster than any expression.
FEW = 12


class Joins(StrEnum):
    """How much of a connection belongs to the story of a message."""

    FINDEVENT = "findevent"
    EVERYTHING = "everything"


class Ids(Struct, frozen=True):
    """Numbers of messages and connections."""

    mids: frozenset[int] = frozenset()
    icids: frozenset[int] = frozenset()
    dcids: frozenset[int] = frozenset()


# A number of more digits is none that an appliance has counted.
_LINK = re.compile(
    rb"Start MID (?P<started>\d{1,18}) ICID (?P<icid>\d{1,18})"
    rb"|Delivery start DCID (?P<dcid>\d{1,18}) MID (?P<delivered>\d{1,18})"
    rb"|MID (?P<bounce>\d{1,18}) was generated for bounce of MID (?P<bounced>\d{1,18})"
    rb"|MID (?P<copy>\d{1,18}) (?:was )?generated based on MID (?P<original>\d{1,18})"
    rb"|MID (?P<before>\d{1,18}) rewritten to (?:MID )?(?P<after>\d{1,18})"
    rb"|MID (?P<whole>\d{1,18}) was split creating MID (?P<part>\d{1,18})"
)
_LINKING = (b"Start MID ", b"Delivery start ", b" generated ", b" rewritten to ", b" was split ")
_ID = re.compile(rb"\b(MID|ICID|DCID):? (\d{1,18})\b")
_MID = re.compile(rb"\bMID:? (\d{1,18})\b")
_OPENING = re.compile(
    rb"New SMTP ICID \d|ICID \d+ (?:ACCEPT|RELAY|REJECT|TCPREFUSE|CONTINUE) |New SMTP DCID \d"
    rb"|DCID \d+ TLS success"
)


class Links:
    """How the numbers in some files hang together."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.icid: dict[int, int] = {}
        self.mids_in: dict[int, list[int]] = {}
        self.dcids: dict[int, list[int]] = {}
        self.mids_out: dict[int, list[int]] = {}
        self.became: dict[int, list[int]] = {}
        way = ByLiteral(_LINKING, ignore_case=False)
        for path in paths:
            for block in blocks(path):
                for begin, end in way.spans(block):
                    if found := _LINK.search(block, begin, end):
                        self._learn(found)

    def _learn(self, found: "re.Match[bytes]") -> None:
        match found.lastgroup:
            case "icid":
                mid, icid = int(found["started"]), int(found["icid"])
                self.icid[mid] = icid
                self.mids_in.setdefault(icid, []).append(mid)
            case "delivered":
                mid, dcid = int(found["delivered"]), int(found["dcid"])
                self.dcids.setdefault(mid, []).append(dcid)
                self.mids_out.setdefault(dcid, []).append(mid)
            case "bounced":
                self.became.setdefault(int(found["bounced"]), []).append(int(found["bounce"]))
            case "original":
                self.became.setdefault(int(found["original"]), []).append(int(found["copy"]))
            case "after":
                self.became.setdefault(int(found["before"]), []).append(int(found["after"]))
            case "part":
                self.became.setdefault(int(found["whole"]), []).append(int(found["part"]))

    def belonging_to(self, mids: Iterable[int]) -> Ids:
        """The messages, those that came of them, and the connections of them all."""
        found: set[int] = set()
        open_ends = list(mids)
        while open_ends:
            mid = open_ends.pop()
            if mid not in found:
                found.add(mid)
                open_ends += self.became.get(mid, ())
        # ICID 0 is the appliance itself: what it has in common says nothing of a message.
        icids = {self.icid[mid] for mid in found if self.icid.get(mid)}
        dcids = {dcid for mid in found for dcid in self.dcids.get(mid, ()) if dcid}
        return Ids(frozenset(found), frozenset(icids), frozenset(dcids))

    def mids_of(self, line: bytes) -> set[int]:
        """The messages that a line belongs to, by its own number or by its connection's."""
        mids: set[int] = set()
        for kind, number in _ID.findall(line):
            if kind == b"MID":
                mids.add(int(number))
        if mids:
            return mids
        for kind, number in _ID.findall(line):
            among = self.mids_in if kind == b"ICID" else self.mids_out
            # What is in number 0 has nothing in common but that it is the appliance's own.
            mids.update(among.get(int(number), ()) if int(number) else ())
        return mids


def story(paths: Iterable[Path], ids: Ids, joins: Joins = Joins.FINDEVENT) -> Iterator[bytes]:
    """The lines that belong to these numbers, in the order of the files; each with its newline."""
    belongs = _belongs(ids, joins)
    literals = [
        b"%s %d" % (kind, number)
        for kind, numbers in ((b"MID", ids.mids), (b"ICID", ids.icids), (b"DCID", ids.dcids))
        for number in numbers
    ]
    # `ICID 5` ends in `ID 5` as `MID 5` does; the candidates are looked at once more anyway.
    sought = literals if 0 < len(literals) <= FEW else [b"ID"]
    way = ByLiteral(sought, ignore_case=False)
    for path in paths:
        for block in blocks(path):
            for begin, end in way.spans(block):
                line = block[begin:end]
                if belongs(line):
                    yield line


def belonging_to_hits(
    paths: Sequence[Path], shares: Sequence[Part], sought: Pattern, *, inverted: bool = False
) -> Ids:
    """The messages that the lines found in these shares of the files belong to, and what comes
    with them. A connection that no message was ever on comes by itself."""
    links = Links(paths)
    mids: set[int] = set()
    alone: dict[bytes, set[int]] = {b"ICID": set(), b"DCID": set()}

    def belonging(text: bytes) -> None:
        for line in text.split(b"\n"):
            if found := links.mids_of(line):
                mids.update(found)
                continue
            for kind, number in _ID.findall(line):
                alone[kind].add(int(number))

    grep(shares, sought, belonging, inverted=inverted)
    ids = links.belonging_to(mids)
    return Ids(ids.mids, ids.icids | (alone[b"ICID"] - {0}), ids.dcids | (alone[b"DCID"] - {0}))


def _belongs(ids: Ids, joins: Joins) -> Callable[[bytes], bool]:
    sets = {b"ICID": ids.icids, b"DCID": ids.dcids}

    def belongs(line: bytes) -> bool:
        if any(int(number) in ids.mids for number in _MID.findall(line)):
            return True
        if joins is Joins.FINDEVENT and not _OPENING.search(line):
            return False
        numbers = [(kind, int(number)) for kind, number in _ID.findall(line)]
        # A line of another message on the same connection is that one's.
        if any(kind == b"MID" for kind, _ in numbers):
            return False
        return any(number in sets[kind] for kind, number in numbers)

    return belongs
