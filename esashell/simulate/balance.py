"""Where all messages are: injected = delivered + bounced + dropped + queued, at every instant.

The four are counted apart. What was injected is the sum of the formulas of the mail, before it was
put into queues; what is gone is counted entry by entry as it goes; and what waits is what lies
behind the front of a queue. An appliance behind another has had injected what that one handed over.
"""

from collections.abc import Sequence

from esashell.simulate.appliance import Appliance
from esashell.simulate.traffic import Stream


class Unbalanced(Exception):
    """A message is in no place or in two: our own mistake."""


def balanced(appliances: Sequence[Appliance], injected: Sequence[Stream], now: int) -> None:
    """Whether every message is in one place; raises `Unbalanced`."""
    come = sum(each.come(now - 1) for each in injected)
    for place, appliance in enumerate(appliances):
        gone = sum(each.tally.total() for each in appliance.queues)
        queued = sum(each.waiting() for each in appliance.queues)
        if come != gone + queued:
            text = f"{come} messages came, {gone} are gone and {queued} wait"
            raise Unbalanced(f"at {now}, appliance {appliance.name!r}: {text}")
        if place + 1 < len(appliances):
            come = _handed_over(appliance, appliances[place + 1].address)


def _handed_over(appliance: Appliance, address: str) -> int:
    return sum(
        entry.count
        for queue in appliance.queues
        for entry in queue.entries
        if entry.judgement is not None
        and entry.judgement.attempt is not None
        and entry.fate.is_delivery
        and entry.judgement.attempt.outcome.address == address
    )
