"""The log subscriptions of an appliance: one stream of events in, each log's own lines out.

A subscription is made of a type, which says what it has to say about an event, and of a level,
which says how much of that is wanted. Lines are kept until a command ends, or until there are many,
and then written together. What is not wanted by anybody costs a look into a dictionary.

Time is that of the events. A file that is rolled over by time ends with the last line before its
time was up, also where hours go by in the blink of an eye.

A configuration that was committed is followed at once: lines that are still kept go to the log as
it was, and the files of a subscription that is gone stay where they are.
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from esashell import __version__
from esashell.config.model.logs import LogSettings, LogSubscription, LogType
from esashell.events import Event
from esashell.logs.lock import LOCKED
from esashell.logs.render.line import WORD, Form, Lines, Table, asked_for
from esashell.logs.stamp import Zone, line_stamp, zone_named
from esashell.logs.writer import LogWriter

if TYPE_CHECKING:
    from esashell.config.tree import Config

SECOND = 1_000_000
# Lines that are kept at most before they are written, so that memory stays small in a long run.
MANY = 2000
NEVER = 1 << 62

Taker = tuple["_Log", tuple[tuple[str, Callable[[Event, Form], tuple[str, ...]]], ...]]


def table_of(log_type: LogType) -> Table:
    """What logs of this type say about events. Imported when the first of them has something."""
    match log_type:
        case LogType.MAIL:
            from esashell.logs.render.mail import MAIL

            return MAIL
        case LogType.BOUNCE:
            from esashell.logs.render.bounces import BOUNCES

            return BOUNCES
        case LogType.DELIVERY:
            from esashell.logs.render.deliveries import DELIVERIES

            return DELIVERIES
    from esashell.logs.render.appliance import CLI, STATUS, SYSTEM

    return {LogType.CLI: CLI, LogType.SYSTEM: SYSTEM, LogType.STATUS: STATUS}.get(log_type, {})


class Subscriptions:
    """All logs of one appliance, in folders of their own below `folder`."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._settings: LogSettings | None = None
        self._timezone = ""
        self._form = Form()
        self._logs: dict[str, _Log] = {}
        self._takers: dict[type[Event], tuple[Taker, ...]] = {}
        self._second = -1
        self._stamp = ""
        self._kept = 0
        self._latest = 0  # when the last event was
        self._due = NEVER  # when a file may have to be rolled over
        self._troubles: dict[str, list[str]] = {}  # logs by the reason they cannot be written for
        self._told: set[str] = set()

    def follow(self, config: "Config", now: int) -> None:
        """Write what this configuration asks for from now on."""
        same_zone = self._timezone == config.timezone
        if same_zone and self._settings is config.logs:
            return
        settings, zone = config.logs, zone_named(config.timezone)
        before, self._logs = self._logs, {}
        for each in settings.subscriptions:
            old = before.get(each.name)
            if old is not None and same_zone and old.subscription == each:
                self._logs[each.name] = before.pop(each.name)
            else:
                self._logs[each.name] = _Log(self.folder / each.name, each, zone)
        for log in before.values():
            self._write(log, now)
        self._settings, self._timezone = settings, config.timezone
        self._form = Form(zone, settings)
        self._takers.clear()
        self._second = -1
        self._due = 0 if any(each.rollover for each in settings.subscriptions) else NEVER

    def wants(self, kind: type[Event]) -> bool:
        """Whether any log has something to say about such events."""
        return bool(self._takers_of(kind))

    def record(self, event: Event, now: int) -> None:
        """Something happened, at `now` in microseconds since 1970."""
        takers = self._takers.get(type(event))
        if takers is None:
            takers = self._takers_of(type(event))
        if not takers:
            return
        turned = now >= self._due
        if turned:
            self.write(now)
        self._latest = max(self._latest, now)
        if now // SECOND != self._second:
            self._second = now // SECOND
            self._stamp = line_stamp(now, self._form.zone)
        stamp, form = self._stamp, self._form
        for log, ways in takers:
            before = len(log.lines)
            for word, texts in ways:
                log.lines += [f"{stamp} {word}: {text}" for text in texts(event, form)]
            self._kept += len(log.lines) - before
        if turned or self._kept >= MANY:
            self.write(now)
            self._due = self._next_due(now) if self._due < NEVER else NEVER

    def _next_due(self, now: int) -> int:
        """When the next file is too old; in a second at the latest where that is not known."""
        soon = (now // SECOND + 1) * SECOND
        rolled = (each.writer.old_at for each in self._logs.values() if each.subscription.rollover)
        return max(min(rolled, default=NEVER), soon)

    def write(self, now: int) -> bool:
        """Write what is kept; whether nothing was lost with that."""
        self._kept = 0
        last = min(self._latest, now)  # long before now, where time flies
        for log in self._logs.values():
            if log.lines:
                self._write(log, last)
        return not any(log.writer.lost for log in self._logs.values())

    def flush(self, now: int) -> tuple[str, ...]:
        """Write what is kept. The warnings, each once for as long as there is cause for it."""
        self.write(now)
        found = tuple(
            _warning(names, reason)
            for reason, names in self._troubles.items()
            if reason not in self._told
        )
        self._told.update(self._troubles)
        self._troubles.clear()
        if not any(log.writer.in_trouble for log in self._logs.values()):
            self._told.clear()
        return found

    def roll_over(self, name: str, now: int) -> None:
        """Save the log's current file and begin another. Raises `OSError`; KeyError for no log."""
        log = self._logs[name]
        self._write(log, now)
        log.writer.roll_over(now)

    def _takers_of(self, kind: type[Event]) -> tuple[Taker, ...]:
        found = self._takers.get(kind)
        if found is None:
            taken = ((log, log.lines_for(kind)) for log in self._logs.values())
            found = self._takers[kind] = tuple(
                (log, tuple((WORD[each.level], each.texts) for each in lines))
                for log, lines in taken
                if lines
            )
        return found

    def _write(self, log: "_Log", now: int) -> None:
        lines, log.lines = log.lines, []
        if lines and (reason := log.writer.write(lines, now)):
            self._troubles.setdefault(reason, []).append(log.subscription.name)


class _Log:
    """One subscription: what it takes, what it keeps, and where it writes."""

    def __init__(self, folder: Path, subscription: LogSubscription, zone: Zone) -> None:
        self.subscription = subscription
        self.lines: list[str] = []
        begins, ends = partial(_begins, zone=zone), partial(_ends, zone=zone)
        self.writer = LogWriter(folder, subscription, zone, begins=begins, ends=ends)
        self._asked_for: dict[type[Event], tuple[Lines, ...]] | None = None

    def lines_for(self, kind: type[Event]) -> tuple[Lines, ...]:
        if self._asked_for is None:
            it = self.subscription
            self._asked_for = asked_for(table_of(it.type), it.level)
        return self._asked_for.get(kind, ())


def _begins(now: int, zone: Zone) -> tuple[str, ...]:
    stamp = line_stamp(now, zone)
    return (
        f"{stamp} Info: Begin Logfile",
        # No serial number is made up; see `version`.
        f"{stamp} Info: Version: esashell {__version__} SN: none",
        f"{stamp} Info: Time offset from UTC: {zone(now)} seconds",
    )


def _ends(now: int, zone: Zone) -> tuple[str, ...]:
    return (f"{line_stamp(now, zone)} Info: End Logfile",)


def _warning(names: Iterable[str], reason: str) -> str:
    logs = ", ".join(names)
    if reason == LOCKED:
        return f"Warning: {logs} cannot be written ({reason}). Lines wait until that is over."
    return (
        f"Warning: {logs} cannot be written ({reason}). Lines of logs are lost until that is "
        "mended; nothing else is."
    )
