"""The lines of a plan: who is told together, what is left to `--all`, and how wide it gets."""

import pytest

from esashell.config.changes import changes
from esashell.config.model.routes import SmtpRoute
from esashell.config.tree import Config
from esashell.dane.reason import DaneReason
from esashell.delivery.outcome import Outcome, Protection, Result, Rule
from esashell.simulate.causes import Cause
from esashell.simulate.listed import Destined
from esashell.simulate.listing import NAMED, grouped, lines
from esashell.simulate.plan import Affected, Direction, Plan
from esashell.simulate.telling import About, Future, Told, Undo

CHANGES = changes(Config(), Config(smtp_routes=(SmtpRoute("a.lab", ("relay.lab",)),)))


def told(
    domain: str,
    *,
    rate: float | None = None,
    row: int = 18,
    direction: Direction = Direction.STOPS,
    caused: bool = True,
) -> Told:
    reason = DaneReason("code", f"the reason of {domain}, which is as long as reasons are", "RFC")
    before = Outcome(Result.DELIVER, Rule("r", "s"), "", reason, Protection.CLEAR)
    after = Outcome(Result.DEFER, Rule(f"row {row}", "TN 6"), "4.7.5", reason)
    found = Affected(Destined(domain, rate), before, after, direction)
    waits = Future(30, 260_000, 1440, 4320) if rate else None
    return Told(found, Cause(CHANGES if caused else ()), waits)


def shown(rows: list[Told], width: int = 79, *, every: bool = False) -> list[str]:
    found = Plan(CHANGES, tuple(each.found for each in rows), len(rows), 0)
    about = About("title", "now", Undo("clearchanges"))
    return list(lines(found, rows, about, width, every=every))


MANY = [told(f"partner-{n:03}.example", rate=float(n) or None) for n in range(60)]


def test_many_that_are_alike_are_one_thing_to_know() -> None:
    text = "\n".join(shown(MANY))
    assert "60 destinations: delivered (clear text) -> queued, 1,770 messages an hour" in text
    assert text.count("the reason of") == 1
    assert f"... and {60 - NAMED} more (--all)" in " ".join(text.split())
    assert f"... and {59 - NAMED} more (--all)" in text.partition("If it is committed")[2]


def test_all_of_them_are_named_on_demand() -> None:
    text = "\n".join(shown(MANY, every=True))
    assert "--all" not in text
    for each in MANY:
        assert each.found.destined.domain in text


@pytest.mark.parametrize(
    "other",
    [told("other.lab", row=2), told("other.lab", caused=False),
     told("other.lab", direction=Direction.RETURNED)],
)  # fmt: skip
def test_another_rule_cause_or_direction_is_another_group(other: Told) -> None:
    groups = grouped([*MANY, other])
    assert [len(each) for each in groups] == [60, 1]
    assert groups[1] == [other]


def test_what_has_most_mail_comes_first_within_its_direction_and_directions_keep_their_order() -> (
    None
):
    small, large = told("small.lab", rate=1, row=1), told("large.lab", rate=9, row=2)
    later = told("later.lab", rate=99, direction=Direction.NEWLY_IN_CLEAR)
    found = [group[0].found.destined.domain for group in grouped([small, large, later])]
    assert found == ["large.lab", "small.lab", "later.lab"]


def test_two_that_are_alike_each_have_their_own_reason() -> None:
    text = " ".join(" ".join(shown(MANY[:2])).split())
    assert "the reason of partner-000.example" in text
    assert "the reason of partner-001.example" in text


@pytest.mark.parametrize("width", [40, 79, 119])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    rows = [*MANY, told("alone.lab", rate=4, row=3)]
    assert max(map(len, shown(rows, width, every=True))) <= width
