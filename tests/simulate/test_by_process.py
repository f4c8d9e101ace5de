"""Queues beside an independent model of SimPy's, over random scenarios."""

import os
import random
from collections import Counter

import pytest

from esashell.config.model.bounce import BounceProfile
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.lane import Allowance, Lane
from esashell.simulate.traffic import HOUR, NEVER, SECOND, Listed
from tests.simulate.by_process import DISCARDED, EXPIRED, LATER, OK, REFUSED, Rules, simulate

SCENARIOS = 200 if os.environ.get("ESASHELL_CI") else 24
END = 100 * HOUR
WORDS = {
    Fate.DELIVERED_WITH_TLS: OK,
    Fate.DEFERRED: LATER,
    Fate.BOUNCED: REFUSED,
    Fate.DROPPED: DISCARDED,
}

Span = tuple[int, int, Fate]


class Random:
    """A scenario drawn by its number: some destinations, their mail, weather, and settings."""

    def __init__(self, number: int) -> None:
        self.drawn = random.Random(number)
        draw = self.drawn.randrange
        self.profile = BounceProfile(
            maximum_retries=self.drawn.choice([3, 20, 100]),
            maximum_queue_time=self.drawn.choice([6 * 3600, 24 * 3600, 259_200]),
            initial_retry=self.drawn.choice([60, 90, 600]),
            maximum_retry=self.drawn.choice([600, 3600, 7200]),
        )
        self.limited = number % 3 == 0
        self.mail: list[list[int]] = []
        self.weather: list[list[Span]] = []
        self.allowances: list[Allowance | None] = []
        for _ in range(draw(1, 5)):
            # At odd microseconds, so that nothing but messages happens then.
            times = sorted({draw(72 * 3600) * SECOND + draw(1, 400_000) * 2 + 1 for _ in
                            range(draw(1, 400))})  # fmt: skip
            self.mail.append(times)
            self.weather.append(self._weather())
            count, span = draw(1, 30), self.drawn.choice([10, 60, 240]) * 60 * SECOND
            self.allowances.append(Allowance(count, span) if self.limited else None)

    def _weather(self) -> list[Span]:
        fates = [Fate.DELIVERED_WITH_TLS, Fate.DEFERRED, Fate.DEFERRED, Fate.BOUNCED]
        if not self.limited:
            fates.append(Fate.DROPPED)
        points = sorted(self.drawn.randrange(100 * 3600) * SECOND + 700_000 for _ in
                        range(self.drawn.randrange(4)))  # fmt: skip
        begins, ends = [0, *points], [*points, NEVER]
        return [
            (begin, end, self.drawn.choice(fates)) for begin, end in zip(begins, ends, strict=True)
        ]

    def judge(self, place: int, now: int) -> Judgement:
        end, fate = next((e, fate) for b, e, fate in self.weather[place] if b <= now < e)
        return Judgement(fate, end)

    def lane(self, place: int) -> Lane:
        stream = Listed(tuple(self.mail[place]))
        return Lane(
            stream,
            lambda now: self.judge(place, now),
            self.profile,
            0,
            allowance=self.allowances[place],
        )

    def rules(self, place: int) -> Rules:
        it, allowance = self.profile, self.allowances[place]
        return Rules(
            it.initial_retry * SECOND,
            max(it.maximum_retry * SECOND, 1),
            it.maximum_retries,
            it.maximum_queue_time * SECOND,
            allowance.count if allowance else 0,
            allowance.span if allowance else 1,
        )


def counted(lanes: list[Lane]) -> "Counter[str]":
    found: Counter[str] = Counter()
    for lane in lanes:
        found["injected"] += lane.stream.come(lane.now - 1)
        found["queued"] += lane.waiting()
        for fate, count in lane.tally.items():
            found[WORDS.get(fate, EXPIRED)] += count
    return +found


@pytest.mark.parametrize("number", range(SCENARIOS))
def test_a_process_for_each_message_comes_to_the_same_counts_over_time(number: int) -> None:
    it = Random(number)
    instants = [each * HOUR + 3 for each in range(4, 100, 4)]
    mail = sorted((when, place) for place, times in enumerate(it.mail) for when in times)
    samples = simulate(
        mail,
        lambda place: lambda now: WORDS[it.judge(place, now).fate],
        it.rules,
        instants,
        END,
    )
    lanes = [it.lane(place) for place in range(len(it.mail))]
    for instant, sample in zip(instants, samples, strict=True):
        for each in lanes:
            each.advance(instant)
        gone = sum(sample[each] for each in (OK, REFUSED, EXPIRED, DISCARDED))
        sample["queued"] = sample["injected"] - gone
        assert counted(lanes) == +sample, instant / HOUR
