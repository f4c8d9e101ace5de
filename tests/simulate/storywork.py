"""Queues with the lab behind them, for the tests of stories: real attempts, told as real logs."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

from msgspec import Struct

from esashell.config.model.bounce import BounceProfile
from esashell.config.model.destination import DaneSetting, TlsSetting
from esashell.config.model.listeners import Behavior
from esashell.config.model.logs import LogLevel, LogSettings, LogSubscription, LogType
from esashell.config.model.predefined import WIZARDS_LISTENERS
from esashell.config.model.routes import SmtpRoute
from esashell.config.tree import Config, factory
from esashell.delivery.attempt import Attempt, attempt
from esashell.delivery.outcome import Protection, Result
from esashell.delivery.settings import Settings
from esashell.delivery.verification import Sender
from esashell.logs.subscriptions import Subscriptions
from esashell.resolver.names import name_from_text
from esashell.simulate.fate import Fate, Judgement
from esashell.simulate.lane import Lane
from esashell.simulate.mail import Letter
from esashell.simulate.story import Story
from esashell.simulate.traffic import NEVER, Stream
from esashell.smtp.transaction import Message
from esashell.steps import run
from tests.delivery.labwork import Bench

BENCH = Bench()
NINE = BENCH.clock.now()
MANDATORY = Settings(TlsSetting.PREFERRED, DaneSetting.MANDATORY)
OPPORTUNISTIC = Settings(TlsSetting.PREFERRED, DaneSetting.OPPORTUNISTIC)
IN_CLEAR = Settings()
DISCARDED = Settings(route=SmtpRoute("ALL", ("/dev/null",)))
FATES = {
    Protection.DANE: Fate.DELIVERED_WITH_DANE,
    Protection.CLEAR: Fate.DELIVERED_IN_CLEAR,
}
CONFIG: Config = Config(
    dns=factory("194.191.40.83").dns, hostname="myesa.local", listeners=WIZARDS_LISTENERS
)


class Letters(Struct, frozen=True):
    """The mail for a domain, each message from another user, every seventh from nobody."""

    domain: str
    stream: Stream

    def letter(self, number: int) -> Letter:
        return Letter(
            number,
            self.stream.arrival(number),
            f"user{number}@example.com" if number % 7 else "",
            f"reader{number}@{self.domain}",
            f"Letter {number}",
            1000 + number,
            Behavior.RELAY,
            "",
            "",
        )


class Queue(Lane):
    """A lane with the mail that is in it."""

    def __init__(
        self,
        domain: str,
        stream: Stream,
        judge: Callable[[int], Judgement],
        profile: BounceProfile = BounceProfile(),  # noqa: B008
        behavior: Behavior = Behavior.RELAY,
    ) -> None:
        super().__init__(stream, judge, profile, NINE)
        self.domain = domain
        self.behavior = behavior
        self.mail = Letters(domain, stream)


@cache
def tried(domain: str, settings: Settings) -> Attempt:
    message = Message("user@example.com", (f"reader@{domain}",))
    sender = Sender(BENCH.resolver, BENCH.clock)
    with BENCH.lab.session() as session:
        return run(attempt(name_from_text(domain), settings, sender, message=message), session)


def judged(domain: str, settings: Settings, until: int = NEVER) -> Judgement:
    """What the lab does with mail to a domain."""
    done = tried(domain, settings)
    it = done.outcome
    if it.result is Result.DELIVER:
        fate = FATES.get(it.protection or Protection.CLEAR, Fate.DELIVERED_WITH_TLS)
    else:
        fate = {
            Result.DEFER: Fate.DEFERRED,
            Result.BOUNCE: Fate.BOUNCED,
            Result.DROP: Fate.DROPPED,
        }[it.result]
    code = getattr(it.transaction.failure, "code", 0) if it.transaction else 0
    return Judgement(fate, until, done, soft=code // 100 == 4)


def through(*periods: tuple[str, Settings, int]) -> Callable[[int], Judgement]:
    """The destination shows what these do, one after another, each until an instant."""

    def judge(instant: int) -> Judgement:
        domain, settings, until = next(each for each in periods if instant < each[2])
        return judged(domain, settings, until)

    return judge


def written(
    folder: Path, queues: Sequence[Queue], story: Story, stops: Iterable[int], **levels: LogLevel
) -> list[str]:
    """The lines of the mail log when the queues go on to each stop and are told there."""
    logs = logs_in(folder, **levels)
    for stop in stops:
        for each in queues:
            each.advance(stop)
        for when, event in story.tell(stop):
            logs.record(event, when)
        assert logs.flush(stop) == ()
    return lines_of(folder, "mail_logs")


def logs_in(folder: Path, **levels: LogLevel) -> Subscriptions:
    logs = Subscriptions(str(folder))
    logs.follow(config_with(**levels), NINE)
    return logs


def config_with(**levels: LogLevel) -> Config:
    from msgspec.structs import replace

    subscriptions = [
        LogSubscription("mail_logs", LogType.MAIL, "mail", maximum_size=1 << 30),
        LogSubscription("bounces", LogType.BOUNCE, "bounces", maximum_size=1 << 30),
    ]
    for name, level in levels.items():
        subscriptions.append(LogSubscription(name, LogType.MAIL, name, level, 1 << 30))
    return replace(CONFIG, logs=LogSettings(subscriptions=tuple(subscriptions)))


def lines_of(folder: Path, name: str) -> list[str]:
    found = sorted((folder / name).glob("*.@*"))
    lines = [line for path in found for line in path.read_text().splitlines()]
    kept = ("Begin Logfile", "Version: ", "Time offset", "End Logfile")
    return [line for line in lines if not line.partition("Info: ")[2].startswith(kept)]
