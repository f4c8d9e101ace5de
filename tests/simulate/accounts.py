"""Accounts as a simulation would come to, made by hand."""

from esashell.delivery.figures import (
    ApplianceFigures,
    Completion,
    HostFigures,
    HostState,
    LastError,
    Sample,
)
from esashell.simulate.account import Account, Course, Happened

SECOND = 1_000_000
HOUR = 3600 * SECOND
NINE = 1_740_819_600_000_000  # 2025-03-01 09:00:00 UTC
HOURS = 96


def queued(hour: int) -> int:
    """Sixty an hour that wait for 72 hours."""
    return min(hour, 72) * 60


SAMPLES = tuple(Sample(NINE + hour * HOUR, queued(hour)) for hour in range(HOURS + 1))
AGES = (5, 5, 10, 20, 40, 80, 160, 320, 640, 3040)


def waiting(
    domain: str = "partner.example", reason: str = "a route takes DANE away"
) -> HostFigures:
    return HostFigures(
        domain,
        HostState.DOWN,
        received=5760,
        completion=Completion(soft_bounced=120_000, expired_hard=1440),
        attempted=4320,
        oldest=NINE + 24 * HOUR,
        last_activity=NINE + 96 * HOUR,
        next_attempt=NINE + 97 * HOUR,
        first_deferral=NINE + 30 * SECOND,
        first_bounce=NINE + 72 * HOUR + 180 * SECOND,
        reason=reason,
        ages=AGES,
        last_error=LastError("550 no", NINE, "192.0.2.1"),
    )


def delivered(domain: str = "good.example") -> HostFigures:
    done = Completion(with_dane=9_000, with_tls=500, in_clear=20)
    return HostFigures(domain, HostState.UP, received=9520, completion=done)


def account(*hosts: HostFigures, happened: tuple[Happened, ...] = ()) -> Account:
    """An account of these destinations, at the end of four days."""
    rows = hosts or (waiting(), delivered())
    done = sum((each.completion for each in rows), Completion())
    figures = ApplianceFigures(
        NINE + HOURS * HOUR,
        NINE,
        messages=sum(each.received for each in rows),
        received=sum(each.received for each in rows),
        completion=done,
        attempted=sum(each.attempted for each in rows),
        oldest=NINE + 24 * HOUR,
        destinations=len(rows),
    )
    return Account(
        name="smtp-route",
        story="Default DANE Opportunistic, and an SMTP route to one partner.",
        begun=NINE,
        now=NINE + HOURS * HOUR,
        end=NINE + HOURS * HOUR,
        seed=1,
        figures=figures,
        hosts=rows,
        course=SAMPLES,
        courses=tuple(Course(each.domain, SAMPLES) for each in rows if each.active),
        ages=AGES,
        happened=happened
        or (Happened(NINE + 24 * HOUR, "partner.example renews its certificate"),),
        assumptions=("The retry interval doubles from the first to the largest.",),
    )
