"""Rules for destination controls (`destconfig`)."""

from collections.abc import Iterator

from esashell.config.faults import Breach, fresh, number, pattern_fault, twice
from esashell.config.model.destination import (
    CONCURRENCY,
    MESSAGES,
    MINUTES,
    RECIPIENTS,
    DefaultControl,
    DestinationControl,
)
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath

NONE_KNOWN = Config()
RESERVED = ("default", "all")
LIMITS = (
    ("concurrency", CONCURRENCY),
    ("messages_per_connection", MESSAGES),
    ("recipient_limit", RECIPIENTS),
    ("recipient_minutes", MINUTES),
)


def breaches(config: Config, known: Config = NONE_KNOWN) -> Iterator[Breach]:
    table = config.destinations
    yield from _limits(("destinations", "default"), "destination default", table.default)
    at: KeyPath = ("destinations", "entries")
    yield from twice(at, "domain", "destination", (each.domain for each in table.entries))
    for position, each in fresh(table.entries, known.destinations.entries):
        subject = f"destination {quoted(each.domain)}"
        if fault := destination_fault(each.domain):
            yield Breach((*at, position, "domain"), f"{subject} {fault}.")
        yield from _limits((*at, position), subject, each)


def destination_fault(text: str) -> str | None:
    """What is wrong with what an entry is for: a domain, or `.domain`."""
    # Where an entry is named, these two stand for no entry and for all of them.
    if text.lower() in RESERVED:
        return "is a word of the command and cannot be a destination"
    return pattern_fault(text)


def _limits(
    at: KeyPath, subject: str, control: DefaultControl | DestinationControl
) -> Iterator[Breach]:
    for field, (lowest, highest) in LIMITS:
        found = getattr(control, field)
        if found is not None:
            yield from number((*at, field), f"{subject}: {field}", found, lowest, highest)
