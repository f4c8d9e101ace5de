"""The lab's mail hosts under the real client: each behaviour ends as its named finding."""

import hashlib
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from esashell.errors import Refused, Reset, TimedOut, TransportError, Unreachable
from esashell.smtp.client import Failure, SmtpDialogue, Stage, shake_hands
from esashell.smtp.replies import Reply
from esashell.steps import Connect, Receive, Send, StartTls, TlsPolicy, run
from esashell.worlds.lab import hosts as hosts_module
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Issuer, KeyType
from esashell.worlds.lab.hosts import Behaviour, HostConnection, HostSpec, LabHosts
from esashell.worlds.tls import TlsEnd, client_context
from esashell.worlds.tls import shake_hands as shake

ADDRESS = "192.0.2.25"
MAKER = CertificateMaker(b"hosts", 1_700_000_000_000_000)


def lab(*specs: HostSpec) -> LabHosts:
    by_address = {address: spec for spec in specs for address in spec.addresses}
    return LabHosts(by_address.get, MAKER)


def host(**settings: object) -> HostSpec:
    """A host as a scenario file would write it."""
    return msgspec.convert(
        {"name": "mx.example", "addresses": [ADDRESS], **settings}, HostSpec, strict=True
    )


class Wire:
    """Performs the requests of one conversation on a lab connection."""

    def __init__(self, connection: HostConnection) -> None:
        self.connection = connection

    def perform(self, request: Any) -> Any:
        if isinstance(request, Send):
            return self.connection.send(request.data)
        if isinstance(request, Receive):
            return self.connection.receive()
        assert isinstance(request, StartTls)
        return self.connection.start_tls(request.server_name, request.policy)


def dialogue(
    spec: HostSpec,
    server_name: str = "mx.example",
    policy: TlsPolicy = TlsPolicy(),  # noqa: B008
) -> SmtpDialogue:
    connection = lab(spec).open(ADDRESS, Connect(ADDRESS).port)
    return run(shake_hands("us.example", server_name, policy), Wire(connection))


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("key", KeyType)
def test_a_good_host_shakes_hands_and_goes_on_in_tls(version: str, key: KeyType) -> None:
    spec = host(maximum=version, certificate={"key": key.value})
    result = dialogue(spec)
    assert result.failure is None
    assert result.peer is not None
    assert result.peer.version == version
    assert result.peer.chain == lab(spec).identity(spec).chain
    hello = result.transcript[3].reply
    assert isinstance(hello, Reply)
    assert "STARTTLS" not in hello.lines  # the second EHLO was answered from inside TLS


def test_the_host_decides_on_protocol_and_cipher() -> None:
    spec = host(
        name="mail.ietf.org",
        certificate={"key": "rsa"},
        maximum="TLSv1.2",
        ciphers="ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0",
    )
    peer = dialogue(spec).peer
    assert peer is not None
    assert (peer.version, peer.cipher) == ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384")


FINDINGS = [
    ("silence", Failure.SILENCE, Stage.GREETING),
    ("silence_after_greeting", Failure.SILENCE, Stage.EHLO),
    ("close_after_greeting", Failure.CLOSED, Stage.EHLO),
    ("garbage", Failure.NONSENSE, Stage.GREETING),
    ("greeting_554", Failure.GREETING_REFUSED, Stage.GREETING),
    ("starttls_454", Failure.STARTTLS_REFUSED, Stage.STARTTLS),
    ("text_after_starttls", Failure.TEXT_AFTER_STARTTLS, Stage.STARTTLS),
    ("reset_in_handshake", Failure.RESET, Stage.HANDSHAKE),
    ("silence_in_handshake", Failure.SILENCE, Stage.HANDSHAKE),
    ("tarpit", Failure.OVERDUE, Stage.GREETING),
]
FAULTS = [("refuse", Refused), ("timeout", TimedOut), ("unreachable", Unreachable)]


@pytest.mark.parametrize(("behaviour", "kind", "stage"), FINDINGS)
def test_each_behaviour_is_a_finding(behaviour: str, kind: Failure, stage: Stage) -> None:
    result = dialogue(host(behaviour=behaviour))
    assert result.peer is None
    assert result.failure is not None
    assert (result.failure.kind, result.failure.stage) == (kind, stage)


@pytest.mark.parametrize(("behaviour", "fault"), FAULTS)
def test_some_hosts_cannot_be_connected_to(behaviour: str, fault: type[TransportError]) -> None:
    with pytest.raises(fault):
        lab(host(behaviour=behaviour)).open(ADDRESS)


def test_every_behaviour_is_tried_here() -> None:
    tried = {each[0] for each in FINDINGS} | {each[0] for each in FAULTS}
    assert tried == set(Behaviour) - {Behaviour.SERVE}


def test_nobody_lives_at_an_address_without_a_host() -> None:
    with pytest.raises(Unreachable):
        lab().open("192.0.2.99")


def test_a_host_listens_on_its_own_ports_only() -> None:
    with pytest.raises(Refused):
        lab(host()).open(ADDRESS, 587)
    assert lab(host(ports=[25, 587])).open(ADDRESS, 587).receive().startswith(b"220 ")


def test_a_host_without_starttls() -> None:
    failure = dialogue(host(starttls=False)).failure
    assert failure is not None
    assert failure.kind is Failure.STARTTLS_NOT_OFFERED


def test_sides_that_have_nothing_in_common_fail_by_name() -> None:
    failure = dialogue(host(maximum="TLSv1.1"), policy=TlsPolicy(minimum="TLSv1.2")).failure
    assert failure is not None
    assert failure.kind is Failure.HANDSHAKE_FAILED
    assert "protocol_version" in failure.text


def test_a_cipher_that_nobody_knows_is_named() -> None:
    failure = dialogue(host(ciphers="NONSENSE")).failure
    assert failure is not None
    assert "NONSENSE" in failure.text


def test_a_reply_of_the_scenario_is_given_word_for_word() -> None:
    failure = dialogue(host(replies={"EHLO": "550 5.7.1 You are on our list"})).failure
    assert failure is not None
    assert failure.kind is Failure.EHLO_REFUSED
    assert "550 5.7.1 You are on our list" in failure.text


def test_the_certificate_may_depend_on_the_name_asked_for() -> None:
    spec = host(certificates={"base.example": {"name": "base.example", "issuer": "private"}})
    usual, asked = dialogue(spec).peer, dialogue(spec, "BASE.example.").peer
    assert usual is not None
    assert asked is not None
    assert usual.chain == lab(spec).identity(spec).chain
    other = CertificateSpec(name="base.example", issuer=Issuer.PRIVATE)
    assert asked.chain == MAKER.identity("mx.example", other).chain


def test_a_handshake_without_starttls_meets_a_server_that_speaks_smtp() -> None:
    connection = lab(host()).open(ADDRESS)
    with pytest.raises(TransportError):
        connection.start_tls("mx.example", TlsPolicy())
    with pytest.raises(Reset):  # and nothing goes out in the clear after that
        connection.send(b"MAIL FROM:<a@us>\r\n")


def test_a_whole_message_goes_through_tls() -> None:
    connection = lab(host()).open(ADDRESS)
    connection.receive()
    connection.send(b"EHLO us\r\nSTARTTLS\r\n")
    connection.receive()
    connection.start_tls("mx.example", TlsPolicy())
    connection.send(b"EHLO us\r\nMAIL FROM:<a@us>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n")
    assert b"354" in connection.receive()
    text = b"Subject: long\r\n\r\n" + b"x" * 70 + b"\r\n"
    connection.send(text * 2000 + b".\r\n")
    assert connection.receive().startswith(b"250 2.0.0")
    connection.send(b"QUIT\r\n")
    assert connection.receive().startswith(b"221")
    assert connection.receive() == b""
    assert connection.receive() == b""
    (message,) = connection._host.smtp.messages
    assert message.tls
    assert message.content == text * 2000


def test_nothing_to_come_is_a_timeout_inside_tls_too() -> None:
    connection = lab(host()).open(ADDRESS)
    connection.receive()
    connection.send(b"STARTTLS\r\n")
    connection.receive()
    connection.start_tls("mx.example", TlsPolicy())
    with pytest.raises(TimedOut):
        connection.receive()


def test_a_host_that_was_cut_off_stays_so() -> None:
    connection = lab(host(behaviour="reset_in_handshake")).open(ADDRESS)
    connection.send(b"STARTTLS\r\n")
    connection.receive()
    for _ in range(2):
        with pytest.raises(Reset):
            connection.start_tls("mx.example", TlsPolicy())
    with pytest.raises(Reset):
        connection.send(b"QUIT\r\n")


def test_a_hosts_side_works_on_single_octets_as_a_socket_may_bring_them() -> None:
    side = lab(host()).accept(ADDRESS)
    assert side.greeting().startswith(b"220")
    assert b"".join(side.feed(bytes((octet,))) for octet in b"STARTTLS\r\n").startswith(b"220")
    waiting = bytearray()

    def transmit(wire: bytes) -> None:
        for octet in wire:
            waiting.extend(side.feed(bytes((octet,))))

    def receive() -> bytes:
        return bytes((waiting.pop(0),))

    end = TlsEnd(client_context(TlsPolicy()), "mx.example")
    peer = shake(end, transmit, receive)
    assert peer.chain == MAKER.identity("mx.example", CertificateSpec()).chain
    end.write(b"QUIT\r\n")
    transmit(end.outgoing())
    end.feed(bytes(waiting))
    assert end.plain().startswith(b"221")
    assert end.closed
    assert side.closed


def test_hostile_bytes_at_a_host_never_raise() -> None:
    for wire in (b"\xff" * 5000, b"\r\n" * 100, b"STARTTLS\r\nx", b"EHLO " + b"x" * 9000):
        side = lab(host()).accept(ADDRESS)
        side.greeting()
        side.feed(wire)
        side.feed(b"\x16\x03\x01\x02\x00" + b"\0" * 600)
        side.feed(b"\xff" * 600)


def key_of(der: bytes) -> bytes:
    key = x509.load_der_x509_certificate(der).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_tlsa_records_stand_for_the_certificates_that_are_sent() -> None:
    spec = host(certificate={"issuer": "private-issuing"})
    world = lab(spec)
    peer = dialogue(spec).peer
    assert peer is not None
    leaf, issuing, root = peer.chain
    assert world.tlsa(spec, 3, 1, 1) == b"\3\1\1" + hashlib.sha256(key_of(leaf)).digest()
    assert world.tlsa(spec, 3, 0, 2) == b"\3\0\2" + hashlib.sha512(leaf).digest()
    assert world.tlsa(spec, 2, 0, 1) == b"\2\0\1" + hashlib.sha256(issuing).digest()
    assert world.tlsa(spec, 2, 1, 0) == b"\2\1\0" + key_of(issuing)
    assert world.tlsa(spec, 2, 0, 0, "private") == b"\2\0\0" + root
    assert world.tlsa(spec, 2, 0, 0, "leaf") == b"\2\0\0" + leaf
    assert world.tlsa(spec, 2, 0, 0, "decoy")[3:] not in peer.chain


def test_a_self_signed_leaf_is_its_own_authority() -> None:
    spec = host(certificate={"issuer": "self"})
    assert lab(spec).tlsa(spec, 2, 0, 0)[3:] == lab(spec).identity(spec).leaf


@pytest.mark.parametrize(
    "mistake",
    [{"nmae": "x"}, {"behaviour": "sulk"}, {"maximum": "TLSv1.4"}, {"certificate": {"kye": 1}}],
)
def test_a_scenarios_mistake_is_refused(mistake: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        host(**mistake)


def test_a_host_has_one_context_however_often_it_is_visited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hosts_module, "CONTEXTS", 2)
    specs = [HostSpec(f"mx{n}.example", (f"192.0.2.{n}",)) for n in range(4)]
    world = lab(*specs)
    first = world._context(specs[0])
    assert world._context(specs[0]) is first
    for spec in specs:
        world._context(spec)
    assert world._context(specs[0]) is not first
    assert len(world._contexts) == 2


def test_two_conversations_with_one_host_do_not_meet() -> None:
    world = lab(host())
    one, two = world.open(ADDRESS), world.open(ADDRESS)
    one.send(b"STARTTLS\r\n")
    two.send(b"EHLO us\r\n")
    assert b"Ready to start TLS" in one.receive()
    assert b"Ready to start TLS" not in two.receive()
    one.start_tls("mx.example", TlsPolicy())
    two.send(b"NOOP\r\n")
    assert two.receive() == b"250 2.0.0 Ok\r\n"
