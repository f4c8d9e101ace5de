"""What can happen to a message or to the appliance, as records.

Whoever makes something happen says so with one of these: the engine tells it in its conversation
(`steps.Tell`), the simulator and the shell hand it over. Logs, reports and measurements are made of
the same stream, so nothing is counted in one of them that another does not know.

An event is plain: numbers, texts and tuples of them, no clock and no object of the engine. When it
happened is said beside it by whoever hands it on. A simulated day has millions of them, so an event
holds all that one act brings with it, and not one line of a log.

Names of connections and messages are the appliance's: an ICID for a connection that comes in, a MID
for a message, a RID for each of its recipients, counted from 0, and a DCID for a connection that
goes out. ICID 0 is the appliance itself, DCID 0 a delivery that never came to a connection. An SMTP
code of 0 says that there was no SMTP answer; the response then holds our own words.
"""

from msgspec import Struct


class Event(Struct, frozen=True, gc=False):
    """Something that happened."""


# Mail coming in.


class InjectionConnection(Event, frozen=True, gc=False):
    icid: int
    interface: str
    interface_address: str
    address: str
    host: str = "unknown"
    verified: bool = False


class SenderGroupMatched(Event, frozen=True, gc=False):
    """What the host access table does with a connection; `match` is the entry that it met."""

    icid: int
    behavior: str
    group: str
    match: str
    reputation: str = "not enabled"
    country: str = "not enabled"


class InjectionTls(Event, frozen=True, gc=False):
    icid: int
    protocol: str
    cipher: str


class InjectionTlsFailed(Event, frozen=True, gc=False):
    icid: int
    reason: str


class MessageStarted(Event, frozen=True, gc=False):
    """A message is taken in; `bounce_of` is the MID that it returns, 0 for any other message."""

    mid: int
    icid: int
    sender: str
    recipients: tuple[str, ...]
    size: int
    message_id: str = ""
    subject: str = ""
    bounce_of: int = 0


class RecipientRejected(Event, frozen=True, gc=False):
    mid: int
    icid: int
    recipient: str
    by: str = "RAT"


class MessageQueued(Event, frozen=True, gc=False):
    """A message waits for delivery; `table` says whether the policy is for mail in or out."""

    mid: int
    policy: str = "DEFAULT"
    table: str = "outbound"


class MessageAborted(Event, frozen=True, gc=False):
    mid: int
    by: str


class InjectionClosed(Event, frozen=True, gc=False):
    icid: int
    lost: bool = False


# Mail going out.


class DeliveryConnection(Event, frozen=True, gc=False):
    dcid: int
    interface: str
    address: str
    port: int = 25


class ConnectionFailed(Event, frozen=True, gc=False):
    domain: str
    address: str
    port: int
    details: str
    interface: str
    dcid: int = 0
    reason: str = "network error"


class TlsNegotiated(Event, frozen=True, gc=False):
    """TLS came about. `dane_domain` is the recipient domain where DANE succeeded, else empty."""

    dcid: int
    protocol: str
    cipher: str
    dane_domain: str = ""


class TlsFailed(Event, frozen=True, gc=False):
    dcid: int
    reason: str


class TlsMissing(Event, frozen=True, gc=False):
    """TLS was required, and nothing is sent without it."""

    dcid: int
    address: str


class DaneTried(Event, frozen=True, gc=False):
    """A delivery with DANE begins; `mode` is as the destination control has it."""

    domain: str
    mode: str


class DaneRecordFound(Event, frozen=True, gc=False):
    """A step of DANE: a record of this type, and what validation said of it."""

    security: str
    rdtype: str
    value: str
    mx_host: str
    domain: str


class DaneVerified(Event, frozen=True, gc=False):
    dcid: int
    domain: str


class DaneFailed(Event, frozen=True, gc=False):
    """Nothing is delivered for now (TechNote 214794)."""

    domain: str
    reason: str
    dcid: int = 0


class DaneFellBack(Event, frozen=True, gc=False):
    """DANE does not apply, and TLS as the destination control says takes its place."""

    domain: str
    reason: str


class DeliveryStarted(Event, frozen=True, gc=False):
    dcid: int
    mid: int
    rids: tuple[int, ...]


class Delivered(Event, frozen=True, gc=False):
    """A message went to these recipients; `headers` are those that are to be logged.

    `address` is where it went, `size` what it was in bytes; 0 and empty where nobody knows.
    """

    dcid: int
    mid: int
    rids: tuple[int, ...]
    response: str
    headers: tuple[tuple[str, str], ...] = ()
    sender: str = ""
    recipients: tuple[str, ...] = ()
    address: str = ""
    size: int = 0


class Deferred(Event, frozen=True, gc=False):
    """One recipient has to wait, `until` then if that is known (microseconds; 0 if not)."""

    mid: int
    rid: int
    status: str
    text: str
    code: int = 0
    response: tuple[str, ...] = ()
    dcid: int = 0
    until: int = 0
    profile: str = "Default"
    sender: str = ""
    recipient: str = ""


class Bounced(Event, frozen=True, gc=False):
    """One recipient is given up. A bounce that bounces is `double`."""

    mid: int
    rid: int
    status: str
    text: str
    code: int = 0
    response: tuple[str, ...] = ()
    dcid: int = 0
    sender: str = ""
    recipient: str = ""
    double: bool = False
    address: str = ""


class Discarded(Event, frozen=True, gc=False):
    """A message went to a route that throws mail away."""

    mid: int
    rids: tuple[int, ...]


class Deleted(Event, frozen=True, gc=False):
    """The operator took these recipients out of the queue."""

    mid: int
    rids: tuple[int, ...]


class MessageFinished(Event, frozen=True, gc=False):
    mid: int


class DeliveryClosed(Event, frozen=True, gc=False):
    dcid: int


class DestinationUnknown(Event, frozen=True, gc=False):
    """Nobody could say for now where the domain's mail goes."""

    domain: str
    rdtype: str = "MX"
    result: str = "ServFail"


# The steps of a look-up. Names are without their last dot, types and results as they are written.


class DnsAsked(Event, frozen=True, gc=False):
    """A question has to be asked: nothing is known about it yet."""

    qname: str
    rdtype: str


class DnsSent(Event, frozen=True, gc=False):
    """It goes to this server; of so many `levels` of priority the server is on this one.

    `in_passing` says that it is not the question of the look-up, but one that comes up on the way:
    for keys, for the address of a server.
    """

    qname: str
    rdtype: str
    server: str
    level: int = 0
    levels: int = 1
    in_passing: bool = False


class DnsFailed(Event, frozen=True, gc=False):
    """This server had no answer to it: it said so with a code, or it was not `heard` at all."""

    qname: str
    rdtype: str
    server: str
    result: str
    heard: bool = True


class DnsAnswered(Event, frozen=True, gc=False):
    """What a question ended in, validated.

    `existence` is empty where there is no answer; `server` is the last one asked. Each datum is a
    text, an MX record a preference and a name. The answer is kept until `until`.
    """

    qname: str
    rdtype: str
    security: str
    existence: str
    data: tuple[str | tuple[int, str], ...]
    ttl: int
    until: int
    server: str = ""


# The appliance.


class CommandTyped(Event, frozen=True, gc=False):
    """A line that somebody typed at a prompt, a command or an answer."""

    pid: int
    user: str
    text: str
    prompt: str


class ConfigCommitted(Event, frozen=True, gc=False):
    pid: int
    user: str
    comment: str
    revision: int


class Remarked(Event, frozen=True, gc=False):
    """A remark of our own about the log that it stands in."""

    text: str


class StatusTaken(Event, frozen=True, gc=False):
    """Gauges and counters at one instant, in the order in which a status line has them."""

    values: tuple[tuple[str, int | str], ...]
