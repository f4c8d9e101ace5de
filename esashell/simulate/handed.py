"""The mail that one appliance has handed over to the next, as the next one's stream.

What the first has delivered to the other's address has come there, at the same instant. How things
go on is known for as long as the first one's judgement holds.
"""

from typing import TYPE_CHECKING

from esashell.simulate.fate import Entry
from esashell.simulate.traffic import NEVER

if TYPE_CHECKING:
    from esashell.simulate.fate import Judgement
    from esashell.simulate.lane import Lane


class Handed:
    """A stream of what a lane delivers to an address."""

    def __init__(self, lane: "Lane", address: str) -> None:
        self._lane = lane
        self._address = address

    def _goes_there(self, judgement: "Judgement | None") -> bool:
        attempt = judgement.attempt if judgement is not None else None
        return attempt is not None and attempt.outcome.address == self._address

    def _runs(self) -> list[Entry]:
        there = [
            each
            for each in self._lane.entries
            if each.fate.is_delivery and self._goes_there(each.judgement)
        ]
        lane = self._lane
        known = lane.known
        if known is not None and known.fate.is_delivery and self._goes_there(known) and lane.flows:
            last = lane.stream.come(known.until - 1)
            if last > lane.gone:
                there.append(Entry(known.until, known.fate, lane.gone, last, flowing=True))
        return there

    def come(self, instant: int) -> int:
        count = 0
        for each in self._runs():
            if each.flowing:
                count += min(max(self._lane.stream.come(instant) - each.first, 0), each.count)
            elif each.when <= instant:
                count += each.count
        return count

    def arrival(self, number: int) -> int:
        for each in self._runs():
            if number <= each.count:
                flows = each.flowing
                return self._lane.stream.arrival(each.first + number) if flows else each.when
            number -= each.count
        return NEVER

    def most(self, span: int) -> int:
        """A queue may come at once."""
        return NEVER

    def origin(self, number: int) -> int:
        """The message's number in the lane that it comes from."""
        for each in self._runs():
            if number <= each.count:
                return each.first + number
            number -= each.count
        raise ValueError("no such message comes")
