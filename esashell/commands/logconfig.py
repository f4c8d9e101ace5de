"""logconfig: log subscriptions, and what all of them write down.

The job it is there for in the work with DANE (TechNote 214794): a second subscription of the mail
log, at Debug and with few files, while a delivery is watched, and gone again afterwards.

The list of types is the appliance's, with its numbers, so that what was typed there can be typed
here; those that esashell has nothing to write into are refused (`config.model.logs` says why).
Of the ways to get at the files there is the first: they are on the disk. The appliance has no
one-line form; this one is ours, read out of the same dialogue.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.log_questions import (
    DURATION,
    HEADERS,
    LOG_NAME,
    SIZE,
    duration_text,
    every_word,
    log_type,
    retrieval,
)
from esashell.commands.registry import TABLE, command
from esashell.config.faults import LARGEST
from esashell.config.model.logs import LogLevel, LogSubscription, LogType
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, choice, number, yes_no
from esashell.dialogue.requests import Ask, Notice, Refuse
from esashell.dialogue.table import Operation, Table, operate

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

LOGS: Table[LogSubscription] = Table(
    at=lambda config: config.logs.subscriptions,
    put=lambda config, rows: replace(config, logs=replace(config.logs, subscriptions=rows)),
    key=lambda log: log.name,
    called="log",
)
LEVELS = {level.value.lower(): level.value for level in LogLevel}
FILENAMES = {
    LogType.MAIL: "mail",
    LogType.DELIVERY: "delivery",
    LogType.BOUNCE: "bounces",
    LogType.STATUS: "status",
    LogType.SYSTEM: "system",
    LogType.CLI: "cli",
}
HEAD = (
    "Currently configured logs:\n"
    "    Log Name      Log Type                Retrieval            Interval\n"
    "---------------------------------------------------------------------------"
)
VOLUME = (
    "At this level every look-up and every step of a delivery is written down, many\n"
    "lines for each message. Keep few files, and delete the log when it has served."
)
NO_HOST_KEYS = (
    "Error: No logs are pushed to other hosts here, so there are no SSH host keys to keep."
)


def summary(config: Config) -> str:
    lines = (
        f"{at:>2}. {log.name:<13} {log.type:<23} {'Manual Download':<20} {_interval(log)}"
        for at, log in enumerate(LOGS.at(config), 1)
    )
    return "\n".join((HEAD, *lines))


def _interval(log: LogSubscription) -> str:
    return duration_text(log.rollover) if log.rollover else "None"


def _new(config: Config) -> "Dialogue[tuple[LogSubscription, ...]]":
    kind = yield from log_type()
    name = yield from ask(Ask("name", "Please enter the name for the log:", LOG_NAME))
    if not (yield from LOGS.is_free(config, name)):
        return ()
    return ((yield from _settings(LogSubscription(name, kind, FILENAMES[kind]))),)


def _edit(config: Config, old: LogSubscription) -> "Dialogue[LogSubscription]":
    name = yield from ask(Ask("name", "Please enter the name for the log:", LOG_NAME, old.name))
    return (yield from _settings(replace(old, name=name), old.level))


def _settings(old: LogSubscription, present: LogLevel | None = None) -> "Dialogue[LogSubscription]":
    """What is asked of a new log and of one that is there; `present` is the latter's level."""
    level = LogLevel((yield from choice("level", "Log level:", LEVELS, old.level.lower())).title())
    if level in (LogLevel.DEBUG, LogLevel.TRACE) and level is not present:
        yield Notice(VOLUME)
    yield from retrieval()
    filename = yield from ask(
        Ask("filename", "Filename to use for log files:", LOG_NAME, old.filename)
    )
    rollover = yield from _rollover(old.rollover)
    size = yield from ask(
        Ask(
            "maximum_size",
            "Please enter the maximum file size:",
            SIZE,
            old.maximum_size,
            label="bytes",
        )
    )
    files = yield from number(
        "maximum_files",
        "Please enter the maximum number of files:",
        old.maximum_files,
        1,
        1000,
        label="files",
    )
    recorded = old.bytes_to_record
    if old.type is LogType.BOUNCE:
        prompt = "Please enter the number of bytes of the bounced message to record:"
        recorded = yield from number("bytes_to_record", prompt, recorded, 0, LARGEST, label="bytes")
    return replace(
        old,
        level=level,
        filename=filename,
        rollover=rollover,
        maximum_size=size,
        maximum_files=files,
        bytes_to_record=recorded,
    )


def _rollover(present: int) -> "Dialogue[int]":
    wanted = yield from yes_no(
        "timed",
        "Do you want to configure time-based log files rollover?",
        bool(present),
        gates=("rollover",),
    )
    if not wanted:
        return 0
    prompt = "Please enter the rollover interval (for example 2h30m or 1d):"
    return (yield from ask(Ask("rollover", prompt, DURATION, present or None)))


def _setup(config: Config) -> "Dialogue[Config]":
    old = config.logs
    interval = yield from number(
        "metrics_interval",
        "System metrics frequency, in seconds:",
        old.metrics_interval,
        1,
        LARGEST,
        label="seconds",
    )
    message_id = yield from yes_no(
        "message_id", "Do you want to log the Message-ID headers?", old.message_id_headers
    )
    subject = yield from yes_no(
        "subject",
        "Do you want to log the original subject header of each message?",
        old.original_subject,
    )
    response = yield from yes_no(
        "remote_response", "Do you want to log the remote response text?", old.remote_response
    )
    after = replace(
        old,
        metrics_interval=interval,
        message_id_headers=message_id,
        original_subject=subject,
        remote_response=response,
    )
    return replace(config, logs=after)


def _log_headers(config: Config) -> "Dialogue[Config]":
    prompt = (
        "Please enter the list of headers you wish to record in the log files.\n"
        "Separate multiple headers with commas; enter NONE to record no headers."
    )
    headers = yield from ask(
        Ask("headers", prompt, HEADERS, config.logs.headers, positional=True, takes=every_word)
    )
    return replace(config, logs=replace(config.logs, headers=headers))


def _host_keys(config: Config) -> "Dialogue[Config]":
    yield Refuse(NO_HOST_KEYS)
    return config


@command("logconfig", help=TABLE["logconfig"], commits=True)
def logconfig(appliance: "Appliance") -> "Dialogue[None]":
    operations = (
        LOGS.new("Create a new log.", _new),
        LOGS.edit(
            "Modify a log subscription.", _edit, "Enter the number of the log you wish to edit."
        ),
        LOGS.delete(
            "Remove a log subscription.", "Enter the number of the log you wish to delete."
        ),
        Operation("setup", "General settings.", _setup),
        Operation("logheaders", "Configure headers to log.", _log_headers),
        Operation("hostkeyconfig", "Configure SSH host keys.", _host_keys),
    )
    yield from operate(appliance.config, summary, operations)
