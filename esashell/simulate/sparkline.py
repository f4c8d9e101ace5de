"""A course of figures in a line of text: eight heights of a block, or of ASCII where need be.

A column of the line shows the highest figure of its part of the time, so that a short peak between
two quiet hours is never lost, and an empty queue is told from a nearly empty one.
"""

from collections.abc import Sequence

from esashell.delivery.figures import Sample

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:-=+*#@"


def sparkline(samples: Sequence[Sample], width: int, rows: int = 1, *, blocks: bool = True) -> str:
    """The figures between the first and the last instant, in so many columns; "" for none.

    Several rows make it that much taller; they are lines from the top.
    """
    heights = BLOCKS if blocks else PLAIN
    tallest = len(heights) - 1
    columns = highest(samples, width)
    most = max(columns, default=0)
    # Rounded up: only nothing at all has no height.
    tall = [-(-each * tallest * rows // most) if most else 0 for each in columns]
    lines = (
        "".join(heights[max(0, min(each - tallest * below, tallest))] for each in tall).rstrip()
        for below in reversed(range(rows))
    )
    return "\n".join(lines)


def highest(samples: Sequence[Sample], columns: int) -> list[int]:
    """The highest figure in each of so many equal parts of the time.

    Between two samples the figure stays as the earlier one has it.
    """
    if not samples or columns < 1:
        return []
    begin, length = samples[0].when, max(samples[-1].when - samples[0].when, 1)
    found = [0] * columns
    at, present = 0, samples[0].queued
    for each in samples:
        place = min((each.when - begin) * columns // length, columns - 1)
        for column in range(at, place + 1):
            found[column] = max(found[column], present)
        at, present = place, each.queued
        found[at] = max(found[at], present)
    return found


def step_of(hours: int, marks: int) -> int:
    """How many hours are between two marks, if there are to be about so many."""
    return next((each for each in (1, 2, 3, 6, 12, 24, 48, 96) if hours <= marks * each), 168)


def ruler(hours: int, width: int) -> str:
    """A line of hours to stand under a sparkline, a mark at each full day or at the quarters."""
    if width < 8:
        return ""
    step = step_of(hours, 6)
    line = [" "] * width
    for hour in range(0, hours + 1, step):
        mark = f"{hour} h" if hour else "0"
        # A mark begins where its hour is, the last one ends with the line.
        place = min(hour * width // max(hours, 1), width - len(mark))
        if all(each == " " for each in line[max(place - 1, 0) : place + len(mark)]):
            line[place : place + len(mark)] = mark
    return "".join(line).rstrip()
