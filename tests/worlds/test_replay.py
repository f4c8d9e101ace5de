"""A recorded world, and its tape in the world's place: the same replies, and no others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from esashell.clock import SECOND, FixedClock, SystemClock
from esashell.delivery.evidence import Evidence
from esashell.delivery.verification import Sender, verify_domain
from esashell.errors import HandshakeFailed, Refused, Reset, TimedOut, TransportError
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.resolver.rrtypes import RRType
from esashell.resolver.wire import query
from esashell.steps import (
    Authorities,
    Connect,
    Exchange,
    Receive,
    Send,
    StartTls,
    TlsPolicy,
    Wait,
    World,
    run,
)
from esashell.worlds.lab.world import Lab
from esashell.worlds.live import Live
from esashell.worlds.recorder import Recorder, TapeClock
from esashell.worlds.replay import NotRecorded, Replay
from esashell.worlds.tape import (
    Connected,
    Entry,
    Exchanged,
    Fault,
    Header,
    Opened,
    Received,
    Sent,
    ShookHands,
    Tape,
    Trusted,
    Waited,
    moment,
)
from esashell.worlds.tapefile import BadTape, TapeWriter, read_tape
from tests.delivery.labwork import CAPABLE, NOON, Bench
from tests.worlds.loopback import mail_host, tcp_server, udp_server

HERE = "127.0.0.1"
HOST = "192.0.2.1"


def header(now: int = NOON) -> Header:
    return Header(
        recorded=moment(now),
        program="",
        world="lab",
        anchors=(),
        root_servers=(),
        root_keys=None,
        configuration="",
    )


def tape(*entries: Entry, whole: bool = True) -> Replay:
    return Replay(Tape("t", header(), entries, whole))


def asked(text: str, reply: bytes, at: int, conversation: int = 1, *, tcp: bool = False) -> Entry:
    message = query(name_from_text(text), RRType.MX)
    return Exchanged(
        conversation=conversation, server=HOST, message=message, tcp=tcp, reply=reply, at=at
    )


def question(text: str, *, tcp: bool = False) -> Exchange:
    return Exchange(HOST, query(name_from_text(text), RRType.MX), tcp)


def connected(number: int, conversation: int = 1, fault: str = "") -> Entry:
    return Connected(
        conversation=conversation,
        connection=number,
        address=HOST,
        port=25,
        reply=None if fault else "10.0.0.1",
        fault=Fault(fault, "so") if fault else None,
        at=number,
    )


def said(number: int, text: str) -> Entry:
    return Received(connection=number, reply=text.encode(), at=number)


def sent(number: int, text: str) -> Entry:
    return Sent(connection=number, data=text.encode(), at=number)


def lacks(world: Replay, *requests: Any) -> str:
    """What is told about the last of these requests, in a conversation of their own."""
    with world.session() as session:
        for each in requests[:-1]:
            session.perform(each)
        with pytest.raises(NotRecorded) as caught:
            session.perform(requests[-1])
    return str(caught.value)


def outcomes(world: World, *requests: Any) -> list[Any]:
    """The reply to each request, or the fault."""
    found: list[Any] = []
    with world.session() as session:
        for each in requests:
            try:
                found.append(session.perform(each))
            except TransportError as error:
                found.append((type(error), error.text))
    return found


# Exchanges.


def test_a_repeated_question_gets_the_replies_in_order_and_then_the_last_again() -> None:
    world = tape(asked("a.lab", b"1", 1), asked("b.lab", b"x", 2), asked("a.lab", b"2", 3))
    assert outcomes(world, *[question("a.lab")] * 4) == [b"1", b"2", b"2", b"2"]
    assert outcomes(world, question("b.lab"), question("a.lab")) == [b"x", b"2"]


def test_how_long_one_would_have_waited_and_from_where_one_asked_decides_nothing() -> None:
    world = tape(asked("a.lab", b"1", 1))
    message = question("a.lab").message
    assert outcomes(world, Exchange(HOST, message, timeout=1, source="10.0.0.1")) == [b"1"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (question("ietf.org"), "t: the recording holds no answer of 192.0.2.1 to ietf.org. MX."),
        (question("a.lab", tcp=True), "no answer of 192.0.2.1 to a.lab. MX over TCP."),
        (Exchange("::1", question("a.lab").message), "no answer of ::1 to a.lab. MX."),
        (Exchange(HOST, b""), "no answer of 192.0.2.1 to a message of 0 octets."),
        (Exchange(HOST, b"\xff" * 40), "to a message of 40 octets."),
        (Connect("::1"), "no connection to ::1 port 25."),
        (Connect(HOST, 26), "no connection to 192.0.2.1 port 26."),
        (Authorities(("CN=B",)), "no list of the authorities that a certificate names."),
    ],
)
def test_what_is_not_on_the_tape_is_named(request_: Any, words: str) -> None:
    known = Trusted(conversation=1, names=("CN=A",), reply=(), at=1)
    text = lacks(tape(asked("a.lab", b"1", 1), connected(1), known), request_)
    assert text.endswith(words)
    assert text.isprintable()


def test_a_tape_that_was_cut_off_is_told_with_what_it_lacks() -> None:
    text = lacks(tape(asked("a.lab", b"1", 1), whole=False), question("ietf.org"))
    assert text.startswith("t: the recording (its end is missing) holds no answer of")


def test_the_engine_cannot_swallow_it(tmp_path: Path) -> None:
    bench = Bench()
    with tape().session() as session, pytest.raises(NotRecorded, match=r"ietf\.org\. MX"):
        run(verify_domain(name_from_text("ietf.org"), Sender(bench.resolver, bench.clock)), session)


def test_a_request_of_no_known_kind_is_our_mistake() -> None:
    with tape().session() as session, pytest.raises(TypeError):
        session.perform("what?")


def test_the_authorities_are_those_that_there_were_and_when() -> None:
    world = tape(Trusted(conversation=1, names=("CN=A", "CN=B"), reply=(b"1", b"2"), at=70))
    for _ in range(2):
        assert outcomes(world, Authorities(("CN=A", "CN=B"))) == [(b"1", b"2")]
    assert world.clock.now() == world.tape.header.start + 70


# Connections.


def test_a_connection_plays_its_own_script() -> None:
    world = tape(
        connected(1), said(1, "220"), sent(1, "EHLO"), said(1, "250"),
        connected(2), said(2, "220 2"), sent(2, "EHLO"), said(2, "250 2"),
    )  # fmt: skip
    talk = [Connect(HOST), Receive(), Send(b"EHLO"), Receive()]
    assert outcomes(world, *talk) == ["10.0.0.1", b"220", None, b"250"]
    assert outcomes(world, *talk) == ["10.0.0.1", b"220 2", None, b"250 2"]
    assert outcomes(world, *talk) == ["10.0.0.1", b"220 2", None, b"250 2"]


def test_what_is_sent_decides_which_connection_it_is() -> None:
    hands = [
        ShookHands(
            connection=number,
            server_name=name,
            policy=TlsPolicy(),
            fault=Fault("HandshakeFailed", name),
            at=9,
        )
        for number, name in ((1, "a"), (2, "b"))
    ]
    world = tape(connected(1), said(1, "x"), hands[0], connected(2), said(2, "y"), hands[1])
    talk = [Connect(HOST), Receive()]
    assert outcomes(world, *talk, StartTls("b"))[1:] == [b"x", (HandshakeFailed, "b")]
    # It was the second one, so the first has not been played yet.
    assert outcomes(world, *talk, StartTls("a"))[1:] == [b"x", (HandshakeFailed, "a")]
    assert lacks(world, *talk, StartTls("c")).endswith(
        'no handshake with 192.0.2.1 port 25 for "c" '
        'offering TLSv1 to TLSv1.3, "DEFAULT:@SECLEVEL=0".'
    )
    text = lacks(world, *talk, StartTls("a", TlsPolicy("TLSv1.2")))
    assert 'for "a" offering TLSv1.2 to TLSv1.3' in text


def test_a_conversation_prefers_the_connections_of_the_one_that_it_repeats() -> None:
    world = tape(
        asked("a.lab", b"a", 1, 1), connected(1, 1), said(1, "220 one"),
        asked("b.lab", b"b", 1, 2), connected(2, 2), said(2, "220 two"),
    )  # fmt: skip
    talk = [Connect(HOST), Receive()]
    assert outcomes(world, question("b.lab"), *talk)[2] == b"220 two"
    assert outcomes(world, question("a.lab"), *talk)[2] == b"220 one"


def test_a_connection_that_failed_fails_in_its_turn() -> None:
    world = tape(connected(1, fault="Refused"), connected(2), said(2, "220"))
    assert outcomes(world, Connect(HOST), Receive()) == [
        (Refused, "so"),
        (Reset, "no connection is open"),
    ]
    assert outcomes(world, Connect(HOST), Receive()) == ["10.0.0.1", b"220"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Send(b"QUIT\r\n"), 'no answer of 192.0.2.1 port 25 to "QUIT" at this point.'),
        (Send(b"\x1b[2J\xff"), r'to "\x1b[2Jÿ" at this point.'),
        (Receive(), "no more that 192.0.2.1 port 25 said at this point."),
    ],
)
def test_a_step_that_was_not_taken_is_named(request_: Any, words: str) -> None:
    world = tape(connected(1), said(1, "220"), sent(1, "EHLO"))
    text = lacks(world, Connect(HOST), Receive(), request_)
    assert text.endswith(words)
    assert text.isprintable()
    assert "no more that" in lacks(world, Connect(HOST), Receive(), Send(b"EHLO"), Receive())


def test_steps_of_no_connection_make_no_tape() -> None:
    with pytest.raises(BadTape, match="no connection 3"):
        tape(connected(1), said(3, "220"))


# Time.


def test_the_clock_stands_at_what_was_played_and_never_runs_back() -> None:
    world = tape(Opened(conversation=1, at=5), asked("a.lab", b"", 40), asked("b.lab", b"", 10))
    assert world.clock.now() == NOON
    with world.session() as session:
        times = [world.clock.now() - NOON]
        for name in ("b.lab", "a.lab", "b.lab"):
            session.perform(question(name))
            times.append(world.clock.now() - NOON)
    assert times == [5, 10, 40, 40]


def test_a_wait_takes_what_it_took_and_an_unknown_one_what_it_should() -> None:
    world = tape(Waited(conversation=1, microseconds=100, at=150))
    assert outcomes(world, Wait(100)) == [None]
    assert world.clock.now() == NOON + 150
    assert outcomes(world, Wait(7), Wait(-1)) == [None, None]
    assert world.clock.now() == NOON + 157


def test_a_recorded_clock_moves_with_the_world_and_not_with_us() -> None:
    inner = FixedClock(NOON)
    clock = TapeClock(inner)
    inner.advance(1)
    assert clock.now() == NOON + 1
    clock.stand()
    inner.advance(10)
    assert clock.now() == NOON + 1
    assert clock.tick() == NOON + 11
    inner.advance(10)
    assert clock.now() == NOON + 11
    clock.release()
    assert clock.now() == NOON + 21


# Recording.


def recorded(world: World, clock: Any, path: Path, use: Callable[[Recorder], Any]) -> Any:
    writer = TapeWriter(str(path), header(clock.now()))
    recorder = Recorder(world, writer, clock)
    result = use(recorder)
    writer.close()
    return result


def test_recording_changes_nothing_and_replaying_neither(tmp_path: Path) -> None:
    lab = Lab(FixedClock(NOON))
    mx = lab.directory.named(name_from_text("mail.ietf.org")).addresses[0]
    talk: list[Any] = [
        Exchange(CAPABLE[0], question("ietf.org").message),
        Exchange("192.0.2.250", question("ietf.org").message),
        Receive(),
        Connect("192.0.2.250"),
        Send(b"lost"),
        Wait(SECOND),
        Connect(mx, 26),
        Connect(mx),
        Receive(),
        Receive(),
        Send(b"EHLO us\r\n"),
        Receive(),
        Send(b"STARTTLS\r\n"),
        Receive(),
        StartTls("mail.ietf.org"),
        Send(b"QUIT\r\n"),
        Receive(),
        Receive(),
    ]
    plain = outcomes(lab, *talk)
    assert TimedOut in [each[0] for each in plain if isinstance(each, tuple)]
    clock, path = FixedClock(NOON), tmp_path / "t"
    assert recorded(lab, clock, path, lambda world: outcomes(world, *talk)) == plain
    replay = Replay(read_tape(str(path)))
    for _ in range(2):
        assert outcomes(replay, *talk) == plain


def test_ctrl_c_within_a_request_leaves_no_entry(tmp_path: Path) -> None:
    class Interrupted:
        def session(self) -> Any:
            from contextlib import nullcontext

            return nullcontext(self)

        def perform(self, request: Any) -> Any:
            raise KeyboardInterrupt

    def use(world: Recorder) -> None:
        for each in (question("a.lab"), Connect(HOST), Wait(1)):
            with pytest.raises(KeyboardInterrupt), world.session() as session:
                session.perform(each)

    recorded(Interrupted(), FixedClock(NOON), tmp_path / "t", use)
    entries = read_tape(str(tmp_path / "t")).entries
    assert [type(each) for each in entries] == [Opened] * 3


SCENARIO = f"""
[domain."live.lab"]
shows   = "A host on loopback."
records = '''
@              MX    10 mail
mail           A     {HERE}
_25._tcp.mail  TLSA  3 1 1 of mail
'''
"""


def test_the_live_world_is_recorded_and_replayed(tmp_path: Path) -> None:
    scenario = tmp_path / "loopback.toml"
    scenario.write_text(SCENARIO)
    lab = Lab(SystemClock(), scenarios=[scenario])

    def verified(world: World, clock: Any) -> Evidence:
        resolver = Resolver((Server(HERE),), (lab.anchor,), clock)
        with world.session() as session:
            return run(verify_domain(name_from_text("live.lab"), Sender(resolver, clock)), session)

    def answers(datagram: bytes) -> list[bytes]:
        reply = lab.ask(CAPABLE[0], datagram)
        assert not reply[2] & 2, "truncated: the test would need a server for TCP"
        return [reply]

    with (
        udp_server(answers) as dns_port,
        tcp_server(mail_host(lab.hosts.accept(HERE))) as smtp_port,
    ):
        live = Live(dns_port=dns_port, smtp_port=smtp_port)
        path = tmp_path / "t"
        before = recorded(
            live, SystemClock(), path, lambda world: verified(world, world.clock)
        )  # fmt: skip
    assert before.hosts[0].attempts[0].matched, before.reason
    replay = Replay(read_tape(str(path)))
    again = verified(replay, replay.clock)
    assert again == before
    durations = [one.microseconds for one in again.destination.mx.asked]
    assert all(durations)
