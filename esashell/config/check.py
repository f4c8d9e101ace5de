"""Rules that a configuration must keep before it may run, or be read from a file.

The types of the tables are settled when they are built; `checks` has the rules that a type cannot
say: what a host name is, which addresses a server can have, that a profile in use is there. A
breach is worded for the operator and carries the path of the value, so that a file's line can be
named too.

At a commit nearly everything is as it was in the configuration that runs, which keeps the rules.
Then only those are tried whose tables have changed, and of a long table only the rows that did,
with what they depend on: whether their keys are there already, whether a profile that others may
use has gone. If that finds anything at all, everything is looked at, so that the findings are the
same, letter by letter, as without this.

What works, but hardly as somebody meant it, is a warning: it is shown before a commit and does not
stop it.
"""

from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.apart import KeySets, exchanged, keys
from esashell.config.checks import across, bounces, destinations, dns, listeners, logs, routes, ssl
from esashell.config.checks import certificates as certs
from esashell.config.checks import network as net
from esashell.config.checks import warnings as doubts
from esashell.config.faults import Breach
from esashell.config.model.routes import MOST_ROUTES
from esashell.config.tree import Config
from esashell.errors import CommitRefused

Rules = Callable[[Config], Iterator[Breach]]

# Each with the tables that it looks at.
RULES: tuple[tuple[Rules, tuple[str, ...]], ...] = (
    (net.breaches, ("hostname", "timezone", "interfaces", "interface_groups", "delivery")),
    (dns.breaches, ("dns",)),
    (destinations.breaches, ("destinations",)),
    (routes.breaches, ("smtp_routes",)),
    (bounces.breaches, ("bounces",)),
    (listeners.breaches, ("listeners", "receiving", "certificates")),
    (logs.breaches, ("logs",)),
    (ssl.breaches, ("ssl",)),
    (certs.breaches, ("certificates", "authorities")),
    (
        across.breaches,
        (
            *("bounces", "destinations", "listeners", "interfaces", "interface_groups"),
            *("delivery", "certificates"),
        ),
    ),
)

MOST_SHOWN = 20


def breaches(config: Config, known: Config | None = None) -> tuple[Breach, ...]:
    """Everything that is wrong with the configuration, in its own order; empty when it may run.

    `known` is one that keeps all rules, and has most of its records in common with this one.
    """
    if known is not None and _holds_as(known, config):
        return ()
    return tuple(breach for rules, _ in RULES for breach in rules(config))


def warnings(config: Config) -> tuple[str, ...]:
    """What an operator should know before this configuration runs, in sentences."""
    return tuple(doubts.warnings(config))


def check(config: Config, known: Config | None = None) -> None:
    """Raises `CommitRefused`, naming the breaches; `known` as for `breaches`."""
    found = [each.text for each in breaches(config, known)]
    if found:
        left = len(found) - MOST_SHOWN
        shown = found[:MOST_SHOWN] + ([f"and {left} more."] if left > 0 else [])
        between = "\n  " if len(found) > 1 else " "
        raise CommitRefused(between.join(["Not committed:", *shown]))


_domains = KeySets(str.lower)


def _holds_as(known: Config, config: Config) -> bool:
    """Whether it keeps all rules for certain, since this one does."""
    table, rows = known.destinations.entries, config.destinations.entries
    entries = exchanged(table, rows)
    ways = exchanged(known.smtp_routes, config.smtp_routes)
    if (
        len(config.smtp_routes) > MOST_ROUTES
        or not _once("destinations", table, rows, *entries)
        or not _once("routes", known.smtp_routes, config.smtp_routes, *ways)
        # Rows that did not change may name what has gone.
        or not set(keys(known.bounces.profiles)) <= set(keys(config.bounces.profiles))
    ):
        return False
    new = replace(config.destinations, entries=tuple(entries[1]))
    changed = replace(config, destinations=new, smtp_routes=tuple(ways[1]))
    before = replace(known, destinations=replace(known.destinations, entries=()), smtp_routes=())
    return not any(
        True
        for rules, tables in RULES
        if any(getattr(changed, each) != getattr(before, each) for each in tables)
        for _ in rules(changed)
    )


def _once(
    table: str,
    before: tuple[Struct, ...],
    after: tuple[Struct, ...],
    gone: list[Struct],
    come: list[Struct],
) -> bool:
    """Whether no key is there twice, where none was before."""
    if len(after) != len(before) - len(gone) + len(come):
        return False  # one and the same record twice
    left, new = set(map(str.lower, keys(gone))), list(map(str.lower, keys(come)))
    if len(set(new)) < len(new):
        return False
    added = [key for key in new if key not in left]
    if not added:
        return True
    known = _domains.of(table, before)
    return known is not None and known.isdisjoint(added)
