"""Single messages of a queue: found by what they are, and taken out."""

from bisect import bisect_left
from collections.abc import Iterator

from esashell.delivery.figures import Queued
from esashell.simulate.appliance import Queue
from esashell.simulate.fate import Fate
from esashell.simulate.mail import Letter


def letters(queue: Queue, sender: str = "") -> Iterator[Letter]:
    """The messages that wait, oldest first; of one sender, if one is named."""
    come = queue.stream.come(queue.now - 1)
    for first, last in queue.removed.without(queue.gone, come):
        for number in range(first + 1, last + 1):
            letter = queue.mail.letter(number)
            if not sender or letter.sender.lower() == sender.lower():
                yield letter


def waiting(queue: Queue, letter: Letter, mid: int) -> Queued:
    """One that waits, as it is listed."""
    # It has been attempted at each slot since it came.
    attempts = len(queue.failed_at) - bisect_left(queue.failed_at, letter.arrival)
    return Queued(
        mid=mid,
        rid=0,
        size=letter.size,
        attempts=attempts,
        sender=letter.sender,
        recipient=letter.recipient,
        subject=letter.subject,
        since=letter.arrival,
    )


def remove(queue: Queue, sender: str, fate: Fate) -> int:
    """Take out all that wait, or those of one sender; how many there were."""
    if not sender:
        return queue.remove(queue.gone, queue.stream.come(queue.now - 1), fate)
    numbers = [each.number for each in letters(queue, sender)]
    return sum(queue.remove(number - 1, number, fate) for number in numbers)
