"""TLS in buffers: real handshakes, the chain as it was sent, and failures by name."""

import errno
import gc
import ssl
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.errors import (
    HandshakeFailed,
    Refused,
    Reset,
    TimedOut,
    TransportError,
    Unreachable,
)
from esashell.steps import TlsPeer, TlsPolicy
from esashell.worlds.lab.certs import CertificateMaker, CertificateSpec, Issuer, KeyType
from esashell.worlds.tls import (
    TlsEnd,
    client_context,
    fault,
    peer_of,
    server_context,
    shake_hands,
    sni,
)

NOW = 1_700_000_000_000_000
MAKER = CertificateMaker(b"tests of tls", NOW)


def server(spec: CertificateSpec = CertificateSpec(), policy: TlsPolicy = TlsPolicy()) -> TlsEnd:  # noqa: B008
    identity = MAKER.identity("mx.example", spec)
    context = server_context(identity.chain, identity.key_pem, policy)
    return TlsEnd(context, server_side=True)


def joined(client: TlsEnd, host: TlsEnd) -> TlsPeer:
    """A handshake between two ends; the host's own complaints reach the client as alerts."""
    wire = bytearray()

    def transmit(data: bytes) -> None:
        with suppress(HandshakeFailed):
            host.feed(data)
        wire.extend(host.outgoing())

    def receive() -> bytes:
        data = bytes(wire)
        wire.clear()
        return data

    return shake_hands(client, transmit, receive)


def reason(client_policy: TlsPolicy, server_policy: TlsPolicy) -> str:
    """Why these two cannot come to terms."""
    with pytest.raises(HandshakeFailed) as failure:
        joined(TlsEnd(client_context(client_policy)), server(policy=server_policy))
    return failure.value.text


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("key", KeyType)
def test_every_version_and_key_type_gives_the_chain_as_it_was_sent(
    version: str, key: KeyType
) -> None:
    spec = CertificateSpec(key=key, issuer=Issuer.PRIVATE_ISSUING)
    client = TlsEnd(client_context(TlsPolicy()), "mx.example")
    peer = joined(client, server(spec, TlsPolicy(maximum=version)))
    assert peer.version == version
    assert peer.chain == MAKER.identity("mx.example", spec).chain
    assert len(peer.chain) == 3


def test_a_chain_is_not_put_in_order_or_completed() -> None:
    # The library must not build its own chain: judging what was really sent is the point.
    spec = CertificateSpec(chain=("leaf", "decoy", "lab-root"))
    peer = joined(TlsEnd(client_context(TlsPolicy())), server(spec))
    assert peer.chain == MAKER.identity("mx.example", spec).chain


def test_certificates_that_no_one_would_trust_are_taken_all_the_same() -> None:
    for spec in (
        CertificateSpec(issuer=Issuer.SELF),
        CertificateSpec(expired=True),
        CertificateSpec(not_yet_valid=True),
        CertificateSpec(name="somebody-else.example"),
        CertificateSpec(issuer=Issuer.NOT_A_CA),
    ):
        peer = joined(TlsEnd(client_context(TlsPolicy()), "mx.example"), server(spec))
        assert peer.chain[0] == MAKER.identity("mx.example", spec).leaf


def test_the_server_can_insist_on_version_and_cipher() -> None:
    policy = TlsPolicy(maximum="TLSv1.2", ciphers="ECDHE-RSA-AES256-GCM-SHA384:DHE:@SECLEVEL=0")
    client = TlsEnd(client_context(TlsPolicy()))
    peer = joined(client, server(CertificateSpec(key=KeyType.RSA), policy))
    assert (peer.version, peer.cipher) == ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384")


def test_the_servers_order_of_ciphers_wins() -> None:
    strong, weak = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256"
    for order in ([strong, weak], [weak, strong]):
        policy = TlsPolicy(maximum="TLSv1.2", ciphers=":".join(order))
        peer = joined(TlsEnd(client_context(TlsPolicy())), server(policy=policy))
        assert peer.cipher == order[0]


def test_the_server_can_use_finite_field_groups_too() -> None:
    policy = TlsPolicy(maximum="TLSv1.2", ciphers="DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0")
    client = TlsEnd(client_context(TlsPolicy()))
    peer = joined(client, server(CertificateSpec(key=KeyType.RSA), policy))
    assert peer.cipher == "DHE-RSA-AES256-GCM-SHA384"


def test_data_goes_through_both_ways_and_goodbye_is_understood() -> None:
    client, host = TlsEnd(client_context(TlsPolicy())), server()
    joined(client, host)
    text = b"EHLO us\r\n" * 10_000  # several records
    client.write(text)
    host.feed(client.outgoing())
    assert host.plain() == text
    host.write(b"250 ok\r\n")
    host.close()
    client.feed(host.outgoing())
    assert client.plain() == b"250 ok\r\n"
    assert client.closed
    assert client.plain() == b""


def test_what_comes_in_one_piece_with_the_end_of_the_handshake_is_not_lost() -> None:
    client = TlsEnd(client_context(TlsPolicy()))
    host = server(policy=TlsPolicy(maximum="TLSv1.2"))
    client.feed(b"")
    host.feed(client.outgoing())
    client.feed(host.outgoing())
    host.feed(client.outgoing())
    assert host.established
    host.write(b"220 hello\r\n")
    client.feed(host.outgoing())
    assert client.established
    assert client.plain() == b"220 hello\r\n"


def test_garbage_inside_tls_is_a_reset() -> None:
    client, host = TlsEnd(client_context(TlsPolicy())), server()
    joined(client, host)
    client.feed(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(Reset):
        client.plain()


def test_plain_text_instead_of_tls_fails_by_name() -> None:
    client = TlsEnd(client_context(TlsPolicy()))
    with pytest.raises(HandshakeFailed, match="wrong version number"):
        shake_hands(client, lambda data: None, lambda: b"250 2.0.0 And a word more\r\n")


def test_the_peers_alert_is_given_by_its_name() -> None:
    assert "alert protocol_version" in reason(
        TlsPolicy(maximum="TLSv1.2"), TlsPolicy(minimum="TLSv1.3")
    )
    assert "alert handshake_failure" in reason(
        TlsPolicy(maximum="TLSv1.2", ciphers="AES128-SHA:@SECLEVEL=0"), TlsPolicy()
    )


def server_hello(extensions: bytes) -> bytes:
    """A TLS 1.2 server's first word, for ECDHE-RSA-AES256-GCM-SHA384 (RFC 5246 7.4.1.3)."""
    hello = b"\x03\x03" + bytes(32) + b"\x00\xc0\x30\x00"
    hello += len(extensions).to_bytes(2) + extensions
    message = b"\x02" + len(hello).to_bytes(3) + hello
    return b"\x16\x03\x03" + len(message).to_bytes(2) + message


def test_a_server_that_is_older_than_secure_renegotiation_is_listened_to() -> None:
    client = TlsEnd(client_context(TlsPolicy()))
    client.feed(b"")
    client.feed(server_hello(b""))  # no renegotiation_info (RFC 5746), and no failure
    assert not client.established


def test_our_own_refusal_is_given_in_the_librarys_words() -> None:
    # The host answers in TLS 1.2 although the client said that it speaks nothing below 1.3.
    client = TlsEnd(client_context(TlsPolicy(minimum="TLSv1.3")))
    record = server_hello(b"\xff\x01\x00\x01\x00")
    sent: list[bytes] = []
    with pytest.raises(HandshakeFailed, match="unsupported protocol"):
        shake_hands(client, sent.append, lambda: record)
    # The failure is raised, and the alert that belongs to it was sent (RFC 8446 6.2).
    assert sent[0][0] == 22
    assert sent[-1][0] == 21


def test_an_end_of_the_stream_in_the_handshake_is_said_so() -> None:
    client = TlsEnd(client_context(TlsPolicy()))
    with pytest.raises(HandshakeFailed, match="closed the connection"):
        shake_hands(client, lambda data: None, lambda: b"")
    other = TlsEnd(client_context(TlsPolicy()))
    other.feed(b"")
    with pytest.raises(HandshakeFailed, match="closed the connection"):
        other.end()


def test_a_fault_of_the_transport_goes_through() -> None:
    def silence() -> bytes:
        raise TimedOut()

    with pytest.raises(TimedOut):
        shake_hands(TlsEnd(client_context(TlsPolicy())), lambda data: None, silence)


def test_a_policy_that_makes_no_sense_is_refused_by_name() -> None:
    with pytest.raises(HandshakeFailed, match="cipher is known by NONSENSE"):
        client_context(TlsPolicy(ciphers="NONSENSE"))
    with pytest.raises(HandshakeFailed, match="TLSv9"):
        client_context(TlsPolicy(maximum="TLSv9"))


def test_one_policy_has_one_context() -> None:
    assert client_context(TlsPolicy()) is client_context(TlsPolicy())
    assert client_context(TlsPolicy()) is not client_context(TlsPolicy(minimum="TLSv1.2"))


def test_no_private_key_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server()
    identity = MAKER.identity("mx.example", CertificateSpec())
    other = MAKER.identity("other.example", CertificateSpec())
    with pytest.raises(HandshakeFailed, match="key values mismatch"):
        server_context(other.chain, identity.key_pem, TlsPolicy())
    assert not list(tmp_path.iterdir())


def test_old_versions_are_not_warned_about() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client_context.cache_clear()
        client_context(TlsPolicy(minimum="TLSv1", maximum="TLSv1.1"))
        gc.collect()


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("mx.example", "mx.example"),
        ("mx.example.", "mx.example"),
        ("_mx.example", "_mx.example"),
        ("", None),
        (".", None),
        ("192.0.2.1", None),
        ("2001:db8::1", None),
        (".example", None),
        ("a..example", None),
        ("x" * 64 + ".example", None),
        ("x" * 60 + "." + ".".join(["y" * 60] * 4), None),
        ("a\0b.example", None),
    ],
)
def test_only_host_names_go_out_as_sni(name: str, sent: str | None) -> None:
    assert sni(name) == sent
    TlsEnd(client_context(TlsPolicy()), name).feed(b"")


@given(st.text(max_size=80))
def test_any_server_name_at_all_can_be_asked_for(name: str) -> None:
    TlsEnd(client_context(TlsPolicy()), name).feed(b"")


def test_the_name_asked_for_reaches_the_server() -> None:
    asked: list[str | None] = []
    identity = MAKER.identity("mx.example", CertificateSpec())
    context = server_context(identity.chain, identity.key_pem, TlsPolicy())
    context.sni_callback = lambda tls, name, _: asked.append(name)
    for name in ("base.example.", "192.0.2.1"):
        joined(TlsEnd(client_context(TlsPolicy()), name), TlsEnd(context, server_side=True))
    assert asked == ["base.example", None]


@given(st.binary(min_size=1, max_size=400))
def test_hostile_bytes_make_a_fault_and_nothing_else(data: bytes) -> None:
    for end in (TlsEnd(client_context(TlsPolicy())), TlsEnd(SERVER, server_side=True)):
        try:
            end.feed(data)
            end.end()
        except TransportError:
            end.outgoing()


_IDENTITY = MAKER.identity("mx.example", CertificateSpec())
SERVER = server_context(_IDENTITY.chain, _IDENTITY.key_pem, TlsPolicy())


@given(st.integers(0, 2000), st.integers(1, 255))
def test_a_flipped_octet_in_the_servers_answer_is_never_more_than_a_failure(
    at: int, flip: int
) -> None:
    client, host = TlsEnd(client_context(TlsPolicy())), TlsEnd(SERVER, server_side=True)
    client.feed(b"")
    host.feed(client.outgoing())
    answer = bytearray(host.outgoing())
    # The first record's header is left alone: its version is to be ignored (RFC 8446 5.1).
    answer[5 + at % (len(answer) - 5)] ^= flip
    with suppress(HandshakeFailed):
        client.feed(bytes(answer))
    assert not client.established


def test_foreign_exceptions_become_ours() -> None:
    assert isinstance(fault(TimeoutError()), TimedOut)
    assert isinstance(fault(ConnectionRefusedError()), Refused)
    assert isinstance(fault(ConnectionResetError()), Reset)
    assert isinstance(fault(BrokenPipeError()), Reset)
    unreachable = fault(OSError(errno.EHOSTUNREACH, "No route to host"))
    assert isinstance(unreachable, Unreachable)
    assert unreachable.text == "No route to host"
    assert isinstance(fault(ssl.SSLError(1, "what")), HandshakeFailed)


def test_a_peer_without_certificates_has_an_empty_chain() -> None:
    policy = TlsPolicy(maximum="TLSv1.2", ciphers="aNULL:@SECLEVEL=0")
    client, host = TlsEnd(client_context(policy)), server(policy=policy)
    peer = joined(client, host)
    assert peer.chain == ()
    assert peer == peer_of(client._tls)
