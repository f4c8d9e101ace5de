"""The lab's mail hosts: what a scenario says of them, and connections to them, all in memory.

A host is a `HostSpec`, a line or two of a scenario file. Behind it stand the real things: the SMTP
server machine, a TLS context with the host's own certificates, and between client and server
nothing but bytes. `HostSide` is one connection as the host sees it, wire bytes in and wire bytes
out, whoever carries them; the lab does so by itself (`HostConnection`), and the same machine can
stand behind a socket.

Nothing here waits. Where a real host would let us wait for ever the lab knows at once that nothing
will come, and says so (`TimedOut`); how long that would have taken is the world's affair. A tarpit,
which says an octet now and then, is counted instead of waited for: when its octets have used up
what the whole conversation may take, that is said (`Overdue`).
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from esashell.clock import SECOND
from esashell.errors import HandshakeFailed, Overdue, Refused, Reset, TimedOut, Unreachable
from esashell.pki.roots import Roots
from esashell.smtp.peer import PeerSettings, SmtpPeer
from esashell.steps import CONVERSATION, TlsPeer, TlsPolicy
from esashell.worlds.lab.certs import LEAF, CertificateMaker, CertificateSpec, Identity, Issuer

if TYPE_CHECKING:
    import ssl

    from esashell.worlds.tls import TlsEnd

DRIP = 20 * SECOND  # between two octets of a tarpit: soon enough for any single wait
CONTEXTS = 512  # TLS contexts kept, a hundred kilobytes each; the oldest goes first


class Behaviour(StrEnum):
    """How a host meets a connection."""

    SERVE = "serve"
    REFUSE = "refuse"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    SILENCE = "silence"
    SILENCE_AFTER_GREETING = "silence_after_greeting"
    CLOSE_AFTER_GREETING = "close_after_greeting"
    GARBAGE = "garbage"
    GREETING_554 = "greeting_554"
    STARTTLS_454 = "starttls_454"
    TEXT_AFTER_STARTTLS = "text_after_starttls"
    RESET_IN_HANDSHAKE = "reset_in_handshake"
    SILENCE_IN_HANDSHAKE = "silence_in_handshake"
    TARPIT = "tarpit"


# What a behaviour makes the SMTP server say; the others are about the connection.
_SAID: Mapping[Behaviour, Mapping[str, str | None]] = {
    Behaviour.SILENCE: {"greeting": None},
    Behaviour.SILENCE_AFTER_GREETING: {"EHLO": None, "HELO": None},
    Behaviour.GARBAGE: {"greeting": "\x16\x03\x01\x00\xff what is SMTP?\r\n"},
    Behaviour.GREETING_554: {"greeting": "554 5.7.1 No mail is taken here"},
    Behaviour.STARTTLS_454: {"STARTTLS": "454 4.7.0 TLS is not available at present"},
    Behaviour.TEXT_AFTER_STARTTLS: {"STARTTLS": "220 2.0.0 Go ahead\r\n250 2.0.0 And a word more"},
}


class HostSpec(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mail host as a scenario file writes it.

    `ciphers` is OpenSSL's list for TLS 1.2 and below, in the server's order of preference, which
    wins. `certificates` are further ones, shown when the client asks for that name (SNI); they
    bear the host's own name too unless they say otherwise.
    `replies` departs from the ordinary server word for word, as `smtp.peer` describes.
    """

    name: str
    addresses: tuple[str, ...] = ()
    certificate: CertificateSpec = CertificateSpec()
    certificates: dict[str, CertificateSpec] = {}
    starttls: bool = True
    minimum: str = "TLSv1"
    maximum: str = "TLSv1.3"
    ciphers: str = "DEFAULT:@SECLEVEL=0"
    behaviour: Behaviour = Behaviour.SERVE
    replies: dict[str, str] = {}
    ports: tuple[int, ...] = (25,)

    def __post_init__(self) -> None:
        for version in (self.minimum, self.maximum):
            if version not in ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"):
                raise ValueError(f"{version!r} is not a version of TLS; for example TLSv1.2")

    def __hash__(self) -> int:
        return hash((self.name, self.addresses))


class HostSide:
    """One connection, as the host sees it: `greeting` first, then `feed`; wire bytes both ways.

    Whoever carries the bytes looks at `closed` (hang up) and `broken` (cut off, as by a crash).
    """

    def __init__(self, spec: HostSpec, context: "Callable[[], ssl.SSLContext]") -> None:
        self._spec = spec
        self._context = context
        self._end: TlsEnd | None = None
        self.smtp = SmtpPeer(
            PeerSettings(
                spec.name, spec.starttls, {**_SAID.get(spec.behaviour, {}), **spec.replies}
            )
        )
        self.closed = False
        self.broken = False
        # Microseconds before each octet that is sent; 0 for a host that does not dawdle.
        self.pace = DRIP if spec.behaviour is Behaviour.TARPIT else 0

    def greeting(self) -> bytes:
        words = self.smtp.greeting()
        self.closed = self.smtp.closed or self._spec.behaviour is Behaviour.CLOSE_AFTER_GREETING
        return words

    def feed(self, wire: bytes) -> bytes:
        """What the host sends back for these bytes.

        Raises HandshakeFailed when its own TLS settings make no sense (a cipher nobody knows).
        """
        if self.closed or self.broken:
            return b""
        if self._end is None and not self.smtp.wants_tls:
            answer = self.smtp.feed(wire)
            self.closed = self.smtp.closed
            return answer
        if self._spec.behaviour is Behaviour.RESET_IN_HANDSHAKE:
            self.broken = True
            return b""
        if self._spec.behaviour is Behaviour.SILENCE_IN_HANDSHAKE:
            return b""
        return self._through_tls(wire)

    def _through_tls(self, wire: bytes) -> bytes:
        from esashell.worlds.tls import TlsEnd

        if self._end is None:
            self._end = TlsEnd(self._context(), server_side=True)
        end = self._end
        try:
            end.feed(wire)
            if not end.established:
                return end.outgoing()
            if self.smtp.wants_tls:
                self.smtp.tls_established()
            end.write(self.smtp.feed(end.plain()))
        except (HandshakeFailed, Reset):
            self.closed = True  # what is outgoing now is the alert that says why
            return end.outgoing()
        if self.smtp.closed or end.closed:
            end.close()
            self.closed = True
        return end.outgoing()


class HostConnection:
    """A client's connection to a lab host; the errors are those of a real one.

    `whole` is what the conversation may take, in microseconds, at the host's pace.
    """

    def __init__(self, host: HostSide, whole: int) -> None:
        self._host = host
        self._left = whole
        self._end: TlsEnd | None = None
        self._wire = host.greeting()

    def send(self, data: bytes) -> None:
        """Raises Reset when the host is gone."""
        if self._end is None:
            self._transmit(data)
            return
        self._end.write(data)
        self._transmit(self._end.outgoing())

    def receive(self) -> bytes:
        """What has come; empty at the end. Raises TimedOut when nothing will ever come."""
        if self._end is None:
            return self._arrived()
        while not (plain := self._end.plain()) and not self._end.closed:
            wire = self._arrived()
            if not wire:
                return b""
            self._end.feed(wire)
        return plain

    def start_tls(self, server_name: str, policy: TlsPolicy) -> TlsPeer:
        """Shake hands with whatever is there; raises HandshakeFailed, Reset or TimedOut."""
        from esashell.worlds.tls import TlsEnd, client_context, shake_hands

        end = TlsEnd(client_context(policy), server_name)
        try:
            peer = shake_hands(end, self._transmit, self._arrived)
        except BaseException:
            self._host.broken = True  # nothing may go out in the clear on half a handshake
            raise
        self._end = end
        return peer

    def _transmit(self, wire: bytes) -> None:
        if self._host.broken:
            raise Reset()
        # A host that has hung up takes no notice; we read the end of the stream, as on a socket.
        self._wire += self._host.feed(wire)

    def _arrived(self) -> bytes:
        if self._host.pace and self._wire:
            return self._dripped()
        wire, self._wire = self._wire, b""
        if wire or self._host.closed:
            return wire
        raise Reset() if self._host.broken else TimedOut()

    def _dripped(self) -> bytes:
        """The next octet, if there is time enough for it to come."""
        self._left -= self._host.pace
        if self._left <= 0:
            raise Overdue()
        octet, self._wire = self._wire[:1], self._wire[1:]
        return octet


class LabHosts:
    """All mail hosts of a lab; `find` knows which host has an address."""

    def __init__(self, find: Callable[[str], HostSpec | None], maker: CertificateMaker) -> None:
        self._find = find
        self._maker = maker
        self._contexts: dict[HostSpec, ssl.SSLContext] = {}

    def open(self, address: str, port: int = 25, whole: int = CONVERSATION) -> HostConnection:
        """Connect; raises Refused, TimedOut or Unreachable, at once."""
        return HostConnection(self.accept(address, port), whole)

    def accept(self, address: str, port: int = 25) -> HostSide:
        """The host's side of a new connection to this address; raises what `open` raises."""
        spec = self._find(address)
        if spec is None or spec.behaviour is Behaviour.UNREACHABLE:
            raise Unreachable()
        if spec.behaviour is Behaviour.TIMEOUT:
            raise TimedOut()
        if spec.behaviour is Behaviour.REFUSE or port not in spec.ports:
            raise Refused()
        return HostSide(spec, lambda: self._context(spec))

    @cached_property
    def roots(self) -> Roots:
        """The authorities that the lab's machines have in their store."""
        return Roots(self._maker.roots())

    def identity(self, spec: HostSpec) -> Identity:
        """The certificates that the host shows to a client that asks for no name in particular."""
        return self._maker.identity(spec.name, spec.certificate)

    def tlsa(
        self, spec: HostSpec, usage: int, selector: int, matching_type: int, of: str = ""
    ) -> bytes:
        """The rdata of a TLSA record for this host.

        `of` names the certificate it stands for, "leaf" or an authority; without it usages 1 and 3
        take the leaf, 0 and 2 the authority that signed it (a self-signed leaf is its own).
        """
        from esashell.dane.tlsa import association_data, tlsa_rdata

        if not of:
            issuer = spec.certificate.issuer
            of = LEAF if usage in (1, 3) or issuer is Issuer.SELF else issuer
        leaf = self.identity(spec).leaf if of == LEAF else self._maker.authority(Issuer(of))
        return tlsa_rdata(
            usage, selector, matching_type, association_data(leaf, selector, matching_type)
        )

    def _context(self, spec: HostSpec) -> "ssl.SSLContext":
        """The host's TLS context, made when the first client asks for TLS."""
        known = self._contexts.get(spec)
        if known is None:
            if len(self._contexts) >= CONTEXTS:
                del self._contexts[next(iter(self._contexts))]
            known = self._contexts[spec] = self._made_context(spec)
        return known

    def _made_context(self, spec: HostSpec) -> "ssl.SSLContext":
        from esashell.worlds.tls import server_context

        policy = TlsPolicy(spec.minimum, spec.maximum, spec.ciphers)
        identity = self.identity(spec)
        context = server_context(identity.chain, identity.key_pem, policy)
        if spec.certificates:
            others = {}
            for name, certificate in spec.certificates.items():
                other = self._maker.identity(spec.name, certificate)
                others[name.lower()] = server_context(other.chain, other.key_pem, policy)

            def answer_to(tls: "ssl.SSLObject", name: str | None, _: "ssl.SSLContext") -> None:
                tls.context = others.get((name or "").lower(), context)

            context.sni_callback = answer_to
        return context
