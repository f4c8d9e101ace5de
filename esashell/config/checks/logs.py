"""Rules for log subscriptions (`logconfig`)."""

import re
from collections.abc import Iterator

from esashell.config.faults import Breach, number, twice
from esashell.config.model.logs import LogSubscription
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

SMALLEST_FILE = 1024


def breaches(config: Config) -> Iterator[Breach]:
    logs = config.logs
    yield from number(
        ("logs", "metrics_interval"), "logs: metrics_interval", logs.metrics_interval, 1
    )
    for position, header in enumerate(logs.headers):
        if fault := header_fault(header):
            text = f"logs: header {quoted(header)} {fault}."
            yield Breach(("logs", "headers", position), text)
    at: KeyPath = ("logs", "subscriptions")
    yield from twice(at, "name", "log subscription", (each.name for each in logs.subscriptions))
    for position, each in enumerate(logs.subscriptions):
        yield from _subscription((*at, position), each)


def header_fault(text: str) -> str | None:
    """What is wrong with the name of a message header (RFC 5322 2.2): printable ASCII, no colon."""
    if re.fullmatch(r"[!-9;-~]{1,77}", text):
        return None
    return "is not the name of a header"


def file_name_fault(text: str) -> str | None:
    """What is wrong with a name of a log, which becomes one of a file or a folder."""
    # A dot in front would be hidden, and two of them lead out of the folder.
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", text):
        return None
    return "is not a log's name: letters, digits and _ . - only, no dot or hyphen in front"


def _subscription(at: KeyPath, log: LogSubscription) -> Iterator[Breach]:
    subject = f"log subscription {quoted(log.name)}"
    if fault := file_name_fault(log.name):
        yield Breach((*at, "name"), f"{subject} {fault}.")
    if fault := file_name_fault(log.filename):
        yield Breach((*at, "filename"), f"{subject}: {quoted(log.filename)} {fault}.")
    where: KeyPath = (*at, "maximum_size")
    yield from number(where, f"{subject}: maximum_size", log.maximum_size, SMALLEST_FILE)
    yield from number((*at, "maximum_files"), f"{subject}: maximum_files", log.maximum_files, 1)
    yield from number((*at, "rollover"), f"{subject}: rollover", log.rollover)
    where = (*at, "bytes_to_record")
    yield from number(where, f"{subject}: bytes_to_record", log.bytes_to_record)
