"""TLS over any stream of bytes: handshakes in buffers, and what the other end turned out to be.

A `TlsEnd` is one end of a TLS connection that knows no socket: wire bytes go in, wire bytes come
out, and between them stands an `ssl.SSLObject` on two memory buffers. The lab passes the bytes
from one end to the other in memory; the live world passes them through a socket; both therefore
shake hands with the same code, and the lab's servers are as real as its clients.

Our client side *accepts every certificate*, on purpose. The library would verify against the
machine's trust store and stop there; DANE needs the chain as the peer sent it, trusted or not, and
judges it elsewhere (RFC 7672 2.2 and 3). For the same reason weak ciphers, short keys and old
versions are let through if the policy says so: what the other side offers is a finding to be
reported, and a library that refuses first would leave nothing to report.

Python can choose the cipher suites of TLS 1.2 and below only; those of TLS 1.3 are always the
library's own three, strongest first. Policies are few and contexts are dear, so there is one
context for each policy.

Foreign exceptions end here: whatever `ssl` or the operating system raises leaves this module as a
`TransportError`.
"""

import _ssl
import ipaddress
import os
import re
import ssl
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from esashell.errors import HandshakeFailed, Refused, Reset, TimedOut, TransportError, Unreachable
from esashell.steps import TlsPeer, TlsPolicy

VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}

LEGACY_SERVER_CONNECT = 0x4  # OpenSSL's number; the name came to Python with 3.12
PIECE = 16_384  # a TLS record holds no more plaintext than this (RFC 8446 5.1)

# The group for DHE ciphers on our servers, RFC 7919 A.1. Python's contexts have none of their own,
# and a host that was told to prefer DHE would otherwise be unable to use it.
FFDHE2048 = """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""

# The library names an alert after the protocol version that brought it, in capitals.
ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?([A-Z0-9_]+)")


@lru_cache(maxsize=64)
def client_context(policy: TlsPolicy) -> ssl.SSLContext:
    """The context for a policy. It trusts everybody: judging is not the library's part here.

    Raises HandshakeFailed when the library knows no cipher or version that the policy names.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # Servers without RFC 5746 exist; connecting to one is a fact about it, not an accident.
    context.options |= LEGACY_SERVER_CONNECT
    _limit(context, policy.minimum, policy.maximum, policy.ciphers)
    return context


def server_context(chain: Iterable[bytes], key_pem: bytes, policy: TlsPolicy) -> ssl.SSLContext:
    """A context that shows this chain (DER, leaf first). Raises HandshakeFailed when it cannot.

    Its order of ciphers wins over the client's, which is Python's default. No session tickets: a
    resumed session sends no certificates, and would look like another host.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    _limit(context, policy.minimum, policy.maximum, policy.ciphers)
    pem = ("".join(map(ssl.DER_cert_to_PEM_cert, chain)) + FFDHE2048).encode() + key_pem
    # The library reads these from files only. Ours is private to this user and gone at once.
    handle, path = tempfile.mkstemp(prefix="esashell-", suffix=".pem")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        context.load_cert_chain(path)
        context.load_dh_params(path)
    except ssl.SSLError as error:
        raise HandshakeFailed(_reason(error)) from None
    finally:
        os.unlink(path)
    return context


def _limit(context: ssl.SSLContext, minimum: str, maximum: str, ciphers: str) -> None:
    try:
        with warnings.catch_warnings():
            # Python calls the old versions deprecated. So they are; peers still speak them.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers(ciphers)
            context.minimum_version = VERSIONS[minimum]
            context.maximum_version = VERSIONS[maximum]
    except ssl.SSLError:
        raise HandshakeFailed(f"no cipher is known by {ciphers}") from None
    except KeyError as error:
        raise HandshakeFailed(f"no TLS version is called {error.args[0]}") from None


def ciphers_of(policy: TlsPolicy) -> tuple[str, ...]:
    """The suites that a client offers by this policy, best first; raises HandshakeFailed.

    The library lists those of versions that the policy leaves out, too.
    """
    newest = "TLSv1.3"
    found = [(each["name"], each["protocol"]) for each in client_context(policy).get_ciphers()]
    if policy.maximum != newest:
        found = [each for each in found if each[1] != newest]
    if policy.minimum == newest:
        found = [each for each in found if each[1] == newest]
    return tuple(name for name, _ in found)


def peer_of(tls: ssl.SSLObject | ssl.SSLSocket) -> TlsPeer:
    """What the other end of an established connection is, with the chain exactly as it was sent."""
    cipher = tls.cipher()
    return TlsPeer(
        version=tls.version() or "", cipher=cipher[0] if cipher else "", chain=_chain_of(tls)
    )


def _chain_of(tls: Any) -> tuple[bytes, ...]:
    """The certificates that the peer sent, DER, leaf first; empty when it sent none.

    Python 3.13 made the call public and lets it answer DER. Before that the only way to the chain
    is the private object inside: ugly, and it stays until 3.12 goes out of use.
    """
    if sys.version_info >= (3, 13):
        return tuple(tls.get_unverified_chain())
    sent = tls._sslobj.get_unverified_chain() or ()
    return tuple(each.public_bytes(_ssl.ENCODING_DER) for each in sent)


def sni(server_name: str) -> str | None:
    """The name as it may go out in the SNI extension; None when no name may be sent.

    RFC 6066 3: a host name without its trailing dot, and never an address literal.
    """
    name = server_name.removesuffix(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        return None
    try:
        wire = name.encode("idna")
    except UnicodeError:  # an empty label, or one that is too long
        return None
    return wire.decode() if 0 < len(wire) < 254 and b"\0" not in wire else None


class TlsEnd:
    """One end of a TLS connection: `feed` it wire bytes, and send on what is `outgoing`.

    A client's end wants to be fed nothing first, so that it can begin. After each call, whatever
    it did, `outgoing` may hold something to send: an alert after a failure, for one.
    """

    def __init__(
        self, context: ssl.SSLContext, server_name: str = "", *, server_side: bool = False
    ) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=server_side,
            server_hostname=None if server_side else sni(server_name),
        )
        self.established = False
        self.closed = False  # the peer has said that it will send no more

    @property
    def peer(self) -> TlsPeer:
        return peer_of(self._tls)

    def feed(self, wire: bytes) -> None:
        """Take bytes from the wire; raises HandshakeFailed while hands are still being shaken."""
        if wire:
            self._incoming.write(wire)
        if not self.established:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                return
            except ssl.SSLError as error:
                raise HandshakeFailed(_reason(error)) from None
            self.established = True

    def end(self) -> None:
        """Take note that the wire has ended; raises HandshakeFailed if that was too early."""
        self._incoming.write_eof()
        self.feed(b"")

    def plain(self) -> bytes:
        """All that the peer has said so far and that was not yet taken; raises Reset on garbage."""
        pieces = []
        while not self.closed:
            try:
                piece = self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                piece = b""
            except ssl.SSLError as error:
                raise Reset(_reason(error)) from None
            if piece:
                pieces.append(piece)
            else:
                self.closed = True
        return b"".join(pieces)

    def write(self, plain: bytes) -> None:
        """Encrypt; raises Reset when the connection cannot carry it any more."""
        if not plain:
            return
        try:
            self._tls.write(plain)
        except ssl.SSLError as error:
            raise Reset(_reason(error)) from None

    def close(self) -> None:
        """Say goodbye (close_notify), without waiting for the peer's (RFC 8446 6.1 allows that)."""
        with suppress(ssl.SSLError):
            self._tls.unwrap()

    def outgoing(self) -> bytes:
        """The wire bytes that are to be sent now."""
        return self._outgoing.read()


def shake_hands(
    end: TlsEnd, transmit: Callable[[bytes], None], receive: Callable[[], bytes]
) -> TlsPeer:
    """Bring a handshake to its end over any transport; `receive` answers b"" at the stream's end.

    What the transport raises goes through; the alert that belongs to a failure is still sent.
    """
    wire = b""
    while True:
        try:
            end.feed(wire)
        except HandshakeFailed:
            if alert := end.outgoing():
                with suppress(TransportError):
                    transmit(alert)
            raise
        if answer := end.outgoing():
            transmit(answer)
        if end.established:
            return end.peer
        wire = receive()
        if not wire:
            raise HandshakeFailed("the peer closed the connection during the handshake")


def fault(error: OSError) -> TransportError:
    """The fault that a foreign exception stands for."""
    if isinstance(error, ssl.SSLError):
        return HandshakeFailed(_reason(error))
    if isinstance(error, TimeoutError):
        return TimedOut()
    if isinstance(error, ConnectionRefusedError):
        return Refused()
    if isinstance(error, ConnectionError):
        return Reset()
    return Unreachable(error.strerror or str(error))


def _reason(error: ssl.SSLError) -> str:
    """The library's reason in a few words; an alert by its name in RFC 8446 6."""
    reason = getattr(error, "reason", None) or ""  # absent from the few that Python itself raises
    if alert := ALERT.fullmatch(reason):
        return f"the peer sent the alert {alert[1].lower()}"
    if isinstance(error, ssl.SSLEOFError) or reason == "UNEXPECTED_EOF_WHILE_READING":
        return "the peer closed the connection during the handshake"
    return reason.lower().replace("_", " ") or str(error.args[-1])
