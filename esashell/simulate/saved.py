"""A plan kept in a file, to be committed later as it was looked at: no more, no less.

The file holds the plan's document, and besides it what the plan began with and what it ends in. It
is worth something only while what runs is what it began with. That is told by the revision's number
and by a digest of its configuration, since a running file can be edited by hand.
"""

from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from esashell.config.codec import decode, encode
from esashell.config.quoting import quoted
from esashell.config.revision import Head
from esashell.config.tree import Config
from esashell.errors import BadConfiguration, CommitRefused
from esashell.simulate.telling import SCHEMA, VERSION


class Base(Struct, frozen=True):
    """The running revision that a plan began with; `config` is a digest."""

    number: int
    who: str
    when: int
    config: str


class Saved(Struct, frozen=True):
    """What has to be known of a plan to commit it. Without a base it cannot be.

    `seal` is a digest of its configuration and its summary, so that an edit by hand is found out.
    """

    schema: str
    version: int
    summary: str
    base: Base | None
    config: str
    seal: str


def base(head: Head, running: Config) -> Base:
    """What runs, as a plan's beginning."""
    return Base(head.number, head.who, head.when, digest(running))


def digest(config: Config) -> str:
    return sha256(encode(config).encode()).hexdigest()


def _seal(summary: str, config: str) -> str:
    return sha256(f"{summary}\n{config}".encode()).hexdigest()


def saved(document: dict[str, Any], base: Base | None, after: Config) -> str:
    """The text of the file."""
    config = encode(after)
    seal = _seal(document["summary"], config)
    whole = {**document, "base": base, "config": config, "seal": seal}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def read(text: str, file: str) -> tuple[Saved, Config]:
    """The plan in a file and what it ends in; raises `CommitRefused`."""
    name = quoted(file)[1:-1]
    try:
        found = msgspec.json.decode(text.encode(), type=Saved)
    except (msgspec.DecodeError, RecursionError):
        raise CommitRefused(f"Not committed: {name} is not a plan that was saved.") from None
    if found.schema != SCHEMA or found.version != VERSION:
        raise CommitRefused(
            f"Not committed: {name} is not a plan of version {VERSION}, which this program reads."
        )
    if found.seal != _seal(found.summary, found.config):
        # What it ends in is then something that nobody has looked at.
        raise CommitRefused(f"Not committed: {name} was edited after it was saved.")
    try:
        return found, decode(found.config, file)
    except BadConfiguration as damage:
        raise CommitRefused(f"Not committed: {damage}") from None


def moved(plan: Saved, head: Head, running: Config) -> bool | None:
    """Whether what runs is no longer what the plan began with; None: it never was what ran."""
    if plan.base is None:
        return None
    return (plan.base.number, plan.base.config) != (head.number, digest(running))
