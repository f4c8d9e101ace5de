"""The tape: a session's whole traffic with its world, in one file.

    gzip of lines, each one JSON object
    line 1    what a replay must know before the first question: when, by which version, in which
              world, the trust anchors, the root servers, the settings that questions depend on
    the rest  an entry each: a conversation began, a DNS exchange, a step of a connection; with
              what came of it (a reply, or the fault by class and words) and when that was

It can be looked at with `zcat` and no program of ours. `tapefile` writes and reads it.

What is *not* in it: names of files and of users, the configuration beyond what is asked with, the
message IDs and source ports of the live world (which the engine never sees). What *is* in it: every
domain that was asked about, the resolvers' addresses, SMTP routes and what destination controls say
about connections, our host name as said in EHLO, and our own address of each connection, since the
evidence shows it. Whoever hands on a tape hands on these.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from esashell import errors
from esashell.config.quoting import quoted
from esashell.errors import TransportError
from esashell.steps import TlsPeer, TlsPolicy

SCHEMA = "esashell.tape"
VERSION = 2  # 2: `authorities`

FAULTS: dict[str, type[TransportError]] = {
    each.__name__: each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, TransportError)
}

# Microseconds since the recording began. A hundred years, so that every sum is still a date.
Moment = Annotated[int, Meta(ge=0, le=100 * 366 * 86_400 * 1_000_000)]
Port = Annotated[int, Meta(ge=0, le=65535)]
Number = Annotated[int, Meta(ge=0, le=2**53)]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """A `TransportError` by the name of its class, and its words."""

    kind: str
    text: str

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"{quoted(self.kind)} is no fault that is known here")

    def error(self) -> TransportError:
        return FAULTS[self.kind](self.text)


def fault_of(error: TransportError) -> Fault:
    """The fault as the engine would have caught it: by the nearest class of `esashell.errors`."""
    kind = next(each.__name__ for each in type(error).__mro__ if each in FAULTS.values())
    return Fault(kind, error.text)


class Header(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first line. Anchors, root keys and configuration are text as their own readers take it.

    `root_keys` is what was kept about the root's keys when the recording began, "" where nothing
    was; None says that they were not followed, because the operator gave the anchors.
    `authorities` is the operator's own list of those, PEM, where one is in use.
    """

    schema: str = SCHEMA
    version: int = VERSION
    recorded: datetime
    program: str
    world: str
    anchors: tuple[str, ...]
    root_servers: tuple[str, ...]
    root_keys: str | None
    configuration: str
    authorities: str = ""

    def __post_init__(self) -> None:
        if self.recorded.utcoffset() != timedelta(0) or not 1970 <= self.recorded.year < 3000:
            raise ValueError("`recorded` is not a time in UTC that could be")

    @property
    def start(self) -> int:
        """The time at which the recording began, in microseconds since 1970."""
        return (self.recorded - _EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """A time of our clocks as the header has it."""
    return _EPOCH + timedelta(microseconds=microseconds)


class _Entry(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="do",
    omit_defaults=True,
):
    """Something that ended at this moment."""

    at: Moment


class Opened(_Entry, frozen=True, tag="conversation"):
    """A conversation began; the number is its name in what follows."""

    conversation: Number


class Exchanged(_Entry, frozen=True, tag="exchange"):
    """A DNS message and its reply, over UDP unless `tcp`."""

    conversation: Number
    server: str
    message: bytes
    tcp: bool = False
    reply: bytes | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        _one_of(self.reply, self.fault)


class Waited(_Entry, frozen=True, tag="wait"):
    """So many microseconds were waited on purpose."""

    conversation: Number
    microseconds: Number


class Trusted(_Entry, frozen=True, tag="authorities"):
    """Certificates of public authorities, by these names, out of the machine's own store."""

    conversation: Number
    names: tuple[str, ...]
    reply: tuple[bytes, ...]


class Connected(_Entry, frozen=True, tag="connect"):
    """A connection, or none; `reply` is our own address, `connection` its name in its steps."""

    conversation: Number
    connection: Number
    address: str
    port: Port
    reply: str | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        _one_of(self.reply, self.fault)


class Sent(_Entry, frozen=True, tag="send"):
    connection: Number
    data: bytes
    fault: Fault | None = None


class Received(_Entry, frozen=True, tag="receive"):
    connection: Number
    reply: bytes | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        _one_of(self.reply, self.fault)


class ShookHands(_Entry, frozen=True, tag="starttls"):
    connection: Number
    server_name: str
    policy: TlsPolicy
    reply: TlsPeer | None = None
    fault: Fault | None = None

    def __post_init__(self) -> None:
        _one_of(self.reply, self.fault)


Step = Sent | Received | ShookHands
Entry = Opened | Exchanged | Waited | Trusted | Connected | Sent | Received | ShookHands


def _one_of(reply: object, fault: Fault | None) -> None:
    if (reply is None) == (fault is None):
        raise ValueError("there must be either a `reply` or a `fault`")


class Tape(Struct, frozen=True):
    """A recording that was read. `whole` is False when its end is missing."""

    name: str
    header: Header
    entries: tuple[Entry, ...]
    whole: bool
