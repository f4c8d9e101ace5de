"""Rules that a configuration must keep before it may run, or be read from a file.

The types of the tables are settled when they are built; `checks` has the rules that a type cannot
say: what a host name is, which addresses a server can have, that a profile in use is there. A
breach is worded for the operator and carries the path of the value, so that a file's line can be
named too.

What works, but hardly as somebody meant it, is a warning: it is shown before a commit and does not
stop it.
"""

from collections.abc import Iterator

from esashell.config.checks import across, bounces, destinations, dns, listeners, logs, routes, ssl
from esashell.config.checks import certificates as certs
from esashell.config.checks import network as net
from esashell.config.faults import Breach
from esashell.config.tree import Config
from esashell.errors import CommitRefused

MOST_SHOWN = 20


def breaches(config: Config, known: Config | None = None) -> tuple[Breach, ...]:
    """Everything that is wrong with the configuration, in its own order; empty when it may run.

    `known` is one that keeps all rules: in long tables its records are not looked at again.
    """
    return tuple(_breaches(config, known or Config()))


def warnings(config: Config) -> tuple[str, ...]:
    """What an operator should know before this configuration runs, in sentences."""
    return tuple(across.warnings(config))


def check(config: Config, known: Config | None = None) -> None:
    """Raises `CommitRefused`, naming the breaches; `known` as for `breaches`."""
    found = [each.text for each in breaches(config, known)]
    if found:
        left = len(found) - MOST_SHOWN
        shown = found[:MOST_SHOWN] + ([f"and {left} more."] if left > 0 else [])
        between = "\n  " if len(found) > 1 else " "
        raise CommitRefused(between.join(["Not committed:", *shown]))


def _breaches(config: Config, known: Config) -> Iterator[Breach]:
    yield from net.breaches(config)
    yield from dns.breaches(config)
    yield from destinations.breaches(config, known)
    yield from routes.breaches(config, known)
    for rules in (bounces, listeners, logs, ssl, certs, across):
        yield from rules.breaches(config)
