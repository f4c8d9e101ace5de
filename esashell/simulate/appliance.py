"""One appliance of a simulation: its configuration, its queues, and what it takes in.

There is a queue for each recipient domain and behaviour: mail that came in under RELAY and mail
that came in under ACCEPT are treated differently by DANE, so they do not wait for one another.

How long a delivery takes is not modelled; how much goes through in a minute is. Concurrency and
messages per connection are turned into a number of messages, with a second for each connection and
a tenth of one for each message on it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.clock import Clock
from esashell.config.lookup import Destinations, Routes
from esashell.config.model.bounce import DEFAULT_PROFILE, BounceProfile
from esashell.config.model.destination import DefaultControl
from esashell.config.model.listeners import BEHAVIORS, Behavior, Listener
from esashell.config.tree import Config
from esashell.delivery.acceptance import access
from esashell.delivery.settings import Settings, settings_for
from esashell.delivery.verification import Sender
from esashell.simulate.fate import Judgement
from esashell.simulate.judging import Judge
from esashell.simulate.lane import Allowance, Lane
from esashell.simulate.mail import Letters
from esashell.simulate.scenario import Explicit, Tier, Traffic
from esashell.simulate.traffic import SECOND

if TYPE_CHECKING:
    from esashell.resolver.names import Name
    from esashell.steps import World

MINUTE = 60 * SECOND
CONNECTION, MESSAGE = 1.0, 0.1  # seconds
# More than this in a minute is as good as no limit.
PLENTY = 60_000


class Queue(Lane):
    """The queue of one recipient domain, for mail that came in under one behaviour."""

    def __init__(
        self,
        domain: str,
        behavior: Behavior,
        mail: Letters,
        appliance: "Appliance",
        *,
        profile: str = DEFAULT_PROFILE,
    ) -> None:
        """`profile` is the bounce profile of the listener that the mail comes in by."""
        self.domain = domain
        self.behavior = behavior
        self.mail = mail
        self.appliance = appliance
        self._listeners = profile
        super().__init__(mail.stream, self._judge, BounceProfile(), appliance.begin)
        self.adjust()

    def adjust(self) -> None:
        """The appliance has another configuration."""
        it = self.appliance
        control = it.controls.control(self.domain)
        self.settings: Settings = it.settings(self.domain, self.behavior)
        allowance = _allowance(control, it.begin)
        own = control.bounce_profile
        name = self._listeners if own == DEFAULT_PROFILE else own
        self.configure(it.profile(name), it.growth, allowance)

    def _judge(self, now: int) -> Judgement:
        return self.appliance.judge.judgement(self.domain, self.settings, now)


class Appliance:
    """One tier. `begin` is when the simulation begins, `growth` the factor between two waits."""

    def __init__(
        self,
        tier: Tier,
        config: Config,
        sender_for: Callable[[Config], Sender],
        *,
        world: "World",
        clock: Clock,
        growth: int,
    ) -> None:
        self.name = tier.name
        self.address = tier.address
        self.begin = clock.now()
        self.growth = growth
        self.queues: list[Queue] = []
        self.suspended: dict[str, None] = {}
        self.judge = Judge(config, sender_for, world, clock)
        self._index(config)

    @property
    def config(self) -> Config:
        return self.judge.config

    def _index(self, config: Config) -> None:
        self.controls = Destinations(config.destinations)
        self.routes = Routes(config.smtp_routes)
        self._profiles = {each.name: each for each in config.bounces.profiles}

    def settings(self, domain: str, behavior: Behavior) -> Settings:
        agility = self.config.dns.digest_agility
        return settings_for(domain, self.controls, self.routes, behavior, agility)

    def profile(self, name: str) -> BounceProfile:
        """A bounce profile, with the settings of Default where it has none."""
        default = self._profiles[DEFAULT_PROFILE]
        own = self._profiles.get(name, default)
        fields = {each: getattr(own, each) for each in own.__struct_fields__}
        unset = {each: getattr(default, each) for each, it in fields.items() if it is None}
        return replace(own, **unset) if unset else own

    def reconfigure(self, config: Config) -> None:
        """From now on this is in force. All queues are settled."""
        self.judge.reconfigure(config)
        self._index(config)
        for each in self.queues:
            each.adjust()
            each.forget()

    def touch(self, zones: "Iterable[Name] | None", addresses: frozenset[str]) -> None:
        """Something has happened in these zones, and to whoever has these addresses."""
        self.judge.touch(zones, addresses)
        for each in self.queues:
            each.forget()

    def behavior(self, mail: Traffic | Explicit) -> Behavior | None:
        """Under which behaviour it comes in; None where it is not taken.

        Raises `ValueError` where there is no such listener or sender group.
        """
        if not mail.listener:
            return mail.behavior
        named = {each.name.lower(): each for each in self.config.listeners}
        listener = named.get(mail.listener.lower())
        if listener is None:
            raise ValueError(f"there is no listener {mail.listener}")
        behavior = _behavior(listener, mail.group)
        if behavior is Behavior.RELAY:
            return behavior
        domain = mail.recipient if isinstance(mail, Explicit) else f"postmaster@{mail.domain}"
        entry = access(listener, domain)
        taken = behavior is Behavior.ACCEPT and (entry is None or entry.accept)
        return behavior if taken else None

    # What an operator does.

    def chosen(self, domains: Iterable[str]) -> list[Queue]:
        wanted = {each.lower() for each in domains}
        every = not wanted or "all" in wanted
        return [each for each in self.queues if every or each.domain in wanted]

    def suspend(self, domains: Iterable[str]) -> None:
        for each in self.chosen(domains):
            each.hold()
        self.suspended |= dict.fromkeys(each.upper() if _is_all(each) else each for each in domains)

    def resume(self, domains: Iterable[str]) -> None:
        names = tuple(domains)
        if any(map(_is_all, names)):
            self.suspended.clear()
        for each in names:
            self.suspended.pop(each, None)
        for queue in self.chosen(names):
            if queue.held and "ALL" not in self.suspended and queue.domain not in self.suspended:
                queue.release()

    def deliver_now(self, domains: Iterable[str]) -> None:
        for each in self.chosen(domains):
            each.deliver_now()


def _is_all(text: str) -> bool:
    return text.upper() == "ALL"


def _behavior(listener: Listener, group: str) -> Behavior:
    groups = {each.name.lower(): each for each in listener.sender_groups}
    found = groups.get(group.lower())
    if found is None:
        raise ValueError(f"the listener {listener.name} has no sender group {group}")
    if found.policy.upper() in BEHAVIORS:
        return Behavior(found.policy.upper())
    policies = {each.name.lower(): each.behavior for each in listener.policies}
    return policies.get(found.policy.lower(), Behavior.REJECT)


def _allowance(control: DefaultControl, begin: int) -> Allowance | None:
    """The tighter of what the recipient limit and what the connections let through."""
    messages = control.messages_per_connection
    seconds = CONNECTION + MESSAGE * messages
    through = max(int(control.concurrency * messages * 60 / seconds), 1)
    allowed = [Allowance(through, MINUTE, begin)] if through < PLENTY else []
    if control.recipient_limit:
        span = control.recipient_minutes * MINUTE
        allowed.append(Allowance(control.recipient_limit, span, begin))
    return min(allowed, key=lambda it: it.count / it.span, default=None)
