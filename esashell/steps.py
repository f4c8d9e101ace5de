"""The requests: the only things that ever wait.

A conversation with the network is a generator that yields requests and is sent their replies:

    def look_up(qname, rdtype) -> Steps[Answer]: ...

Whoever drives it decides what answers: a lab in memory, real sockets, a tape, simulated time. The
engine cannot tell, which is why one engine serves them all and every test runs the real thing.

Three rules, each learnt from a crash:

1. Never `yield` in a `finally`. Ctrl-C closes the generator, and Python raises RuntimeError when
   a closing generator yields. What was opened belongs to the world's *session*, which closes it.
2. One session for each conversation, or interleaved attempts share one another's connections.
3. Time is whole microseconds.

A request that cannot be performed is a `TransportError` thrown at the `yield`, so plain `try` and
`except` work. Replies, by request:

    Exchange -> bytes      Connect -> str (our own address)   Send -> None     Receive -> bytes
    StartTls -> TlsPeer    Wait    -> None                    All  -> tuple    Tell    -> None
    Once     -> the result of its steps                       Many -> None
    Authorities -> tuple of bytes                             Verify -> bool
"""

from collections.abc import Callable, Generator, Hashable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from esashell.clock import SECOND
from esashell.errors import OperatorError, TransportError

# Six things are waited for on the way to TLS and out again, and each may take half a minute.
CONVERSATION = 180 * SECOND

R = TypeVar("R")
Steps = Generator[Any, Any, R]


class TlsPolicy(Struct, frozen=True):
    """What our side of a handshake offers: OpenSSL's cipher list and the lowest version."""

    minimum: str = "TLSv1"
    maximum: str = "TLSv1.3"
    ciphers: str = "DEFAULT:@SECLEVEL=0"


class TlsPeer(Struct, frozen=True):
    """The other end of a handshake that succeeded.

    `chain` is what the peer sent, DER, leaf first, unverified: nobody has trusted anything yet.
    """

    version: str
    cipher: str
    chain: tuple[bytes, ...]


class Exchange(Struct, frozen=True, gc=False):
    """Send one DNS message to a server's address and take its reply.

    The message ID is the world's affair: the engine writes 0 and gets 0 back, so that a tape and
    a live run compare equal and no guessable number is ever used on a real network.
    `source` is the address of ours to ask from; empty where it does not matter.
    """

    server: str
    message: bytes
    tcp: bool = False
    timeout: int = 5 * SECOND
    source: str = ""


class Connect(Struct, frozen=True):
    """Open a TCP connection; a second one in the same conversation replaces the first.

    `whole` limits everything on it together, from when it is open: a peer that says an octet now
    and then would never exceed the time of a single request. What comes later raises `Overdue`.
    """

    address: str
    port: int = 25
    timeout: int = 30 * SECOND
    whole: int = CONVERSATION


class Send(Struct, frozen=True):
    data: bytes


class Receive(Struct, frozen=True):
    """Whatever bytes come next, at least one; empty when the peer has closed."""

    timeout: int = 30 * SECOND


class StartTls(Struct, frozen=True):
    """Shake hands on the open connection; `server_name` goes out as SNI."""

    server_name: str
    policy: TlsPolicy = TlsPolicy()
    timeout: int = 30 * SECOND


class Wait(Struct, frozen=True):
    microseconds: int


class Authorities(Struct, frozen=True):
    """The certificates (DER) that the machine's own store has of public authorities with these
    names. `names` are subjects in the form of `pki.certificate`, each one once."""

    names: tuple[str, ...]


class PublicKey(Protocol):
    """A key that signatures are verified with, in the form of a DNSKEY record (RFC 4034 2)."""

    rdata: bytes

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over the data was made with this key. Never raises."""


class Verify(Struct, frozen=True, gc=False):
    """Whether a signature holds. Nothing is waited for but the computer: most worlds have it done
    on the spot, and one that has a second processor may use that one meanwhile."""

    key: PublicKey
    signature: bytes
    data: bytes

    def holds(self) -> bool:
        """The answer, computed here and now."""
        return self.key.verifies(self.signature, self.data)


class All(Struct, frozen=True):
    """Conversations that may go on at the same time; the reply is their results, in order."""

    steps: tuple[Steps[Any], ...]


class Once(Struct, frozen=True):
    """Steps that conversations share: the first to come with this key goes through them, in its own
    session, and whoever else comes meanwhile waits for the result.

    Afterwards the key is free again: what is to be kept longer is kept by whoever asks. The steps
    end with a value, whatever happens on the way.
    """

    key: Hashable
    begin: Callable[[], Steps[Any]]


class Many(Struct, frozen=True):
    """Any number of conversations, of which so many go on at once as the world sees fit.

    They are drawn when there is room for them, have a session each, and tell what came of them.
    `apart` says that each can do without what a recording does not hold; of a recording they are
    then held one after the other, and not in the order in which others once were.
    """

    conversations: Iterable[Steps[Any]]
    apart: bool = False


class Tell(Struct, frozen=True, gc=False):
    """Something the conversation found out, for whoever listens; nothing waits for it."""

    event: Any


Request = (
    Exchange
    | Connect
    | Send
    | Receive
    | StartTls
    | Wait
    | Authorities
    | Verify
    | All
    | Once
    | Many
    | Tell
)
Listener = Callable[[Any], None]


class Session(Protocol):
    """Performs the requests of one conversation, and closes what they opened."""

    def perform(self, request: Any) -> Any:
        """The reply; raises `TransportError` when there is none."""


class World(Protocol):
    def session(self) -> AbstractContextManager[Session]: ...


def deaf(event: Any) -> None:
    """Nobody listens."""


def run(steps: Steps[R], session: Session, listen: Listener = deaf) -> R:
    """Drive one conversation to its end, one request after the other.

    What a recording does not hold is thrown at the `yield` as well; where nobody catches it, it
    ends the conversation.
    """
    reply: Any = None
    fault: TransportError | OperatorError | None = None
    while True:
        try:
            request = steps.throw(fault) if fault else steps.send(reply)
        except StopIteration as stop:
            result: R = stop.value
            return result
        reply, fault = None, None
        kind = type(request)
        if kind is Tell:
            listen(request.event)
        elif kind is Verify:
            reply = request.holds()
        else:
            try:
                if kind is All:
                    reply = tuple(run(each, session, listen) for each in request.steps)
                elif kind is Once:
                    reply = run(request.begin(), session, listen)
                else:
                    reply = session.perform(request)
            except (TransportError, OperatorError) as error:
                fault = error
