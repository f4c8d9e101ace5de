"""Mail servers that are hostile to us, as data: each departs from the ordinary in one way.

The same peer stands behind a lab connection in memory and behind a real socket. Most of it is the
lab's own server machine with other words put into its mouth; what a real TLS library would never
send in a handshake is sent as bytes.
"""

import socket
import ssl
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from esashell.errors import HandshakeFailed
from esashell.smtp.client import Failure, Stage
from esashell.smtp.peer import PeerSettings
from esashell.steps import TlsPolicy
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec
from esashell.worlds.lab.hosts import HostSide, HostSpec
from esashell.worlds.tls import server_context
from tests.conftest import need
from tests.worlds.loopback import reset

NAME = "mx.example"
MAKER = CertificateMaker(b"hostile", 1_700_000_000_000_000)


class Case(Struct, frozen=True):
    """A hostile server, and the finding that it must end as (None: it is survived).

    `in_tls` are other words after the handshake. `handshake` is sent instead of a handshake, once,
    and `then` is what follows: "silence", "close" or "reset". `certificate` names a way of making
    one with the openssl program; `padding` lengthens the chain by so many octets.
    """

    title: str
    kind: Failure | None
    stage: Stage | None = None
    replies: dict[str, str | None] = {}
    in_tls: dict[str, str | None] = {}
    handshake: bytes | None = None
    then: str = "silence"
    policy: TlsPolicy = TlsPolicy()
    ours: TlsPolicy = TlsPolicy()
    certificate: str = ""
    padding: int = 0
    octets: int = 0  # as many at a time; 0: as it comes
    says: str = ""  # found in the finding's words

    @property
    def falls_silent(self) -> bool:
        """Whether there is a time to be waited out."""
        return self.kind is Failure.SILENCE or None in self.in_tls.values()


class HostilePeer(HostSide):
    """One connection to such a server."""

    def __init__(self, case: Case, folder: Path) -> None:
        self.case = case
        super().__init__(HostSpec(NAME), lambda: context(case, folder))
        self.smtp.settings = PeerSettings(NAME, replies=case.replies)

    def _through_tls(self, wire: bytes) -> bytes:
        if self.case.handshake is None:
            answer = super()._through_tls(wire)
            if self._end is not None and self._end.established:
                self.smtp.settings = PeerSettings(NAME, replies=self.case.in_tls)
            return answer
        self.broken = self.case.then == "reset"
        self.closed = self.case.then == "close"
        return self.case.handshake


def context(case: Case, folder: Path) -> ssl.SSLContext:
    """The server's TLS context. Raises HandshakeFailed where the library refuses to make it."""
    if not case.certificate:
        made = MAKER.identity(NAME, CertificateSpec())
        chain, key = made.chain, made.key_pem
        # The same again and again: further certificates that lead nowhere.
        chain += chain[:1] * (case.padding // len(chain[0]))
        return server_context(chain, key, case.policy)
    pem, key_pem = (folder / f"{case.certificate}.{each}" for each in ("crt", "key"))
    leaf = ssl.PEM_cert_to_DER_cert(pem.read_text())
    return server_context((leaf,), key_pem.read_bytes(), case.policy)


def make_certificates(folder: Path) -> None:
    """Self-signed certificates with keys that no lab would make: RSA of 512 bits, and DSA."""
    openssl = need("openssl")

    def run(*words: str | Path) -> None:
        done = subprocess.run(
            [openssl, *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    parameters = folder / "dsa.parameters"
    run("dsaparam", "-out", parameters, "1024")
    for name, new in (("rsa512", "rsa:512"), ("dsa", f"dsa:{parameters}")):
        run(
            "req", "-x509", "-newkey", new, "-nodes", "-subj", f"/CN={NAME}", "-days", "30",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt",
        )  # fmt: skip


def behind_a_socket(peer: HostilePeer, connection: socket.socket) -> None:
    """Carry the peer's bytes through a socket, as many at a time as it likes."""

    def send(wire: bytes) -> None:
        step = peer.case.octets or max(1, len(wire))
        if peer.case.octets:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(wire), step):
            connection.sendall(wire[at : at + step])

    send(peer.greeting())
    while not peer.closed and (wire := connection.recv(65535)):
        try:
            send(peer.feed(wire))
        except HandshakeFailed:
            return
        if peer.broken:
            reset(connection)
            return


def tarpit(connection: socket.socket) -> None:
    """A greeting that goes on and on, an octet every now and then."""
    _drip(connection, b"220-" + b"x" * 1000)


def tarpit_in_the_handshake(connection: socket.socket) -> None:
    """A good server as far as STARTTLS, and then a record of which there is always more to come."""
    for said in (b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n"):
        connection.sendall(said)
        connection.recv(65535)
    _drip(connection, b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + b"\0" * 1000)


def _drip(connection: socket.socket, wire: bytes) -> None:
    connection.settimeout(5)
    with suppress(OSError):
        for octet in wire:
            connection.sendall(bytes((octet,)))
            time.sleep(0.02)


def _alert(description: int) -> bytes:
    """A fatal alert in a record of its own (RFC 8446 6)."""
    return b"\x15\x03\x03\x00\x02\x02" + bytes((description,))


F, S = Failure, Stage
_OLD = TlsPolicy(maximum="TLSv1")
_TLS12 = TlsPolicy(maximum="TLSv1.2")
_ENDLESS = "\r\n".join(["250-more"] * 5000) + "\r\n250 end"
_TEN_LINES = "\r\n".join(f"250-LINE{n}" for n in range(10)) + "\r\n250 STARTTLS"
_LONG = "x" * 1_000_000

CASES = (
    # Replies that no server should give.
    Case("a greeting of many lines", None, replies={"greeting": "220-a\r\n220-b\r\n220 c"}),
    Case("an EHLO reply of many lines", None, replies={"EHLO": f"250-mx\r\n{_TEN_LINES}"}),
    Case("a reply without end", F.NONSENSE, S.EHLO, {"EHLO": _ENDLESS}, says="reply without end"),
    Case("a greeting line without end", F.NONSENSE, S.GREETING, {"greeting": _LONG}),
    Case("a capability line without end", F.NONSENSE, S.EHLO, {"EHLO": f"250-{_LONG}\r\n250 x"}),
    Case("binary", F.NONSENSE, S.GREETING, {"greeting": "\x00\x01\xff\xfe\r\n\x80"}),
    Case("binary behind a code", None, replies={"greeting": "220 \x00\x1b[2J\xff"}),
    Case("two codes in one reply", F.NONSENSE, S.EHLO, {"EHLO": "250-mx\r\n550 no"}),
    Case("a code of four digits", F.NONSENSE, S.GREETING, {"greeting": "2200 mx"}),
    Case("a code that does not exist", F.NONSENSE, S.GREETING, {"greeting": "999 mx"}),
    Case("an empty line", F.NONSENSE, S.GREETING, {"greeting": "\r\n220 mx"}),
    Case("one octet at a time", None, octets=1),
    # Refusals at each step, for now and for good.
    Case("greeting 421", F.GREETING_REFUSED, S.GREETING, {"greeting": "421 4.3.2 Closing"}),
    Case("greeting 450", F.GREETING_REFUSED, S.GREETING, {"greeting": "450 4.7.1 Later"}),
    Case("greeting 554", F.GREETING_REFUSED, S.GREETING, {"greeting": "554 5.7.1 Never"}),
    Case("greeting 250", F.GREETING_REFUSED, S.GREETING, {"greeting": "250 hello"}),
    Case("greeting 354", F.GREETING_REFUSED, S.GREETING, {"greeting": "354 go on"}),
    Case("EHLO 421", F.EHLO_REFUSED, S.EHLO, {"EHLO": "421 4.3.2 Closing"}),
    Case("EHLO 451", F.EHLO_REFUSED, S.EHLO, {"EHLO": "451 4.3.0 Later"}),
    Case("EHLO 550", F.EHLO_REFUSED, S.EHLO, {"EHLO": "550 5.7.1 Never"}),
    Case("EHLO 502, HELO 250", F.STARTTLS_NOT_OFFERED, S.EHLO, {"EHLO": "502 5.5.1 What?"}),
    Case("EHLO 500, HELO 501", F.EHLO_REFUSED, S.EHLO, {"EHLO": "500 a", "HELO": "501 b"}),
    Case("STARTTLS 454", F.STARTTLS_REFUSED, S.STARTTLS, {"STARTTLS": "454 4.7.0 Not now"}),
    Case("STARTTLS 501", F.STARTTLS_REFUSED, S.STARTTLS, {"STARTTLS": "501 5.5.4 No"}),
    Case("STARTTLS 250", F.STARTTLS_REFUSED, S.STARTTLS, {"STARTTLS": "250 fine"}),
    Case("EHLO in TLS 421", F.EHLO_REFUSED, S.EHLO_IN_TLS, in_tls={"EHLO": "421 4.3.2 Closing"}),
    Case("EHLO in TLS 550", F.EHLO_REFUSED, S.EHLO_IN_TLS, in_tls={"EHLO": "550 5.7.1 Never"}),
    Case("nonsense in TLS", F.NONSENSE, S.EHLO_IN_TLS, in_tls={"EHLO": "\x16\x03\x01 what?"}),
    Case("QUIT refused", None, in_tls={"QUIT": "500 never"}),
    # Silence at each step.
    Case("no greeting", F.SILENCE, S.GREETING, {"greeting": None}),
    Case("no reply to EHLO", F.SILENCE, S.EHLO, {"EHLO": None}),
    Case("no reply to STARTTLS", F.SILENCE, S.STARTTLS, {"STARTTLS": None}),
    Case("no handshake", F.SILENCE, S.HANDSHAKE, handshake=b""),
    Case("half a record, then nothing", F.SILENCE, S.HANDSHAKE, handshake=b"\x16\x03\x03\x02"),
    Case("no reply in TLS", F.SILENCE, S.EHLO_IN_TLS, in_tls={"EHLO": None}),
    Case("no reply to QUIT", None, in_tls={"QUIT": None}),
    # Text behind the reply to STARTTLS, in the same piece.
    Case("a reply more", F.TEXT_AFTER_STARTTLS, S.STARTTLS, {"STARTTLS": "220 go\r\n250 x"}),
    Case("a line end more", F.TEXT_AFTER_STARTTLS, S.STARTTLS, {"STARTTLS": "220 go\r\n\r\n"}),
    Case(
        "a handshake that comes too early",
        F.TEXT_AFTER_STARTTLS,
        S.STARTTLS,
        {"STARTTLS": "220 go\r\n\x16\x03\x03\x00\x04\r\n"},
    ),
    # Handshakes.
    Case("reset in the handshake", F.RESET, S.HANDSHAKE, handshake=b"", then="reset"),
    Case(
        "closed in the handshake", F.HANDSHAKE_FAILED, S.HANDSHAKE, handshake=b"", then="close",
        says="closed the connection",
    ),
    Case(
        "closed within a record", F.HANDSHAKE_FAILED, S.HANDSHAKE,
        handshake=b"\x16\x03\x03\x02\x00\x02", then="close", says="closed the connection",
    ),
    Case(
        "alert handshake_failure", F.HANDSHAKE_FAILED, S.HANDSHAKE, handshake=_alert(40),
        then="close", says="handshake_failure",
    ),
    Case(
        "alert internal_error", F.HANDSHAKE_FAILED, S.HANDSHAKE, handshake=_alert(80),
        then="close", says="internal_error",
    ),
    Case(
        "alert unrecognized_name", F.HANDSHAKE_FAILED, S.HANDSHAKE, handshake=_alert(112),
        then="close", says="unrecognized_name",
    ),
    Case(
        "SMTP goes on instead of TLS", F.HANDSHAKE_FAILED, S.HANDSHAKE,
        handshake=b"500 5.5.1 What is this?\r\n", then="close",
    ),
    Case("noise", F.HANDSHAKE_FAILED, S.HANDSHAKE, handshake=b"\xff" * 4000, then="close"),
    Case("a record that is too long", F.HANDSHAKE_FAILED, S.HANDSHAKE,
         handshake=b"\x16\x03\x03\xff\xff" + b"\0" * 70_000, then="close"),
    # What the server is able to speak.
    Case("TLS 1.0 and nothing else", None, policy=_OLD),
    Case(
        "TLS 1.0, which we do not offer", F.HANDSHAKE_FAILED, S.HANDSHAKE, policy=_OLD,
        ours=TlsPolicy(minimum="TLSv1.2"), says="protocol_version",
    ),
    Case(
        "no cipher in common", F.HANDSHAKE_FAILED, S.HANDSHAKE,
        policy=TlsPolicy(maximum="TLSv1.2", ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"),
        ours=TlsPolicy(maximum="TLSv1.2", ciphers="ECDHE-ECDSA-AES256-GCM-SHA384"),
        says="handshake_failure",
    ),
    Case(
        "no certificate at all", F.HANDSHAKE_FAILED, S.HANDSHAKE,
        policy=TlsPolicy(maximum="TLSv1.2", ciphers="aNULL:@SECLEVEL=0"), says="handshake_failure",
    ),
    Case("an RSA key of 512 bits", None, certificate="rsa512", policy=_TLS12),
    Case(
        "a DSA key", F.HANDSHAKE_FAILED, S.HANDSHAKE, certificate="dsa",
        policy=TlsPolicy(maximum="TLSv1.2", ciphers="aDSS:@SECLEVEL=0"), says="handshake_failure",
    ),
    Case("a chain of 50 kB", None, padding=50_000),
    Case("a chain of 300 kB", F.HANDSHAKE_FAILED, S.HANDSHAKE, padding=300_000,
         says="excessive message size"),
)  # fmt: skip
