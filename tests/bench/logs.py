"""What logs cost: lines a second at Information and at Debug, and a trail beside its verification.

    .venv/bin/python -m tests.bench.logs [REPEATS]

Writing is measured from events to lines in files, in batches as commands write them, beside the
least that a log could be: the same lines, ready made, with one `file.write` each. The events are a
message's whole way, from its connection to the end of its delivery.

A verification is measured in the lab with a cold resolver: without logs, with the factory's, and
with a second subscription at Debug, lines on the disk included. What the logs add is less than a
busy machine varies by, so it is processor time that is measured, all of it being in this process,
and the least of many runs is what is compared.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from esashell.clock import FixedClock
from esashell.config.model.logs import LogLevel, LogSettings, LogSubscription, LogType
from esashell.config.tree import Config
from esashell.delivery.verification import Sender, verify_domain
from esashell.events import (
    Delivered,
    DeliveryClosed,
    DeliveryConnection,
    DeliveryStarted,
    DnsAnswered,
    DnsAsked,
    DnsSent,
    Event,
    InjectionClosed,
    InjectionConnection,
    MessageFinished,
    MessageQueued,
    MessageStarted,
    SenderGroupMatched,
    TlsNegotiated,
)
from esashell.logs.files import log_files
from esashell.logs.subscriptions import Subscriptions
from esashell.resolver.lookup import Resolver, Server
from esashell.resolver.names import name_from_text
from esashell.steps import deaf, run
from esashell.worlds.lab.world import Lab
from tests.bench.timing import Measure, call, side_by_side

NOON = 1_795_000_000_000_000
MESSAGES = 2000
MAIL = LogSubscription("mail_logs", LogType.MAIL, "mail", maximum_size=1 << 30)
DEBUG = LogSubscription("mail_logs_d", LogType.MAIL, "mail", LogLevel.DEBUG, maximum_size=1 << 30)


def message(number: int) -> tuple[Event, ...]:
    """All that happens to a message, and one look-up for it."""
    domain = f"d{number % 97}.example"
    until = NOON + 3_600_000_000
    return (
        InjectionConnection(number, "Management", "192.0.2.10", "198.51.100.4"),
        SenderGroupMatched(number, "RELAY", "RELAYLIST", "198.51.100.4"),
        MessageStarted(
            number, number, "a@example.com", (f"b@{domain}",), 2800, "<1@example.com>", "Hello"
        ),
        MessageQueued(number),
        InjectionClosed(number),
        DnsAsked(domain, "MX"),
        DnsSent(domain, "MX", "192.0.2.53"),
        DnsAnswered(domain, "MX", "SECURE", "FOUND", ((10, f"mx.{domain}"),), 3600, until),
        DeliveryConnection(number, "192.0.2.10", "203.0.113.25"),
        TlsNegotiated(number, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", domain),
        DeliveryStarted(number, number, (0,)),
        Delivered(number, number, (0,), "2.0.0 Ok: queued as 4F2A1"),
        MessageFinished(number),
        DeliveryClosed(number),
    )


def writing(level: LogLevel, events: list[Event], folder: Path) -> Callable[[], None]:
    config = Config(logs=LogSettings(subscriptions=(DEBUG if level is LogLevel.DEBUG else MAIL,)))

    def write() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            logs = Subscriptions(place)
            logs.follow(config, NOON)
            now = NOON
            for event in events:
                now += 50_000
                logs.record(event, now)
            assert logs.flush(now) == ()

    return write


def lines_of(level: LogLevel, events: list[Event], folder: Path) -> list[str]:
    """What `writing` writes, for the peer that has it ready."""
    subscription = DEBUG if level is LogLevel.DEBUG else MAIL
    logs = Subscriptions(str(folder / level))
    logs.follow(Config(logs=LogSettings(subscriptions=(subscription,))), NOON)
    for event in events:
        logs.record(event, NOON)
    logs.flush(NOON)
    (file,) = log_files(folder / level / subscription.name)
    return file.path.read_text().splitlines(keepends=True)


def plain(lines: list[str], folder: Path) -> Callable[[], None]:
    def write() -> None:
        with (folder / "plain").open("w") as file:
            for line in lines:
                file.write(line)

    return write


def lines_per_second(repeats: int, folder: Path) -> str:
    events = [event for number in range(1, MESSAGES + 1) for event in message(number)]
    found = ["lines a second, from events to files"]
    for level in (LogLevel.INFORMATION, LogLevel.DEBUG):
        lines = lines_of(level, events, folder)
        rows: dict[str, Measure] = {
            "file.write, lines ready made": call(plain(lines, folder)),
            f"a mail log at {level}": call(writing(level, events, folder)),
        }
        medians = side_by_side(rows, repeats=repeats)
        least = min(medians.values())
        found += [
            f"  {name:42} {len(lines) / each * 1000:12,.0f} /s  {each / least:6.2f}x"
            for name, each in medians.items()
        ]
    return "\n".join(found)


class Verification:
    """One verification in the lab, cold, with these logs or without any."""

    def __init__(self, subscriptions: tuple[LogSubscription, ...] | None, folder: Path) -> None:
        self.clock = FixedClock(NOON)
        self.lab = Lab(self.clock)
        servers = [Server("194.191.40.83"), Server("194.191.40.84")]
        self.resolver = Resolver(servers, [self.lab.anchor], self.clock)
        self.logs = None if subscriptions is None else Subscriptions(str(folder))
        if self.logs is not None:
            settings = LogSettings(subscriptions=subscriptions or ())
            self.logs.follow(Config(logs=settings), NOON)
            self.resolver.tells = self.logs.wants(DnsAsked)
        self.verify()

    def verify(self) -> None:
        self.resolver.flush()
        sender = Sender(self.resolver, self.clock)
        listen = deaf if self.logs is None else self.hear
        with self.lab.session() as session:
            run(verify_domain(name_from_text("ietf.org"), sender), session, listen)
        if self.logs is not None:
            assert self.logs.flush(NOON) == ()

    def hear(self, told: Any) -> None:
        if isinstance(told, Event):
            assert self.logs is not None
            self.logs.record(told, NOON)


def verification(repeats: int, folder: Path) -> str:
    kinds = {
        "without logs": None,
        "mail_logs at Information": (MAIL,),
        "and mail_logs_d at Debug": (MAIL, DEBUG),
    }
    rows = {
        name: Verification(subscriptions, folder / str(number)).verify
        for number, (name, subscriptions) in enumerate(kinds.items())
    }
    fastest = dict.fromkeys(rows, float("inf"))
    for _ in range(repeats * 10):
        for name, verify in rows.items():
            began = time.process_time()
            verify()
            fastest[name] = min(fastest[name], (time.process_time() - began) * 1000)
    least = fastest["without logs"]
    return "\n".join(
        [
            "daneverify ietf.org in the lab, cold; processor time, the least of many",
            *(
                f"  {name:42} {each:9.3f} ms  {each / least:6.3f}x"
                for name, each in fastest.items()
            ),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="What logs cost.")
    parser.add_argument("repeats", nargs="?", type=int, default=9)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as place:
        print(lines_per_second(repeats, Path(place)))
        print(verification(repeats, Path(place) / "state"))


if __name__ == "__main__":
    main()
