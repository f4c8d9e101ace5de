"""Rules for destination controls (`destconfig`)."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from esashell.config.faults import Breach, are_patterns, number, pattern_fault, twice
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

RESERVED = ("default", "all")
LIMITS = (
    ("concurrency", CONCURRENCY),
    ("messages_per_connection", MESSAGES),
    ("recipient_limit", RECIPIENTS),
    ("recipient_minutes", MINUTES),
)


def breaches(config: Config) -> Iterator[Breach]:
    table = config.destinations
    yield from _limits(("destinations", "default"), "destination default", table.default)
    at: KeyPath = ("destinations", "entries")
    yield from twice(at, "domain", "destination", (each.domain for each in table.entries))
    for position, each in enumerate(() if _are_good(table.entries) else table.entries):
        if fault := destination_fault(each.domain):
            text = f"destination {quoted(each.domain)} {fault}."
            yield Breach((*at, position, "domain"), text)
        yield from _limits((*at, position), f"destination {quoted(each.domain)}", each)


def _are_good(entries: Sequence[DestinationControl]) -> bool:
    """Whether nothing is wrong with any entry; False where they have to be looked at one by one."""
    domains = [each.domain for each in entries]
    return (
        set(map(str.lower, domains)).isdisjoint(RESERVED)
        and are_patterns(domains)
        and all(
            lowest <= min(found) and max(found) <= highest
            for field, (lowest, highest) in LIMITS
            if (found := set(map(attrgetter(field), entries)) - {None})
        )
    )


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
