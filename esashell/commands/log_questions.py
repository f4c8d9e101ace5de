"""Answers that only `logconfig` takes: types of logs, sizes, intervals, header names."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from esashell.config.checks.logs import SMALLEST_FILE, file_name_fault, header_fault
from esashell.config.faults import LARGEST
from esashell.config.model.logs import LogType
from esashell.config.quoting import quoted
from esashell.dialogue.kinds import ask, numbered
from esashell.dialogue.requests import Ask, Kind
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue

# The appliance's list, in its order: the numbers are what is typed.
TYPES = (
    "IronPort Text Mail Logs",
    "qmail Format Mail Logs",
    "Delivery Logs",
    "Bounce Logs",
    "Status Logs",
    "Domain Debug Logs",
    "Injection Debug Logs",
    "SMTP Conversation Logs",
    "System Logs",
    "CLI Audit Logs",
    "FTP Server Logs",
    "HTTP Logs",
    "NTP logs",
    "LDAP Debug Logs",
    "Anti-Spam Logs",
    "Anti-Spam Archive",
    "Anti-Virus Logs",
    "Anti-Virus Archive",
    "Scanning Logs",
    "IronPort Spam Quarantine Logs",
    "IronPort Spam Quarantine GUI Logs",
    "Reporting Logs",
    "Reporting Query Logs",
    "Updater Logs",
    "Tracking Logs",
    "Safe/Block Lists Logs",
    "Authentication Logs",
)
WORDS = {
    "mail": LogType.MAIL,
    "delivery": LogType.DELIVERY,
    "bounces": LogType.BOUNCE,
    "status": LogType.STATUS,
    "system": LogType.SYSTEM,
    "cli": LogType.CLI,
}
WRITTEN = ", ".join(f"{TYPES.index(each) + 1} ({word})" for word, each in WORDS.items())


def _type(text: str) -> LogType:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    found = next((each for each in TYPES if each.lower() == text.lower()), None)
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= len(TYPES):
        found = TYPES[int(text) - 1]
    if found is None:
        raise BadAnswer(f"Error: The value must be a number from 1 to {len(TYPES)}.")
    if found not in WORDS.values():
        raise BadAnswer(f"Error: esashell writes no {found}; the value must be one of {WRITTEN}.")
    return LogType(found)


TYPE: Kind[LogType] = Kind(
    _type,
    lambda found: str(TYPES.index(found) + 1),
    tuple(WORDS),
    "mail",
    closed=True,
    about="The number of a type, or one of the words " + ", ".join(WORDS),
)


def log_type() -> "Dialogue[LogType]":
    prompt = f"Choose the log file type for this subscription:\n{numbered(TYPES)}"
    return ask(Ask("type", prompt, TYPE, LogType.MAIL))


RETRIEVALS = ("Download Manually", "FTP Push", "SCP Push", "Syslog Push")


def _retrieval(text: str) -> str:
    if text.lower() in ("1", "manual"):
        return "manual"
    if text in ("2", "3", "4"):
        way = RETRIEVALS[int(text) - 1]
        raise BadAnswer(f"Error: There is no {way} here; the files are downloaded manually.")
    raise BadAnswer("Error: The value must be one of 1, 2, 3, 4.")


RETRIEVAL: Kind[str] = Kind(
    _retrieval, lambda word: "1", ("manual",), "manual", closed=True, about="The number 1"
)


def retrieval() -> "Dialogue[str]":
    """How the logs are fetched: the question has its place, and one answer."""
    prompt = f"Choose the method to retrieve the logs.\n{numbered(RETRIEVALS)}"
    return ask(Ask("retrieval", prompt, RETRIEVAL, "manual"))


def _log_name(text: str) -> str:
    if fault := file_name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    return text


LOG_NAME = Kind(_log_name, sample="mail_logs_d", about="Letters, digits and _ . -")

UNITS = {"": 1, "k": 1024, "m": 1024**2}


def _size(text: str) -> int:
    # User Guide 9.0, logging: m stands behind megabytes and k behind kilobytes.
    found = re.fullmatch(r"([0-9]{1,12})([km]?)", text.lower())
    size = int(found[1]) * UNITS[found[2]] if found else 0
    if not SMALLEST_FILE <= size <= LARGEST:
        raise BadAnswer(
            f"Error: The value must be a size from {SMALLEST_FILE} to {LARGEST} bytes; "
            "k and m stand behind kilobytes and megabytes."
        )
    return size


SIZE: Kind[int] = Kind(_size, sample="10m", about="A number of bytes, or with k or m behind it")

SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


DURATION_PARTS = re.compile("".join(f"(?:([0-9]{{1,7}}){unit})?" for unit in SECONDS))


def _duration(text: str) -> int:
    found = DURATION_PARTS.fullmatch(text.lower())
    counts = found.groups("0") if found else ()
    seconds = sum(
        int(count) * unit for count, unit in zip(counts, SECONDS.values(), strict=bool(found))
    )
    if not 60 <= seconds <= LARGEST:
        raise BadAnswer("Error: The value must be a time from a minute on, as 2h30m or 1d.")
    return seconds


def duration_text(seconds: int) -> str:
    """The interval as it is typed: `2h30m`."""
    parts = []
    for name, unit in SECONDS.items():
        count, seconds = divmod(seconds, unit)
        parts += [f"{count}{name}"] if count else []
    return "".join(parts)


DURATION: Kind[int] = Kind(_duration, duration_text, sample="1d", about="A time, as 2h30m or 1d")

NONE = "none"


def _headers(text: str) -> tuple[str, ...]:
    if text.lower() == NONE:
        return ()
    found = {each.lower(): each for each in (part.strip() for part in text.split(",")) if each}
    for each in found.values():
        if fault := header_fault(each):
            raise BadAnswer(f"Error: {quoted(each, 60)} {fault}.")
    return tuple(found.values())


HEADERS: Kind[tuple[str, ...]] = Kind(
    _headers,
    ", ".join,
    sample="X-Test",
    about="Names of headers with commas between them, or none",
)


def every_word(words: Sequence[str]) -> int:
    """A list with commas may have blanks after them: on a command line it is all that is left."""
    return len(words)
