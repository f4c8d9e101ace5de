"""The lines of Bounce Logs: each recipient that had to wait or was given up, with its addresses."""

from esashell.config.model.logs import LogLevel
from esashell.events import Bounced, Deferred
from esashell.logs.render.line import Form, Lines, Table
from esashell.logs.render.mail import response


def _line(word: str, it: Bounced | Deferred) -> tuple[str, ...]:
    return (
        f"{word}: {it.mid}:{it.rid} From:<{it.sender}> To:<{it.recipient}> "
        f'Reason: "{it.status} - {it.text}" Response: "{response(it)}"',
    )


def _bounced(it: Bounced, form: Form) -> tuple[str, ...]:
    return _line("Bounced", it)


def _deferred(it: Deferred, form: Form) -> tuple[str, ...]:
    return _line("Delayed", it)


BOUNCES: Table = {
    Bounced: (Lines(LogLevel.INFORMATION, _bounced),),
    Deferred: (Lines(LogLevel.INFORMATION, _deferred),),
}
