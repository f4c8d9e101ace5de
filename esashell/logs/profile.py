"""What a mail log tells of the mail that went out: destinations, hours, and what became of TLS.

A profile is what a simulation needs in place of an invented load. For each destination it has the
messages and recipients, spread over the hours of the day, and what its connections showed:

* `tls success` and `tls failed` count connections on which TLS came about or did not;
* `dane success` counts those of the former whose line ends in `for DOMAIN`, which stands there
  when DANE succeeded, and `dane failed` those that say that DANE failed.

A connection is the destination's that the first message on it was for. One that failed before any
message was on it names nothing but an address; it is the destination's that other connections to
that address were for, and otherwise nobody's (`unassigned`).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from esashell.errors import OperatorError
from esashell.logs.blocks import blocks
from esashell.logs.lines import ByLiteral
from esashell.logs.moments import moment
from esashell.logs.shown import clock

SCHEMA = 1
HOURS = 24

_LINE = re.compile(
    rb"\bMID (?P<mid>\d{1,18}) ICID \d+ RID (?P<rid>\d{1,9}) To: "
    rb"<[^>\n]*@(?P<domain>[\w.-]{1,255})>"
    rb"|\bNew SMTP DCID (?P<opened>\d{1,18}) interface \S+ address (?P<address>\S+)"
    rb"|\bDCID (?P<secured>\d{1,18}) TLS success(?P<rest>[^\n]*)"
    rb"|\bDCID (?P<failed>\d{1,18}) TLS failed(?P<reason>[^\n]*)"
    rb"|\bDelivery start DCID (?P<dcid>\d{1,18}) MID (?P<started>\d{1,18}) to RID \[(?P<to>\d{1,9})"
    rb"|\bMessage finished MID (?P<finished>\d{1,18})"
    rb"|\bDCID (?P<closed>\d{1,18}) close"
)
_TOLD = (b" To: <", b"New SMTP DCID ", b" TLS ", b"Delivery start ", b" finished ", b" close")
_FOR = re.compile(rb" for [\w.-]+\s*\Z")


class Results(Struct, frozen=True, forbid_unknown_fields=True):
    """How often something came about on a connection, and how often it did not."""

    success: int = 0
    failed: int = 0


class Destination(Struct, frozen=True, forbid_unknown_fields=True):
    """One domain's mail; `hours` are recipients by the hour of the day at which they came."""

    domain: str
    messages: int
    recipients: int
    hours: tuple[int, ...]
    tls: Results = Results()
    dane: Results = Results()

    def __post_init__(self) -> None:
        if len(self.hours) != HOURS or min(self.hours) < 0:
            raise ValueError("hours are 24 numbers, none below 0")
        if self.messages < 0 or self.recipients < 0 or not self.domain:
            raise ValueError("a destination has a domain, and no negative numbers")


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen between two times; the destination with the most recipients comes first."""

    schema: int = SCHEMA
    since: str = ""
    until: str = ""
    unassigned: Results = Results()
    destinations: tuple[Destination, ...] = ()

    @property
    def days(self) -> float:
        """How long that was; a part of an hour counts as one."""
        if not (self.since and self.until):
            return 0.0
        begin, end = (datetime.fromisoformat(each) for each in (self.since, self.until))
        return max((end - begin).total_seconds(), 3600) / 86400


def profile(paths: Iterable[Path]) -> Profile:
    """The profile of these files, which are one log, oldest first."""
    reading = _Reading()
    way = ByLiteral(_TOLD, ignore_case=False)
    for path in paths:
        for block in blocks(path):
            for begin, end in way.spans(block):
                if found := _LINE.search(block, begin, end):
                    reading.take(found, block[begin : begin + 32])
    return reading.profile()


class _Tally:
    """One destination so far."""

    def __init__(self) -> None:
        self.hours = [0] * HOURS
        self.messages = 0
        self.counts = [0, 0, 0, 0]  # TLS success and failed, DANE success and failed


class _Connection:
    def __init__(self, address: str) -> None:
        self.address = address
        self.domain = ""
        self.counts = [0, 0, 0, 0]


class _Reading:
    """Messages and connections that are not finished yet, and the tallies of all."""

    def __init__(self) -> None:
        self._tallies: dict[str, _Tally] = {}
        self._recipients: dict[int, dict[int, str]] = {}
        self._open: dict[int, _Connection] = {}
        self._at: dict[str, set[str]] = {}  # domains by the addresses they were delivered to
        self._unknown: list[_Connection] = []
        self._first: int | None = None
        self._last: int | None = None

    def take(self, found: "re.Match[bytes]", beginning: bytes) -> None:
        at = moment(beginning)
        if at is not None:
            self._first = at if self._first is None else min(self._first, at)
            self._last = at if self._last is None else max(self._last, at)
        match found.lastgroup:
            case "domain":
                self._recipient(found, at)
            case "address":
                address = found["address"].decode("ascii", "replace")
                self._close(int(found["opened"]))
                self._open[int(found["opened"])] = _Connection(address)
            case "rest":
                self._count(int(found["secured"]), 0, _FOR.search(found["rest"]) is not None, 2)
            case "reason":
                self._count(int(found["failed"]), 1, b"dane" in found["reason"].lower(), 3)
            case "to":
                self._start(int(found["dcid"]), int(found["started"]), int(found["to"]))
            case "finished":
                self._recipients.pop(int(found["finished"]), None)
            case "closed":
                self._close(int(found["closed"]))

    def _tally(self, domain: str) -> _Tally:
        return self._tallies.setdefault(domain, _Tally())

    def _recipient(self, found: "re.Match[bytes]", at: int | None) -> None:
        domain = found["domain"].decode("ascii", "replace").lower()
        known = self._recipients.setdefault(int(found["mid"]), {})
        tally = self._tally(domain)
        tally.messages += domain not in known.values()
        tally.hours[0 if at is None else at // 3600 % HOURS] += 1
        known[int(found["rid"])] = domain

    def _connection(self, dcid: int) -> _Connection:
        return self._open.setdefault(dcid, _Connection(""))

    def _count(self, dcid: int, tls: int, is_dane: bool, dane: int) -> None:
        counts = self._connection(dcid).counts
        counts[tls] += 1
        counts[dane] += is_dane

    def _start(self, dcid: int, mid: int, rid: int) -> None:
        domain = self._recipients.get(mid, {}).get(rid)
        connection = self._connection(dcid)
        if domain is not None and not connection.domain:
            connection.domain = domain
            if connection.address:
                self._at.setdefault(connection.address, set()).add(domain)

    def _close(self, dcid: int) -> None:
        connection = self._open.pop(dcid, None)
        if connection is None or not any(connection.counts):
            return
        if connection.domain:
            self._add(connection, connection.domain)
        else:
            self._unknown.append(connection)

    def _add(self, connection: _Connection, domain: str) -> None:
        counts = self._tally(domain).counts
        counts[:] = map(sum, zip(counts, connection.counts, strict=True))

    def profile(self) -> Profile:
        for dcid in list(self._open):
            self._close(dcid)
        unassigned = [0, 0, 0, 0]
        for each in self._unknown:
            domains = self._at.get(each.address, set())
            if len(domains) == 1:
                self._add(each, *domains)
            else:
                unassigned[:] = map(sum, zip(unassigned, each.counts, strict=True))
        found = [
            Destination(
                domain,
                tally.messages,
                sum(tally.hours),
                tuple(tally.hours),
                Results(*tally.counts[:2]),
                Results(*tally.counts[2:]),
            )
            for domain, tally in self._tallies.items()
        ]
        found.sort(key=lambda each: (-each.recipients, each.domain))
        since, until = (
            "" if each is None else clock(each, "T") for each in (self._first, self._last)
        )
        return Profile(SCHEMA, since, until, Results(*unassigned[:2]), tuple(found))


def written(found: Profile) -> str:
    """The profile as TOML."""
    parts = [
        "# The mail of a log: recipients by the hour of the day, and what TLS and DANE came to.",
        f"schema = {found.schema}",
        f'since = "{found.since}"',
        f'until = "{found.until}"',
        f"unassigned = {_results(found.unassigned)}",
    ]
    for each in found.destinations:
        parts += [
            "",
            "[[destinations]]",
            f'domain = "{each.domain}"',
            f"messages = {each.messages}",
            f"recipients = {each.recipients}",
            f"hours = [{', '.join(map(str, each.hours))}]",
            f"tls = {_results(each.tls)}",
            f"dane = {_results(each.dane)}",
        ]
    return "\n".join(parts) + "\n"


def _results(results: Results) -> str:
    return f"{{ success = {results.success}, failed = {results.failed} }}"


def is_profile(text: str) -> bool:
    """Whether a file is meant to be one; its first line that is no comment says so."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.partition("=")[0].strip() == "schema"


def read_profile(text: str, called: str) -> Profile:
    """The profile in a file; `called` is what complaints call it. Raises `OperatorError`."""
    import tomllib

    try:
        found = msgspec.convert(tomllib.loads(text), Profile)
        if found.schema != SCHEMA:
            raise ValueError(f"schema {found.schema} is not known")
        for each in (found.since, found.until):
            if each and datetime.fromisoformat(each).tzinfo not in (None, UTC):
                raise ValueError("times are without a zone")
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise OperatorError(f"Error: {called} is not a profile: {error}.") from None
    return found
