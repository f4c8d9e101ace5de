"""Runs of numbers that an operator took out of the middle of a queue."""

from bisect import bisect_left, insort
from collections.abc import Iterator


class Runs:
    """Runs that do not touch one another's numbers: those after `first` up to `last`, in order."""

    def __init__(self) -> None:
        self.count = 0  # of numbers in all runs
        self._runs: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """Another run; nothing of it is in here yet."""
        insort(self._runs, (first, last))
        self.count += last - first

    def without(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The runs of what is left of the numbers after `first` up to `last`."""
        for begin, end in self._runs[max(bisect_left(self._runs, (first, first)) - 1, 0) :]:
            if end <= first:
                continue
            if begin >= last:
                break
            if begin > first:
                yield first, begin
            first = end
        if first < last:
            yield first, last

    def cut(self, last: int) -> None:
        """Forget the numbers up to `last`: they are behind the front of the queue."""
        while self._runs and self._runs[0][0] < last:
            first, end = self._runs.pop(0)
            self.count -= min(end, last) - first
            if end > last:
                self._runs.insert(0, (last, end))
                return

    def shed(self, gone: int) -> int:
        """The number that the queue's front is at, when what was taken out there is passed."""
        while self._runs and self._runs[0][0] <= gone:
            first, last = self._runs.pop(0)
            self.count -= last - first
            gone = max(gone, last)
        return gone

    def reach(self, gone: int, count: int, most: int) -> int:
        """How far the front comes when so many go, and none beyond `most`."""
        if not self._runs:
            return min(gone + count, most)
        for first, last in self.without(gone, most):
            if last - first >= count:
                return first + count
            count -= last - first
        return most
