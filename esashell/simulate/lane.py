"""One destination's queue through time: what is delivered, what waits, what bounces, and when.

A message that comes while the destination delivers is gone at once. When an attempt fails for now,
the destination is *down*: what comes joins the queue, and the whole queue is tried again at a slot,
after 60 seconds, then 120, and so on to an hour. A slot has three parts, in this order. What has
waited as long as the bounce profile allows is bounced, just before the attempt would start, as the
appliance does. The rest is attempted: it goes, it bounces, or it stays. What stays and has been
retried as often as the profile allows is bounced.

Two things here are assumptions, since they are not documented, and they are stated wherever the
figures are shown: how the interval grows (`retry`), and that a message that comes while the
destination is down waits for the slot instead of being attempted by itself.

An `Allowance` limits how many leave in each stretch of time; what is left over waits for the next
stretch, in the order in which it came. A queue that is held is not attempted, and not aged.

Messages are told apart by their number in the order in which they came. Queues are first come,
first served, so what happens to one happens to a run of numbers, and a queue of a million is as
quick as a queue of one. While it is known that nothing changes, slots that only fail are counted
and not gone through.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.fate import Entry, Failed, Fate, Judgement
from esashell.simulate.retry import DOUBLING, Slots, slots
from esashell.simulate.runs import Runs
from esashell.simulate.traffic import NEVER, SECOND, Stream

EXPIRED = Judgement(Fate.EXPIRED)


class Allowance(Struct, frozen=True):
    """At most `count` messages leave in each `span` microseconds, counted from `origin` on."""

    count: int
    span: int
    origin: int = 0


class Lane:
    """A destination's queue; `advance` takes it on to an instant.

    `now` is the first instant that is not settled yet. `judge` is asked for instants that never go
    back, and only when there is a message to be attempted.
    """

    def __init__(
        self,
        stream: Stream,
        judge: Callable[[int], Judgement],
        profile: BounceProfile,
        begin: int,
        *,
        factor: int = DOUBLING,
        allowance: Allowance | None = None,
    ) -> None:
        self.stream = stream
        self.judge = judge
        self.now = begin
        self.gone = self.before = stream.come(begin - 1)
        self.entries: list[Entry] = []
        self.tally: Counter[Fate] = Counter()
        self.known: Judgement | None = None
        self.held = False
        self.removed = Runs()
        # While down: how often in a row it failed, and when the next slot is.
        self.failed = 0
        self.slot = NEVER
        self.first_failure: int | None = None
        self.attempts = 0
        self.steps = 0  # what it cost
        # Every attempt that failed, and from which of them on a judgement held.
        self.failed_at = array("q")
        self.slots_at = array("q")  # and the slot that each of them set
        self.verdicts: list[tuple[int, Judgement]] = []
        self.warnings: list[tuple[int, int, int, int]] = []  # when, which, after, up to
        self._used = (-1, 0)  # the stretch of the allowance, and how many have left in it
        self.configure(profile, factor, allowance)

    def configure(
        self,
        profile: BounceProfile,
        factor: int = DOUBLING,
        allowance: Allowance | None = None,
    ) -> None:
        """From now on these hold; the slot that is next stays."""
        self.profile = profile
        self.waits: Slots = slots(profile, factor)
        self.allowance = allowance
        self._seldom = allowance is None or self.stream.most(allowance.span) <= allowance.count
        self._limit = profile.maximum_queue_time * SECOND

    @property
    def is_down(self) -> bool:
        return self.failed > 0

    @property
    def flows(self) -> bool:
        """Whether what comes now goes at once, for as long as the judgement holds."""
        free = self._seldom and not self.held and self.slot == NEVER
        return free and self.stream.come(self.now - 1) <= self.gone

    def waiting(self) -> int:
        """How many messages are in the queue just before `now`."""
        return self.stream.come(self.now - 1) - self.gone - self.removed.count

    def oldest(self) -> int | None:
        """When the first of those in the queue came."""
        return self.stream.arrival(self.gone + 1) if self.waiting() else None

    # Time.

    def advance(self, until: int) -> None:
        """Settle everything before this instant."""
        while self.now < until:
            self.steps += 1
            if self.held:
                self.now = until
            elif self.slot == NEVER:
                self._take_what_comes(until)
            elif self.slot >= until:
                self.now = until
            else:
                self.now = self.slot
                self._attempt_queue(until)

    def due(self) -> int:
        """The next instant at which it has to be judged, as things stand; `NEVER` if there is none.

        Up to there, that one excluded, it can be advanced without asking anybody.
        """
        if self.held:
            return NEVER
        certain = self.known.until if self.known is not None else self.now
        if self.slot == NEVER:
            return self._next_attempt(max(self.now, certain))
        passed = self._idle_slots(self.known, certain) if self.known is not None else 0
        return self.slot + self.waits.total(self.failed + passed) - self.waits.total(self.failed)

    def forget(self) -> None:
        """Something has changed: what was known of the destination holds no longer."""
        self.known = None

    # What an operator does; all of it at `now`.

    def hold(self) -> None:
        self.held = True

    def release(self) -> None:
        """Attempt again, and at once what has been kept back."""
        self.held = False
        self.deliver_now()

    def deliver_now(self) -> None:
        """Attempt the queue at once, whenever its slot would be."""
        if self.waiting() and not self.held:
            self.slot = self.now

    def remove(self, first: int, last: int, fate: Fate) -> int:
        """Take the messages after `first` up to `last` out of the queue; how many there were."""
        first = max(first, self.gone)
        last = min(last, self.stream.come(self.now - 1))
        taken = 0
        for begin, end in self.removed.without(first, last):
            self.entries.append(Entry(self.now, fate, begin, end))
            self.removed.add(begin, end)
            taken += end - begin
        self.tally[fate] += taken
        self.gone = self.removed.shed(self.gone)
        return taken

    # What came of it.

    def failures(self, since: int = 0, until: int = NEVER) -> Iterator[Failed]:
        """Every attempt that failed in this time, in order."""
        history = iter(self.entries)
        entry = next(history, None)
        first, verdict = self.before, -1
        for place, when in enumerate(self.failed_at):
            while verdict + 1 < len(self.verdicts) and self.verdicts[verdict + 1][0] <= place:
                verdict += 1
            while entry is not None and entry.when <= when:
                # A run from the middle, which somebody removed, leaves the front where it is.
                first = entry.last if entry.first == first else first
                entry = next(history, None)
            if since <= when < until:
                known, after = self.verdicts[verdict][1], self.slots_at[place]
                yield Failed(when, known, first, self.stream.come(when), after)

    # Up.

    def _next_attempt(self, since: int) -> int:
        """When something is there to be attempted, from this instant on, and may be."""
        waits = self.stream.come(since - 1) > self.gone
        instant = since if waits else self.stream.arrival(self.gone + 1)
        if self.allowance is None or instant == NEVER or self._left(instant):
            return instant
        return self._stretch_end(instant)

    def _take_what_comes(self, until: int) -> None:
        """Up: what comes is attempted at once, for as long as the judgement holds."""
        known = self.known
        if known is None or known.until <= self.now or known.fate is Fate.DEFERRED:
            attempted = self._next_attempt(self.now)
            end = until if known is None or known.until <= self.now else min(until, known.until)
            if attempted >= end:
                self.now = end
                return
            self.now = attempted
            if self.stream.come(attempted - 1) > self.gone:
                self._expire()
                if self.stream.come(attempted) <= self.gone:
                    return
            known = self._judged()
            if known.fate is Fate.DEFERRED:
                self._fail(known, until)
                return
        self._deliver(known, min(known.until, until))

    def _judged(self) -> Judgement:
        known = self.known
        if known is None or known.until <= self.now:
            known = self.known = self.judge(self.now)
            if known.until <= self.now:
                raise AssertionError("a judgement that never held")
        return known

    def _deliver(self, known: Judgement, end: int) -> None:
        """What waits goes now, and what comes as it comes, up to an instant."""
        if self.stream.come(self.now - 1) > self.gone:
            self._expire()
            if self.allowance is None or known.fate is Fate.DROPPED:
                self._go(known, self.stream.come(self.now), self.now)
            else:
                self._through_stretch(known, end)
                return
        if self._seldom or known.fate is Fate.DROPPED:
            self._go(known, self.stream.come(end - 1), end, flowing=True)
            self.now = end
        else:
            self._through_stretch(known, end)

    def _through_stretch(self, known: Judgement, end: int) -> None:
        """As many as the allowance has left for the stretch of time that `now` lies in."""
        now, stretch_end = self.now, self._stretch_end(self.now)
        end = min(end, stretch_end)
        left = self._left(now)
        if left:
            before = self.gone + self.removed.count
            self._expire()
            before = self.gone + self.removed.count
            self._go(known, self.removed.reach(self.gone, left, self.stream.come(now)), now)
            left -= self.gone + self.removed.count - before
            if left and self.stream.come(now) <= self.gone:
                before = self.gone
                coming = self.stream.come(end - 1)
                last = min(coming, self.gone + left)
                when = end if last == coming else self.stream.arrival(last) + 1
                self._go(known, last, when, flowing=True)
                left -= self.gone - before
            assert self.allowance is not None
            self._used = (self._stretch(now), self.allowance.count - left)
        self.now = end

    def _stretch(self, instant: int) -> int:
        assert self.allowance is not None
        return (instant - self.allowance.origin) // self.allowance.span

    def _stretch_end(self, instant: int) -> int:
        assert self.allowance is not None
        return self.allowance.origin + (self._stretch(instant) + 1) * self.allowance.span

    def _left(self, instant: int) -> int:
        assert self.allowance is not None
        stretch, used = self._used
        return self.allowance.count - (used if stretch == self._stretch(instant) else 0)

    # Down.

    def _attempt_queue(self, until: int) -> None:
        """A slot: what is too old goes first, then the rest is attempted."""
        self._expire()
        if self.stream.come(self.now) <= self.gone:
            # Nothing is left to be attempted: nobody knows of the destination until mail comes.
            self._is_up()
            return
        known = self._judged()
        if known.fate is Fate.DEFERRED:
            self._fail(known, until)
            return
        self.attempts += 1
        self._is_up()
        self._deliver(known, self.now + 1)

    def _expire(self) -> None:
        self._go(EXPIRED, self.stream.come(self.now - self._limit), self.now)

    def _fail(self, known: Judgement, until: int) -> None:
        now = self.now
        self.attempts += 1
        self.failed += 1
        if self.first_failure is None:
            self.first_failure = now
        if not self.verdicts or self.verdicts[-1][1].attempt is not known.attempt:
            self.verdicts.append((len(self.failed_at), known))
        self.failed_at.append(now)
        self.slots_at.append(now + self.waits.after(self.failed))
        if known.soft and self.profile.send_warnings:
            self._warn()
        if len(self.failed_at) > self.profile.maximum_retries:
            # Whoever came by the oldest of so many attempts has been in each of them.
            oldest = self.failed_at[-1 - self.profile.maximum_retries]
            self._go(EXPIRED, self.stream.come(oldest), now)
        if self.stream.come(now) <= self.gone:
            self._is_up()
            self.now = now + 1
            return
        self.slot = now + self.waits.after(self.failed)
        self._pass_slots(known, until)

    def _pass_slots(self, known: Judgement, until: int) -> None:
        """Count the slots at which nothing but another failure can happen."""
        passed = self._idle_slots(known, min(known.until, until))
        if not passed:
            return
        begin = self.slot - self.waits.total(self.failed)
        ends = self.waits.totals(self.failed, self.failed + passed + 1)
        slots = array("q", [begin + each for each in ends])
        self.failed_at.extend(slots[:-1])
        self.slots_at.extend(slots[1:])
        self.attempts += passed
        self.failed += passed
        self.slot = slots[-1]

    def _idle_slots(self, known: Judgement, end: int) -> int:
        """How many slots from the next one on come before an instant, and only fail."""
        if known.fate is not Fate.DEFERRED or (known.soft and self.profile.send_warnings):
            return 0
        # At the slot after that the oldest is too old.
        oldest = self.stream.arrival(self.gone + 1)
        end = min(end, oldest + self._limit)
        if self.slot >= end:
            return 0
        before = self.waits.below(end - self.slot + self.waits.total(self.failed))
        tried = len(self.failed_at) - bisect_left(self.failed_at, oldest)
        return max(min(before - self.failed, self.profile.maximum_retries - tried), 0)

    def _warn(self) -> None:
        """Tell the senders of what has waited for so long that it is late."""
        for turn in range(1, self.profile.warning_count + 1):
            late = self.stream.come(self.now - turn * self.profile.warning_interval * SECOND)
            told = max([last for _, each, _, last in self.warnings if each == turn], default=0)
            for first, last in self.removed.without(max(self.gone, told), late):
                self.warnings.append((self.now, turn, first, last))

    def _is_up(self) -> None:
        self.failed = 0
        self.slot = NEVER

    def _go(self, known: Judgement, last: int, when: int, *, flowing: bool = False) -> None:
        if last <= self.gone:
            return
        if self.removed.count:
            for first, end in self.removed.without(self.gone, last):
                self._enter(Entry(when, known.fate, first, end, flowing, known))
            self.removed.cut(last)
        else:
            self._enter(Entry(when, known.fate, self.gone, last, flowing, known))
        self.gone = self.removed.shed(last)

    def _enter(self, entry: Entry) -> None:
        self.tally[entry.fate] += entry.count
        if entry.flowing and self.entries:
            before = self.entries[-1]
            if before.flowing and before.last == entry.first and _alike(before, entry):
                first, known = before.first, before.judgement
                self.entries[-1] = Entry(entry.when, entry.fate, first, entry.last, True, known)
                return
        self.entries.append(entry)


def _alike(one: Entry, other: Entry) -> bool:
    """Whether two runs went by the same attempt."""
    mine, theirs = one.judgement, other.judgement
    return one.fate is other.fate and (mine and mine.attempt) is (theirs and theirs.attempt)
