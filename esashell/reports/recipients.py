"""`showrecipients`: what waits in the queue, two lines for each recipient."""

from collections.abc import Iterable, Iterator, Sequence

from esashell.delivery.figures import Queued
from esashell.reports.evidence import Document, moment

SCHEMA = "esashell.recipients"
VERSION = 1


def recipient_lines(queued: Sequence[Queued], width: int) -> Iterator[str]:
    """The table; a column is as wide as what is in it, as far as the screen allows."""
    senders, recipients = _widths(queued, width)
    yield f"{'MID/':<10}{'Bytes/':<9}{'Sender':<{senders}}{'Recipient':<{recipients}}Subject"
    yield f"{'[RID]':<10}[Atmps]"
    for it in queued:
        first = f"{it.mid:<9} {it.size:<8} "
        yield ""
        yield f"{first}{it.sender:<{senders}}{it.recipient:<{recipients}}{it.subject}".rstrip()
        yield f"{f'[{it.rid}]':<10}[{it.attempts}]"


def _widths(queued: Iterable[Queued], width: int) -> tuple[int, int]:
    most = max(18, (width - 28) // 2)
    senders = recipients = 16
    for it in queued:
        senders = max(senders, min(len(it.sender), most))
        recipients = max(recipients, min(len(it.recipient), most))
    return senders + 2, recipients + 2


def recipients_document(queued: Iterable[Queued], matching: int, now: int) -> Document:
    """For machines; `matching` is how many there are, of which not all may be shown."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "when": moment(now),
        "matching": matching,
        "recipients": [
            {
                "mid": it.mid,
                "rid": it.rid,
                "bytes": it.size,
                "attempts": it.attempts,
                "sender": it.sender,
                "recipient": it.recipient,
                "subject": it.subject,
                "since": moment(it.since),
            }
            for it in queued
        ],
    }
