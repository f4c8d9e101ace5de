"""Very many destinations, of which few are in trouble.

Who delivers all along is never looked at: what has come for all of them together is one sum (see
`traffic.Flows`), and it has gone as it came. Only a destination that is in trouble at some time has
a queue of its own. So a run costs the attempts of those that fail, whether there are a million
messages or ten, and a million destinations or a hundred thousand.

The trouble is given: for each such destination what an attempt would end in at an instant.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.lane import Lane
from esashell.simulate.retry import DOUBLING
from esashell.simulate.traffic import Course, Flow, Flows, Timed


class Totals(Struct, frozen=True):
    """Where all messages are; those that were injected are in one of the other places."""

    injected: int
    delivered: int
    bounced: int
    dropped: int
    queued: int

    @property
    def is_balanced(self) -> bool:
        return self.injected == self.delivered + self.bounced + self.dropped + self.queued


class Fleet:
    """All destinations, by the rates and phases of their mail along one course."""

    def __init__(
        self,
        course: Course,
        rates: Sequence[int],
        phases: Sequence[int],
        troubled: Mapping[int, Callable[[int], Judgement]],
        profile: BounceProfile,
        *,
        factor: int = DOUBLING,
    ) -> None:
        """`troubled` has the judgements of some, by their places."""
        self.course = course
        self.now = course.begin
        self._all = Flows(rates, phases)
        places = list(troubled)
        self._theirs = Flows([rates[each] for each in places], [phases[each] for each in places])
        self.lanes = [
            Lane(
                Timed(course, Flow(rates[place], phases[place])),
                judge,
                profile,
                course.begin,
                factor=factor,
            )
            for place, judge in troubled.items()
        ]

    @property
    def steps(self) -> int:
        """What it has cost: one for each destination, and one for each thing that was decided."""
        return self._all.count + sum(each.steps for each in self.lanes)

    @property
    def attempts(self) -> int:
        """How many attempts at a queue there were."""
        return sum(each.attempts for each in self.lanes)

    def advance(self, until: int) -> None:
        """Settle everything before this instant."""
        for each in self.lanes:
            each.advance(until)
        self.now = until

    def totals(self) -> Totals:
        """Just before `now`."""
        level = self.course.level(self.now - 1)
        injected = self._all.come(level)
        tally: Counter[Fate] = Counter()
        for each in self.lanes:
            tally.update(each.tally)
        # Of those in trouble each one is counted by what became of it; of the others all have gone.
        delivered = injected - self._theirs.come(level)
        return Totals(
            injected,
            delivered + sum(tally[each] for each in Fate if each.is_delivery),
            sum(tally[each] for each in Fate if each.is_bounce),
            sum(tally[each] for each in Fate if each.is_dropped),
            sum(each.waiting() for each in self.lanes),
        )
