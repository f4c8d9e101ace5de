"""Servers that are hostile to us: each ends as a named finding, in memory and over real sockets."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.clock import SECOND
from esashell.dane.tlsa import MatchingType, Selector, Tlsa, Usage, record_for
from esashell.dane.verify import DaneResult, verify
from esashell.errors import Overdue, TransportError
from esashell.resolver.names import name_from_text
from esashell.smtp.client import Failure, SmtpDialogue, Stage, shake_hands
from esashell.steps import Connect, Receive, Send, Session, StartTls, Steps, TlsPolicy, run
from esashell.worlds.lab.hosts import HostConnection, HostSpec, LabHosts
from esashell.worlds.live import Live
from esashell.worlds.many import many
from tests.smtp.hostile import (
    CASES,
    MAKER,
    NAME,
    Case,
    HostilePeer,
    behind_a_socket,
    make_certificates,
    tarpit,
    tarpit_in_the_handshake,
)
from tests.worlds.loopback import Conversation, tcp_server

HERE = "127.0.0.1"
MILLISECOND = 1000
NOW = 1_700_000_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certificates")
    make_certificates(made)
    return made


class InMemory:
    """Performs a conversation's requests on a lab connection, in pieces where the case says so."""

    def __init__(self, connection: HostConnection, octets: int = 0) -> None:
        self.connection = connection
        self.octets = octets
        self.waiting = b""

    def perform(self, request: Any) -> Any:
        if isinstance(request, Send):
            return self.connection.send(request.data)
        if isinstance(request, Receive):
            data = self.waiting or self.connection.receive()
            cut = self.octets or len(data)
            self.waiting = data[cut:]
            return data[:cut]
        assert isinstance(request, StartTls)
        return self.connection.start_tls(request.server_name, request.policy)


def talk(case: Case, patience: int) -> Steps[SmtpDialogue]:
    """The conversation over sockets; where silence is due it has lasted for this long."""
    yield Connect(HERE)
    steps = shake_hands("us.example", NAME, case.ours)
    reply: Any = None
    fault: TransportError | None = None
    while True:
        try:
            request = steps.throw(fault) if fault else steps.send(reply)
        except StopIteration as stop:
            result: SmtpDialogue = stop.value
            return result
        if case.falls_silent and isinstance(request, Receive | StartTls):
            request = msgspec.structs.replace(request, timeout=patience)
        reply = fault = None
        try:
            reply = yield request
        except TransportError as error:
            fault = error


def in_memory(case: Case, folder: Path, patience: int = 0) -> SmtpDialogue:
    session = InMemory(HostConnection(HostilePeer(case, folder), 180 * SECOND), case.octets)
    return run(shake_hands("us.example", NAME, case.ours), session)


@contextmanager
def served(case: Case, folder: Path) -> Iterator[Live]:
    """The world in which the peer stands behind a socket."""
    with tcp_server(functools.partial(behind_a_socket, HostilePeer(case, folder))) as port:
        yield Live(smtp_port=port)


def over_sockets(case: Case, folder: Path, patience: int) -> SmtpDialogue:
    with served(case, folder) as live, live.session() as session:
        return run(talk(case, patience), session)


def side_by_side(case: Case, folder: Path, patience: int) -> SmtpDialogue:
    with served(case, folder) as live:
        ((_, result),) = many([talk(case, patience)], live)
    return result


@pytest.mark.parametrize("road", [in_memory, over_sockets, side_by_side])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_each_ends_as_its_named_finding(case: Case, road: Any, folder: Path) -> None:
    wanted = (case.kind, case.stage)
    # On a busy machine a peer may be silent for so long that is not meant to be.
    for patience in (SECOND // 5, 5 * SECOND):
        result: SmtpDialogue = road(case, folder, patience)
        failure = result.failure
        found = (failure and failure.kind, failure and failure.stage)
        if found == wanted or not case.falls_silent:
            break
    assert found == wanted
    if failure is not None:
        assert failure.text.isprintable()
        assert case.says in failure.text
        assert len(failure.text) < 400
    # TLS was there in the end exactly when nothing went wrong before its first EHLO.
    reached = failure is None or failure.stage is Stage.EHLO_IN_TLS
    assert (result.peer is not None) is reached


def test_each_title_names_one_case() -> None:
    assert len({case.title for case in CASES}) == len(CASES)


@pytest.mark.parametrize("title", ["an RSA key of 512 bits", "a chain of 50 kB"])
def test_odd_certificates_are_judged_like_others(title: str, folder: Path) -> None:
    (case,) = (each for each in CASES if each.title == title)
    peer = in_memory(case, folder).peer
    assert peer is not None
    leaf = record_for(peer.chain[0], Usage.DANE_EE, Selector.SPKI, MatchingType.SHA2_256)
    other = Tlsa(leaf.usage, leaf.selector, leaf.matching_type, bytes(32))
    names = (name_from_text(NAME),)
    assert verify((leaf,), peer.chain, names, NOW).result is DaneResult.MATCHED
    assert verify((other,), peer.chain, names, NOW).result is DaneResult.NO_MATCH


def test_our_offer_shows_what_an_old_server_speaks(folder: Path) -> None:
    (case,) = (each for each in CASES if each.title == "TLS 1.0 and nothing else")
    peer = in_memory(case, folder).peer
    assert peer is not None
    assert peer.version == "TLSv1"


class Scripted:
    """Says one thing each time that we listen."""

    def __init__(self, *said: bytes) -> None:
        self.said = list(said)

    def perform(self, request: Any) -> Any:
        assert not isinstance(request, StartTls)
        return self.said.pop(0) if isinstance(request, Receive) else None


@given(st.binary(min_size=1, max_size=80))
def test_whatever_follows_the_starttls_reply_no_hands_are_shaken(more: bytes) -> None:
    session = Scripted(b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 go\r\n" + more)
    result = run(shake_hands("us.example", NAME, TlsPolicy()), session)
    assert result.failure is not None
    assert result.failure.kind is Failure.TEXT_AFTER_STARTTLS


# -- tarpits: never silent, and never done


def trapped(whole: int) -> Steps[SmtpDialogue]:
    yield Connect(HERE, whole=whole)
    return (yield from shake_hands("us.example", NAME, TlsPolicy()))


@pytest.mark.parametrize(
    ("server", "whole", "stage", "code"),
    [
        (tarpit, SECOND // 5, Stage.GREETING, "4.4.2"),
        # What comes before has to fit in, on a busy machine too.
        (tarpit_in_the_handshake, SECOND, Stage.HANDSHAKE, "validation-failure"),
    ],
)
@pytest.mark.parametrize("together", [False, True])
def test_a_tarpit_on_a_real_socket_ends_when_the_whole_time_is_used_up(
    server: Conversation, whole: int, stage: Stage, code: str, together: bool
) -> None:
    with tcp_server(server) as port:
        live = Live(smtp_port=port)
        if together:
            ((_, result),) = many([trapped(whole)], live)
        else:
            with live.session() as session:
                result = run(trapped(whole), session)
    assert result.failure is not None
    assert (result.failure.kind, result.failure.stage) == (Failure.OVERDUE, stage)
    assert result.failure.code == code


def test_the_time_of_one_connection_is_not_the_next_ones() -> None:
    def greets(connection: Any) -> None:
        connection.sendall(b"220 mx\r\n")
        connection.recv(1)

    with tcp_server(tarpit, greets) as port, Live(smtp_port=port).session() as session:
        session.perform(Connect(HERE, whole=50 * MILLISECOND))
        with pytest.raises(Overdue):
            _heard_out(session)
        session.perform(Connect(HERE))
        assert session.perform(Receive()) == b"220 mx\r\n"


def _heard_out(session: Session) -> None:
    while session.perform(Receive()):
        pass


@pytest.mark.parametrize(
    ("whole", "stage"),
    [
        (19 * SECOND, Stage.GREETING),
        (1200 * SECOND, Stage.EHLO),
        (3000 * SECOND, Stage.STARTTLS),
        (6000 * SECOND, Stage.HANDSHAKE),
    ],
)
def test_a_tarpit_ends_at_any_stage_in_the_time_of_the_lab(whole: int, stage: Stage) -> None:
    spec = msgspec.convert({"name": NAME, "behaviour": "tarpit"}, HostSpec)
    connection = LabHosts(lambda _: spec, MAKER).open("192.0.2.1", whole=whole)

    result = run(shake_hands("us.example", NAME, TlsPolicy()), InMemory(connection))
    assert result.failure is not None
    assert (result.failure.kind, result.failure.stage) == (Failure.OVERDUE, stage)
    expected = "validation-failure" if stage is Stage.HANDSHAKE else "4.4.2"
    assert result.failure.code == expected
    assert result.transcript[-1].sent != "QUIT"
