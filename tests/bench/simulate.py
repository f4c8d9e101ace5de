"""72 hours of mail for very many destinations, beside SimPy, which has a process for each message.

    python -m tests.bench.simulate [--short]

One destination in fifty is down from the beginning on; half of these recover at some time. How much
mail each gets follows Zipf's law. A million messages for a hundred thousand destinations are run by
both, in turns, in one process; ten million for a million by us alone. Whether an attempt succeeds
is given there, on both sides; what it costs to have the engine find that out is told besides, of
the built-in company of 200 destinations. The peer is given its
messages ready made, each with its instant, and the weather as a number to compare.
"""

import argparse
import gc
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from esashell.config.model.bounce import DEFAULT, BounceProfile
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.fleet import Fleet
from esashell.simulate.retry import slots
from esashell.simulate.traffic import HOUR, NEVER, OFFICE, SECOND, Course, Flow, Timed, phases
from tests.simulate import by_process
from tests.simulate.simulating import DANE, simulation

LENGTH = 72 * HOUR
MESSAGES, DESTINATIONS = 1_000_000, 100_000
COURSE = Course(OFFICE, 1_772_438_400 * SECOND, LENGTH)
OK = Judgement(Fate.DELIVERED_WITH_TLS)


class Load(Struct, frozen=True):
    """Rates and phases of all destinations, and when those in trouble recover (`NEVER`: never)."""

    rates: list[int]
    phases: list[int]
    trouble: dict[int, int]


def load(messages: int, destinations: int, seed: int = 1) -> Load:
    drawn = random.Random(seed)
    weights = [1 / place for place in range(1, destinations + 1)]
    share = messages * 256 / sum(weights)
    rates = [round(each * share) for each in weights]
    trouble = {
        place: COURSE.begin + drawn.randrange(LENGTH) if drawn.random() < 0.5 else NEVER
        for place in range(destinations)
        if drawn.random() < 0.02
    }
    return Load(rates, list(phases(seed, destinations)), trouble)


def judge(recovers: int) -> Callable[[int], Judgement]:
    down = Judgement(Fate.DEFERRED, recovers)
    return lambda now: OK if now >= recovers else down


def ours(it: Load, profile: BounceProfile = DEFAULT) -> Fleet:
    troubled = {place: judge(recovers) for place, recovers in it.trouble.items()}
    fleet = Fleet(COURSE, it.rates, it.phases, troubled, profile)
    fleet.advance(COURSE.begin + LENGTH)
    return fleet


def most_steps(it: Load, profile: BounceProfile = DEFAULT) -> int:
    """One for each destination, and one for each slot of each that fails."""
    return len(it.rates) + len(it.trouble) * slots(profile).below(LENGTH)


def arrivals(it: Load) -> list[tuple[int, int]]:
    """Every message: its instant from the beginning, and its destination, in order."""
    found = []
    for place, (rate, phase) in enumerate(zip(it.rates, it.phases, strict=True)):
        stream = Timed(COURSE, Flow(rate, phase))
        end = stream.come(COURSE.begin + LENGTH - 1)
        for number in range(1, end + 1):
            found.append((stream.arrival(number) - COURSE.begin, place))
    found.sort()
    return found


def theirs(it: Load, mail: list[tuple[int, int]]) -> "Counter[str]":
    """What SimPy comes to, with a process for each message."""
    rules = by_process.Rules(
        DEFAULT.initial_retry * SECOND,
        DEFAULT.maximum_retry * SECOND,
        DEFAULT.maximum_retries,
        DEFAULT.maximum_queue_time * SECOND,
    )

    def weather(place: int) -> by_process.Weather:
        recovers = it.trouble.get(place, COURSE.begin) - COURSE.begin
        return lambda now: by_process.OK if now >= recovers else by_process.LATER

    (last,) = by_process.simulate(mail, weather, lambda place: rules, [LENGTH], LENGTH + 1)
    return last


class Figures(Struct, frozen=True):
    """Seconds of both, the counts they came to, and what ours cost."""

    messages: int
    destinations: int
    ours: float
    theirs: float
    agree: bool
    steps: int
    bound: int

    def report(self) -> str:
        return (
            f"{self.messages:,} messages, {self.destinations:,} destinations, 72 h\n"
            f"  ours   {self.ours:8.3f} s\n"
            f"  SimPy  {self.theirs:8.3f} s   {self.theirs / self.ours:.0f} times ours (aim: 30)\n"
            f"  the counts agree: {self.agree}\n"
            f"  steps  {self.steps:,} of at most {self.bound:,}"
        )


def taken(work: Callable[[], object]) -> float:
    """The seconds of processor time of one call."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def compared(messages: int, destinations: int, repeats: int) -> Figures:
    """Both, in turns."""
    it = load(messages, destinations)
    mail = arrivals(it)
    mine, peers = [], []
    for _ in range(repeats):
        mine.append(taken(lambda: ours(it)))
        peers.append(taken(lambda: theirs(it, mail)))
    fleet, counts = ours(it), theirs(it, mail)
    found = fleet.totals()
    delivered, expired = counts[by_process.OK], counts[by_process.EXPIRED]
    agree = (found.injected, found.delivered, found.bounced) == (len(mail), delivered, expired)
    return Figures(
        found.injected,
        destinations,
        statistics.median(mine),
        statistics.median(peers),
        agree and found.is_balanced,
        fleet.steps,
        most_steps(it),
    )


_ALONE = """
import time
from tests.bench.simulate import load, ours, peak
it = load({messages}, {destinations})
began = time.process_time()
fleet = ours(it)
totals = fleet.totals()
print(time.process_time() - began, peak())
"""


def peak() -> int:
    """The most memory that this process has had, in megabytes."""
    # What `resource` tells of a child begins with its parent's.
    with open("/proc/self/status", encoding="ascii") as status:
        (line,) = (each for each in status if each.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def alone(messages: int, destinations: int) -> tuple[float, int]:
    """Seconds, and the peak of the memory in megabytes, of a process that does nothing else."""
    code = _ALONE.format(messages=messages, destinations=destinations)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), int(megabytes)


def judged(messages: int) -> tuple[float, int, int]:
    """Seconds, attempts that were really made, and steps, of the built-in company in the lab."""
    head = f'length = "72h"\ncompany = {{ messages = {messages} }}\n'
    it = simulation(head + DANE)
    seconds = taken(lambda: it.run(it.end))
    attempts = sum(each.judge.attempts for each in it._appliances)
    return seconds, attempts, sum(each.steps for each in it.lanes())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="a hundredth of it")
    short = parser.parse_args().short
    share = 100 if short else 1
    print(compared(MESSAGES // share, DESTINATIONS // share, 1 if short else 3).report())
    for messages in (400_000, 40_000_000):
        seconds, attempts, steps = judged(messages // share)
        print(
            f"{messages // share:,} messages, 200 destinations judged by the engine, 72 h: "
            f"{seconds:.2f} s, {attempts} attempts, {steps:,} steps"
        )
    for messages, destinations in ((1, 1), (2, 1), (10, 10), (20, 10)):
        each = messages * MESSAGES // share, destinations * DESTINATIONS // share
        runs = sorted(alone(*each) for _ in range(1 if short else 3))
        seconds, megabytes = runs[len(runs) // 2]
        print(f"{each[0]:,} messages, {each[1]:,} destinations: {seconds:.2f} s, {megabytes} MB")


if __name__ == "__main__":
    main()
