"""The counters of `dnsstatus` over all sessions of an appliance.

    counters/dns    one line for each counter: its name and its number

A session adds what it has done when it ends, under a lock, so that several at a time lose nothing;
nothing is written on the way. A file that is damaged is told and begun anew: it holds no decision,
only numbers to look at.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from msgspec.structs import asdict

from esashell.config import durable
from esashell.resolver.budget import Effort
from esashell.shell.output import complain

LARGEST = 10_000  # octets


def before(folder: str) -> Effort:
    """What the sessions did that have ended."""
    path = _path(folder)
    try:
        with open(path, "rb") as file:
            return _decoded(file.read(LARGEST))
    except FileNotFoundError:
        return Effort()
    except OSError as error:
        complain(f"esashell: the DNS counters cannot be read: {durable.reason(error)}.")
    except ValueError:
        complain(f"esashell: {path} is damaged, so the DNS counters begin anew.")
    return Effort()


def add(folder: str, done: Effort) -> None:
    """Keep what a session has done; one that did nothing leaves no trace."""
    if done == Effort():
        return
    path = _path(folder)
    try:
        durable.folder(path.parent)
        with durable.alone(path.with_name("lock"), str(os.getpid()), time.sleep):
            durable.replace(path, _encoded(before(folder) + done))
    except durable.Held as held:
        complain(f"esashell: the DNS counters were not kept: {held} has them.")
    except OSError as error:
        complain(f"esashell: the DNS counters cannot be kept: {durable.reason(error)}.")


def _path(folder: str) -> Path:
    return Path(folder, "counters", "dns")


def _encoded(effort: Effort) -> bytes:
    return "".join(f"{name} {number}\n" for name, number in asdict(effort).items()).encode()


def _decoded(text: bytes) -> Effort:
    """The counters in the text; ValueError when it does not hold each of them once."""
    found: dict[str, int] = {}
    for line in text.decode("ascii").splitlines():
        name, _, number = line.partition(" ")
        if name in found or not number.isdigit() or len(number) > 18:
            raise ValueError(line)
        found[name] = int(number)
    if found.keys() != asdict(Effort()).keys():
        raise ValueError(text)
    return Effort(**found)
