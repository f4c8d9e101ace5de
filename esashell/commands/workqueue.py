"""workqueue: the messages that are taken in and not yet in a delivery queue.

Nothing is scanned here, so a message is in the work queue for no time at all. Where nothing is
simulated it can be paused like the appliance's; a simulation's cannot, as its mail would not stop.
"""

from typing import TYPE_CHECKING

from esashell.commands.dates import date_and_time, date_time_and_zone
from esashell.commands.queues import queues
from esashell.commands.registry import TABLE, command
from esashell.dialogue.kinds import menu, number, text, yes_no
from esashell.dialogue.requests import Archive, Moot, Notice, Refuse, Search, Show
from esashell.reports.evidence import moment

if TYPE_CHECKING:
    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

KEPT = "workqueue"  # the name that a session keeps the reason for a pause under
SCHEMA = "esashell.workqueue"
VERSION = 1
MICROSECONDS = 1_000_000
REFUSED = "Error: The work queue of a simulation is always empty and cannot be paused."

PAUSE = "Manually pause work queue? This will only affect unprocessed messages."
OPERATIONS = {
    "status": "Display work queue status",
    "pause": "Pause the work queue",
    "resume": "Resume the work queue",
    "rate": "Display work queue statistics over time",
}


USAGE = (
    "workqueue",
    "workqueue status",
    "workqueue pause [<reason>]",
    "workqueue resume",
    "workqueue rate [<seconds>]",
)


@command("workqueue", help=TABLE["workqueue"], usage=USAGE)
def workqueue(appliance: "Appliance") -> "Dialogue[None]":
    other = "pause" if _reason(appliance) else "resume"
    offered = {word: text for word, text in OPERATIONS.items() if word != other}
    word = yield from menu("operation", _status(appliance), offered, (other,))
    match word:
        case "status":
            yield Notice(_status(appliance))
            yield Show(_document(appliance))
        case "pause":
            yield from _pause(appliance)
        case "resume":
            yield from _resume(appliance)
        case "rate":
            yield from _rate(appliance)


def _reason(appliance: "Appliance") -> str:
    """Why it is paused, and by whom; "" while it is not."""
    return str(appliance.kept.get(KEPT, ""))


def _status(appliance: "Appliance") -> str:
    when = date_time_and_zone(appliance.now, appliance.running.timezone)
    return f"{'Status as of:':<18}{when}\n{_state(appliance)}\n{'Messages:':<18}0"


def _state(appliance: "Appliance") -> str:
    reason = _reason(appliance)
    return f"{'Status:':<18}{f'Paused by {reason}' if reason else 'Operational'}"


def _document(appliance: "Appliance") -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(appliance.now),
        "paused": _reason(appliance) or None,
        "messages": 0,
    }


def _pause(appliance: "Appliance") -> "Dialogue[None]":
    if appliance.simulation is not None:
        yield Refuse(REFUSED)
        return
    if not (yield from yes_no("confirm", PAUSE, False, batch="yes")):
        return
    why = yield from text("reason", "Reason for pausing work queue:", "", takes=len)
    appliance.kept[KEPT] = f"{appliance.user}: {why}" if why else appliance.user
    yield Notice(_state(appliance))


def _resume(appliance: "Appliance") -> "Dialogue[None]":
    if not _reason(appliance):
        yield Moot("The work queue is not paused.")
        return
    del appliance.kept[KEPT]
    yield Notice(_state(appliance))


def _rate(appliance: "Appliance") -> "Dialogue[None]":
    seconds = yield from number(
        "seconds", "Enter the number of seconds between displays.", 10, 1, 3600, positional=True
    )
    before = queues(appliance).figures().messages

    def work(archive: Archive) -> None:
        watched = archive.watched and appliance.simulation is None  # its time stands still
        if watched:
            archive.put(b"Type Ctrl-C to return to the main prompt.\n")
        archive.put(f"{'Time':<10}{'Pending':>7}{'In':>7}{'Out':>8}\n".encode())
        due = appliance.now
        while True:
            if appliance.now >= due:
                due += seconds * MICROSECONDS
                archive.put(_row(appliance, before).encode())
            if not watched:
                return
            archive.wait()

    yield Search(work)


def _row(appliance: "Appliance", before: int) -> str:
    """What has come and gone since the rate was asked for."""
    come = queues(appliance).figures().messages - before
    at = date_and_time(appliance.now, appliance.running.timezone)[11:19]
    return f"{at:<10}{0:>7}{come:>7}{come:>8}\n"
